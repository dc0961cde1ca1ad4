// The plain HTTP peers: who they are, what they are called, and whether they still answer. A part of the registry.
// It must not know more of the nodes than which names they have.

import { type LeaveReason, type NodeName, parseNodeName } from '../core/messages.ts'
import { httpUrlOf } from '../http/peer-urls.ts'
import type { Audience, Emit } from './audience.ts'
import type { Listing } from './changes.ts'
import type { RegistryConfig } from './registry-config.ts'
import type { HttpRegistration } from './registry-events.ts'

/** A peer that takes messages by `POST /message` only. */
export interface HttpPeer {
  readonly name: NodeName
  /** In the canonical form of net/url: `ws://host:port/path`. */
  readonly url: string
  /** Which registration of the name: the answer to an older one's poll is stale. */
  readonly token: number
  /** Polls that failed since it last registered or answered. */
  failures: number
}

/** What the list is given by the registry. */
export interface HttpPeersOptions {
  readonly config: RegistryConfig
  readonly audience: Audience
  readonly emit: Emit
  /** Whether a node has this name. */
  readonly isNode: (name: NodeName) => boolean
}

type Refusal = Extract<HttpRegistration, { status: 'refused' }>

/** A name to register under. `holder`: another peer that has it, but does not answer any more, and gives way. */
type NameChoice = { readonly name: NodeName; readonly holder?: HttpPeer }

/** The list of them, by name and by URL: a URL has one name, and a name one URL. */
export class HttpPeers {
  readonly #config: RegistryConfig
  readonly #audience: Audience
  readonly #emit: Emit
  readonly #isNode: (name: NodeName) => boolean
  readonly #byName = new Map<NodeName, HttpPeer>()
  readonly #byUrl = new Map<string, HttpPeer>()
  #token = 0

  constructor(options: HttpPeersOptions) {
    this.#config = options.config
    this.#audience = options.audience
    this.#emit = options.emit
    this.#isNode = options.isNode
  }

  /** How many there are. */
  get size(): number {
    return this.#byName.size
  }

  /** How all of them are listed, in the order in which they came. */
  listings(): Listing[] {
    return Array.from(this.#byName.values(), httpListing)
  }

  /** Where the peer is that keeps a node at `url` from having this name; `undefined`: nothing does. */
  blockerOf(name: NodeName, url: string | undefined): string | undefined {
    const peer = this.#byName.get(name)
    return peer === undefined || peer.failures > 0 || peer.url === url ? undefined : httpUrlOf(peer.url)
  }

  /**
   * A node has registered: a peer at its URL was this node, and one with its name gives it up. Returns how the name was
   * listed, and leaves it to the caller to tell what became of it.
   */
  supersede(name: NodeName, url: string | undefined, nowMs: number): Listing | undefined {
    const sameUrl = url === undefined ? undefined : this.#byUrl.get(url)
    if (sameUrl !== undefined && sameUrl.name !== name) this.#remove(sameUrl, 'left', nowMs)
    const sameName = this.#byName.get(name)
    if (sameName === undefined) return undefined
    this.#delete(sameName)
    return httpListing(sameName)
  }

  /** Registers the peer at `url`, which no node has. A known one is refreshed, or renamed when it gives a new name. */
  register(url: string, given: string | undefined, nowMs: number): HttpRegistration {
    const known = this.#byUrl.get(url)
    const choice = given === undefined ? this.#chooseName(url) : this.#checkName(given, url)
    if ('status' in choice) return choice
    const { name, holder } = choice
    if (known?.name === name) {
      known.failures = 0
      return { status: 'registered', name }
    }
    const { httpPeersMax, pollIntervalMs } = this.#config
    if (known === undefined && holder === undefined && this.size >= httpPeersMax) {
      return refusal('full', `${httpPeersMax} HTTP peers are registered, no more are taken`)
    }
    if (known !== undefined) this.#remove(known, 'left', nowMs)
    if (holder !== undefined) this.#remove(holder, 'unreachable', nowMs)
    const peer: HttpPeer = { name, url, token: ++this.#token, failures: 0 }
    this.#byName.set(name, peer)
    this.#byUrl.set(url, peer)
    this.#emit({ type: 'timer', timer: { kind: 'poll', name, token: peer.token }, afterMs: pollIntervalMs })
    this.#audience.changed({ after: httpListing(peer) }, 'left', nowMs)
    return { status: 'registered', name }
  }

  /** The poll timer has run out. */
  poll(name: NodeName, token: number): void {
    const peer = this.#byName.get(name)
    if (peer?.token === token) this.#emit({ type: 'poll', name, url: `${httpUrlOf(peer.url)}/`, token })
  }

  /** A poll has ended. */
  polled(
    answer: { readonly name: NodeName; readonly token: number; readonly alive: boolean },
    nowMs: number,
  ) {
    const { name, token, alive } = answer
    const peer = this.#byName.get(name)
    if (peer?.token !== token) return
    peer.failures = alive ? 0 : peer.failures + 1
    if (peer.failures >= this.#config.pollFailuresMax) this.#remove(peer, 'unreachable', nowMs)
    else {
      const afterMs = this.#config.pollIntervalMs
      this.#emit({ type: 'timer', timer: { kind: 'poll', name, token }, afterMs })
    }
  }

  /** The name that the peer gives itself. */
  #checkName(given: string, url: string): NameChoice | Refusal {
    const name = parseNodeName(given)
    if (name === undefined) return refusal('malformed', `${JSON.stringify(given.slice(0, 80))} is not a name`)
    if (this.#isNode(name)) return refusal('name-taken', `${name} is a registered node`)
    const holder = this.#byName.get(name)
    if (holder === undefined || holder.url === url) return { name }
    return holder.failures > 0
      ? { name, holder }
      : refusal('name-taken', `${name} is in use at ${httpUrlOf(holder.url)}`)
  }

  /** The name that it has; else the host part of its URL; else host-port, when somebody else has that. */
  #chooseName(url: string): NameChoice | Refusal {
    const known = this.#byUrl.get(url)
    if (known !== undefined) return { name: known.name }
    const { hostname, port, protocol } = new URL(url)
    // An IPv6 host has brackets and colons, which names have not.
    const host = hostname.replace(/^\[:*|\]$/g, '').replaceAll(':', '-')
    const names = [host, `${host}-${port || (protocol === 'wss:' ? 443 : 80)}`].map(parseNodeName)
    const free = names.find((name) => name !== undefined && !this.#byName.has(name) && !this.#isNode(name))
    if (free !== undefined) return { name: free }
    return names[0] === undefined
      ? refusal('malformed', 'no name can be made of the address: give one')
      : refusal('name-taken', `${names.join(' and ')} are in use: give another name`)
  }

  #remove(peer: HttpPeer, reason: LeaveReason, nowMs: number): void {
    this.#delete(peer)
    this.#audience.changed({ before: httpListing(peer) }, reason, nowMs)
  }

  #delete(peer: HttpPeer): void {
    this.#byName.delete(peer.name)
    this.#byUrl.delete(peer.url)
  }
}

function refusal(reason: Refusal['reason'], detail: string): Refusal {
  return { status: 'refused', reason, detail }
}

function httpListing({ name, url }: HttpPeer): Listing {
  return { peer: { name, kind: 'http', url: httpUrlOf(url) }, run: '' }
}
