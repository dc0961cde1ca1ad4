import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Lag } from '../../../src/dashboard/page/lag.ts'
import { behindText, quietText } from '../../../src/dashboard/page/wording.ts'

/** Hears a line a second of a node whose clock is an hour ahead; each is under way for so many ms. */
function lagAfter(...underWayMs: readonly number[]): number {
  const lag = new Lag()
  for (const [index, ms] of underWayMs.entries()) lag.heard(3_600_000 + index * 1_000, index * 1_000 + ms)
  return lag.behindMs
}

describe('how far the feed is behind', () => {
  it('is measured from the line that came fastest, whatever the two clocks say', () => {
    assert.equal(lagAfter(0), 0)
    assert.equal(lagAfter(500, 100, 2_100), 0)
    assert.equal(lagAfter(500, 100, 2_200), 2_100)
    assert.equal(lagAfter(10_000, 9_000, 8_000, 100, 3_100), 3_000)
    assert.equal(lagAfter(0, 2_100, 1_600), 1_600, 'until it is clearly less')
    assert.equal(lagAfter(0, 2_100, 1_600, 1_400, 1_600), 0)
  })

  it('begins anew when the clock of the node is set back, and not for lines out of order', () => {
    const lag = new Lag()
    lag.heard(100_000, 0)
    lag.heard(99_500, 1_600)
    assert.equal(lag.behindMs, 2_100)
    lag.heard(90_000, 2_000)
    assert.equal(lag.behindMs, 0)
    lag.heard(91_000, 6_000)
    assert.equal(lag.behindMs, 3_000)
    lag.reset()
    assert.equal(lag.behindMs, 0)
  })

  it('is not what two clocks have drifted apart, or were set back by', () => {
    const lag = new Lag()
    // 50 ppm, for a day.
    for (let nowMs = 0; nowMs < 86_400_000; nowMs += 5_000) {
      lag.heard(nowMs - nowMs * 50e-6, nowMs)
      assert.equal(lag.behindMs, 0)
    }
    lag.reset()
    // Four steps back, each of which could be lines out of order.
    for (let step = 0; step < 4; step++) lag.heard(step * 5_000 - step * 900, step * 5_000)
    assert.equal(lag.behindMs, 2_700)
    for (let nowMs = 20_000; nowMs <= 620_000; nowMs += 5_000) lag.heard(nowMs - 2_700, nowMs)
    assert.equal(lag.behindMs, 0)
  })

  it('is told for five minutes at least where it stays the same', () => {
    // The last line that comes fast is the first or the last of its bucket, or somewhere between.
    for (const fastestMs of [0, 5_000, 295_000, 300_000]) {
      const lag = new Lag()
      for (let nowMs = 0; nowMs <= fastestMs; nowMs += 5_000) lag.heard(nowMs - 100, nowMs)
      lag.heard(fastestMs, fastestMs)
      for (let nowMs = fastestMs + 5_000; nowMs < fastestMs + 300_000; nowMs += 5_000) {
        lag.heard(nowMs - 3_000, nowMs)
        assert.equal(lag.behindMs, 3_000)
      }
    }
  })

  it('is not measured by what came before a long silence', () => {
    const lag = new Lag()
    lag.heard(0, 0)
    lag.heard(3_600_000 - 3_000, 3_600_000)
    assert.equal(lag.behindMs, 0)
  })

  it('is told in words that do not change all the time', () => {
    assert.equal(behindText(2_100), '2 s behind')
    assert.equal(behindText(9_600), '10 s behind')
    assert.equal(behindText(12_000), '10 s behind')
    assert.equal(behindText(13_000), '15 s behind')
    assert.equal(behindText(200_000), '3 min behind')
    assert.equal(quietText(6_100), 'nothing for 6 s')
    assert.equal(quietText(14_000), 'nothing for 15 s')
  })
})
