// What nodes do, as lines for people: each input, and what the core made of it.
// It must not change anything, nor decide where lines go.

import type { Effect, Input, Notification } from '../core/events.ts'
import type { AnnouncedRange, BroadcastRange, Message } from '../core/messages.ts'
import type { SimProcess } from './process.ts'

/** One line. */
export interface TraceLine {
  /** Virtual time. */
  readonly atMs: number
  readonly node: string
  readonly kind: 'input' | 'effect' | 'notice' | 'program'
  readonly text: string
}

/** What is traced. */
export interface TraceOptions {
  readonly nowMs: () => number
  /** Only this node; absent: all. */
  readonly node?: string | undefined
  readonly onLine: (line: TraceLine) => void
}

/** Most items of a list that are named. */
const NAMED_MAX = 6

/** Makes lines of what processes do. */
export function traceOf({ nowMs, node: only, onLine }: TraceOptions): {
  onHandled: (process: Pick<SimProcess, 'name'>, input: Input, effects: readonly Effect[]) => void
} {
  return {
    onHandled: ({ name: node }, input, effects) => {
      if (only !== undefined && node !== only) return
      const atMs = nowMs()
      onLine({ atMs, node, kind: 'input', text: inputText(input) })
      for (const effect of effects) {
        if (effect.type === 'notify') {
          onLine({ atMs, node, kind: 'notice', text: noticeText(effect.notification) })
        } else onLine({ atMs, node, kind: 'effect', text: effectText(effect) })
      }
    },
  }
}

const ARROWS = { input: '<', effect: '  >', notice: '  !', program: '*' } as const

/**
 * A line as text: time, node, and `<` for what came in, `>` for what is to be done, `!` for what is told, `*` for what
 * programs do.
 */
export function traceText({ atMs, node, kind, text }: TraceLine): string {
  return `${(atMs / 1_000).toFixed(6).padStart(12)}  ${node.padEnd(9)} ${ARROWS[kind]} ${text}`
}

function inputText(input: Input): string {
  switch (input.type) {
    case 'received':
      return `link ${input.link}: ${input.messages.map(messageText).join(' | ')}`
    case 'timer':
      return `timer ${Object.values(input.timer).join(' ')}`
    case 'cancel':
      return `cancel send ${input.id}`
    case 'withdraw':
      return `withdraw broadcast ${input.id}: ${input.reason}`
    case 'profile':
      return `tags ${listText(input.profile.tags)}, topics ${listText(input.profile.topics)}`
    case 'contacts':
      return `contacts ${listText(input.contacts.map(({ url }) => url))}`
    case 'link-open':
      return `link ${input.link} open${input.dialed === undefined ? '' : `, dialled ${input.dialed}`}`
    case 'link-closed':
      return `link ${input.link} closed: ${input.reason}`
    case 'dial-failed':
      return `dial of ${input.url} failed`
    case 'send-refused':
      return `link ${input.link} has no room: ${messageText(input.message)}`
    case 'send':
      return `send ${input.id} to ${input.to}, ${input.payload.length} bytes`
    case 'broadcast':
      return `broadcast ${input.id}, ${input.payload.length} bytes`
    case 'back':
      return `back as ${input.incarnation}`
    case 'start':
    case 'awake':
    case 'away':
    case 'leave':
      return input.type
  }
}

function effectText(effect: Exclude<Effect, { type: 'notify' }>): string {
  switch (effect.type) {
    case 'send':
      return `link ${effect.links.join(',')}: ${messageText(effect.message)}`
    case 'dial':
      return `dial ${effect.url}`
    case 'close':
      return `close link ${effect.link}: ${effect.reason}`
    case 'timer':
      return `timer ${Object.values(effect.timer).join(' ')} in ${effect.afterMs} ms`
  }
}

function noticeText(told: Notification): string {
  switch (told.type) {
    case 'message':
      return `${told.broadcast ? 'broadcast' : 'message'} from ${told.from}, ${told.hops} hops, ${told.payload.length} bytes`
    case 'outcome': {
      const { outcome } = told
      return outcome.status === 'delivered'
        ? `send ${told.id} delivered, ${outcome.hops} hops, ${outcome.rttMs.toFixed(1)} ms`
        : `send ${told.id} failed: ${outcome.reason}, says ${outcome.at}`
    }
    case 'broadcast-sent':
      return `broadcast ${told.id} ${told.failure ?? `out on ${told.neighbors} links`}`
    case 'peer-join':
      return `${told.peer.name} has joined`
    case 'peer-leave':
      return `${told.name} is gone: ${told.reason}`
    case 'neighbor-up':
      return `link ${told.link} with ${told.name} is up`
    case 'neighbor-down':
      return `link ${told.link} with ${told.name} is down: ${told.reason}`
    case 'drop':
      return `drop (${told.reason}): ${told.detail}`
    case 'stopped':
      return `stopped: ${told.detail}`
    case 'left':
      return 'left'
  }
}

function messageText(message: Message): string {
  switch (message.type) {
    case 'hello':
      return `hello of ${message.name}/${message.incarnation}${message.linkless ? ', no links' : ''}`
    case 'gossip': {
      const { kind, origin, incarnation, sequence, hops, record } = message
      const what =
        record === undefined
          ? ''
          : `: version ${record.version} ${record.state}, links ${listText(record.links)}`
      return `${kind} ${origin}/${incarnation}/${sequence}, hop ${hops}${what}`
    }
    case 'direct':
    case 'bounce':
      return `${message.type} ${message.origin} > ${message.destination} #${message.sequence}, hop ${message.hops}`
    case 'ack':
      return `ack ${message.origin} > ${message.destination} up to ${message.cumulative - 1}, hop ${message.hops}`
    case 'records':
      return `records ${listText(message.records.map(({ name, version }) => `${name}:${version}`))}`
    case 'digest':
      return `digest of ${message.entries.length} in (${message.after || '-'}, ${message.upTo || '-'}]`
    case 'want':
      return `want ${listText(message.names)}`
    case 'ihave':
    case 'graft':
      return `${message.type} ${listText((message.ranges as readonly (AnnouncedRange | BroadcastRange)[]).map(rangeText))}`
    case 'prune':
      return `prune ${listText(message.origins)}`
    case 'catch-up':
      return `catch-up of ${message.withinMs} ms`
    case 'welcome':
      return `welcome with ${message.contacts.length} contacts`
    case 'peer-events':
      return `${message.joined.length} joined, ${message.left.length} left, ${message.registered ?? 'as many'} registered`
    case 'heartbeat':
      return 'heartbeat'
    case 'unknown':
      return `unknown frame ${message.code}`
  }
}

function rangeText({ kind, origin, first, behindLast }: BroadcastRange): string {
  const mark = kind === 'record' ? 'r' : ''
  if (behindLast === first) return `${origin}/-`
  return `${origin}/${mark}${first}${behindLast - 1 > first ? `..${behindLast - 1}` : ''}`
}

/** A list for a line: the first names, and how many more there are. */
export function listText(items: readonly string[], namedMax = NAMED_MAX): string {
  const more = items.length - namedMax
  return `${items.slice(0, namedMax).join(' ')}${more > 0 ? ` and ${more} more` : ''}` || 'none'
}
