// What comes over the feed, from text to typed lines. Pure. It must not trust anything: a line that is broken or unknown
// is left out and counted, and so is a broken part of a line that is otherwise in order.

import type {
  CountsByReason,
  MessageStep,
  NodeReport,
  OverlayChangeLine,
  OverlayLine,
  ReportedLink,
  ReportsLine,
  SeenLink,
  SeenNode,
  TrafficLine,
  WatchLine,
} from '../../guests/overlay-lines.ts'

/** A message that the watched node shows to its guests. */
export interface MessageLine {
  readonly event: 'message'
  readonly from: string
  /** All of it, or its beginning. */
  readonly text: string
  readonly topic?: string
}

/** How a send of this page ended. */
export interface OutcomeLine {
  readonly event: 'outcome'
  readonly tag?: number
  readonly to?: string
  /** `delivered`, `sent`, `failed`, or what a later version says. */
  readonly status: string
  readonly hops?: number
  readonly rttMs?: number
  readonly reason?: string
  /** The node that said so. */
  readonly at?: string
  readonly error?: string
  readonly neighbors?: number
  readonly reached?: number
  readonly of?: number
  readonly missing?: readonly string[]
  /** Which message it was. */
  readonly id?: string
  /** Those who have said that they have a broadcast. */
  readonly receivers?: readonly string[]
}

/** What was wrong with a line of ours. */
export interface ErrorLine {
  readonly event: 'error'
  readonly text: string
  readonly tag?: number
}

/** Every line that the page understands. */
export type FeedLine =
  | OverlayLine
  | OverlayChangeLine
  | ReportsLine
  | TrafficLine
  | WatchLine
  | MessageLine
  | OutcomeLine
  | ErrorLine

type Fields = Readonly<Record<string, unknown>>
type Check<T> = (value: unknown) => T | undefined

/** Longer names are not names, but an attempt to fill the page. */
const NAME_CHARS_MAX = 256
/** The last moment that a `Date` can hold, in ms since 1970. */
const TIME_MAX_MS = 8.64e15
/** A rate, a size or a time of more than that is nonsense, which would fill the page with digits. */
const AMOUNT_MAX = 1e12
/** No message on the wire can have more. */
const HOPS_MAX = 255
const CONTROL = /\p{Cc}/u
/** What a bootstrap tells everybody in line mode, and a node whoever asks. */
const FOR_PEOPLE = /^\{"event":"(help|snapshot|peer-join|peer-leave|peers|who|events)"/
const STATES: readonly string[] = ['joining', 'up', 'leaving', 'unreachable']

/** Reads lines and counts what it has to leave out. */
export class LineReader {
  #ignored = 0

  /** Lines and parts of lines that were left out since the start. */
  get ignored(): number {
    return this.#ignored
  }

  /** @returns the line, or `undefined` for one that is broken, unknown or for people; it does not throw */
  read(text: string): FeedLine | undefined {
    if (!text.startsWith('{')) return undefined
    const line = this.#lineOf(text)
    if (line === undefined && !FOR_PEOPLE.test(text)) this.#ignored++
    return line
  }

  #lineOf(text: string): FeedLine | undefined {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return undefined
    }
    const fields = fieldsOf(value)
    if (fields === undefined) return undefined
    switch (fields.event) {
      case 'overlay':
        return this.#overlay(fields)
      case 'overlay-change':
        return this.#change(fields)
      case 'reports':
        return this.#reports(fields)
      case 'traffic':
        return this.#traffic(fields)
      default:
        return otherLine(fields)
    }
  }

  #overlay(fields: Fields): OverlayLine | undefined {
    const [atMs, self] = [time(fields.atMs), name(fields.self)]
    if (atMs === undefined || self === undefined) return undefined
    const [nodes, links] = [this.#list(fields.nodes, seenNode), this.#list(fields.links, seenLink)]
    return { event: 'overlay', atMs, self, nodes, links }
  }

  #change(fields: Fields): OverlayChangeLine | undefined {
    const atMs = time(fields.atMs)
    if (atMs === undefined) return undefined
    return {
      event: 'overlay-change',
      atMs,
      nodes: this.#list(fields.nodes, seenNode),
      gone: this.#list(fields.gone, name),
      linksUp: this.#list(fields.linksUp, seenLink),
      linksDown: this.#list(fields.linksDown, seenLink),
    }
  }

  #reports(fields: Fields): ReportsLine | undefined {
    const atMs = time(fields.atMs)
    if (atMs === undefined) return undefined
    const reports = this.#list(fields.reports, (value) => this.#report(value))
    const full = fields.full === undefined ? {} : { full: this.#list(fields.full, name) }
    return { event: 'reports', atMs, everyMs: amount(fields.everyMs) ?? 0, reports, ...full }
  }

  #report(value: unknown): NodeReport | undefined {
    const fields = fieldsOf(value)
    const node = name(fields?.node)
    if (fields === undefined || node === undefined) return undefined
    return {
      node,
      sent: counts(fields.sent),
      received: counts(fields.received),
      relayed: count(fields.relayed) ?? 0,
      dropped: counts(fields.dropped),
      links: this.#list(fields.links, reportedLink),
      ...optional('everyMs', amount(fields.everyMs)),
    }
  }

  #traffic(fields: Fields): TrafficLine | undefined {
    const atMs = time(fields.atMs)
    if (atMs === undefined) return undefined
    return {
      event: 'traffic',
      atMs,
      oneIn: Math.max(1, amount(fields.oneIn) ?? 1),
      leftOut: amount(fields.leftOut) ?? 0,
      steps: this.#list(fields.steps, messageStep),
    }
  }

  /** What of a list is in order. */
  #list<T>(value: unknown, check: Check<T>): T[] {
    if (!Array.isArray(value)) {
      if (value !== undefined) this.#ignored++
      return []
    }
    const good: T[] = []
    for (const item of value) {
      const checked = check(item)
      if (checked === undefined) this.#ignored++
      else good.push(checked)
    }
    return good
  }
}

function otherLine(fields: Fields): FeedLine | undefined {
  switch (fields.event) {
    case 'watch':
      return {
        event: 'watch',
        on: fields.on === true,
        ...optional('node', name(fields.node)),
        ...optional('waiting', string(fields.waiting)),
      }
    case 'message':
      return messageLine(fields)
    case 'outcome':
      return outcomeLine(fields)
    case 'error':
      return {
        event: 'error',
        text: string(fields.text) ?? string(fields.error) ?? 'an error without a text',
        ...optional('tag', number(fields.tag)),
      }
    default:
      return undefined
  }
}

function messageLine(fields: Fields): MessageLine | undefined {
  const from = string(fields.sender) ?? string(fields.from)
  if (from === undefined) return undefined
  const { msg } = fields
  let text = 'bytes'
  if (typeof msg === 'string') text = msg
  else if (msg !== undefined) text = JSON.stringify(msg)
  return {
    event: 'message',
    from,
    text: fields.cut === true ? `${text}…` : text,
    ...optional('topic', string(fields.topic)),
  }
}

function outcomeLine(fields: Fields): OutcomeLine | undefined {
  const status = string(fields.status)
  if (status === undefined) return undefined
  const missing = Array.isArray(fields.missing)
    ? fields.missing.filter((item): item is string => typeof item === 'string')
    : undefined
  const receivers = Array.isArray(fields.receipts)
    ? fields.receipts.flatMap((receipt) => name(fieldsOf(receipt)?.name) ?? [])
    : undefined
  return {
    event: 'outcome',
    status,
    ...optional('tag', number(fields.tag)),
    ...optional('to', name(fields.to)),
    ...optional('hops', count(fields.hops)),
    ...optional('rttMs', amount(fields.rttMs)),
    ...optional('reason', string(fields.reason)),
    ...optional('at', name(fields.at)),
    ...optional('error', string(fields.error)),
    ...optional('neighbors', count(fields.neighbors)),
    ...optional('reached', count(fields.reached)),
    ...optional('of', count(fields.of)),
    ...optional('missing', missing),
    ...optional('id', string(fields.id)),
    ...optional('receivers', receivers),
  }
}

const seenNode: Check<SeenNode> = (value) => {
  const fields = fieldsOf(value)
  const called = name(fields?.name)
  const state = string(fields?.state)
  if (fields === undefined || called === undefined || state === undefined || !STATES.includes(state)) {
    return undefined
  }
  return {
    name: called,
    kind: fields.kind === 'http' ? 'http' : 'node',
    state: state as SeenNode['state'],
    incarnation: time(fields.incarnation) ?? 0,
    version: count(fields.version) ?? 0,
    ...optional('url', string(fields.url)),
    ...optional('tags', strings(fields.tags)),
    ...optional('topics', strings(fields.topics)),
  }
}

const seenLink: Check<SeenLink> = (value) => {
  if (!Array.isArray(value)) return undefined
  const [a, b] = [name(value[0]), name(value[1])]
  if (a === undefined || b === undefined || a === b) return undefined
  return a < b ? [a, b] : [b, a]
}

const reportedLink: Check<ReportedLink> = (value) => {
  const fields = fieldsOf(value)
  const to = name(fields?.to)
  if (fields === undefined || to === undefined) return undefined
  return {
    to,
    queuedBytes: amount(fields.queuedBytes) ?? 0,
    messagesPerS: amount(fields.messagesPerS) ?? 0,
    bytesPerS: amount(fields.bytesPerS) ?? 0,
    ...optional('rttMs', amount(fields.rttMs)),
  }
}

const messageStep: Check<MessageStep> = (value) => {
  const fields = fieldsOf(value)
  if (fields === undefined) return undefined
  const [id, origin, at, via] = [string(fields.id), name(fields.origin), name(fields.at), name(fields.via)]
  const { kind } = fields
  const hops = count(fields.hops) ?? 0
  if (id === undefined || origin === undefined || at === undefined || via === undefined) return undefined
  if ((kind !== 'direct' && kind !== 'broadcast') || hops > HOPS_MAX) return undefined
  return {
    kind,
    id,
    origin,
    at,
    via,
    hops,
    bytes: amount(fields.bytes) ?? 0,
    ...optional('destination', name(fields.destination)),
    ...optional('traceparent', string(fields.traceparent)),
  }
}

function counts(value: unknown): CountsByReason {
  const fields = fieldsOf(value)
  if (fields === undefined) return {}
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, number] => count(entry[1]) !== undefined),
  )
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function strings(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : undefined
}

function number(value: unknown, max = Number.MAX_VALUE): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= max ? value : undefined
}

function amount(value: unknown): number | undefined {
  return number(value, AMOUNT_MAX)
}

function count(value: unknown): number | undefined {
  return number(value, Number.MAX_SAFE_INTEGER)
}

function time(value: unknown): number | undefined {
  return number(value, TIME_MAX_MS)
}

function name(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length === 0 || value.length > NAME_CHARS_MAX) return undefined
  return CONTROL.test(value) ? undefined : value
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V })
}
