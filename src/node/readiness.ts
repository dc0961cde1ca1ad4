// When a node is ready, and when it has come to rest. It must not know what a link or a peer is: it is told.

import { HearsayError } from '../errors.ts'
import type { NodeTimers, NodeWorld } from './world.ts'

/** How long no link and no peer may have come or gone for {@link Readiness.settled}. */
const SETTLED_MS = 1_000

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

  /** Resolves when the node is ready, and nothing has come or gone for a second. @param name for the error */
  async settled(name: string): Promise<void> {
    await this.#ready.promise
    for (;;) {
      if (this.#isOver) throw new HearsayError('closed', `${name} is closed`)
      const restMs = this.#changedMs + SETTLED_MS - this.#nowMs()
      if (restMs <= 0) return
      await this.#timers.wait(restMs)
    }
  }

  /** The node ends: it does not become ready any more, if it was not. */
  end(error: HearsayError): void {
    this.#isOver = true
    this.#ready.reject(error)
  }
}
