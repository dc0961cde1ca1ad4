// The clock of a node: the core's timers on the event loop, and an end to all of them at once.

import type { Timer } from '../core/events.ts'
import { MS_MAX } from '../settings.ts'
import type { NodeTimers } from './world.ts'

/** Timers that are running. */
export class Timers implements NodeTimers {
  readonly #expired: (timer: Timer, lateMs: number) => void
  readonly #running = new Set<NodeJS.Timeout>()
  readonly #waiting = new Set<() => void>()
  #hasEnded = false

  /** @param expired called when a timer has run out, and how late; never after {@link end}. */
  constructor(expired: (timer: Timer, lateMs: number) => void) {
    this.#expired = expired
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /**
   * Carries out a `timer` effect: gives the timer back after this time, never before. After the end it does nothing: a
   * listener may close the node in the middle of a turn.
   */
  start(timer: Timer, afterMs: number): void {
    if (this.#hasEnded) return
    this.#startUntil(timer, performance.now() + afterMs, afterMs)
  }

  /**
   * A timeout may come up to 1 ms early, because the event loop counts whole milliseconds. The core, which looks at the
   * clock, would find that nothing is due yet.
   */
  #startUntil(timer: Timer, dueMs: number, afterMs: number): void {
    const timeout = setTimeout(
      () => {
        this.#running.delete(timeout)
        const restMs = dueMs - performance.now()
        if (restMs > 0) this.#startUntil(timer, dueMs, Math.ceil(restMs))
        else this.#afterInput(timer, dueMs)
      },
      Math.min(afterMs, MS_MAX),
    )
    this.#running.add(timeout)
  }

  /** After a pause of the process timers come before what has arrived meanwhile: a link would be silent that is not. */
  #afterInput(timer: Timer, dueMs: number): void {
    setImmediate(() => {
      if (!this.#hasEnded) this.#expired(timer, performance.now() - dueMs)
    })
  }

  /** Resolves after this time, 24 days at most, or at the end; at once when that has been. */
  wait(ms: number): Promise<void> {
    if (this.#hasEnded) return Promise.resolve()
    return new Promise((resolve) => {
      const timeout = setTimeout(done, Math.min(ms, MS_MAX))
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

  /** Resolves after this time, also after the end. Keeps no process alive. */
  limit(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms).unref())
  }

  /** Stops all timers; who waits waits no more. */
  end(): void {
    this.#hasEnded = true
    for (const timeout of this.#running) clearTimeout(timeout)
    this.#running.clear()
    for (const done of [...this.#waiting]) done()
  }
}
