// Lists of ranges, in pieces that the wire can carry.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { piecesOf, RANGE_MAX, RANGES_MAX } from '../../../src/core/broadcast-ranges.ts'
import { LIMITS } from '../../../src/wire/limits.ts'

test('what core puts into one message is what the wire allows', () => {
  assert.deepEqual([RANGE_MAX, RANGES_MAX], [LIMITS.broadcastRangeMax, LIMITS.broadcastRangesMax])
})

test('a list is cut into pieces without a rest, and none is empty', () => {
  for (const [length, sizes] of [
    [0, []],
    [1, [1]],
    [RANGES_MAX, [RANGES_MAX]],
    [RANGES_MAX + 1, [RANGES_MAX, 1]],
  ] as const) {
    const list = Array.from({ length }, (_, i) => i)
    const pieces = [...piecesOf(list)]
    assert.deepEqual(
      pieces.map((piece) => piece.length),
      sizes,
    )
    assert.deepEqual(pieces.flat(), list)
  }
})
