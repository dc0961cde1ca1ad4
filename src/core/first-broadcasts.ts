// What the application broadcasts before the node has a link waits for the first one, bounded in number and in time.
// It must not know links, nor answer the application: what is given up is returned.

/** A broadcast that waits. */
export interface FirstBroadcast {
  /** The application's number for it. */
  readonly id: number
  readonly payload: Uint8Array
  readonly deadlineMs: number
}

/** See the head of the file. */
export class FirstBroadcasts {
  readonly #max: number
  readonly #lifetimeMs: number
  /** Oldest first. */
  #waiting: FirstBroadcast[] = []

  /** @param max how many wait at most. @param lifetimeMs how long each waits at most. */
  constructor(max: number, lifetimeMs: number) {
    this.#max = max
    this.#lifetimeMs = lifetimeMs
  }

  get size(): number {
    return this.#waiting.length
  }

  /** Takes in one more; false when there is no room. */
  add(id: number, payload: Uint8Array, nowMs: number): boolean {
    if (this.#waiting.length >= this.#max) return false
    this.#waiting.push({ id, payload, deadlineMs: nowMs + this.#lifetimeMs })
    return true
  }

  /** Takes out the one with this number; false when it does not wait. */
  withdraw(id: number): boolean {
    const place = this.#waiting.findIndex((one) => one.id === id)
    if (place !== -1) this.#waiting.splice(place, 1)
    return place !== -1
  }

  /** Takes out everything, oldest first. */
  drain(): FirstBroadcast[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  /** Takes out what has waited too long. */
  expire(nowMs: number): FirstBroadcast[] {
    const end = this.#waiting.findIndex(({ deadlineMs }) => deadlineMs > nowMs)
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  /** When {@link expire} will have something to do; `undefined` while nothing waits. */
  nextExpiryMs(): number | undefined {
    return this.#waiting[0]?.deadlineMs
  }
}
