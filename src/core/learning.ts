// How long a node still learns who there is: names of whom it has not heard yet are waited for until then.
// It must not know the directory, nor who waits.

import type { CoreConfig } from './config.ts'
import type { NodeName } from './messages.ts'

/** A node still learns who there is for so many times `unknownPeerWaitMs` at most, after its first link. */
const WAITS_MAX = 10

/** See the head of the file. */
export class Learning {
  readonly #config: Pick<CoreConfig, 'heartbeatMs' | 'heartbeatsMissedMax' | 'unknownPeerWaitMs'>
  readonly #heardMs: (name: NodeName) => number | undefined
  #linkedMs: number | undefined
  /** When it was last heard of a peer that came, went, or was not known before. */
  #newsMs = Number.NEGATIVE_INFINITY

  /** @param heardMs when a message of a node came last; `undefined`: none that is remembered. */
  constructor(
    config: Pick<CoreConfig, 'heartbeatMs' | 'heartbeatsMissedMax' | 'unknownPeerWaitMs'>,
    heardMs: (name: NodeName) => number | undefined,
  ) {
    this.#config = config
    this.#heardMs = heardMs
  }

  /** Whether there has been a link. */
  get hasBegun(): boolean {
    return this.#linkedMs !== undefined
  }

  /** There is a link; true for the first one. */
  linked(nowMs: number): boolean {
    if (this.#linkedMs !== undefined) return false
    this.#linkedMs = nowMs
    return true
  }

  /** A peer came, went, or was learned of. */
  news(nowMs: number): void {
    this.#newsMs = nowMs
  }

  /**
   * When names that nobody knows begin to fail; `Infinity` before the first link. A node that has just started still
   * learns of peers, mostly of all of a large network in a moment: as long as it does, the name may be among them.
   */
  get endMs(): number {
    const linkedMs = this.#linkedMs ?? Number.POSITIVE_INFINITY
    const { unknownPeerWaitMs } = this.#config
    const learnedMs = Math.min(this.#newsMs, linkedMs + WAITS_MAX * unknownPeerWaitMs)
    return Math.max(linkedMs, learnedMs) + unknownPeerWaitMs
  }

  /**
   * The same for one name. A newcomer's message may be here before its record is, and the answer must not fail for that:
   * who was heard is waited for as long as neighbors need to compare what they know, with their heartbeats.
   */
  endMsOf(name: NodeName): number {
    const { heartbeatMs, heartbeatsMissedMax, unknownPeerWaitMs } = this.#config
    const heardMs = this.#heardMs(name) ?? Number.NEGATIVE_INFINITY
    return Math.max(this.endMs, heardMs + Math.max(unknownPeerWaitMs, heartbeatMs * heartbeatsMissedMax))
  }
}
