// The neighborhood: what follows for the other machines when links come and go, and when this node looks again whom to
// dial. It owns `dialing`, which only acts through it.
// It must not hold the rules of links (links.ts) or of candidates (dialing.ts), nor look into messages but a hello.
//
// J1  the application is told once of each link that comes up, and once when it is gone, unless the node has ended before;
//     so is each machine that keeps something for a link
// J2  a node that runs always has a time at which it looks again whom to dial (L3), unless it is away
// J3  a node that is away has no link, and dials nobody

import type { Broadcast } from './broadcast.ts'
import type { CoreConfig } from './config.ts'
import type { Delivery } from './delivery.ts'
import { Dialing, type DialingMemory } from './dialing.ts'
import type { AntiEntropy, LinkEnds } from './digests.ts'
import type { Directory } from './directory.ts'
import type { Input } from './events.ts'
import { isLaterRun, type LinkEvent, type LinkState, type Links } from './links.ts'
import { type Hello, type LinkId, type NodeName, PROTOCOL_VERSION } from './messages.ts'
import type { News } from './news.ts'
import type { Presence } from './presence.ts'
import type { Reach } from './reach.ts'
import type { Reason } from './reasons.ts'
import type { Rng } from './rng.ts'
import type { RoutesOnDemand } from './routes-on-demand.ts'
import { Strangers } from './strangers.ts'
import type { Turn } from './turn.ts'

/** How long after it was found again a peer may still have broadcasts that did not come here: the transfer takes its time. */
const NEWLY_REACHED_MS = 30_000

/** After this time the record of somebody who belongs to the same part of the overlay has arrived. */
const STILL_UNKNOWN_MS = 1_000

/** Who is told of links, and what is told upward. */
export interface NeighborhoodParts {
  readonly turn: Turn
  readonly rng: Rng
  readonly directory: Directory
  readonly links: Links
  readonly routes: Pick<RoutesOnDemand, 'current'>
  readonly presence: Pick<Presence, 'changed' | 'isAway' | 'outdid' | 'outdone'>
  readonly reach: Pick<Reach, 'neighborDown' | 'neighborUp'>
  readonly antiEntropy: Pick<AntiEntropy, 'linkDown' | 'linkUp'>
  readonly broadcast: Pick<Broadcast, 'decline' | 'flush' | 'linkDown' | 'linkUp'>
  readonly delivery: Pick<Delivery, 'linkDown'>
  readonly news: Pick<News, 'neighborRun'>
  /** Another run keeps this node's name: this one has to stop, at once. */
  readonly onNameLost: (detail: string) => void
}

/** See {@link Neighborhood.inspect}. */
export interface NeighborhoodView {
  /** When the node looks again whom to dial. */
  readonly planDueMs: number
  readonly dialing: DialingMemory
}

/** See the head of the file. */
export class Neighborhood {
  readonly #config: CoreConfig
  readonly #parts: NeighborhoodParts
  readonly #turn: Turn
  readonly #links: Links
  readonly #directory: Directory
  readonly #dialing: Dialing
  readonly #strangers = new Strangers()
  #planToken = 0
  #planDueMs = Number.POSITIVE_INFINITY

  constructor(config: CoreConfig, parts: NeighborhoodParts) {
    this.#config = config
    this.#parts = parts
    this.#turn = parts.turn
    this.#links = parts.links
    this.#directory = parts.directory
    this.#dialing = new Dialing(config, parts.rng, parts.directory.own.record.url)
  }

  /** The hello that this node would send now. */
  hello(): Hello {
    const { name, incarnation, instance, url } = this.#directory.own.record
    return {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      role: 'node',
      name,
      incarnation,
      instance,
      linkless: this.#links.neighbors.size === 0,
      ...(url === undefined ? {} : { url }),
    }
  }

  /** What the invariants are checked on. */
  inspect(): NeighborhoodView {
    return { planDueMs: this.#planDueMs, dialing: this.#dialing.inspect() }
  }

  /**
   * Somebody named peers that can be dialled. Where another process of this node's name is said to be it dials at once,
   * and does not come back to it: they meet, and the hello decides (P2).
   */
  addContacts(contacts: (Input & { type: 'contacts' })['contacts']): void {
    const { name: own } = this.#directory.own.record
    const isRival = (contact: (typeof contacts)[number]): boolean => 'name' in contact && contact.name === own
    this.#dialing.addContacts(contacts.filter((contact) => !isRival(contact)))
    for (const { url } of contacts.filter(isRival)) {
      if (this.#parts.presence.isAway) break
      if (this.#dialing.once(url, this.#turn.nowMs)) this.#turn.dial(url)
    }
    this.planSoon()
  }

  /** What kept this node from others is over. */
  awake(): void {
    this.#dialing.forgive()
    this.planSoon()
  }

  /** A dial came to nothing. */
  dialFailed(url: string): void {
    this.#dialing.failed(url, this.#turn.nowMs)
    this.planSoon()
  }

  /** The node has said that it leaves: closes every link, and dials nobody any more. */
  leave(): void {
    for (const { id } of [...this.#links.all]) this.close(id, 'left')
    this.#planToken++
    this.#planDueMs = Number.POSITIVE_INFINITY
  }

  /** A connection was opened. */
  opened(link: LinkId, dialed: string | undefined): void {
    if (this.#parts.presence.isAway) {
      this.#turn.close(link, 'left')
      if (dialed !== undefined) this.dialFailed(dialed)
    } else this.#links.opened(link, dialed, this.hello())
  }

  /** A hello came. */
  helloReceived(link: LinkId, peer: Hello): void {
    this.#follow(this.#links.hello(link, peer, this.hello(), this.#isStranger(peer.name)))
  }

  /** The timer `hello`. */
  helloTimeout(link: LinkId): void {
    this.#follow(this.#links.helloTimeout(link))
  }

  /** Closes a link from this end. */
  close(link: LinkId, reason: Reason): void {
    this.#follow(this.#links.close(link, reason))
  }

  /** Closes the links that have been silent for too long. */
  closeSilent(): void {
    this.#follow(this.#links.closeSilent())
  }

  /** A link is gone, and this end did not close it. */
  closed(link: LinkId, reason: Reason): void {
    const { onNameLost, presence } = this.#parts
    const state = this.#links.get(link)
    this.#follow(this.#links.closed(link, reason))
    // The other end has a link with a run that is later than what it was told. This one may have raised its incarnation
    // since, above that other run's: then a new hello has to decide, or both runs could stop.
    const { incarnation, name } = this.#directory.own.record
    const isOutdone = reason === 'replaced' || reason === 'outdated'
    if (isOutdone && state?.toldIncarnation === incarnation && presence.outdone()) {
      onNameLost(`a neighbor is linked to a later run of ${name}`)
    }
  }

  /** Sends each neighbor a heartbeat. */
  heartbeat(): void {
    for (const link of this.#links.neighbors.values()) this.#sendHeartbeat(link)
  }

  /** Something has changed that may make a dial worth while. */
  planSoon(): void {
    this.#planAt(this.#turn.nowMs + this.#parts.rng.between(0, this.#config.dialJitterMs))
  }

  /** The timer `links`: looks whom to dial. */
  plan(token: number): void {
    if (token !== this.#planToken) return
    this.#trim()
    const { neighbors } = this.#links
    const view = { directory: this.#directory, linksUp: neighbors.size }
    const isNeighbor = (name: NodeName): boolean => neighbors.has(name)
    const { urls, againMs } = this.#dialing.plan({ ...view, isNeighbor }, this.#turn.nowMs)
    for (const url of urls) this.#turn.dial(url)
    this.#planDueMs = Number.POSITIVE_INFINITY
    this.#planAt(this.#turn.nowMs + againMs)
  }

  #planAt(dueMs: number): void {
    if (dueMs >= this.#planDueMs || this.#parts.presence.isAway) return
    this.#planDueMs = dueMs
    this.#turn.timerAt({ kind: 'links', token: ++this.#planToken }, dueMs)
  }

  #follow(events: readonly LinkEvent[]): void {
    for (const event of events) {
      if (event.type === 'up') this.#linkUp(event.link, event.peer)
      else if (event.type === 'down') this.#linkDown(event.link, event.peer, event.reason)
      else if (event.type === 'dial-ended') this.#dialEnded(event.url, event.reason)
      else this.#nameConflict(event.link, event.peer)
    }
  }

  #linkUp(link: LinkState, peer: Hello): void {
    const { antiEntropy, broadcast, news, presence, reach } = this.#parts
    const { name, incarnation, instance, url } = peer
    const isOwnFirst = this.#links.neighbors.size === 1
    const isFirst = isOwnFirst || peer.linkless
    const mayJoin = isFirst || this.#isNewlyReached(name)
    const ends = isFirst ? 'apart' : this.#beforeLink(name)
    this.#turn.notify({ type: 'neighbor-up', name, link: link.id })
    if (link.dialed !== undefined) this.#dialing.answered(link.dialed, name)
    // Until its record comes: whoever is at the other end of a link exists and has this link.
    const links = [this.#directory.own.record.name]
    const record = { name, incarnation, instance, version: 0, state: 'up', links } as const
    news.neighborRun(url === undefined ? record : { ...record, url }, link.id)
    this.#sendHeartbeat(link)
    antiEntropy.linkUp(link.id, ends)
    presence.changed()
    reach.neighborUp(name)
    broadcast.linkUp(link.id, isFirst, mayJoin)
    // Several dials of a newcomer end at about the same time: what all of them push would come over each.
    if (!isOwnFirst && link.toldLinkless) broadcast.decline(link.id)
    broadcast.flush()
    this.#trim(name)
    this.planSoon()
  }

  /** Whether no path led to this peer a moment ago: what was broadcast there then may not have come here. */
  #isNewlyReached(name: NodeName): boolean {
    const entry = this.#directory.get(name)
    return entry === undefined || !entry.reachable || this.#turn.nowMs - entry.sinceMs < NEWLY_REACHED_MS
  }

  /** What this node knew of a peer before it had a link with it. */
  #beforeLink(name: NodeName): LinkEnds {
    const entry = this.#directory.get(name)
    if (entry === undefined) return 'unknown'
    const { reachable, sinceMs } = entry
    return !reachable && this.#turn.nowMs - sinceMs >= this.#config.publishIntervalMs ? 'apart' : 'known'
  }

  /**
   * Whether a link may join two parts of the overlay: its other end has been without a path for longer than a newcomer's
   * first record takes to arrive, or is still unknown a second after it asked for a link first.
   */
  #isStranger(name: NodeName): boolean {
    const ends = this.#beforeLink(name)
    return ends === 'unknown'
      ? this.#strangers.asked(name, this.#turn.nowMs) >= STILL_UNKNOWN_MS
      : ends === 'apart'
  }

  /** The link that has just come up is in no record yet: whether another way leads to it cannot be told. */
  #trim(keep?: NodeName): void {
    const hasDetour = (name: NodeName): boolean => {
      const entry = this.#directory.get(name)
      return name !== keep && entry !== undefined && this.#parts.routes.current.hasDetour(entry.slot)
    }
    this.#follow(this.#links.trim(hasDetour))
  }

  #linkDown(link: LinkState, peer: Hello, reason: Reason): void {
    const { antiEntropy, broadcast, delivery, presence, reach } = this.#parts
    this.#turn.notify({ type: 'neighbor-down', name: peer.name, link: link.id, reason })
    antiEntropy.linkDown(link.id)
    broadcast.linkDown(link.id)
    delivery.linkDown(link.id)
    if (reason === 'trimmed' && link.dialed !== undefined) {
      this.#dialing.backOff(link.dialed, this.#turn.nowMs)
    }
    presence.changed()
    reach.neighborDown(peer.name)
    this.planSoon()
  }

  #dialEnded(url: string, reason: Reason | 'accepted'): void {
    if (reason === 'self') this.#dialing.markOwn(url)
    else if (reason === 'accepted' || reason === 'crossed-dial') this.#dialing.succeeded(url)
    else if (reason === 'wrong-role' || reason === 'unsupported-protocol')
      this.#dialing.giveUp(url, this.#turn.nowMs)
    else this.#dialing.failed(url, this.#turn.nowMs)
    this.planSoon()
  }

  /** A live process with this node's name is at the other end: the later run keeps the name. */
  #nameConflict(link: LinkState, peer: Hello): void {
    if (link.dialed === undefined) this.#turn.send([link.id], this.hello())
    this.close(link.id, 'name-taken')
    if (isLaterRun(peer, this.#directory.own.record)) {
      this.#parts.onNameLost(`a later run of ${peer.name} met this one`)
    } else this.#parts.presence.outdid()
  }

  #sendHeartbeat(link: LinkState): void {
    this.#turn.send([link.id], this.#links.heartbeat(link, this.#directory.hash))
  }
}
