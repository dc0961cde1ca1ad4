// Requests of a node: what becomes of the question once there is an answer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'
import { Asking } from '../../../src/node/asking.ts'
import { Tally } from '../../../src/node/tally.ts'
import { decodeHeadersOf } from '../../../src/wire/payload.ts'
import { nodeName } from '../../support/core-rig.ts'

test('a question that was answered is not sent again, though its acknowledgement was lost', async () => {
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
      return { sent: new Promise<never>(() => {}), revoke: () => revoked.push(to) }
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
  const answer = asking.request('b', 'question', {})
  assert.deepEqual(revoked, [])
  assert.ok(asking.answered({ from: nodeName('b'), number, value: 'answer', hops: 1, headers: {} }))
  assert.equal((await answer).status, 'answered')
  assert.deepEqual(revoked, ['b'])
  assert.equal(asking.size, 0)
})
