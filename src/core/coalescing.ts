// Coalescing: in a storm, when a thousand nodes join or half of them are gone, each node passes on records by the
// thousand. One by one each would cost a WebSocket message on each of its links; those of a few ms together cost one.
// While little is to be passed on, everything goes at once.
// It must not know why something goes on a link, nor hold back what an application sends.
//
// W1  what is held back goes at the latest `coalesceMs` later, in the order in which it came, on those of its links that
//     still live
// W2  at most `BURST` turns go at once, and one more for each `coalesceMs` that has passed since: a token bucket

import { recordsMessages } from './digests.ts'
import type { Links } from './links.ts'
import type { Gossip, LinkId, NodeName, PeerRecord } from './messages.ts'
import { Slab } from './slab.ts'
import type { Turn } from './turn.ts'

/** Turns that go at once after a rest. */
const BURST = 8

/** Of the memory in which what waits is kept. */
const SLAB_BYTES = 8_192

/** See the head of the file. */
export class Coalescing {
  readonly #intervalMs: number
  readonly #links: Pick<Links, 'up'>
  readonly #turn: Turn
  readonly #slab = new Slab(SLAB_BYTES)
  #tokens = BURST
  #countedMs = 0
  #openTurn = -1
  #token = 0
  #isArmed = false
  #broadcasts: { readonly links: readonly LinkId[]; readonly gossip: Gossip }[] = []
  readonly #records = new Map<LinkId, Map<NodeName, PeerRecord>>()

  /** @param intervalMs how long something is held back at most; 0: nothing is. */
  constructor(intervalMs: number, links: Pick<Links, 'up'>, turn: Turn) {
    this.#intervalMs = intervalMs
    this.#links = links
    this.#turn = turn
  }

  /** Pushes the broadcast of a record on these links. */
  push(links: readonly LinkId[], gossip: Gossip): void {
    if (links.length === 0) return
    if (this.mayGo()) this.#turn.send(links, gossip)
    // In a storm each bundle brings something that waits: all of them would be kept whole.
    else this.#broadcasts.push({ links, gossip: this.#slab.keep(gossip) })
  }

  /** Passes on records that did not come by broadcast. Of those that wait for a link the newest of each name goes. */
  passOn(links: readonly LinkId[], records: readonly PeerRecord[]): void {
    if (links.length === 0) return
    if (this.mayGo()) {
      this.#turn.send(links, { type: 'records', records })
      return
    }
    for (const link of links) {
      const waiting = this.#records.get(link) ?? new Map<NodeName, PeerRecord>()
      for (const record of records) waiting.set(record.name, record)
      this.#records.set(link, waiting)
    }
  }

  /** Whether what this turn passes on may go now; else there is a timer `coalesce` for it. */
  mayGo(): boolean {
    const { nowMs, number } = this.#turn
    if (number === this.#openTurn) return true
    if (this.#isArmed) return false
    if (this.#intervalMs > 0) {
      this.#tokens = Math.min(BURST, this.#tokens + (nowMs - this.#countedMs) / this.#intervalMs)
      this.#countedMs = nowMs
      if (this.#tokens < 1) {
        this.#isArmed = true
        const dueMs = nowMs + (1 - this.#tokens) * this.#intervalMs
        this.#turn.timerAt({ kind: 'coalesce', token: ++this.#token }, dueMs)
        return false
      }
      this.#tokens--
    }
    this.#openTurn = number
    return true
  }

  /** The timer `coalesce`: what waits goes. False for a stale one. */
  due(token: number): boolean {
    if (token !== this.#token || !this.#isArmed) return false
    this.#isArmed = false
    this.#tokens = 0
    this.#countedMs = this.#turn.nowMs
    this.#openTurn = this.#turn.number
    const isUp = (link: LinkId): boolean => this.#links.up(link) !== undefined
    const broadcasts = this.#broadcasts
    this.#broadcasts = []
    for (const { links, gossip } of broadcasts) this.#turn.send(links.filter(isUp), gossip)
    for (const [link, waiting] of this.#records) {
      if (!isUp(link)) continue
      for (const message of recordsMessages([...waiting.values()])) this.#turn.send([link], message)
    }
    this.#records.clear()
    return true
  }

  /** A link is gone. */
  linkDown(link: LinkId): void {
    this.#records.delete(link)
  }
}
