// The ring against a Map: the same numbers, the same values, whatever was added and removed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SequenceRing } from '../../../src/core/sequence-ring.ts'

test('holds what a Map would hold', () => {
  const step = fc.record({ skip: fc.nat(40), remove: fc.array(fc.nat(200), { maxLength: 6 }) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.array(step, { maxLength: 60 }), (start, steps) => {
      const ring = new SequenceRing<string>()
      const model = new Map<number, string>()
      let next = start
      for (const { skip, remove } of steps) {
        next += skip
        ring.push(next, `m${next}`)
        model.set(next, `m${next}`)
        for (const back of remove) assert.equal(ring.delete(next - back), model.delete(next - back))
        next++
        assert.equal(ring.size, model.size)
        assert.deepEqual([...ring.values()], [...model.values()])
        for (const sequence of [next - 1, next, start, next - 100]) {
          assert.equal(ring.get(sequence), model.get(sequence))
          assert.equal(ring.has(sequence), model.has(sequence))
        }
      }
    }),
  )
})

test('what is deleted during a walk is left out of it', () => {
  const ring = new SequenceRing<number>()
  for (let sequence = 1; sequence <= 5; sequence++) ring.push(sequence, sequence)
  const walked: number[] = []
  for (const value of ring.values()) {
    walked.push(value)
    ring.delete(value)
    ring.delete(4)
  }
  assert.deepEqual(walked, [1, 2, 3, 5])
  assert.equal(ring.size, 0)
})
