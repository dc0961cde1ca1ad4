// The values of options for one command: each is taken from the flag, else from the first environment variable that is set,
// else from the default. No command reads `env` itself. Which options there are is in option-table.ts.

import { type Environment, usageError } from './context.ts'
import type { OptionSpec } from './option-spec.ts'
import { OPTIONS } from './option-table.ts'

/** A key of {@link OPTIONS}. */
export type OptionKey = keyof typeof OPTIONS

/** The checked values of some options. */
export type OptionValues<K extends OptionKey> = {
  readonly [P in K]: (typeof OPTIONS)[P] extends OptionSpec<infer T> ? T : never
} & {
  /** Those that have no default value: a flag or the environment gave them. */
  readonly given: ReadonlySet<OptionKey>
}

/** The default in words, as help and README show it: that of one command, or of those that have none of their own. */
export function fallbackText(key: OptionKey, command = ''): string {
  const option: OptionSpec<unknown> = OPTIONS[key]
  const special = option.fallbackIn?.[command]
  if (special !== undefined) return String(special)
  if (option.fallbackText !== undefined) return option.fallbackText
  return option.fallback === false ? 'off' : String(option.fallback)
}

/**
 * The values of `keys` for one command. `flags` holds what stood on the command line, by flag, as text or `true`.
 * Throws a usage error (exit code 2) that names the flag or the variable, what is wrong with it and what to give.
 */
export function resolveOptions<K extends OptionKey>(
  keys: readonly K[],
  command: string,
  flags: Readonly<Record<string, unknown>>,
  env: Environment,
): OptionValues<K> {
  const values: Partial<Record<OptionKey, unknown>> = {}
  const given = new Set<OptionKey>()
  for (const key of keys) {
    const option: OptionSpec<unknown> = OPTIONS[key]
    const value = givenValue(option, flags, env)
    if (value !== undefined) given.add(key)
    values[key] = value ?? option.fallbackIn?.[command] ?? option.fallback
  }
  return { ...values, given } as unknown as OptionValues<K>
}

function givenValue(
  option: OptionSpec<unknown>,
  flags: Readonly<Record<string, unknown>>,
  env: Environment,
): unknown {
  const given = flags[option.flag]
  if (given !== undefined) return checked(option, `--${option.flag}`, flagText(option, given))
  for (const variable of option.env) {
    const text = env[variable]
    if (text !== undefined && text.trim() !== '')
      return checked(option, `environment variable ${variable}`, text)
  }
  return undefined
}

function flagText(option: OptionSpec<unknown>, given: unknown): string {
  if (!Array.isArray(given)) return String(given)
  if (option.repeatable) return given.join(',')
  throw usageError(`--${option.flag} is given ${given.length} times; once is enough`)
}

function checked(option: OptionSpec<unknown>, source: string, text: string): unknown {
  const parsed = option.parse(text)
  if ('value' in parsed) return parsed.value
  throw usageError(`${source}: ${parsed.problem}`)
}
