// The hashes: their published values, and that they spread.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPair, recordHash } from '../../../src/core/hash.ts'
import type { NodeName } from '../../../src/core/messages.ts'

// MurmurHash3_x86_32 written as in its reference source, over any bytes: shows that recordHash is no private variant.
function murmur3(data: readonly number[], seed: number): number {
  const rotate = (x: number, r: number) => (x << r) | (x >>> (32 - r))
  const mix = (k: number) => Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593)
  let h = seed
  let at = 0
  for (; at + 4 <= data.length; at += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = data.slice(at, at + 4)
    h = (Math.imul(rotate(h ^ mix(a | (b << 8) | (c << 16) | (d << 24)), 13), 5) + 0xe6546b64) | 0
  }
  const [a, b = 0, c = 0] = data.slice(at)
  if (a !== undefined) h ^= mix(a | (b << 8) | (c << 16))
  h ^= data.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0))

test('the reference agrees with published values of MurmurHash3_x86_32', () => {
  assert.equal(murmur3([], 0), 0)
  assert.equal(murmur3([], 1), 0x514e28b7)
  assert.equal(murmur3(ascii('test'), 0), 0xba6bd213)
  assert.equal(murmur3(ascii('Hello, world!'), 0), 0xc0363e43)
  assert.equal(murmur3(ascii('The quick brown fox jumps over the lazy dog'), 0), 0x2e4ff723)
})

test('the hash of a record is murmur3 of name, incarnation and version, with a seed per half', () => {
  const be = (value: number, size: number) =>
    Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256)
  for (const name of ['a', 'ab', 'abc', 'node8', 'n'.repeat(64)]) {
    for (const incarnation of [0, 1, 1_785_000_000_000, 2 ** 48 - 1]) {
      for (const version of [0, 1, 2 ** 32 - 1]) {
        const bytes = [...ascii(name), ...be(incarnation, 6), ...be(version, 4)]
        assert.deepEqual(recordHash(name as NodeName, incarnation, version), {
          high: murmur3(bytes, 0x68656172),
          low: murmur3(bytes, 0x73617931),
        })
      }
    }
  }
})

test('records that differ a little have hashes that differ a lot', () => {
  const seen = new Set<string>()
  let flipped = 0
  let previous = recordHash('node0' as NodeName, 1_785_000_000_000, 1)
  for (let i = 1; i <= 10_000; i++) {
    const hash = recordHash(`node${i % 100}` as NodeName, 1_785_000_000_000 + (i % 10), i)
    seen.add(`${hash.high}/${hash.low}`)
    for (let x = hash.high ^ previous.high; x !== 0; x &= x - 1) flipped++
    for (let x = hash.low ^ previous.low; x !== 0; x &= x - 1) flipped++
    previous = hash
  }
  assert.equal(seen.size, 10_000)
  // Half of 64 bits, within 1 %: the standard deviation of the mean is 0.04.
  assert.ok(Math.abs(flipped / 10_000 - 32) < 0.32, `${flipped / 10_000} bits of 64 flip`)
})

test('pairs of names spread evenly over few choices, and their order counts', () => {
  for (const choices of [2, 3, 5, 8]) {
    const counts = new Array<number>(choices).fill(0)
    for (let a = 0; a < 100; a++) {
      for (let b = 0; b < 100; b++) counts[hashPair(`node${a}`, `node${b}`) % choices]!++
    }
    const expected = 10_000 / choices
    // Six standard deviations of a fair choice.
    for (const count of counts)
      assert.ok(Math.abs(count - expected) < 6 * Math.sqrt(expected), counts.join(' '))
  }
  assert.notEqual(hashPair('a', 'b'), hashPair('b', 'a'))
  assert.notEqual(hashPair('ab', 'c'), hashPair('a', 'bc'))
  assert.equal(hashPair('a', 'b'), hashPair('a', 'b'))
})
