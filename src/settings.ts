// What programs set: whether there is such an option, and whether a number is within its range. Pure functions that
// answer with what is wrong; belongs to no room, because nodes and bootstraps check their options alike.

/** The least and the most that a setting may be. Whole numbers, both included. */
export type Range = readonly [min: number, max: number]

/** What `setTimeout` takes: a longer time would run out at once. */
export const MS_MAX = 2 ** 31 - 1

/** A longer list of what there is helps nobody. */
const LISTED_MAX = 16

/**
 * What is wrong with the keys of some options, in one sentence; `undefined`: nothing. A misspelled option would be lost
 * in silence, and callers without types have nobody else to tell them.
 */
export function optionProblem(
  group: string,
  given: object,
  known: Readonly<Record<string, unknown>>,
): string | undefined {
  const prefix = group === '' ? '' : `${group}.`
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return `${group === '' ? 'options' : group}: expected an object, got ${Array.isArray(given) ? 'a list' : given}`
  }
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(known, key)) continue
    const names = Object.keys(known)
    const list = names.length > LISTED_MAX ? '' : `; there are ${names.join(', ')}`
    return `${prefix}${key}: there is no such ${group === '' ? 'option' : 'setting'}${list}`
  }
  return undefined
}

/** What is wrong with settings that are all whole numbers, in one sentence; `undefined`: nothing. */
export function settingProblem(
  group: string,
  given: object,
  ranges: Readonly<Record<string, Range>>,
): string | undefined {
  const problem = optionProblem(group, given, ranges)
  if (problem !== undefined) return problem
  for (const [key, value] of Object.entries(given)) {
    const [min, max] = ranges[key] as Range
    if (Number.isInteger(value) && value >= min && value <= max) continue
    return `${group}.${key}: ${value} is not a whole number from ${min} to ${max}`
  }
  return undefined
}

/** What is wrong with the address to bind, in one sentence; `undefined`: nothing, or none is given. */
export function hostProblem(host: unknown): string | undefined {
  if (host === undefined || (typeof host === 'string' && host.trim() !== '')) return undefined
  const given = typeof host === 'string' ? 'an empty one' : host === null ? 'null' : typeof host
  return `host: expected a name or an address to bind, got ${given}; leave it out for all of them`
}

/** What is wrong with a port to listen on, in one sentence; `undefined`: nothing. `what`: what it may be besides. */
export function portProblem(port: unknown, what = ''): string | undefined {
  if (Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535) return undefined
  return `listen: ${port} is not a port: 0 to 65535${what}`
}
