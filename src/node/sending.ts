// What a node sends for its program and its guests to one other node, and who waits for how that ends: through the core,
// or by HTTP to the plain HTTP peers. It must not hold protocol rules: the core decides how a send ends.

import type { SendAnswer, SendFailed, TrySendAnswer } from '../answers.ts'
import type { Input, Outcome } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { SendFailure } from '../core/reasons.ts'
import { HearsayError } from '../errors.ts'
import { isWritten } from '../logger.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTag } from '../wire/topics.ts'
import { isTraceparent, TRACEPARENT_EXAMPLE } from '../wire/traceparent.ts'
import { type EnvelopeHeaders, seal, traceparentOf } from './envelope.ts'
import { checkName, type MemberSettings } from './member-options.ts'
import { MessageIds } from './message-ids.ts'
import type { Found, Seeking } from './seeking.ts'
import type { Sightings } from './sightings.ts'
import type { Tally } from './tally.ts'
import { Waiting } from './waiting.ts'
import type { PlainHttpPeers, PostOutcome } from './world.ts'

/** To whom: the node of this name, or any one that has a tag, each in turn. */
export type Destination = string | { readonly tag: string }

/** How one message is to be sent. */
export interface SendOptions {
  /** When to give up, in ms from now. Default 10,000, at most an hour. */
  readonly deadlineMs?: number | undefined
  /** A label that receivers see next to the node's name. Default: none. */
  readonly sender?: string | undefined
  /** Goes with the message, and is logged by every node on its way (W3C Trace Context, section 3.2). Default: none. */
  readonly traceparent?: string | undefined
  /** Gives the message up when it is aborted: it ends as failed, `cancelled`. It may arrive all the same. */
  readonly signal?: AbortSignal | undefined
}

/** What sending needs of the node. */
export interface SendingParts {
  readonly settings: MemberSettings
  readonly overlay: Overlay
  readonly httpPeers: PlainHttpPeers
  readonly seeking: Pick<Seeking, 'find'>
  readonly tally: Tally
  readonly sightings: Pick<Sightings, 'own'>
  readonly feed: (input: Input) => void
}

/** See the head of the file. */
export class Sending {
  readonly #parts: SendingParts
  readonly #name: NodeName
  readonly #outcomes = new Waiting<SendAnswer>()
  /** The node that was sent to last, by tag. */
  readonly #turns = new Map<string, string>()
  readonly #isLogged: boolean
  /** Messages that are nobody's. */
  readonly #uncounted = new Set<number>()
  #lastId = 0
  readonly #ids = new MessageIds()

  constructor(parts: SendingParts) {
    this.#parts = parts
    this.#name = parts.settings.name
    this.#isLogged = isWritten(parts.settings.logger, 'debug')
  }

  /** Messages through the overlay without an outcome. */
  get size(): number {
    return this.#outcomes.size
  }

  /**
   * Sends a message to one node, or posts it to a plain HTTP peer.
   * @throws HearsayError `invalid-name`, `invalid-option` or `invalid-payload`, at once
   */
  send(to: Destination, value: JsonValue | Uint8Array, options: SendOptions): Promise<SendAnswer> {
    const name = this.destination(to)
    checkDeadline(options.deadlineMs)
    checkSignal(options.signal)
    const payload = seal(value, labelsOf(options, this.#name))
    if (name === undefined) return this.#sendWhenFound(to, payload, options)
    return this.isPlainHttp(name) ? this.post(name, value, options) : this.sendSealed(name, payload, options)
  }

  async #sendWhenFound(to: Destination, payload: Uint8Array, options: SendOptions): Promise<SendAnswer> {
    const found = await this.find(to, options)
    if (found.name === undefined) return this.#refused(found.failure)
    return this.sendSealed(found.name, payload, { signal: options.signal, deadlineMs: found.leftMs })
  }

  /** The node that is meant, as soon as it is known: see {@link Seeking}. Throws as {@link destination} does. */
  find(to: Destination, { deadlineMs, signal }: Pick<SendOptions, 'deadlineMs' | 'signal'>): Promise<Found> {
    const { seeking, settings } = this.#parts
    return seeking.find(() => this.destination(to), { deadlineMs: deadlineMs ?? settings.deadlineMs, signal })
  }

  /**
   * As {@link send}, but says at once when there is no room, and gives the outcome apart.
   * @throws HearsayError `invalid-name`, `invalid-option` or `invalid-payload`, at once
   */
  trySend(to: Destination, value: JsonValue | Uint8Array, options: SendOptions): TrySendAnswer {
    const name = this.destination(to)
    checkDeadline(options.deadlineMs)
    checkSignal(options.signal)
    const payload = seal(value, labelsOf(options, this.#name))
    if (name === undefined) return this.#refused('unknown-peer')
    if (this.isPlainHttp(name)) return { status: 'accepted', outcome: this.post(name, value, options) }
    if (payload.length > LIMITS.payloadBytesMax) return this.#refused('too-large')
    if (!this.hasRoom(name, payload)) return this.#refused('queue-full')
    return { status: 'accepted', outcome: this.sendSealed(name, payload, options) }
  }

  /**
   * The node that is meant; `undefined` when no other node is known to have the tag. Of those that have, each gets its turn.
   * @throws HearsayError `invalid-name` or `invalid-option`
   */
  destination(to: Destination): NodeName | undefined {
    // A name that is known is a name.
    if (typeof to === 'string' && this.#parts.overlay.directory.get(to as NodeName) !== undefined)
      return to as NodeName
    if (typeof to !== 'object' || to === null || !('tag' in to)) return checkName(to as string)
    const { tag } = to
    if (typeof tag !== 'string' || !isTag(tag)) {
      throw new HearsayError('invalid-option', `to: ${JSON.stringify(to)} is neither a name nor { tag: … }`)
    }
    const names: NodeName[] = []
    for (const { record, reachable } of this.#parts.overlay.directory.entries) {
      if (reachable && record.name !== this.#name && record.tags?.includes(tag)) names.push(record.name)
    }
    names.sort()
    const last = this.#turns.get(tag) ?? ''
    const next = names.find((name) => name > last) ?? names[0]
    if (next !== undefined) this.#turns.set(tag, next)
    return next
  }

  /** Whether a payload for this node would be taken now. */
  hasRoom(to: NodeName, payload: Uint8Array): boolean {
    return this.#parts.overlay.hasRoom(to, payload.length)
  }

  /** Sends a payload through the overlay. */
  sendSealed(
    to: NodeName,
    payload: Uint8Array,
    { deadlineMs, signal }: Pick<SendOptions, 'deadlineMs' | 'signal'> = {},
  ): Promise<SendAnswer> {
    if (payload.length > LIMITS.payloadBytesMax) return Promise.resolve(this.#refused('too-large'))
    if (signal?.aborted) return Promise.resolve(this.#refused('cancelled'))
    return new Promise((settle) => {
      const traceparent = traceparentOf(payload)
      const isLogged = this.#isLogged || traceparent !== undefined
      const resolve = isLogged ? this.#logged(settle, { to, bytes: payload.length, traceparent }) : settle
      const id = this.#outcomes.add(
        signal === undefined ? resolve : this.#cancellable(resolve, signal, () => id),
      )
      const input = { type: 'send', id, to, payload } as const
      this.#parts.feed(deadlineMs === undefined ? input : { ...input, deadlineMs })
    })
  }

  /** Sends what is nobody's message, and is not counted as one. Resolves when it has ended. */
  tell(to: NodeName, payload: Uint8Array, deadlineMs: number): Promise<SendAnswer> {
    if (payload.length > LIMITS.payloadBytesMax) return Promise.resolve(this.failed('too-large'))
    return new Promise((resolve) => {
      const id = this.#outcomes.add(resolve)
      this.#uncounted.add(id)
      this.#parts.feed({ type: 'send', id, to, payload, deadlineMs })
    })
  }

  /** As {@link sendSealed}, with a way to give the message up; that has no effect once it has ended. */
  sendRevocable(
    to: NodeName,
    payload: Uint8Array,
    deadlineMs: number,
  ): { readonly sent: Promise<SendAnswer>; readonly revoke: () => void } {
    if (payload.length > LIMITS.payloadBytesMax)
      return { sent: Promise.resolve(this.#refused('too-large')), revoke: () => {} }
    const { promise: sent, resolve } = Promise.withResolvers<SendAnswer>()
    let isOpen = true
    const traceparent = traceparentOf(payload)
    const settle = traceparent === undefined ? resolve : this.#logged(resolve, { to, traceparent })
    const id = this.#outcomes.add((answer) => {
      isOpen = false
      settle(answer)
    })
    this.#parts.feed({ type: 'send', id, to, payload, deadlineMs })
    const revoke = () => {
      if (isOpen) this.#parts.feed({ type: 'cancel', id })
    }
    return { sent, revoke }
  }

  /** The core says how a send ended. */
  settle(id: number, outcome: Outcome): void {
    const resolve = this.#outcomes.take(id)
    if (!this.#uncounted.delete(id))
      this.#parts.tally.ended('direct', outcome.status === 'failed' ? outcome.reason : 'delivered')
    if (outcome.status === 'failed') resolve?.(outcome)
    else {
      const { hops, rttMs } = outcome
      resolve?.({ status: 'delivered', id: this.messageId(), hops, rttMs })
    }
  }

  /** Finds out whether a node, or a plain HTTP peer, answers, and how fast. No program sees it. */
  async ping(to: NodeName, options: Pick<SendOptions, 'deadlineMs'>): Promise<SendAnswer> {
    if (!this.isPlainHttp(to)) return this.sendSealed(to, seal(null, { ping: '1' }), options)
    const { httpPeers, settings } = this.#parts
    const { deadlineMs = settings.deadlineMs } = options
    return this.#answerOf(to, await httpPeers.ping(to, { deadlineMs, signal: undefined }))
  }

  /** Posts a message to a plain HTTP peer. */
  async post(name: string, value: JsonValue | Uint8Array, options: SendOptions): Promise<SendAnswer> {
    const { httpPeers, settings } = this.#parts
    const message = { sender: options.sender ?? this.#name, msg: value }
    const { deadlineMs = settings.deadlineMs, signal, traceparent } = options
    return this.#answerOf(name, await httpPeers.post(name, message, { deadlineMs, signal, traceparent }))
  }

  #answerOf(name: string, outcome: PostOutcome): SendAnswer {
    const { settings, tally } = this.#parts
    tally.ended('http', outcome.status === 'delivered' ? 'delivered' : outcome.reason)
    if (outcome.status === 'delivered') return { ...outcome, hops: 1, id: this.messageId() }
    settings.logger.debug({ peer: name, reason: outcome.reason, detail: outcome.detail }, 'post-failed')
    return this.failed(outcome.reason, outcome.reason === 'refused' ? name : this.#name)
  }

  /** A message that does not even go out. */
  #refused(reason: SendFailure): SendFailed {
    this.#parts.tally.ended('direct', reason)
    return this.failed(reason)
  }

  /** A send that this node gives up. */
  failed(reason: SendFailure, at: string = this.#name): SendFailed {
    return { status: 'failed', reason, at }
  }

  /** A name for one more message, unique in the overlay. */
  messageId(): string {
    return this.#ids.of(this.#name, this.#parts.overlay.self.incarnation, ++this.#lastId)
  }

  /** Whether this is a plain HTTP peer, which has no link to anybody. */
  isPlainHttp(name: NodeName): boolean {
    const { httpPeers, overlay } = this.#parts
    return httpPeers.has(name) && overlay.directory.get(name) === undefined
  }

  #logged(
    resolve: (answer: SendAnswer) => void,
    {
      traceparent,
      ...fields
    }: { readonly to: NodeName; readonly bytes?: number; readonly traceparent?: string | undefined },
  ): (answer: SendAnswer) => void {
    return (answer) => {
      if (traceparent !== undefined) this.#parts.sightings.own(traceparent, { ...fields, ...answer })
      else this.#parts.settings.logger.debug({ ...fields, ...answer }, 'sent')
      resolve(answer)
    }
  }

  /** Listens to the signal for as long as the message is open: signals live longer than messages. */
  #cancellable(
    resolve: (answer: SendAnswer) => void,
    signal: AbortSignal,
    id: () => number,
  ): (answer: SendAnswer) => void {
    const cancel = () => this.#parts.feed({ type: 'cancel', id: id() })
    signal.addEventListener('abort', cancel, { once: true })
    return (answer) => {
      signal.removeEventListener('abort', cancel)
      resolve(answer)
    }
  }
}

/**
 * The headers for what a program says beside its message: a label that says more than the node's name, and a trace.
 * @throws HearsayError `invalid-option`
 */
export function labelsOf(
  { sender, traceparent }: Pick<SendOptions, 'sender' | 'traceparent'>,
  name: string,
): EnvelopeHeaders {
  if (traceparent === undefined) return sender === undefined || sender === name ? {} : { sender }
  if (typeof traceparent !== 'string' || !isTraceparent(traceparent)) {
    throw new HearsayError(
      'invalid-option',
      `traceparent: ${JSON.stringify(traceparent)} is none, such as ${TRACEPARENT_EXAMPLE}`,
    )
  }
  return sender === undefined || sender === name ? { traceparent } : { traceparent, sender }
}

/** @throws HearsayError `invalid-option` */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return
  throw new HearsayError('invalid-option', 'signal: expected an AbortSignal')
}

/** @throws HearsayError `invalid-option` */
export function checkDeadline(deadlineMs: number | undefined): void {
  if (deadlineMs === undefined || (Number.isInteger(deadlineMs) && deadlineMs > 0)) return
  throw new HearsayError('invalid-option', `deadlineMs: ${deadlineMs} is not a whole number of ms above 0`)
}
