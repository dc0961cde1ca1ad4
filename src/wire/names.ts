// Node names from bytes, without a new string for each: a relay sees the same few names again and again.
// It must not grow: the cache has a fixed number of slots, and a colliding name takes the slot over. Nothing that
// a caller can see depends on what is in it, except time.

import { NODE_NAME_CHARS_MAX, type NodeName, parseNodeName } from '../core/messages.ts'

// 4,096 slots hold most names of a large overlay; direct-mapped, so a look-up is one hash and one comparison.
const SLOTS = 4_096
const cache: (NodeName | undefined)[] = new Array(SLOTS).fill(undefined)

/** The name in `length` bytes from `start`, or `undefined` when they break the syntax. They must be within `bytes`. */
export function readName(bytes: Uint8Array, start: number, length: number): NodeName | undefined {
  if (length === 0 || length > NODE_NAME_CHARS_MAX) return undefined
  let hash = length
  for (let i = start; i < start + length; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
  const cached = cache[slot]
  // Only valid names get in, so a hit needs no check of the syntax.
  if (cached !== undefined && isSame(cached, bytes, start, length)) return cached
  let text = ''
  // Bytes above 127 become Latin-1 letters, which the syntax does not have either.
  for (let i = start; i < start + length; i++) text += String.fromCharCode(bytes[i] as number)
  const name = parseNodeName(text)
  if (name !== undefined) cache[slot] = name
  return name
}

function isSame(name: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (name.length !== length) return false
  for (let i = 0; i < length; i++) if (name.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
