// What is kept for those who missed it: the newest, up to a limit in bytes, in memory of its own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Gossip } from '../../../src/core/messages.ts'
import { PayloadCache } from '../../../src/core/payload-cache.ts'
import { bytes, gossipOf, INCARNATION, nodeName } from '../../support/core-rig.ts'

/** What one costs beside its bytes. */
const ENTRY_BYTES = 256
const Z = nodeName('z')

const sequences = (cache: PayloadCache, ms: number): string[] =>
  [...cache.since(ms)].map(({ origin, sequence }) => `${origin}${sequence}`)

/** As it comes over a link: views of a bundle. */
function received(sequence: number, text: string, size = 100): Gossip {
  const bundle = new Uint8Array(4_096)
  const raw = bundle.subarray(1_000, 1_000 + size)
  raw.set(bytes(text), size - text.length)
  return { ...gossipOf('z', sequence, ''), raw, payload: raw.subarray(size - text.length) }
}

test('one is found by its whole name', () => {
  const cache = new PayloadCache(10_000)
  const own = gossipOf('z', 7, 'hi')
  assert.equal(cache.add(own, 5), own, 'what this node made itself is kept as it is')
  assert.equal(cache.get(Z, INCARNATION, 7), own)
  assert.equal(cache.get(Z, INCARNATION, 8), undefined)
  assert.equal(cache.get(Z, INCARNATION + 1, 7), undefined)
  assert.equal(cache.get(nodeName('y'), INCARNATION, 7), undefined)
  assert.deepEqual([cache.has(Z), cache.has(nodeName('y'))], [true, false])
  assert.deepEqual([cache.size, cache.bytes], [1, ENTRY_BYTES + 2])
})

test('the oldest make room, and one that is larger than all of it is not kept', () => {
  const cache = new PayloadCache(3 * (ENTRY_BYTES + 10))
  for (let sequence = 1; sequence <= 3; sequence++) cache.add(gossipOf('z', sequence, '0123456789'), sequence)
  assert.deepEqual(sequences(cache, 0), ['z1', 'z2', 'z3'])
  cache.add(gossipOf('y', 1, 'x'), 4)
  assert.deepEqual(sequences(cache, 0), ['z2', 'z3', 'y1'])
  const large = gossipOf('y', 2, 'x'.repeat(3 * (ENTRY_BYTES + 10)))
  assert.equal(cache.add(large, 5), large)
  assert.deepEqual(sequences(cache, 0), ['z2', 'z3', 'y1'])
  cache.add(gossipOf('y', 3, 'x'.repeat(ENTRY_BYTES + 29)), 6)
  assert.deepEqual(sequences(cache, 0), ['y1', 'y3'])
  assert.equal(cache.has(Z), false)
  assert.equal(cache.bytes, 3 * (ENTRY_BYTES + 10), 'filled to the byte')
})

test('of no bytes nothing is kept', () => {
  const cache = new PayloadCache(0)
  cache.add(gossipOf('z', 1, ''), 0)
  assert.deepEqual([cache.size, cache.bytes, cache.get(Z, INCARNATION, 1)], [0, 0, undefined])
})

test('what came since a time, that time included', () => {
  const cache = new PayloadCache(10_000)
  for (const atMs of [1, 2, 2, 3]) cache.add(gossipOf('z', cache.size + 1, ''), atMs)
  assert.deepEqual(sequences(cache, 2), ['z2', 'z3', 'z4'])
  assert.deepEqual(sequences(cache, 2.5), ['z4'])
  assert.deepEqual(sequences(cache, 4), [])
})

test('a later run takes the number of an earlier one, which can be had no more', () => {
  const cache = new PayloadCache(3 * ENTRY_BYTES + 10)
  cache.add(gossipOf('z', 1, 'old'), 1)
  const later = gossipOf('z', 1, 'new', { incarnation: INCARNATION + 1 })
  cache.add(later, 2)
  assert.deepEqual([...cache.since(0)], [later], 'what cannot be had is not announced')
  cache.add(gossipOf('y', 1, ''), 3)
  cache.add(gossipOf('y', 2, ''), 4)
  assert.equal(cache.get(Z, INCARNATION + 1, 1), later, 'the earlier one made room without it')
})

test('what came in a bundle does not keep the bundle alive, and shares memory of bounded size', () => {
  const cache = new PayloadCache(1_000_000)
  const [first, second] = [cache.add(received(1, 'hello'), 0), cache.add(received(2, 'there'), 0)]
  for (const [gossip, text] of [
    [first, 'hello'],
    [second, 'there'],
  ] as const) {
    assert.deepEqual(gossip.payload, bytes(text))
    assert.equal(gossip.payload.buffer, gossip.raw?.buffer)
    assert.equal(gossip.raw?.length, 100)
    assert.deepEqual(gossip.raw?.subarray(95), bytes(text))
  }
  assert.equal(first.raw?.buffer, second.raw?.buffer, 'small ones are copied side by side')
  assert.equal(first.raw?.buffer.byteLength, 65_536)
  const large = cache.add({ ...received(3, 'x'), raw: new Uint8Array(50_000).subarray(10_000) }, 0)
  assert.equal(large.raw?.buffer.byteLength, 40_000, 'a large one has memory of its own')
  assert.equal(cache.bytes, 3 * ENTRY_BYTES + 200 + 40_000)
})

test('thousands that came and went leave nothing behind', () => {
  const cache = new PayloadCache(10 * ENTRY_BYTES)
  for (let sequence = 1; sequence <= 10_000; sequence++) {
    cache.add(gossipOf('z', sequence, ''), sequence)
    assert.equal(cache.size, Math.min(sequence, 10))
  }
  assert.equal([...cache.since(0)].length, 10)
  assert.equal(cache.get(Z, INCARNATION, 9_990), undefined)
  assert.notEqual(cache.get(Z, INCARNATION, 9_991), undefined)
})
