// What a node sends for its program and its guests, and who waits for how that ends: through the core, or by HTTP to
// the plain HTTP peers. It must not hold protocol rules: the core decides how a send ends.

import type { BroadcastAnswer, SendAnswer } from '../answers.ts'
import { CORE_DEFAULTS } from '../core/config.ts'
import type { Input, Notification, Outcome } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { Reason, SendFailure } from '../core/reasons.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { type EnvelopeHeaders, seal } from './envelope.ts'
import { HearsayError } from './errors.ts'
import type { HttpPeers } from './http-peers.ts'
import { checkName, type NodeSettings } from './options.ts'
import { Waiting } from './waiting.ts'

/** How one message is to be sent. */
export interface SendOptions {
  /** When to give up, in ms from now. Default 10,000, at most an hour. */
  readonly deadlineMs?: number
  /** A label that receivers see next to the node's name. Default: none. */
  readonly sender?: string
}

/** What sending needs of the node. */
export interface SendingParts {
  readonly settings: NodeSettings
  readonly overlay: Overlay
  readonly httpPeers: HttpPeers
  readonly feed: (input: Input) => void
  /** Whether no bootstrap knows of any other node. */
  readonly isAlone: () => boolean
  /** Counts what nobody waits for. */
  readonly drop: (reason: Reason, detail: string) => void
}

/** See the head of the file. */
export class Sending {
  readonly #parts: SendingParts
  readonly #name: NodeName
  readonly #outcomes = new Waiting<SendAnswer>()
  readonly #broadcasts = new Waiting<BroadcastAnswer>()
  #lastId = 0

  constructor(parts: SendingParts) {
    this.#parts = parts
    this.#name = parts.settings.name
  }

  /**
   * Sends a message to one node, or posts it to a plain HTTP peer.
   * @throws HearsayError `invalid-name`, `invalid-option` or `invalid-payload`, at once
   */
  send(to: string, value: JsonValue | Uint8Array, options: SendOptions): Promise<SendAnswer> {
    const name = checkName(to)
    const { deadlineMs } = options
    if (deadlineMs !== undefined && !(Number.isInteger(deadlineMs) && deadlineMs > 0)) {
      throw new HearsayError(
        'invalid-option',
        `deadlineMs: ${deadlineMs} is not a whole number of ms above 0`,
      )
    }
    const payload = seal(value, this.#label(options.sender))
    const { httpPeers, overlay } = this.#parts
    if (httpPeers.has(name) && overlay.directory.get(name) === undefined) {
      return this.#post(name, value, options)
    }
    return this.sendSealed(name, payload, deadlineMs)
  }

  /** Sends a payload through the overlay. */
  sendSealed(to: NodeName, payload: Uint8Array, deadlineMs: number | undefined): Promise<SendAnswer> {
    if (payload.length > LIMITS.payloadBytesMax) return Promise.resolve(this.#failed('too-large'))
    return new Promise((resolve) => {
      const id = this.#outcomes.add(resolve)
      const input = { type: 'send', id, to, payload } as const
      this.#parts.feed(deadlineMs === undefined ? input : { ...input, deadlineMs })
    })
  }

  /**
   * Sends a message to all nodes, and to the plain HTTP peers.
   * @throws HearsayError `invalid-payload`, at once
   */
  broadcast(value: JsonValue | Uint8Array, options: { readonly sender?: string }): Promise<BroadcastAnswer> {
    const payload = seal(value, this.#label(options.sender))
    if (payload.length > LIMITS.payloadBytesMax) return Promise.resolve(this.#failed('too-large'))
    const { httpPeers, overlay, isAlone, feed } = this.#parts
    const posts = httpPeers.list
    for (const peer of posts) void this.#postOrDrop(peer.name, value, options)
    if (posts.length > 0 && overlay.neighbors.size === 0 && isAlone()) {
      return Promise.resolve({ status: 'sent', id: this.#messageId(), neighbors: 0 })
    }
    return new Promise((resolve) => {
      feed({ type: 'broadcast', id: this.#broadcasts.add(resolve), payload })
    })
  }

  /** The core says how a send ended. */
  settle(id: number, outcome: Outcome): void {
    const resolve = this.#outcomes.take(id)
    if (outcome.status === 'failed') resolve?.(outcome)
    else {
      const { hops, rttMs } = outcome
      resolve?.({ status: 'delivered', id: this.#messageId(), hops, rttMs })
    }
  }

  /** The core says how a broadcast ended. */
  settleBroadcast({ id, neighbors, failure }: Extract<Notification, { type: 'broadcast-sent' }>): void {
    const resolve = this.#broadcasts.take(id)
    if (failure === undefined) resolve?.({ status: 'sent', id: this.#messageId(), neighbors })
    else resolve?.(this.#failed(failure))
  }

  #label(sender: string | undefined): EnvelopeHeaders {
    return sender === undefined || sender === this.#name ? {} : { sender }
  }

  async #post(name: string, value: JsonValue | Uint8Array, options: SendOptions): Promise<SendAnswer> {
    const { httpPeers, settings } = this.#parts
    const msg = value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
    const message = { sender: options.sender ?? this.#name, msg }
    const deadlineMs = options.deadlineMs ?? settings.config.deadlineMs ?? CORE_DEFAULTS.deadlineMs
    const outcome = await httpPeers.post(name, message, deadlineMs)
    if (outcome.status === 'delivered') return { ...outcome, hops: 1, id: this.#messageId() }
    settings.logger.debug({ peer: name, reason: outcome.reason, detail: outcome.detail }, 'post failed')
    return this.#failed(outcome.reason, outcome.reason === 'refused' ? name : this.#name)
  }

  /** A copy of a broadcast: nobody waits for its outcome, so a failure is counted. */
  async #postOrDrop(name: string, value: JsonValue | Uint8Array, options: SendOptions): Promise<void> {
    const answer = await this.#post(name, value, options)
    if (answer.status === 'failed') this.#parts.drop(answer.reason, `broadcast to the HTTP peer ${name}`)
  }

  #failed(reason: SendFailure, at: string = this.#name) {
    return { status: 'failed', reason, at } as const
  }

  /** A name for one more message, unique in the overlay. */
  #messageId(): string {
    return `${this.#name}/${this.#parts.overlay.self.incarnation}/${++this.#lastId}`
  }
}
