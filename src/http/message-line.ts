// How a received message looks on stdout: `[MSG] From node12: Hello node8`, always exactly one line.
// It must not print: whoever owns stdout does.

import type { JsonValue } from './json.ts'

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

/** `text` with everything unsafe written as JSON would escape it (`\n`, `\u001b`); all else, `\` too, stays as it is. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped)
}

/**
 * The line for a message, without a line break at its end. Strings stand as they are, other JSON values as compact
 * JSON, bytes as `base64:` and their base64. Never contains a line break or another control character, and never
 * throws: a value that cannot be written as JSON stands as `(unprintable)`.
 */
export function messageLine(sender: string, msg: JsonValue | Uint8Array): string {
  return `[MSG] From ${printable(sender)}: ${printable(textOf(msg))}`
}

function textOf(msg: JsonValue | Uint8Array): string {
  if (typeof msg === 'string') return msg
  if (msg instanceof Uint8Array) {
    return `base64:${Buffer.from(msg.buffer, msg.byteOffset, msg.byteLength).toString('base64')}`
  }
  try {
    return JSON.stringify(msg) ?? '(unprintable)'
  } catch {
    // Nested so deeply that the stack ends before the value does.
    return '(unprintable)'
  }
}
