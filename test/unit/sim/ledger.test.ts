// The book of a run: nothing is found where all adds up, and each kind of thing that does not is found.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Notification } from '../../../src/core/events.ts'
import { idOf, Ledger, payloadOf, type Run } from '../../../src/sim/ledger.ts'
import { linkId, nodeName, recordOf } from '../../support/core-rig.ts'

const A: Run = { label: 'a#1', name: 'a' }
const B: Run = { label: 'b#1', name: 'b' }
/** The next run of b. */
const B2: Run = { label: 'b#2', name: 'b' }

function book(): { ledger: Ledger; broken: string[] } {
  const broken: string[] = []
  const limits = { hopsMax: 16, broadcastHopsMax: 64, broadcastAnswerMs: 100, lateMs: 2, isOrdered: true }
  const ledger = new Ledger(limits, (what) => broken.push(what))
  for (const run of [A, B, B2]) ledger.started(run)
  return { ledger, broken }
}

const handedOver = (id: number, from = 'a', fields: { hops?: number; broadcast?: boolean } = {}) =>
  ({
    ...{ type: 'message', from: nodeName(from), payload: payloadOf(id, 8), hops: 2, broadcast: false },
    ...fields,
  }) satisfies Notification
const delivered = (id: number, hops = 2): Notification => ({
  ...{ type: 'outcome', id, outcome: { status: 'delivered', hops, rttMs: 5 }, sentAs: undefined },
})
const failed = (id: number): Notification => ({
  ...{
    type: 'outcome',
    id,
    outcome: { status: 'failed', reason: 'expired', at: nodeName('a') },
    sentAs: undefined,
  },
})
const answered = (id: number, failure?: 'no-route'): Notification => ({
  ...{ type: 'broadcast-sent', id, neighbors: 1 },
  ...(failure === undefined ? {} : { failure }),
})

test('a payload carries its number, whatever its size', () => {
  for (const bytes of [0, 4, 400]) assert.equal(idOf(payloadOf(70_000, bytes)), 70_000)
  assert.equal(payloadOf(1, 400).length, 400)
  assert.equal(idOf(new Uint8Array(3)), -1)
})

test('sends that add up', () => {
  const { ledger, broken } = book()
  const first = ledger.send(A, 'b', 50)
  const second = ledger.send(A, 'b', 50)
  ledger.told(B, handedOver(first.id), 10)
  ledger.told(B, handedOver(second.id), 10)
  ledger.told(A, delivered(first.id), 20)
  ledger.told(A, failed(second.id), 52)
  ledger.check(60)
  assert.equal(first.handedOverBy, B)
  assert.equal(first.outcome?.status, 'delivered')
  ledger.ended(A, true)
  assert.deepEqual(broken, [])
})

test('sends that do not', () => {
  const cases: Record<string, (ledger: Ledger, id: number) => void> = {
    'a#1 told 1 as delivered, and it was not': (ledger, id) => ledger.told(A, delivered(id), 1),
    'b#1 was handed 9 of a, which nobody sent there': (ledger) => ledger.told(B, handedOver(9), 1),
    'b#1 was handed 1 of c, which nobody sent there': (ledger, id) => ledger.told(B, handedOver(id, 'c'), 1),
    'a#1 was handed 1 of a, which nobody sent there': (ledger, id) => ledger.told(A, handedOver(id), 1),
    'b#2 was handed 1 of a, as b#1 was before': (ledger, id) => {
      ledger.told(B, handedOver(id), 1)
      ledger.told(B2, handedOver(id), 2)
    },
    'b#1 1 travelled 17 links': (ledger, id) => ledger.told(B, handedOver(id, 'a', { hops: 17 }), 1),
    'a#1 told a second outcome of 1': (ledger, id) => {
      ledger.told(A, failed(id), 1)
      ledger.told(A, failed(id), 1)
    },
    'b#1 told an outcome of 1, which it did not send': (ledger, id) => ledger.told(B, failed(id), 1),
    'a#1 told the outcome of 1 at 53.0, due at 50.0': (ledger, id) => ledger.told(A, failed(id), 53),
    'a#1 1 was to be answered at 50.0': (ledger) => ledger.check(53),
    'a#1 ended without an answer to 1': (ledger) => ledger.ended(A, true),
    'b#1 was handed 1 of a#1 behind 2': (ledger, id) => {
      ledger.told(B, handedOver(ledger.send(A, 'b', 50).id), 1)
      ledger.told(B, handedOver(id), 1)
    },
  }
  for (const [what, happens] of Object.entries(cases)) {
    const { ledger, broken } = book()
    happens(ledger, ledger.send(A, 'b', 50).id)
    assert.deepEqual(broken, [what])
  }
})

test('a process that crashed or stood still is not held to its answers', () => {
  const { ledger, broken } = book()
  const send = ledger.send(A, 'b', 50)
  ledger.pausedFor(A, 1_000)
  ledger.check(1_050)
  ledger.told(A, failed(send.id), 1_050)
  ledger.send(A, 'b', 50)
  ledger.ended(A, false)
  ledger.check(5_000)
  assert.deepEqual(broken, [])
})

test('broadcasts', () => {
  const { ledger, broken } = book()
  const { id } = ledger.broadcast(A, 0)
  ledger.told(A, answered(id), 5)
  const heard = handedOver(id, 'a', { broadcast: true, hops: 60 })
  ledger.told(B, heard, 5)
  ledger.told(B2, heard, 5)
  ledger.check(200)
  assert.deepEqual(broken, [])
  const cases: Record<string, (ledger: Ledger, id: number) => void> = {
    'a#1 was handed its own broadcast 1': (ledger) => ledger.told(A, heard, 1),
    'b#1 was handed broadcast 1 of a#1 twice': (ledger) => {
      ledger.told(B, heard, 1)
      ledger.told(B, heard, 1)
    },
    'b#1 was handed broadcast 7 of a, which nobody made': (ledger) =>
      ledger.told(B, handedOver(7, 'a', { broadcast: true }), 1),
    'b#1 broadcast 1 travelled 65 links': (ledger) => ledger.told(B, { ...heard, hops: 65 }, 1),
    'b#1 was handed broadcast 1 of a#1, which had failed': (ledger, id) => {
      ledger.told(A, answered(id, 'no-route'), 1)
      ledger.told(B, heard, 1)
    },
    'a#1 told broadcast 1 as failed (no-route), which b#1 had got': (ledger, id) => {
      ledger.told(B, heard, 1)
      ledger.told(A, answered(id, 'no-route'), 1)
    },
    'a#1 answered broadcast 1 twice': (ledger, id) => {
      ledger.told(A, answered(id), 1)
      ledger.told(A, answered(id), 1)
    },
    'b#1 answered broadcast 1, which it did not make': (ledger, id) => ledger.told(B, answered(id), 1),
    'a#1 answered broadcast 1 at 103.0, due at 100.0': (ledger, id) => ledger.told(A, answered(id), 103),
    'a#1 1 was to be answered at 100.0': (ledger) => ledger.check(103),
  }
  for (const [what, happens] of Object.entries(cases)) {
    const { ledger, broken } = book()
    happens(ledger, ledger.broadcast(A, 0).id)
    assert.deepEqual(broken, [what])
  }
})

test('peers and links come and go in turns, and the end is the end', () => {
  const { ledger, broken } = book()
  const join: Notification = { type: 'peer-join', peer: recordOf('c', []) }
  const leave: Notification = { type: 'peer-leave', name: nodeName('c'), reason: 'left' }
  const up = (link: number): Notification => ({
    type: 'neighbor-up',
    name: nodeName('c'),
    link: linkId(link),
  })
  const down: Notification = {
    ...{ type: 'neighbor-down', name: nodeName('c'), link: linkId(1), reason: 'trimmed' },
  }
  for (const told of [join, leave, join, up(1), down, up(2)]) ledger.told(A, told, 1)
  assert.equal(ledger.departure(A, 'c'), undefined)
  ledger.told(A, leave, 1)
  assert.equal(ledger.departure(A, 'c'), 'left')
  assert.deepEqual(broken, [])
  ledger.told(A, leave, 1)
  ledger.told(A, down, 1)
  ledger.told(A, up(3), 1)
  ledger.told(A, join, 1)
  ledger.told(A, join, 1)
  ledger.told(A, { type: 'left' }, 1)
  ledger.told(A, leave, 1)
  assert.deepEqual(broken, [
    'a#1 c left (left) and was not there',
    'a#1 a link with c went down and was not up',
    'a#1 a second link with c',
    'a#1 c came twice',
    'a#1 told peer-leave after its end',
  ])
})
