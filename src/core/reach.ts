// When routes are computed and records expire: the directory's and the routes' place in time, and what the application
// is told of it.
// It must not hold rules of merging (directory.ts) or of paths (routing.ts).
//
// H1  a change of links or records is in the routes after `routesIntervalMs`, or after twenty times their own cost
// H2  peers are told as they come and go, in the order in which it was found out

import type { Directory, MembershipChange } from './directory.ts'
import type { Links } from './links.ts'
import type { LinkId, NodeName, PeerRecord } from './messages.ts'
import type { Routes } from './routing.ts'
import type { Turn } from './turn.ts'

/** What the parts that are composed here are told by the rest, and tell it. */
export interface ReachParts {
  readonly directory: Directory
  readonly links: Links
  readonly routes: Routes
  readonly turn: Turn
  /** The routes are new. */
  readonly onRoutes: () => void
  /** The directory has forgotten a name. */
  readonly onForgotten: (name: NodeName) => void
}

/** See the head of the file. */
export class Reach {
  readonly #intervalMs: number
  readonly #parts: ReachParts
  #routesToken = 0
  #routesDueMs: number | undefined
  #computedMs = Number.NEGATIVE_INFINITY
  #expiryToken = 0
  #expiryDueMs = Number.POSITIVE_INFINITY

  /** @param intervalMs least time between two computations of the routes. */
  constructor(intervalMs: number, parts: ReachParts) {
    this.#intervalMs = intervalMs
    this.#parts = parts
  }

  /** Takes in a record of another node; true when it is news. */
  learn(record: PeerRecord, cameFrom: LinkId): boolean {
    const { directory, turn } = this.#parts
    const result = directory.merge(record, turn.nowMs)
    if (result === 'full') turn.drop('directory-full', `record of ${record.name}`, cameFrom)
    if (result === 'newer') this.changed()
    return result === 'newer'
  }

  /** Links or records have changed: routes and reachability follow. */
  changed(): void {
    if (this.#routesDueMs !== undefined) return
    const { directory, routes, turn } = this.#parts
    // About 0.5 µs for an edge or a node, and twenty times that between two computations: 5 % of the time.
    const work = routes.edgesVisited + directory.size
    const intervalMs = Math.max(this.#intervalMs, Math.ceil(work / 100))
    this.#routesDueMs = Math.max(turn.nowMs, this.#computedMs + intervalMs)
    turn.timerAt({ kind: 'reachability', token: ++this.#routesToken }, this.#routesDueMs)
  }

  /** The timer `reachability`. */
  compute(token: number): void {
    if (token !== this.#routesToken || this.#routesDueMs === undefined) return
    const { directory, links, routes, turn, onRoutes } = this.#parts
    this.#routesDueMs = undefined
    this.#computedMs = turn.nowMs
    routes.compute(
      directory,
      [...links.neighbors].map(([name, { id }]) => ({ name, link: id })),
    )
    this.#tell(directory.applyReachability((slot) => routes.distance(slot) > 0, turn.nowMs))
    onRoutes()
    this.#arm()
  }

  /** The timer `directory`. */
  expire(token: number): void {
    if (token !== this.#expiryToken || this.#expiryDueMs === Number.POSITIVE_INFINITY) return
    const { directory, turn, onForgotten } = this.#parts
    this.#expiryDueMs = Number.POSITIVE_INFINITY
    const { changes, forgotten } = directory.expire(turn.nowMs)
    this.#tell(changes)
    for (const name of forgotten) onForgotten(name)
    this.#arm()
  }

  #arm(): void {
    const { directory, turn } = this.#parts
    const dueMs = directory.nextExpiryMs() ?? Number.POSITIVE_INFINITY
    if (dueMs >= this.#expiryDueMs) return
    this.#expiryDueMs = dueMs
    turn.timerAt({ kind: 'directory', token: ++this.#expiryToken }, Math.max(dueMs, turn.nowMs + 1))
  }

  #tell(changes: readonly MembershipChange[]): void {
    for (const change of changes) this.#parts.turn.notify(change)
  }
}
