// A node: the core with real sockets, a real clock and an application. The only production switch over the core's
// effects is here. It must not hold protocol rules, and carrying out effects never waits for anybody.

import { nanoid } from 'nanoid'
import type { BroadcastAnswer, SendAnswer } from '../answers.ts'
import { CORE_DEFAULTS } from '../core/config.ts'
import type { Effect, Input, Notification, Outcome } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import { Overlay } from '../core/overlay.ts'
import { REASONS, type Reason, type SendFailure } from '../core/reasons.ts'
import type { GuestHost } from '../guests/guest-host.ts'
import type { NodeHealth, Topology } from '../http/node-host.ts'
import type { Logger } from '../logger.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { Doors } from './doors.ts'
import { type EnvelopeHeaders, open, seal } from './envelope.ts'
import { HearsayError } from './errors.ts'
import { Emitter, type NodeEvents, type PeerInfo } from './events.ts'
import { HttpPeers } from './http-peers.ts'
import { NodeLinks } from './links.ts'
import { checkName, checkOptions, defaultUrl, type NodeOptions, type NodeSettings } from './options.ts'
import type { ByReason, NodeStats } from './stats.ts'
import { Timers } from './timers.ts'
import { joinedPeers, peerInfo, topologyOf } from './views.ts'
import { Waiting } from './waiting.ts'

/** How long links and directory must have been quiet for {@link Node.settled}. */
const SETTLED_MS = 1_000
/** How long `close` waits for the links to end properly. */
const CLOSE_MS = 1_500

/** How one message is to be sent. */
export interface SendOptions {
  /** When to give up, in ms from now. Default 10,000, at most an hour. */
  readonly deadlineMs?: number
  /** A label that receivers see next to the node's name. Default: none. */
  readonly sender?: string
}

/** A running node. Made by {@link createNode}. */
export class Node {
  readonly #settings: NodeSettings
  readonly #logger: Logger
  readonly #overlay: Overlay
  readonly #emitter = new Emitter()
  readonly #httpPeers = new HttpPeers()
  readonly #timers: Timers
  readonly #links: NodeLinks
  readonly #doors: Doors
  readonly #inputs: Input[] = []
  readonly #outcomes = new Waiting<SendAnswer>()
  readonly #broadcasts = new Waiting<BroadcastAnswer>()
  readonly #drops = new Map<Reason, number>()
  readonly #ready = Promise.withResolvers<void>()
  #isHandling = false
  #isReady = false
  #lastId = 0
  #changedMs = 0
  #closed: Promise<void> | undefined

  /** Use {@link createNode}. */
  constructor(settings: NodeSettings, doors: Doors, url: string | undefined) {
    this.#settings = settings
    this.#logger = settings.logger
    this.#doors = doors
    const identity = { name: settings.name, incarnation: Date.now(), instance: nanoid() }
    const seed = Math.floor(Math.random() * 2 ** 48)
    this.#overlay = new Overlay(url === undefined ? identity : { ...identity, url }, seed, settings.config)
    this.#timers = new Timers((timer) => this.#feed({ type: 'timer', timer }))
    this.#links = new NodeLinks((input) => this.#feed(input), settings.logger, settings.link)
    // Nobody has to wait for `ready()`: a rejection is theirs who do.
    this.#ready.promise.catch(() => {})
    this.#feed({ type: 'start' })
    if (settings.peers.length > 0) {
      this.#feed({ type: 'contacts', contacts: settings.peers.map((peer) => ({ url: peer })) })
    }
    doors.open({
      host: this,
      guestHost: this.#guestHost(),
      hello: () => this.#overlay.hello(),
      onLink: (socket, from) => this.#links.adopt(socket, from),
      onContacts: (contacts) => this.#feed({ type: 'contacts', contacts }),
      onHttpPeers: (peers) => {
        const { joined, gone } = this.#httpPeers.replace(peers)
        for (const name of gone)
          this.#emitter.emit('peer-leave', { name, kind: 'http', reason: 'unreachable' })
        for (const peer of joined) this.#emitter.emit('peer-join', peer)
      },
      onNameTaken: (detail) => this.#stop(detail),
    })
  }

  /** The node's name. */
  get name(): string {
    return this.#settings.name
  }

  /** The port listened on; `undefined` when the node only dials. */
  get port(): number | undefined {
    return this.#doors.port
  }

  /** Where others dial this node, as a canonical `ws://` URL; `undefined`: nowhere. */
  get url(): string | undefined {
    return this.#overlay.self.url
  }

  /** Resolves at the first link. Rejects with `name-taken` or `closed` when there will be none. */
  ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Resolves when the node is ready and no link and no peer has come or gone for a second. Rejects as `ready` does. */
  async settled(): Promise<void> {
    await this.ready()
    for (;;) {
      if (this.#closed !== undefined) throw new HearsayError('closed', `${this.name} is closed`)
      const restMs = this.#changedMs + SETTLED_MS - performance.now()
      if (restMs <= 0) return
      await this.#timers.wait(restMs)
    }
  }

  /**
   * Sends a message to one node and resolves with how that ended; a failure is a value, not a rejection.
   * @param to a node's name, also one that nobody knows yet
   * @param value a JSON value, or bytes
   * @throws HearsayError `invalid-name` or `invalid-payload`, at once
   */
  send(to: string, value: JsonValue | Uint8Array, options: SendOptions = {}): Promise<SendAnswer> {
    const name = checkName(to)
    const { deadlineMs } = options
    if (deadlineMs !== undefined && !(Number.isInteger(deadlineMs) && deadlineMs > 0)) {
      throw new HearsayError(
        'invalid-option',
        `deadlineMs: ${deadlineMs} is not a whole number of ms above 0`,
      )
    }
    const payload = seal(value, this.#label(options.sender))
    if (this.#httpPeers.has(name) && this.#overlay.directory.get(name) === undefined) {
      return this.#post(name, value, options)
    }
    return this.#send(name, payload, deadlineMs)
  }

  /**
   * Sends a message to all nodes. Resolves when it has gone out to the neighbors; without one it waits for the first,
   * unless plain HTTP peers are all that there is.
   * @throws HearsayError `invalid-payload`, at once
   */
  broadcast(
    value: JsonValue | Uint8Array,
    options: { readonly sender?: string } = {},
  ): Promise<BroadcastAnswer> {
    const payload = seal(value, this.#label(options.sender))
    if (payload.length > LIMITS.payloadBytesMax) return Promise.resolve(this.#failed('too-large'))
    const httpPeers = this.#httpPeers.list
    for (const peer of httpPeers) void this.#postOrDrop(peer.name, value, options)
    if (httpPeers.length > 0 && this.#overlay.neighbors.size === 0 && this.#doors.isAlone) {
      return Promise.resolve({ status: 'sent', id: this.#messageId(), neighbors: 0 })
    }
    return new Promise((resolve) => {
      this.#feed({ type: 'broadcast', id: this.#broadcasts.add(resolve), payload })
    })
  }

  /** Calls `listener` at each event of this kind; the function returned ends that. */
  on<K extends keyof NodeEvents>(kind: K, listener: (event: NodeEvents[K]) => void): () => void {
    return this.#emitter.on(kind, listener)
  }

  /** The peers that have joined and not left, as the events tell it, and the plain HTTP peers, without this node. */
  peers(): PeerInfo[] {
    return [...joinedPeers(this.#overlay), ...this.#httpPeers.list]
  }

  /** All known nodes and the links between them, as this node sees them. */
  topology(): Topology {
    return topologyOf(this.#overlay, this.#httpPeers.list)
  }

  /** The neighbors, with the smoothed round trip of their links. */
  neighbors(): { readonly name: string; readonly rttMs: number | undefined }[] {
    return [...this.#overlay.neighbors].map(([name, { rttMs }]) => ({ name, rttMs }))
  }

  /** What was dropped here, by reason, since the start. */
  drops(): ByReason {
    return Object.fromEntries(this.#drops)
  }

  /** Counters since the start. */
  stats(): NodeStats {
    const listener = this.#doors.listenerStats
    return {
      dropped: this.drops(),
      linksEnded: this.#links.ended,
      httpRefused: this.#doors.httpRefused,
      ...(listener === undefined ? {} : { listener }),
    }
  }

  /** How the node is. */
  health(): NodeHealth {
    const links = this.#overlay.neighbors.size
    const peers = this.peers().length
    const { registered, isAlone } = this.#doors
    const live = this.#closed === undefined
    const ready = live && (links > 0 || (registered && isAlone))
    const reason = live ? 'no link to any peer yet' : 'the node is shutting down'
    return { live, ready, links, registered, peers, ...(ready ? {} : { reason }) }
  }

  /**
   * Takes a message that was handed to this very node from outside of the overlay (`POST /message`).
   * `sender` is a label that nobody has checked.
   */
  deliver({ sender, msg }: { readonly sender: string; readonly msg: JsonValue }): void {
    const message = { from: sender, value: msg, hops: 0, broadcast: false, via: 'http' } as const
    this.#doors.deliver(message)
    this.#emitter.emit('message', message)
  }

  /** Leaves the overlay and closes everything. Always resolves, within about 2 s; a second call waits for the same. */
  close(): Promise<void> {
    this.#closed ??= this.#end(() => this.#feed({ type: 'leave' }))
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // The effect loop.

  /** Hands an input to the core and carries out what follows. Inputs that arise meanwhile wait for their turn. */
  #feed(input: Input): void {
    if (this.#isHandling) {
      this.#inputs.push(input)
      return
    }
    this.#isHandling = true
    try {
      for (let next: Input | undefined = input; next !== undefined; next = this.#inputs.shift()) {
        for (const effect of this.#overlay.handle(next, performance.now())) this.#carryOut(effect)
      }
    } finally {
      this.#isHandling = false
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#links.send(effect)
        break
      case 'dial':
        this.#links.dial(effect.url)
        break
      case 'close':
        this.#links.close(effect.link, effect.reason)
        break
      case 'timer':
        this.#timers.start(effect.timer, effect.afterMs)
        break
      case 'notify':
        this.#tell(effect.notification)
    }
  }

  #tell(notification: Notification): void {
    switch (notification.type) {
      case 'message':
        this.#receive(notification)
        break
      case 'outcome':
        this.#settle(notification.id, notification.outcome)
        break
      case 'broadcast-sent':
        this.#settleBroadcast(notification)
        break
      case 'peer-join':
        this.#changed()
        this.#emitter.emit('peer-join', peerInfo(notification.peer))
        break
      case 'peer-leave': {
        const { name, reason } = notification
        this.#changed()
        this.#logger.info({ peer: name, reason }, 'peer-leave')
        this.#emitter.emit('peer-leave', { name, kind: 'node', reason })
        break
      }
      case 'neighbor-up':
        this.#changed()
        this.#logger.debug({ peer: notification.name }, 'neighbor-up')
        this.#becomeReady()
        this.#emitter.emit('neighbor-up', { name: notification.name })
        break
      case 'neighbor-down': {
        const { name, reason } = notification
        this.#changed()
        this.#logger.debug({ peer: name, reason }, 'neighbor-down')
        this.#emitter.emit('neighbor-down', { name, reason })
        break
      }
      case 'drop':
        this.#drop(notification.reason, notification.detail)
        break
      case 'stopped':
        this.#stop(notification.detail)
        break
      case 'left':
    }
  }

  #settle(id: number, outcome: Outcome): void {
    const resolve = this.#outcomes.take(id)
    if (outcome.status === 'failed') resolve?.(outcome)
    else {
      const { hops, rttMs } = outcome
      resolve?.({ status: 'delivered', id: this.#messageId(), hops, rttMs })
    }
  }

  #settleBroadcast({ id, neighbors, failure }: Extract<Notification, { type: 'broadcast-sent' }>): void {
    const resolve = this.#broadcasts.take(id)
    if (failure === undefined) resolve?.({ status: 'sent', id: this.#messageId(), neighbors })
    else resolve?.(this.#failed(failure))
  }

  #becomeReady(): void {
    if (this.#isReady) return
    this.#isReady = true
    this.#logger.info({ name: this.name }, 'ready')
    this.#ready.resolve()
  }

  #changed(): void {
    this.#changedMs = performance.now()
  }

  #receive(notification: Extract<Notification, { type: 'message' }>): void {
    const opened = open(notification)
    if (opened.kind === 'message') {
      this.#doors.deliver(opened.message)
      this.#emitter.emit('message', opened.message)
    } else if (opened.kind === 'for-guest') {
      const { message, guest } = opened
      if (this.#doors.deliver({ ...message, to: guest })) return
      this.#drop('unknown-peer', `${guest} is no guest here, message of ${message.from}`)
    } else if (opened.kind === 'broken') this.#drop('malformed', opened.detail)
  }

  #drop(reason: Reason, detail: string): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1)
    this.#logger.trace({ reason, detail }, 'drop')
  }

  // Sending.

  #send(to: NodeName, payload: Uint8Array, deadlineMs: number | undefined): Promise<SendAnswer> {
    if (payload.length > LIMITS.payloadBytesMax) return Promise.resolve(this.#failed('too-large'))
    return new Promise((resolve) => {
      const id = this.#outcomes.add(resolve)
      const input = { type: 'send', id, to, payload } as const
      this.#feed(deadlineMs === undefined ? input : { ...input, deadlineMs })
    })
  }

  #label(sender: string | undefined): EnvelopeHeaders {
    return sender === undefined || sender === this.name ? {} : { sender }
  }

  /** The node as its guests see it. */
  #guestHost(): GuestHost {
    return {
      name: this.name,
      send: (to, { sender, msg, guest }, { deadlineMs }) =>
        this.#send(
          checkName(to),
          seal(msg, { sender, ...(guest === undefined ? {} : { guest }) }),
          deadlineMs,
        ),
      broadcast: ({ sender, msg }) => this.broadcast(msg, { sender }),
      ping: (to) => this.#send(checkName(to), seal(null, { ping: '1' }), undefined),
      peers: () =>
        this.peers().map((peer) => {
          const hops = this.#overlay.distance(peer.name as NodeName)
          return hops === undefined ? peer : { ...peer, hops }
        }),
      neighbors: () =>
        this.neighbors().map(({ name, rttMs }) => (rttMs === undefined ? { name } : { name, rttMs })),
    }
  }

  async #post(name: string, value: JsonValue | Uint8Array, options: SendOptions): Promise<SendAnswer> {
    const msg = value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
    const message = { sender: options.sender ?? this.name, msg }
    const deadlineMs = options.deadlineMs ?? this.#settings.config.deadlineMs ?? CORE_DEFAULTS.deadlineMs
    const outcome = await this.#httpPeers.post(name, message, deadlineMs)
    if (outcome.status === 'delivered') return { ...outcome, hops: 1, id: this.#messageId() }
    this.#logger.debug({ peer: name, reason: outcome.reason, detail: outcome.detail }, 'post failed')
    return this.#failed(outcome.reason, outcome.reason === 'refused' ? name : this.name)
  }

  /** A copy of a broadcast: nobody waits for its outcome, so a failure is counted. */
  async #postOrDrop(name: string, value: JsonValue | Uint8Array, options: SendOptions): Promise<void> {
    const answer = await this.#post(name, value, options)
    if (answer.status === 'failed') this.#drop(answer.reason, `broadcast to the HTTP peer ${name}`)
  }

  #failed(reason: SendFailure, at: string = this.name) {
    return { status: 'failed', reason, at } as const
  }

  /** A name for one more message, unique in the overlay. */
  #messageId(): string {
    return `${this.name}/${this.#overlay.self.incarnation}/${++this.#lastId}`
  }

  // The end.

  /** Another process has the name: everything ends at once. */
  #stop(detail: string): void {
    if (this.#closed !== undefined) return
    this.#logger.error({ reason: 'name-taken', detail }, 'stopped')
    this.#ready.reject(new HearsayError('name-taken', `${REASONS['name-taken'].text}: ${detail}`))
    this.#closed = this.#end(() => this.#feed({ type: 'leave' }))
    this.#emitter.emit('stopped', { reason: 'name-taken', detail })
  }

  async #end(leave: () => void): Promise<void> {
    leave()
    this.#ready.reject(new HearsayError('closed', `${this.name} was closed before its first link`))
    this.#timers.end()
    this.#httpPeers.end()
    await Promise.race([
      Promise.allSettled([this.#links.end(), this.#doors.leave()]),
      new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref()),
    ])
    await this.#doors.close()
    this.#logger.info({ name: this.name }, 'left')
  }
}

/**
 * Starts a node: listens, registers with the bootstraps, links to peers. Resolves when it listens; see
 * {@link Node.ready} for the first link.
 * @throws HearsayError for options that are wrong; PortTakenError and the like when it cannot listen
 */
export async function createNode(options: NodeOptions = {}): Promise<Node> {
  const settings = checkOptions(options)
  const doors = await Doors.listen(settings)
  try {
    const url = settings.url ?? (doors.port === undefined ? undefined : defaultUrl(settings.host, doors.port))
    return new Node(settings, doors, url)
  } catch (error) {
    await doors.close()
    throw error
  }
}
