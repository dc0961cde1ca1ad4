// What a node sends to all others: broadcasts, of a topic or not, with receipts or without, and copies to the plain HTTP
// peers. It must not know how a broadcast travels, nor who listens here.

import type { BroadcastAnswer } from '../answers.ts'
import type { Notification } from '../core/events.ts'
import type { Reason } from '../core/reasons.ts'
import { HearsayError } from '../errors.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTopic, matchesTopic } from '../wire/topics.ts'
import { seal } from './envelope.ts'
import type { ReceiptBook, Receipts } from './receipts.ts'
import { checkDeadline, labelOf, type Sending, type SendingParts } from './sending.ts'
import { TOPIC_SYNTAX } from './subscriptions.ts'
import { Waiting } from './waiting.ts'

/** How a message is to be sent to all. */
export interface BroadcastOptions {
  /** A label that receivers see next to the node's name. Default: none. */
  readonly sender?: string | undefined
  /** Whether to wait until all known peers have said that they have it. Default false. */
  readonly receipts?: boolean | undefined
  /** How long to wait for receipts, in ms. Default 10,000. */
  readonly deadlineMs?: number | undefined
}

/** A broadcast of this node, as it has gone out. */
export interface OwnCast {
  readonly payload: Uint8Array
  readonly incarnation: number
  readonly sequence: number
}

/** What broadcasting needs of the node. */
export interface CastingParts extends SendingParts {
  readonly sending: Sending
  readonly receipts: ReceiptBook
  /** Whether no bootstrap knows of any other node. */
  readonly isAlone: () => boolean
  /** A broadcast of this node has gone out. */
  readonly onCast: (cast: OwnCast) => void
  /** Counts what nobody waits for. */
  readonly drop: (reason: Reason, detail: string) => void
}

/** How a broadcast has gone out. */
type CastNotice = Extract<Notification, { type: 'broadcast-sent' }>

/** See the head of the file. */
export class Casting {
  readonly #parts: CastingParts
  readonly #broadcasts = new Waiting<CastNotice>()

  constructor(parts: CastingParts) {
    this.#parts = parts
  }

  /**
   * Sends a message to all nodes, and to the plain HTTP peers.
   * @throws HearsayError `invalid-payload` or `invalid-option`, at once
   */
  broadcast(value: JsonValue | Uint8Array, options: BroadcastOptions): Promise<BroadcastAnswer> {
    const { httpPeers, overlay, isAlone, sending } = this.#parts
    const cast = this.#prepare(value, undefined, options)
    if (cast === undefined) return Promise.resolve(sending.failed('too-large'))
    const posts = httpPeers.list
    for (const peer of posts) void this.#postOrDrop(peer.name, value, options)
    if (posts.length > 0 && overlay.neighbors.size === 0 && isAlone()) {
      return Promise.resolve({ status: 'sent', id: sending.messageId(), neighbors: 0 })
    }
    return this.#cast(cast.payload, cast.awaited)
  }

  /**
   * Sends a message to all nodes that listen to a topic.
   * @throws HearsayError `invalid-topic`, `invalid-payload` or `invalid-option`, at once
   */
  publish(topic: string, value: JsonValue | Uint8Array, options: BroadcastOptions): Promise<BroadcastAnswer> {
    checkTopic(topic)
    const cast = this.#prepare(value, topic, options)
    if (cast === undefined) return Promise.resolve(this.#parts.sending.failed('too-large'))
    const listeners = this.#listeners(topic).length
    return this.#cast(cast.payload, cast.awaited).then((answer) =>
      answer.status === 'sent' ? { ...answer, listeners } : answer,
    )
  }

  /**
   * Sends to all nodes what is for nobody, and waits for the receipts: how a broadcast of this node travels now.
   * @throws HearsayError `invalid-option`, at once
   */
  probe(deadlineMs?: number): Promise<BroadcastAnswer> {
    const cast = this.#prepare(null, undefined, { receipts: true, deadlineMs, isProbe: true })
    if (cast === undefined) return Promise.resolve(this.#parts.sending.failed('too-large'))
    return this.#cast(cast.payload, cast.awaited)
  }

  /** The core says how a broadcast ended. */
  settle(notice: CastNotice): void {
    this.#broadcasts.take(notice.id)?.(notice)
  }

  /** The payload, and who is waited for; `undefined` when it is too large. */
  #prepare(
    value: JsonValue | Uint8Array,
    topic: string | undefined,
    options: BroadcastOptions & { readonly isProbe?: boolean },
  ) {
    const { receipts, settings } = this.#parts
    const { deadlineMs = settings.deadlineMs } = options
    checkDeadline(options.deadlineMs)
    const headers = {
      ...labelOf(options.sender, settings.name),
      ...(topic === undefined ? {} : { topic }),
      ...(options.isProbe ? { ping: '1' } : {}),
    }
    const plain = seal(value, headers)
    const moreBytes = options.receipts ? RECEIPT_BYTES : 0
    if (plain.length + moreBytes > LIMITS.payloadBytesMax) return undefined
    if (!options.receipts) return { payload: plain, awaited: undefined }
    const peers = topic === undefined ? this.#joined() : this.#listeners(topic)
    const awaited = { ...receipts.expect(peers, deadlineMs), of: peers.length }
    return { payload: seal(value, { ...headers, receipt: String(awaited.number) }), awaited }
  }

  async #cast(
    payload: Uint8Array,
    awaited: { number: number; receipts: Promise<Receipts>; of: number } | undefined,
  ): Promise<BroadcastAnswer> {
    const { feed, overlay, receipts, sending, settings, onCast } = this.#parts
    const notice = await new Promise<CastNotice>((resolve) => {
      feed({ type: 'broadcast', id: this.#broadcasts.add(resolve), payload })
    })
    const { failure, neighbors, sequence } = notice
    if (failure !== undefined) {
      if (awaited !== undefined) receipts.giveUp(awaited.number)
      return sending.failed(failure)
    }
    const { incarnation } = overlay.self
    const id = `${settings.name}/${incarnation}/${sequence}`
    onCast({ payload, incarnation, sequence: sequence ?? 0 })
    if (awaited === undefined) return { status: 'sent', id, neighbors }
    const { receipts: came, missing } = await awaited.receipts
    return { status: 'sent', id, neighbors, reached: came.length, of: awaited.of, missing, receipts: came }
  }

  /** The other nodes that the program knows of. */
  #joined(): string[] {
    const { overlay, settings } = this.#parts
    const names: string[] = []
    for (const { record, joined } of overlay.directory.entries) {
      if (joined && record.name !== settings.name) names.push(record.name)
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

  /** A copy of a broadcast: nobody waits for its outcome, so a failure is counted. */
  async #postOrDrop(
    name: string,
    value: JsonValue | Uint8Array,
    { sender }: BroadcastOptions,
  ): Promise<void> {
    const answer = await this.#parts.sending.post(name, value, { sender })
    if (answer.status === 'failed') this.#parts.drop(answer.reason, `broadcast to the HTTP peer ${name}`)
  }
}

/** What asking for receipts adds to a payload at most. */
const RECEIPT_BYTES = 40

/** @throws HearsayError `invalid-topic` */
function checkTopic(topic: string): void {
  if (typeof topic === 'string' && isTopic(topic)) return
  throw new HearsayError('invalid-topic', `${JSON.stringify(topic)} is no topic: ${TOPIC_SYNTAX}`)
}
