// The clock of a node in virtual time: the core's timers as events of the queue, and an end to all of them at once.
// Must not read a real clock.

import type { Timer } from '../core/events.ts'
import type { NodeTimers } from '../node/world.ts'
import type { EventQueue, Happening } from '../sim/event-queue.ts'
import type { Host } from '../sim/host.ts'

/** Something that runs out. A process that stands still runs it when it goes on. */
class Alarm implements Happening {
  readonly owner: VirtualTimers
  readonly #host: Host
  readonly #ring: () => void

  constructor(owner: VirtualTimers, host: Host, ring: () => void) {
    this.owner = owner
    this.#host = host
    this.#ring = ring
  }

  happen(): void {
    if (this.#host.isPaused) this.#host.afterPause(this)
    else this.#ring()
  }
}

/** See the head of the file. */
export class VirtualTimers implements NodeTimers {
  readonly #queue: EventQueue
  readonly #host: Host
  readonly #expired: (timer: Timer) => void
  readonly #waiting = new Set<() => void>()
  #hasEnded = false

  /** @param expired called when a timer has run out; never after {@link end}. */
  constructor(queue: EventQueue, host: Host, expired: (timer: Timer) => void) {
    this.#queue = queue
    this.#host = host
    this.#expired = expired
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Carries out a `timer` effect. After the end it does nothing. */
  start(timer: Timer, afterMs: number): void {
    if (this.#hasEnded) return
    const ring = () => {
      // It may have waited for its process to go on, and that may have closed the node first.
      if (!this.#hasEnded) this.#expired(timer)
    }
    this.#queue.plan(afterMs, new Alarm(this, this.#host, ring))
  }

  /** Resolves after this time, or at the end; at once when that has been. */
  wait(ms: number): Promise<void> {
    if (this.#hasEnded) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done)
        resolve()
      }
      this.#waiting.add(done)
      this.#queue.plan(ms, new Alarm(this, this.#host, done))
    })
  }

  /** Resolves after this time, also after the end, and however long the process stands still. */
  limit(ms: number): Promise<void> {
    return new Promise((resolve) => this.#queue.plan(ms, resolve))
  }

  /** Stops all timers; who waits waits no more. */
  end(): void {
    if (this.#hasEnded) return
    this.crash()
    for (const done of [...this.#waiting]) done()
  }

  /** The process is gone: whoever waits in it does so for ever. Told that its time is over it would only wait anew. */
  crash(): void {
    this.#hasEnded = true
    this.#queue.remove((what) => what instanceof Alarm && what.owner === this)
  }
}
