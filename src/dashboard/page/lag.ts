// How far what comes over the feed is behind what happens. Pure: it has no clock. It cannot know how far the two clocks are
// apart, so the line that came with the least delay on this connection, in the last minutes, counts as one without any. Not
// of all time: clocks drift apart by seconds a day, and are set back by less than can be told from lines out of order. So a link
// that stays equally far behind for longer than that looks like a clock that was set, and is told of no more. A slow one does not
// stay so: by what the page says it has seen, the node sends less, and the lines come sooner again.

/** More than that is told, and until it is less than {@link LEFT_MS}, in ms. */
const TOLD_MS = 2_000
const LEFT_MS = 1_500
/** Lines of one connection come in order, but for some that were made at the same time: this is a clock that was set back. */
const BACK_MS = 1_000
/** The best line is that of the last one to two of these, in ms. */
const BUCKET_MS = 300_000

/** Of one node on one connection. */
export class Lag {
  /** The clock of the node less that of the page, at the line that came fastest: in this bucket, and in the one before. */
  #bestMs = Number.NEGATIVE_INFINITY
  #bestBeforeMs = Number.NEGATIVE_INFINITY
  /** When this bucket began, by the clock of the page. */
  #bucketMs = Number.NEGATIVE_INFINITY
  #lastAtMs = Number.NEGATIVE_INFINITY
  #behindMs = 0
  #isTold = false

  /** What comes is this far behind, in ms; 0: not worth telling. */
  get behindMs(): number {
    return this.#isTold ? this.#behindMs : 0
  }

  /**
   * A line has come.
   * @param atMs its time by the node's clock
   * @param nowMs by a clock of the page that nobody sets
   */
  heard(atMs: number, nowMs: number): void {
    if (atMs < this.#lastAtMs - BACK_MS) this.reset()
    this.#lastAtMs = atMs
    this.#turn(nowMs)
    this.#bestMs = Math.max(this.#bestMs, atMs - nowMs)
    this.#behindMs = Math.max(this.#bestMs, this.#bestBeforeMs) - (atMs - nowMs)
    this.#isTold = this.#behindMs > (this.#isTold ? LEFT_MS : TOLD_MS)
  }

  /** Another connection, or another node. */
  reset(): void {
    this.#bestMs = Number.NEGATIVE_INFINITY
    this.#bestBeforeMs = Number.NEGATIVE_INFINITY
    this.#bucketMs = Number.NEGATIVE_INFINITY
    this.#lastAtMs = Number.NEGATIVE_INFINITY
    this.#behindMs = 0
    this.#isTold = false
  }

  // Begins another bucket where this one is full.
  #turn(nowMs: number): void {
    const lastedMs = nowMs - this.#bucketMs
    if (lastedMs < BUCKET_MS) return
    this.#bestBeforeMs = lastedMs < 2 * BUCKET_MS ? this.#bestMs : Number.NEGATIVE_INFINITY
    this.#bestMs = Number.NEGATIVE_INFINITY
    this.#bucketMs = nowMs
  }
}
