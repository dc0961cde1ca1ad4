// From bytes to JSON values, with a sentence for people when that does not work. Never throws.
// It must not know what the JSON is for.

import { isUtf8 } from 'node:buffer'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'

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

/**
 * What makes a value impossible to pass on: more than `LIMITS.jsonDepthMax` levels, or a number that JavaScript cannot
 * hold, such as 1e999. `undefined`: nothing. Needs no stack itself.
 */
export function flawOf(value: JsonValue): 'too-deep' | 'not-finite' | undefined {
  let level: readonly JsonValue[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    const next: JsonValue[] = []
    for (const item of level) {
      if (typeof item === 'number' && !Number.isFinite(item)) return 'not-finite'
      if (typeof item !== 'object' || item === null) continue
      if (depth === LIMITS.jsonDepthMax) return 'too-deep'
      for (const child of Object.values<JsonValue>(item)) next.push(child)
    }
    level = next
  }
  return undefined
}
