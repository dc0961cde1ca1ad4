// From bytes to JSON values, with a sentence for people when that does not work. Never throws.
// It must not know what the JSON is for.

import { isUtf8 } from 'node:buffer'
import { LIMITS } from '../wire/limits.ts'

/** What JSON can say (RFC 8259). */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** A value, or what is wrong with the bytes. */
export type JsonRead =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly error: string }

/** Reads one JSON text in UTF-8; a byte order mark in front is skipped (RFC 8259 section 8.1 allows it). */
export function readJson(bytes: Buffer): JsonRead {
  if (!isUtf8(bytes)) return { ok: false, error: 'The body is not valid UTF-8' }
  const text = bytes.toString('utf8')
  try {
    return { ok: true, value: JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) }
  } catch (error) {
    // The engine's message says where: "… at position 12 (line 1 column 13)".
    return { ok: false, error: `The body is not valid JSON: ${(error as Error).message}` }
  }
}

/** Whether `value` has more than `LIMITS.jsonDepthMax` levels. Needs no stack itself. */
export function isTooDeep(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  let level: object[] = [value]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > LIMITS.jsonDepthMax) return true
    const next: object[] = []
    for (const parent of level) {
      for (const child of Object.values(parent)) {
        if (typeof child === 'object' && child !== null) next.push(child)
      }
    }
    level = next
  }
  return false
}
