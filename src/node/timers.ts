// The clock of a node: the core's timers on the event loop, and an end to all of them at once.

import type { Timer } from '../core/events.ts'

/** Timers that are running. */
export class Timers {
  readonly #expired: (timer: Timer) => void
  readonly #running = new Set<NodeJS.Timeout>()
  readonly #waiting = new Set<() => void>()

  /** @param expired called when a timer has run out; never after {@link end}. */
  constructor(expired: (timer: Timer) => void) {
    this.#expired = expired
  }

  /** Carries out a `timer` effect. */
  start(timer: Timer, afterMs: number): void {
    const timeout = setTimeout(() => {
      this.#running.delete(timeout)
      this.#expired(timer)
    }, afterMs)
    this.#running.add(timeout)
  }

  /** Resolves after this time, or at the end. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timeout = setTimeout(done, ms)
      const running = this.#running
      const waiting = this.#waiting
      running.add(timeout)
      waiting.add(done)
      function done(): void {
        running.delete(timeout)
        waiting.delete(done)
        resolve()
      }
    })
  }

  /** Stops all timers; who waits waits no more. */
  end(): void {
    for (const timeout of this.#running) clearTimeout(timeout)
    this.#running.clear()
    for (const done of [...this.#waiting]) done()
  }
}
