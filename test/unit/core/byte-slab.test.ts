import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteSlab } from '../../../src/core/byte-slab.ts'

function slabOf(size: number): { slab: ByteSlab; taken: number[] } {
  const taken: number[] = []
  const slab = new ByteSlab(size, (bytes) => {
    taken.push(bytes)
    return new ArrayBuffer(bytes)
  })
  return { slab, taken }
}

test('arrays overlap no other, and a buffer is used up before the next one is taken', () => {
  const { slab, taken } = slabOf(10)
  assert.deepEqual(taken, [])
  const arrays = [4, 6, 7, 3, 1, 10].map((size) => slab.cut(size))
  for (const [at, array] of arrays.entries()) array.fill(at + 1)
  assert.deepEqual(
    arrays.map((array) => [...new Set(array)].join()),
    ['1', '2', '3', '4', '5', '6'],
  )
  assert.deepEqual(
    arrays.map(({ length }) => length),
    [4, 6, 7, 3, 1, 10],
  )
  assert.deepEqual(taken, [10, 10, 10, 10])
})

test('nothing is cut as well: before the first buffer, at the end of one, and behind it', () => {
  const { slab, taken } = slabOf(2)
  assert.equal(slab.cut(0).length, 0)
  assert.deepEqual(taken, [])
  slab.cut(2)
  assert.equal(slab.cut(0).length, 0)
  assert.deepEqual(taken, [2])
})
