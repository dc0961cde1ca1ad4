// Shows how far something has come: one line that rewrites itself on a terminal, a plain line now and then elsewhere.

import type { Output } from './context.ts'

/** Least time between two plain lines, in ms. */
const PLAIN_INTERVAL_MS = 2_000
/** Least time between two rewrites on a terminal, in ms: more is not seen. */
const REWRITE_INTERVAL_MS = 50

/** One progress display. */
export class Progress {
  readonly #output: Output
  readonly #now: () => number
  #shownAtMs = Number.NEGATIVE_INFINITY
  #lineOpen = false

  /** `now`: a clock in ms; only differences count. */
  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output
    this.#now = now
  }

  /** Shows `text`, unless something was shown just now. */
  update(text: string): void {
    const interval = this.#output.isTTY ? REWRITE_INTERVAL_MS : PLAIN_INTERVAL_MS
    if (this.#now() - this.#shownAtMs >= interval) this.show(text)
  }

  /** Shows `text` in any case. */
  show(text: string): void {
    this.#shownAtMs = this.#now()
    if (!this.#output.isTTY) {
      this.#output.write(`${text}\n`)
      return
    }
    // A line longer than the terminal would wrap, and then could not be rewritten.
    const columns = this.#output.columns ?? 80
    this.#output.write(`\r\u001b[2K${text.slice(0, columns - 1)}`)
    this.#lineOpen = true
  }

  /** Takes the line away, so that other text can follow. */
  clear(): void {
    if (this.#lineOpen) this.#output.write('\r\u001b[2K')
    this.#lineOpen = false
  }
}
