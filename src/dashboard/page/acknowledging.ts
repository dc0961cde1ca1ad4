// Says which lines have been seen, so that whoever feeds the page on a slow link leaves lines out instead of having them wait.
// It must not know the socket, nor what is in a line.

/** How often it is said at most, in ms. */
const EVERY_MS = 500

/** On one connection. */
export class Acknowledging {
  readonly #say: (atMs: number) => void
  #atMs = 0
  #saidMs = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param say sends it; it is told the `atMs` of the last line */
  constructor(say: (atMs: number) => void) {
    this.#say = say
  }

  /** A line was taken in. The last one is said in any case: the next one may wait for that. */
  seen(atMs: number, nowMs: number): void {
    this.#atMs = atMs
    if (this.#timer !== undefined) return
    const waitMs = this.#saidMs + EVERY_MS - nowMs
    if (waitMs <= 0) this.#now(nowMs)
    else this.#timer = setTimeout(() => this.#now(nowMs + waitMs), waitMs)
  }

  /** Nothing is said any more. */
  end(): void {
    clearTimeout(this.#timer)
  }

  #now(nowMs: number): void {
    this.#timer = undefined
    this.#saidMs = nowMs
    this.#say(this.#atMs)
  }
}
