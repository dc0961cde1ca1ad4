// The sockets of a node: dials and accepts, gives each link its number, encodes once and queues on many.
// It must not know what a message means; it turns what happens into inputs of the core.

import type { Effect } from '../core/events.ts'
import type { LinkId } from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'
import type { Logger } from '../logger.ts'
import { LANES } from '../net/lanes.ts'
import { Link, type LinkHandlers, type LinkStats } from '../net/link.ts'
import type { Dial, DialLink } from '../net/link-dial.ts'
import type { LinkOptions } from '../net/link-options.ts'
import type { LinkSocket } from '../net/link-socket.ts'
import { encodeFrame } from '../wire/encode.ts'
import type { ByReason, LinkTraffic } from './stats.ts'
import type { CrowdedLink, LinkEvents, NodeLinks } from './world.ts'

/** What links are made with. */
export interface SocketLinksOptions {
  readonly logger: Logger
  readonly dial: DialLink
  /** Numbers of the links that differ from their defaults. */
  readonly link: Partial<LinkOptions>
}

const NO_LINKS: readonly CrowdedLink[] = []

/** See the head of the file. */
export class SocketLinks implements NodeLinks {
  readonly #feed: LinkEvents
  readonly #options: SocketLinksOptions
  readonly #ended = new Map<Reason, number>()
  readonly #links = new Map<LinkId, Link>()
  readonly #dials = new Map<string, Dial>()
  readonly #emptied: (() => void)[] = []
  /** Of links that have ended. */
  readonly #past = { bytesSent: 0, bytesReceived: 0, framesSent: 0, framesReceived: 0 }
  #lastId = 0

  /** @param feed takes the inputs; never called from within a call of this class but `send`. */
  constructor(feed: LinkEvents, options: SocketLinksOptions) {
    this.#feed = feed
    this.#options = options
  }

  /** How many links have ended, by reason. */
  get ended(): ByReason {
    return Object.fromEntries(this.#ended)
  }

  /** What the links have carried, and what waits. */
  get traffic(): LinkTraffic {
    const sum = { ...this.#past, inFlightBytes: 0 }
    const queuedBytes = { control: 0, direct: 0, broadcast: 0 }
    for (const link of this.#links.values()) {
      const stats = link.stats()
      addTraffic(sum, stats)
      sum.inFlightBytes += stats.inFlightBytes
      for (const lane of LANES) queuedBytes[lane] += stats.queuedBytes[lane]
    }
    return { ...sum, queuedBytes }
  }

  /** A WebSocket that speaks hearsay.1 and is open. */
  adopt(socket: LinkSocket, place: string, dialed?: string): void {
    const id = ++this.#lastId as LinkId
    const { logger } = this.#options
    const handlers: LinkHandlers = {
      onMessages: (messages) => this.#feed({ type: 'received', link: id, messages }),
      onClosed: ({ reason, remote, detail }) => {
        addTraffic(this.#past, link.stats())
        this.#links.delete(id)
        this.#ended.set(reason, (this.#ended.get(reason) ?? 0) + 1)
        logger.debug({ link: id, place, reason, remote, detail }, 'link-closed')
        if (reason === 'wrong-role' && dialed !== undefined) logger.warn({ url: dialed }, 'not-a-node')
        this.#feed({ type: 'link-closed', link: id, reason })
        if (this.#links.size === 0) for (const resolve of this.#emptied.splice(0)) resolve()
      },
    }
    const link = new Link(socket, handlers, this.#options.link)
    this.#links.set(id, link)
    logger.debug({ link: id, place, dialed: dialed !== undefined }, 'link-open')
    this.#feed({ type: 'link-open', link: id, ...(dialed === undefined ? {} : { dialed }) })
  }

  /** Carries out a `dial` effect. */
  dial(url: string): void {
    const { dial, logger } = this.#options
    const started = dial(url, {
      onOpen: (socket) => {
        this.#dials.delete(url)
        this.adopt(socket, url, url)
      },
      onFailed: (detail) => {
        this.#dials.delete(url)
        logger.debug({ url, detail }, 'dial-failed')
        this.#feed({ type: 'dial-failed', url })
      },
    })
    this.#dials.set(url, started)
  }

  /** Carries out a `send` effect: one encoding, however many links. */
  send({ links, message, lane }: Extract<Effect, { type: 'send' }>): void {
    const frame = links.length === 1 ? undefined : encodeFrame(message)
    for (const id of links) {
      const link = this.#links.get(id)
      if (link === undefined) continue
      const isTaken = frame === undefined ? link.sendMessage(message, lane) : link.send(frame, lane)
      if (!isTaken && link.isOpen) this.#feed({ type: 'send-refused', link: id, message })
    }
  }

  /** Carries out a `close` effect. */
  close(id: LinkId, reason: Reason): void {
    this.#links.get(id)?.close(reason)
  }

  /** Bytes that wait to be sent on a link; 0 when it is not open. */
  queuedBytes(id: LinkId): number {
    const { control = 0, direct = 0, broadcast = 0 } = this.#links.get(id)?.queuedBytes ?? {}
    return control + direct + broadcast
  }

  /** The open links whose lane for broadcasts is more than half full. */
  crowded(): readonly CrowdedLink[] {
    let crowded: CrowdedLink[] | undefined
    for (const [id, link] of this.#links) {
      if (link.isCrowded) crowded = [...(crowded ?? []), { link: id, sentBytes: link.stats().bytesSent }]
    }
    return crowded ?? NO_LINKS
  }

  /** Bytes that have come on a link; 0 when it is not open. */
  receivedBytes(id: LinkId): number {
    return this.#links.get(id)?.stats().bytesReceived ?? 0
  }

  /** Counters of a link that is open. */
  stats(id: LinkId): LinkStats | undefined {
    return this.#links.get(id)?.stats()
  }

  /** Gives up what is being dialled, and resolves when no link is left. */
  end(): Promise<void> {
    for (const started of this.#dials.values()) started.cancel()
    this.#dials.clear()
    if (this.#links.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#emptied.push(resolve))
  }
}

type Carried = {
  -readonly [Key in 'bytesSent' | 'bytesReceived' | 'framesSent' | 'framesReceived']: LinkStats[Key]
}

function addTraffic(sum: Carried, more: Readonly<Carried>): void {
  sum.bytesSent += more.bytesSent
  sum.bytesReceived += more.bytesReceived
  sum.framesSent += more.framesSent
  sum.framesReceived += more.framesReceived
}
