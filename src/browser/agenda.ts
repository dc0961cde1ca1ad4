// What is to be done at which time in a page. Browsers let the timers of a hidden tab run once a second or once a minute,
// and stop those of a frozen one, but tell a tab what comes on its sockets: whoever hears something lets the agenda catch up,
// and so a member keeps its time for as long as its neighbors keep theirs.
// It must not know what is done.

import { atTurnEnd } from '../net/event-loop.ts'
import { MS_MAX } from '../settings.ts'

interface Entry {
  readonly dueMs: number
  /** Nothing, once it was called off. */
  run: ((lateMs: number) => void) | undefined
}

/** See the head of the file. */
export class Agenda {
  /** What is due first is first. */
  readonly #entries: Entry[] = []
  /** The one timer of the browser. */
  #timeout: ReturnType<typeof setTimeout> | undefined
  #timeoutDueMs = Number.POSITIVE_INFINITY

  /**
   * Runs this after so many ms, never before, nor from within a call of the agenda but {@link catchUp}. What it returns
   * calls it off.
   * @param run told how much later than asked for it comes, in ms
   */
  after(ms: number, run: (lateMs: number) => void): () => void {
    const entry: Entry = { dueMs: performance.now() + ms, run }
    const at = this.#entries.findLastIndex(({ dueMs }) => dueMs <= entry.dueMs) + 1
    this.#entries.splice(at, 0, entry)
    this.#arm()
    return () => {
      entry.run = undefined
    }
  }

  /** Runs what is due. */
  catchUp(): void {
    // What comes to be due meanwhile waits for the next time: something that asks for itself at once would never end.
    const untilMs = performance.now()
    for (;;) {
      const [first] = this.#entries
      if (first === undefined || first.dueMs > untilMs) break
      this.#entries.shift()
      first.run?.(performance.now() - first.dueMs)
    }
    this.#arm()
  }

  /** Forgets all that is to be done. */
  clear(): void {
    this.#entries.length = 0
    clearTimeout(this.#timeout)
    this.#timeoutDueMs = Number.POSITIVE_INFINITY
  }

  #arm(): void {
    while (this.#entries[0] !== undefined && this.#entries[0].run === undefined) this.#entries.shift()
    const [first] = this.#entries
    if (first === undefined || first.dueMs >= this.#timeoutDueMs) return
    clearTimeout(this.#timeout)
    this.#timeoutDueMs = first.dueMs
    // After a pause timers come before what has arrived meanwhile: that is let in first.
    const expired = (): void => {
      atTurnEnd(() => {
        this.#timeoutDueMs = Number.POSITIVE_INFINITY
        this.catchUp()
      })
    }
    const afterMs = Math.max(0, Math.ceil(first.dueMs - performance.now()))
    // What is due later than a browser can wait is looked at before, and waits on.
    this.#timeout = setTimeout(expired, Math.min(afterMs, MS_MAX))
  }
}
