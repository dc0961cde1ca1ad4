// Broadcasts of before: asking a node that has kept them, and giving them to one that asks.
// It must not keep anything: that is history.ts.
//
// The answer comes in parts, one broadcast each, and ends with how many there were: parts arrive in their order or the
// request fails, so that the end is the mark behind which nothing follows. Broadcasts that are too large to be a part are
// not sent, nor kept: see `canBeHandedOn`.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTopic, isTopicFilter } from '../wire/topics.ts'
import type { NodeAnswerer, SendPart } from './answering.ts'
import type { Asking } from './asking.ts'
import { fieldsOf, handOn, type Note } from './envelope.ts'
import type { NodeMessage } from './events.ts'
import type { History, PastBroadcast } from './history.ts'
import { checkName } from './member-options.ts'
import type { Seeking } from './seeking.ts'
import { checkDeadline, checkSignal, type SendOptions } from './sending.ts'
import { checkFilter } from './subscriptions.ts'

/** The tag of nodes that keep broadcasts. */
export const HISTORY_TAG = 'history'
/** Parts that are on their way at the same time. */
const PARTS_OPEN_MAX = 64

/** How a node asks for broadcasts of before. */
export interface HistoryOptions extends Pick<SendOptions, 'deadlineMs' | 'signal'> {
  /** The node to ask. Default: one that keeps broadcasts, the nearest first. */
  readonly from?: string | undefined
}

/** What came of asking. */
export type HistoryAnswer =
  | {
      readonly status: 'complete'
      /** The node that had kept them. */
      readonly from: string
      /** Topic by topic, the oldest first. */
      readonly messages: readonly NodeMessage[]
    }
  | {
      readonly status: 'failed'
      readonly reason: Exclude<Awaited<ReturnType<Asking['ask']>>, { status: 'answered' }>['reason']
      readonly at: string
      readonly error?: string
      /** What came before it failed. */
      readonly messages: readonly NodeMessage[]
    }

/** What asking needs of the node. */
export interface PastParts {
  readonly name: NodeName
  readonly overlay: Overlay
  readonly asking: Pick<Asking, 'ask'>
  readonly seeking: Pick<Seeking, 'find'>
  /** When to give up, unless told otherwise, in ms. */
  readonly deadlineMs: number
  /** The longest that may be asked for, in ms. */
  readonly deadlineMaxMs: number
}

/** Answers for what this node has kept. */
export function pastAnswerer(history: History): NodeAnswerer {
  return async ({ value, number }, part) => {
    const { filter } = fieldsOf(value)
    if (filter !== undefined && !(typeof filter === 'string' && isTopicFilter(filter))) {
      throw new TypeError('expected { filter?: a topic filter }')
    }
    if (history.perTopic === 0) throw new Error('this node keeps no broadcasts')
    const { broadcasts, end } = history.read(filter)
    try {
      await handOver(broadcasts, (broadcast, payload) => part(handOn(payload, broadcast, number)))
    } finally {
      end()
    }
    return { count: broadcasts.length }
  }
}

/** Sends broadcasts one after the other, some of them at the same time. @throws Error when one does not arrive */
async function handOver(
  broadcasts: readonly PastBroadcast[],
  send: (broadcast: PastBroadcast, payload: Uint8Array) => ReturnType<SendPart>,
): Promise<void> {
  const open = new Set<Promise<void>>()
  let failed = 0
  for (const broadcast of broadcasts) {
    const { payload } = broadcast
    if (payload === undefined) throw new Error('newer broadcasts have taken the place of what was asked for')
    const going = await send(broadcast, payload)
    if (going === undefined) failed++
    if (failed > 0 || going === undefined) break
    const sent = going.sent.then((isDelivered) => {
      if (!isDelivered) failed++
      open.delete(sent)
    })
    open.add(sent)
    if (open.size >= PARTS_OPEN_MAX) await Promise.race(open)
    if (failed > 0) break
  }
  await Promise.all(open)
  if (failed > 0) throw new Error(`${failed} of ${broadcasts.length} broadcasts did not arrive`)
}

/**
 * Asks for what was broadcast before, of a topic filter, or without one of no topic.
 * @throws HearsayError `invalid-topic`, `invalid-name` or `invalid-option`, at once
 */
export function askPast(
  parts: PastParts,
  filter: string | undefined,
  options: HistoryOptions,
): Promise<HistoryAnswer> {
  if (filter !== undefined) checkFilter(filter)
  checkDeadline(options.deadlineMs, parts.deadlineMaxMs)
  checkSignal(options.signal)
  const from = options.from === undefined ? undefined : checkName(options.from)
  return collect(parts, { from, filter, options })
}

async function collect(
  { asking, name, overlay, seeking, deadlineMs: usualMs }: PastParts,
  {
    from,
    filter,
    options,
  }: { from: NodeName | undefined; filter: string | undefined; options: HistoryOptions },
): Promise<HistoryAnswer> {
  const { signal } = options
  const within = { deadlineMs: options.deadlineMs ?? usualMs, signal }
  const found = await seeking.find(() => from ?? nearestKeeper(overlay), within)
  if (found.name === undefined) return { status: 'failed', reason: found.failure, at: name, messages: [] }
  const { name: to, leftMs: deadlineMs } = found
  const messages: NodeMessage[] = []
  const onPart = (part: Note): void => {
    const message = messageOf(part)
    if (message !== undefined) messages.push(message)
  }
  const value: JsonValue = filter === undefined ? {} : { filter }
  const answer = await asking.ask({ to, value, deadlineMs, signal, about: 'history', onPart })
  if (answer.status === 'failed') return { ...answer, messages }
  const { count } = fieldsOf(answer.value)
  if (count === messages.length) return { status: 'complete', from: to, messages }
  return {
    status: 'failed',
    reason: 'refused',
    at: to,
    error: `${messages.length} of ${count} came`,
    messages,
  }
}

function nearestKeeper(overlay: Overlay): NodeName | undefined {
  let best: { name: NodeName; hops: number } | undefined
  for (const { record, reachable } of overlay.directory.entries) {
    const { name } = record
    if (!reachable || name === overlay.self.name || !record.tags?.includes(HISTORY_TAG)) continue
    const hops = overlay.distance(name) ?? Number.POSITIVE_INFINITY
    if (best === undefined || hops < best.hops) best = { name, hops }
  }
  return best?.name
}

/** From another node, so it may be anything; `undefined` for what no broadcast can have been. */
function messageOf({ value, hops, headers }: Note): NodeMessage | undefined {
  const { origin, sender, topic, id } = headers
  if (origin === undefined || (topic !== undefined && !isTopic(topic))) return undefined
  return {
    from: origin,
    value,
    hops,
    broadcast: true,
    via: 'overlay',
    past: true,
    ...(sender === undefined ? {} : { sender }),
    ...(topic === undefined ? {} : { topic }),
    ...(id === undefined ? {} : { id }),
  }
}
