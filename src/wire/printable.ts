// How what came from somewhere else looks in a log, on stdout or on a person's terminal: always within one line.
// Pure functions; it must not print.

import type { JsonValue } from './payload.ts'

/**
 * What must not reach a terminal or a log as it is: control characters (C0, DEL, C1), the line and paragraph
 * separators, what changes the direction of writing (UAX #9, "Trojan Source" CVE-2021-42574), and surrogates without
 * their other half.
 */
const UNSAFE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Cs}]/gu

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

function escaped(character: string): string {
  const short = SHORT_ESCAPES.get(character)
  return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * `text` with everything unsafe written as JSON would escape it (`\n`, `\u001b`); all else, `\` too, stays as it is.
 * A JSON text still means the same afterwards: within it unsafe characters stand in strings only.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped)
}

/**
 * A payload for people: strings as they are, other JSON values as compact JSON, bytes as `base64:` and their base64;
 * all of it {@link printable}. Never throws: a value that cannot be written as JSON stands as `(unprintable)`.
 */
export function printableValue(value: JsonValue | Uint8Array): string {
  if (typeof value === 'string') return printable(value)
  if (value instanceof Uint8Array) return `base64:${base64(value)}`
  try {
    return printable(JSON.stringify(value) ?? '(unprintable)')
  } catch {
    // Nested so deeply that the stack ends before the value does.
    return '(unprintable)'
  }
}

/** Bytes that become one call's arguments: far fewer than what a stack takes. */
const CHUNK_BYTES = 8_192

/** `bytes` as base64 (RFC 4648 section 4), in browsers too. */
export function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK_BYTES))
  }
  return btoa(binary)
}
