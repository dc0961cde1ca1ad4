// Which topics a filter is for: a model to compare with, written from the text of the standard (OASIS MQTT 5.0, section
// 4.7) and from nothing else. It must not use the code that it is compared with.

/** What the programs talk about. */
export const TOPICS = [
  'a',
  'a/b',
  'a/b/c',
  'a//c',
  'b/x/c',
  'b/c',
  'news',
  'news/today',
  '/',
  '$sys/up',
  'straße/ö',
] as const

/** What they listen to. */
export const FILTERS = [
  '#',
  '+',
  'a/#',
  'a/+',
  '+/b',
  '+/+/c',
  'a/b',
  'a/+/c',
  'a/b/#',
  'b/+/c',
  '+/#',
  '/+',
  'news/+',
  'news/#',
  '$sys/#',
  '+/up',
  'straße/+',
  'nothing/of/this',
] as const

/** See the head of the file: level by level, from the front. */
export function isFor(filter: string, topic: string): boolean {
  // 4.7.2: a wildcard at the front is not for topics of the system.
  if (topic[0] === '$' && (filter[0] === '#' || filter[0] === '+')) return false
  return isForLevels(filter.split('/'), topic.split('/'))
}

function isForLevels([want, ...wants]: string[], levels: string[]): boolean {
  if (want === undefined) return levels.length === 0
  // 4.7.1.2: also for the parent, so for none of the levels below.
  if (want === '#') return true
  const [level, ...rest] = levels
  if (level === undefined) return false
  return (want === '+' || want === level) && isForLevels(wants, rest)
}
