// The rendezvous in a simulation: a bootstrap that runs the production registry on a host, and goes and comes back; and
// what a node registers with, the production client on a host of its own.
// It must not decide who is registered, who is told what, or when a node tries again.

import { BootstrapClient, type BootstrapClientHandlers } from '../bootstrap/client.ts'
import type { ClientConnection, ClientWorld, ConnectionHandlers } from '../bootstrap/client-world.ts'
import type { RegistrationTimes } from '../bootstrap/registration.ts'
import { Registry } from '../bootstrap/registry.ts'
import type { RegistryConfig } from '../bootstrap/registry-config.ts'
import type { RegistryEffect, RegistryInput, RegistryTimer } from '../bootstrap/registry-events.ts'
import {
  type Hello,
  type LinkId,
  type Message,
  type NodeName,
  PROTOCOL_VERSION,
  parseNodeName,
} from '../core/messages.ts'
import { REASONS, type Reason } from '../core/reasons.ts'
import { Rng } from '../core/rng.ts'
import type { LinkEvent } from './end.ts'
import type { EventQueue, Happening } from './event-queue.ts'
import type { CrashOptions, Host } from './host.ts'
import type { Medium } from './medium.ts'

/** How a simulated bootstrap is set up. */
export interface BootstrapOptions {
  /** The name of its host, for faults and observers. */
  readonly name: string
  readonly url: string
  readonly seed: number
  readonly config?: Partial<RegistryConfig> | undefined
}

/** Something that runs out unless its owner has ended before. */
class OwnedTimer implements Happening {
  readonly owner: object
  readonly #host: Host
  readonly #run: () => void

  constructor(owner: object, host: Host, run: () => void) {
    this.owner = owner
    this.#host = host
    this.#run = run
  }

  happen(): void {
    if (this.#host.isPaused) this.#host.afterPause(this)
    else this.#run()
  }
}

function removeTimersOf(owner: object, queue: EventQueue): void {
  queue.remove((what) => what instanceof OwnedTimer && what.owner === owner)
}

/** One run of a bootstrap: begins with an empty registry. */
export class SimBootstrap {
  readonly registry: Registry
  readonly host: Host
  readonly #queue: EventQueue
  /** What this side has closed: that is no word of the node's. */
  readonly #closed = new Set<LinkId>()
  #isRunning = true

  constructor(medium: Medium, { name, url, seed, config }: BootstrapOptions) {
    const rng = new Rng(seed)
    this.#queue = medium.queue
    this.host = medium.host(name, { url, feed: (event) => this.#take(event) })
    const hello: Hello = {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      role: 'bootstrap',
      name: parseNodeName('bootstrap') as NodeName,
      incarnation: 1 + Math.floor(medium.queue.nowMs),
      instance: `bootstrap-${rng.uint32()}`,
      linkless: false,
    }
    this.registry = new Registry({ hello, rng, ...(config === undefined ? {} : { config }) })
    this.#give({ type: 'start' })
  }

  /** The bootstrap is gone without a word, and with it what it knew. */
  crash(options?: CrashOptions): void {
    this.#end()
    this.host.crash(options)
  }

  /** The bootstrap tells everybody and stops. */
  stop(): void {
    this.#give({ type: 'stop' })
    this.#end()
    this.host.end()
  }

  #end(): void {
    this.#isRunning = false
    removeTimersOf(this, this.#queue)
  }

  #take(event: LinkEvent): void {
    switch (event.type) {
      case 'link-open':
        this.#give({ type: 'link-open', link: event.link, from: 'a simulated host' })
        break
      case 'link-closed': {
        const isOurs = this.#closed.delete(event.link)
        this.#give({ ...event, reason: isOurs ? 'link-lost' : event.reason })
        break
      }
      case 'received':
        this.#give(event)
        break
      case 'send-refused':
        // As the server does: it has to register again for a fresh list.
        this.#close(event.link, 'stalled')
        break
      case 'dial-failed':
        throw new Error('a bootstrap does not dial')
    }
  }

  #give(input: RegistryInput): void {
    if (!this.#isRunning) return
    for (const effect of this.registry.handle(input, this.#queue.nowMs)) this.#carryOut(effect)
  }

  #carryOut(effect: RegistryEffect): void {
    switch (effect.type) {
      case 'send':
        this.host.send({ ...effect, lane: 'control' })
        break
      case 'close':
        this.#close(effect.link, effect.reason)
        break
      case 'timer':
        this.#startTimer(effect.timer, effect.afterMs)
        break
      case 'notify':
        break
      case 'show':
      case 'poll':
      case 'answer':
        throw new Error(`nobody watches or registers by HTTP here, and yet: ${effect.type}`)
    }
  }

  #close(link: LinkId, reason: Reason): void {
    this.#closed.add(link)
    this.host.close(link, reason)
  }

  #startTimer(timer: RegistryTimer, afterMs: number): void {
    const run = (): void => this.#give({ type: 'timer', timer })
    this.#queue.plan(afterMs, new OwnedTimer(this, this.host, run))
  }
}

/** What a node registers with. */
export interface RegistrantOptions {
  /** The name of the node's process: faults that befall it befall this, too. */
  readonly name: string
  /** Where the bootstraps are. */
  readonly urls: readonly string[]
  readonly hello: () => Hello
  readonly seed: number
  readonly times?: Partial<RegistrationTimes> | undefined
  readonly onContacts: BootstrapClientHandlers['onContacts']
  readonly onNameTaken: (detail: string) => void
}

interface Connection {
  readonly handlers: ConnectionHandlers
  isOpen: boolean
}

/** A node's side of the rendezvous, on a host of its own beside that of its links. */
export class SimRegistrant implements ClientWorld {
  readonly host: Host
  readonly #queue: EventQueue
  readonly #client: BootstrapClient
  readonly #dials = new Map<string, ConnectionHandlers>()
  readonly #links = new Map<LinkId, Connection>()

  constructor(medium: Medium, options: RegistrantOptions) {
    const rng = new Rng(options.seed)
    this.#queue = medium.queue
    this.host = medium.host(options.name, { feed: (event) => this.#take(event) })
    this.#client = new BootstrapClient(
      {
        urls: options.urls,
        hello: options.hello,
        random: () => rng.uint32() / 0x1_0000_0000,
        world: this,
        ...options.times,
      },
      {
        onContacts: options.onContacts,
        onNameTaken: (_url, detail) => options.onNameTaken(detail),
        onHttpPeers: ignore,
      },
    )
    this.#client.start()
  }

  /** Whether at least one bootstrap has the node registered. */
  get isRegistered(): boolean {
    return this.#client.registered
  }

  /** How many others the bootstrap has told it that there are. */
  get others(): number {
    return this.#client.others
  }

  /** Tells the bootstraps that the node leaves. */
  leave(): void {
    void this.#client.close('left')
    removeTimersOf(this, this.#queue)
    this.host.end()
  }

  /** The node's process is gone. */
  crash(options?: CrashOptions): void {
    removeTimersOf(this, this.#queue)
    this.host.crash(options)
  }

  nowMs(): number {
    return this.#queue.nowMs
  }

  after(ms: number, run: () => void): () => void {
    let isOff = false
    const timer = new OwnedTimer(this, this.host, () => {
      if (!isOff) run()
    })
    this.#queue.plan(ms, timer)
    return () => {
      isOff = true
    }
  }

  /** The medium has a time-out of its own, which is the same for all dials. */
  dial(url: string, handlers: ConnectionHandlers): () => void {
    this.#dials.set(url, handlers)
    this.host.dial(url)
    return () => {
      if (this.#dials.get(url) === handlers) this.#dials.delete(url)
    }
  }

  #take(event: LinkEvent): void {
    switch (event.type) {
      case 'link-open':
        this.#opened(event.link, event.dialed)
        break
      case 'dial-failed': {
        const handlers = this.#dials.get(event.url)
        this.#dials.delete(event.url)
        handlers?.onFailed(`${event.url} did not answer`)
        break
      }
      case 'received': {
        const connection = this.#links.get(event.link)
        if (connection?.isOpen) connection.handlers.onMessages(event.messages)
        break
      }
      case 'link-closed': {
        const connection = this.#links.get(event.link)
        this.#links.delete(event.link)
        if (connection === undefined) break
        connection.isOpen = false
        connection.handlers.onClosed({ reason: event.reason, detail: REASONS[event.reason].text })
        break
      }
      case 'send-refused':
    }
  }

  #opened(link: LinkId, dialed: string | undefined): void {
    const handlers = this.#dials.get(dialed ?? '')
    this.#dials.delete(dialed ?? '')
    if (handlers === undefined) {
      // Given up meanwhile.
      this.host.close(link, 'shutting-down')
      return
    }
    const connection: Connection = { handlers, isOpen: true }
    this.#links.set(link, connection)
    handlers.onOpen(this.#connection(link, connection))
  }

  #connection(link: LinkId, connection: Connection): ClientConnection {
    const { host } = this
    return {
      get isOpen() {
        return connection.isOpen
      },
      send: (message: Message) => host.send({ type: 'send', links: [link], message, lane: 'control' }),
      close: (reason) => {
        connection.isOpen = false
        host.close(link, reason)
      },
    }
  }
}

function ignore(): void {}
