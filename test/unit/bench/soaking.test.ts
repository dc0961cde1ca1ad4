// What the benchmarks say at the end of a soak, of samples that are made up: what grows is found, and what only wavers is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Row, summaryOf } from '../../bench/harness/figure.ts'
import { soakRows, type TimedSample } from '../../bench/harness/soaking.ts'

const COUNT = 60
const MEGABYTE = 1_048_576

/** A soak of a minute, with a sample each second. */
function rowsOf(fields: (index: number) => Partial<TimedSample>): ReadonlyMap<string, Row> {
  const samples = Array.from(
    { length: COUNT },
    (_, index): TimedSample => ({
      minutes: (index + 1) / COUNT,
      heapBytes: 50 * MEGABYTE,
      rssBytes: 200 * MEGABYTE,
      resources: { Timeout: 100, TCPSocketWrap: 200 },
      listeners: 12,
      warnings: 0,
      latenciesMs: Float64Array.of(1, 1, 1),
      failed: {},
      failedBetweenLiving: {},
      broadcastsGot: 90,
      broadcastsDue: 100,
      ...fields(index),
    }),
  )
  return new Map(soakRows(samples, { nodes: 30 }).map((row) => [row.key, row]))
}

const summary = (rows: ReadonlyMap<string, Row>, key: string) => summaryOf(rows.get(key) as Row)

test('what stays as it is meets every aim', () => {
  const rows = rowsOf(() => ({}))
  for (const [key, row] of rows) assert.notEqual(summaryOf(row).isMet, false, key)
  assert.equal(summary(rows, 'soak-broadcasts').hearsay, 90)
})

test('a heap that grows is found, with its slope; what it did in the first sixth does not count', () => {
  const growing = rowsOf((index) => ({ heapBytes: (50 + index / 10) * MEGABYTE }))
  assert.ok(Math.abs(summary(growing, 'soak-heap').hearsay - 6 * 1_024) < 1)
  assert.equal(summary(growing, 'soak-heap').isMet, false)
  assert.equal(summary(growing, 'soak-rss').isMet, true)
  const warmingUp = rowsOf((index) => ({ heapBytes: Math.min(50, 10 + 4 * index) * MEGABYTE }))
  assert.equal(summary(warmingUp, 'soak-heap').isMet, true)
})

test('a heap that wavers, or shrinks, is flat', () => {
  const wavering = rowsOf((index) => ({ heapBytes: (50 + (index % 7)) * MEGABYTE }))
  assert.equal(summary(wavering, 'soak-heap').isMet, true)
  const shrinking = rowsOf((index) => ({ rssBytes: (200 - index) * MEGABYTE }))
  assert.equal(summary(shrinking, 'soak-rss').isMet, true)
})

test('timers and listeners that leak are found', () => {
  const leaking = rowsOf((index) => ({ resources: { Timeout: 100 + 2 * index }, listeners: 12 + index }))
  assert.equal(summary(leaking, 'soak-handles').isMet, false)
  assert.equal(summary(leaking, 'soak-listeners').isMet, false)
  const warned = rowsOf((index) => ({ warnings: index > 40 ? 2 : 0 }))
  assert.equal(summary(warned, 'soak-listeners').isMet, false)
})

test('latencies of the end are set against those of the begin', () => {
  const slower = rowsOf((index) => ({ latenciesMs: Float64Array.of(1, 1, index > 40 ? 9 : 1) }))
  assert.equal(summary(slower, 'soak-latency-p50').isMet, true)
  assert.equal(summary(slower, 'soak-latency-p99').ratio, 9)
  assert.equal(summary(slower, 'soak-latency-p99').isMet, false)
})

test('a send that fails between nodes that stayed is one too many', () => {
  const rows = rowsOf(() => ({ failed: { 'peer-left': 5 }, failedBetweenLiving: { expired: 1 } }))
  assert.deepEqual([summary(rows, 'soak-failed').hearsay, summary(rows, 'soak-failed').isMet], [1, false])
})
