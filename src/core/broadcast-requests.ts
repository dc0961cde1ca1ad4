// The asking side of broadcast: what a neighbor has announced (Plumtree's IHAVE) and has not come is waited for, and then
// asked for (GRAFT).
// It must not hold the rules of waiting (missing.ts) or of trees (broadcast-trees.ts), nor take in a broadcast.
//
// U1  nothing is asked for that has come, nor of a run that a later one has followed
// U2  whoever is asked for a broadcast of an origin that is known becomes the parent in its tree

import type { Announcing } from './announcing.ts'
import type { BroadcastOrigins } from './broadcast-origins.ts'
import { piecesOf } from './broadcast-ranges.ts'
import type { BroadcastTrees } from './broadcast-trees.ts'
import type { Directory } from './directory.ts'
import type { AnnouncedRange, IHave, LinkId } from './messages.ts'
import type { Missing, Wanted } from './missing.ts'
import type { Turn } from './turn.ts'

/** What is known of what has come, and of what has not. */
export interface RequestsParts {
  readonly turn: Turn
  readonly directory: Pick<Directory, 'own'>
  readonly origins: BroadcastOrigins
  readonly trees: Pick<BroadcastTrees, 'grafting' | 'optimize'>
  readonly missing: Pick<Missing, 'announced' | 'due'>
  readonly announcing: Pick<Announcing, 'heard'>
}

/** See the head of the file. */
export class BroadcastRequests {
  readonly #parts: RequestsParts

  constructor(parts: RequestsParts) {
    this.#parts = parts
  }

  /** A neighbor has broadcasts that it does not push. */
  ihaveReceived({ ranges }: IHave, link: LinkId): void {
    const { announcing, directory } = this.#parts
    const wanted: Wanted = new Map()
    for (const range of ranges) {
      announcing.heard(link, range)
      if (range.origin === directory.own.record.name) this.#ownAnnounced(range, link)
      else this.#announced(range, link, wanted)
    }
    this.#ask(wanted)
  }

  /** The timer `graft`. */
  graft(token: number): void {
    this.#ask(this.#parts.missing.due(token))
  }

  /**
   * What of a range has not come is waited for, or asked for at once: where nobody is known who would push it, and where
   * the one who was asked to push announces it, because that had not arrived yet or the link was full.
   */
  #announced(range: AnnouncedRange, link: LinkId, wanted: Wanted): void {
    const { missing, origins, trees, turn } = this.#parts
    const { kind, origin: name, incarnation, hops, behindLast } = range
    const origin = origins.get(name)
    if (origin !== undefined && incarnation < origin.incarnation) return
    const known = origin?.incarnation === incarnation ? origin : undefined
    const tree = known?.tree
    const isUrgent = tree?.parent === undefined || tree.parent === link
    const newest = kind === 'record' ? (known?.record?.sequence ?? 0) : 0
    const from = Math.max(range.first, newest + 1, known?.seen.next ?? 0)
    for (let sequence = from; sequence < behindLast; sequence++) {
      if (known?.seen.has(sequence) === true) continue
      const id = { kind, origin: name, incarnation, sequence }
      if (missing.announced(id, { link, hops }, isUrgent ? wanted : undefined)) continue
      turn.drop('queue-full', `announcement of broadcasts ${sequence} and up of ${name}`, link)
      break
    }
    if (tree !== undefined && known?.seen.has(behindLast - 1) === true) trees.optimize(tree, link, hops)
  }

  /** What this node has not made under its name it has to see: somebody else has that name, or forges. */
  #ownAnnounced({ hops: _, ...range }: AnnouncedRange, link: LinkId): void {
    const { directory, origins, turn } = this.#parts
    const { incarnation } = directory.own.record
    const last = range.behindLast - 1
    const isKnown =
      range.incarnation === incarnation ? last <= origins.own.sequence : range.incarnation < incarnation
    if (isKnown || last < range.first) return
    turn.send([link], { type: 'graft', ranges: [{ ...range, first: last }] })
  }

  #ask(wanted: Wanted): void {
    const { origins, trees, turn } = this.#parts
    for (const [link, ranges] of wanted) {
      for (const { origin } of ranges) {
        const tree = origins.get(origin)?.tree
        if (tree !== undefined) trees.grafting(tree, link)
      }
      for (const piece of piecesOf(ranges)) turn.send([link], { type: 'graft', ranges: piece })
    }
  }
}
