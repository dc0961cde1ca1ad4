// Whether a process is behind.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from '../../../src/core/pace.ts'

test('a process whose timers are about on time is not behind', () => {
  const pace = new Pace()
  assert.equal(pace.isBehind, false)
  for (const lateMs of [0, 0.4, 10]) pace.timerCame(lateMs)
  assert.equal(pace.isBehind, false)
})

test('one whose timer is late is behind at once, and comes back by and by', () => {
  const pace = new Pace()
  pace.timerCame(100)
  const seen: boolean[] = []
  for (let timers = 0; timers < 12; timers++) {
    seen.push(pace.isBehind)
    pace.timerCame(0)
  }
  assert.deepEqual(seen, [...Array(9).fill(true), ...Array(3).fill(false)])
})
