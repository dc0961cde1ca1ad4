// What goes into the log of inputs, effects and messages: what they are, without the bytes of anybody's messages.
// It must not change what it is given.

import { withoutQuery } from '../net/url.ts'

const URL_WITH_QUERY = /^(?:ws|http)s?:\/\/[^?]*\?/

/** The same as plain data for a log: bytes are a text that says how many there are, and a URL has no query, which may be a secret. */
export function brief(value: unknown): unknown {
  if (typeof value === 'string') return URL_WITH_QUERY.test(value) ? withoutQuery(value) : value
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return value.map(brief)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, brief(field)]))
}
