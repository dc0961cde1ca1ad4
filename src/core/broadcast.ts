// Broadcast: which messages are new, and on which links they go on to. It puts its parts together and is their door: what
// is remembered of origins (broadcast-origins.ts), what neighbors are asked for and what they ask for
// (broadcast-requests.ts, broadcast-answers.ts), trees, cache and announcements.
// It must not look into a payload, nor know what a record means.
//
// B1  a broadcast is handed on at most once, whatever arrives in which order
// B2  memory is bounded by the number of origins (origin-table.ts): one window of sequences and one tree for each, beside
//     the payload cache (C1) and the table of what is missing (M2)
// B3  every broadcast of the application is answered exactly once
// B4  whoever has a broadcast pushes or announces it on every link but the one it came over and those whose other end has
//     announced it (A1), and announces it on a link that comes up within `RECENT_MS` after it, or joins what was apart; but
//     for one that has no hops left, and for what a full control lane refuses (counted)
//
// Plumtree (Leitão, Pereira, Rodrigues, SRDS 2007, section 3; DI-FCUL TR-07-14, updated 2019). Ids are origin /
// incarnation / sequence in place of random ones, so that "seen" is a window and not a set of ids.
// Deviation from Plumtree: a new link asks what was broadcast before it came up (catch-up), as far back as its ends may
// have been apart.

import { Announcing, type WaitingRanges } from './announcing.ts'
import { BroadcastAnswers } from './broadcast-answers.ts'
import { BroadcastOrigins, gossipOf } from './broadcast-origins.ts'
import { BroadcastRequests } from './broadcast-requests.ts'
import { BroadcastTrees, type Tree } from './broadcast-trees.ts'
import type { Coalescing } from './coalescing.ts'
import type { Directory } from './directory.ts'
import { FirstBroadcasts } from './first-broadcasts.ts'
import type { Links } from './links.ts'
import type {
  AnnouncedRange,
  CatchUp,
  Gossip,
  Graft,
  IHave,
  LinkId,
  NodeName,
  PeerRecord,
  Prune,
} from './messages.ts'
import { Missing, type MissingConfig } from './missing.ts'
import { PayloadCache } from './payload-cache.ts'
import type { SendFailure } from './reasons.ts'
import type { Rng } from './rng.ts'
import type { Turn } from './turn.ts'

/** The links that a broadcast may travel; a repaired tree may be deeper than the diameter. */
const HOPS_MAX = 64

/** Beyond this a run does not number its broadcasts: sequences have 48 bits on the wire. */
const SEQUENCES_END = 2 ** 47

/**
 * What came to the other end of a new link before the link did is announced there if it is not older than this: it may
 * have been on its way here over links that are gone, or that nobody knows to be dead yet (`silent`, `stalled`).
 */
const RECENT_MS = 30_000

/** The parts of the configuration that count here. */
export interface BroadcastConfig extends MissingConfig {
  readonly seenSequencesMax: number
  readonly directoryNodesMax: number
  readonly firstBroadcastsMax: number
  readonly deadlineMs: number
  readonly announceDelayMs: number
  readonly optimizeHops: number
  readonly cacheBytesMax: number
}

/** What a broadcast needs of the rest of the node. */
export interface BroadcastParts {
  readonly coalescing: Coalescing
  readonly directory: Directory
  readonly links: Links
  readonly rng: Rng
  readonly turn: Turn
}

/** See {@link Broadcast.inspect}. */
export interface BroadcastView {
  readonly origins: number
  /** Broadcasts that wait for the first link, and when the first of them is given up. */
  readonly waiting: number
  readonly nextExpiryMs: number | undefined
  readonly missing: number
  readonly cacheBytes: number
  readonly announcing: ReadonlyMap<LinkId, WaitingRanges>
}

/** See the head of the file. */
export class Broadcast {
  readonly #directory: Directory
  readonly #links: Links
  readonly #turn: Turn
  readonly #coalescing: Coalescing
  readonly #origins: BroadcastOrigins
  readonly #trees: BroadcastTrees
  readonly #missing: Missing
  readonly #announcing: Announcing
  readonly #cache: PayloadCache
  readonly #answers: BroadcastAnswers
  readonly #requests: BroadcastRequests
  readonly #first: FirstBroadcasts
  #startedMs = 0

  constructor(config: BroadcastConfig, parts: BroadcastParts) {
    const { coalescing, directory, links, rng, turn } = parts
    this.#coalescing = coalescing
    this.#directory = directory
    this.#links = links
    this.#first = new FirstBroadcasts(config.firstBroadcastsMax, config.deadlineMs)
    this.#turn = turn
    const trees = new BroadcastTrees(config.optimizeHops, { turn, coalescing })
    const missing = new Missing(config, turn)
    const announcing = new Announcing(config, rng, turn)
    const cache = new PayloadCache(config.cacheBytesMax)
    const origins = new BroadcastOrigins(config, {
      directory,
      newTree: (origin, like) => trees.newTree(origin, like),
      onNewRun: (origin, incarnation) => missing.newRun(origin, incarnation),
    })
    this.#requests = new BroadcastRequests({ turn, directory, origins, trees, missing, announcing })
    this.#answers = new BroadcastAnswers({ turn, directory, links, origins, trees, announcing, cache })
    this.#trees = trees
    this.#missing = missing
    this.#announcing = announcing
    this.#cache = cache
    this.#origins = origins
  }

  /** The node runs from now on. */
  start(): void {
    this.#startedMs = this.#turn.nowMs
  }

  /** The application broadcasts; without a neighbor the message waits for one. */
  send(id: number, payload: Uint8Array): void {
    const neighbors = this.#links.neighbors.size
    if (this.#hasConfirmedLink) {
      const gossip = this.#cache.add(this.#originate(payload), this.#turn.nowMs)
      this.#spread(gossip, this.#origins.own.tree, undefined)
      const { incarnation, sequence } = gossip
      this.#turn.notify({ type: 'broadcast-sent', id, neighbors, sentAs: { incarnation, sequence } })
    } else if (!this.#first.add(id, payload, this.#turn.nowMs)) this.#fail(id, 'queue-full')
  }

  /** Publishes this node's record to everybody. */
  publish(record: PeerRecord): void {
    const gossip = this.#originate(record)
    this.#origins.own.record = gossip
    this.#spread(gossip, this.#origins.own.tree, undefined)
  }

  /** Takes in a broadcast of another node and passes it on; true when it is new. */
  receive(gossip: Gossip, cameFrom: LinkId): boolean {
    const { origin: name, sequence, hopsLeft, hops } = gossip
    const origin = this.#origins.runOf(gossip)
    if (origin === undefined) {
      this.#turn.drop('stale-incarnation', `broadcast ${sequence} of ${name}`, cameFrom)
      return false
    }
    const { tree } = origin
    if (!this.#origins.markSeen(gossip, origin)) {
      this.#turn.drop('duplicate', `broadcast ${sequence} of ${name}`, cameFrom)
      this.#trees.duplicate(tree, cameFrom)
      return false
    }
    const announcers = this.#missing.received(gossip)
    this.#trees.arrived(tree, cameFrom, hops)
    for (const announcer of announcers) this.#trees.optimize(tree, announcer.link, announcer.hops)
    if (hopsLeft === 0) this.#turn.drop('hops-exceeded', `broadcast ${sequence} of ${name}`, cameFrom)
    else {
      const onward = { ...gossip, hopsLeft: hopsLeft - 1, hops: Math.min(hops + 1, 255) }
      if (gossip.kind === 'record' && sequence > (origin.record?.sequence ?? 0)) {
        origin.record = { sequence, hopsLeft: onward.hopsLeft, hops: onward.hops }
      }
      const kept = gossip.kind === 'record' ? onward : this.#cache.add(onward, this.#turn.nowMs)
      this.#spread(kept, tree, cameFrom)
      for (const { link, hops } of announcers) this.#announcing.heard(link, announcedOf(gossip, hops))
    }
    return true
  }

  /** The links on which broadcasts of the node that published this record are pushed, but for one. */
  pushedOn(record: PeerRecord, cameFrom: LinkId): LinkId[] {
    const tree = this.#origins.treeFor(record)
    const links: LinkId[] = []
    for (const { id } of this.#links.neighbors.values()) {
      if (id !== cameFrom && this.#trees.isEager(tree, id)) links.push(id)
    }
    return links
  }

  /** A neighbor has broadcasts that it does not push. */
  ihaveReceived(ihave: IHave, link: LinkId): void {
    this.#requests.ihaveReceived(ihave, link)
  }

  /** A neighbor asks for broadcasts, and for pushes of their trees. */
  graftReceived(graft: Graft, link: LinkId): void {
    this.#answers.graftReceived(graft, link)
  }

  /** A neighbor wants no more pushes of some trees. */
  pruneReceived(prune: Prune, link: LinkId): void {
    this.#answers.pruneReceived(prune, link)
  }

  /** A neighbor asks what it may have missed. */
  catchUpReceived(catchUp: CatchUp, link: LinkId): void {
    this.#answers.catchUpReceived(catchUp, link)
  }

  /**
   * A broadcast under this node's own name came in: none is wanted. One that this node has not made was forged or damaged,
   * and everybody takes its number for seen: the node goes on behind it. False when there is no number behind it.
   */
  ownReceived({ incarnation, sequence }: Gossip, cameFrom: LinkId): boolean {
    const { own } = this.#origins
    this.#trees.duplicate(own.tree, cameFrom)
    if (incarnation !== this.#directory.own.record.incarnation || sequence <= own.sequence) return true
    if (sequence > SEQUENCES_END) return false
    own.sequence = sequence
    return true
  }

  /**
   * A link came up.
   * @param isFirst whether it is the first one of this node, or was of the other when that one dialled: nothing else
   * pushes what is broadcast. Other links begin lazy, but for what this node broadcasts itself.
   * @param mayJoin whether the link may lead to where broadcasts were made that did not come here.
   */
  linkUp(link: LinkId, isFirst: boolean, mayJoin: boolean): void {
    this.#trees.linkUp(link)
    if (!isFirst) this.#trees.startLazy(this.#origins.trees(), link)
    const runningMs = Math.ceil(this.#turn.nowMs - this.#startedMs)
    const withinMs = Math.min(runningMs, mayJoin ? 0xffff_ffff : RECENT_MS)
    this.#turn.send([link], { type: 'catch-up', withinMs })
  }

  /** Wants no pushes on a link that has come up: another one, which came up before it, brings them. */
  decline(link: LinkId): void {
    this.#turn.send([link], { type: 'prune', origins: [] })
  }

  /** A link is gone. */
  linkDown(link: LinkId): void {
    this.#trees.linkDown(this.#origins.own.tree, link)
    for (const [, { tree }] of this.#origins) this.#trees.linkDown(tree, link)
    this.#trees.forgetLink(link)
    this.#missing.linkDown(link)
    this.#coalescing.linkDown(link)
    this.#announcing.linkDown(link)
    this.#answers.linkDown(link)
  }

  /** A link had no room for a push: the broadcast is announced there, and asked for when the link has room again. */
  refused(gossip: Gossip, link: LinkId): void {
    const { kind, origin, incarnation, sequence } = gossip
    this.#turn.drop('queue-full', `push of broadcast ${sequence} of ${origin}`, link)
    const isKept = kind === 'record' || this.#cache.get(origin, incarnation, sequence) !== undefined
    if (isKept && this.#links.up(link) !== undefined) this.#announcing.add(link, gossip)
  }

  /** The timer `announce`. */
  announce(token: number): void {
    this.#announcing.due(token)
  }

  /** The timer `graft`. */
  graft(token: number): void {
    this.#requests.graft(token)
  }

  /** What came in with one turn is worked off: asks the neighbors for the changes of trees that it has led to. */
  endTurn(): void {
    this.#trees.flush()
  }

  /** The other end of a link has accepted it: what waited may go. */
  flush(): void {
    if (this.#first.size === 0 || !this.#hasConfirmedLink) return
    for (const { id, payload } of this.#first.drain()) this.send(id, payload)
  }

  /** The application gives up what still waits. */
  withdraw(id: number, reason: SendFailure): void {
    if (this.#first.withdraw(id)) this.#fail(id, reason)
  }

  /** Gives up what has waited too long. */
  expire(): void {
    for (const { id } of this.#first.expire(this.#turn.nowMs)) this.#fail(id, 'no-route')
  }

  /**
   * The directory has forgotten this origin. What was seen of it is not: others may keep its broadcasts for longer, and
   * announce them when a partition ends.
   */
  forget(origin: NodeName): void {
    this.#missing.forget(origin)
  }

  /** The node leaves. */
  close(): void {
    for (const { id } of this.#first.drain()) this.#fail(id, 'shutting-down')
  }

  /** What the invariants are checked on. */
  inspect(): BroadcastView {
    return {
      origins: this.#origins.size,
      waiting: this.#first.size,
      nextExpiryMs: this.#first.nextExpiryMs(),
      missing: this.#missing.size,
      cacheBytes: this.#cache.bytes,
      announcing: this.#announcing.waiting,
    }
  }

  /** A link that a crossed dial may still end carries a broadcast to nobody. */
  get #hasConfirmedLink(): boolean {
    for (const { isConfirmed } of this.#links.neighbors.values()) if (isConfirmed) return true
    return false
  }

  #originate(content: Uint8Array | PeerRecord): Gossip {
    const { name: origin, incarnation } = this.#directory.own.record
    const id = { sequence: ++this.#origins.own.sequence, hopsLeft: HOPS_MAX - 1, hops: 1 }
    return content instanceof Uint8Array
      ? { type: 'gossip', kind: 'payload', origin, incarnation, ...id, payload: content }
      : gossipOf(content, id)
  }

  /**
   * Pushes a broadcast on the eager links, and has it announced on the others.
   * Deviation from Plumtree: a node's last words go over all links, because its tree ends with it.
   */
  #spread(gossip: Gossip, tree: Tree, cameFrom: LinkId | undefined): void {
    const eager: LinkId[] = []
    const isUrgent = gossip.record?.state === 'leaving'
    for (const { id } of this.#links.neighbors.values()) {
      if (id === cameFrom) continue
      if (isUrgent || this.#trees.isEager(tree, id)) eager.push(id)
      else this.#announcing.add(id, gossip)
    }
    if (gossip.kind === 'payload') this.#turn.send(eager, gossip, 'broadcast')
    else if (isUrgent) this.#turn.send(eager, gossip)
    else this.#coalescing.push(eager, gossip)
  }

  #fail(id: number, failure: SendFailure): void {
    this.#turn.notify({ type: 'broadcast-sent', id, neighbors: 0, failure })
  }
}

/** This broadcast alone, as the other end of a link announces it. */
function announcedOf({ kind, origin, incarnation, sequence }: Gossip, hops: number): AnnouncedRange {
  return { kind, origin, incarnation, first: sequence, behindLast: sequence + 1, hops }
}
