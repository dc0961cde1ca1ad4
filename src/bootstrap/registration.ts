// A node's registration at one bootstrap: dials, says hello, keeps the connection alive, and comes back when it breaks.
// A part of the client. It must not know the other bootstraps, nor what the node does with what it learns; nor sockets
// and a clock of its own: the simulator runs the same code.

import type { Heartbeat, Hello, Message, PeerEvents, Welcome } from '../core/messages.ts'
import { PROTOCOL_VERSION } from '../core/messages.ts'
import { REASONS, type Reason } from '../core/reasons.ts'
import type { Logger } from '../logger.ts'
import { withoutQuery } from '../net/url.ts'
import type { ClientConnection, ClientWorld, ConnectionHandlers } from './client-world.ts'

/** The client's numbers. Durations are integer milliseconds. */
export interface RegistrationTimes {
  /** Interval of heartbeats to the bootstrap. */
  readonly heartbeatMs: number
  /** Without a frame for this many heartbeats the bootstrap counts as gone. */
  readonly heartbeatsMissedMax: number
  /** How long a dial may take. */
  readonly dialTimeoutMs: number
  /** How long the welcome may take after that; longer than a bootstrap takes to probe the holder of a name (1 s). */
  readonly welcomeTimeoutMs: number
  /** First backoff; doubles to the largest, each wait drawn from 0 to it (full jitter), so that nodes do not return in step. */
  readonly backoffMinMs: number
  /** Largest backoff: a bootstrap that is back knows everybody after this time and a dial. */
  readonly backoffMaxMs: number
  /** How long a URL is left alone at which a node has answered, and no bootstrap ever has: it was most likely mistaken. */
  readonly mistakenMs: number
}

/** What a registration is given. */
export interface RegistrationOptions {
  /** In the canonical form of net/url. */
  readonly url: string
  /** Called for each connection. */
  readonly hello: () => Hello
  readonly times: RegistrationTimes
  readonly logger: Logger
  /** From 0 inclusive to 1 exclusive. */
  readonly random: () => number
  readonly world: ClientWorld
}

/** What a registration tells its owner. */
export interface RegistrationHandlers {
  readonly onWelcome: (welcome: Welcome) => void
  readonly onPeerEvents: (events: PeerEvents) => void
  /** A registration that stood is gone. */
  readonly onLost: (detail: string) => void
  /** Another process has the name. True: try again later; false: this registration is over. */
  readonly onNameTaken: (detail: string) => boolean
  /** Replaced by another connection of this process. True: that one is at the same bootstrap, so wait for {@link Registration.wake}. */
  readonly onReplaced: () => boolean
}

const doNothing = (): void => {}

/** One bootstrap, from a node's side. */
export class Registration {
  readonly #options: RegistrationOptions
  readonly #handlers: RegistrationHandlers
  #phase: 'idle' | 'dialling' | 'greeting' | 'registered' | 'waiting' | 'stopped' = 'idle'
  #cancelDial = doNothing
  #link: ClientConnection | undefined
  /** Stops the one timer that runs: before the next try, for the welcome, or to the next heartbeat. */
  #cancelTimer = doNothing
  #bootstrapInstance: string | undefined
  #wasRegistered = false
  #heardMs = 0
  /** Heartbeats of this end since then. */
  #silentBeats = 0
  #tries = 0
  /** What the log was last told. */
  #said = ''
  #resolveStopped: (() => void) | undefined

  constructor(options: RegistrationOptions, handlers: RegistrationHandlers) {
    this.#options = options
    this.#handlers = handlers
  }

  get isRegistered(): boolean {
    return this.#phase === 'registered'
  }

  /** Which run of which bootstrap answered the last hello. */
  get bootstrapInstance(): string | undefined {
    return this.#bootstrapInstance
  }

  /** Dials, for the first time. */
  start(): void {
    if (this.#phase === 'idle') this.#connect()
  }

  /** Ends the wait that `onReplaced` began. */
  wake(): void {
    if (this.#phase === 'idle') this.#retry()
  }

  /** Dials now, if it waits to dial again after a while. */
  hurry(): void {
    if (this.#phase !== 'waiting') return
    this.#cancelTimer()
    this.#connect()
  }

  /** Ends it for good. Resolves when the connection is closed, after the closing handshake or its timeout. */
  stop(reason: Reason): Promise<void> {
    this.#phase = 'stopped'
    this.#cancelTimer()
    this.#cancelDial()
    const link = this.#link
    if (link === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.#resolveStopped = resolve
      link.close(reason)
    })
  }

  #connect(): void {
    const { url, times, world } = this.#options
    this.#phase = 'dialling'
    const handlers: ConnectionHandlers = {
      onOpen: (link) => this.#greet(link),
      onFailed: (detail) => {
        this.#say('bootstrap-unreachable', detail)
        this.#retry()
      },
      onMessages: (messages) => this.#received(messages),
      onClosed: ({ reason, detail }) => this.#closed(reason, detail),
    }
    this.#cancelDial = world.dial(url, handlers, times.dialTimeoutMs)
  }

  #greet(link: ClientConnection): void {
    const { hello, times, world } = this.#options
    this.#phase = 'greeting'
    this.#bootstrapInstance = undefined
    this.#link = link
    link.send({ ...hello(), registers: true })
    this.#cancelTimer = world.after(times.welcomeTimeoutMs, () => {
      link.close('hello-timeout', `no welcome came within ${times.welcomeTimeoutMs} ms`)
    })
  }

  #received(messages: readonly Message[]): void {
    this.#heardMs = this.#options.world.nowMs()
    this.#silentBeats = 0
    for (const message of messages) {
      // A message before, or a handler, may have ended it.
      if (this.#link?.isOpen !== true) return
      this.#take(this.#link, message)
    }
  }

  #take(link: ClientConnection, message: Message): void {
    if (message.type === 'hello') this.#met(link, message)
    else if (this.#bootstrapInstance === undefined) {
      link.close('protocol-error', `${message.type} before hello`)
    } else if (message.type === 'welcome' && this.#phase === 'greeting') this.#welcomed(link, message)
    else if (message.type === 'peer-events' && this.#phase === 'registered') {
      this.#handlers.onPeerEvents(message)
    } else if (message.type === 'heartbeat') {
      // Echo 0 asks for a sign of life; anything else answers ours.
      if (message.echo === 0) link.send(this.#heartbeat(message.clock))
    } else if (message.type !== 'unknown') {
      link.close('protocol-error', `${message.type} is not allowed here`)
    }
  }

  #met(link: ClientConnection, { role, protocol, instance }: Hello): void {
    if (this.#bootstrapInstance !== undefined) link.close('protocol-error', 'a second hello')
    else if (role !== 'bootstrap')
      link.close('wrong-role', `${withoutQuery(this.#options.url)} is a node, not a bootstrap`)
    else if (protocol !== PROTOCOL_VERSION) {
      link.close('unsupported-protocol', `the bootstrap speaks protocol ${protocol}, not ${PROTOCOL_VERSION}`)
    } else this.#bootstrapInstance = instance
  }

  #welcomed(link: ClientConnection, welcome: Welcome): void {
    this.#cancelTimer()
    this.#phase = 'registered'
    this.#wasRegistered = true
    this.#tries = 0
    this.#said = ''
    this.#beatLater(link)
    const { url, logger } = this.#options
    logger.info({ url, registered: welcome.registered }, 'bootstrap-registered')
    this.#handlers.onWelcome(welcome)
  }

  #beatLater(link: ClientConnection): void {
    const { times, world } = this.#options
    this.#cancelTimer = world.after(times.heartbeatMs, () => this.#beat(link))
  }

  #beat(link: ClientConnection): void {
    const { times, world } = this.#options
    const silentMs = Math.round(world.nowMs() - this.#heardMs)
    this.#silentBeats++
    // A process that is behind has its heartbeats late, and reads late.
    const isSilent = silentMs >= times.heartbeatMs * times.heartbeatsMissedMax
    if (isSilent && this.#silentBeats >= times.heartbeatsMissedMax) {
      link.close('silent', `nothing was heard for ${silentMs} ms`)
      return
    }
    link.send(this.#heartbeat(0))
    this.#beatLater(link)
  }

  #closed(reason: Reason, detail: string): void {
    const wasRegistered = this.#phase === 'registered'
    this.#link = undefined
    this.#cancelTimer()
    if (this.#phase === 'stopped') {
      this.#resolveStopped?.()
      return
    }
    this.#phase = 'idle'
    const isAlias = reason === 'replaced' && this.#handlers.onReplaced()
    if (wasRegistered && !isAlias) {
      this.#say('bootstrap-lost', detail, reason)
      this.#handlers.onLost(detail)
    } else if (!isAlias && reason !== 'name-taken') {
      this.#say('bootstrap-refused', this.#isMistaken(reason) ? this.#mistake : detail, reason)
    }
    if (reason === 'name-taken' && !wasRegistered) {
      this.#say('bootstrap-name-taken', detail, reason)
      if (!this.#handlers.onNameTaken(detail)) return
    }
    if (!isAlias) this.#retry(reason)
  }

  /** Dials again after a while. */
  #retry(reason?: Reason): void {
    // A handler may have stopped it.
    if (this.#phase === 'stopped') return
    const waitMs = this.#waitMs(reason)
    this.#tries = Math.min(this.#tries + 1, 30)
    this.#phase = 'waiting'
    this.#cancelTimer = this.#options.world.after(waitMs, () => this.#connect())
  }

  /** Where nobody may come back soon (another protocol, say) the longest backoff counts. */
  #waitMs(reason: Reason | undefined): number {
    const { random, times } = this.#options
    if (this.#isMistaken(reason)) return times.mistakenMs
    const soon = reason === undefined || REASONS[reason].reconnect
    const limitMs = soon ? times.backoffMinMs * 2 ** this.#tries : times.backoffMaxMs
    return random() * Math.min(times.backoffMaxMs, limitMs)
  }

  /** Whether the URL has turned out to be that of a node. Where there was a bootstrap, one may come back. */
  #isMistaken(reason: Reason | undefined): boolean {
    return reason === 'wrong-role' && !this.#wasRegistered
  }

  /** What has to be done about it. */
  get #mistake(): string {
    const { times, url } = this.#options
    const minutes = Math.ceil(times.mistakenMs / 60_000)
    return `${withoutQuery(url)} is a node, not a bootstrap: give it as a peer; it is asked again in ${minutes} minutes`
  }

  /** Warns of what is new; what is as it was before is for debugging only. */
  #say(event: string, detail: string, reason?: Reason): void {
    const { url, logger } = this.#options
    const fields = { url, detail, ...(reason === undefined ? {} : { reason }) }
    const state = `${event} ${reason ?? ''}`
    if (state === this.#said) logger.debug(fields, event)
    else logger.warn(fields, event)
    this.#said = state
  }

  /** `echo` 0 asks for an answer; else it is the clock that is answered. A bootstrap has no directory to compare. */
  #heartbeat(echo: number): Heartbeat {
    const clock = Math.trunc(this.#options.world.nowMs() * 1_000) % 2 ** 32 || 1
    return { type: 'heartbeat', clock, echo, heldUs: 0, hash: { high: 0, low: 0 } }
  }
}
