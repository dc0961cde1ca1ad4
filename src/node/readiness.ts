// When a node is ready, and when it has come to rest. It must not know what a link or a peer is: it is told.

import { HearsayError } from '../errors.ts'
import type { NodeTimers, NodeWorld } from './world.ts'

/** How long no link and no peer may have come or gone for {@link Readiness.settled}. */
const SETTLED_MS = 1_000
/** A wait that ends so much later than it should says nothing: what came meanwhile may not have been read yet. */
const LATE_MS = 100

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
   * Resolves when the node is ready, and nothing has come or gone for a second in which its process was on time.
   * @param name for the error
   */
  async settled(name: string): Promise<void> {
    await this.#ready.promise
    let onTimeSinceMs = Number.NEGATIVE_INFINITY
    for (;;) {
      if (this.#isOver) throw new HearsayError('closed', `${name} is closed`)
      const startedMs = this.#nowMs()
      const restMs = Math.max(this.#changedMs, onTimeSinceMs) + SETTLED_MS - startedMs
      if (restMs <= 0) return
      await this.#timers.wait(restMs)
      const endedMs = this.#nowMs()
      if (endedMs - startedMs > restMs + LATE_MS) onTimeSinceMs = endedMs
    }
  }

  /** The node ends: it does not become ready any more, if it was not. */
  end(error: HearsayError): void {
    this.#isOver = true
    this.#ready.reject(error)
  }
}
