// Time that a test moves by hand, for parts of a node that wait. Nothing of it is real time.

/** See the head of the file. */
export class HandClock {
  nowMs = 0
  readonly #waits: { readonly dueMs: number; readonly done: () => void }[] = []

  /** Resolves when so much time has passed. */
  wait(ms: number): Promise<void> {
    return new Promise((done) => this.#waits.push({ dueMs: this.nowMs + ms, done }))
  }

  /** Lets time pass, and whoever waits go on in the order of their times. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    for (;;) {
      this.#waits.sort((a, b) => a.dueMs - b.dueMs)
      const [first] = this.#waits
      if (first === undefined || first.dueMs > endMs) break
      this.#waits.shift()
      this.nowMs = first.dueMs
      first.done()
      // What follows from it.
      for (let i = 0; i < 10; i++) await Promise.resolve()
    }
    this.nowMs = endMs
  }
}
