// Broadcast trees: on which links the broadcasts of an origin are pushed (eager) and on which they are only announced
// (lazy), and how that follows from what comes twice, what is missing, and what would have come over fewer links.
// It must not know payloads or windows, nor keep a list of trees: whoever has one hands it in.
//
// F1  a link is eager in a tree until its other end has asked otherwise, but for links that came up beside others later
// F2  the link over which the broadcasts of an origin come (its parent) is never pruned from this end
// F3  a parent is given up for a link that brings the broadcasts over no more links, or that has what did not come; else
//     two nodes that each got one broadcast from the other first would both wait for the other, and prune the origin
//
// Plumtree (Leitão, Pereira, Rodrigues, SRDS 2007, sections 3.3 to 3.6; DI-FCUL TR-07-14, updated 2019).
// Deviation from Plumtree: a tree for each origin in place of one that all share (the paper weighs both). It has the
// shortest paths for its origin, and it has a direction: a prune concerns one direction of a link only, and the parent is
// known. Of two links that both bring messages which follow each other closely, each would else be pruned for a
// duplicate of the other, and nobody would be left to push.

import { piecesOf } from './broadcast-ranges.ts'
import type { Coalescing } from './coalescing.ts'
import type { BroadcastRange, LinkId, NodeName } from './messages.ts'
import type { Turn } from './turn.ts'

/** The tree of one origin, as this node sees it. Only {@link BroadcastTrees} changes it. */
export interface Tree {
  readonly origin: NodeName
  /** Set of link bits: where its broadcasts are only announced. */
  readonly lazy: number
  /** Set of link bits: who was asked to push none of them. */
  readonly refused: number
  /** The link from which its broadcasts are wanted. */
  readonly parent: LinkId | undefined
  /** Links that the last one from there had travelled, or will have. */
  readonly depth: number
}

type MutableTree = { -readonly [K in keyof Tree]: Tree[K] }

/** See the head of the file. */
export class BroadcastTrees {
  readonly #turn: Turn
  readonly #coalescing: Pick<Coalescing, 'mayGo'>
  readonly #optimizeHops: number
  readonly #bits = new Map<LinkId, number>()
  #used = 0
  /** Set of link bits: those that came up beside others, at either end. The rest of all links is a tree, or several. */
  #later = 0
  /** Which origins neighbors are still to be asked to push, and which not: the latest for each link and origin. */
  readonly #grafts = new Map<LinkId, Set<NodeName>>()
  readonly #prunes = new Map<LinkId, Set<NodeName>>()

  /** @param optimizeHops how many links shorter another way must be before a tree changes over to it. */
  constructor(optimizeHops: number, parts: { turn: Turn; coalescing: Pick<Coalescing, 'mayGo'> }) {
    this.#optimizeHops = optimizeHops
    this.#turn = parts.turn
    this.#coalescing = parts.coalescing
  }

  /**
   * A tree in which those links are eager that are so in another one, which is that of a neighbor of this origin; without
   * one, those by which nodes have joined.
   * Deviation from Plumtree: what a newcomer broadcasts first comes to everybody by the tree of whom it has joined, and
   * is announced on all other links. A tree that began with all of its links would bring it over each of them.
   */
  newTree(origin: NodeName, like?: Tree): Tree {
    return { origin, lazy: like?.lazy ?? this.#later, refused: 0, parent: undefined, depth: 0 }
  }

  /** A link is up. The 33rd has no bit: it stays eager in all trees. */
  linkUp(link: LinkId): void {
    const free = ~this.#used
    const bit = free & -free
    this.#used |= bit
    this.#bits.set(link, bit)
  }

  /**
   * A link came up beside others, here or at its other end: what comes over those is not pushed on it unasked.
   * Deviation from Plumtree: a new neighbor is eager there. Where links come and go, each would bring everything twice until
   * it is pruned; what does not come over the others is announced on it, and asked for.
   */
  startLazy(trees: Iterable<Tree>, link: LinkId): void {
    const bit = this.#bitOf(link)
    this.#later |= bit
    for (const tree of trees) (tree as MutableTree).lazy |= bit
  }

  /** A link is gone, for this tree. To be called for each tree before {@link forgetLink}. */
  linkDown(tree: Tree, link: LinkId): void {
    const left = tree as MutableTree
    const others = ~this.#bitOf(link)
    left.lazy &= others
    left.refused &= others
    if (left.parent === link) left.parent = undefined
  }

  /** A link is gone, for all trees. */
  forgetLink(link: LinkId): void {
    this.#grafts.delete(link)
    this.#prunes.delete(link)
    this.#used &= ~this.#bitOf(link)
    this.#later &= this.#used
    this.#bits.delete(link)
  }

  /** Whether a broadcast of this tree is pushed on this link. */
  isEager(tree: Tree, link: LinkId): boolean {
    return (tree.lazy & this.#bitOf(link)) === 0
  }

  /**
   * A new broadcast of this tree came in.
   * Deviation from Plumtree: whoever brings one first need not become the parent (F3).
   */
  arrived(tree: Tree, link: LinkId, hops: number): void {
    const grown = tree as MutableTree
    const { parent, depth } = tree
    const isRefused = (tree.refused & this.#bitOf(link)) !== 0
    if (parent !== undefined && parent !== link && (isRefused ? hops >= depth : hops > depth)) {
      // It was on its way when this link was pruned, or the other end has forgotten that, or it overtook the parent's.
      this.#prune(tree, link)
      return
    }
    // The other end may still take this one for its own parent. Of a new tree nobody does.
    if (parent !== link && depth > 0) {
      this.grafting(tree, link)
      this.#graft(tree, link)
    }
    grown.parent = link
    grown.depth = hops
  }

  /** A broadcast of this tree came in again. */
  duplicate(tree: Tree, link: LinkId): void {
    if (link !== tree.parent) this.#prune(tree, link)
  }

  /** The other end wants no pushes of this tree. */
  pruneReceived(tree: Tree, link: LinkId): void {
    ;(tree as MutableTree).lazy |= this.#bitOf(link)
  }

  /** The other end wants pushes of this tree: nothing can be expected from there, or both would wait for each other. */
  graftReceived(tree: Tree, link: LinkId): void {
    const wanted = tree as MutableTree
    wanted.lazy &= ~this.#bitOf(link)
    if (wanted.parent === link) wanted.parent = undefined
  }

  /** This end asks on a link for a broadcast that the parent has not brought, and with it for pushes. */
  grafting(tree: Tree, link: LinkId): void {
    const asking = tree as MutableTree
    asking.refused &= ~this.#bitOf(link)
    // Else what was asked of the link before would go out behind the graft.
    this.#grafts.get(link)?.delete(tree.origin)
    this.#prunes.get(link)?.delete(tree.origin)
    asking.parent = link
  }

  /**
   * A broadcast that came over `parent` was announced on `link`: changes over when that way is so much shorter.
   * Deviation from Plumtree: an announcement that comes after the broadcast counts as well. Where latencies differ the
   * fastest way would else win, whatever its length.
   * @param hops links that it would have travelled over `link`.
   */
  optimize(tree: Tree, link: LinkId, hops: number): void {
    const { parent, depth } = tree
    if (parent === undefined || parent === link || depth - hops < this.#optimizeHops) return
    this.grafting(tree, link)
    this.#graft(tree, link)
    this.#prune(tree, parent)
    ;(tree as MutableTree).depth = hops
  }

  /** The end of a turn: asks the neighbors what it has come to, all origins in one message. Prunes may be held back. */
  flush(): void {
    for (const [link, origins] of this.#grafts) {
      const ranges = Array.from(origins, graftOf)
      for (const piece of piecesOf(ranges)) this.#turn.send([link], { type: 'graft', ranges: piece })
    }
    this.#grafts.clear()
    if (this.#prunes.size === 0 || !this.#coalescing.mayGo()) return
    for (const [link, origins] of this.#prunes) {
      for (const piece of piecesOf([...origins])) this.#turn.send([link], { type: 'prune', origins: piece })
    }
    this.#prunes.clear()
  }

  #graft({ origin }: Tree, link: LinkId): void {
    this.#prunes.get(link)?.delete(origin)
    addTo(this.#grafts, link, origin)
  }

  #prune(tree: Tree, link: LinkId): void {
    ;(tree as MutableTree).refused |= this.#bitOf(link)
    this.#grafts.get(link)?.delete(tree.origin)
    addTo(this.#prunes, link, tree.origin)
  }

  #bitOf(link: LinkId): number {
    return this.#bits.get(link) ?? 0
  }
}

/** Asks for pushes of this origin, and for no broadcast. */
function graftOf(origin: NodeName): BroadcastRange {
  return { kind: 'payload', origin, incarnation: 0, first: 1, behindLast: 1 }
}

function addTo(asks: Map<LinkId, Set<NodeName>>, link: LinkId, origin: NodeName): void {
  const origins = asks.get(link)
  if (origins === undefined) asks.set(link, new Set([origin]))
  else origins.add(origin)
}
