// When a node is ready, and when it has come to rest. It must not know what a link or a peer is: it is told.

import { HearsayError } from '../errors.ts'
import type { NodeTimers, NodeWorld } from './world.ts'

/** How long no link and no peer may have come or gone for {@link Readiness.settled}. */
const SETTLED_MS = 1_000
/** It is looked at in slices of this time: one that ends much later had a turn of the event loop that was longer than it. */
const SLICE_MS = 100
const LATE_MS = 100
/** Quiet slices that it takes in a process that is late: what came in a long turn is read in the next one. */
const LATE_SLICES = SETTLED_MS / SLICE_MS

/** See the head of the file. */
export class Readiness {
  readonly #nowMs: NodeWorld['nowMs']
  readonly #timers: Pick<NodeTimers, 'wait'>
  readonly #ready = Promise.withResolvers<void>()
  #isReady = false
  #isOver = false
  #changedMs = 0

  constructor(nowMs: NodeWorld['nowMs'], timers: Pick<NodeTimers, 'wait'>) {
    this.#nowMs = nowMs
    this.#timers = timers
    // It may reject before anybody asks for it.
    this.#ready.promise.catch(() => {})
  }

  /** Resolves at the first link; rejects when there will be none. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** A link or a peer has come or gone. */
  changed(): void {
    this.#changedMs = this.#nowMs()
  }

  /** A link is there; true for the first one. */
  linkUp(): boolean {
    if (this.#isReady) return false
    this.#isReady = true
    this.#ready.resolve()
    return true
  }

  /**
   * Resolves when the node is ready and nothing has come or gone for a second; in a process that is behind, for ten turns of
   * its event loop as well, because in the midst of one nothing is heard. @param name for the error
   */
  async settled(name: string): Promise<void> {
    await this.#ready.promise
    let quietSlices = 0
    let isLate = false
    for (;;) {
      const [startedMs, changedMs] = [this.#nowMs(), this.#changedMs]
      await this.#timers.wait(SLICE_MS)
      if (this.#isOver) throw new HearsayError('closed', `${name} is closed`)
      const nowMs = this.#nowMs()
      quietSlices = this.#changedMs === changedMs ? quietSlices + 1 : 0
      if (nowMs - startedMs > SLICE_MS + LATE_MS) isLate = true
      else if (quietSlices === 0) isLate = false
      if (nowMs - this.#changedMs >= SETTLED_MS && quietSlices >= (isLate ? LATE_SLICES : 1)) return
    }
  }

  /** The node ends: it does not become ready any more, if it was not. */
  end(error: HearsayError): void {
    this.#isOver = true
    this.#ready.reject(error)
  }
}
