// A node: the core in a world, with an application. What programs call, and what they are told.
// It must not hold protocol rules, nor know what world it is in.

import type { BroadcastAnswer, RequestAnswer, SendAnswer, TraceAnswer, TrySendAnswer } from '../answers.ts'
import type { Notification } from '../core/events.ts'
import { Overlay } from '../core/overlay.ts'
import { REASONS, type Reason } from '../core/reasons.ts'
import { HearsayError } from '../errors.ts'
import type { NodeHealth, Topology } from '../http/node-host.ts'
import { type Logger, withFields } from '../logger.ts'
import type { MetricsPage } from '../metrics/metric.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { RequestHandler } from './answering.ts'
import { checkDeadline, checked } from './call-options.ts'
import type { BroadcastOptions } from './casting.ts'
import { Conversation } from './conversation.ts'
import { EffectLoop } from './effect-loop.ts'
import { Emitter, type NodeEvents, type NodeMessage, type PeerInfo } from './events.ts'
import { HttpPeerList } from './http-peer-list.ts'
import { showInside } from './inside.ts'
import { checkName, checkTags, type MemberSettings } from './member-options.ts'
import type { MessageStream } from './message-stream.ts'
import type { HistoryAnswer, HistoryOptions } from './past.ts'
import { PeerNews } from './peer-news.ts'
import { Readiness } from './readiness.ts'
import type { Destination, SendOptions } from './sending.ts'
import { Sightings } from './sightings.ts'
import type { ByReason, NodeStats } from './stats.ts'
import { Streams } from './streams.ts'
import type { TopicListener } from './subscriptions.ts'
import { Tally } from './tally.ts'
import { joinedPeers, topologyOf } from './views.ts'
import type { NodeDoors, NodeLinks, NodeMeters, NodeTimers, NodeWorld, Recorder } from './world.ts'

/** How long `close` waits for the links to end properly; the port takes half a second more, and all of it is under 2 s. */
const CLOSE_MS = 1_300

/** A message that was handed to a node from outside of the overlay. */
interface PostedMessage {
  readonly sender: string
  readonly msg: JsonValue
  readonly traceparent?: string
}

/** A running node. Made by {@link createNode}. */
export class Node {
  readonly #settings: MemberSettings
  readonly #logger: Logger
  readonly #world: NodeWorld
  readonly #overlay: Overlay
  readonly #emitter = new Emitter()
  readonly #timers: NodeTimers
  readonly #links: NodeLinks
  readonly #doors: NodeDoors
  readonly #conversation: Conversation
  readonly #drops = new Map<Reason, number>()
  readonly #tally = new Tally()
  readonly #sightings: Sightings
  readonly #meters: NodeMeters
  readonly #recorder: Recorder | undefined
  readonly #streams = new Streams(({ from }, why) => this.#drop('queue-full', `message of ${from}: ${why}`))
  readonly #httpPeers: HttpPeerList
  readonly #readiness: Readiness
  readonly #peerNews: PeerNews
  readonly #loop: EffectLoop
  #closed: Promise<void> | undefined

  /** Use {@link createNode}. @param url where others dial the node; `undefined`: nowhere */
  constructor(settings: MemberSettings, world: NodeWorld, url: string | undefined) {
    this.#settings = settings
    this.#logger = withFields(settings.logger, { room: 'node' })
    this.#world = world
    this.#doors = world.doors
    const { seed, ...run } = world.run
    const identity = { name: settings.name, ...run }
    const own = url === undefined ? identity : { ...identity, url }
    const recorder = world.record({ identity: own, seed })
    this.#recorder = recorder
    this.#overlay = new Overlay(own, seed, settings.config, (payload) => {
      const isTaken = this.#streams.takes(payload)
      recorder?.took(isTaken)
      return isTaken
    })
    this.#httpPeers = new HttpPeerList(world.httpPeers, this.#overlay)
    if (recorder !== undefined) this.#overlay.onLook = (look) => recorder.looked(look)
    this.#timers = world.timers((timer, lateMs = 0) => {
      if (timer.kind === 'heartbeat') this.#meters.heartbeat()
      this.#loop.feed({ type: 'timer', timer, lateMs })
    })
    this.#links = world.links((event) => this.#loop.feed(event))
    this.#meters = world.meters({
      overlay: this.#overlay,
      links: this.#links,
      doors: this.#doors,
      stats: () => this.stats(),
    })
    const nowMs = () => world.nowMs()
    this.#sightings = new Sightings({ name: settings.name, overlay: this.#overlay, logger: this.#logger })
    this.#readiness = new Readiness(nowMs, this.#timers)
    this.#loop = new EffectLoop({
      overlay: this.#overlay,
      nowMs,
      links: this.#links,
      timers: this.#timers,
      tell: (notification) => this.#tell(notification),
      logger: withFields(settings.logger, { room: 'core' }),
      recorder,
      onReceived: this.#sightings.received,
      onWorkedOff: () => this.#streams.settle(),
    })
    this.#conversation = new Conversation({
      settings: { ...settings, logger: this.#logger },
      world,
      overlay: this.#overlay,
      timers: this.#timers,
      links: this.#links,
      posts: world.httpPeers,
      httpPeers: this.#httpPeers,
      tally: this.#tally,
      sightings: this.#sightings,
      stats: () => this.stats(),
      feed: (input) => this.#loop.feed(input),
      waitingFor: (to) => this.#loop.waitingFor(to),
      isAlone: () => this.#doors.isAlone,
      isRegistered: () => this.#doors.registered,
      onMessage: (message) => this.#handOver(message),
      toGuests: (message) => this.#doors.deliver(message),
      drop: (reason, detail) => this.#drop(reason, detail),
    })
    this.#peerNews = new PeerNews({
      name: settings.name,
      logger: this.#logger,
      emitter: this.#emitter,
      readiness: this.#readiness,
      conversation: this.#conversation,
      sightings: this.#sightings,
      httpPeers: this.#httpPeers,
    })
    showInside(this, { overlay: this.#overlay, conversation: this.#conversation, streams: this.#streams })
    this.#loop.feed({ type: 'start' })
    this.#conversation.start()
    if (settings.peers.length > 0) {
      this.#loop.feed({ type: 'contacts', contacts: settings.peers.map((peer) => ({ url: peer })) })
    }
    this.#openDoors()
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

  /**
   * Resolves at the first link. Rejects with `name-taken` or `closed` when there will be none; a program need not wait for
   * it, nor handle that.
   */
  ready(): Promise<void> {
    return this.#world.handOut(this.#readiness.ready, 'ready')
  }

  /**
   * Resolves when the node is ready and no link and no peer has come or gone for a second; where the process is behind, for ten turns of
   * its event loop as well. Rejects as `ready` does.
   */
  settled(): Promise<void> {
    return this.#world.handOut(this.#readiness.settled(this.name), 'settled')
  }

  /**
   * Sends a message to one node and resolves with how that ended; a failure is a value, not a rejection. To await it
   * before the next one is back-pressure; beyond the window and the queue of a destination sends fail with `queue-full`.
   * @param to a node's name, also one that nobody knows yet; or `{ tag }`: any other node that has the tag, each in turn
   * @param value a JSON value, or bytes
   * @throws HearsayError `invalid-name`, `invalid-option` or `invalid-payload`, at once
   */
  send(to: Destination, value: JsonValue | Uint8Array, options: SendOptions = {}): Promise<SendAnswer> {
    return this.#world.handOut(this.#conversation.sending.send(to, value, checked('send', options)), 'send')
  }

  /** As {@link send}, but says at once whether there is room, and gives the outcome apart. Throws as `send` does. */
  trySend(to: Destination, value: JsonValue | Uint8Array, options: SendOptions = {}): TrySendAnswer {
    const answer = this.#conversation.sending.trySend(to, value, checked('send', options))
    if (answer.status === 'failed') return answer
    return { status: 'accepted', outcome: this.#world.handOut(answer.outcome, 'send') }
  }

  /**
   * Asks one node, whose handler gives the answer. A node without a handler answers that there is none, and what a handler
   * throws travels back: both are failures, and values. Parameters and errors as of {@link send}.
   */
  request(to: Destination, value: JsonValue | Uint8Array, options: SendOptions = {}): Promise<RequestAnswer> {
    return this.#world.handOut(
      this.#conversation.asking.request(to, value, checked('send', options)),
      'request',
    )
  }

  /**
   * Answers requests of other nodes from now on; the function returned ends that. One handler at a time. 10,000 requests are
   * answered at the same time, of one asker no more than there are places left: 5,000 when nobody else asks. Further ones fail
   * as `queue-full`. One whose asker waits no more is not counted, whether its handler heeds `request.signal` or not.
   */
  handle(handler: RequestHandler): () => void {
    return this.#conversation.answering.handle(handler)
  }

  /**
   * Sends a message to all nodes. Resolves when it has gone out to the neighbors; without one it waits for the first,
   * until its deadline, unless plain HTTP peers are all that there is. Those are posted to at once, whatever comes of the
   * rest. While a link has much to send it waits for that, or fails as `queue-full`: awaiting it is the back-pressure. With `receipts` it resolves when all peers have it, or at the deadline.
   * @throws HearsayError `invalid-option` or `invalid-payload`, at once
   */
  broadcast(value: JsonValue | Uint8Array, options: BroadcastOptions = {}): Promise<BroadcastAnswer> {
    return this.#world.handOut(
      this.#conversation.casting.broadcast(value, checked('cast', options)),
      'broadcast',
    )
  }

  /**
   * Sends a message to all who listen to a topic, this node included. Resolves as {@link broadcast} does, and says how
   * many others are known to listen.
   * @throws HearsayError `invalid-topic`, `invalid-option` or `invalid-payload`, at once
   */
  publish(
    topic: string,
    value: JsonValue | Uint8Array,
    options: BroadcastOptions = {},
  ): Promise<BroadcastAnswer> {
    return this.#world.handOut(
      this.#conversation.casting.publish(topic, value, checked('cast', options)),
      'publish',
    )
  }

  /**
   * Calls `listener` for each message of the topics of a filter (`sensors/+/temp`, `log/#`); the function returned ends
   * that. What a node listens to is in its record, at most 64 filters.
   * @throws HearsayError `invalid-topic` or `invalid-option`
   */
  subscribe(filter: string, listener: TopicListener): () => void {
    return this.#conversation.subscriptions.add(filter, listener)
  }

  /**
   * What was broadcast before, from a node that keeps it (option `history` there): of the topics of a filter, or without
   * one what had no topic. Resolves when all of it is here, or with why it is not. What comes meanwhile may be in both: a
   * broadcast has an `id`.
   * @throws HearsayError `invalid-topic`, `invalid-name` or `invalid-option`, at once
   */
  history(filter?: string, options: HistoryOptions = {}): Promise<HistoryAnswer> {
    return this.#world.handOut(this.#conversation.past(filter, checked('history', options)), 'history')
  }

  /** Finds the way that a message to a node would take now, with the links on it. @throws HearsayError as `send` does */
  trace(to: string, options: Pick<SendOptions, 'deadlineMs'> = {}): Promise<TraceAnswer> {
    const { deadlineMaxMs } = this.#settings
    const { deadlineMs = this.#settings.deadlineMs } = checked('trace', options)
    checkDeadline(deadlineMs, deadlineMaxMs)
    return this.#world.handOut(this.#conversation.tracing.trace(checkName(to), deadlineMs), 'trace')
  }

  /** What the node says that it is for. Setting it tells everybody. @throws HearsayError `invalid-option` */
  get tags(): readonly string[] {
    return this.#conversation.tags
  }

  set tags(tags: readonly string[]) {
    this.#conversation.setTags(checkTags(tags))
  }

  /**
   * The messages for this node, as `on('message')` tells them, to be taken one by one; ends when the node is closed.
   * While one such stream is full, what is sent to this node fails at its sender with `queue-full`, and no listener gets
   * it: leave a loop that is no longer wanted. Broadcasts are dropped for that stream, counted, and not confirmed. What
   * waits when a loop is left was acknowledged to its sender; it is dropped, and counted as `queue-full` too.
   * @param options.bufferMax how many may wait to be taken. Default 1,000
   */
  messages(options: { readonly bufferMax?: number } = {}): MessageStream<NodeMessage> {
    return this.#streams.open(checked('messages', options).bufferMax ?? 1_000)
  }

  /** Calls `listener` at each event of this kind; the function returned ends that. */
  on<K extends keyof NodeEvents>(kind: K, listener: (event: NodeEvents[K]) => void): () => void {
    return this.#emitter.on(kind, listener)
  }

  /**
   * The peers that have joined and not left, as the events tell it, and the plain HTTP peers, without this node. Of a node
   * that is closed, those that it knew last: the events tell nothing of them any more.
   */
  peers(): PeerInfo[] {
    return [...joinedPeers(this.#overlay), ...this.#httpPeers.listed]
  }

  /** All known nodes and the links between them, as this node sees them. */
  topology(): Topology {
    return topologyOf(this.#overlay, this.#httpPeers.listed)
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
      sent: this.#tally.sent,
      received: this.#tally.received,
      relayed: this.#overlay.passedOn,
      dropped: this.drops(),
      linksEnded: this.#links.ended,
      httpRefused: this.#doors.httpRefused,
      ...(listener === undefined ? {} : { listener }),
    }
  }

  /** What `GET /metrics` answers: the node, and the process that it runs in. */
  metrics(): Promise<MetricsPage> {
    return this.#meters.page()
  }

  /** How the node is. */
  health(): NodeHealth {
    const links = this.#overlay.neighbors.size
    const peers = this.peers().length
    const { registered, isAlone } = this.#doors
    const live = this.#closed === undefined
    const ready = live && (links > 0 || (registered && isAlone))
    const reason = live ? 'no link to any peer yet' : REASONS['shutting-down'].text
    return { live, ready, links, registered, peers, ...(ready ? {} : { reason }) }
  }

  /**
   * Takes a message that was handed to this very node from outside of the overlay (`POST /message`); false when a stream
   * of {@link messages} is full, or the node is closed. `sender` is a label that nobody has checked.
   */
  deliver({ sender, msg, ...trace }: PostedMessage): boolean {
    if (this.#closed !== undefined) {
      this.#drop('shutting-down', `message posted by ${sender}`)
      return false
    }
    if (!this.#streams.hasRoom) {
      this.#drop('queue-full', `message posted by ${sender}`)
      return false
    }
    this.#tally.came('http')
    const { traceparent } = trace
    if (traceparent !== undefined) this.#sightings.own(traceparent, { sender, via: 'http' })
    return this.#handOver({ from: sender, value: msg, hops: 0, broadcast: false, via: 'http', ...trace })
  }

  /**
   * Leaves the overlay and closes everything: nothing of the node keeps the process after it. Always resolves, within 2 s;
   * a second call waits for the same. What is under way fails with `shutting-down`.
   */
  close(): Promise<void> {
    return this.#world.handOut(this.#leave(), 'close')
  }

  /** `await using` closes the node at the end of its block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #openDoors(): void {
    this.#doors.open({
      host: this,
      conversation: this.#conversation,
      overlay: this.#overlay,
      hello: () => this.#overlay.hello(),
      onContacts: (contacts) => this.#loop.feed({ type: 'contacts', contacts }),
      onHttpPeers: (peers) => {
        this.#world.httpPeers.replace(peers)
        this.#peerNews.httpPeers()
      },
      onNameTaken: (detail) => this.#stop(detail),
      onAwake: () => this.#loop.feed({ type: 'awake' }),
      onAway: () => this.#away(),
      onBack: () => this.#back(),
    })
  }

  #tell(notification: Notification): void {
    switch (notification.type) {
      case 'message':
        this.#conversation.received(notification)
        break
      case 'outcome':
        this.#conversation.sending.settle(notification)
        break
      case 'broadcast-sent':
        this.#conversation.casting.settle(notification)
        break
      case 'peer-join':
      case 'peer-leave':
      case 'neighbor-up':
      case 'neighbor-down':
        this.#peerNews.told(notification)
        break
      case 'drop':
        this.#drop(notification.reason, notification.detail)
        break
      case 'stopped':
        this.#stop(notification.detail)
        break
      case 'left':
    }
  }

  /** False when a reader of {@link messages} had no room for it. */
  #handOver(message: NodeMessage): boolean {
    this.#doors.deliver(message)
    const isTaken = this.#streams.push(message)
    this.#emitter.emit('message', message)
    return isTaken
  }

  #drop(reason: Reason, detail: string): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1)
    this.#logger.trace({ reason, detail }, 'drop')
  }

  // The end, and what may turn out to be one.

  #away(): void {
    this.#loop.feed({ type: 'away' })
    this.#conversation.away()
    this.#logger.info({ name: this.name }, 'away')
  }

  #back(): void {
    this.#loop.feed({ type: 'back', incarnation: this.#world.wallMs() })
    this.#logger.info({ name: this.name }, 'back')
  }

  /** Another process has the name: everything ends at once. */
  #stop(detail: string): void {
    if (this.#closed !== undefined) return
    this.#logger.error({ reason: 'name-taken', detail }, 'stopped')
    this.#readiness.end(new HearsayError('name-taken', `${REASONS['name-taken'].text}: ${detail}`))
    void this.#leave()
    this.#emitter.emit('stopped', { reason: 'name-taken', detail })
  }

  /** Once, also where what is told of it closes the node again. */
  #leave(): Promise<void> {
    if (this.#closed === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#closed = promise
      resolve(this.#end())
    }
    return this.#closed
  }

  async #end(): Promise<void> {
    this.#loop.feed({ type: 'leave' })
    this.#readiness.end(new HearsayError('closed', `${this.name} was closed before its first link`))
    this.#conversation.end()
    this.#streams.end()
    this.#timers.end()
    this.#world.httpPeers.end()
    await Promise.race([
      Promise.allSettled([this.#links.end(), this.#doors.leave()]),
      this.#timers.limit(CLOSE_MS),
    ])
    await this.#doors.close()
    this.#recorder?.end()
    this.#logger.info({ name: this.name }, 'left')
  }
}
