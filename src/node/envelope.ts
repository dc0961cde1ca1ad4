// What programs and guests say, put into payloads and taken out again, with the headers that hearsay itself uses.
// docs/PROTOCOL.md, section 12, has the same list.
// It must not know who waits for what: it sorts messages by what they are for.

import type { Notification } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import { HearsayError } from '../errors.ts'
import { ownCopyOf } from '../wire/byte-writer.ts'
import { LIMITS } from '../wire/limits.ts'
import {
  decodeHeadersOf,
  decodePayload,
  encodePayload,
  hasHeaders,
  headersSizeOf,
  type JsonValue,
  withHeaders,
} from '../wire/payload.ts'
import { isTopic } from '../wire/topics.ts'
import { isTraceparent, TRACEPARENT_CHARS } from '../wire/traceparent.ts'
import { WireError } from '../wire/wire-error.ts'
import type { NodeMessage } from './events.ts'
import { MessageIds } from './message-ids.ts'

/** Headers of one message. Numbers are the sender's own, and come back as they were. */
export interface EnvelopeHeaders {
  /** Goes with the message, and is logged on its way (W3C Trace Context, section 3.2). */
  readonly traceparent?: string
  /** A broadcast by which a node asks the others to report to it. With {@link ping}, so that it is for nobody else. */
  readonly watch?: string
  /** What a node reports to one that has asked for it. With {@link ping}. */
  readonly report?: string
  /** A label beside the node's name. */
  readonly sender?: string
  /** The one guest of the destination that is meant. */
  readonly guest?: string
  /** For nobody: only its acknowledgement counts, or the receipts of a broadcast. */
  readonly ping?: string
  /** What a broadcast is about: only those who have subscribed are told. */
  readonly topic?: string
  /** A broadcast whose origin wants to be told who has got it. */
  readonly receipt?: string
  /** The answer to that. */
  readonly got?: string
  /** A question that wants an answer. */
  readonly ask?: string
  /** The question is not for the application, but for the node. */
  readonly about?: string
  /** How long the answer is waited for, in ms. */
  readonly within?: string
  /** Whoever has asked waits for the answer no more. With {@link ping}, so that it is for nobody else. */
  readonly cancel?: string
  /** The answer to a question. */
  readonly answer?: string
  /** Why there is no answer: a reason. What it says is for people. */
  readonly failure?: string
  /** A part of the answer to a question, before the answer itself. */
  readonly part?: string
  /** Of a broadcast that is handed on later: who sent it, and which one it was. */
  readonly origin?: string
  readonly id?: string
}

/** What came in, and what it is for. */
export type Opened =
  | { readonly kind: 'message'; readonly message: NodeMessage; readonly receipt: string | undefined }
  | { readonly kind: 'for-guest'; readonly message: NodeMessage; readonly guest: string }
  | { readonly kind: 'ping'; readonly receipt: string | undefined }
  | { readonly kind: 'watch' | 'report'; readonly from: NodeName; readonly value: JsonValue | Uint8Array }
  | { readonly kind: 'question' | 'cancel' | 'answer' | 'part' | 'got'; readonly note: Note }
  | { readonly kind: 'broken'; readonly detail: string }

/** A message between two nodes about something that one of them has begun. */
export interface Note {
  readonly from: NodeName
  /** The number under which whoever began it waits. */
  readonly number: number
  readonly value: JsonValue | Uint8Array
  readonly hops: number
  readonly headers: EnvelopeHeaders
}

/** @throws HearsayError `invalid-payload` for what neither bytes nor JSON can say; `invalid-option` for a sender that is too long */
export function seal(value: JsonValue | Uint8Array, headers: EnvelopeHeaders): Uint8Array {
  try {
    return encodePayload(value, isEmpty(headers) ? undefined : inOrder(headers))
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    // Of all headers programs choose the sender only, and topics, which are short.
    if (error instanceof WireError && error.field === 'headers')
      throw new HearsayError('invalid-option', `sender: it is too long: ${text}`, { cause: error })
    throw new HearsayError('invalid-payload', text, { cause: error })
  }
}

/**
 * What a broadcast leaves free of a payload, and of its headers, so that whoever has kept it can hand it on: a part has
 * `part`, `origin` and `id` in addition, with the longest names and numbers 209 bytes.
 */
export const HANDING_ON_BYTES = 256

/** Whether a broadcast can be handed on later, by those who keep it. @param moreBytes that its headers will grow by */
export function canBeHandedOn(payload: Uint8Array, moreBytes = 0): boolean {
  const bytes = HANDING_ON_BYTES + moreBytes
  return (
    payload.length + bytes <= LIMITS.payloadBytesMax &&
    headersSizeOf(payload) + bytes <= LIMITS.headersBytesMax
  )
}

/**
 * A broadcast that was kept, as a part of an answer, with what the receiver has to know of it.
 * @param payload for which {@link canBeHandedOn} holds @param number of the question
 */
export function handOn(
  payload: Uint8Array,
  { from, id }: Pick<NodeMessage, 'from' | 'id'>,
  number: number,
): Uint8Array {
  const { sender, topic } = decodeHeadersOf(payload) ?? {}
  const headers: EnvelopeHeaders = {
    origin: from,
    ...(sender === undefined ? {} : { sender }),
    ...(topic === undefined ? {} : { topic }),
    ...(id === undefined ? {} : { id }),
    part: String(number),
  }
  return withHeaders(payload, { ...headers })
}

/** The headers that have to be the first, so that they are seen without reading all of them. */
const FIRST = ['traceparent', 'watch', 'report'] as const

function inOrder(headers: EnvelopeHeaders): Record<string, string> {
  const ordered: Record<string, string> = {}
  for (const name of FIRST) if (headers[name] !== undefined) ordered[name] = headers[name]
  return Object.assign(ordered, headers)
}

/** How the headers of a payload begin that has this one: a byte of kind, two of size, then JSON. */
const beginnings = Object.fromEntries(
  FIRST.map((name) => [name, new TextEncoder().encode(`{"${name}":"`)]),
) as Record<(typeof FIRST)[number], Uint8Array>

/** Whether a payload begins with this header: a look at a few bytes. */
function beginsWith(payload: Uint8Array, name: (typeof FIRST)[number]): boolean {
  if (!hasHeaders(payload)) return false
  const beginning = beginnings[name]
  for (let i = 0; i < beginning.length; i++) if (payload[HEADERS_OFFSET + i] !== beginning[i]) return false
  return true
}

/** Where the headers of a payload begin. */
const HEADERS_OFFSET = 3

/** Whether a payload belongs to the watching of the overlay, and not to what is watched. */
export function isOfWatching(payload: Uint8Array): boolean {
  return beginsWith(payload, 'watch') || beginsWith(payload, 'report')
}

/** Whether a direct message is one that follows from another by itself: a receipt, a part of a history, a ping. */
export function isForNobody(payload: Uint8Array): boolean {
  if (!hasHeaders(payload)) return false
  const headers = decodeHeadersOf(payload)
  return headers?.got !== undefined || headers?.part !== undefined || headers?.ping !== undefined
}

/** The `traceparent` of a payload, if it has one that is well formed. Never throws. */
export function traceparentOf(payload: Uint8Array): string | undefined {
  if (!beginsWith(payload, 'traceparent')) return undefined
  const from = HEADERS_OFFSET + beginnings.traceparent.length
  const text = String.fromCharCode(...payload.subarray(from, from + TRACEPARENT_CHARS))
  return isTraceparent(text) ? text : undefined
}

/** The headers of a direct message that is not for the program. */
const OTHERS = ['cancel', 'ping', 'ask', 'answer', 'part', 'got', 'guest'] as const

/** Whether a direct message with this payload is one for the program, as {@link open} would find. Never throws. */
export function isForProgram(payload: Uint8Array): boolean {
  if (!hasHeaders(payload)) return true
  const headers = decodeHeadersOf(payload)
  return headers !== undefined && OTHERS.every((name) => headers[name] === undefined)
}

/** Of the broadcasts that come. */
const ids = new MessageIds()

/** Reads a message of the overlay. Never throws. */
export function open(notification: Extract<Notification, { type: 'message' }>): Opened {
  const { from, payload, hops, broadcast, spread } = notification
  const decoded = decodePayload(payload)
  if (!decoded.ok) return { kind: 'broken', detail: `payload of ${from}: ${decoded.detail}` }
  const value = ownCopy(decoded.value)
  if (decoded.headers === undefined) {
    // Nearly every message: written out, because it costs a fifth of what follows.
    const plain: NodeMessage = { from, value, hops, broadcast, via: 'overlay' }
    const message =
      spread === undefined
        ? plain
        : { ...plain, id: ids.broadcast(from, spread.incarnation, spread.sequence) }
    return { kind: 'message', message, receipt: undefined }
  }
  const headers: EnvelopeHeaders = decoded.headers
  const { sender, guest, ping, topic, receipt, traceparent } = headers
  if (headers.watch !== undefined && broadcast) return { kind: 'watch', from, value }
  if (headers.report !== undefined && !broadcast) return { kind: 'report', from, value }
  if (ping !== undefined && (broadcast || headers.cancel === undefined))
    return { kind: 'ping', receipt: broadcast ? receipt : undefined }
  if (!broadcast) {
    const note = noteOf({ from, value, hops, headers })
    if (note !== undefined) return note
  } else if (topic !== undefined && !isTopic(topic)) {
    return { kind: 'broken', detail: `broadcast of ${from}: ${JSON.stringify(topic)} is no topic` }
  }
  const message: NodeMessage = {
    from,
    value,
    hops,
    broadcast,
    via: 'overlay',
    ...(sender === undefined ? {} : { sender }),
    ...(traceparent !== undefined && isTraceparent(traceparent) && { traceparent }),
    ...(spread === undefined ? {} : { id: ids.broadcast(from, spread.incarnation, spread.sequence) }),
    ...(topic === undefined || !broadcast ? {} : { topic }),
  }
  if (guest !== undefined && !broadcast) return { kind: 'for-guest', message, guest }
  return { kind: 'message', message, receipt: broadcast ? receipt : undefined }
}

/** What another node says, as fields that may be anything; none where it is no object. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** A question or what follows from one; `undefined` for anything else. */
function noteOf(parts: Omit<Note, 'number'>): Opened | undefined {
  const { cancel, ask, answer, part, got } = parts.headers
  for (const [kind, text] of [
    ['cancel', cancel],
    ['question', ask],
    ['answer', answer],
    ['part', part],
    ['got', got],
  ] as const) {
    if (text === undefined) continue
    const number = /^\d{1,15}$/.test(text) ? Number(text) : undefined
    if (number !== undefined) return { kind, note: { ...parts, number } }
    return { kind: 'broken', detail: `${kind} of ${parts.from}: ${JSON.stringify(text)} is no number` }
  }
  return undefined
}

/** Bytes are a view of what was received, which may have to be relayed as it is: the program gets bytes of its own. */
function ownCopy(value: JsonValue | Uint8Array): JsonValue | Uint8Array {
  return value instanceof Uint8Array ? ownCopyOf(value) : value
}

function isEmpty(headers: object): boolean {
  for (const _ in headers) return false
  return true
}
