// Who can be reached from here: a tree over the edges between nodes, kept as edges come and go, so that a change costs
// what it changes and not a search through everything.
// It must not know records, names or time: nodes are slots, small dense numbers.
//
// V1  a slot is reached exactly when a path of edges leads to it from the root
// V2  a reached slot but the root has a parent to which it has an edge, and parents lead to the root
//
// The tree half of dynamic connectivity without its levels (Holm, de Lichtenberg, Thorup, JACM 2001): the overlay has
// few edges a node and short paths, so a lost parent is mostly replaced by a look at a node's own edges.

import { Adjacency } from './adjacency.ts'

/** The parent of a slot that is not reached. */
const NONE = -1

/**
 * Slots known to be below the orphan of a search: those whose mark is `round`. All trees share it, because a search
 * ends before another begins.
 */
let marks = new Uint32Array(64)
let round = 0
/** Slots still to be looked at by a search. */
const queue: number[] = []

function beginRound(slotsEnd: number): void {
  if (marks.length < slotsEnd) marks = new Uint32Array(slotsEnd * 2)
  if (round === 0xffff_ffff) marks.fill(0)
  round = round === 0xffff_ffff ? 1 : round + 1
}

/** See the head of the file. */
export class SpanningTree {
  readonly root: number
  readonly #onFlip: (slot: number, isReached: boolean) => void
  /** Only the tree changes them. */
  readonly edges = new Adjacency()
  readonly #parents: number[] = []

  /**
   * @param root the slot that everything is reached from.
   * @param onFlip told of each slot that becomes reached or is no longer; it must not change the tree.
   */
  constructor(root: number, onFlip: (slot: number, isReached: boolean) => void) {
    this.root = root
    this.#onFlip = onFlip
    this.add(root)
    this.#parents[root] = root
  }

  /** Begins to use a slot: one past the largest so far, or one that has no edges any more. */
  add(slot: number): void {
    this.#parents[slot] = NONE
  }

  /** Whether a path leads to this slot. */
  reaches(slot: number): boolean {
    return this.#parents[slot] !== NONE
  }

  /** The slot through which this one is reached; `undefined` for the root and where no path leads. */
  parent(slot: number): number | undefined {
    const parent = this.#parents[slot]
    return parent === NONE || slot === this.root ? undefined : parent
  }

  /** An edge is there; no change when it was already. */
  connect(a: number, b: number): void {
    if (!this.edges.add(a, b)) return
    if (this.reaches(a) === this.reaches(b)) return
    if (this.reaches(a)) this.#grow(b, a)
    else this.#grow(a, b)
  }

  /** An edge is gone; no change when there was none. */
  disconnect(a: number, b: number): void {
    if (!this.edges.remove(a, b)) return
    if (this.#parents[b] === a && b !== this.root) this.#orphan(b)
    else if (this.#parents[a] === b && a !== this.root) this.#orphan(a)
  }

  /** All edges of a slot are gone. */
  isolate(slot: number): void {
    for (const other of this.edges.of(slot)) this.disconnect(slot, other)
  }

  /** Reaches a slot by its edge to `parent`, and everything behind it. */
  #grow(slot: number, parent: number): void {
    const parents = this.#parents
    queue.length = 0
    queue.push(slot)
    parents[slot] = parent
    for (let head = 0; head < queue.length; head++) {
      const at = queue[head] as number
      this.#onFlip(at, true)
      for (let i = 0; i < this.edges.degree(at); i++) {
        const next = this.edges.at(at, i)
        if (parents[next] !== NONE) continue
        parents[next] = at
        queue.push(next)
      }
    }
  }

  /** The edge to a slot's parent is gone: hangs it, and what is below it, elsewhere if that is possible. */
  #orphan(child: number): void {
    beginRound(this.#parents.length)
    marks[child] = round
    let best = NONE
    let bestDepth = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.edges.degree(child); i++) {
      const next = this.edges.at(child, i)
      const depth = this.#depth(next, bestDepth)
      if (depth >= bestDepth) continue
      best = next
      bestDepth = depth
    }
    if (best === NONE) this.#rescue(child)
    else this.#parents[child] = best
  }

  /**
   * Steps from a reached slot to the root; `Infinity` when they lead through a marked slot (then all of them are marked,
   * so that no later walk takes them again) or when they are `limit` or more.
   */
  #depth(slot: number, limit: number): number {
    const parents = this.#parents
    let depth = 0
    for (let at = slot; at !== this.root; at = parents[at] as number) {
      if (marks[at] === round) {
        for (let below = slot; below !== at; below = parents[below] as number) marks[below] = round
        return Number.POSITIVE_INFINITY
      }
      if (++depth >= limit) return Number.POSITIVE_INFINITY
    }
    return depth
  }

  /** Looks among all that is below an orphan for an edge that leads out; without one nothing of it is reached. */
  #rescue(child: number): void {
    const parents = this.#parents
    queue.length = 0
    queue.push(child)
    for (let head = 0; head < queue.length; head++) {
      const at = queue[head] as number
      for (let i = 0; i < this.edges.degree(at); i++) {
        const next = this.edges.at(at, i)
        if (parents[next] === at) {
          marks[next] = round
          queue.push(next)
        } else if (
          marks[next] !== round &&
          this.#depth(next, Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY
        ) {
          this.#turnOver(child, at, next)
          return
        }
      }
    }
    for (const slot of queue) parents[slot] = NONE
    for (const slot of queue) this.#onFlip(slot, false)
  }

  /** Reverses the parents between an orphan and `from`, one of those below it, which gets `parent` as its own. */
  #turnOver(child: number, from: number, parent: number): void {
    const parents = this.#parents
    let behind = parent
    for (let at = from; ; ) {
      const next = parents[at] as number
      parents[at] = behind
      if (at === child) return
      behind = at
      at = next
    }
  }
}
