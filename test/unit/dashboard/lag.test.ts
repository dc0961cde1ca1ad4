import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Lag } from '../../../src/dashboard/page/lag.ts'
import { behindText } from '../../../src/dashboard/page/wording.ts'

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

  it('is told in words that do not change all the time', () => {
    assert.equal(behindText(2_100), '2 s behind')
    assert.equal(behindText(9_600), '10 s behind')
    assert.equal(behindText(12_000), '10 s behind')
    assert.equal(behindText(13_000), '15 s behind')
    assert.equal(behindText(200_000), '3 min behind')
  })
})
