// Virtual time: exact moments, ends of turns, and taking back what is planned. Its order is a property test.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'
import { drawMs } from '../../../src/sim/delay.ts'
import { EventQueue } from '../../../src/sim/event-queue.ts'

test('sums of moments are exact: what is due after 7 ms is never early, however crooked the start', () => {
  const queue = new EventQueue()
  const rng = new Rng(1)
  let early = 0
  for (let i = 0; i < 1_000; i++) {
    queue.plan((i * 1_000_000) / 7 + rng.uint32() / 2 ** 32, () => {
      const startMs = queue.nowMs
      queue.plan(7, () => {
        if (queue.nowMs - startMs !== 7) early++
      })
    })
  }
  while (queue.step());
  assert.equal(early, 0)
})

test('the end of a turn comes behind the event that runs and before any other', () => {
  const queue = new EventQueue()
  const ran: string[] = []
  const endOf = (name: string) => ({ happen: () => ran.push(`end of ${name}`) })
  queue.atTurnEnd(endOf('nothing'))
  queue.plan(0, () => {
    queue.atTurnEnd(endOf('one'))
    queue.plan(0, () => ran.push('three'))
    ran.push('one')
  })
  queue.plan(0, () => ran.push('two'))
  assert.deepEqual([queue.size, queue.nextMs], [3, 0])
  queue.runTo(0)
  assert.deepEqual(ran, ['end of nothing', 'one', 'end of one', 'two', 'three'])
  assert.deepEqual([queue.size, queue.nextMs], [0, undefined])
})

test('what is taken back does not happen, and the rest keeps its order', () => {
  for (let seed = 0; seed < 50; seed++) {
    const rng = new Rng(seed)
    const queue = new EventQueue()
    const ran: number[] = []
    const expected: { atMs: number; index: number }[] = []
    const removed = new Set<object>()
    for (let index = 0; index < 200; index++) {
      const atMs = rng.below(20)
      const what = { happen: () => ran.push(index) }
      queue.plan(atMs, what)
      if (rng.chance(0.5)) removed.add(what)
      else expected.push({ atMs, index })
    }
    queue.remove((what) => removed.has(what))
    assert.equal(queue.size, expected.length)
    queue.runTo(20)
    expected.sort((a, b) => a.atMs - b.atMs || a.index - b.index)
    assert.deepEqual(
      ran,
      expected.map(({ index }) => index),
      `seed ${seed}`,
    )
  }
})

test('delays are within their bounds and have the mean that they were asked for', () => {
  const rng = new Rng(1)
  const draw = (delay: Parameters<typeof drawMs>[0]) => {
    const drawn = Array.from({ length: 20_000 }, () => drawMs(delay, rng))
    drawn.sort((a, b) => a - b)
    const mean = drawn.reduce((sum, ms) => sum + ms, 0) / drawn.length
    return { least: drawn[0] as number, mean, most: drawn.at(-1) as number }
  }
  assert.deepEqual(draw({ kind: 'constant', ms: 5 }), { least: 5, mean: 5, most: 5 })
  const uniform = draw({ kind: 'uniform', minMs: 1, maxMs: 3 })
  assert.ok(uniform.least >= 1 && uniform.most <= 3 && Math.abs(uniform.mean - 2) < 0.05)
  const exponential = draw({ kind: 'exponential', minMs: 2, meanMs: 10, maxMs: 500 })
  assert.ok(exponential.least >= 2 && exponential.most <= 500 && Math.abs(exponential.mean - 12) < 0.3)
  // Pareto's mean is shape / (shape - 1) times the least.
  const tail = draw({ kind: 'long-tail', minMs: 4, shape: 3, maxMs: 10_000 })
  assert.ok(tail.least >= 4 && tail.most > 40 && Math.abs(tail.mean - 6) < 0.2)
  assert.equal(draw({ kind: 'long-tail', minMs: 4, shape: 1, maxMs: 100 }).most, 100)
})
