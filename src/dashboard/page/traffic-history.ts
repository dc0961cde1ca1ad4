// Messages per second over the last minutes, for the small chart over the timeline, and what was left out. Pure. It must
// not keep messages, only counts, in arrays that are made once.

import type { TrafficLine } from '../../guests/overlay-lines.ts'

/** Counts by second, as a ring. */
export class TrafficHistory {
  readonly #seconds: number
  readonly #direct: Float64Array
  readonly #broadcast: Float64Array
  readonly #leftOut: Float64Array
  /** What those that were left out stand for. */
  readonly #unseen: Float64Array
  #lastS = 0

  /** @param seconds how far back it reaches */
  constructor(seconds = 600) {
    this.#seconds = seconds
    this.#direct = new Float64Array(seconds)
    this.#broadcast = new Float64Array(seconds)
    this.#leftOut = new Float64Array(seconds)
    this.#unseen = new Float64Array(seconds)
  }

  /**
   * Takes in steps. Each stands for `oneIn` of them, but for those with a trace, which are always told; so does each that was
   * left out.
   */
  add(line: TrafficLine): void {
    const atS = Math.floor(line.atMs / 1_000)
    this.#passTo(atS)
    if (atS <= this.#lastS - this.#seconds) return
    const slot = atS % this.#seconds
    this.#leftOut[slot] = (this.#leftOut[slot] ?? 0) + line.leftOut
    this.#unseen[slot] = (this.#unseen[slot] ?? 0) + line.leftOut * line.oneIn
    for (const { kind, traceparent } of line.steps) {
      const counts = kind === 'direct' ? this.#direct : this.#broadcast
      counts[slot] = (counts[slot] ?? 0) + (traceparent === undefined ? line.oneIn : 1)
    }
  }

  /** Steps that were left out in the minute up to a moment. */
  leftOutPerMinute(atMs: number): number {
    let sum = 0
    for (let back = 0; back < 60; back++) sum += this.#at(this.#leftOut, atMs - back * 1_000)
    return sum
  }

  /** Forgets all: another clock counts from now on. */
  restart(): void {
    for (const counts of this.#all) counts.fill(0)
    this.#lastS = 0
  }

  /** Steps of direct messages in the second of a moment. */
  directAt(atMs: number): number {
    return this.#at(this.#direct, atMs)
  }

  /** Steps of broadcasts in the second of a moment. */
  broadcastAt(atMs: number): number {
    return this.#at(this.#broadcast, atMs)
  }

  /** Steps in the second of a moment that were left out, and of which nobody said what they were. */
  unseenAt(atMs: number): number {
    return this.#at(this.#unseen, atMs)
  }

  get #all(): readonly Float64Array[] {
    return [this.#direct, this.#broadcast, this.#leftOut, this.#unseen]
  }

  #at(counts: Float64Array, atMs: number): number {
    const atS = Math.floor(atMs / 1_000)
    if (atS > this.#lastS || atS <= this.#lastS - this.#seconds) return 0
    return counts[atS % this.#seconds] ?? 0
  }

  #passTo(atS: number): void {
    if (atS <= this.#lastS) return
    const from = Math.max(this.#lastS + 1, atS - this.#seconds + 1)
    for (let second = from; second <= atS; second++) {
      for (const counts of this.#all) counts[second % this.#seconds] = 0
    }
    this.#lastS = atS
  }
}
