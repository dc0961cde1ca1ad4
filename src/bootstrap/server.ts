// The rendezvous on a real port: sockets, HTTP and time around the registry, whose effects it carries out.
// It must not decide who is registered or who is told what: that is the registry's.

import type { IncomingMessage } from 'node:http'
import { nanoid } from 'nanoid'
import type { WebSocket } from 'ws'
import { assert } from '../core/assert.ts'
import { type LinkId, type NodeName, PROTOCOL_VERSION, parseNodeName } from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'
import { Rng } from '../core/rng.ts'
import { lateListener } from '../http/late-listener.ts'
import type { BootstrapHost, Registration } from '../http/node-host.ts'
import { type Logger, silentLogger, withFields } from '../logger.ts'
import type { MetricsPage } from '../metrics/metric.ts'
import { Link } from '../net/link.ts'
import { type Listener, listen } from '../net/listener.ts'
import type { ListenerStats } from '../net/listener-stats.ts'
import { PASSAGE_HEADER } from '../net/sub-protocol.ts'
import { WsSocket } from '../net/ws-socket.ts'
import { encodeFrame } from '../wire/encode.ts'
import { bootstrapMetrics } from './metrics.ts'
import { type BootstrapOptions, checkBootstrapOptions } from './options.ts'
import { Passages } from './passages.ts'
import { Poller } from './poller.ts'
import { Registry } from './registry.ts'
import type {
  HttpRegistration,
  RegistryCounts,
  RegistryEffect,
  RegistryInput,
  RegistryNotification,
  RegistryTimer,
  WatchedPeer,
} from './registry-events.ts'
import { Watcher, watcherLine } from './watcher.ts'

/** Counters since the start, and how many there are now of what the registry holds. */
export interface BootstrapStats extends RegistryCounts {
  readonly joins: number
  readonly leaves: { readonly left: number; readonly unreachable: number }
  /** Connections closed and registrations not accepted, by reason. */
  readonly refused: Readonly<Partial<Record<Reason, number>>>
  /** Frames ignored, by reason. */
  readonly dropped: Readonly<Partial<Record<Reason, number>>>
  /** Messages handed to links: what registering and pushing costs. */
  readonly messagesSent: number
  /** Watchers that did not read and were cut off. */
  readonly watchersDropped: number
  /** Requests that the HTTP shim answered with 400 or above. */
  readonly httpRefused: number
  readonly listener: ListenerStats
}

/** A bootstrap that runs. `await using` closes it. */
export interface Bootstrap extends AsyncDisposable {
  /** Where nodes on this machine reach it. */
  readonly url: string
  readonly port: number
  /** All registered nodes and plain HTTP peers. */
  peers(): readonly WatchedPeer[]
  stats(): BootstrapStats
  /** What `GET /metrics` answers. */
  metrics(): Promise<MetricsPage>
  /** Tells everybody `shutting-down` and stops. Resolves within 2 s, never rejects; a second call waits for the first. */
  close(): Promise<void>
}

/**
 * Starts a bootstrap.
 * @returns once connections are accepted
 * @throws HearsayError `invalid-option` (rejected); PortTakenError, PortDeniedError or HostUnknownError (rejected) when the
 *   address cannot be had
 */
export async function createBootstrap(options: BootstrapOptions = {}): Promise<Bootstrap> {
  checkBootstrapOptions(options)
  const server = new BootstrapServer(options)
  await server.open()
  return server
}

/** Links answer a close frame within their own `closeTimeoutMs` (1 s); what is left after this is cut. */
const CLOSE_GRACE_MS = 1_200

class BootstrapServer implements Bootstrap {
  readonly #options: BootstrapOptions
  readonly #logger: Logger
  readonly #registry: Registry
  readonly #poller: Poller
  readonly #links = new Map<LinkId, Link>()
  readonly #watchers = new Map<LinkId, Watcher>()
  readonly #passages: Passages
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #answers = new Map<number, (result: HttpRegistration) => void>()
  readonly #refused: Partial<Record<Reason, number>> = {}
  readonly #dropped: Partial<Record<Reason, number>> = {}
  readonly #leaves = { left: 0, unreachable: 0 }
  #joins = 0
  #messagesSent = 0
  #watchersDropped = 0
  #httpRefused = 0
  /** The last number given to a link, a watcher or a request. */
  #number = 0
  #listener: Listener | undefined
  #closed: Promise<void> | undefined

  constructor(options: BootstrapOptions) {
    this.#options = options
    this.#logger = withFields(options.logger ?? silentLogger, { room: 'bootstrap' })
    this.#poller = new Poller(options.poller)
    this.#passages = new Passages(() => this.peers(), nanoid(), this.#logger)
    this.#registry = new Registry({
      hello: {
        type: 'hello',
        protocol: PROTOCOL_VERSION,
        role: 'bootstrap',
        name: parseNodeName('bootstrap') as NodeName,
        incarnation: Date.now(),
        instance: nanoid(),
        linkless: false,
      },
      rng: new Rng(Math.floor(Math.random() * 2 ** 53)),
      ...(options.registry === undefined ? {} : { config: options.registry }),
    })
  }

  async open(): Promise<void> {
    const { listen: port = 5_000, host, allowOrigins = [] } = this.#options
    const { logger = silentLogger } = this.#options
    const ofHttp = withFields(logger, { room: 'http' })
    this.#listener = await listen({
      port,
      ...(host === undefined ? {} : { host }),
      allowOrigins,
      onRequest: lateListener(async () => {
        const { bootstrapListener } = await import('./http-side.ts')
        return bootstrapListener(this.#httpHost(), ofHttp)
      }, ofHttp),
      onLink: (socket, from) => this.#linkOpened(socket, from),
      onGuest: (socket, request) => this.#watcherOpened(socket, request),
      closeGraceMs: CLOSE_GRACE_MS,
      logger: withFields(logger, { room: 'net' }),
    })
    this.#give({ type: 'start' })
    this.#logger.info({ url: this.url }, 'bootstrap-listening')
  }

  get port(): number {
    return this.#listener?.port ?? 0
  }

  get url(): string {
    const { host = '127.0.0.1' } = this.#options
    const wildcard = host === '0.0.0.0' || host === '::'
    return `ws://${wildcard ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${this.port}`
  }

  peers(): readonly WatchedPeer[] {
    return this.#registry.peers()
  }

  stats(): BootstrapStats {
    const listener = this.#listener
    assert(listener !== undefined, 'a bootstrap is handed out when it listens')
    return {
      ...this.#registry.counts,
      joins: this.#joins,
      leaves: { ...this.#leaves },
      refused: { ...this.#refused },
      dropped: { ...this.#dropped },
      messagesSent: this.#messagesSent,
      watchersDropped: this.#watchersDropped,
      httpRefused: this.#httpRefused,
      listener: listener.stats(),
    }
  }

  metrics(): Promise<MetricsPage> {
    return bootstrapMetrics(this.stats())
  }

  close(): Promise<void> {
    this.#closed ??= this.#stop()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #stop(): Promise<void> {
    this.#give({ type: 'stop' })
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#poller.close()
    this.#passages.endAll()
    await this.#listener?.close()
    this.#logger.info({}, 'bootstrap-closed')
  }

  // What comes in

  #linkOpened(socket: WebSocket, from: string): void {
    const id = ++this.#number as LinkId
    const link = new Link(
      new WsSocket(socket),
      {
        onMessages: (messages) => this.#give({ type: 'received', link: id, messages }),
        onClosed: ({ reason, remote, detail }) => {
          this.#links.delete(id)
          this.#logger.debug({ from, reason, remote, detail }, 'link-closed')
          // Only the node itself can say that it leaves: what this side decided is no such word.
          this.#give({ type: 'link-closed', link: id, reason: remote ? reason : 'link-lost' })
        },
      },
      this.#options.link,
    )
    this.#links.set(id, link)
    if (this.#closed === undefined) this.#give({ type: 'link-open', link: id, from })
    else link.close('shutting-down')
  }

  #watcherOpened(socket: WebSocket, request: IncomingMessage): void {
    const id = ++this.#number as LinkId
    const from = request.socket.remoteAddress ?? 'unknown'
    const watcher = new Watcher(
      socket,
      {
        onAsked: (what) => this.#give({ type: 'watcher-asks', link: id, what }),
        onJson: (line) => this.#passages.typed(id, watcher, line),
        onClosed: () => {
          this.#watchers.delete(id)
          this.#passages.end(id)
          this.#give({ type: 'watcher-closed', link: id })
        },
        onDropped: () => {
          this.#watchersDropped++
          this.#logger.warn({ from }, 'watcher-dropped')
        },
      },
      this.#options.watcher,
    )
    this.#watchers.set(id, watcher)
    // A node that gives this bootstrap's address for its own: the passage would lead to itself, for ever.
    if (request.headers[PASSAGE_HEADER] !== undefined) watcher.close('wrong-role')
    else if (this.#closed === undefined) this.#give({ type: 'watcher-open', link: id, from })
    else watcher.close('shutting-down')
  }

  #httpHost(): BootstrapHost {
    return {
      register: async (peer): Promise<Registration> => {
        const result = await new Promise<HttpRegistration>((resolve) => {
          const request = ++this.#number
          this.#answers.set(request, resolve)
          this.#give({ type: 'register', request, ...peer })
        })
        if (result.status === 'refused') return { ok: false, reason: result.reason, detail: result.detail }
        const others = this.peers().filter(({ name }) => name !== result.name)
        return { ok: true, name: result.name, peers: others.flatMap(({ url }) => url ?? []) }
      },
      peers: () => this.peers(),
      metrics: () => this.metrics(),
      health: () => {
        const { nodes, httpPeers } = this.#registry.counts
        const running = this.#closed === undefined
        const reason = running ? {} : { reason: 'The bootstrap is shutting down' }
        return { live: true, ready: running, peers: nodes + httpPeers, ...reason }
      },
      refused: () => {
        this.#httpRefused++
      },
    }
  }

  #give(input: RegistryInput): void {
    // A monotonic clock: the registry measures silence, and must not be fooled by someone who sets the time.
    for (const effect of this.#registry.handle(input, performance.now())) this.#carryOut(effect)
  }

  // What goes out

  #carryOut(effect: RegistryEffect): void {
    switch (effect.type) {
      case 'send':
        this.#send(effect)
        break
      case 'close':
        this.#links.get(effect.link)?.close(effect.reason, effect.detail)
        this.#watchers.get(effect.link)?.close(effect.reason, effect.detail)
        break
      case 'timer':
        this.#startTimer(effect.timer, effect.afterMs)
        break
      case 'show': {
        const line = watcherLine(effect.event)
        for (const link of effect.watchers) this.#watchers.get(link)?.show(line)
        break
      }
      case 'poll':
        void this.#poll(effect)
        break
      case 'answer':
        this.#answers.get(effect.request)?.(effect.result)
        this.#answers.delete(effect.request)
        break
      case 'notify':
        this.#note(effect.notification)
    }
  }

  #send({ links, message }: Extract<RegistryEffect, { type: 'send' }>): void {
    const frame = encodeFrame(message)
    for (const id of links) {
      const link = this.#links.get(id)
      if (link === undefined) continue
      if (link.send(frame, 'control')) this.#messagesSent++
      // A node that misses a push about HTTP peers would not know of them: it has to register again for a fresh list.
      else link.close('stalled')
    }
  }

  #startTimer(timer: RegistryTimer, afterMs: number): void {
    const timeout = setTimeout(() => {
      this.#timers.delete(timeout)
      // After a pause of the whole process (a debugger, `docker pause`) timers come before what has arrived meanwhile:
      // let that in first, or everybody seems to have been silent.
      setImmediate(() => this.#give({ type: 'timer', timer }))
    }, afterMs)
    this.#timers.add(timeout)
  }

  async #poll({ name, url, token }: Extract<RegistryEffect, { type: 'poll' }>): Promise<void> {
    const alive = await this.#poller.ask(url)
    this.#give({ type: 'polled', name, token, alive })
  }

  #note(notification: RegistryNotification): void {
    switch (notification.type) {
      case 'peer-join':
        this.#joins++
        this.#logger.info({ ...notification.peer, peers: this.#registered }, 'peer-join')
        break
      case 'peer-leave': {
        const { name, reason } = notification
        this.#leaves[reason]++
        this.#logger.info({ name, reason, peers: this.#registered }, 'peer-leave')
        break
      }
      case 'refused': {
        const { type, ...fields } = notification
        this.#refused[fields.reason] = (this.#refused[fields.reason] ?? 0) + 1
        // A process that asked for a name wants to know; a stranger who says nothing is no news.
        if (fields.name === undefined) this.#logger.debug(fields, 'connection-refused')
        else this.#logger.warn(fields, 'node-refused')
        break
      }
      case 'drop': {
        const { type, ...fields } = notification
        this.#dropped[fields.reason] = (this.#dropped[fields.reason] ?? 0) + 1
        this.#logger.debug(fields, 'frame-dropped')
      }
    }
  }

  get #registered(): number {
    const { nodes, httpPeers } = this.#registry.counts
    return nodes + httpPeers
  }
}
