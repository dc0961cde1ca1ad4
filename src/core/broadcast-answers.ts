// The answering side of broadcast: what a neighbor is given that has missed something, and which trees it wants pushed
// (Plumtree's GRAFT and PRUNE, as they come in).
// It must not decide what is new, nor ask for anything itself.
//
// Q1  in one turn no more broadcasts are sent than there are, whatever is asked for and how often
// Q2  a catch-up is answered once on each link
// Q3  an origin's newest record takes the place of the older ones that were asked for

import type { Announcing } from './announcing.ts'
import { type BroadcastOrigins, gossipOf } from './broadcast-origins.ts'
import type { BroadcastTrees } from './broadcast-trees.ts'
import type { Directory } from './directory.ts'
import type { Links } from './links.ts'
import type { BroadcastRange, CatchUp, Graft, LinkId, Prune } from './messages.ts'
import type { PayloadCache } from './payload-cache.ts'
import type { Turn } from './turn.ts'

/** Where there is something to answer with. */
export interface AnswersParts {
  readonly turn: Turn
  readonly directory: Pick<Directory, 'get'>
  readonly links: Pick<Links, 'get'>
  readonly origins: BroadcastOrigins
  readonly trees: Pick<BroadcastTrees, 'graftReceived' | 'pruneReceived' | 'startLazy'>
  readonly announcing: Announcing
  readonly cache: PayloadCache
}

/** See the head of the file. */
export class BroadcastAnswers {
  readonly #parts: AnswersParts
  /** Links on which a catch-up was answered. */
  readonly #caughtUp = new Set<LinkId>()
  #answered = { turn: 0, count: 0 }

  constructor(parts: AnswersParts) {
    this.#parts = parts
  }

  /** A neighbor asks for broadcasts, and for pushes of their trees. */
  graftReceived({ ranges }: Graft, link: LinkId): void {
    const { origins, trees } = this.#parts
    for (const range of ranges) {
      const tree = origins.find(range.origin)?.tree
      if (tree !== undefined) trees.graftReceived(tree, link)
      if (range.kind === 'record') this.#sendRecord(range, link)
      else this.#sendKept(range, link)
    }
  }

  /** A neighbor wants no more pushes of some trees; without names of any but this node's own. */
  pruneReceived({ origins: names }: Prune, link: LinkId): void {
    const { origins, trees } = this.#parts
    if (names.length === 0) trees.startLazy(origins.trees(), link)
    for (const name of names) {
      const tree = origins.find(name)?.tree
      if (tree !== undefined) trees.pruneReceived(tree, link)
    }
  }

  /**
   * A neighbor asks what it may have missed. It asks after this node's hello has come there: what it means began at the
   * latest that much before the hello was sent. Counted back from now it would lack the time that question took.
   */
  catchUpReceived({ withinMs }: CatchUp, link: LinkId): void {
    const { announcing, cache, links, turn } = this.#parts
    if (this.#caughtUp.has(link)) {
      turn.drop('duplicate', 'catch-up', link)
      return
    }
    this.#caughtUp.add(link)
    const askedMs = links.get(link)?.toldMs ?? turn.nowMs
    const kept = Map.groupBy(cache.since(askedMs - withinMs), ({ origin }) => origin)
    for (const gossips of kept.values()) for (const gossip of gossips) announcing.add(link, gossip)
    announcing.flush(link)
  }

  /** A link is gone. */
  linkDown(link: LinkId): void {
    this.#caughtUp.delete(link)
  }

  #sendRecord({ origin, incarnation, first, behindLast }: BroadcastRange, link: LinkId): void {
    const { directory, origins, turn } = this.#parts
    const newest = origins.find(origin)?.record
    const record = directory.get(origin)?.record
    if (newest === undefined || record?.incarnation !== incarnation) return
    if (first === behindLast || newest.sequence < first || !this.#mayAnswer()) return
    turn.send([link], gossipOf(record, newest))
  }

  #sendKept({ origin, incarnation, first, behindLast }: BroadcastRange, link: LinkId): void {
    const { cache, turn } = this.#parts
    if (!cache.has(origin)) return
    for (let sequence = first; sequence < behindLast; sequence++) {
      const gossip = cache.get(origin, incarnation, sequence)
      if (gossip !== undefined && this.#mayAnswer()) turn.send([link], gossip, 'broadcast')
    }
  }

  /** A turn is what came over one link at once. Whoever asks there for more than there is asks for something twice. */
  #mayAnswer(): boolean {
    const { cache, origins, turn } = this.#parts
    if (turn.number !== this.#answered.turn) this.#answered = { turn: turn.number, count: 0 }
    return ++this.#answered.count <= cache.size + origins.size + 1
  }
}
