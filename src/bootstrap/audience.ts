// Who is told of membership changes, when, and in which form: watchers at once, nodes in batches. A part of the
// registry. It must not know why something changed, nor hold the list of peers.
//
// What a change among nodes costs does not grow with the network: beyond `pushNodesMax` nodes a random sample is told,
// which is enough, because the overlay's own records tell everybody (design 4.1). Who cannot be dialled is in no overlay
// while nobody can: when the first that can are there, all those are told. A change of a plain HTTP peer goes to
// every node, because no overlay record speaks of it and a node that was not told could not name it. That is bounded
// otherwise: by `httpPeersMax` of them, by the interval of polls, and by `httpPushIntervalMs` between two pushes.

import type { LeaveReason, LinkId, ListedPeer } from '../core/messages.ts'
import { httpUrlOf } from '../http/peer-urls.ts'
import { LIMITS } from '../wire/limits.ts'
import { type ChangeScope, Changes, type Listing } from './changes.ts'
import type { RegistryConfig } from './registry-config.ts'
import type { RegistryEffect, WatchedPeer, WatcherEvent } from './registry-events.ts'
import { type RandomSource, SampledSet } from './sampled-set.ts'

/** Takes an effect; the registry returns it from the `handle` that is running. */
export type Emit = (effect: RegistryEffect) => void

/** The nodes and watchers, as far as something is to be told to them. */
export class Audience {
  readonly #config: RegistryConfig
  readonly #rng: RandomSource
  readonly #emit: Emit
  readonly #nodes = new SampledSet<LinkId>()
  /** Those of them that nobody can dial. */
  readonly #undialable = new Set<LinkId>()
  /** How many nodes those were told that there are who were welcomed since the last push. */
  readonly #welcomedWith = new Set<number>()
  readonly #watchers = new Set<LinkId>()
  readonly #changes = new Changes()
  readonly #planned = new Set<ChangeScope>()
  #httpPushedMs = Number.NEGATIVE_INFINITY

  constructor(config: RegistryConfig, rng: RandomSource, emit: Emit) {
    this.#config = config
    this.#rng = rng
    this.#emit = emit
  }

  get watchers(): ReadonlySet<LinkId> {
    return this.#watchers
  }

  /** Adds a node that is about to be welcomed, and told there how many nodes there are with it. */
  addNode(link: LinkId, isDialable: boolean): void {
    this.#nodes.add(link)
    if (!isDialable) this.#undialable.add(link)
    this.#welcomedWith.add(this.#nodes.size)
  }

  deleteNode(link: LinkId): void {
    this.#nodes.delete(link)
    this.#undialable.delete(link)
  }

  deleteWatcher(link: LinkId): void {
    this.#watchers.delete(link)
  }

  /** Adds a watcher and shows it the first lines. */
  addWatcher(link: LinkId, first: readonly WatcherEvent[]): void {
    this.#watchers.add(link)
    for (const event of first) this.#emit({ type: 'show', watchers: [link], event })
  }

  /** Shows one watcher something; a link that is no watcher's is a no-op. */
  show(link: LinkId, event: WatcherEvent): void {
    if (this.#watchers.has(link)) this.#emit({ type: 'show', watchers: [link], event })
  }

  /** Tells that `before` became `after`; `undefined`: not listed. `reason` counts when `after` is not given. */
  changed(
    change: { readonly before?: Listing | undefined; readonly after?: Listing | undefined },
    reason: LeaveReason,
    nowMs: number,
  ): void {
    const { before, after } = change
    this.#changes.note(before, after, reason)
    this.#plan(nowMs)
    if (after !== undefined) {
      const { peer } = after
      if (before !== undefined && before.peer.kind === peer.kind && before.peer.url === peer.url) return
      this.#emit({ type: 'notify', notification: { type: 'peer-join', peer } })
      this.#showAll({ event: 'peer-join', ...watchedPeer(peer) })
    } else if (before !== undefined) {
      const { name } = before.peer
      this.#emit({ type: 'notify', notification: { type: 'peer-leave', name, reason } })
      this.#showAll({ event: 'peer-leave', name, reason })
    }
  }

  /** Pushes what has been collected: the push timer of this scope has run out. */
  push(scope: ChangeScope, nowMs: number): void {
    this.#planned.delete(scope)
    const { joined, left } = this.#changes.take(scope)
    const registered = this.#nodes.size
    // Who came and went within the batch was counted for those who were welcomed meanwhile.
    const isOtherNumber = [...this.#welcomedWith].some((number) => number !== registered)
    if (joined.length === 0 && left.length === 0 && !isOtherNumber) return
    this.#welcomedWith.clear()
    if (scope === 'http') this.#httpPushedMs = nowMs
    const links = scope === 'http' ? this.#nodes.sample(registered, this.#rng) : this.#sampleFor(joined)
    if (links.length === 0) return
    let at = 0
    do {
      const message = {
        type: 'peer-events',
        joined: joined.slice(at, at + LIMITS.peerEventsMax),
        left: left.slice(at, at + LIMITS.peerEventsMax),
        registered,
      } as const
      this.#emit({ type: 'send', links, message })
      at += LIMITS.peerEventsMax
    } while (at < Math.max(joined.length, left.length))
  }

  /** Who is told of a change among nodes. */
  #sampleFor(joined: readonly ListedPeer[]): LinkId[] {
    const sample = this.#nodes.sample(this.#config.pushNodesMax, this.#rng)
    const dialable = joined.filter(({ kind, url }) => kind === 'node' && url !== undefined).length
    // All that can be dialled are new: those that cannot know of nobody who is still there.
    const isFirst = dialable > 0 && dialable === this.#nodes.size - this.#undialable.size
    return isFirst ? [...new Set([...sample, ...this.#undialable])] : sample
  }

  #plan(nowMs: number): void {
    const { pushIntervalMs, httpPushIntervalMs } = this.#config
    for (const scope of ['nodes', 'http'] as const) {
      if (this.#planned.has(scope) || !this.#changes.waiting(scope)) continue
      this.#planned.add(scope)
      const httpDueMs = scope === 'http' ? this.#httpPushedMs + httpPushIntervalMs - nowMs : 0
      this.#emit({
        type: 'timer',
        timer: { kind: 'push', scope },
        afterMs: Math.max(pushIntervalMs, httpDueMs),
      })
    }
  }

  #showAll(event: WatcherEvent): void {
    if (this.#watchers.size > 0) this.#emit({ type: 'show', watchers: [...this.#watchers], event })
  }
}

/** A listed peer as watchers and scripts see it. */
export function watchedPeer({ name, kind, url }: ListedPeer): WatchedPeer {
  return url === undefined ? { name, kind } : { name, kind, url: httpUrlOf(url) }
}
