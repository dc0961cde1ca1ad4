// Whom to dial, and when: how many links are missing, who is a candidate, which address has to wait.
// It must not know links beyond their number; what happens on a link is links.ts.
//
// L1  never more than `dialsMax` dials are under way
// L2  an address is not dialled before its backoff has passed, and never while a dial to it is under way
// L3  nodes with enough links still dial, now and then, what they know and cannot reach: only that heals a partition. All
//     nodes of a part together dial each lost node about three times in `healIntervalMs`
// L4  an address of the configuration stays a contact, whoever else names it and whatever answers there, unless it is the
//     node's own
//
// Degrees follow HyParView (Leitão, Pereira, Rodrigues, DSN 2007, section 4); backoff with full jitter follows Brooker,
// "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
// Deviation from HyParView: no passive view and no shuffling, because the directory knows every node.

import type { CoreConfig } from './config.ts'
import type { Directory, Entry } from './directory.ts'
import type { Contact, NodeName } from './messages.ts'
import type { Rng } from './rng.ts'

/** Contacts remembered; the oldest makes room. */
export const CONTACTS_MAX = 256
/** Addresses whose failures are remembered; the oldest makes room. */
export const ADDRESSES_MAX = 1_024
/** A contact that failed this often is dropped, unless it was configured. */
const CONTACT_FAILURES_MAX = 8
/** So many contacts are kept however often they fail: after a long outage they are all that a node has left. */
const CONTACTS_KEPT = 16
/** How often all nodes of a part of the network together dial a stranger in an interval. */
const HEAL_DIALS = 3
/** How soon to look again when links are missing and nobody could be dialled just now. */
const REPLAN_MS = 250

interface Address {
  failures: number
  notBeforeMs: number
}

interface KnownContact {
  /** Who answers there, or is said to; `undefined` until somebody did at an address that only the configuration names. */
  name: NodeName | undefined
}

/** What {@link Dialing.plan} looks at. */
export interface DialView {
  readonly directory: Directory
  readonly linksUp: number
  readonly isNeighbor: (name: NodeName) => boolean
}

/** See {@link Dialing.inspect}. */
export interface DialingMemory {
  readonly underWay: ReadonlySet<string>
  readonly ownUrls: ReadonlySet<string>
  readonly contacts: ReadonlyMap<string, unknown>
  /** Contacts that the configuration names. */
  readonly fixed: ReadonlySet<string>
  /** Addresses whose failures are remembered. */
  readonly addresses: number
}

/** See the head of the file. */
export class Dialing {
  readonly #config: CoreConfig
  readonly #rng: Rng
  readonly #contacts = new Map<string, KnownContact>()
  /** Addresses of the configuration: they are kept for ever (L4). */
  readonly #fixed = new Set<string>()
  readonly #addresses = new Map<string, Address>()
  readonly #underWay = new Set<string>()
  readonly #ownUrls = new Set<string>()
  #filling = true
  /** Nodes that could be reached at the last look. */
  #reachable = Number.POSITIVE_INFINITY
  #nextHealMs = 0

  constructor(config: CoreConfig, rng: Rng, ownUrl: string | undefined) {
    this.#config = config
    this.#rng = rng
    if (ownUrl !== undefined) this.#ownUrls.add(ownUrl)
  }

  /** Dials that have not ended in a link or a failure yet. */
  get underWay(): number {
    return this.#underWay.size
  }

  /** Remembers who can be dialled. A contact without a name is one of the configuration, and stays one. */
  addContacts(contacts: readonly (Contact | { readonly url: string })[]): void {
    for (const contact of contacts) {
      const { url } = contact
      if (this.#ownUrls.has(url)) continue
      const name = 'name' in contact ? contact.name : this.#contacts.get(url)?.name
      if (!('name' in contact)) this.#fixed.add(url)
      this.#contacts.delete(url)
      this.#contacts.set(url, { name })
    }
    for (const url of this.#contacts.keys()) {
      if (this.#contacts.size <= CONTACTS_MAX) break
      if (!this.#fixed.has(url)) this.#contacts.delete(url)
    }
  }

  /** Whether this address may be dialled now; it counts as under way then. */
  once(url: string, nowMs: number): boolean {
    if (this.#underWay.size >= this.#config.dialsMax || !this.#mayDial(url, nowMs)) return false
    this.#underWay.add(url)
    return true
  }

  /** This address turned out to be this node itself: it is never dialled again. */
  markOwn(url: string): void {
    this.#ownUrls.add(url)
    this.#fixed.delete(url)
    this.#contacts.delete(url)
    this.succeeded(url)
  }

  /** Who is at the other end of a link to this address: as long as that node can be reached it is no stranger. */
  answered(url: string, name: NodeName): void {
    const contact = this.#contacts.get(url)
    if (contact !== undefined) contact.name = name
  }

  /** A dial ended in a link that both ends accepted. */
  succeeded(url: string): void {
    this.#underWay.delete(url)
    this.#addresses.delete(url)
  }

  /** A dial failed, or its link was refused: the address waits, twice as long each time. */
  failed(url: string, nowMs: number): void {
    this.#underWay.delete(url)
    this.backOff(url, nowMs)
  }

  /**
   * Whoever is at this address can never be a neighbor: it is not dialled again, unless somebody names it anew. One of the
   * configuration waits for the longest backoff: whoever wrote it down may yet put a node there, or one of this version.
   */
  giveUp(url: string, nowMs: number): void {
    this.failed(url, nowMs)
    if (!this.#fixed.has(url)) this.#contacts.delete(url)
    this.#addresses.set(url, { failures: 16, notBeforeMs: nowMs + this.#config.dialBackoffMaxMs })
  }

  /** The address waits as after a failed dial: a link to it that was up is not wanted at the other end. */
  backOff(url: string, nowMs: number): void {
    const address = this.#addresses.get(url) ?? { failures: 0, notBeforeMs: 0 }
    const backoffMs = Math.min(
      this.#backoffMaxMs,
      this.#config.dialBackoffMinMs * 2 ** Math.min(address.failures, 16),
    )
    address.failures++
    address.notBeforeMs = nowMs + this.#rng.between(1, backoffMs)
    this.#addresses.delete(url)
    this.#addresses.set(url, address)
    const oldest = this.#addresses.keys().next().value
    if (this.#addresses.size > ADDRESSES_MAX && oldest !== undefined) this.#addresses.delete(oldest)
    const isSpare = this.#contacts.size > CONTACTS_KEPT && address.failures >= CONTACT_FAILURES_MAX
    if (isSpare && !this.#fixed.has(url)) this.#contacts.delete(url)
  }

  /** Whatever failed may succeed now: no address waits any more, and who is lost is looked for at once. */
  forgive(): void {
    this.#addresses.clear()
    this.#nextHealMs = 0
  }

  /** In a small part of a network hardly anybody else looks for those who are lost: nobody waits for long. */
  get #backoffMaxMs(): number {
    const { dialBackoffMaxMs, healIntervalMs } = this.#config
    return Math.min(dialBackoffMaxMs, healIntervalMs * Math.max(2, this.#reachable))
  }

  /** The addresses to dial now, and how long to wait before asking again. */
  plan(view: DialView, nowMs: number): { urls: string[]; againMs: number } {
    this.#reachable = view.directory.reachableCount
    const missing = this.#missing(view)
    let room = this.#config.dialsMax - this.#underWay.size
    const urls = new Set<string>()
    const alone = view.linksUp === 0
    if (alone || nowMs >= this.#nextHealMs) for (const url of this.#heal(view, nowMs, room)) urls.add(url)
    room = Math.min(room, missing - this.#underWay.size) - urls.size
    if (room > 0) for (const url of this.#peers(view, nowMs, room)) urls.add(url)
    for (const url of urls) this.#underWay.add(url)
    const short = missing > this.#underWay.size
    return { urls: [...urls], againMs: short || alone ? REPLAN_MS : this.#healIntervalMs(view) }
  }

  /** Whom to dial of those who are known, or were named, and cannot be reached. */
  #heal(view: DialView, nowMs: number, room: number): string[] {
    const intervalMs = this.#healIntervalMs(view)
    this.#nextHealMs = nowMs + this.#rng.between(intervalMs >> 1, intervalMs + (intervalMs >> 1))
    const contacts = this.#lostContacts(view, nowMs)
    const lost = this.#lost(view, nowMs)
    if (view.linksUp === 0) return this.#pick([...new Set([...contacts, ...lost])], room)
    // What was named to this node others may not know.
    const urls = new Set(this.#pick(contacts, Math.min(1, room)))
    const share = this.#share(lost.length, view.directory.reachableCount)
    for (const url of this.#pick(lost, Math.min(share, room))) if (urls.size < room) urls.add(url)
    return [...urls]
  }

  /**
   * How many strangers this node dials now, so that each of them is dialled a few times in an interval by all nodes here
   * together: neither do a thousand nodes dial the one that has died, nor one node out of three leave it to the others.
   */
  #share(lost: number, reachable: number): number {
    const share = (lost * HEAL_DIALS) / reachable
    const whole = Math.floor(share)
    return whole + (this.#rng.chance(share - whole) ? 1 : 0)
  }

  /** The smaller part of a network that fell apart looks more often: it has more to find, and fewer who look. */
  #healIntervalMs({ directory }: DialView): number {
    const { healIntervalMs } = this.#config
    return directory.size > 2 * directory.reachableCount ? healIntervalMs >> 2 : healIntervalMs
  }

  /** Some of them, at random. */
  #pick(urls: string[], countMax: number): string[] {
    const count = Math.min(countMax, urls.length)
    for (let index = 0; index < count; index++) {
      const other = index + this.#rng.below(urls.length - index)
      const swap = urls[index] as string
      urls[index] = urls[other] as string
      urls[other] = swap
    }
    return urls.slice(0, count)
  }

  /** What the invariants are checked on. */
  inspect(): DialingMemory {
    return {
      underWay: this.#underWay,
      ownUrls: this.#ownUrls,
      contacts: this.#contacts,
      fixed: this.#fixed,
      addresses: this.#addresses.size,
    }
  }

  /** Links to add: everyone is a neighbor in a small overlay, and there is a hysteresis in a large one. */
  #missing({ directory, linksUp }: DialView): number {
    const others = directory.reachableCount - 1
    const isMesh = others < this.#config.meshNodesMax
    const aim = isMesh ? others : this.#config.linksAim
    if (linksUp >= aim) this.#filling = false
    else if (linksUp < (isMesh ? aim : this.#config.linksMin)) this.#filling = true
    return this.#filling ? Math.max(0, aim - linksUp) : 0
  }

  /** Addresses that were named, and of whose nodes none is known to be reachable. */
  #lostContacts({ directory, isNeighbor }: DialView, nowMs: number): string[] {
    const urls: string[] = []
    for (const [url, { name }] of this.#contacts) {
      if (!this.#mayDial(url, nowMs)) continue
      const entry = name === undefined ? reachableAt(url, directory) : directory.get(name)
      if (entry === undefined || !(entry.reachable || isNeighbor(entry.record.name))) urls.push(url)
    }
    return urls
  }

  /** Addresses of nodes that are known and cannot be reached. */
  #lost({ directory, isNeighbor }: DialView, nowMs: number): string[] {
    const urls: string[] = []
    for (const { record } of directory.unreachable()) {
      if (record.state === 'leaving' || record.url === undefined || isNeighbor(record.name)) continue
      if (this.#mayDial(record.url, nowMs)) urls.push(record.url)
    }
    return urls
  }

  /** Addresses of random reachable nodes that are not neighbors. */
  #peers(view: DialView, nowMs: number, countMax: number): string[] {
    const own = view.directory.own.record
    const accept = ({ reachable, record, sinceMs }: Entry): boolean => {
      if (!reachable || record.url === undefined || view.isNeighbor(record.name)) return false
      const yields = own.url !== undefined && own.name > record.name && record.state === 'up'
      if (yields && nowMs - sinceMs < this.#config.dialYieldMs) return false
      return this.#mayDial(record.url, nowMs)
    }
    return view.directory
      .sample(this.#rng, countMax, accept)
      .flatMap(({ record }) => (record.url === undefined ? [] : [record.url]))
  }

  #mayDial(url: string, nowMs: number): boolean {
    if (this.#ownUrls.has(url) || this.#underWay.has(url)) return false
    return nowMs >= (this.#addresses.get(url)?.notBeforeMs ?? 0)
  }
}

/** The reachable node that has this address, if its own record says so. */
function reachableAt(url: string, directory: Directory): Entry | undefined {
  for (const entry of directory.entries) if (entry.reachable && entry.record.url === url) return entry
  return undefined
}
