// Requests of a node: what becomes of the question once there is an answer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'
import { Asking } from '../../../src/node/asking.ts'
import type { Sent } from '../../../src/node/sending.ts'
import { Tally } from '../../../src/node/tally.ts'
import { decodeHeadersOf } from '../../../src/wire/payload.ts'
import { nodeName } from '../../support/core-rig.ts'

/** Asks; its messages end as `sent` says. */
function askingOf(message: { promise: Promise<Sent> }) {
  const revoked: string[] = []
  const way = { hasArrived: false }
  let number = Number.NaN
  const sending = {
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
  return { asking, revoked, way, number: () => number }
}

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
