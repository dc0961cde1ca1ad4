// How long a node still learns who there is: names of whom it has not heard yet are waited for until then.
// Messages can be here before the record of their origin, or of its new run: then they are what is known of it.
// It must not know the directory, nor who waits.

import type { CoreConfig } from './config.ts'
import type { NodeName } from './messages.ts'

/** A node still learns who there is for so many times `unknownPeerWaitMs` at most, after its first link. */
const WAITS_MAX = 10

/** The parts of the configuration that count here. */
export type LearningConfig = Pick<CoreConfig, 'heartbeatMs' | 'heartbeatsMissedMax' | 'unknownPeerWaitMs'>

/** When a message of a node came last, and of which run; `undefined`: none that is remembered. */
export type Heard = (name: NodeName) => { readonly heardMs: number; readonly incarnation: number } | undefined

/** See the head of the file. */
export class Learning {
  readonly #config: LearningConfig
  readonly #heard: Heard
  #linkedMs: number | undefined
  /** When it was last heard of a peer that came, went, or was not known before. */
  #newsMs = Number.NEGATIVE_INFINITY

  constructor(config: LearningConfig, heard: Heard) {
    this.#config = config
    this.#heard = heard
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

  /** The node leaves, and may come back: it learns then as one that has just started. */
  beginAnew(): void {
    this.#linkedMs = undefined
    this.#newsMs = Number.NEGATIVE_INFINITY
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
    const heardMs = this.#heard(name)?.heardMs ?? Number.NEGATIVE_INFINITY
    return Math.max(this.endMs, heardMs + this.#recordMs)
  }

  /**
   * The run of this node that was heard within the time that its record may need; 0: none. What is sent to an earlier one,
   * such as an answer, would fail when the record comes.
   */
  runOf(name: NodeName, nowMs: number): number {
    const heard = this.#heard(name)
    return heard !== undefined && nowMs < heard.heardMs + this.#recordMs ? heard.incarnation : 0
  }

  /** How long a record may need, at most, when broadcasts have missed a node. */
  get #recordMs(): number {
    const { heartbeatMs, heartbeatsMissedMax, unknownPeerWaitMs } = this.#config
    return Math.max(unknownPeerWaitMs, heartbeatMs * heartbeatsMissedMax)
  }
}
