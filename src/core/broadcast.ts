// Broadcast: which messages are new, and where they go on to. Today every link is eager: a message is pushed on all
// links but the one it came from. Lazy links with IHave, graft and prune build on the same windows.
// It must not look into a payload, nor know what a record means.
//
// B1  a broadcast is handed on at most once, whatever arrives in which order
// B2  memory is bounded by the number of origins (origin-table.ts): one window of sequences for each,
//     and a few of this node's own last broadcasts
// B3  every broadcast of the application is answered exactly once
//
// Eager push: Plumtree (Leitão, Pereira, Rodrigues, SRDS 2007, section 3.2). Ids are origin / incarnation / sequence in
// place of random ones, so that "seen" is a window and not a set of ids.

import type { Directory } from './directory.ts'
import type { Links } from './links.ts'
import type { Gossip, LinkId, NodeName, PeerRecord } from './messages.ts'
import { OriginTable } from './origin-table.ts'
import type { SendFailure } from './reasons.ts'
import { SequenceWindow } from './sequence-window.ts'
import type { Turn } from './turn.ts'

/** The links that a broadcast may travel; a flood's depth is the diameter, a repaired tree may be deeper. */
const HOPS_MAX = 64

/** Beyond this a run does not number its broadcasts: sequences have 48 bits on the wire. */
const SEQUENCES_END = 2 ** 47

/** What goes out again on a link that comes up: as old as this, as many, and as large together. */
const RECENT_MS = 3_000
const RECENT_MAX = 64
const RECENT_BYTES_MAX = 1_048_576

const NO_BYTES = new Uint8Array(0)

interface Origin {
  readonly incarnation: number
  readonly seen: SequenceWindow
}

/** The parts of the configuration that count here. */
export interface BroadcastConfig {
  readonly seenSequencesMax: number
  readonly directoryNodesMax: number
  readonly firstBroadcastsMax: number
  readonly deadlineMs: number
}

/** See the head of the file. */
export class Broadcast {
  readonly #config: BroadcastConfig
  readonly #directory: Directory
  readonly #links: Links
  readonly #turn: Turn
  readonly #origins: OriginTable<Origin>
  /** Broadcasts of the application that wait for the first link, oldest first. */
  readonly #waiting: { id: number; payload: Uint8Array; deadlineMs: number }[] = []
  /** This node's own last broadcasts, oldest first. */
  readonly #recent: { readonly gossip: Gossip; readonly atMs: number }[] = []
  #recentBytes = 0
  #sequence = 0

  constructor(config: BroadcastConfig, directory: Directory, links: Links, turn: Turn) {
    this.#config = config
    this.#directory = directory
    this.#links = links
    this.#turn = turn
    this.#origins = new OriginTable(directory, config.directoryNodesMax)
  }

  /** The application broadcasts; without a neighbor the message waits for one. */
  send(id: number, payload: Uint8Array): void {
    const neighbors = this.#links.neighbors.size
    if (this.#hasConfirmedLink) {
      const gossip = this.#originate(payload)
      this.#push(gossip, undefined)
      this.#remember(gossip)
      this.#turn.notify({ type: 'broadcast-sent', id, neighbors })
    } else if (this.#waiting.length >= this.#config.firstBroadcastsMax) this.#fail(id, 'queue-full')
    else this.#waiting.push({ id, payload, deadlineMs: this.#turn.nowMs + this.#config.deadlineMs })
  }

  /** Publishes this node's record to everybody. */
  publish(record: PeerRecord): void {
    this.#push(this.#originate(record), undefined)
  }

  /** Takes in a broadcast of another node and pushes it on; true when it is new. */
  receive(gossip: Gossip, cameFrom: LinkId): boolean {
    const { origin, sequence, hopsLeft, hops } = gossip
    const refused = this.#judge(gossip)
    if (refused !== undefined) {
      this.#turn.drop(refused, `broadcast ${sequence} of ${origin}`, cameFrom)
      return false
    }
    if (hopsLeft === 0) this.#turn.drop('hops-exceeded', `broadcast ${sequence} of ${origin}`, cameFrom)
    else this.#push({ ...gossip, hopsLeft: hopsLeft - 1, hops: Math.min(hops + 1, 255) }, cameFrom)
    return true
  }

  /**
   * A broadcast under this node's own name came in. One that this node has not made was forged or damaged, and everybody
   * takes its number for seen: the node goes on behind it. False when there is no number behind it.
   */
  goOnBehind({ incarnation, sequence }: Gossip): boolean {
    if (incarnation !== this.#directory.own.record.incarnation || sequence <= this.#sequence) return true
    if (sequence > SEQUENCES_END) return false
    this.#sequence = sequence
    return true
  }

  /**
   * A link came up. What this node has broadcast a moment ago goes out on it as well: the link that carried it may have
   * been the one of two crossed dials that the other end had just closed. Windows remove what comes twice.
   */
  linkUp(link: LinkId): void {
    for (const { gossip, atMs } of this.#recent) {
      if (this.#turn.nowMs - atMs < RECENT_MS) this.#turn.send([link], gossip, 'broadcast')
    }
  }

  /** The other end of a link has accepted it: what waited may go. */
  flush(): void {
    if (this.#waiting.length === 0 || !this.#hasConfirmedLink) return
    for (const { id, payload } of this.#waiting.splice(0)) this.send(id, payload)
  }

  /** Gives up what has waited too long. */
  expire(): void {
    while ((this.nextExpiryMs() ?? Number.POSITIVE_INFINITY) <= this.#turn.nowMs) {
      const waiting = this.#waiting.shift()
      if (waiting !== undefined) this.#fail(waiting.id, 'no-route')
    }
  }

  /** When {@link expire} will have something to do. */
  nextExpiryMs(): number | undefined {
    return this.#waiting[0]?.deadlineMs
  }

  /** The directory has forgotten this origin. */
  forget(origin: NodeName): void {
    this.#origins.delete(origin)
  }

  /** The node leaves. */
  close(): void {
    for (const { id } of this.#waiting.splice(0)) this.#fail(id, 'shutting-down')
  }

  /** A link that a crossed dial may still end carries a broadcast to nobody. */
  get #hasConfirmedLink(): boolean {
    for (const { isConfirmed } of this.#links.neighbors.values()) if (isConfirmed) return true
    return false
  }

  #originate(content: Uint8Array | PeerRecord): Gossip {
    const { name: origin, incarnation } = this.#directory.own.record
    const id = { origin, incarnation, sequence: ++this.#sequence, hopsLeft: HOPS_MAX - 1, hops: 1 }
    return content instanceof Uint8Array
      ? { type: 'gossip', kind: 'payload', ...id, payload: content }
      : { type: 'gossip', kind: 'record', ...id, payload: NO_BYTES, record: content }
  }

  #judge({ origin: name, incarnation, sequence }: Gossip): 'stale-incarnation' | 'duplicate' | undefined {
    let origin = this.#origins.get(name)
    if (origin === undefined || incarnation > origin.incarnation) {
      origin = { incarnation, seen: new SequenceWindow(this.#config.seenSequencesMax) }
      this.#origins.set(name, origin)
    } else if (incarnation < origin.incarnation) return 'stale-incarnation'
    // What lies further back than the window was missed for good: the window moves on with the origin.
    origin.seen.skipTo(sequence - this.#config.seenSequencesMax + 1)
    return origin.seen.add(sequence) === 'new' ? undefined : 'duplicate'
  }

  #remember(gossip: Gossip): void {
    this.#recent.push({ gossip, atMs: this.#turn.nowMs })
    this.#recentBytes += gossip.payload.length
    while (this.#recent.length > RECENT_MAX || this.#recentBytes > RECENT_BYTES_MAX) {
      this.#recentBytes -= this.#recent.shift()?.gossip.payload.length ?? 0
    }
  }

  #push(gossip: Gossip, cameFrom: LinkId | undefined): void {
    const links: LinkId[] = []
    for (const { id } of this.#links.neighbors.values()) if (id !== cameFrom) links.push(id)
    this.#turn.send(links, gossip, gossip.kind === 'record' ? 'control' : 'broadcast')
  }

  #fail(id: number, failure: SendFailure): void {
    this.#turn.notify({ type: 'broadcast-sent', id, neighbors: 0, failure })
  }
}
