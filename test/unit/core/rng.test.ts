// The generator: repeatable, in range, and even enough for jitter and sampling.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'

const draw = (seed: number, count: number): number[] => {
  const rng = new Rng(seed)
  return Array.from({ length: count }, () => rng.uint32())
}

test('a seed repeats its sequence, and near seeds have nothing in common', () => {
  assert.deepEqual(draw(1, 100), draw(1, 100))
  const seen = new Set([0, 1, 2, 3, 2 ** 32, 2 ** 32 + 1, -1].flatMap((seed) => draw(seed, 100)))
  assert.equal(seen.size, 700)
})

test('the sequence is part of what a printed seed promises', () => {
  assert.deepEqual(draw(1, 3), [2_917_898_039, 3_219_067_074, 3_573_976_570])
})

test('numbers stay in their range and reach both ends', () => {
  const rng = new Rng(5)
  const seen = new Set<number>()
  for (let i = 0; i < 1_000; i++) {
    const below = rng.below(3)
    assert.ok(Number.isInteger(below) && below >= 0 && below < 3)
    seen.add(rng.between(10, 12))
    assert.equal(rng.between(7, 7), 7)
    assert.equal(rng.chance(0), false)
    assert.equal(rng.chance(1), true)
  }
  assert.deepEqual([...seen].sort(), [10, 11, 12])
})

test('every face comes up about equally often', () => {
  const rng = new Rng(9)
  const counts = new Array<number>(6).fill(0)
  for (let i = 0; i < 60_000; i++) counts[rng.below(6)]!++
  // Six standard deviations of a fair die.
  for (const count of counts)
    assert.ok(Math.abs(count - 10_000) < 6 * Math.sqrt(10_000 * (5 / 6)), counts.join(' '))
})

test('a shuffle keeps the items, leaves its argument alone, and reaches every order', () => {
  const rng = new Rng(2)
  const items = [1, 2, 3]
  const orders = new Set<string>()
  for (let i = 0; i < 200; i++) {
    const shuffled = rng.shuffled(items)
    assert.deepEqual([...shuffled].sort(), items)
    orders.add(shuffled.join(''))
  }
  assert.equal(orders.size, 6)
  assert.deepEqual(items, [1, 2, 3])
})

test('a pick is one of the items, and of none nothing', () => {
  const rng = new Rng(3)
  const seen = new Set(Array.from({ length: 100 }, () => rng.pick(['x', 'y'])))
  assert.deepEqual([...seen].sort(), ['x', 'y'])
  assert.equal(rng.pick([]), undefined)
})
