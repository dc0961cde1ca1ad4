// What a node reports to one that watches, as it travels: steps of messages in a short form, and everything checked again
// where it arrives, because it may be anything then. Pure functions.

import { parseNodeName } from '../core/messages.ts'
import type { MessageStep, NodeReport, ReportedLink } from '../guests/overlay-lines.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTraceparent } from '../wire/traceparent.ts'
import { fieldsOf } from './envelope.ts'
import { ONE_IN_MAX, type Seen } from './sightings.ts'

/** A report, and what the node has seen pass since the one before. */
export interface Told extends Seen {
  /** Absent: only steps, because they were not to wait. */
  readonly report?: NodeReport
  /** The node reports to as many others as it can, and not to this one. */
  readonly isFull?: true
}

/** How others are asked to report. */
export interface WatchCall {
  /** Between two reports. */
  readonly everyMs: number
  /** From now; 0: not any more. */
  readonly forMs: number
  /** One message in so many is told of. */
  readonly oneIn: number
}

/** What is taken at most of each list in a report. */
const LINKS_MAX = 64
const STEPS_MAX = 1_024
const COUNTS_MAX = 64
/** More than a node can have seen between two reports. */
const LEFT_OUT_MAX = 10_000_000
/** Nobody is reported to more seldom, in ms. */
export const EVERY_MAX_MS = 60_000
/** More than any link carries, in any unit: what is larger would fill the screens of those who are told. */
const AMOUNT_MAX = 1e12

/** The value of what is told to one for whom there is no room. */
export const FULL: JsonValue = { full: true }

/** The value of a report's message. */
export function messageOf({ report, steps, leftOut, oneIn }: Told): JsonValue {
  return {
    ...(report === undefined ? {} : { report: report as unknown as JsonValue }),
    steps: steps.map(({ id, via, hops, bytes, traceparent }) =>
      traceparent === undefined ? [id, via, hops, bytes] : [id, via, hops, bytes, traceparent],
    ),
    leftOut,
    oneIn,
  }
}

/** What `from` has reported; parts that make no sense are left out. */
export function toldOf(from: string, value: unknown): Told {
  const { report, steps, leftOut, oneIn, full } = fieldsOf(value)
  const list = Array.isArray(steps) ? (steps.slice(0, STEPS_MAX) as unknown[]) : []
  return {
    ...(report === undefined ? {} : { report: reportOf(from, report) }),
    steps: list.flatMap((step) => stepOf(from, step) ?? []),
    leftOut: Math.min(countOf(leftOut), LEFT_OUT_MAX),
    oneIn: Math.min(Math.max(countOf(oneIn), 1), ONE_IN_MAX),
    ...(full === true && { isFull: true }),
  }
}

/** How others are asked to report; `undefined`: it makes no sense. */
export function callOf(value: unknown): WatchCall | undefined {
  const { everyMs, forMs, oneIn } = fieldsOf(value)
  if (!isCount(everyMs) || !isCount(forMs) || !isCount(oneIn)) return undefined
  return { everyMs, forMs, oneIn: Math.max(1, oneIn) }
}

function reportOf(node: string, value: unknown): NodeReport {
  const { everyMs, sent, received, relayed, dropped, links } = fieldsOf(value)
  const list = Array.isArray(links) ? (links.slice(0, LINKS_MAX) as unknown[]) : []
  return {
    node,
    ...(isCount(everyMs) && { everyMs: Math.min(everyMs, EVERY_MAX_MS) }),
    sent: countsOf(sent),
    received: countsOf(received),
    relayed: countOf(relayed),
    dropped: countsOf(dropped),
    links: list.flatMap((link) => linkOf(link) ?? []),
  }
}

function linkOf(value: unknown): ReportedLink | undefined {
  const { to, rttMs, queuedBytes, messagesPerS, bytesPerS } = fieldsOf(value)
  if (!isName(to)) return undefined
  return {
    to,
    ...(isAmount(rttMs) && { rttMs }),
    queuedBytes: Math.min(countOf(queuedBytes), AMOUNT_MAX),
    messagesPerS: isAmount(messagesPerS) ? messagesPerS : 0,
    bytesPerS: isAmount(bytesPerS) ? bytesPerS : 0,
  }
}

/** `[id, via, hops, bytes, traceparent?]`; the id says the rest. */
function stepOf(at: string, value: unknown): MessageStep | undefined {
  if (!Array.isArray(value)) return undefined
  const [id, via, hops, bytes, traceparent] = value as unknown[]
  if (typeof id !== 'string' || !isName(via) || !isUpTo(hops, LIMITS.hopsSumMax)) return undefined
  if (!isUpTo(bytes, LIMITS.payloadBytesMax)) return undefined
  const [origin, incarnation, sequence, destination, ...more] = id.split('/')
  const isNumbered = /^\d{1,15}$/.test(incarnation ?? '') && /^\d{1,15}$/.test(sequence ?? '')
  if (!isName(origin) || !isNumbered || more.length > 0) return undefined
  const step = {
    id,
    origin,
    at,
    via,
    hops,
    bytes,
    ...(typeof traceparent === 'string' && isTraceparent(traceparent) && { traceparent }),
  }
  if (destination === undefined) return { kind: 'broadcast', ...step }
  return isName(destination) ? { kind: 'direct', destination, ...step } : undefined
}

function countsOf(value: unknown): Record<string, number> {
  const counts = Object.entries(fieldsOf(value)).slice(0, COUNTS_MAX)
  return Object.fromEntries(
    counts.filter(([key, count]) => /^[a-z-]{1,32}$/.test(key) && isCount(count)),
  ) as Record<string, number>
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && parseNodeName(value) !== undefined
}

function countOf(value: unknown): number {
  return isCount(value) ? value : 0
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isUpTo(value: unknown, max: number): value is number {
  return isCount(value) && value <= max
}

/** More than {@link AMOUNT_MAX} is no measurement, but a mistake or worse. */
function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= AMOUNT_MAX
}
