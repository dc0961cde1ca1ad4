// The room of those who read messages: what is promised to a sender is kept, whatever comes in between.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seal } from '../../../src/node/envelope.ts'
import type { NodeMessage } from '../../../src/node/events.ts'
import { Streams } from '../../../src/node/streams.ts'

const direct = (value: number): NodeMessage => ({
  from: 'b',
  value,
  hops: 1,
  broadcast: false,
  via: 'overlay',
})
const broadcast = (value: number): NodeMessage => ({ ...direct(value), broadcast: true })

function rig(bufferMax: number) {
  const overflown: unknown[] = []
  const streams = new Streams(({ value }) => overflown.push(value))
  const stream = streams.open(bufferMax)
  return { overflown, streams, stream, takes: () => streams.takes(seal('x', {})) }
}

test('a broadcast does not take the room of a message that was taken before it, and comes first', async () => {
  const { overflown, streams, stream, takes } = rig(2)
  assert.deepEqual([takes(), takes(), takes()], [true, true, false])
  assert.equal(streams.push(broadcast(1)), false)
  assert.ok(streams.push(direct(2)))
  assert.equal(streams.push(broadcast(3)), false)
  assert.ok(streams.push(direct(4)))
  streams.settle()
  assert.deepEqual(overflown, [1, 3])
  assert.deepEqual([(await stream.next()).value?.value, (await stream.next()).value?.value], [2, 4])
})

test('what has come is not counted twice: a broadcast behind it has the room that is left', () => {
  const { overflown, streams, takes } = rig(2)
  assert.ok(takes())
  assert.ok(streams.push(direct(1)))
  assert.ok(streams.push(broadcast(2)))
  assert.deepEqual([streams.hasRoom, overflown], [false, []])
})

test('who waits for the next message has room for one', async () => {
  const { overflown, streams, stream, takes } = rig(1)
  const next = stream.next()
  assert.deepEqual([takes(), takes(), takes()], [true, true, false])
  assert.equal(streams.push(broadcast(1)), false)
  assert.ok(streams.push(direct(2)) && streams.push(direct(3)))
  assert.equal((await next).value?.value, 2)
  assert.deepEqual(overflown, [1])
})

test('a sink without room is asked for; what was taken before comes all the same, a broadcast does not', () => {
  const overflown: unknown[] = []
  const streams = new Streams(({ value }) => overflown.push(value))
  const taken: unknown[] = []
  const sink = { hasRoom: true, take: ({ value }: NodeMessage) => taken.push(value) }
  streams.pour(sink)
  const payload = seal('x', {})
  assert.ok(streams.takes(payload))
  sink.hasRoom = false
  assert.deepEqual([streams.takes(payload), streams.hasRoom], [false, false])
  assert.ok(streams.push(direct(1)))
  assert.equal(streams.push(broadcast(2)), false)
  sink.hasRoom = true
  assert.deepEqual([streams.takes(payload), streams.hasRoom], [true, true])
  assert.ok(streams.push(broadcast(3)))
  assert.deepEqual([taken, overflown], [[1, 3], [2]])
})
