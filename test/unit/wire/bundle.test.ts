// Bundles that nobody should send, and what is kept of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBundle, encodeBundle, framedSize, writeFramed } from '../../../src/wire/bundle.ts'
import { FRAME_TYPES } from '../../../src/wire/frames.ts'
import { WireError } from '../../../src/wire/wire-error.ts'
import { frameOf, uint } from '../../support/frame-bytes.ts'

const WANT = frameOf(FRAME_TYPES.want, uint(0, 2))
const want = { type: 'want', names: [] } as const

function bytes(...parts: readonly (Uint8Array | number)[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])))
}

test('an empty bundle', () => {
  assert.deepEqual(decodeBundle(new Uint8Array(0)), {
    messages: [],
    error: 'bundle: expected at least one frame, got nothing',
  })
  assert.throws(() => encodeBundle([]), WireError)
})

test('an empty frame', () => {
  assert.deepEqual(decodeBundle(bytes(0)), {
    messages: [],
    error: 'frame 0: header: expected 4 bytes, got 0',
  })
})

test('the messages before the bad frame are kept, those behind it are not', () => {
  assert.deepEqual(decodeBundle(bytes(6, WANT, 6, WANT, 2, 0x12, 0, 6, WANT)), {
    messages: [want, want],
    error: 'frame 2: header: expected 4 bytes, got 2',
  })
})

test('a frame that is longer than what came', () => {
  assert.deepEqual(decodeBundle(bytes(6, WANT, 7, WANT)), {
    messages: [want],
    error: 'frame 1: expected 7 bytes, got 6',
  })
})

test('lengths: shortest form, at most 4 bytes', () => {
  const shortest = 'frame 0: length: expected the shortest varint'
  assert.equal(decodeBundle(bytes(0x86, 0, WANT)).error, shortest)
  assert.equal(decodeBundle(bytes(0x86, 0x80, 0x80, 0, WANT)).error, shortest)
  assert.equal(decodeBundle(bytes(0x80, 0)).error, shortest)
  const atMost = 'frame 0: length: expected a varint of at most 4 bytes'
  assert.equal(decodeBundle(bytes(0x86, 0x80, 0x80, 0x80, 0, WANT)).error, atMost)
  assert.equal(decodeBundle(bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).error, atMost)
  assert.equal(decodeBundle(bytes(0x80)).error, atMost)
  assert.equal(decodeBundle(bytes(0xff, 0xff, 0xff, 0x7f)).error, 'frame 0: expected 268435455 bytes, got 0')
})

test('lengths at the edges of a prefix of 1, 2, 3 and 4 bytes', () => {
  for (const [size, prefix] of [
    [127, 1],
    [128, 2],
    [16_383, 2],
    [16_384, 3],
    [2_097_151, 3],
    [2_097_152, 4],
  ] as const) {
    const frame = new Uint8Array(size)
    assert.equal(framedSize(frame), size + prefix)
    assert.equal(writeFramed(new Uint8Array(size + prefix), 0, frame), size + prefix)
  }
})

test('unknown frames are messages like any other', () => {
  const unknown = frameOf(0x7f, [1, 2, 3])
  assert.deepEqual(decodeBundle(encodeBundle([unknown, WANT])), {
    messages: [{ type: 'unknown', code: 0x7f }, want],
  })
})
