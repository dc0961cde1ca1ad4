// The two hashes of the protocol: of a record's version, so that two directories can be compared in 64 bits, and of
// a pair of names, so that ties between routes are broken the same way each time.
// Not for security: whoever may publish records can also make them collide, and gains nothing by it.

import { type DirectoryHash, NODE_NAME_CHARS_MAX, type NodeName } from './messages.ts'

// MurmurHash3_x86_32 (Austin Appleby, public domain): its constants.
const C1 = 0xcc9e2d51
const C2 = 0x1b873593
// Seeds of the halves. Any two differing numbers do; they are part of the protocol.
const SEED_HIGH = 0x68656172 // 'hear'
const SEED_LOW = 0x73617931 // 'say1'

// Filled by each call and never seen outside of it.
const scratch = new Uint8Array(NODE_NAME_CHARS_MAX + 10)

/**
 * The hash of one record's version: MurmurHash3_x86_32 of the name (ASCII), the incarnation (48 bits, big-endian) and
 * the version (32 bits, big-endian), once per half with its own seed. A directory's hash is the XOR of these.
 * `incarnation` up to 2^48 - 1, `version` up to 2^32 - 1. docs/PROTOCOL.md has test vectors.
 */
export function recordHash(name: NodeName, incarnation: number, version: number): DirectoryHash {
  let length = 0
  for (; length < name.length; length++) scratch[length] = name.charCodeAt(length)
  const high = Math.floor(incarnation / 0x1_0000_0000)
  scratch[length++] = high >>> 8
  scratch[length++] = high
  length = putU32(length, incarnation % 0x1_0000_0000)
  length = putU32(length, version)
  return { high: murmur3(length, SEED_HIGH), low: murmur3(length, SEED_LOW) }
}

/**
 * An unsigned 32-bit hash of two names in this order, well mixed in all bits. For decisions of one process only
 * (which of two equally good routes a pair uses) and for recordings: it is never compared between nodes.
 */
export function hashPair(a: string, b: string): number {
  // FNV-1a over the characters with a separator that no name has, then murmur3's finalizer: FNV alone mixes its
  // high bits well and its low bits badly.
  let hash = 0x811c9dc5
  for (let i = 0; i < a.length; i++) hash = Math.imul(hash ^ a.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ 0x2f, 0x01000193)
  for (let i = 0; i < b.length; i++) hash = Math.imul(hash ^ b.charCodeAt(i), 0x01000193)
  return finish(hash)
}

/**
 * An unsigned 32-bit hash of a number and two names, well mixed in all bits. Every node comes to the same one: by it they
 * choose the same messages where only one in so many is told of. `number` up to 2^48 - 1; the second name may be ''.
 */
export function hashNumbered(number: number, a: string, b: string): number {
  let hash = Math.imul(0x811c9dc5 ^ number, 0x01000193) ^ Math.floor(number / 0x1_0000_0000)
  for (let i = 0; i < a.length; i++) hash = Math.imul(hash ^ a.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ 0x2f, 0x01000193)
  for (let i = 0; i < b.length; i++) hash = Math.imul(hash ^ b.charCodeAt(i), 0x01000193)
  return finish(hash)
}

function putU32(offset: number, value: number): number {
  scratch[offset] = value >>> 24
  scratch[offset + 1] = value >>> 16
  scratch[offset + 2] = value >>> 8
  scratch[offset + 3] = value
  return offset + 4
}

function murmur3(length: number, seed: number): number {
  let hash = seed
  const blocks = length - (length % 4)
  for (let i = 0; i < blocks; i += 4) {
    hash ^= scramble(wordAt(i, 4))
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  if (blocks < length) hash ^= scramble(wordAt(blocks, length - blocks))
  return finish(hash ^ length)
}

// Up to four bytes as a little-endian number.
function wordAt(offset: number, size: number): number {
  let word = 0
  for (let i = 0; i < size; i++) word |= (scratch[offset + i] as number) << (8 * i)
  return word
}

function scramble(word: number): number {
  const k = Math.imul(word, C1)
  return Math.imul((k << 15) | (k >>> 17), C2)
}

function finish(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
