// The order of one origin's messages: what is next, what is early, what is held and for how much memory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HELD_OVERHEAD_BYTES, HeldBudget, Reassembly } from '../../../src/core/reassembly.ts'

const early = (sequence: number, size = 1) => ({ sequence, payload: new Uint8Array(size), hops: 1 })

function window(span = 32, bytesMax = 1e6): { window: Reassembly; budget: HeldBudget } {
  const budget = new HeldBudget(bytesMax)
  return { window: new Reassembly(span, budget), budget }
}

/** Hands over everything whose turn has come. */
function release(of: Reassembly): number[] {
  const sequences: number[] = []
  while (of.take() !== undefined) {
    sequences.push(of.next)
    of.advance()
  }
  return sequences
}

test('in order everything is next, and nothing is held', () => {
  const { window: of, budget } = window()
  for (let sequence = 1; sequence <= 1_000; sequence++) {
    assert.equal(of.placeOf(sequence), 'next')
    of.advance()
    assert.equal(of.take(), undefined)
  }
  assert.deepEqual([of.next, of.size, budget.bytes, of.ranges(9)], [1_001, 0, 0, []])
  assert.deepEqual(
    [1, 999, 1_000].map((sequence) => of.placeOf(sequence)),
    ['seen', 'seen', 'seen'],
  )
})

test('what is early is held, once, until its turn comes', () => {
  const { window: of, budget } = window()
  for (const sequence of [3, 7, 4]) {
    assert.equal(of.placeOf(sequence), 'early')
    assert.ok(of.hold(early(sequence, 10)))
    assert.equal(of.placeOf(sequence), 'seen')
  }
  assert.deepEqual([of.size, budget.bytes], [3, 3 * (10 + HELD_OVERHEAD_BYTES)])
  assert.deepEqual(of.ranges(9), [
    [3, 5],
    [7, 8],
  ])
  assert.deepEqual(of.ranges(1), [[3, 5]])
  of.advance()
  assert.deepEqual(release(of), [], '2 is missing')
  of.advance()
  assert.deepEqual(release(of), [3, 4])
  assert.deepEqual([of.next, of.size, of.ranges(9)], [5, 1, [[7, 8]]])
})

test('the span bounds how far ahead a number may lie', () => {
  const { window: of } = window(32)
  assert.deepEqual(
    [32, 33].map((sequence) => of.placeOf(sequence)),
    ['early', 'beyond'],
  )
  of.advance()
  assert.deepEqual(
    [33, 34].map((sequence) => of.placeOf(sequence)),
    ['early', 'beyond'],
  )
})

test('windows share their budget, and give back what they do not need', () => {
  const budget = new HeldBudget(2 * (100 + HELD_OVERHEAD_BYTES))
  const [a, b] = [new Reassembly(32, budget), new Reassembly(32, budget)]
  assert.deepEqual([a.hold(early(2, 100)), b.hold(early(2, 101)), b.hold(early(3, 100))], [true, false, true])
  assert.deepEqual([a.placeOf(3), a.hold(early(3, 1)), a.placeOf(3)], ['early', false, 'early'])
  assert.deepEqual(b.clear(), [3])
  assert.ok(a.hold(early(3, 1)))
  assert.deepEqual([a.clear(), budget.bytes], [[2, 3], 0])
})

test('the floor moves on, never back, and what is held below it is let go', () => {
  const { window: of, budget } = window()
  for (const sequence of [5, 6, 9, 3]) of.hold(early(sequence))
  assert.deepEqual(of.skipTo(5).sort(), [3])
  assert.deepEqual(release(of), [5, 6])
  assert.deepEqual([of.skipTo(2), of.next], [[], 7])
  assert.deepEqual(of.skipTo(2 ** 48 - 2), [9])
  assert.deepEqual([of.next, of.size, budget.bytes], [2 ** 48 - 2, 0, 0])
  assert.deepEqual([of.placeOf(2 ** 48 - 2), of.placeOf(2 ** 48 - 3)], ['next', 'seen'])
})

test('what was let go may come again', () => {
  const { window: of } = window()
  of.hold(early(2))
  assert.deepEqual([of.clear(), of.placeOf(2), of.ranges(9)], [[2], 'early', []])
})
