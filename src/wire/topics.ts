// Topics: names with levels, and filters over them, as in MQTT (OASIS MQTT 5.0, section 4.7).
// It must not know who subscribes, nor keep anything.

import { utf8Size } from './byte-writer.ts'
import { LIMITS } from './limits.ts'

const TAG = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** Neither wildcards nor control characters: topics are printed. */
const TOPIC = /^[^+#\p{Cc}\p{Cs}]+$/u
const FILTER = /^[^\p{Cc}\p{Cs}]+$/u

function isShort(text: string): boolean {
  return text.length <= LIMITS.topicBytesMax && utf8Size(text) <= LIMITS.topicBytesMax
}

/** Whether this is a tag: it has the syntax of a node name. */
export function isTag(text: string): boolean {
  return TAG.test(text)
}

/** Whether this can be published to: 1 to `topicBytesMax` bytes, without `+`, `#` and control characters. */
export function isTopic(text: string): boolean {
  return TOPIC.test(text) && isShort(text)
}

/**
 * Whether this can be subscribed to: as a topic, but a whole level may be `+`, any one level, and the last one `#`, any
 * number of levels, also none (section 4.7.1 there).
 */
export function isTopicFilter(text: string): boolean {
  if (!FILTER.test(text) || !isShort(text)) return false
  const levels = text.split('/')
  return levels.every((level, index) => {
    if (level === '+') return true
    if (level === '#') return index === levels.length - 1
    return !level.includes('+') && !level.includes('#')
  })
}

/**
 * Whether a topic is one of those that a filter is for. Both must be valid. A topic that begins with `$` is not for a
 * filter that begins with a wildcard (section 4.7.2 there).
 */
export function matchesTopic(filter: string, topic: string): boolean {
  if (filter === topic) return true
  if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  for (const [index, want] of wanted.entries()) {
    if (want === '#') return true
    const level = levels[index]
    if (level === undefined || (want !== '+' && want !== level)) return false
  }
  return wanted.length === levels.length
}
