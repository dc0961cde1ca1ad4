// What the application is told of peers: who came, who is gone, and how long it waits before it says so.
// It must not find out who can be reached, nor forget anybody: it is told, and keeps the order.
//
// D4  every peer is told as joined at most once before it is told as gone, and the other way round
// D5  a peer is told as `unreachable` after it was so for `graceMs` without a break, unless it was started again

import type { LeaveReason, NodeName, PeerRecord } from './messages.ts'

/** A change that the application is told. */
export type MembershipChange =
  | { readonly type: 'peer-join'; readonly peer: PeerRecord }
  | { readonly type: 'peer-leave'; readonly name: NodeName; readonly reason: LeaveReason }

/** What is looked at of a peer. Only {@link Announcements} writes `joined`. */
export interface Announced {
  readonly record: PeerRecord
  readonly reachable: boolean
  /** When `reachable` last changed. */
  readonly sinceMs: number
  /** Whether the application was told `peer-join`, and not `peer-leave` since. */
  joined: boolean
}

/** See the head of the file. */
export class Announcements {
  readonly #graceMs: number
  /** Peers of whom there may be something to tell, in the order in which it was found out. */
  readonly #news = new Set<Announced>()
  /** Peers whose last run is gone, and why. */
  readonly #restarted = new Map<Announced, LeaveReason>()
  /** Joined and unreachable peers, the longest gone first. */
  readonly #missed = new Set<Announced>()

  /** @param graceMs how long a peer must stay unreachable before that is told. */
  constructor(graceMs: number) {
    this.#graceMs = graceMs
  }

  /** Whether {@link tell} may have something to say. */
  get hasNews(): boolean {
    return this.#news.size > 0
  }

  /** A peer was learned of, can be reached or no longer, or leaves. */
  changed(peer: Announced): void {
    this.#news.add(peer)
    if (peer.reachable) this.#missed.delete(peer)
    else if (peer.joined) this.#missed.add(peer)
  }

  /** Another run of this peer is about to replace the one in its record. */
  restarted(peer: Announced): void {
    if (!peer.joined || this.#restarted.has(peer)) return
    this.#restarted.set(peer, peer.record.state === 'leaving' ? 'left' : 'unreachable')
    this.#news.add(peer)
  }

  /** What is to be told at once. */
  tell(): MembershipChange[] {
    const changes: MembershipChange[] = []
    for (const [peer, reason] of this.#restarted) this.#tellGone(peer, reason, changes)
    this.#restarted.clear()
    for (const peer of this.#news) {
      const { record, reachable } = peer
      if (reachable && !peer.joined) {
        peer.joined = true
        changes.push({ type: 'peer-join', peer: record })
      } else if (!reachable && record.state === 'leaving') this.#tellGone(peer, 'left', changes)
    }
    this.#news.clear()
    return changes
  }

  /** Who is told as gone because the grace is over. */
  expire(nowMs: number): MembershipChange[] {
    const changes: MembershipChange[] = []
    for (const peer of this.#missed) {
      if (nowMs - peer.sinceMs < this.#graceMs) break
      this.#tellGone(peer, 'unreachable', changes)
    }
    return changes
  }

  /** When {@link expire} will have something to say; `undefined` while nobody is missed. */
  nextExpiryMs(): number | undefined {
    for (const { sinceMs } of this.#missed) return sinceMs + this.#graceMs
    return undefined
  }

  /** Nothing more is said of this peer. */
  forget(peer: Announced): void {
    this.#news.delete(peer)
    this.#restarted.delete(peer)
    this.#missed.delete(peer)
  }

  #tellGone(peer: Announced, reason: LeaveReason, changes: MembershipChange[]): void {
    if (!peer.joined) return
    peer.joined = false
    this.#missed.delete(peer)
    changes.push({ type: 'peer-leave', name: peer.record.name, reason })
  }
}
