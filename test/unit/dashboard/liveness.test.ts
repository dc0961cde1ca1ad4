import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Liveness } from '../../../src/dashboard/page/liveness.ts'

const reports = { event: 'reports', atMs: 1, everyMs: 4_000, reports: [] } as const

/** Whether it is given up at a moment, when it has been looked at each second since the start. */
function isDeadAt(liveness: Liveness, fromMs: number, atMs: number): boolean {
  let isDead = false
  for (let nowMs = fromMs; nowMs <= atMs; nowMs += 1_000) isDead = liveness.isDead(nowMs)
  return isDead
}

/** How long it is quiet at a moment, by looks as above. */
function quietAt(liveness: Liveness, fromMs: number, atMs: number): number {
  let quietMs = 0
  for (let nowMs = fromMs; nowMs <= atMs; nowMs += 1_000) quietMs = liveness.quietMs(nowMs)
  return quietMs
}

describe('the other side of the feed', () => {
  it('is quiet before it is given up, when nothing has come for longer than promised', () => {
    const liveness = new Liveness(0)
    assert.equal(quietAt(liveness, 0, 6_000), 0)
    assert.equal(quietAt(liveness, 0, 7_000), 7_000)
    assert.equal(isDeadAt(liveness, 0, 8_000), false)
    liveness.heard(reports, 8_000)
    assert.equal(quietAt(liveness, 8_000, 14_000), 0)
    liveness.heard({ ...reports, everyMs: 9_000 }, 14_000)
    assert.equal(quietAt(liveness, 14_000, 24_000), 0)
    assert.equal(quietAt(liveness, 14_000, 25_000), 11_000)
  })

  it('is not quiet by a single look, nor where it owes no lines', () => {
    const liveness = new Liveness(0)
    assert.equal(liveness.quietMs(3_600_000), 0)
    liveness.heard(undefined, 3_600_010)
    assert.equal(liveness.quietMs(3_601_000), 0)
    liveness.asked(false, 3_602_000)
    assert.equal(quietAt(liveness, 3_602_000, 3_700_000), 0)
    liveness.heard({ event: 'watch', on: true, waiting: 'nobody' }, 3_700_000)
    assert.equal(quietAt(liveness, 3_700_000, 3_800_000), 0)
  })

  it('is given up after three reports that did not come, and some seconds', () => {
    const liveness = new Liveness(0)
    assert.equal(isDeadAt(liveness, 0, 8_000), false)
    assert.equal(isDeadAt(liveness, 0, 10_000), true)
    liveness.heard(reports, 20_000)
    assert.equal(liveness.patienceMs, 17_000)
    assert.equal(isDeadAt(liveness, 20_000, 37_000), false)
    assert.equal(isDeadAt(liveness, 20_000, 39_000), true)
  })

  it('is alive by whatever it says, also text', () => {
    const liveness = new Liveness(0)
    liveness.heard(undefined, 7_000)
    assert.equal(isDeadAt(liveness, 7_000, 15_000), false)
  })

  it('has a second chance after a sleep, for lines that wait to be read', () => {
    const liveness = new Liveness(0)
    assert.equal(liveness.isDead(3_600_000), false)
    assert.equal(liveness.isDead(3_600_001), false)
    liveness.heard(reports, 3_600_010)
    assert.equal(liveness.isDead(3_601_000), false)
    assert.equal(liveness.isDead(7_200_000), false)
    assert.equal(liveness.isDead(7_201_000), true)
  })

  it('owes no lines while nobody is watched', () => {
    const liveness = new Liveness(0)
    liveness.heard({ event: 'watch', on: true, waiting: 'nobody' }, 0)
    assert.equal(isDeadAt(liveness, 0, 100_000), false)
    liveness.heard({ event: 'watch', on: true, node: 'a' }, 100_000)
    assert.equal(isDeadAt(liveness, 100_000, 110_000), true)
    liveness.asked(false, 110_000)
    assert.equal(isDeadAt(liveness, 110_000, 200_000), false)
    liveness.asked(true, 200_000)
    assert.equal(isDeadAt(liveness, 200_000, 210_000), true)
  })

  it('owes none when it does not let itself be watched', () => {
    const liveness = new Liveness(0)
    liveness.heard({ event: 'error', text: 'unknown command' }, 0)
    assert.equal(isDeadAt(liveness, 0, 100_000), false)
  })
})
