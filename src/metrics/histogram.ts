// A cumulative histogram, cheap enough to be fed whether or not anybody looks. It must not know what is measured.

import type { Sample } from './metric.ts'

/** See the head of the file. */
export class Histogram {
  readonly #bounds: readonly number[]
  /** By bound, and one more for what is above all of them. */
  readonly #counts: number[]
  #sum = 0

  /** @param bounds upper ends of the buckets, inclusive, ascending, in the unit of the metric. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array(bounds.length + 1).fill(0)
  }

  /** One more value. */
  observe(value: number): void {
    const found = this.#bounds.findIndex((bound) => value <= bound)
    const index = found === -1 ? this.#bounds.length : found
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#sum += value
  }

  /** All series, as Prometheus wants them: each bucket counts what is in those below it as well. */
  samples(): readonly Sample[] {
    let count = 0
    const buckets = [...this.#bounds, Number.POSITIVE_INFINITY].map((bound, index): Sample => {
      count += this.#counts[index] ?? 0
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
      return { labels: { le }, value: count, series: 'bucket' }
    })
    return [...buckets, { value: this.#sum, series: 'sum' }, { value: count, series: 'count' }]
  }
}
