// When routes are computed: when somebody asks for a way and they are out of date, and not more often than their own cost
// allows. A node that neither sends nor relays never pays for them.
// It must not know how routes are found (routing.ts) or used (relay.ts).
//
// H1  a change of links or records is in the routes that answer at the latest `routesIntervalMs`, or twenty times their
//     own cost, after they were computed last; until then the old ones answer. The same holds for those around

import type { Directory } from './directory.ts'
import type { Links } from './links.ts'
import { Routes } from './routing.ts'
import type { Turn } from './turn.ts'

/** Edges and nodes looked at in a millisecond. test/bench/routing.ts measures 75,000 and more; slow machines need a margin. */
const LOOKS_PER_MS = 20_000
/** Time between two computations, in times of what one takes: 5 % of the time is spent on them. */
const REST = 20

/** What the routes are computed from, and the turn that timers are asked in. */
export interface RoutesOnDemandParts {
  readonly directory: Directory
  readonly links: Pick<Links, 'neighbors' | 'lags'>
  readonly turn: Turn
}

/** See the head of the file. */
export class RoutesOnDemand {
  readonly #intervalMs: number
  readonly #parts: RoutesOnDemandParts
  readonly #routes = new Routes()
  readonly #around = new Routes()
  /** The links that those around do without, and whether their records have changed since. */
  #aroundLinks = ''
  #isAroundStale = true
  #aroundNotBeforeMs = Number.NEGATIVE_INFINITY
  #isStale = false
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #token = 0
  #isWanted = false
  /** Does the work of one computation. Whoever has a clock may put one that looks at it; it decides nothing. */
  timed: (work: () => void) => void = (work) => work()

  /** @param intervalMs least time between two computations. */
  constructor(intervalMs: number, parts: RoutesOnDemandParts) {
    this.#intervalMs = intervalMs
    this.#parts = parts
  }

  /** Links or records have changed. */
  changed(): void {
    this.#isStale = true
    this.#isAroundStale = true
  }

  /** The routes, as new as H1 allows. */
  get current(): Routes {
    if (this.#isStale && this.#parts.turn.nowMs >= this.#notBeforeMs) {
      this.#notBeforeMs = this.#compute(this.#routes, new Set())
      this.#isStale = false
    }
    return this.#routes
  }

  /**
   * Routes around the neighbors whose links lag: what such a neighbor is to pass on waits there, whoever gives it to it.
   * For when a shortest path begins with one; which neighbors those are may have changed since, as H1 allows.
   */
  get around(): Routes {
    const { links, turn } = this.#parts
    const lagging = [...links.neighbors].filter(([, state]) => links.lags(state))
    const aroundLinks = lagging.map(([, { id }]) => id).join()
    const isStale = this.#isAroundStale || aroundLinks !== this.#aroundLinks
    if (isStale && turn.nowMs >= this.#aroundNotBeforeMs) {
      const { directory } = this.#parts
      const slots = lagging.flatMap(([name]) => directory.get(name)?.slot ?? [])
      this.#aroundNotBeforeMs = this.#compute(this.#around, new Set(slots))
      this.#aroundLinks = aroundLinks
      this.#isAroundStale = false
    }
    return this.#around
  }

  /** A way was not found: if newer routes might have it, a timer `routes` tells when to ask again. */
  want(): void {
    if (!this.#isStale || this.#isWanted) return
    this.#isWanted = true
    this.#parts.turn.timerAt({ kind: 'routes', token: ++this.#token }, this.#notBeforeMs)
  }

  /** The timer `routes`; false for a stale one. */
  due(token: number): boolean {
    const isDue = token === this.#token && this.#isWanted
    if (isDue) this.#isWanted = false
    return isDue
  }

  /** What the invariants are checked on: nothing is computed for it. */
  inspect(): { readonly isStale: boolean; readonly routes: Routes } {
    return { isStale: this.#isStale, routes: this.#routes }
  }

  /** Computes routes, but through none of these slots; returns when they may be computed again. */
  #compute(routes: Routes, without: ReadonlySet<number>): number {
    const { directory, links, turn } = this.#parts
    const neighbors = [...links.neighbors].flatMap(([name, { id }]) => {
      const slot = directory.get(name)?.slot
      return slot !== undefined && without.has(slot) ? [] : [{ name, link: id }]
    })
    this.timed(() => routes.compute(directory, neighbors, [...without]))
    const costMs = (routes.edgesVisited + directory.size) / LOOKS_PER_MS
    return turn.nowMs + Math.max(this.#intervalMs, Math.ceil(costMs * REST))
  }
}
