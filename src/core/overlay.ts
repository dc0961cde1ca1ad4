// The protocol's one door: inputs go in, effects come out. The only file that knows all the machines: it puts them
// together, and hands each input and each timer to the one whose business it is. Where more than one has to hear of
// something, three say in which order: neighborhood.ts of links, reception.ts of messages, news.ts of records.
// It must not hold rules of its own beyond the beginning and the end, and it never calls out: effects are data.
//
// O1  after `left` or `stopped` no input has an effect, but for the refusals of `send` and `broadcast`
// O2  each `send` and `broadcast` input is answered by exactly one notification, now or later
// O3  between `away` and `back` nothing is sent to anybody; whatever is kept for the application is kept

import { Broadcast } from './broadcast.ts'
import { Coalescing } from './coalescing.ts'
import { CORE_DEFAULTS, type CoreConfig } from './config.ts'
import { Delivery } from './delivery.ts'
import { AntiEntropy } from './digests.ts'
import { Directory, type DirectoryView } from './directory.ts'
import type { Effect, Input, Timer } from './events.ts'
import { Incoming, type Takes } from './incoming.ts'
import type { OverlayView } from './invariants.ts'
import { Learning } from './learning.ts'
import { type LinkState, Links } from './links.ts'
import type { Hello, NodeName, PeerRecord } from './messages.ts'
import { Neighborhood } from './neighborhood.ts'
import { News } from './news.ts'
import { Presence } from './presence.ts'
import { Reach } from './reach.ts'
import type { Reason } from './reasons.ts'
import { Reception } from './reception.ts'
import { Relay } from './relay.ts'
import { Rng } from './rng.ts'
import { RoutesOnDemand } from './routes-on-demand.ts'
import { Turn } from './turn.ts'

/** Who a node is. */
export interface Identity {
  readonly name: NodeName
  /** Start time in ms since 1970, or any number larger than at the last start. */
  readonly incarnation: number
  /** Random text, new at each start. */
  readonly instance: string
  /** Canonical `ws://` or `wss://` URL where the node can be dialled; absent: nowhere. */
  readonly url?: string
}

/** A question about ways from outside of a turn. It may compute routes, and so what later turns find. */
export type Look =
  | { readonly type: 'distance'; readonly name: NodeName }
  | {
      readonly type: 'way'
      readonly destination: NodeName
      readonly origin: NodeName
      readonly cameFrom?: NodeName | undefined
    }

/** See the head of the file. */
export class Overlay {
  /** Is told of each look: a recording of the inputs alone would not repeat it. */
  onLook: ((look: Look) => void) | undefined
  readonly #config: CoreConfig
  readonly #turn = new Turn()
  readonly #links: Links
  readonly #directory: Directory
  readonly #routes: RoutesOnDemand
  readonly #relay: Relay
  readonly #reach: Reach
  readonly #presence: Presence
  readonly #antiEntropy: AntiEntropy
  readonly #coalescing: Coalescing
  readonly #broadcast: Broadcast
  readonly #delivery: Delivery
  readonly #incoming: Incoming
  readonly #learning: Learning
  readonly #news: News
  readonly #neighborhood: Neighborhood
  readonly #reception: Reception
  #phase: 'new' | 'running' | 'over' = 'new'

  /**
   * @param seed of the generator that all jitter and sampling is drawn from.
   * @param takes whether the application takes a direct message now; it is asked before each `message` notification, and
   * what it does not take fails at its origin with `queue-full`.
   */
  constructor(
    identity: Identity,
    seed: number,
    overrides: Partial<CoreConfig> = {},
    takes: Takes = () => true,
  ) {
    const config = { ...CORE_DEFAULTS, ...overrides }
    const turn = this.#turn
    const rng = new Rng(seed)
    const directory = new Directory({ ...identity, version: 1, state: 'up', links: [] }, config)
    const links = new Links(config, rng, turn)
    const presence = new Presence(config, directory, links, turn)
    const antiEntropy = new AntiEntropy(directory, turn)
    const routes = new RoutesOnDemand(config.routesIntervalMs, { directory, links, turn })
    const relay = new Relay(directory, links, routes, turn)
    const coalescing = new Coalescing(config.coalesceMs, links, turn)
    const broadcast = new Broadcast(config, { directory, links, coalescing, rng, turn })
    const incoming = new Incoming(config, { directory, relay, takes, turn })
    const learning = new Learning(config, (name) => incoming.heard(name))
    const delivery = new Delivery(config, { directory, relay, takes, turn, learning })
    const reach = new Reach(config.routesIntervalMs, {
      directory,
      turn,
      routes,
      isAwaited: () => delivery.unsettled > 0,
      onChanged: (isNews) => {
        delivery.routesChanged(links.neighbors.size > 0, isNews)
        if (isNews) this.#neighborhood.planSoon()
      },
      onForgotten: (name) => {
        broadcast.forget(name)
        delivery.forget(name)
        incoming.forget(name)
      },
    })
    const onNameLost = (detail: string): void => this.#stop(detail)
    // Each of the three picks from these what its own interface names.
    const traffic = { broadcast, delivery, incoming }
    const machines = { turn, rng, directory, links, presence, antiEntropy, routes, relay, reach, ...traffic }
    const news = new News({ ...machines, coalescing, onNameLost })
    const neighborhood = new Neighborhood(config, { ...machines, news, onNameLost })
    this.#reception = new Reception({ ...machines, news, neighborhood, isOver: () => this.#phase === 'over' })
    this.#neighborhood = neighborhood
    this.#config = config
    this.#directory = directory
    this.#links = links
    this.#presence = presence
    this.#antiEntropy = antiEntropy
    this.#routes = routes
    this.#relay = relay
    this.#coalescing = coalescing
    this.#broadcast = broadcast
    this.#delivery = delivery
    this.#incoming = incoming
    this.#learning = learning
    this.#news = news
    this.#reach = reach
  }

  /** Whether the node has started and not ended. */
  get isRunning(): boolean {
    return this.#phase === 'running'
  }

  /** This node's own record, as last published. */
  get self(): PeerRecord {
    return this.#directory.own.record
  }

  /** Everything that is known, for looking at. */
  get directory(): DirectoryView {
    return this.#directory
  }

  /** The links that are up, by neighbor. */
  get neighbors(): ReadonlyMap<NodeName, LinkState> {
    return this.#links.neighbors
  }

  /** Messages of others that were passed on, since the start. */
  get passedOn(): number {
    return this.#relay.passedOn
  }

  /** Messages of this node without an outcome. */
  get unsettled(): number {
    return this.#delivery.unsettled
  }

  /** Has the computing of routes done by `timed`, which calls the work once: for whoever has a clock. */
  timeRoutes(timed: (work: () => void) => void): void {
    this.#routes.timed = timed
  }

  /** Direct messages that came before one that is still missing. */
  get held(): Incoming['held'] {
    return this.#incoming.held
  }

  /** The latest run of a node that is known; 0: none. */
  runOf(name: NodeName): number {
    return this.#incoming.runOf(name)
  }

  /** Whether this node may still learn of others that have been there before it; before its first link it may. */
  isLearning(nowMs: number): boolean {
    return this.#phase !== 'over' && nowMs < this.#learning.endMs
  }

  /** Whether the queue for this destination takes so many messages now. @param bytes of all of them */
  hasRoom(to: NodeName, bytes: number, messages = 1): boolean {
    return this.#delivery.hasRoom(to, bytes, messages)
  }

  /**
   * The link that a direct message of `origin` would take from here, by the routes as they are; `undefined` for none.
   * @param cameFrom the neighbor that it came from.
   */
  wayTo(destination: NodeName, origin: NodeName, cameFrom?: NodeName): LinkState | undefined {
    this.onLook?.({ type: 'way', destination, origin, cameFrom })
    const except = cameFrom === undefined ? undefined : this.#links.neighbors.get(cameFrom)?.id
    const link = this.#relay.find(origin, destination, except)
    return link === undefined ? undefined : this.#links.get(link)
  }

  /** Links to travel to a node by the routes as they are; `undefined` when none leads there. */
  distance(name: NodeName): number | undefined {
    this.onLook?.({ type: 'distance', name })
    const entry = this.#directory.get(name)
    return entry === undefined ? undefined : this.#routes.current.distance(entry.slot) || undefined
  }

  /** The machines, for checking their invariants (invariants.ts). Nothing is changed or computed by it. */
  inspect(): OverlayView {
    return {
      config: this.#config,
      phase: this.#phase,
      ...this.#neighborhood.inspect(),
      directory: this.#directory,
      links: this.#links,
      presence: this.#presence,
      antiEntropy: this.#antiEntropy,
      routes: this.#routes.inspect(),
      delivery: this.#delivery.inspect(),
      broadcast: this.#broadcast.inspect(),
      incoming: this.#incoming.inspect(),
    }
  }

  /**
   * The hello for a bootstrap. It is linkless as long as nobody can know of this run by a link: a link on which it was told
   * counts, too, because the other end may have accepted it and closed that of another run; and so does another run that
   * was met and stops for this one, because the bootstrap may still have it: else each would stop for the other.
   */
  hello(): Hello {
    let linkless = !this.#presence.hasOutdone
    for (const { toldMs } of this.#links.all) if (toldMs !== undefined) linkless = false
    return { ...this.#neighborhood.hello(), linkless }
  }

  /**
   * Takes in what happened, and says what is to be done, in this order.
   * @param nowMs a clock that never goes back, in ms; fractions are fine.
   */
  handle(input: Input, nowMs: number): Effect[] {
    this.#turn.begin(nowMs)
    if (this.#phase === 'running') this.#take(input)
    else if (this.#phase === 'new' && input.type === 'start') this.#start()
    else this.#refuse(input)
    return this.#turn.effects
  }

  #start(): void {
    this.#phase = 'running'
    this.#broadcast.start()
    this.#turn.timerAt({ kind: 'heartbeat' }, this.#turn.nowMs + this.#config.heartbeatMs)
    this.#neighborhood.planSoon()
  }

  #take(input: Input): void {
    switch (input.type) {
      case 'start':
        break
      case 'contacts':
        this.#neighborhood.addContacts(input.contacts)
        break
      case 'awake':
        this.#neighborhood.awake()
        break
      case 'away':
        this.#goAway()
        break
      case 'back':
        if (this.#presence.isAway) this.#news.back(input.incarnation)
        this.#neighborhood.awake()
        break
      case 'link-open':
        this.#neighborhood.opened(input.link, input.dialed)
        break
      case 'link-closed':
        this.#neighborhood.closed(input.link, input.reason)
        break
      case 'dial-failed':
        this.#neighborhood.dialFailed(input.url)
        break
      case 'received':
        this.#reception.received(input.link, input.messages)
        break
      case 'send-refused':
        this.#reception.sendRefused(input.link, input.message)
        break
      case 'timer':
        this.#turn.pace.timerCame(input.lateMs ?? 0)
        this.#timedOut(input.timer)
        break
      case 'send':
        this.#delivery.send(input)
        break
      case 'cancel':
        this.#delivery.cancel(input.id)
        break
      case 'profile':
        this.#presence.setProfile(input.profile)
        break
      case 'broadcast':
        this.#broadcast.send(input.id, input.payload)
        break
      case 'withdraw':
        this.#broadcast.withdraw(input.id, input.reason)
        break
      case 'leave':
        this.#broadcast.publish(this.#presence.next('leaving'))
        this.#end('left')
        this.#turn.notify({ type: 'left' })
    }
  }

  /** What callers are told before the start and after the end. */
  #refuse(input: Input): void {
    const reason = 'shutting-down'
    if (input.type === 'send') {
      const outcome = { status: 'failed', reason, at: this.self.name } as const
      this.#turn.notify({ type: 'outcome', id: input.id, outcome, sentAs: undefined })
    } else if (input.type === 'broadcast') {
      this.#turn.notify({ type: 'broadcast-sent', id: input.id, neighbors: 0, failure: reason })
    } else if (input.type === 'link-open') this.#turn.close(input.link, reason)
  }

  #timedOut(timer: Timer): void {
    switch (timer.kind) {
      case 'hello':
        this.#neighborhood.helloTimeout(timer.link)
        break
      case 'heartbeat':
        this.#heartbeat()
        break
      case 'links':
        this.#neighborhood.plan(timer.token)
        break
      case 'publish': {
        const record = this.#presence.due(timer.token)
        if (record !== undefined) this.#broadcast.publish(record)
        break
      }
      case 'reachability':
        this.#reach.tell(timer.token)
        break
      case 'routes':
        if (this.#routes.due(timer.token)) this.#delivery.routesChanged(this.#links.neighbors.size > 0, false)
        break
      case 'directory':
        this.#reach.expire(timer.token)
        break
      case 'coalesce':
        if (this.#coalescing.due(timer.token)) this.#broadcast.endTurn()
        break
      case 'announce':
        this.#broadcast.announce(timer.token)
        break
      case 'graft':
        this.#broadcast.graft(timer.token)
        break
      case 'delivery':
        this.#delivery.timer(timer.token)
    }
  }

  #heartbeat(): void {
    this.#neighborhood.closeSilent()
    this.#broadcast.expire()
    this.#incoming.expire()
    this.#news.heartbeat()
    this.#neighborhood.heartbeat()
    this.#turn.timerAt({ kind: 'heartbeat' }, this.#turn.nowMs + this.#config.heartbeatMs)
  }

  /** Says good-bye to everybody, and waits for `back`. What is in flight can no longer be acknowledged. */
  #goAway(): void {
    if (this.#presence.isAway) return
    this.#broadcast.publish(this.#presence.next('leaving'))
    this.#delivery.incarnationRaised()
    this.#learning.beginAnew()
    this.#neighborhood.leave()
  }

  #stop(detail: string): void {
    this.#end('name-taken')
    this.#turn.notify({ type: 'stopped', reason: 'name-taken', detail })
  }

  #end(reason: Reason): void {
    this.#phase = 'over'
    this.#delivery.close()
    this.#incoming.close()
    this.#broadcast.close()
    for (const link of [...this.#links.all]) this.#links.close(link.id, reason)
  }
}
