// How many frames are drawn, and what they and the way from a line to the picture cost. It must not allocate with time:
// rings of fixed size.

const KEPT = 240
/** Frames farther apart than this belong to two bursts: the picture stands still when there is nothing to move. */
const GAP_MS = 500

/** Measures frames. */
export class FrameRate {
  readonly #starts = new Float64Array(KEPT)
  readonly #costs = new Float64Array(KEPT)
  #frames = 0

  /** One more frame was drawn. */
  add(startMs: number, tookMs: number): void {
    this.#starts[this.#frames % KEPT] = startMs
    this.#costs[this.#frames % KEPT] = tookMs
    this.#frames++
  }

  /** Frames since the start. */
  get frames(): number {
    return this.#frames
  }

  /** Frames per second over the last second or so of drawing; 0 before there are two frames. */
  perS(): number {
    let [count, spanMs] = [0, 0]
    for (let back = 1; back < Math.min(KEPT, this.#frames) && spanMs < 1_000; back++) {
      const later = this.#starts[(this.#frames - back) % KEPT] ?? 0
      const gapMs = later - (this.#starts[(this.#frames - back - 1) % KEPT] ?? 0)
      if (gapMs > GAP_MS) break
      spanMs += gapMs
      count++
    }
    return spanMs === 0 ? 0 : (count * 1_000) / spanMs
  }

  /** What drawing one frame took, in ms: the median of the last ones. The simulation is not in it. */
  costMs(): number {
    const count = Math.min(KEPT, this.#frames)
    return this.#costs.slice(0, count).sort()[count >> 1] ?? 0
  }
}

/** From the arrival of a line to the frame that shows it. */
export class Latency {
  readonly #ms = new Float64Array(KEPT)
  #count = 0
  #arrivedMs: number | undefined

  /** A line has come that changes the picture. */
  arrived(arrivedMs: number): void {
    this.#arrivedMs ??= arrivedMs
  }

  /** A frame was drawn. */
  drawn(): void {
    if (this.#arrivedMs === undefined) return
    const nowMs = performance.now()
    performance.clearMeasures('hearsay:line-to-picture')
    performance.measure('hearsay:line-to-picture', { start: this.#arrivedMs, end: nowMs })
    this.#ms[this.#count++ % KEPT] = nowMs - this.#arrivedMs
    this.#arrivedMs = undefined
  }

  /** Median and worst of the last ones, in ms, and how many there were. */
  figures(): { readonly medianMs: number; readonly worstMs: number; readonly count: number } {
    const count = Math.min(KEPT, this.#count)
    const sorted = this.#ms.slice(0, count).sort()
    return { medianMs: sorted[count >> 1] ?? 0, worstMs: sorted[count - 1] ?? 0, count: this.#count }
  }
}
