// What is to be posted to one plain HTTP peer: some of it is under way, the rest waits its turn, in order, bounded, and each
// until its own deadline. It must not know HTTP, nor what is posted.
//
// 1. Whoever waits is told once: that it is its turn, or why it never will be.
// 2. Each turn ends with one call of `leave`.

import { CORE_DEFAULTS } from '../core/config.ts'
import type { SendFailure } from '../core/reasons.ts'
import type { Patience } from './world.ts'

/** How much at a time. */
export interface PostLimits {
  /** Posts under way; each has a connection of its own. */
  readonly underWayMax: number
  /** Posts that wait. */
  readonly waitingMax: number
  /** Nothing more is taken while so many bytes wait. */
  readonly waitingBytesMax: number
}

/** As many wait as for a node. */
export const POST_LIMITS: PostLimits = {
  underWayMax: 64,
  waitingMax: CORE_DEFAULTS.queueMessagesMax,
  waitingBytesMax: CORE_DEFAULTS.queueBytesMax,
}

/** Calls `run` once after this time. What it returns prevents that. */
export type After = (ms: number, run: () => void) => () => void

/** @param failure `undefined`: it is its turn */
type Settle = (failure: SendFailure | undefined) => void

/** See the head of the file. */
export class PostQueue {
  readonly #after: After
  readonly #limits: PostLimits
  readonly #waiting = new Set<Settle>()
  #waitingBytes = 0
  #underWay = 0

  constructor(after: After, limits = POST_LIMITS) {
    this.#after = after
    this.#limits = limits
  }

  /** Whether one more would be taken now, of whatever size. */
  get hasRoom(): boolean {
    const { underWayMax, waitingMax, waitingBytesMax } = this.#limits
    if (this.#underWay < underWayMax) return true
    return this.#waiting.size < waitingMax && this.#waitingBytes < waitingBytesMax
  }

  /** Whether nothing is under way; then nothing waits either. */
  get isIdle(): boolean {
    return this.#underWay === 0
  }

  /** Waits for a turn; resolves with `undefined` when it has come, or with why it has not. */
  enter(
    bytes: number,
    { deadlineMs, signal }: Pick<Patience, 'deadlineMs' | 'signal'>,
  ): Promise<SendFailure | undefined> {
    if (!this.hasRoom) return Promise.resolve('queue-full')
    if (this.#underWay < this.#limits.underWayMax) {
      this.#underWay++
      return Promise.resolve(undefined)
    }
    return new Promise((resolve) => {
      const settle: Settle = (failure) => {
        if (!this.#waiting.delete(settle)) return
        this.#waitingBytes -= bytes
        cancelTimer()
        signal?.removeEventListener('abort', abort)
        resolve(failure)
      }
      const abort = (): void => settle('cancelled')
      this.#waiting.add(settle)
      this.#waitingBytes += bytes
      const cancelTimer = this.#after(deadlineMs, () => settle('expired'))
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** What was under way has ended: the next one has its turn. */
  leave(): void {
    this.#underWay--
    const [next] = this.#waiting
    if (next === undefined) return
    this.#underWay++
    next(undefined)
  }

  /** Nobody waits any more; what is under way ends by itself. */
  end(failure: SendFailure): void {
    for (const settle of [...this.#waiting]) settle(failure)
  }
}
