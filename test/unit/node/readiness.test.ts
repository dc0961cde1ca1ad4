// When a node counts as settled, by a clock that the tests move.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HearsayError } from '../../../src/errors.ts'
import { Readiness } from '../../../src/node/readiness.ts'

/** A clock whose waits end when they are told to. */
class Clock {
  nowMs = 0
  /** Waits that have begun, in ms. */
  readonly waits: number[] = []
  #done: () => void = () => {}

  readonly wait = (ms: number): Promise<void> => {
    this.waits.push(ms)
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  /** The wait ends so long after it has begun. */
  async ends(afterMs: number): Promise<void> {
    this.nowMs += afterMs
    this.#done()
    await new Promise(setImmediate)
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

test('a second without change settles', async () => {
  const { clock, isSettled } = await readyNode()
  assert.deepEqual(clock.waits, [1_000])
  await clock.ends(1_000)
  assert.ok(isSettled())
})

test('a change begins the second anew', async () => {
  const { clock, readiness, isSettled } = await readyNode()
  clock.nowMs += 600
  readiness.changed()
  await clock.ends(400)
  assert.deepEqual(clock.waits, [1_000, 600])
  await clock.ends(600)
  assert.ok(isSettled())
})

test('a second in which the process stood still does not count', async () => {
  const { clock, isSettled } = await readyNode()
  await clock.ends(7_000)
  assert.ok(!isSettled())
  assert.deepEqual(clock.waits, [1_000, 1_000])
  await clock.ends(1_090)
  assert.ok(isSettled())
})

test('a node that ends while it is waited for says so', async () => {
  const { clock, readiness, settled } = await readyNode()
  readiness.end(new HearsayError('closed', 'node1 was closed'))
  const failed = assert.rejects(settled, { code: 'closed', message: 'node1 is closed' })
  await clock.ends(1_000)
  await failed
})
