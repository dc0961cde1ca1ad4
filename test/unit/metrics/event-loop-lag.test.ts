// How late the event loop is, by a clock that is set by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventLoopLag, LAG_METRICS, lagSamples } from '../../../src/metrics/event-loop-lag.ts'

/** Between two turns of the timer, in ms. */
const EVERY_MS = 200

class Loop {
  nowMs = 7_000
  readonly lag = new EventLoopLag(() => this.nowMs)

  /** The timer comes as late as that, each time. */
  turns(...lateMs: number[]): this {
    for (const ms of lateMs) {
      this.nowMs += EVERY_MS + ms
      this.lag.turn()
    }
    return this
  }
}

const rounded = (figures: object | undefined) =>
  Object.fromEntries(Object.entries(figures ?? {}).map(([key, s]) => [key, Math.round(s * 10_000) / 10_000]))

test('an idle loop is not late', () => {
  const { lag } = new Loop().turns(0, 0, 0)
  const none = { last: 0, min: 0, max: 0, mean: 0, stddev: 0, p50: 0, p90: 0, p99: 0 }
  assert.deepEqual(lag.figures(), none)
})

test('figures are of all that was measured, and the same for all who look', () => {
  const late = Array.from({ length: 100 }, (_, i) => i + 1)
  const { lag } = new Loop().turns(...late.toReversed())
  const figures = rounded(lag.figures())
  assert.deepEqual(figures, {
    ...{ last: 0.001, min: 0.001, max: 0.1, mean: 0.0505, stddev: 0.0289 },
    ...{ p50: 0.05, p90: 0.09, p99: 0.099 },
  })
  for (let i = 0; i < 3; i++) assert.deepEqual(rounded(lag.figures()), figures)
})

test('before the timer has come for the first time nothing is known', () => {
  const loop = new Loop()
  assert.equal(loop.lag.figures(), undefined)
  for (const samples of Object.values(lagSamples(undefined))) assert.deepEqual(samples(), [])
  assert.deepEqual(Object.keys(lagSamples(undefined)), Object.keys(LAG_METRICS))
  loop.turns(3)
  assert.deepEqual(lagSamples(loop.lag.figures()).nodejs_eventloop_lag_max_seconds?.(), [{ value: 0.003 }])
})

test('what keeps the timer now counts, once', () => {
  const loop = new Loop().turns(0)
  loop.nowMs += EVERY_MS + 5_000
  assert.deepEqual([loop.lag.figures()?.last, loop.lag.figures()?.max], [5, 5])
  loop.lag.turn()
  assert.deepEqual(rounded(loop.lag.figures()), rounded(new Loop().turns(0, 5_000).lag.figures()))
})

test('what is over for a minute is forgotten, and no sooner', () => {
  const loop = new Loop().turns(400)
  loop.turns(...Array.from({ length: 299 }, () => 0))
  assert.equal(loop.lag.figures()?.max, 0.4)
  assert.equal(loop.turns(0).lag.figures()?.max, 0)
  // Also when the loop had no turn all the while.
  loop.turns(900)
  loop.nowMs += 90_000
  assert.equal(loop.lag.figures()?.min, 89.8)
})
