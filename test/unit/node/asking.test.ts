// Requests of a node: what becomes of the question once there is an answer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'
import { Asking } from '../../../src/node/asking.ts'
import type { EnvelopeHeaders } from '../../../src/node/envelope.ts'
import type { Sent } from '../../../src/node/sending.ts'
import { Tally } from '../../../src/node/tally.ts'
import { decodeHeadersOf } from '../../../src/wire/payload.ts'
import { nodeName } from '../../support/core-rig.ts'

/** Asks; its messages end as `sent` says. */
function askingOf(message: { promise: Promise<Sent> }) {
  const revoked: string[] = []
  const told: {
    readonly to: string
    readonly headers: EnvelopeHeaders | undefined
    readonly deadlineMs: number
  }[] = []
  const way = { hasRoom: true, hasArrived: false }
  let number = Number.NaN
  const sending = {
    hasRoom: () => way.hasRoom,
    tell: (to: string, payload: Uint8Array, deadlineMs: number) => {
      told.push({ to, headers: decodeHeadersOf(payload), deadlineMs })
      return new Promise<never>(() => {})
    },
    destination: () => nodeName('b'),
    find: () => assert.fail('its node is known'),
    isPlainHttp: () => false,
    refusal: () => undefined,
    failed: () => assert.fail('nothing fails'),
    sendRevocable: (to: string, payload: Uint8Array) => {
      number = Number(decodeHeadersOf(payload)?.ask)
      return { sent: message.promise, revoke: () => revoked.push(to), hasArrived: () => way.hasArrived }
    },
  }
  const timers = { hasEnded: false, wait: () => new Promise<void>(() => {}) }
  const asking = new Asking({
    name: nodeName('a'),
    deadlineMs: 180_000,
    deadlineMaxMs: 3_600_000,
    sending,
    nowMs: () => 0,
    timers,
    rng: new Rng(1),
    tally: new Tally(),
    sightings: { own: () => assert.fail('it belongs to no trace') },
  })
  return { asking, revoked, told, way, number: () => number }
}

const DELIVERED: Sent = { id: 'a/1/1/b', answer: { status: 'delivered', id: 'a/1/1/b', hops: 1, rttMs: 1 } }
const cancelled = (id?: string): Sent => ({ id, answer: { status: 'failed', reason: 'cancelled', at: 'a' } })
/** What follows from promises that are settled. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('a question that was answered is not sent again, though its acknowledgement was lost', async () => {
  const { asking, revoked, number } = askingOf(Promise.withResolvers())
  const answer = asking.request('b', 'question', {})
  assert.deepEqual(revoked, [])
  const note = { from: nodeName('b'), number: number(), value: 'answer', hops: 1, headers: {} }
  assert.ok(asking.answered(note))
  assert.equal((await answer).status, 'answered')
  assert.deepEqual(revoked, ['b'])
  assert.equal(asking.size, 0)
})

test('when the node is away a question that has arrived fails, and one that has not goes on', async () => {
  const { asking, way } = askingOf(Promise.withResolvers())
  const answer = asking.request('b', 'question', {})
  asking.away()
  assert.equal(asking.size, 1)
  way.hasArrived = true
  asking.away()
  const { status, ...failure } = await answer
  assert.deepEqual([status, failure], ['failed', { reason: 'expired', at: 'a' }])
})

test('when its receiver is gone a question that has arrived fails, and one that has not ends as its message does', async () => {
  const sent = Promise.withResolvers<Sent>()
  const { asking, way } = askingOf(sent)
  const first = asking.request('b', 'question', {})
  asking.peerLeft('b')
  assert.equal(asking.size, 1)
  sent.resolve({ id: undefined, answer: { status: 'failed', reason: 'no-route', at: 'a' } })
  assert.deepEqual(await first, { status: 'failed', reason: 'no-route', at: 'a' })
  way.hasArrived = true
  sent.promise = new Promise(() => {})
  const second = asking.request('b', 'question', {})
  asking.peerLeft('c')
  assert.equal(asking.size, 1)
  asking.peerLeft('b')
  assert.deepEqual(await second, { status: 'failed', reason: 'peer-left', at: 'a' })
})

test('who was asked is told once that a question was given up, unless it has never gone out or there is no room', async () => {
  const giveUp = async (sent: Sent, hasRoom = true) => {
    const { asking, told, way, number } = askingOf({ promise: Promise.resolve(sent) })
    way.hasRoom = hasRoom
    const controller = new AbortController()
    const answer = asking.request('b', 'question', { signal: controller.signal })
    controller.abort()
    assert.equal((await answer).status, 'failed')
    await settled()
    return { told, cancel: { to: 'b', headers: { cancel: `${number()}`, ping: '1' }, deadlineMs: 180_000 } }
  }
  for (const sent of [DELIVERED, cancelled('a/1/1/b')]) {
    const { told, cancel } = await giveUp(sent)
    assert.deepEqual(told, [cancel])
  }
  assert.deepEqual((await giveUp(cancelled())).told, [])
  assert.deepEqual((await giveUp(DELIVERED, false)).told, [])
})

test('who was asked is not told of a question that was answered, nor of one that nobody would give up any more', async () => {
  const { asking, told, number } = askingOf({ promise: Promise.resolve(DELIVERED) })
  const { signal } = new AbortController()
  const answer = asking.request('b', 'question', { signal })
  asking.answered({ from: nodeName('b'), number: number(), value: 'answer', hops: 1, headers: {} })
  signal.dispatchEvent(new Event('abort'))
  await answer
  void asking.request('b', 'question', {})
  asking.end()
  await settled()
  assert.deepEqual(told, [])
})
