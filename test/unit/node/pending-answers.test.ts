// Who waits for an answer: told by the deadline, and at once when no time passes any more.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'
import { PendingAnswers } from '../../../src/node/pending-answers.ts'

/** More looks than these are a loop without an end. */
const LOOKS_MAX = 10
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Timers whose waits are over when this is. */
function timersUntil(over: Promise<void>) {
  return {
    looks: 0,
    hasEnded: false,
    wait() {
      return ++this.looks > LOOKS_MAX ? new Promise<void>(() => {}) : over
    },
  }
}

test('who is forgotten when the timers have ended is told, and keeps nobody busy', async () => {
  const timers = timersUntil(Promise.resolve())
  timers.hasEnded = true
  const pending = new PendingAnswers(() => 0, timers, new Rng(1))
  const expired: string[] = []
  pending.add({ deadlineMs: 6_000, expire: () => expired.push('one') })
  pending.add({ deadlineMs: 3_000, expire: () => expired.push('another') })
  await turn()
  assert.deepEqual(expired.toSorted(), ['another', 'one'])
  assert.equal(pending.size, 0)
  assert.ok(timers.looks < LOOKS_MAX, `${timers.looks} looks`)
})

test('who waits when the timers end is told then', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timers = timersUntil(promise)
  const pending = new PendingAnswers(() => 0, timers, new Rng(1))
  const expired: string[] = []
  pending.add({ deadlineMs: 6_000, expire: () => expired.push('one') })
  await turn()
  assert.deepEqual(expired, [])
  timers.hasEnded = true
  resolve()
  await turn()
  assert.deepEqual(expired, ['one'])
})
