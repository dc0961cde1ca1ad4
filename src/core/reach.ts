// When the application is told who came and who is gone, and when records expire: the directory's place in time.
// It must not hold rules of merging (directory.ts), of what is told (announcements.ts) or of paths (routing.ts).
//
// H2  peers are told as they come and go, in the order in which it was found out, at the latest `intervalMs` after it.
//     What comes together is told together, so that who only moves from one link to another is not told twice

import type { MembershipChange } from './announcements.ts'
import type { Directory } from './directory.ts'
import type { LinkId, NodeName, PeerRecord } from './messages.ts'
import type { RoutesOnDemand } from './routes-on-demand.ts'
import type { Turn } from './turn.ts'

/** What the parts that are composed here are told by the rest, and tell it. */
export interface ReachParts {
  readonly directory: Directory
  readonly routes: RoutesOnDemand
  readonly turn: Turn
  /** Whether somebody waits for any change: of a way, or of the destination's record. */
  readonly isAwaited: () => boolean
  /** Links or records have changed. @param isNews whether a peer came, went, or was learned of. */
  readonly onChanged: (isNews: boolean) => void
  /** The directory has forgotten a name. */
  readonly onForgotten: (name: NodeName) => void
}

/** See the head of the file. */
export class Reach {
  readonly #intervalMs: number
  readonly #parts: ReachParts
  #tellToken = 0
  #tellDueMs: number | undefined
  #toldMs = Number.NEGATIVE_INFINITY
  #expiryToken = 0
  #expiryDueMs = Number.POSITIVE_INFINITY

  /** @param intervalMs least time between two times that peers are told. */
  constructor(intervalMs: number, parts: ReachParts) {
    this.#intervalMs = intervalMs
    this.#parts = parts
  }

  /** Takes in a record of another node; true when it is news. */
  learn(record: PeerRecord, cameFrom: LinkId): boolean {
    const { directory, isAwaited, routes, turn } = this.#parts
    const result = directory.merge(record, turn.nowMs)
    if (result === 'full') turn.drop('directory-full', `record of ${record.name}`, cameFrom)
    if (result !== 'newer') return false
    routes.changed()
    if (this.#tellDueMs === undefined && (directory.hasNews || isAwaited())) this.#tellSoon()
    return true
  }

  /** A link is up: its other end can be reached. */
  neighborUp(name: NodeName): void {
    const { directory, routes, turn } = this.#parts
    directory.neighborUp(name, turn.nowMs)
    routes.changed()
    this.#tellSoon()
  }

  /** A link is gone. */
  neighborDown(name: NodeName): void {
    const { directory, routes, turn } = this.#parts
    directory.neighborDown(name, turn.nowMs)
    routes.changed()
    this.#tellSoon()
  }

  /** The timer `reachability`. */
  tell(token: number): void {
    if (token !== this.#tellToken || this.#tellDueMs === undefined) return
    const { directory, onChanged, turn } = this.#parts
    this.#tellDueMs = undefined
    this.#toldMs = turn.nowMs
    const { hasNews } = directory
    this.#notify(directory.tell())
    onChanged(hasNews)
    this.#armExpiry()
  }

  /** The timer `directory`. */
  expire(token: number): void {
    if (token !== this.#expiryToken || this.#expiryDueMs === Number.POSITIVE_INFINITY) return
    const { directory, turn, onForgotten } = this.#parts
    this.#expiryDueMs = Number.POSITIVE_INFINITY
    const { changes, forgotten } = directory.expire(turn.nowMs)
    this.#notify(changes)
    for (const name of forgotten) onForgotten(name)
    this.#armExpiry()
  }

  #tellSoon(): void {
    if (this.#tellDueMs !== undefined) return
    const { turn } = this.#parts
    this.#tellDueMs = Math.max(turn.nowMs, this.#toldMs + this.#intervalMs)
    turn.timerAt({ kind: 'reachability', token: ++this.#tellToken }, this.#tellDueMs)
  }

  #armExpiry(): void {
    const { directory, turn } = this.#parts
    const dueMs = directory.nextExpiryMs() ?? Number.POSITIVE_INFINITY
    if (dueMs >= this.#expiryDueMs) return
    this.#expiryDueMs = dueMs
    turn.timerAt({ kind: 'directory', token: ++this.#expiryToken }, Math.max(dueMs, turn.nowMs + 1))
  }

  #notify(changes: readonly MembershipChange[]): void {
    for (const change of changes) this.#parts.turn.notify(change)
  }
}
