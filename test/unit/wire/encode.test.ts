// What the encoder refuses: mistakes of this process, told at once and with the field at fault.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ack, Gossip, Message, NodeName, PeerRecord } from '../../../src/core/messages.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { WireError } from '../../../src/wire/wire-error.ts'

const front = {
  hopsLeft: 15,
  hops: 1,
  destination: 'b' as NodeName,
  destinationIncarnation: 0,
  origin: 'a' as NodeName,
  originIncarnation: 1,
}
const record: PeerRecord = {
  name: 'a' as NodeName,
  incarnation: 1,
  instance: 'i',
  version: 1,
  state: 'up',
  links: [],
}

function refused(message: Message, code: 'invalid' | 'too-large', field: string): void {
  assert.throws(
    () => encodeFrame(message),
    (error) => {
      assert.ok(error instanceof WireError)
      assert.equal(error.name, 'WireError')
      assert.equal(error.code, code)
      assert.equal(error.field, field)
      assert.ok(error.message.startsWith(`${field}: `))
      return true
    },
  )
}

test('ranges of an ack that touch, overlap or descend', () => {
  const ack = (...ranges: [number, number][]): Ack => ({
    ...front,
    type: 'ack',
    cumulative: 10,
    ackedHops: 1,
    ranges,
  })
  assert.ok(encodeFrame(ack([11, 12], [13, 20])))
  refused(ack([10, 12]), 'invalid', 'ack.ranges')
  refused(ack([11, 12], [12, 14]), 'invalid', 'ack.ranges')
  refused(ack([14, 16], [11, 12]), 'invalid', 'ack.ranges')
  refused(ack([12, 12]), 'invalid', 'ack.ranges')
  refused(ack([12 + 70_000, 12 + 70_001]), 'invalid', 'ack.ranges')
})

test('ranges of broadcasts that end before they begin, or where no sequence is', () => {
  const range = (first: number, behindLast: number) =>
    ({ kind: 'payload', origin: 'a' as NodeName, incarnation: 1, first, behindLast }) as const
  const graft = (first: number, behindLast: number): Message => ({
    type: 'graft',
    ranges: [range(first, behindLast)],
  })
  const ihave = (first: number, hops: number): Message => ({
    type: 'ihave',
    ranges: [{ ...range(first, first + 1), hops }],
  })
  assert.ok(encodeFrame(graft(5, 5)))
  assert.ok(encodeFrame(graft(2 ** 48 - 2, 2 ** 48 - 1)))
  refused(graft(5, 4), 'invalid', 'range')
  refused(graft(2 ** 48 - 2, 2 ** 48), 'invalid', 'range')
  refused(graft(0, 1), 'invalid', 'range.first')
  assert.ok(encodeFrame(ihave(1, 255)))
  refused(ihave(1, 256), 'invalid', 'ihave.hops')
  refused({ type: 'catch-up', withinMs: 2 ** 32 }, 'invalid', 'catch-up.withinMs')
  refused({ type: 'catch-up', withinMs: 0.5 }, 'invalid', 'catch-up.withinMs')
  refused({ type: 'prune', origins: ['' as NodeName] }, 'invalid', 'prune.origins')
})

test('a broadcast is of a payload or of a record', () => {
  const gossip: Gossip = {
    type: 'gossip',
    kind: 'payload',
    hopsLeft: 15,
    hops: 1,
    origin: 'a' as NodeName,
    incarnation: 1,
    sequence: 1,
    payload: Uint8Array.of(1),
  }
  refused({ ...gossip, kind: 'record' }, 'invalid', 'gossip.record')
  refused({ ...gossip, record }, 'invalid', 'gossip.record')
})

test('a digest out of order or out of its range', () => {
  const entries = ['a', 'c', 'b'].map((name) => ({ name: name as NodeName, incarnation: 1, version: 1 }))
  refused({ type: 'digest', after: '', upTo: '', entries }, 'invalid', 'digest.entries')
  refused({ type: 'digest', after: 'a', upTo: '', entries: entries.slice(0, 1) }, 'invalid', 'digest.entries')
  refused({ type: 'digest', after: '', upTo: 'b', entries: entries.slice(0, 2) }, 'invalid', 'digest.entries')
})

test('numbers that are no unsigned integers of their size', () => {
  const heartbeat = { type: 'heartbeat', clock: 1, echo: 0, heldUs: 0, hash: { high: 0, low: 0 } } as const
  for (const bad of [-1, 1.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY]) {
    refused({ ...heartbeat, clock: bad }, 'invalid', 'heartbeat.clock')
    refused({ ...heartbeat, hash: { high: 0, low: bad } }, 'invalid', 'heartbeat.hash')
    refused({ type: 'records', records: [{ ...record, version: bad }] }, 'invalid', 'record.version')
  }
  const bounce = { ...front, type: 'bounce', failedDestination: 'c' as NodeName, sequence: 1 } as const
  refused({ ...bounce, reasonCode: 65_536 }, 'invalid', 'bounce.reasonCode')
})

test('names that are none', () => {
  refused({ type: 'want', names: ['' as NodeName] }, 'invalid', 'want.names')
  refused({ type: 'want', names: ['n'.repeat(65) as NodeName] }, 'invalid', 'want.names')
})

test('an unknown frame cannot be written', () => {
  refused({ type: 'unknown', code: 0x7f }, 'invalid', 'type')
})
