// Broadcasts that wait for room on the links, in time that is moved by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LinkId } from '../../../src/core/messages.ts'
import { CastQueue } from '../../../src/node/cast-queue.ts'
import { HandClock } from '../../support/hand-clock.ts'

class Rig extends HandClock {
  hasEnded = false
  #full: readonly number[] = []
  /** Of all links alike. */
  sentBytes = 0
  readonly gone: number[] = []
  readonly queue = new CastQueue({
    links: { crowded: () => this.#full.map((link) => ({ link: link as LinkId, sentBytes: this.sentBytes })) },
    nowMs: () => this.nowMs,
    timers: this,
  })

  add(number: number, bytes = 100): boolean {
    return this.queue.add(number, bytes, () => {
      this.gone.push(number)
      this.queue.settled(bytes)
    })
  }

  fill(...links: number[]): void {
    this.#full = links
  }
}

test('with room they go at once; without they wait for it, and go in their order', async () => {
  const rig = new Rig()
  rig.add(1)
  assert.deepEqual(rig.gone, [1])
  rig.fill(7)
  rig.add(2)
  rig.add(3)
  await rig.pass(100)
  assert.deepEqual([rig.gone, rig.queue.size], [[1], 2])
  rig.fill()
  rig.add(4)
  assert.deepEqual(rig.gone, [1], 'nobody overtakes')
  await rig.pass(10)
  assert.deepEqual([rig.gone, rig.queue.size], [[1, 2, 3, 4], 0])
  rig.add(5)
  assert.deepEqual(rig.gone, [1, 2, 3, 4, 5])
})

test('no more go than there is room for', async () => {
  const rig = new Rig()
  rig.fill(7)
  for (const number of [1, 2, 3]) {
    rig.queue.add(number, 100, () => {
      rig.gone.push(number)
      rig.fill(7)
    })
  }
  rig.fill()
  await rig.pass(50)
  assert.deepEqual(rig.gone, [1])
  rig.fill()
  await rig.pass(50)
  assert.deepEqual(rig.gone, [1, 2])
})

test('a link that sends nothing for 2.5 s is not waited for, until it has had room again', async () => {
  const rig = new Rig()
  rig.fill(7)
  rig.add(1)
  await rig.pass(2_495)
  assert.deepEqual(rig.gone, [])
  await rig.pass(10)
  assert.deepEqual(rig.gone, [1])
  rig.add(2)
  assert.deepEqual(rig.gone, [1, 2], 'it is still stuck')
  rig.fill(7, 8)
  rig.add(3)
  await rig.pass(500)
  assert.deepEqual(rig.gone, [1, 2], 'another one is only slow')
  rig.fill(7)
  await rig.pass(10)
  assert.deepEqual(rig.gone, [1, 2, 3])
  rig.fill()
  rig.add(4)
  rig.fill(7)
  rig.add(5)
  await rig.pass(500)
  assert.deepEqual(rig.gone, [1, 2, 3, 4], 'it has had room')
})

test('a link that sends is waited for, however long that is', async () => {
  const rig = new Rig()
  rig.fill(7)
  rig.add(1)
  for (let round = 0; round < 5; round++) {
    await rig.pass(2_000)
    rig.sentBytes += 1_000_000
  }
  assert.deepEqual(rig.gone, [])
  rig.fill()
  await rig.pass(10)
  assert.deepEqual(rig.gone, [1])
  rig.fill(7)
  await rig.pass(60_000)
  rig.sentBytes++
  rig.add(2)
  assert.deepEqual(rig.gone, [1], 'what was full before has nothing to do with it')
})

test('the core is given no more than a lane takes before it has worked that off', async () => {
  const rig = new Rig()
  const add = (number: number): boolean => rig.queue.add(number, 300_000, () => rig.gone.push(number))
  for (const number of [1, 2, 3, 4, 5]) add(number)
  await rig.pass(100)
  assert.deepEqual(rig.gone, [1, 2, 3])
  rig.queue.settled(300_000)
  await rig.pass(100)
  assert.deepEqual(rig.gone, [1, 2, 3, 4])
  for (let count = 0; count < 3; count++) rig.queue.settled(300_000)
  await rig.pass(100)
  assert.equal(
    rig.queue.add(6, 2_000_000, () => rig.gone.push(6)),
    true,
  )
  assert.deepEqual(rig.gone, [1, 2, 3, 4, 5], 'one is still there')
  rig.queue.settled(300_000)
  await rig.pass(100)
  assert.deepEqual(rig.gone, [1, 2, 3, 4, 5, 6], 'a large one goes alone')
})

test('one that is given up does not go, and makes place', async () => {
  const rig = new Rig()
  rig.fill(7)
  rig.add(1)
  rig.add(2)
  assert.equal(rig.queue.remove(1), true)
  assert.equal(rig.queue.remove(1), false)
  rig.fill()
  await rig.pass(10)
  assert.deepEqual(rig.gone, [2])
})

test('what waits is bounded in bytes', () => {
  const rig = new Rig()
  rig.fill(7)
  let count = 0
  while (rig.add(count, 1_000_000)) count++
  assert.equal(count, 8)
  assert.equal(rig.add(count, 1_000_000), false)
  rig.queue.remove(0)
  assert.equal(rig.add(count, 1_000_000), true)
})

test('nothing goes after the end, and those that waited are named', async () => {
  const rig = new Rig()
  rig.fill(7)
  rig.add(1)
  rig.add(2)
  assert.deepEqual(rig.queue.end(), [1, 2])
  rig.fill()
  await rig.pass(100)
  assert.deepEqual([rig.gone, rig.queue.size], [[], 0])
})
