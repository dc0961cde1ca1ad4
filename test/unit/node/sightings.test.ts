// What a node sees pass: only while somebody watches, the same messages at all nodes, within a limit; and traces in the log.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Direct, Gossip, LinkId, NodeName } from '../../../src/core/messages.ts'
import { type Logger, silentLogger } from '../../../src/logger.ts'
import { seal } from '../../../src/node/envelope.ts'
import { isChosen, Sightings } from '../../../src/node/sightings.ts'

const name = 'me' as NodeName
const link = 1 as LinkId
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-'

function direct(sequence: number, payload = seal('hello', {})): Direct {
  return {
    type: 'direct',
    hopsLeft: 5,
    hops: 2,
    destination: 'them' as NodeName,
    destinationIncarnation: 0,
    origin: 'origin' as NodeName,
    originIncarnation: 7,
    sequence,
    floor: 1,
    payload,
  }
}

function gossip(payload = seal('hello', {})): Gossip {
  const origin = 'origin' as NodeName
  return {
    type: 'gossip',
    kind: 'payload',
    hopsLeft: 5,
    hops: 1,
    origin,
    incarnation: 7,
    sequence: 1,
    payload,
  }
}

function rig(logger: Logger = silentLogger) {
  const neighbors = new Map([['next' as NodeName, { id: link }]])
  return new Sightings({ name, overlay: { neighbors } as never, logger })
}

const received = (sightings: Sightings, ...messages: (Direct | Gossip)[]): void =>
  sightings.received({ type: 'received', link, messages })

test('nothing is kept while nobody watches', () => {
  const sightings = rig()
  received(sightings, direct(1))
  sightings.watch(1)
  assert.deepEqual(sightings.take(), { steps: [], leftOut: 0, oneIn: 1 })
  assert.equal(sightings.messagesOn(link), 0)
  received(sightings, direct(2))
  sightings.watch(undefined)
  assert.deepEqual(sightings.take(), { steps: [], leftOut: 0, oneIn: 1 })
  assert.equal(sightings.messagesOn(link), 0)
})

test('a direct message that passes, and a broadcast that is new', () => {
  const sightings = rig()
  sightings.watch(1)
  received(sightings, direct(3), gossip(), gossip())
  sightings.notified({
    type: 'message',
    from: 'origin' as NodeName,
    payload: seal('hello', {}),
    hops: 1,
    broadcast: true,
    spread: { incarnation: 7, sequence: 1, via: 'next' as NodeName },
  })
  const common = { origin: 'origin', at: 'me', via: 'next', bytes: 6 }
  assert.deepEqual(sightings.take().steps, [
    { kind: 'direct', id: 'origin/7/3/them', destination: 'them', hops: 2, ...common },
    { kind: 'broadcast', id: 'origin/7/1', hops: 1, ...common },
  ])
  // The broadcast came twice.
  assert.equal(sightings.messagesOn(link), 3)
  sightings.linkDown(link)
  assert.equal(sightings.messagesOn(link), 0)
})

test('the watching itself is not seen', () => {
  const sightings = rig()
  sightings.watch(1)
  received(
    sightings,
    direct(1, seal({}, { report: '1', ping: '1' })),
    gossip(seal({}, { ping: '1', watch: '1' })),
  )
  assert.deepEqual(sightings.take(), { steps: [], leftOut: 0, oneIn: 1 })
  assert.equal(sightings.messagesOn(link), 0)
})

test('what does not fit is counted', () => {
  const sightings = rig()
  sightings.watch(1)
  for (let i = 1; i <= 300; i++) received(sightings, direct(i))
  const { steps, leftOut } = sightings.take()
  assert.equal(steps.length + leftOut, 300)
  assert.ok(leftOut > 0)
  received(sightings, direct(301))
  assert.deepEqual([sightings.take().steps.length, sightings.take().leftOut], [1, 0])
})

test('what has room is of the same messages at all nodes, spread over all the time', () => {
  const kept = [1, 2].map((first) => {
    const sightings = rig()
    sightings.watch(1)
    // Not all nodes see all of them, nor in the same order.
    for (let i = first; i <= 8_000; i += first) received(sightings, direct(i))
    const { steps, leftOut, oneIn } = sightings.take()
    assert.equal(steps.length * oneIn + leftOut, 8_000 / first)
    assert.ok(steps.length >= 100, `${steps.length} steps`)
    const sequences = steps.map(({ id }) => Number(id.split('/')[2]))
    assert.ok(Math.max(...sequences) > 7_000 && Math.min(...sequences) < 1_000)
    return new Set(sequences)
  })
  const [all, even] = kept as [Set<number>, Set<number>]
  const evenOfAll = [...all].filter((i) => i % 2 === 0)
  assert.ok(evenOfAll.length > 30 && evenOfAll.every((i) => even.has(i)))
})

test('steps times oneIn, and what was left out, are what there was, also while the choice changes', () => {
  const sightings = rig()
  let sequence = 0
  const see = (count: number) => {
    for (let i = 0; i < count; i++) received(sightings, direct(++sequence))
  }
  const sum = () => {
    const { steps, leftOut, oneIn } = sightings.take(true)
    return steps.length * oneIn + leftOut
  }
  const isNear = (of: number, truth: number) =>
    assert.ok(Math.abs(of - truth) < truth / 4, `${of} of ${truth}`)
  sightings.watch(1)
  see(6_000)
  sightings.watch(64)
  see(6_000)
  isNear(sum(), 12_000)
  see(6_000)
  sightings.watch(8)
  see(6_000)
  isNear(sum(), 12_000)
  see(6_000)
  isNear(sum(), 6_000)
})

test('a trace on every message changes nothing about that', () => {
  const sightings = rig()
  sightings.watch(64)
  const payload = seal('x', { traceparent: `${traceparent}00` })
  for (let i = 1; i <= 20_000; i++) received(sightings, direct(i, payload))
  const { steps, leftOut } = sightings.take()
  assert.equal(steps.length + leftOut, 20_000)
})

test('one in so many is chosen, the same at every node, and those with a trace always', () => {
  const chosen = Array.from({ length: 64_000 }, (_, i) => isChosen(i, 'origin', 'them', 16)).filter(
    Boolean,
  ).length
  assert.ok(chosen > 3_600 && chosen < 4_400, `${chosen} of 64,000`)
  const sightings = rig()
  let soon = 0
  sightings.watch(2 ** 20, () => soon++)
  const sequence = [...Array(100).keys()].find((i) => !isChosen(i, 'origin', 'them', 2 ** 20)) ?? 0
  received(sightings, direct(sequence))
  assert.equal(sightings.take().steps.length, 0)
  received(sightings, direct(sequence, seal('hello', { sender: 'x', traceparent: `${traceparent}00` })))
  assert.equal(sightings.take().steps[0]?.traceparent, `${traceparent}00`)
  assert.equal(soon, 1)
})

test('a trace is logged where it passes: at info when it is recorded, else at debug', () => {
  const lines: unknown[] = []
  const log = (level: string) => (fields: object, event: string) => lines.push([level, event, fields])
  const sightings = rig({ ...silentLogger, info: log('info'), debug: log('debug') })
  received(sightings, direct(1), direct(2, seal('x', { traceparent: `${traceparent}01` })))
  received(sightings, direct(3, seal('x', { sender: 's', traceparent: `${traceparent}00` })))
  const fields = { from: 'origin', to: 'them', via: 'next', hops: 2 }
  assert.deepEqual(lines, [
    ['info', 'traced', { traceparent: `${traceparent}01`, id: 'origin/7/2/them', ...fields, bytes: 77 }],
    ['debug', 'traced', { traceparent: `${traceparent}00`, id: 'origin/7/3/them', ...fields, bytes: 90 }],
  ])
})

test('messages with a trace go first, and beyond their room are chosen like all others', () => {
  const sightings = rig()
  sightings.watch(2 ** 20)
  const payload = seal('x', { traceparent: `${traceparent}00` })
  for (let i = 1; i <= 100; i++) received(sightings, direct(i, payload))
  const { steps, leftOut } = sightings.take()
  assert.equal(steps.length + leftOut, 100)
  assert.equal(steps.length, 32)
  received(sightings, direct(101, payload))
  assert.equal(sightings.take(true).steps.length, 0)
  received(sightings, direct(102, payload))
  assert.equal(sightings.take().steps.length, 1)
})

test('receipts, parts and pings are no steps, and strangers are not heard', () => {
  const sightings = rig()
  sightings.watch(1)
  for (const headers of [{ got: '1' }, { part: '1' }, { ping: '1' }])
    received(sightings, direct(1, seal('x', headers)))
  sightings.received({ type: 'received', link: 9 as LinkId, messages: [direct(2)] })
  assert.deepEqual(sightings.take(), { steps: [], leftOut: 0, oneIn: 1 })
  assert.equal(sightings.messagesOn(9 as LinkId), 0)
})

test('a trace that is none is not taken for one', () => {
  const lines: unknown[] = []
  const sightings = rig({ ...silentLogger, info: (fields) => lines.push(fields) })
  for (const bad of [
    '',
    'x',
    `${traceparent}0`,
    `${traceparent.toUpperCase()}01`,
    `ff${traceparent.slice(2)}01`,
  ])
    received(sightings, direct(1, seal('x', { traceparent: bad })))
  assert.deepEqual(lines, [])
})
