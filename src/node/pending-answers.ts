// Who waits for something that another node will say, by number, and until when. One timer for all of them.
// It must not know what is waited for.
//
// 1. Whoever waits is told exactly once: by `settle`, or by `expire` at the latest `LATE_MS` after the deadline, and when the
//    timers end: no time passes any more.
// 2. No other run of the node uses the same numbers: what comes late for one that is gone must not be taken for an answer to
//    this one. A number is one of 2^48 at first, drawn anew for each run, and one more for each who waits.

import type { Rng } from '../core/rng.ts'
import type { NodeTimers, NodeWorld } from './world.ts'

/** Deadlines are looked at as often. */
const LATE_MS = 20

/** One who waits. */
export interface PendingAnswer {
  readonly deadlineMs: number
  /** The deadline has passed, or the timers have ended. */
  readonly expire: () => void
}

/** See the head of the file. */
export class PendingAnswers<T extends PendingAnswer> {
  readonly #nowMs: NodeWorld['nowMs']
  readonly #timers: Pick<NodeTimers, 'hasEnded' | 'wait'>
  readonly #waiting = new Map<number, T>()
  #last: number
  /** When they are looked at next; `Infinity` while nobody waits. */
  #lookMs = Number.POSITIVE_INFINITY

  /** @param rng seeded with what no other run of the node is; `undefined`: nobody else sees the numbers */
  constructor(nowMs: NodeWorld['nowMs'], timers: Pick<NodeTimers, 'hasEnded' | 'wait'>, rng?: Rng) {
    this.#last = rng === undefined ? 0 : rng.uint32() * 2 ** 16 + rng.below(2 ** 16)
    this.#nowMs = nowMs
    this.#timers = timers
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** All who wait. */
  [Symbol.iterator](): MapIterator<[number, T]> {
    return this.#waiting.entries()
  }

  /** One waits from now on; returns the number. */
  add(pending: T): number {
    const number = ++this.#last
    this.#waiting.set(number, pending)
    this.#lookAt(pending.deadlineMs)
    return number
  }

  get(number: number): T | undefined {
    return this.#waiting.get(number)
  }

  /** Takes one out; `undefined` when nobody waits under this number any more. */
  take(number: number): T | undefined {
    const pending = this.#waiting.get(number)
    this.#waiting.delete(number)
    return pending
  }

  /** Takes out all. */
  drain(): T[] {
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    return all
  }

  #lookAt(deadlineMs: number): void {
    if (deadlineMs >= this.#lookMs) return
    this.#lookMs = deadlineMs
    void this.#timers
      .wait(Math.max(0, Math.ceil(deadlineMs - this.#nowMs())))
      .then(() => this.#look(deadlineMs))
  }

  #look(forMs: number): void {
    // A nearer deadline has come meanwhile, and its look sees to this one.
    if (forMs !== this.#lookMs) return
    this.#lookMs = Number.POSITIVE_INFINITY
    const nowMs = this.#timers.hasEnded ? Number.POSITIVE_INFINITY : this.#nowMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const [number, pending] of this.#waiting) {
      if (pending.deadlineMs > nowMs) nextMs = Math.min(nextMs, pending.deadlineMs)
      else {
        this.#waiting.delete(number)
        pending.expire()
      }
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#lookAt(Math.max(nextMs, nowMs + LATE_MS))
  }
}
