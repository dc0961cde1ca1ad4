// Windows of sequences: in order, out of order, moved on, and what lies beyond.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SequenceWindow } from '../../../src/core/sequence-window.ts'

test('in order nothing is held', () => {
  const window = new SequenceWindow(32)
  for (let sequence = 1; sequence <= 1_000; sequence++) {
    assert.equal(window.add(sequence), 'new')
    assert.equal(window.held, 0)
  }
  assert.equal(window.next, 1_001)
  assert.equal(window.add(1_000), 'seen')
})

test('what comes early is held until the gap is filled', () => {
  const window = new SequenceWindow(32)
  for (const sequence of [3, 4, 7]) assert.equal(window.add(sequence), 'new')
  assert.equal(window.add(4), 'seen')
  assert.deepEqual([window.has(1), window.has(3), window.has(5)], [false, true, false])
  assert.equal(window.add(1), 'new')
  assert.deepEqual([window.next, window.held], [2, 3])
  assert.equal(window.add(2), 'new')
  assert.deepEqual([window.next, window.held], [5, 1])
})

test('a number beyond the span changes nothing', () => {
  const window = new SequenceWindow(20)
  assert.equal(window.span, 32, 'rounded up to whole words')
  assert.equal(window.add(32), 'new')
  assert.equal(window.add(33), 'beyond')
  assert.equal(window.has(33), false)
  assert.deepEqual([window.next, window.held], [1, 1])
})

test('the floor moves on, never back, and swallows what was held', () => {
  const window = new SequenceWindow(32)
  for (const sequence of [5, 6, 9]) window.add(sequence)
  window.skipTo(5)
  assert.deepEqual([window.next, window.held], [7, 1])
  window.skipTo(2)
  assert.equal(window.next, 7)
  window.skipTo(2 ** 48 - 2)
  assert.deepEqual([window.next, window.held], [2 ** 48 - 2, 0])
  assert.equal(window.add(2 ** 48 - 2), 'new')
  assert.equal(window.add(2 ** 48 - 3), 'seen')
})

test('a word of bits that was used is clean when it comes round again', () => {
  const window = new SequenceWindow(32)
  window.add(2)
  window.skipTo(10)
  assert.equal(window.has(34), false, '34 shares its bit with 2')
  assert.equal(window.add(34), 'new')
})
