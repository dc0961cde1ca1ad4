// The clock of a node: what was asked for comes back, never early, and not at all after the end.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Timer } from '../../../src/core/events.ts'
import { Timers } from '../../../src/node/timers.ts'

const TIMER: Timer = { kind: 'links', token: 1 }

/** Keeps the event loop busy. */
function work(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

describe('the timers of a node', () => {
  test('give back what was asked for', async () => {
    const timer = await new Promise<Timer>((resolve) => new Timers(resolve).start(TIMER, 0))
    assert.equal(timer, TIMER)
  })

  test('are never early, at whatever fraction of a millisecond they were asked for', async () => {
    const early: number[] = []
    for (let round = 0; round < 200; round++) {
      work(0.137)
      const dueMs = performance.now() + 1
      await new Promise<Timer>((resolve) => new Timers(resolve).start(TIMER, 1))
      if (performance.now() < dueMs) early.push(dueMs - performance.now())
    }
    assert.deepEqual(early, [])
  })

  test('say how late they are', async () => {
    const late = new Promise<number>((resolve) => new Timers((_, lateMs) => resolve(lateMs)).start(TIMER, 1))
    work(20)
    const lateMs = await late
    assert.ok(lateMs >= 18, `${lateMs}`)
  })

  test('wait for longer than the event loop can', async () => {
    const timers = new Timers(() => assert.fail('it is not due'))
    timers.start(TIMER, 2 ** 31)
    const first = await Promise.race([timers.wait(2 ** 31).then(() => 'ran out'), delay(5, 'waits')])
    timers.end()
    assert.equal(first, 'waits')
  })

  test('end: none runs out any more, who waits waits no more, and none can be started', async () => {
    const expired: Timer[] = []
    const timers = new Timers((timer) => expired.push(timer))
    timers.start(TIMER, 0)
    const waiting = timers.wait(60_000)
    timers.end()
    await waiting
    timers.start(TIMER, 0)
    await timers.wait(60_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(expired, [])
  })

  test('may be ended by the one who is called', () => {
    return new Promise<void>((resolve) => {
      const timers = new Timers(() => {
        timers.end()
        resolve()
      })
      timers.start(TIMER, 0)
    })
  })
})
