// When routes are computed: when somebody asks for a way and they are out of date, and not more often than their own cost
// allows. A node that neither sends nor relays never pays for them.
// It must not know how routes are found (routing.ts) or used (relay.ts).
//
// H1  a change of links or records is in the routes that answer at the latest `routesIntervalMs`, or twenty times their
//     own cost, after they were computed last; until then the old ones answer

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
  readonly links: Pick<Links, 'neighbors'>
  readonly turn: Turn
}

/** See the head of the file. */
export class RoutesOnDemand {
  readonly #intervalMs: number
  readonly #parts: RoutesOnDemandParts
  readonly #routes = new Routes()
  #isStale = false
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #token = 0
  #isWanted = false

  /** @param intervalMs least time between two computations. */
  constructor(intervalMs: number, parts: RoutesOnDemandParts) {
    this.#intervalMs = intervalMs
    this.#parts = parts
  }

  /** Links or records have changed. */
  changed(): void {
    this.#isStale = true
  }

  /** The routes, as new as H1 allows. */
  get current(): Routes {
    if (this.#isStale && this.#parts.turn.nowMs >= this.#notBeforeMs) this.#compute()
    return this.#routes
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

  #compute(): void {
    const { directory, links, turn } = this.#parts
    const neighbors = [...links.neighbors].map(([name, { id }]) => ({ name, link: id }))
    this.#routes.compute(directory, neighbors)
    this.#isStale = false
    const costMs = (this.#routes.edgesVisited + directory.size) / LOOKS_PER_MS
    this.#notBeforeMs = turn.nowMs + Math.max(this.#intervalMs, Math.ceil(costMs * REST))
  }
}
