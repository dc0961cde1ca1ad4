import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Acknowledging } from '../../../src/dashboard/page/acknowledging.ts'

it('what was seen is said at once, then twice a second at most, and the last one in any case', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const said: number[] = []
  const acknowledging = new Acknowledging((atMs) => said.push(atMs))
  let nowMs = 0
  const pass = (ms: number) => {
    nowMs += ms
    t.mock.timers.tick(ms)
  }
  acknowledging.seen(1, nowMs)
  assert.deepEqual(said, [1])
  pass(100)
  acknowledging.seen(2, nowMs)
  acknowledging.seen(3, nowMs)
  pass(399)
  assert.deepEqual(said, [1])
  pass(1)
  assert.deepEqual(said, [1, 3])
  pass(500)
  // What came last may have the time of what came before, and is waited for all the same.
  acknowledging.seen(3, nowMs)
  assert.deepEqual(said, [1, 3, 3])
  acknowledging.seen(4, nowMs)
  acknowledging.end()
  pass(1_000)
  assert.deepEqual(said, [1, 3, 3])
})
