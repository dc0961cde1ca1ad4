// The links of a node over the simulated medium. It must not know what a message means.

import type { Effect } from '../core/events.ts'
import type { LinkId } from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'
import type { Logger } from '../logger.ts'
import type { ByReason } from '../node/stats.ts'
import type { CrowdedLink, LinkEvents, NodeLinks } from '../node/world.ts'
import type { Host } from '../sim/host.ts'

/** See the head of the file. */
export class VirtualLinks implements NodeLinks {
  readonly #host: Host
  readonly #feed: LinkEvents
  readonly #logger: Logger
  readonly #ended = new Map<Reason, number>()
  readonly #emptied: (() => void)[] = []

  /** @param host whose events are given to {@link take} */
  constructor(host: Host, feed: LinkEvents, logger: Logger) {
    this.#host = host
    this.#feed = feed
    this.#logger = logger
  }

  /** How many links have ended, by reason. */
  get ended(): ByReason {
    return Object.fromEntries(this.#ended)
  }

  /** The medium carries messages, and not bytes. */
  get traffic(): undefined {
    return undefined
  }

  /** Something happens on the host's links. */
  take(event: Parameters<LinkEvents>[0]): void {
    switch (event.type) {
      case 'link-open':
        this.#logger.debug({ link: event.link, dialed: event.dialed }, 'link-open')
        break
      case 'dial-failed':
        this.#logger.debug({ url: event.url }, 'dial-failed')
        break
      case 'link-closed':
        this.#logger.debug({ link: event.link, reason: event.reason }, 'link-closed')
        this.#ended.set(event.reason, (this.#ended.get(event.reason) ?? 0) + 1)
    }
    this.#feed(event)
    if (event.type === 'link-closed') this.#tellEmptied()
  }

  /** The medium carries messages, and not bytes. */
  receivedBytes(): number {
    return 0
  }

  /** Bytes that wait to be sent on a link; 0 when it is not open. */
  queuedBytes(id: LinkId): number {
    return this.#host.queuedBytesOf(id)
  }

  /** The open links whose lane for broadcasts is more than half full. */
  crowded(): readonly CrowdedLink[] {
    return this.#host.crowded()
  }

  /** Carries out a `dial` effect. */
  dial(url: string): void {
    this.#host.dial(url)
  }

  /** Carries out a `send` effect. */
  send(effect: Extract<Effect, { type: 'send' }>): void {
    this.#host.send(effect)
  }

  /** Carries out a `close` effect. */
  close(id: LinkId, reason: Reason): void {
    this.#host.close(id, reason)
  }

  /** Gives up what is being dialled, and resolves when no link is left. */
  end(): Promise<void> {
    this.#host.end()
    return new Promise((resolve) => {
      this.#emptied.push(resolve)
      this.#tellEmptied()
    })
  }

  #tellEmptied(): void {
    if (this.#host.linkCount === 0) for (const resolve of this.#emptied.splice(0)) resolve()
  }
}
