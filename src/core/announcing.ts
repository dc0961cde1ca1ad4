// Announcements that wait for each other: what a node has and does not push on a link is told there a little later,
// together with all else of that time (Plumtree's lazy push queues and its dispatch policy).
// It must not know why a link is lazy.
//
// A1  whatever is added is announced on its link at the latest `announceDelayMs` later, if the link lives so long and its
//     other end has not shown meanwhile that it has it (unless it would gain by the shorter way)
// A2  at most `RANGES_MAX` ranges wait for each link

import { goesOn, RANGES_MAX } from './broadcast-ranges.ts'
import type { AnnouncedRange, Gossip, LinkId, NodeName } from './messages.ts'
import type { Rng } from './rng.ts'
import type { Turn } from './turn.ts'

/** What is announced of a broadcast. */
export type Announceable = Pick<Gossip, 'kind' | 'origin' | 'incarnation' | 'sequence' | 'hops'>

/** The longest wait divided by the shortest one. */
const SPREAD = 5

type GrowingRange = { -readonly [K in keyof AnnouncedRange]: AnnouncedRange[K] }

/** What waits for a link. */
export interface WaitingRanges {
  /** Of all origins together. */
  readonly count: number
}

type Waiting = { -readonly [K in keyof WaitingRanges]: WaitingRanges[K] } & {
  readonly byOrigin: Map<NodeName, GrowingRange[]>
}

/** See the head of the file. */
export class Announcing {
  readonly #delayMs: number
  readonly #gainHops: number
  readonly #rng: Rng
  readonly #turn: Turn
  readonly #waiting = new Map<LinkId, Waiting>()
  #token = 0
  #isArmed = false

  /** @param config `optimizeHops`: how many links shorter a way must be for the other end to gain by it. */
  constructor(config: { announceDelayMs: number; optimizeHops: number }, rng: Rng, turn: Turn) {
    this.#delayMs = config.announceDelayMs
    this.#gainHops = config.optimizeHops
    this.#rng = rng
    this.#turn = turn
  }

  /** The ranges that wait, by link. */
  get waiting(): ReadonlyMap<LinkId, WaitingRanges> {
    return this.#waiting
  }

  /** A broadcast is to be announced on this link. */
  add(link: LinkId, { kind, origin, incarnation, sequence, hops }: Announceable): void {
    let waiting = this.#waiting.get(link)
    if (waiting === undefined) {
      waiting = { byOrigin: new Map(), count: 0 }
      this.#waiting.set(link, waiting)
    }
    const range = { kind, origin, incarnation, first: sequence, behindLast: sequence + 1, hops }
    const ranges = waiting.byOrigin.get(origin)
    const last = ranges?.at(-1)
    if (last !== undefined && goesOn(last, range)) {
      last.behindLast = range.behindLast
      return
    }
    if (ranges === undefined) waiting.byOrigin.set(origin, [range])
    else ranges.push(range)
    if (++waiting.count >= RANGES_MAX) this.flush(link)
    else this.#arm()
  }

  /** The other end of a link has announced these broadcasts: it need not be told of them. */
  heard(link: LinkId, { kind, origin, incarnation, first, behindLast, hops }: AnnouncedRange): void {
    const waiting = this.#waiting.get(link)
    const ranges = waiting?.byOrigin.get(origin)
    if (waiting === undefined || ranges === undefined) return
    // It has them at one link less than it says here, and would have them from here at as many as waits.
    const left = ranges.filter(
      (range) =>
        range.first < first ||
        range.behindLast > behindLast ||
        range.incarnation !== incarnation ||
        range.kind !== kind ||
        hops - 1 - range.hops >= this.#gainHops,
    )
    waiting.count -= ranges.length - left.length
    if (left.length === 0) waiting.byOrigin.delete(origin)
    else waiting.byOrigin.set(origin, left)
  }

  /** Announces what waits for this link now. */
  flush(link: LinkId): void {
    const waiting = this.#waiting.get(link)
    if (waiting === undefined) return
    this.#waiting.delete(link)
    if (waiting.count > 0) this.#turn.send([link], { type: 'ihave', ranges: rangesOf(waiting) })
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
    // Neighbors get a broadcast at about the same time: of two whose clocks differ one need not announce it to the other.
    const delayMs = this.#rng.between(Math.ceil(this.#delayMs / SPREAD), this.#delayMs)
    this.#turn.timerAt({ kind: 'announce', token: ++this.#token }, this.#turn.nowMs + delayMs)
  }
}

function rangesOf({ byOrigin }: Waiting): AnnouncedRange[] {
  return [...byOrigin.values()].flat()
}
