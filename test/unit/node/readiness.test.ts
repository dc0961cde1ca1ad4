// When a node counts as settled, by a clock that the tests move.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HearsayError } from '../../../src/errors.ts'
import { Readiness } from '../../../src/node/readiness.ts'

/** A clock whose waits end when they are told to. */
class Clock {
  nowMs = 0
  #done: () => void = () => {}

  readonly wait = (): Promise<void> =>
    new Promise((resolve) => {
      this.#done = resolve
    })

  /** The wait that there is ends so long after it has begun. */
  async ends(afterMs: number): Promise<void> {
    this.nowMs += afterMs
    this.#done()
    await new Promise(setImmediate)
  }

  /** So many waits end, each on time. */
  async endOnTime(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.ends(100)
  }
}

async function readyNode() {
  const clock = new Clock()
  const readiness = new Readiness(() => clock.nowMs, clock)
  readiness.changed()
  readiness.linkUp()
  let isSettled = false
  const settled = readiness.settled('node1').then(() => {
    isSettled = true
  })
  await new Promise(setImmediate)
  return { clock, readiness, settled, isSettled: () => isSettled }
}

test('a second without change settles, and not less', async () => {
  const { clock, isSettled } = await readyNode()
  await clock.endOnTime(9)
  assert.ok(!isSettled())
  await clock.endOnTime(1)
  assert.ok(isSettled())
})

test('a change begins the second anew', async () => {
  const { clock, readiness, isSettled } = await readyNode()
  await clock.endOnTime(6)
  readiness.changed()
  await clock.endOnTime(9)
  assert.ok(!isSettled())
  await clock.endOnTime(1)
  assert.ok(isSettled())
})

test('long turns of the event loop are counted, and not their time', async () => {
  const { clock, isSettled } = await readyNode()
  for (let turn = 0; turn < 9; turn++) await clock.ends(7_000)
  assert.ok(!isSettled())
  await clock.ends(7_000)
  assert.ok(isSettled())
})

test('one long turn in the midst of the second is not mistaken for quiet', async () => {
  const { clock, readiness, isSettled } = await readyNode()
  await clock.endOnTime(1)
  await clock.ends(1_000)
  assert.ok(!isSettled())
  // What had come meanwhile.
  readiness.changed()
  await clock.endOnTime(9)
  assert.ok(!isSettled())
  await clock.endOnTime(2)
  assert.ok(isSettled())
})

test('a process that is always late settles all the same', async () => {
  const { clock, isSettled } = await readyNode()
  for (let slice = 0; slice < 10; slice++) await clock.ends(300)
  assert.ok(isSettled())
})

test('a node that ends while it is waited for says so', async () => {
  const { clock, readiness, settled } = await readyNode()
  readiness.end(new HearsayError('closed', 'node1 was closed'))
  const failed = assert.rejects(settled, { code: 'closed', message: 'node1 is closed' })
  await clock.ends(100)
  await failed
})
