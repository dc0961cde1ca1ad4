// Announcements that wait for each other: what a node has and does not push on a link is told there a little later,
// together with all else of that time (Plumtree's lazy push queues and its dispatch policy).
// It must not know why a link is lazy.
//
// A1  whatever is added is announced on its link at the latest `announceDelayMs` later, if the link lives so long
// A2  at most `RANGES_MAX` ranges wait for each link

import { appendRange, RANGES_MAX } from './broadcast-ranges.ts'
import type { AnnouncedRange, Gossip, LinkId } from './messages.ts'
import type { Turn } from './turn.ts'

/** What is announced of a broadcast. */
export type Announceable = Pick<Gossip, 'kind' | 'origin' | 'incarnation' | 'sequence' | 'hops'>

/** See the head of the file. */
export class Announcing {
  readonly #delayMs: number
  readonly #turn: Turn
  readonly #waiting = new Map<LinkId, AnnouncedRange[]>()
  #token = 0
  #isArmed = false

  constructor(delayMs: number, turn: Turn) {
    this.#delayMs = delayMs
    this.#turn = turn
  }

  /** What waits, by link. */
  get waiting(): ReadonlyMap<LinkId, readonly AnnouncedRange[]> {
    return this.#waiting
  }

  /** A broadcast is to be announced on this link. */
  add(link: LinkId, { kind, origin, incarnation, sequence, hops }: Announceable): void {
    let ranges = this.#waiting.get(link)
    if (ranges === undefined) {
      ranges = []
      this.#waiting.set(link, ranges)
    }
    appendRange(ranges, { kind, origin, incarnation, first: sequence, behindLast: sequence + 1, hops })
    if (ranges.length >= RANGES_MAX) this.flush(link)
    else this.#arm()
  }

  /** Announces what waits for this link now. */
  flush(link: LinkId): void {
    const ranges = this.#waiting.get(link)
    if (ranges === undefined) return
    this.#waiting.delete(link)
    this.#turn.send([link], { type: 'ihave', ranges })
  }

  /** The timer `announce`. */
  due(token: number): void {
    if (token !== this.#token || !this.#isArmed) return
    this.#isArmed = false
    for (const link of [...this.#waiting.keys()]) this.flush(link)
  }

  /** A link is gone. */
  linkDown(link: LinkId): void {
    this.#waiting.delete(link)
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    this.#turn.timerAt({ kind: 'announce', token: ++this.#token }, this.#turn.nowMs + this.#delayMs)
  }
}
