// What a node sends to all others: broadcasts, of a topic or not, with receipts or without, and copies to the plain HTTP
// peers. It must not know how a broadcast travels, nor who listens here.

import type { BroadcastAnswer, Receipt, SendAnswer, SendFailed } from '../answers.ts'
import type { Notification } from '../core/events.ts'
import type { Reason, SendFailure } from '../core/reasons.ts'
import { HearsayError } from '../errors.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTopic, matchesTopic } from '../wire/topics.ts'
import { checkDeadline, checkSignal } from './call-options.ts'
import { CastQueue } from './cast-queue.ts'
import { canBeHandedOn, seal } from './envelope.ts'
import { MessageIds } from './message-ids.ts'
import { type PendingAnswer, PendingAnswers } from './pending-answers.ts'
import type { ReceiptBook, Receipts } from './receipts.ts'
import { labelsOf, type Sending, type SendingParts } from './sending.ts'
import { TOPIC_SYNTAX } from './subscriptions.ts'
import { Waiting } from './waiting.ts'
import type { NodeLinks, NodeTimers, NodeWorld } from './world.ts'

/** How a message is to be sent to all. */
export interface BroadcastOptions {
  /** A label that receivers see next to the node's name; with a topic and a trace about 8,000 bytes. Default: none. */
  readonly sender?: string | undefined
  /** Goes with the message, and is logged by every node that gets it (W3C Trace Context, section 3.2). Default: none. */
  readonly traceparent?: string | undefined
  /** Whether to wait until all known peers have said that they have it, plain HTTP peers included. Default false. */
  readonly receipts?: boolean | undefined
  /**
   * How long to wait for the first link (no longer than 10 s), for room on the links, and for receipts, in ms: as of `send`.
   * Default 10,000.
   */
  readonly deadlineMs?: number | undefined
  /**
   * Ends the waiting, as the deadline does: before the first link the broadcast fails as `cancelled`; what has gone out
   * cannot be called back, and receipts that have not come are missing. Both break off posts to plain HTTP peers.
   */
  readonly signal?: AbortSignal | undefined
}

/** A broadcast of this node, as it has gone out. */
export interface OwnCast {
  readonly payload: Uint8Array
  readonly incarnation: number
  readonly sequence: number
}

/** What broadcasting needs of the node. */
export interface CastingParts extends Omit<SendingParts, 'seeking'> {
  readonly sending: Sending
  readonly receipts: ReceiptBook
  readonly links: Pick<NodeLinks, 'crowded'>
  readonly nowMs: NodeWorld['nowMs']
  readonly timers: Pick<NodeTimers, 'hasEnded' | 'wait'>
  /** Whether no bootstrap knows of any other node. */
  readonly isAlone: () => boolean
  /** A broadcast of this node has gone out. @param isTold this node's own listeners have got it */
  readonly onCast: (cast: OwnCast, isTold: boolean) => void
  /** A message of this node waits for its first link: its own listeners need not. */
  readonly onWaiting: (payload: Uint8Array) => void
  /** Counts what nobody waits for. */
  readonly drop: (reason: Reason, detail: string) => void
}

/** `isProbe`: it is nobody's message. */
type CastOptions = BroadcastOptions & { readonly isProbe?: boolean }

/** How a broadcast has gone out. */
type CastNotice = Extract<Notification, { type: 'broadcast-sent' }>

/** See the head of the file. */
export class Casting {
  readonly #parts: CastingParts
  readonly #broadcasts = new Waiting<(notice: CastNotice) => void>()
  readonly #queue: CastQueue
  /** Of those that have not gone out at once. */
  readonly #deadlines: PendingAnswers<PendingAnswer>
  /** Broadcasts that are nobody's messages. */
  readonly #uncounted = new Set<number>()
  readonly #ids = new MessageIds()
  /** Broadcasts that were only posted. */
  #posted = 0

  constructor(parts: CastingParts) {
    this.#parts = parts
    this.#queue = new CastQueue(parts)
    this.#deadlines = new PendingAnswers(parts.nowMs, parts.timers)
  }

  /** Broadcasts that have not gone out. */
  get size(): number {
    return this.#broadcasts.size
  }

  /**
   * Sends a message to all nodes, and to the plain HTTP peers, which get it at once, also where there is no link.
   * @throws HearsayError `invalid-payload` or `invalid-option`, at once
   */
  broadcast(value: JsonValue | Uint8Array, options: BroadcastOptions): Promise<BroadcastAnswer> {
    const { httpPeers, overlay, isAlone } = this.#parts
    const cast = this.#prepare(value, undefined, options)
    if (typeof cast === 'string') return this.#logged(options, Promise.resolve(this.#refused(cast)))
    const posts = httpPeers.names.map((name) => this.#post(name, value, options))
    const isOnlyPosted = posts.length > 0 && overlay.neighbors.size === 0 && isAlone()
    const ended = isOnlyPosted ? this.#onlyPosted(cast, options, posts) : this.#cast(cast, options, { posts })
    return this.#logged(options, ended)
  }

  /**
   * Sends a message to all nodes that listen to a topic.
   * @throws HearsayError `invalid-topic`, `invalid-payload` or `invalid-option`, at once
   */
  publish(topic: string, value: JsonValue | Uint8Array, options: BroadcastOptions): Promise<BroadcastAnswer> {
    checkTopic(topic)
    const cast = this.#prepare(value, topic, options)
    if (typeof cast === 'string') return this.#logged(options, Promise.resolve(this.#refused(cast)))
    const ended = this.#cast(cast, options, { topic }).then((answer) =>
      answer.status === 'sent' ? { ...answer, listeners: cast.listeners } : answer,
    )
    return this.#logged(options, ended)
  }

  /**
   * Sends to all nodes what is for nobody, and waits for the receipts: how a broadcast of this node travels now.
   * @throws HearsayError `invalid-option`, at once
   */
  probe(deadlineMs?: number): Promise<BroadcastAnswer> {
    const cast = this.#prepare(null, undefined, { receipts: true, deadlineMs, isProbe: true })
    if (typeof cast === 'string') return Promise.resolve(this.#parts.sending.failed(cast))
    return this.#cast(cast, { deadlineMs, isProbe: true })
  }

  /** Sends all nodes a payload that is nobody's message. Nothing happens without a link. */
  tell(payload: Uint8Array): void {
    if (this.#parts.overlay.neighbors.size === 0) return
    const id = this.#broadcasts.add(() => {})
    this.#uncounted.add(id)
    this.#parts.feed({ type: 'broadcast', id, payload })
  }

  /** Logs how a broadcast has ended that belongs to a trace: names of nodes, of which there may be many, are left out. */
  #logged({ traceparent }: BroadcastOptions, ended: Promise<BroadcastAnswer>): Promise<BroadcastAnswer> {
    if (traceparent === undefined) return ended
    return ended.then((answer) => {
      const { missing, receipts, ...fields } = { missing: undefined, receipts: undefined, ...answer }
      this.#parts.sightings.own(traceparent, { to: '*', ...fields })
      return answer
    })
  }

  /** A broadcast that does not even go out. */
  #refused(reason: SendFailure): SendFailed {
    const { sending, tally } = this.#parts
    tally.ended('broadcast', reason)
    return sending.failed(reason)
  }

  /** The core says how a broadcast ended. */
  settle(notice: CastNotice): void {
    if (!this.#uncounted.delete(notice.id)) this.#parts.tally.ended('broadcast', notice.failure ?? 'sent')
    this.#broadcasts.take(notice.id)?.(notice)
  }

  /** The node leaves: what waits for room does not go out. */
  end(): void {
    for (const id of this.#queue.end()) this.#end(id, 'shutting-down')
  }

  /** The payload, and who is waited for; or why it cannot be sent. */
  #prepare(
    value: JsonValue | Uint8Array,
    topic: string | undefined,
    options: CastOptions,
  ): Prepared | SendFailure {
    const { receipts, sending, settings } = this.#parts
    const { deadlineMs = settings.deadlineMs } = options
    checkDeadline(options.deadlineMs, settings.deadlineMaxMs)
    checkSignal(options.signal)
    checkReceipts(options.receipts)
    const headers = {
      ...labelsOf(options, settings.name),
      ...(topic === undefined ? {} : { topic }),
      ...(options.isProbe ? { ping: '1' } : {}),
    }
    const plain = seal(value, headers)
    const moreBytes = options.receipts ? RECEIPT_BYTES : 0
    // Also what nobody could hand on later to those who ask for it.
    if (!canBeHandedOn(plain, moreBytes)) return 'too-large'
    const refusal = sending.refusal(options.signal)
    if (refusal !== undefined) return refusal
    // Only who asks for them pays for looking at all peers.
    if (!options.receipts && topic === undefined) return { payload: plain, awaited: undefined, listeners: 0 }
    const peers = topic === undefined ? this.#joined() : this.#listeners(topic)
    const listeners = peers.length
    if (!options.receipts) return { payload: plain, awaited: undefined, listeners }
    const awaited = receipts.expect(peers, deadlineMs)
    return { payload: seal(value, { ...headers, receipt: String(awaited.number) }), awaited, listeners }
  }

  async #cast(
    cast: Prepared,
    options: CastOptions,
    { topic, posts = [] }: { readonly topic?: string; readonly posts?: readonly Promise<Posted>[] } = {},
  ): Promise<BroadcastAnswer> {
    const { overlay, receipts, sending, onWaiting } = this.#parts
    const { payload, awaited } = cast
    const isFirst = overlay.neighbors.size === 0
    // Those that wait for room are told when they go, in their order.
    const isTold = isFirst && topic !== undefined && this.#queue.size === 0
    if (isTold) onWaiting(payload)
    const { failure, neighbors, sentAs } = await this.#send(payload, options)
    if (sentAs === undefined) {
      if (awaited !== undefined) receipts.giveUp(awaited.number)
      return sending.failed(failure)
    }
    const id = this.#hasGone({ payload, ...sentAs }, isTold)
    if (awaited === undefined) return { status: 'sent', id, neighbors }
    // Those that it went to first have a link, and are not known otherwise yet.
    receipts.sent(awaited.number, isFirst && topic === undefined ? overlay.neighbors.keys() : [])
    return { status: 'sent', id, neighbors, ...(await this.#reached(awaited, posts, options.signal)) }
  }

  /** No node is there that could get it; those that come are given it by a node that keeps broadcasts, as this one may. */
  async #onlyPosted(
    { payload, awaited }: Prepared,
    { signal }: BroadcastOptions,
    posts: readonly Promise<Posted>[],
  ): Promise<BroadcastAnswer> {
    const { overlay, receipts, tally } = this.#parts
    tally.ended('broadcast', 'sent')
    const { incarnation } = overlay.self
    const id = this.#hasGone({ payload, incarnation, sequence: POSTED_FROM + this.#posted++ }, false)
    if (awaited === undefined) return { status: 'sent', id, neighbors: 0 }
    receipts.settle(awaited.number)
    return { status: 'sent', id, neighbors: 0, ...(await this.#reached(awaited, posts, signal)) }
  }

  /** A broadcast has gone out; returns its id. */
  #hasGone(cast: OwnCast, isTold: boolean): string {
    const { onCast, settings } = this.#parts
    onCast(cast, isTold)
    return this.#ids.broadcast(settings.name, cast.incarnation, cast.sequence)
  }

  /** Waits for the receipts, and for the posts, which end by the same deadline. */
  async #reached(
    { number, receipts: all }: Awaited,
    posts: readonly Promise<Posted>[],
    signal: AbortSignal | undefined,
  ): Promise<Reached> {
    const { receipts, settings } = this.#parts
    const stop = () => receipts.settle(number)
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    const { receipts: came, missing } = await all
    signal?.removeEventListener('abort', stop)
    if (posts.length === 0) return reachedOf(came, missing)
    const [got, not]: [Receipt[], string[]] = [[...came], [...missing]]
    for (const { name, answer } of await Promise.all(posts)) {
      if (answer.status === 'failed') not.push(name)
      else got.push({ name, hops: answer.hops, via: settings.name, tookMs: answer.rttMs })
    }
    return reachedOf(
      got.sort((one, other) => one.tookMs - other.tookMs),
      not,
    )
  }

  /**
   * Has the core send it as soon as there is room, and gives it up at the deadline or at the signal when it has not gone
   * out.
   */
  #send(payload: Uint8Array, options: CastOptions): Promise<CastNotice> {
    const { feed, nowMs, overlay, settings } = this.#parts
    const { deadlineMs = settings.deadlineMs, signal } = options
    const { promise, resolve } = Promise.withResolvers<CastNotice>()
    let isOpen = true
    let isInCore = false
    let deadline: number | undefined
    const id = this.#broadcasts.add((notice) => {
      isOpen = false
      if (isInCore) this.#queue.settled(payload.length)
      if (deadline !== undefined) this.#deadlines.take(deadline)
      signal?.removeEventListener('abort', abort)
      resolve(notice)
    })
    if (options.isProbe) this.#uncounted.add(id)
    const giveUp = (reason: 'no-route' | 'cancelled'): void => {
      if (!this.#queue.remove(id)) feed({ type: 'withdraw', id, reason })
      else if (reason === 'no-route' && overlay.neighbors.size > 0) this.#end(id, 'queue-full')
      else this.#end(id, reason)
    }
    const abort = (): void => giveUp('cancelled')
    const isTaken = this.#queue.add(id, payload.length, () => {
      isInCore = true
      feed({ type: 'broadcast', id, payload })
    })
    if (!isTaken) this.#end(id, 'queue-full')
    if (isOpen) {
      signal?.addEventListener('abort', abort, { once: true })
      const expire = (): void => giveUp('no-route')
      deadline = this.#deadlines.add({ deadlineMs: nowMs() + deadlineMs, expire })
    }
    return promise
  }

  /** One that the core has not heard of has ended. */
  #end(id: number, failure: SendFailure): void {
    this.settle({ type: 'broadcast-sent', id, neighbors: 0, failure })
  }

  /** The other nodes that the program knows of, but for those in whose place somebody is posted to. */
  #joined(): string[] {
    const { httpPeers, overlay, settings } = this.#parts
    const names: string[] = []
    for (const { record, joined } of overlay.directory.entries) {
      if (joined && record.name !== settings.name && !httpPeers.has(record.name)) names.push(record.name)
    }
    return names
  }

  /** The other nodes that listen to a topic. */
  #listeners(topic: string): string[] {
    const { overlay, settings } = this.#parts
    const names: string[] = []
    for (const { record, joined } of overlay.directory.entries) {
      if (!joined || record.name === settings.name) continue
      if (record.topics?.some((filter) => matchesTopic(filter, topic))) names.push(record.name)
    }
    return names
  }

  /** A copy of a broadcast for one plain HTTP peer. A failure is counted: mostly nobody waits for the outcome. */
  async #post(name: string, value: JsonValue | Uint8Array, options: BroadcastOptions): Promise<Posted> {
    const { sender, traceparent, deadlineMs, signal } = options
    const answer = await this.#parts.sending.post(name, value, { sender, traceparent, deadlineMs, signal })
    if (answer.status === 'failed') this.#parts.drop(answer.reason, `broadcast to the HTTP peer ${name}`)
    return { name, answer }
  }
}

/** A payload, who is waited for, and how many are known to be meant. */
interface Prepared {
  readonly payload: Uint8Array
  readonly awaited: Awaited | undefined
  readonly listeners: number
}

interface Awaited {
  readonly number: number
  readonly receipts: Promise<Receipts>
}

/** How a copy for a plain HTTP peer ended. */
interface Posted {
  readonly name: string
  readonly answer: SendAnswer
}

/** Who has a broadcast. */
interface Reached extends Receipts {
  readonly reached: number
  readonly of: number
}

function reachedOf(receipts: readonly Receipt[], missing: readonly string[]): Reached {
  return { reached: receipts.length, of: receipts.length + missing.length, missing, receipts }
}

/**
 * Broadcasts that are only posted are numbered from here on: by its id a broadcast is told from all others, and the core, which
 * numbers what goes to nodes from 1 on, never comes so far.
 */
const POSTED_FROM = 2 ** 52

/** What asking for receipts adds to a payload at most. */
const RECEIPT_BYTES = 40

/** @throws HearsayError `invalid-option` */
function checkReceipts(receipts: unknown): void {
  if (receipts === undefined || typeof receipts === 'boolean') return
  throw new HearsayError(
    'invalid-option',
    `receipts: expected true or false, got ${receipts === null ? 'null' : typeof receipts}`,
  )
}

/** @throws HearsayError `invalid-topic` */
function checkTopic(topic: string): void {
  if (typeof topic === 'string' && isTopic(topic)) return
  throw new HearsayError('invalid-topic', `${JSON.stringify(topic)} is no topic: ${TOPIC_SYNTAX}`)
}
