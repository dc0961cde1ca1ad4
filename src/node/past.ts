// Broadcasts of before: asking a node that has kept them, and giving them to one that asks.
// It must not keep anything: that is history.ts.
//
// The answer comes in parts, one broadcast each, and ends with how many there were: parts arrive in their order or the
// request fails, so that the end is the mark behind which nothing follows. Broadcasts that are too large to be a part are
// not sent, nor kept: see `canBeHandedOn`.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { SendFailure } from '../core/reasons.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTopic, isTopicFilter } from '../wire/topics.ts'
import type { NodeAnswerer, SendPart } from './answering.ts'
import type { Asking } from './asking.ts'
import { checkDeadline, checkSignal } from './call-options.ts'
import { fieldsOf, handOn, type Note, open } from './envelope.ts'
import type { NodeMessage } from './events.ts'
import type { History, PastBroadcast } from './history.ts'
import { checkName, HISTORY_TAG } from './member-options.ts'
import type { Seeking } from './seeking.ts'
import type { SendOptions } from './sending.ts'
import { checkFilter } from './subscriptions.ts'
import type { NodeWorld } from './world.ts'

/** Parts that are on their way at the same time. */
const PARTS_OPEN_MAX = 64

/** How a node asks for broadcasts of before. */
export interface HistoryOptions extends Pick<SendOptions, 'deadlineMs' | 'signal'> {
  /**
   * The node to ask. Default: one that keeps broadcasts, the nearest first, and the next one where that cannot answer; this
   * node itself, if it keeps them, where no other one does.
   */
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
  /** What this node has kept itself. */
  readonly kept: Pick<History, 'perTopic' | 'read'>
  /** Whether a bootstrap has said that there is no other node. */
  readonly isKnownAlone: () => boolean
  readonly nowMs: NodeWorld['nowMs']
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
  return options.from === undefined
    ? askKeepers(parts, filter, options)
    : askNamed(parts, checkName(options.from), { filter, options })
}

async function askNamed(
  parts: PastParts,
  from: NodeName,
  { filter, options: { deadlineMs = parts.deadlineMs, signal } }: Pick<Wanted, 'filter' | 'options'>,
): Promise<HistoryAnswer> {
  const found = await parts.seeking.find(() => from, { deadlineMs, signal })
  if (found.name === undefined) return nobody(parts.name, found.failure)
  return askOne(parts, from, { filter, options: { deadlineMs: found.leftMs, signal } })
}

/** Nobody else could answer any more within the time, or the answer is not wanted. */
const LAST_WORDS: ReadonlySet<string> = new Set<SendFailure>(['expired', 'cancelled', 'shutting-down'])

/** One keeper after the other, until one has answered. */
async function askKeepers(
  parts: PastParts,
  filter: string | undefined,
  { deadlineMs = parts.deadlineMs, signal }: HistoryOptions,
): Promise<HistoryAnswer> {
  const { kept, name: self, nowMs, overlay, seeking } = parts
  const own = (): HistoryAnswer | undefined => (kept.perTopic > 0 ? readOwn(parts, filter) : undefined)
  const isOnly = (): boolean =>
    kept.perTopic > 0 && overlay.neighbors.size === 0 && parts.isKnownAlone() && !signal?.aborted
  const endMs = nowMs() + deadlineMs
  const pick = (): NodeName | undefined => nearestKeeper(overlay) ?? (isOnly() ? self : undefined)
  const found = await seeking.find(pick, { deadlineMs, signal })
  if (found.name === self) return readOwn(parts, filter)
  if (found.name === undefined) {
    return (LAST_WORDS.has(found.failure) ? undefined : own()) ?? nobody(self, found.failure)
  }
  const asked = new Set<NodeName>()
  for (let to: NodeName = found.name; ; ) {
    asked.add(to)
    const leftMs = Math.max(1, Math.round(endMs - nowMs()))
    const answer = await askOne(parts, to, { filter, options: { deadlineMs: leftMs, signal } })
    if (answer.status === 'complete' || LAST_WORDS.has(answer.reason)) return answer
    const next = nowMs() < endMs ? nearestKeeper(overlay, asked) : undefined
    if (next === undefined) return own() ?? answer
    to = next
  }
}

/** What is asked for, and how long its answer is waited for. */
interface Wanted {
  readonly filter: string | undefined
  readonly options: HistoryOptions
}

async function askOne(
  { asking, deadlineMs: usualMs }: PastParts,
  to: NodeName,
  { filter, options: { deadlineMs = usualMs, signal } }: Wanted,
): Promise<HistoryAnswer> {
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

/** What this node has kept, as it would give it to another one. */
function readOwn({ kept, name }: PastParts, filter: string | undefined): HistoryAnswer {
  const { broadcasts, end } = kept.read(filter)
  const messages = broadcasts.flatMap((broadcast) => {
    if (broadcast.payload === undefined) return []
    const payload = handOn(broadcast.payload, broadcast, 0)
    const part = open({ type: 'message', from: name, payload, hops: 0, broadcast: false })
    return part.kind === 'part' ? (messageOf(part.note) ?? []) : []
  })
  end()
  return { status: 'complete', from: name, messages }
}

function nobody(at: string, reason: SendFailure): HistoryAnswer {
  return { status: 'failed', reason, at, messages: [] }
}

function nearestKeeper(overlay: Overlay, except?: ReadonlySet<NodeName>): NodeName | undefined {
  let best: { name: NodeName; hops: number } | undefined
  for (const { record, reachable } of overlay.directory.entries) {
    const { name } = record
    if (!reachable || name === overlay.self.name || !record.tags?.includes(HISTORY_TAG)) continue
    if (except?.has(name)) continue
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
