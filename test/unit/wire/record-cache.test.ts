// Records that are read again: the cache behind it must not show.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message, PeerRecord } from '../../../src/core/messages.ts'
import { decodeFrame } from '../../../src/wire/decode.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { recordOf, recordsOf } from '../../support/core-rig.ts'

function read(frame: Uint8Array): readonly PeerRecord[] {
  const result = decodeFrame(frame)
  assert.ok(result.ok)
  const message: Message = result.message
  assert.ok(message.type === 'records')
  return message.records
}

test('bytes that come again and again are one record, wherever they lie', () => {
  const frame = encodeFrame(recordsOf(recordOf('same', ['b', 'c'], { version: 7 })))
  const [first] = read(frame)
  const [second] = read(frame)
  const [third] = read(Buffer.from(frame))
  assert.deepEqual(first, recordOf('same', ['b', 'c'], { version: 7 }))
  assert.deepEqual(second, first)
  assert.equal(third, second)
})

test('two versions that come by turns are each read once', () => {
  const [older, newer] = [3, 4].map((version) =>
    encodeFrame(recordsOf(recordOf('turns', ['b', 'c'].slice(0, version - 2), { version }))),
  ) as [Uint8Array, Uint8Array]
  for (const order of [
    [older, newer],
    [newer, older],
  ]) {
    for (let round = 0; round < 2; round++) for (const frame of order) read(frame)
    for (const frame of order) assert.equal(read(frame)[0], read(Buffer.from(frame))[0])
  }
  assert.deepEqual(read(older), [recordOf('turns', ['b'], { version: 3 })])
  assert.deepEqual(read(newer), [recordOf('turns', ['b', 'c'], { version: 4 })])
})

test('what differs in any byte is read anew, and what is behind it in the frame as well', () => {
  const records = [
    recordOf('differs', ['b']),
    recordOf('differs', ['c']),
    recordOf('differs', ['b'], { version: 9 }),
    recordOf('differs', ['b'], { tags: ['x'] }),
    recordOf('differs', ['b']),
  ]
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(read(encodeFrame(recordsOf(...records))), records)
  }
})

test('bytes that are used again do not change what was read from them', () => {
  const frame = encodeFrame(recordsOf(recordOf('reused', ['b'])))
  const [before] = read(frame)
  frame.fill(0xff)
  assert.deepEqual(before, recordOf('reused', ['b']))
  assert.deepEqual(read(encodeFrame(recordsOf(recordOf('reused', ['b'])))), [before])
})

test('bytes that are no record are none the second time either', () => {
  const frame = encodeFrame(recordsOf(recordOf('broken', ['b'])))
  // The state, behind the name, the incarnation and the version.
  const at = Buffer.from(frame).indexOf('broken') + 'broken'.length + 10
  frame[at] = 9
  for (let round = 0; round < 3; round++) assert.equal(decodeFrame(frame).ok, false)
})
