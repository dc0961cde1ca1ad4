// The clock of a member in a browser: the core's timers on an agenda, and an end to all of them at once.

import type { Timer } from '../core/events.ts'
import type { NodeTimers } from '../node/world.ts'
import type { Agenda } from './agenda.ts'

/** See the head of the file. */
export class BrowserTimers implements NodeTimers {
  readonly #agenda: Agenda
  readonly #expired: (timer: Timer, lateMs: number) => void
  readonly #waiting = new Set<() => void>()
  #hasEnded = false

  /** @param agenda of nobody else: it is cleared at the end */
  constructor(agenda: Agenda, expired: (timer: Timer, lateMs: number) => void) {
    this.#agenda = agenda
    this.#expired = expired
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  start(timer: Timer, afterMs: number): void {
    if (!this.#hasEnded) this.#agenda.after(afterMs, (lateMs) => this.#expired(timer, lateMs))
  }

  wait(ms: number): Promise<void> {
    if (this.#hasEnded) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done)
        resolve()
      }
      this.#waiting.add(done)
      this.#agenda.after(ms, done)
    })
  }

  limit(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms))
  }

  end(): void {
    this.#hasEnded = true
    this.#agenda.clear()
    for (const done of [...this.#waiting]) done()
  }
}
