// What a node sends for its program and its guests to one other node, and who waits for how that ends: through the core,
// or by HTTP to the plain HTTP peers. It must not hold protocol rules: the core decides how a send ends.

import type { SendAnswer, SendFailed, TrySendAnswer } from '../answers.ts'
import { assert } from '../core/assert.ts'
import type { Input, Notification } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { SendFailure } from '../core/reasons.ts'
import { HearsayError } from '../errors.ts'
import { isWritten } from '../logger.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTag } from '../wire/topics.ts'
import { isTraceparent, TRACEPARENT_EXAMPLE } from '../wire/traceparent.ts'
import { checkDeadline, checkSignal } from './call-options.ts'
import type { EffectLoop } from './effect-loop.ts'
import { type EnvelopeHeaders, seal, traceparentOf } from './envelope.ts'
import type { HttpPeerList } from './http-peer-list.ts'
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
  /** When to give up, in ms from now: a whole number up to the `deadlineMaxMs` of `config`, an hour. Default 10,000. */
  readonly deadlineMs?: number | undefined
  /** A label that receivers see next to the node's name; with a topic and a trace about 8,000 bytes. Default: none. */
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
  readonly posts: Pick<PlainHttpPeers, 'hasRoom' | 'ping' | 'post'>
  readonly httpPeers: Pick<HttpPeerList, 'has' | 'names'>
  readonly seeking: Pick<Seeking, 'find'>
  readonly tally: Tally
  readonly sightings: Pick<Sightings, 'own'>
  readonly feed: (input: Input) => void
  readonly waitingFor: EffectLoop['waitingFor']
}

const NONE = { messages: 0, bytes: 0 }

/** How a message has ended, and its id; `undefined`: it has not gone out. */
export interface Sent {
  readonly answer: SendAnswer
  readonly id: string | undefined
}

/** Takes the same. */
type Settle = (answer: SendAnswer, id?: string) => void

/** A message, as it is told of in the log. */
interface Logged {
  readonly to: Destination
  readonly bytes?: number
  readonly traceparent: string | undefined
}

/** See the head of the file. */
export class Sending {
  readonly #parts: SendingParts
  readonly #name: NodeName
  readonly #outcomes = new Waiting<Settle>()
  /** The node that was sent to last, by tag. */
  readonly #turns = new Map<string, string>()
  readonly #isLogged: boolean
  /** Messages that no program, guest or client has sent. */
  readonly #uncounted = new Set<number>()
  /** Messages that went by HTTP. */
  #posted = 0
  #isOver = false
  readonly #ids = new MessageIds()

  constructor(parts: SendingParts) {
    this.#parts = parts
    this.#name = parts.settings.name
    this.#isLogged = isWritten(parts.settings.logger, 'debug')
  }

  /** The node leaves: nothing is sent any more. */
  end(): void {
    this.#isOver = true
  }

  /** Why nothing can be sent now, whatever it is: it was given up before it began, or the node leaves; `undefined`: it can. */
  refusal(signal?: AbortSignal): 'cancelled' | 'shutting-down' | undefined {
    if (signal?.aborted) return 'cancelled'
    // Who closes a node in the midst of a turn of the core is told before the core is.
    return this.#isOver || !this.#parts.overlay.isRunning ? 'shutting-down' : undefined
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
    checkDeadline(options.deadlineMs, this.#parts.settings.deadlineMaxMs)
    checkSignal(options.signal)
    const payload = seal(value, labelsOf(options, this.#name))
    if (name === undefined) return this.#sendWhenFound(to, payload, options)
    if (!this.isPlainHttp(name)) return this.sendSealed(name, payload, options)
    if (isTooLarge(payload)) return Promise.resolve(this.#refused('too-large', { ...options, to: name }))
    return this.post(name, value, options)
  }

  async #sendWhenFound(to: Destination, payload: Uint8Array, options: SendOptions): Promise<SendAnswer> {
    const found = await this.find(to, options)
    if (found.name === undefined) return this.#refused(found.failure, { ...options, to })
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
    checkDeadline(options.deadlineMs, this.#parts.settings.deadlineMaxMs)
    checkSignal(options.signal)
    const payload = seal(value, labelsOf(options, this.#name))
    const refusal = this.refusal(options.signal)
    if (refusal !== undefined) return this.#refused(refusal, { ...options, to })
    if (name === undefined) return this.#refused('unknown-peer', { ...options, to })
    if (isTooLarge(payload)) return this.#refused('too-large', { ...options, to: name })
    const isPosted = this.isPlainHttp(name)
    const hasRoom = isPosted ? this.#parts.posts.hasRoom(name) : this.hasRoom(name, payload)
    if (!hasRoom) return this.#refused('queue-full', { ...options, to: name })
    const outcome = isPosted ? this.post(name, value, options) : this.sendSealed(name, payload, options)
    return { status: 'accepted', outcome }
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

  /** Whether a payload would be sent to this node through the overlay now. */
  hasRoom(to: NodeName, payload: Uint8Array): boolean {
    const { overlay, waitingFor } = this.#parts
    // Who sends from within a listener: the core has not seen what was sent before.
    const { messages, bytes } = waitingFor(to) ?? NONE
    return overlay.hasRoom(to, bytes + payload.length, messages + 1)
  }

  /** Sends a payload through the overlay. */
  sendSealed(
    to: NodeName,
    payload: Uint8Array,
    options: Pick<SendOptions, 'deadlineMs' | 'signal'> = {},
  ): Promise<SendAnswer> {
    return this.#sendSealed(to, payload, options, true)
  }

  /** As {@link sendSealed}, for what follows from messages by itself, or looks for a way: it is not counted as one. */
  sendUncounted(
    to: NodeName,
    payload: Uint8Array,
    options: Pick<SendOptions, 'deadlineMs'> = {},
  ): Promise<SendAnswer> {
    return this.#sendSealed(to, payload, options, false)
  }

  #sendSealed(
    to: NodeName,
    payload: Uint8Array,
    { deadlineMs, signal }: Pick<SendOptions, 'deadlineMs' | 'signal'>,
    isCounted: boolean,
  ): Promise<SendAnswer> {
    const reason = isTooLarge(payload) ? 'too-large' : this.refusal(signal)
    if (reason !== undefined)
      return Promise.resolve(this.#refused(reason, { to, traceparent: traceparentOf(payload) }, isCounted))
    return new Promise((settle: Settle) => {
      const traceparent = traceparentOf(payload)
      const isLogged = this.#isLogged || traceparent !== undefined
      const resolve = isLogged ? this.#logged(settle, { to, bytes: payload.length, traceparent }) : settle
      const id = this.#outcomes.add(
        signal === undefined ? resolve : this.#cancellable(resolve, signal, () => id),
      )
      if (!isCounted) this.#uncounted.add(id)
      const input = { type: 'send', id, to, payload } as const
      this.#parts.feed(deadlineMs === undefined ? input : { ...input, deadlineMs })
    })
  }

  /** Sends what is nobody's message, and is not counted as one. Resolves when it has ended. */
  tell(to: NodeName, payload: Uint8Array, deadlineMs: number): Promise<SendAnswer> {
    if (isTooLarge(payload)) return Promise.resolve(this.failed('too-large'))
    return new Promise((resolve) => {
      const id = this.#outcomes.add(resolve)
      this.#uncounted.add(id)
      this.#parts.feed({ type: 'send', id, to, payload, deadlineMs })
    })
  }

  /**
   * As {@link sendUncounted}, with a way to give the message up, which has no effect once it has ended, and a look whether
   * it was delivered, which is true before {@link Sent} resolves. Where it belongs to a trace, it is its sender's to log how
   * that ended.
   */
  sendRevocable(
    to: NodeName,
    payload: Uint8Array,
    deadlineMs: number,
  ): { readonly sent: Promise<Sent>; readonly revoke: () => void; readonly hasArrived: () => boolean } {
    const { promise: sent, resolve } = Promise.withResolvers<Sent>()
    if (isTooLarge(payload)) {
      resolve({ answer: this.failed('too-large'), id: undefined })
      return { sent, revoke: () => {}, hasArrived: () => false }
    }
    let status: SendAnswer['status'] | undefined
    const place = this.#outcomes.add((answer, id) => {
      status = answer.status
      resolve({ answer, id })
    })
    this.#uncounted.add(place)
    this.#parts.feed({ type: 'send', id: place, to, payload, deadlineMs })
    const revoke = () => {
      if (status === undefined) this.#parts.feed({ type: 'cancel', id: place })
    }
    return { sent, revoke, hasArrived: () => status === 'delivered' }
  }

  /** The core says how a send ended. */
  settle({ id: place, outcome, sentAs }: Extract<Notification, { type: 'outcome' }>): void {
    const settle = this.#outcomes.take(place)
    // Mostly there are none, and asking a set costs as much as an id.
    if (this.#uncounted.size === 0 || !this.#uncounted.delete(place))
      this.#parts.tally.ended('direct', outcome.status === 'failed' ? outcome.reason : 'delivered')
    const id = sentAs === undefined ? undefined : this.#ids.direct(this.#name, sentAs)
    if (outcome.status === 'failed') settle?.(outcome, id)
    else {
      assert(id !== undefined, 'what was delivered has gone out')
      const { hops, rttMs } = outcome
      settle?.({ status: 'delivered', id, hops, rttMs }, id)
    }
  }

  /**
   * Finds out whether a node, or a plain HTTP peer, answers, and how fast. No program sees it.
   * @throws HearsayError `invalid-option`, at once
   */
  ping(to: NodeName, options: Pick<SendOptions, 'deadlineMs'>): Promise<SendAnswer> {
    checkDeadline(options.deadlineMs, this.#parts.settings.deadlineMaxMs)
    if (!this.isPlainHttp(to)) return this.sendUncounted(to, seal(null, { ping: '1' }), options)
    return this.#pingByHttp(to, options)
  }

  async #pingByHttp(to: NodeName, options: Pick<SendOptions, 'deadlineMs'>): Promise<SendAnswer> {
    const { posts, settings } = this.#parts
    const { deadlineMs = settings.deadlineMs } = options
    return this.#answerOf(to, await posts.ping(to, { deadlineMs, signal: undefined }))
  }

  /** Posts a message to a plain HTTP peer. */
  async post(name: string, value: JsonValue | Uint8Array, options: SendOptions): Promise<SendAnswer> {
    const { posts, settings } = this.#parts
    const message = { sender: options.sender ?? this.#name, msg: value }
    const { deadlineMs = settings.deadlineMs, signal, traceparent } = options
    const outcome = await posts.post(name, message, { deadlineMs, signal, traceparent })
    this.#parts.tally.ended('http', outcome.status === 'delivered' ? 'delivered' : outcome.reason)
    const answer = this.#answerOf(name, outcome)
    if (traceparent !== undefined) this.#parts.sightings.own(traceparent, { to: name, ...answer })
    return answer
  }

  #answerOf(name: string, outcome: PostOutcome): SendAnswer {
    const { settings } = this.#parts
    if (outcome.status === 'delivered') return { ...outcome, hops: 1, id: this.#postedId(name) }
    settings.logger.debug({ peer: name, reason: outcome.reason, detail: outcome.detail }, 'post-failed')
    return this.failed(outcome.reason, outcome.reason === 'refused' ? name : this.#name)
  }

  /** A message that does not even go out. */
  #refused(
    reason: SendFailure,
    logged: Logged | (SendOptions & Pick<Logged, 'to'>),
    isCounted = true,
  ): SendFailed {
    if (isCounted) this.#parts.tally.ended('direct', reason)
    const answer = this.failed(reason)
    if (logged.traceparent !== undefined)
      this.#parts.sightings.own(logged.traceparent, { to: logged.to, ...answer })
    return answer
  }

  /** A send that this node gives up. */
  failed(reason: SendFailure, at: string = this.#name): SendFailed {
    return { status: 'failed', reason, at }
  }

  /** The id of one more message that is posted to this peer. */
  #postedId(to: string): string {
    return this.#ids.posted(this.#name, this.#parts.overlay.self.incarnation, ++this.#posted, to)
  }

  /** Whether this is a plain HTTP peer, which has no link to anybody, and not a node that can be reached. */
  isPlainHttp(name: NodeName): boolean {
    return this.#parts.httpPeers.has(name)
  }

  #logged(settle: Settle, { traceparent, ...message }: Logged): Settle {
    return (answer, id) => {
      // Also of what has failed: its way as far as it came is in the logs of others.
      const fields = { ...(id !== undefined && { id }), ...message, ...answer }
      if (traceparent !== undefined) this.#parts.sightings.own(traceparent, fields)
      else this.#parts.settings.logger.debug(fields, 'sent')
      settle(answer, id)
    }
  }

  /** Listens to the signal for as long as the message is open: signals live longer than messages. */
  #cancellable(settle: Settle, signal: AbortSignal, place: () => number): Settle {
    const cancel = () => this.#parts.feed({ type: 'cancel', id: place() })
    signal.addEventListener('abort', cancel, { once: true })
    return (answer, id) => {
      signal.removeEventListener('abort', cancel)
      settle(answer, id)
    }
  }
}

/** The same limit for all, however a message travels. */
function isTooLarge(payload: Uint8Array): boolean {
  return payload.length > LIMITS.payloadBytesMax
}

/**
 * The headers for what a program says beside its message: a label that says more than the node's name, and a trace.
 * @throws HearsayError `invalid-option`
 */
export function labelsOf(
  { sender, traceparent }: Pick<SendOptions, 'sender' | 'traceparent'>,
  name: string,
): EnvelopeHeaders {
  if (sender !== undefined && typeof sender !== 'string')
    throw new HearsayError(
      'invalid-option',
      `sender: expected a string, got ${sender === null ? 'null' : typeof sender}`,
    )
  if (traceparent === undefined) return sender === undefined || sender === name ? {} : { sender }
  if (typeof traceparent !== 'string' || !isTraceparent(traceparent)) {
    throw new HearsayError(
      'invalid-option',
      `traceparent: ${JSON.stringify(traceparent)} is none, such as ${TRACEPARENT_EXAMPLE}`,
    )
  }
  return sender === undefined || sender === name ? { traceparent } : { traceparent, sender }
}
