// How late the event loop of this process is: what waits for it waits as long. All who look are told of the same last minute,
// however often they look and however many they are: nothing begins anew with a look.
// It must not know who looks.
//
// Not prom-client's figures: those begin anew with every look, so that of two who look each misses what the other was told
// (one who comes within 100 ms of another gets 9,223,372,036 s and NaN); and they are of the whole time between two turns of
// their timer, not of what that is too long (Node.js 24: 0.1 s in an idle process, at ten turns a second).

import type { MetricFacts, Sample } from './metric.ts'

/** Between two turns of the timer that measures it, in ms: 0.07 % of a core. Of what takes longer, as much may not be seen. */
const EVERY_MS = 200
/** How far back figures go, in ms: whoever looks as often as that misses nothing. */
const WINDOW_MS = 60_000

/** In seconds. */
export interface LagFigures {
  /** Of the last turn of the timer, or now, when the next one is overdue. */
  readonly last: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly stddev: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

/** See the head of the file. */
export class EventLoopLag {
  readonly #nowMs: () => number
  /** When the timer came, a ring. */
  readonly #atMs = new Float64Array(WINDOW_MS / EVERY_MS).fill(Number.NEGATIVE_INFINITY)
  /** How late it was then, in ms. */
  readonly #lateMs = new Float64Array(WINDOW_MS / EVERY_MS)
  #next = 0
  #lastMs: number

  /** @param nowMs a clock that nobody sets */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#lastMs = nowMs()
  }

  /** Measures from now on; that keeps no process alive. */
  start(): void {
    setInterval(this.turn, EVERY_MS).unref()
  }

  /** The timer has come. */
  readonly turn = (): void => {
    const nowMs = this.#nowMs()
    this.#atMs[this.#next] = nowMs
    this.#lateMs[this.#next] = this.#overdueMs(nowMs)
    this.#next = (this.#next + 1) % this.#atMs.length
    this.#lastMs = nowMs
  }

  /** Those of the last minute; `undefined`: nothing was measured in it yet. */
  figures(): LagFigures | undefined {
    const nowMs = this.#nowMs()
    const measured = this.#lateMs.filter((_, i) => (this.#atMs[i] ?? 0) > nowMs - WINDOW_MS)
    // Whoever looks may have come before the timer, which waits as well.
    const overdueMs = this.#overdueMs(nowMs)
    const late = overdueMs > 0 ? Float64Array.of(...measured, overdueMs) : measured
    if (late.length === 0) return undefined
    late.sort()
    const mean = late.reduce((sum, ms) => sum + ms, 0) / late.length
    const variance = late.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / late.length
    const last = overdueMs > 0 ? overdueMs : (this.#lateMs.at(this.#next - 1) ?? 0)
    const quantile = (share: number) => (late[Math.ceil(share * late.length) - 1] ?? 0) / 1_000
    return {
      last: last / 1_000,
      min: (late[0] ?? 0) / 1_000,
      max: (late.at(-1) ?? 0) / 1_000,
      mean: mean / 1_000,
      stddev: Math.sqrt(variance) / 1_000,
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
    }
  }

  #overdueMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#lastMs - EVERY_MS)
  }
}

/** Which metric has which figure, and what it says of itself. The names are prom-client's, which dashboards know. */
const METRICS = [
  ['nodejs_eventloop_lag_seconds', 'last', 'How late the event loop is now'],
  ['nodejs_eventloop_lag_min_seconds', 'min', 'The least that the event loop was late in the last minute'],
  ['nodejs_eventloop_lag_max_seconds', 'max', 'The most that the event loop was late in the last minute'],
  ['nodejs_eventloop_lag_mean_seconds', 'mean', 'How late the event loop was in the last minute, on average'],
  ['nodejs_eventloop_lag_stddev_seconds', 'stddev', 'How much that varied, the standard deviation'],
  ['nodejs_eventloop_lag_p50_seconds', 'p50', 'How late the event loop was in the last minute, the median'],
  ['nodejs_eventloop_lag_p90_seconds', 'p90', 'The same, the 90th percentile'],
  ['nodejs_eventloop_lag_p99_seconds', 'p99', 'The same, the 99th percentile'],
] as const

/** What is fixed about the metrics. */
export const LAG_METRICS: Readonly<Record<string, Pick<MetricFacts, 'help' | 'type'>>> = Object.fromEntries(
  METRICS.map(([name, , help]) => [name, { type: 'gauge', help: `${help}, in seconds` }]),
)

/** What they are worth. @param figures `undefined`: nothing is known, and the series are left out */
export function lagSamples(
  figures: LagFigures | undefined,
): Readonly<Record<string, () => readonly Sample[]>> {
  return Object.fromEntries(
    METRICS.map(([name, figure]) => [
      name,
      () => (figures === undefined ? [] : [{ value: figures[figure] }]),
    ]),
  )
}
