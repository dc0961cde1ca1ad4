// A node's side of the rendezvous: registered at every bootstrap that it was told of, all at the same time, because
// each of them is independent of the others. Puts together what they say.
// It must not dial nodes, nor decide who is a neighbor: it hands contacts over.

import type { Contact, Hello, ListedPeer, NodeName, PeerEvents, Welcome } from '../core/messages.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { normalizeUrl } from '../net/url.ts'
import type { ClientWorld } from './client-world.ts'
import { Registration, type RegistrationTimes } from './registration.ts'

/** How a client is set up. Times that are not given are as in {@link CLIENT_DEFAULTS}. */
export interface BootstrapClientOptions extends Partial<RegistrationTimes> {
  /** Where the bootstraps are: `ws`, `wss`, `http` or `https`. None is fine: a node can do without. */
  readonly urls: readonly string[]
  /** What the node says of itself; called afresh for each connection. */
  readonly hello: () => Hello
  readonly logger?: Logger
  /** For the backoff: from 0 inclusive to 1 exclusive. Default `Math.random`. */
  readonly random?: () => number
  /**
   * The node was a member before, and another run of its name may be about to leave: the first refusals of the name are
   * not the last word. Default false.
   */
  readonly wasMember?: boolean
  /** Where it runs: `clientSockets`, unless it is simulated. */
  readonly world: ClientWorld
}

/** What a client tells its node; what may be left out a node need not know. Never called after {@link BootstrapClient.close}, nor from within a call of it. */
export interface BootstrapClientHandlers {
  /**
   * Nodes that can be dialled, without the node itself: from a welcome, or just joined. One of the node's own name is
   * another process that claims it.
   */
  readonly onContacts: (contacts: readonly Contact[]) => void
  /** What a bootstrap pushed, without the node itself. Hints: a large overlay tells each change to a few nodes only. */
  readonly onPeerEvents?: (events: PeerEvents) => void
  /** All plain HTTP peers of all bootstraps, whenever one has come or gone. A lost bootstrap's are kept until it is back. */
  readonly onHttpPeers: (peers: readonly ListedPeer[]) => void
  readonly onRegistered?: (url: string, welcome: Welcome) => void
  /**
   * Another live process has the name, this node has no link at all, and no bootstrap has registered it yet, or none does
   * any more: the client has stopped.
   */
  readonly onNameTaken: (url: string, detail: string) => void
  /** A bootstrap that had this node registered is gone; the client tries to get back. */
  readonly onLost?: (url: string, detail: string) => void
}

/** Defaults: a restarted bootstrap knows all nodes after 5 s and a dial. */
export const CLIENT_DEFAULTS: RegistrationTimes = {
  heartbeatMs: 5_000,
  heartbeatsMissedMax: 3,
  dialTimeoutMs: 5_000,
  welcomeTimeoutMs: 5_000,
  backoffMinMs: 250,
  backoffMaxMs: 5_000,
  mistakenMs: 300_000,
}

/** Thrown for a bootstrap URL that cannot be dialled. */
export class BootstrapUrlError extends TypeError {
  readonly code = 'bootstrap-url'
  override readonly name = 'BootstrapUrlError'
}

/** A half-open connection is found in three heartbeats; so many refusals take longer. */
const REFUSALS_MAX = 8

interface Place {
  readonly url: string
  readonly registration: Registration
  /** As this bootstrap last said. */
  httpPeers: ReadonlyMap<NodeName, ListedPeer>
  /** How many nodes are registered there, as it last said; 0 before it has. */
  registered: number
}

/** The registrations of one node. */
export class BootstrapClient {
  readonly #options: BootstrapClientOptions
  readonly #handlers: BootstrapClientHandlers
  readonly #logger: Logger
  readonly #places: readonly Place[]
  #wasRegistered: boolean
  /** Refusals of the name since a bootstrap accepted it last. */
  #refusals = 0
  #httpPeersTold = '[]'
  #closed: Promise<void> | undefined

  /** @throws BootstrapUrlError when one of the URLs is none */
  constructor(options: BootstrapClientOptions, handlers: BootstrapClientHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#logger = options.logger ?? silentLogger
    this.#wasRegistered = options.wasMember ?? false
    const urls = new Set(
      options.urls.map((text) => {
        const canonical = normalizeUrl(text)
        if (!canonical.ok) throw new BootstrapUrlError(canonical.detail)
        return canonical.url
      }),
    )
    this.#places = [...urls].map((url) => this.#place(url))
  }

  /** Whether at least one bootstrap has this node registered. */
  get registered(): boolean {
    return this.#places.some(({ registration }) => registration.isRegistered)
  }

  /**
   * How many other nodes are registered: the most that a bootstrap counts which has this node registered. Where none has,
   * as they last said; 0 before any has said it. Exact up to 64 nodes; of more, a change is told to some only.
   */
  get others(): number {
    const standing = this.#places.filter(({ registration }) => registration.isRegistered)
    const counts = (standing.length > 0 ? standing : this.#places).map(({ registered }) => registered)
    return Math.max(0, ...counts.map((registered) => registered - 1))
  }

  /** Begins to register everywhere. Calls after the first do nothing. */
  start(): void {
    if (this.#closed !== undefined) return
    for (const { registration } of this.#places) registration.start()
  }

  /** What kept this process from others is over: dials at once wherever it waits to dial again. */
  hurry(): void {
    for (const { registration } of this.#places) registration.hurry()
  }

  /**
   * Tells the bootstraps why the node goes, and stops. Resolves when the connections are closed, at most
   * `closeTimeoutMs` of the links (1 s) later. Never rejects.
   */
  close(reason: 'left' | 'shutting-down'): Promise<void> {
    this.#closed ??= Promise.all(this.#places.map(({ registration }) => registration.stop(reason))).then(
      () => {},
    )
    return this.#closed
  }

  #place(url: string): Place {
    const { hello, random = Math.random, world } = this.#options
    const place: Place = {
      url,
      httpPeers: new Map(),
      registered: 0,
      registration: new Registration(
        { url, hello, random, world, logger: this.#logger, times: { ...CLIENT_DEFAULTS, ...this.#options } },
        {
          onWelcome: (welcome) => this.#welcomed(place, welcome),
          onPeerEvents: (events) => this.#pushed(place, events),
          onLost: (detail) => this.#lost(place, detail),
          onNameTaken: (detail) => this.#nameTaken(place, detail),
          onReplaced: () => this.#hasOtherAt(place),
        },
      ),
    }
    return place
  }

  #welcomed(place: Place, welcome: Welcome): void {
    this.#wasRegistered = true
    this.#refusals = 0
    place.registered = welcome.registered
    place.httpPeers = new Map(welcome.httpPeers.map((peer) => [peer.name, peer]))
    this.#handlers.onRegistered?.(place.url, welcome)
    this.#tellContacts(welcome.contacts)
    this.#tellHttpPeers()
  }

  #pushed(place: Place, pushed: PeerEvents): void {
    if (pushed.registered !== undefined) place.registered = pushed.registered
    const self = this.#options.hello().name
    const joined = pushed.joined.filter(({ name }) => name !== self)
    const left = pushed.left.filter(({ name }) => name !== self)
    const httpPeers = new Map(place.httpPeers)
    for (const peer of joined) {
      if (peer.kind === 'http') httpPeers.set(peer.name, peer)
      else httpPeers.delete(peer.name)
    }
    for (const { name } of left) httpPeers.delete(name)
    place.httpPeers = httpPeers
    if (joined.length > 0 || left.length > 0) {
      this.#handlers.onPeerEvents?.({ type: 'peer-events', joined, left })
    }
    this.#tellContacts(
      pushed.joined.flatMap(({ name, kind, url }) =>
        kind === 'node' && url !== undefined ? [{ name, url }] : [],
      ),
    )
    this.#tellHttpPeers()
  }

  #tellContacts(contacts: readonly Contact[]): void {
    const self = this.#options.hello()
    const own = self.url === undefined ? undefined : normalizeUrl(self.url)
    const others = contacts.filter(({ name, url }) => name !== self.name || !own?.ok || url !== own.url)
    if (others.length > 0 && this.#closed === undefined) this.#handlers.onContacts(others)
  }

  #tellHttpPeers(): void {
    const all = new Map<NodeName, ListedPeer>()
    for (const { httpPeers } of this.#places) {
      for (const [name, peer] of httpPeers) if (!all.has(name)) all.set(name, peer)
    }
    const peers = [...all.values()]
    const text = JSON.stringify(peers)
    if (text === this.#httpPeersTold || this.#closed !== undefined) return
    this.#httpPeersTold = text
    this.#handlers.onHttpPeers(peers)
  }

  #lost(place: Place, detail: string): void {
    // Another URL of the same bootstrap may be waiting for this.
    for (const { registration } of this.#places) if (registration !== place.registration) registration.wake()
    this.#handlers.onLost?.(place.url, detail)
  }

  #nameTaken(place: Place, detail: string): boolean {
    // Two processes of one name that both have links decide between themselves where they meet: if the bootstrap did so,
    // too, each of them could be the one that stops. A node that was a member once may hold the name against its own
    // half-open connection: that passes. Without any link it can find out nowhere else that another process has the name.
    this.#refusals++
    if (!this.#options.hello().linkless || this.registered) return true
    if (this.#wasRegistered && this.#refusals < REFUSALS_MAX) return true
    void this.close('left')
    this.#handlers.onNameTaken(place.url, detail)
    return false
  }

  #hasOtherAt(place: Place): boolean {
    const { bootstrapInstance } = place.registration
    const other = this.#places.find(
      ({ registration }) => registration.isRegistered && registration.bootstrapInstance === bootstrapInstance,
    )
    if (other === undefined) return false
    this.#logger.info({ url: place.url, registeredAt: other.url }, 'bootstrap-same-as-other')
    return true
  }
}
