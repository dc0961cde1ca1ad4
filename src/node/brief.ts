// What goes into the log of inputs, effects and messages: what they are, without the bytes of anybody's messages.
// It must not change what it is given.

/** The same as plain data for a log: bytes are a text that says how many there are. */
export function brief(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return value.map(brief)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, brief(field)]))
}
