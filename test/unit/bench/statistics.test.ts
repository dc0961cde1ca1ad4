// The statistics of the benchmarks, against values worked out by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitLine, median, quantile, rangeOf } from '../../bench/harness/statistics.ts'

test('the median of an odd and of an even count', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([10, 1, 2, 5]), 3.5)
  assert.equal(median([7]), 7)
  assert.ok(Number.isNaN(median([])))
})

test('numbers are ordered as numbers, and the list stays as it is', () => {
  const values = [100, 20, 3]
  assert.equal(median(values), 20)
  assert.deepEqual(values, [100, 20, 3])
})

test('a quantile between two values is on the line between them', () => {
  assert.equal(quantile([0, 10, 20, 30, 40], 0.25), 10)
  assert.equal(quantile([0, 10], 0.99), 9.9)
  assert.equal(quantile([0, 10], 1), 10)
  assert.equal(quantile([1, Infinity, Infinity], 0.75), Infinity)
})

test('the range of values, and of none', () => {
  assert.deepEqual(rangeOf([3, -1, 2]), { min: -1, max: 3 })
  assert.ok(Number.isNaN(rangeOf([]).min))
})

test('points on a line give that line, and no error', () => {
  const line = fitLine([
    [0, 1],
    [1, 3],
    [2, 5],
  ])
  assert.deepEqual(line, { slope: 2, start: 1, slopeError: 0 })
})

test('the error of a slope', () => {
  // Residuals -1/6, 2/6, -1/6 squared add up to 1/6; one degree of freedom; x spreads by 2.
  const { slope, slopeError } = fitLine([
    [0, 0],
    [1, 1],
    [2, 1],
  ])
  assert.equal(slope, 0.5)
  assert.ok(Math.abs(slopeError - Math.sqrt(1 / 6 / 2)) < 1e-12)
})

test('too few points, or all at one place, have no slope', () => {
  assert.throws(
    () =>
      fitLine([
        [0, 0],
        [1, 1],
      ]),
    RangeError,
  )
  assert.throws(
    () =>
      fitLine([
        [1, 0],
        [1, 1],
        [1, 2],
      ]),
    RangeError,
  )
})
