// Looking for a node that has what is asked for, such as a tag, where none is known: a node that has just started still
// learns who there is, and must not say that nobody is there. It must not know what is looked for.
//
// 1. Whoever looks is told once: as soon as a node is found, when this one has learned who there is, at the deadline, when
//    the signal is aborted, or at the end.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { SendFailure } from '../core/reasons.ts'
import type { NodeTimers, NodeWorld } from './world.ts'

/** Records are no events; they are looked at as often. */
const LOOK_MS = 50

/** What came of looking. */
export type Found =
  | {
      readonly name: NodeName
      /** What is left of the time to the deadline: whole ms, as a question says them on the wire. */
      readonly leftMs: number
    }
  | { readonly name: undefined; readonly failure: SendFailure }

/** What looking needs of the node. */
export interface SeekingParts {
  readonly overlay: Pick<Overlay, 'isLearning' | 'isRunning' | 'neighbors'>
  readonly nowMs: NodeWorld['nowMs']
  readonly timers: Pick<NodeTimers, 'wait'>
}

/** See the head of the file. */
export class Seeking {
  readonly #parts: SeekingParts
  #open = 0
  #isOver = false

  constructor(parts: SeekingParts) {
    this.#parts = parts
  }

  /** How many are looking. */
  get size(): number {
    return this.#open
  }

  /**
   * Looks for a node, until it is found.
   * @param pick gives it, if it is known. Asked again and again.
   * @param options.deadlineMs in ms from now
   */
  async find(
    pick: () => NodeName | undefined,
    options: { readonly deadlineMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<Found> {
    const { nowMs, timers } = this.#parts
    const { signal } = options
    const endMs = nowMs() + options.deadlineMs
    const aborted = Promise.withResolvers<void>()
    const abort = () => aborted.resolve()
    signal?.addEventListener('abort', abort, { once: true })
    this.#open++
    try {
      for (;;) {
        const name = this.#hasEnded ? undefined : pick()
        const leftMs = endMs - nowMs()
        if (name !== undefined && leftMs > 0) return { name, leftMs: Math.max(1, Math.round(leftMs)) }
        const failure = this.#failure(leftMs, signal)
        if (failure !== undefined) return { name: undefined, failure }
        await Promise.race([timers.wait(Math.min(LOOK_MS, Math.ceil(leftMs))), aborted.promise])
      }
    } finally {
      this.#open--
      signal?.removeEventListener('abort', abort)
    }
  }

  /** The node leaves: nobody finds anything any more. */
  end(): void {
    this.#isOver = true
  }

  get #hasEnded(): boolean {
    return this.#isOver || !this.#parts.overlay.isRunning
  }

  #failure(leftMs: number, signal: AbortSignal | undefined): SendFailure | undefined {
    const { nowMs, overlay } = this.#parts
    if (signal?.aborted) return 'cancelled'
    if (this.#hasEnded) return 'shutting-down'
    if (leftMs > 0 && overlay.isLearning(nowMs())) return undefined
    return overlay.neighbors.size === 0 ? 'no-route' : 'unknown-peer'
  }
}
