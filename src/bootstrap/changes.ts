// Membership changes that wait to be pushed, one per name: what is pushed is the difference between the beginning and
// the end of a batch, whatever happened in between. Of a plain HTTP peer the end is always pushed: a node that was
// welcomed in between has a list that is like neither.
// It must not know whom they are pushed to, nor when.

import type { LeaveReason, ListedPeer, NodeName } from '../core/messages.ts'

/** A peer in the list, and which run of it. */
export interface Listing {
  readonly peer: ListedPeer
  /** Tells two runs of one name apart. */
  readonly run: string
}

/** What changed for whom: the two halves of a `peer-events` message. */
export interface ChangeBatch {
  readonly joined: readonly ListedPeer[]
  readonly left: readonly { readonly name: NodeName; readonly reason: LeaveReason }[]
}

interface Change {
  /** How the name was listed when the batch began; `undefined`: not at all. */
  readonly before: Listing | undefined
  after: Listing | undefined
  reason: LeaveReason
  /** Whether a plain HTTP peer had the name at any time since then. */
  http: boolean
}

/** Which changes: those in which a plain HTTP peer took part, or those among nodes only. */
export type ChangeScope = 'http' | 'nodes'

/** Collects changes. A node that ends a batch as it began it is not in the batch. */
export class Changes {
  readonly #changes = new Map<NodeName, Change>()
  /** How many of them concern plain HTTP peers. */
  #http = 0

  /** Whether changes of this scope wait. They may yet come to nothing. */
  waiting(scope: ChangeScope): boolean {
    return scope === 'http' ? this.#http > 0 : this.#changes.size > this.#http
  }

  /** Notes that `before` became `after`. At least one is given; `reason` counts when `after` is not. */
  note(before: Listing | undefined, after: Listing | undefined, reason: LeaveReason = 'left'): void {
    const name = (after ?? before)?.peer.name
    if (name === undefined) return
    const http = before?.peer.kind === 'http' || after?.peer.kind === 'http'
    const change = this.#changes.get(name)
    if (change === undefined) {
      this.#changes.set(name, { before, after, reason, http })
      if (http) this.#http++
      return
    }
    change.after = after
    change.reason = reason
    if (http && !change.http) {
      change.http = true
      this.#http++
    }
  }

  /** Takes the changes of this scope out. No name is in both halves, so their order means nothing. */
  take(scope: ChangeScope): ChangeBatch {
    const joined: ListedPeer[] = []
    const left: { name: NodeName; reason: LeaveReason }[] = []
    for (const [name, change] of this.#changes) {
      if (change.http !== (scope === 'http')) continue
      this.#changes.delete(name)
      if (change.http) this.#http--
      const { before, after, reason } = change
      if (after === undefined) {
        if (before !== undefined || change.http) left.push({ name, reason })
      } else if (change.http || !sameListing(before, after)) joined.push(after.peer)
    }
    return { joined, left }
  }
}

function sameListing(one: Listing | undefined, other: Listing): boolean {
  return (
    one !== undefined &&
    one.run === other.run &&
    one.peer.kind === other.peer.kind &&
    one.peer.url === other.peer.url
  )
}
