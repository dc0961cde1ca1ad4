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
function askingOf(sent: Promise<Sent>) {
  const revoked: string[] = []
  let number = Number.NaN
  const sending = {
    destination: () => nodeName('b'),
    find: () => assert.fail('its node is known'),
    isPlainHttp: () => false,
    refusal: () => undefined,
    failed: () => assert.fail('nothing fails'),
    sendRevocable: (to: string, payload: Uint8Array) => {
      number = Number(decodeHeadersOf(payload)?.ask)
      return { sent, revoke: () => revoked.push(to) }
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
  return { asking, revoked, number: () => number }
}

test('a question that was answered is not sent again, though its acknowledgement was lost', async () => {
  const { asking, revoked, number } = askingOf(new Promise(() => {}))
  const answer = asking.request('b', 'question', {})
  assert.deepEqual(revoked, [])
  const note = { from: nodeName('b'), number: number(), value: 'answer', hops: 1, headers: {} }
  assert.ok(asking.answered(note))
  assert.equal((await answer).status, 'answered')
  assert.deepEqual(revoked, ['b'])
  assert.equal(asking.size, 0)
})

test('when the node is away a question that has arrived fails, and one that has not goes on', async () => {
  const { promise, resolve } = Promise.withResolvers<Sent>()
  const { asking } = askingOf(promise)
  const answer = asking.request('b', 'question', {})
  asking.away()
  assert.equal(asking.size, 1)
  resolve({ id: 'a/1/1/b', answer: { status: 'delivered', id: 'a/1/1/b', hops: 1, rttMs: 1 } })
  await promise
  asking.away()
  const { status, ...failure } = await answer
  assert.deepEqual([status, failure], ['failed', { reason: 'expired', at: 'a' }])
})
