// The arithmetic of reports, on numbers that can be checked by hand.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type BroadcastCount,
  broadcastFigures,
  controlFigures,
  histogramOf,
  maxOf,
  meanOf,
  percentilesOf,
  redundancyOf,
  reliabilityOf,
  sendFigures,
} from '../../../src/sim/report.ts'

/** A broadcast among ten nodes in which nothing is wrong. */
const CLEAN: BroadcastCount = {
  hasFailed: false,
  expected: 9,
  reached: 9,
  payloadFrames: 9,
  receivers: 9,
  lastHop: 3,
}
/** One that its origin was told as failed. */
const FAILED: BroadcastCount = {
  ...{ ...CLEAN, hasFailed: true },
  ...{ expected: 0, reached: 0, payloadFrames: 0, receivers: 0, lastHop: 0 },
}

describe('percentiles', () => {
  it('are those of the nearest rank, whatever the order', () => {
    const numbers = Array.from({ length: 200 }, (_, i) => ((i * 77) % 200) + 1)
    assert.deepEqual(percentilesOf(numbers), { count: 200, p50: 100, p90: 180, p99: 198, max: 200 })
  })

  it('of few numbers are some of them', () => {
    assert.deepEqual(percentilesOf([7]), { count: 1, p50: 7, p90: 7, p99: 7, max: 7 })
    assert.deepEqual(percentilesOf([10, 9]), { count: 2, p50: 9, p90: 10, p99: 10, max: 10 })
    assert.deepEqual(percentilesOf([]), { count: 0, p50: 0, p90: 0, p99: 0, max: 0 })
  })
})

describe('reliability', () => {
  it('is the share of all pairs of a broadcast and a node', () => {
    assert.equal(reliabilityOf([CLEAN, CLEAN]), 1)
    assert.equal(reliabilityOf([CLEAN, { ...CLEAN, expected: 1, reached: 0 }]), 0.9)
    assert.equal(reliabilityOf([]), 1)
  })
})

describe('redundancy', () => {
  it('is 0 when every node receives every payload once, and 1 when it does twice', () => {
    assert.equal(redundancyOf(CLEAN), 0)
    assert.equal(redundancyOf({ ...CLEAN, payloadFrames: 18 }), 1)
    assert.equal(redundancyOf({ ...CLEAN, payloadFrames: 12 }), 12 / 9 - 1)
  })

  it('counts all that received it, those included that did not have to', () => {
    assert.equal(redundancyOf({ ...CLEAN, expected: 5, reached: 5 }), 0)
    assert.equal(redundancyOf(FAILED), 0)
  })
})

describe('figures', () => {
  it('of broadcasts: mean and worst redundancy, the largest last hop', () => {
    const counts = [CLEAN, FAILED, { ...CLEAN, payloadFrames: 18, lastHop: 5 }, FAILED]
    assert.deepEqual(broadcastFigures(counts, 2, [1, 2, 3, 4]), {
      broadcasts: 4,
      failed: 2,
      origins: 2,
      pairs: 18,
      reliability: 1,
      rmr: { mean: 0.25, max: 1 },
      lastDeliveryHop: 5,
      latencyMs: { count: 4, p50: 2, p90: 4, p99: 4, max: 4 },
    })
  })

  it('of sends: what arrived, over how many links, and why the others failed', () => {
    const figures = sendFigures([
      { outcome: 'delivered', arrival: { hops: 1, latencyMs: 5 } },
      { outcome: 'delivered', arrival: { hops: 3, latencyMs: 9 } },
      { outcome: 'expired', arrival: { hops: 2, latencyMs: 10_000 } },
      { outcome: 'expired', arrival: undefined },
      { outcome: undefined, arrival: undefined },
    ])
    assert.deepEqual(figures, {
      sends: 5,
      delivered: 2,
      failed: { expired: 2, 'no outcome': 1 },
      hops: { mean: 2, max: 3 },
      latencyMs: { count: 3, p50: 9, p90: 10_000, p99: 10_000, max: 10_000 },
    })
  })

  it('of control bytes: per node and second, the largest first, nothing of what there was none', () => {
    const bytes = new Map([
      ['prune', 100],
      ['heartbeat', 4_000],
      ['graft', 0],
      ['ihave', 400],
    ])
    const figures = controlFigures(bytes, { nodes: 10, overMs: 2_000 })
    assert.deepEqual(figures, {
      overMs: 2_000,
      nodes: 10,
      bytesPerNodeS: 225,
      byType: { heartbeat: 200, ihave: 20, prune: 5 },
    })
    assert.deepEqual(Object.keys(figures.byType), ['heartbeat', 'ihave', 'prune'])
    assert.equal(controlFigures(bytes, { nodes: 0, overMs: 0 }).bytesPerNodeS, 0)
  })

  it('of degrees: in order, each with its count', () => {
    assert.deepEqual(histogramOf([6, 5, 6, 10]), [
      [5, 1],
      [6, 2],
      [10, 1],
    ])
  })

  it('of nothing are 0, and the largest may be below it', () => {
    assert.deepEqual([meanOf([]), maxOf([]), maxOf([-3, -2])], [0, 0, -2])
  })
})
