// How much longer a process waits that is behind.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from '../../../src/core/pace.ts'

const WAITS = ['coalesce', 'announce', 'publish', 'graft'] as const
const extras = (pace: Pace): number[] => WAITS.map((what) => pace.extraMs(what))

test('a process whose timers are on time waits as it is configured to', () => {
  const pace = new Pace()
  assert.deepEqual(extras(pace), [0, 0, 0, 0])
  for (const lateMs of [0, 0.4, 5]) pace.timerCame(lateMs)
  assert.deepEqual(extras(pace), [0, 0, 0, 0])
})

test('one that is behind waits longer at once, in proportion', () => {
  const pace = new Pace()
  pace.timerCame(105)
  assert.deepEqual(extras(pace), [50, 100, 400, 400])
})

test('it comes back by and by, and all the way', () => {
  const pace = new Pace()
  pace.timerCame(1_000)
  const seen: number[] = []
  for (let timers = 0; timers < 60; timers++) {
    seen.push(pace.extraMs('announce'))
    pace.timerCame(0)
  }
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => b - a),
  )
  assert.ok((seen[4] as number) > 250 && (seen.at(-1) as number) < 0.001, seen.join(' '))
})

test('nothing waits longer by more than 5 s, however late timers are', () => {
  const pace = new Pace()
  pace.timerCame(3_600_000)
  assert.deepEqual(extras(pace), [5_000, 5_000, 5_000, 5_000])
})
