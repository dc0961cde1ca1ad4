// How what programs ask for ends, compared with what the book knows of it.
// It must not look into a node.
//
// S1  Everything is settled once, at the latest at its deadline, and nothing that a run had asked for which has crashed.
// S2  A failure has a reason of the registry, and names a node that said so: this one for what only it can know.
// S3  `delivered` is told of what was handed over, `answered` with what the handler gave to this very request, and an
//     error of a handler as it was thrown. `no-handler` is told only where there was none.
// S4  What was given up is told as `cancelled`, in the same moment, and nothing else is.
// S5  A receipt is of a node that has got the broadcast; all others that were known are named as missing, and before the
//     deadline only those that are gone.
// S6  Whoever publishes hears of it itself if it listens, unless it has failed.

import { isRequestFailure, isSendFailure, type Reason } from '../core/reasons.ts'
import type { NodeMessage } from '../node/events.ts'
import { type Answer, type Book, idIn, isSame, type Operation, textOf } from './book.ts'
import { neverLeft } from './hearing.ts'
import { isFor } from './topics.ts'

/** A timer is a whole number of ms, and deadlines of answers are looked at every 20 ms. */
const LATE_MS = 22
/** What the node itself has to say. */
const OWN_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  'cancelled',
  'shutting-down',
  'unknown-peer',
  'too-large',
])
/** These say for certain that nothing has arrived. */
const CERTAIN: ReadonlySet<Reason> = new Set<Reason>(['no-route', 'unknown-peer', 'queue-full'])
/** An error travels as so many characters of its text. */
const ERROR_CHARS_MAX = 1_000

type Failed = Extract<Answer, { status: 'failed' }>

/** See the head of the file. */
export class Settling {
  readonly #book: Book

  constructor(book: Book) {
    this.#book = book
  }

  /** Something has ended. */
  settled(operation: Operation, answer: Answer): void {
    const { by, id } = operation
    const { nowMs } = this.#book
    this.#book.mix(id)
    this.#book.mix(answer.status.length)
    const how = answer.status === 'failed' ? `failed, ${answer.reason} at ${answer.at}` : answer.status
    this.#book.observer?.(by, `${textOf(operation)}: ${how}`)
    if (by.state === 'crashed') this.#broken(operation, 'was answered, and it had crashed')
    if (operation.answer !== undefined) this.#broken(operation, 'was answered twice')
    operation.answer = answer
    operation.settledMs = nowMs
    by.open.delete(operation)
    if (nowMs > this.dueMs(operation))
      this.#broken(operation, `was answered at ${nowMs.toFixed(1)}, ${how}: too late`)
    this.#checkAbort(operation, answer)
    this.#checkOver(operation, answer)
    if (answer.status === 'failed') this.#checkFailed(operation, answer)
    else if (answer.status === 'delivered') this.#checkDelivered(operation, answer)
    else if (answer.status === 'answered') this.#checkAnswered(operation, answer)
    else if (answer.status === 'sent') this.#checkSent(operation, answer)
    else if (answer.status === 'complete') this.#checkPast(operation, answer.from, answer.messages)
    else this.#checkTraced(operation, answer.path)
  }

  /** What a program asks for throws an error that nothing allows. */
  rejected(operation: Operation, error: unknown): void {
    operation.by.open.delete(operation)
    this.#broken(
      operation,
      `rejected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
  }

  /** Looks for what is overdue. */
  check(): void {
    for (const run of this.#book.runs) {
      for (const operation of run.open) {
        if (run.state === 'crashed') run.open.delete(operation)
        else if (this.#book.nowMs > this.dueMs(operation)) {
          run.open.delete(operation)
          this.#broken(operation, `was to be answered at ${this.dueMs(operation).toFixed(1)}`)
        }
      }
    }
  }

  /** Until when it must be settled. */
  dueMs({ sentMs, deadlineMs, by }: Operation): number {
    return sentMs + deadlineMs + LATE_MS + by.lateMs
  }

  /** S4. */
  #checkAbort(operation: Operation, answer: Answer): void {
    const { abortedMs, settledMs } = operation
    const isCancelled = answer.status === 'failed' && answer.reason === 'cancelled'
    if (isCancelled && abortedMs === undefined) this.#broken(operation, 'was cancelled, and nobody had')
    if (abortedMs === undefined || (abortedMs < operation.sentMs && neverLeft(operation))) return
    // What has gone out to all cannot be called back; only the receipts are not waited for any more.
    if (!isCancelled && answer.status !== 'sent')
      this.#broken(
        operation,
        `was given up, and is ${answer.status === 'failed' ? answer.reason : answer.status}`,
      )
    else if (settledMs > abortedMs + 1)
      this.#broken(operation, `was given up at ${abortedMs.toFixed(1)}, and told late`)
  }

  /** Nothing is asked of a node that was closed, and everything is answered at once. */
  #checkOver(operation: Operation, answer: Answer): void {
    const { isAfterEnd, sentMs, settledMs } = operation
    if (!isAfterEnd) return
    if (answer.status !== 'failed' || settledMs > sentMs)
      this.#broken(
        operation,
        `was asked for after the end, and ended ${settledMs - sentMs} ms later, ${answer.status}`,
      )
  }

  /** S2. */
  #checkFailed(operation: Operation, answer: Failed): void {
    const { kind, by, to } = operation
    const { reason, at } = answer
    const isKnown =
      kind === 'request' || kind === 'history' ? isRequestFailure(reason) : isSendFailure(reason)
    if (!isKnown) this.#broken(operation, `failed with ${reason}, which is no reason for that`)
    if (!this.#book.names.has(at) && at !== to) this.#broken(operation, `failed at ${at}, which is nobody`)
    if (OWN_REASONS.has(reason) && at !== by.name && kind !== 'trace')
      this.#broken(operation, `failed at ${at} with ${reason}`)
    if (reason === 'shutting-down' && by.state === 'runs')
      this.#broken(operation, 'failed as if it was shutting down')
    if (CERTAIN.has(reason)) {
      const [run] = operation.heardBy.keys()
      if (run !== undefined && kind !== 'publish')
        this.#broken(operation, `failed with ${reason}, for certain, and ${run.label} had got it`)
    }
    const [heardBy] = [...operation.heardBy.keys()].filter((run) => run !== by)
    if (kind === 'broadcast' || kind === 'publish') {
      if (heardBy !== undefined)
        this.#broken(operation, `failed (${reason}), and ${heardBy.label} had got it`)
    }
    if ('messages' in answer) this.#checkPart(operation, answer.messages)
    if (kind === 'request') this.#checkRequestFailed(operation, answer)
  }

  /** S3, of what went wrong. */
  #checkRequestFailed(operation: Operation, answer: Failed): void {
    const { to, heardBy, given, sentMs } = operation
    const { reason, at } = answer
    const text = 'error' in answer ? answer.error : undefined
    const [run] = heardBy.keys()
    if (reason === 'no-handler') {
      const had = this.#book.runs.some(({ name, noHandlerMs }) => name === at && noHandlerMs >= sentMs)
      if (!had || (to !== undefined && at !== to))
        this.#broken(operation, `was told that ${at} has no handler`)
      if (run !== undefined)
        this.#broken(operation, `was told that ${at} has no handler, which ${run.label} had`)
    } else if (reason === 'handler-failed') {
      if (run === undefined || run.name !== at)
        this.#broken(operation, `was told that a handler of ${at} failed`)
      const thrown = given !== undefined && 'error' in given ? given : undefined
      if (thrown === undefined) this.#broken(operation, `was told of an error (${text}), and none was thrown`)
      else if (thrown.error === undefined ? !text : text !== thrown.error.slice(0, ERROR_CHARS_MAX))
        this.#broken(operation, `was told of the error ${text}, and ${thrown.error} was thrown`)
    }
  }

  #checkDelivered(operation: Operation, { id, hops, rttMs }: Extract<Answer, { status: 'delivered' }>): void {
    const { heardBy, to } = operation
    const [run] = heardBy.keys()
    if (operation.kind !== 'send') this.#broken(operation, 'was delivered')
    if (run === undefined || (to !== undefined && run.name !== to))
      this.#broken(operation, 'was delivered to nobody')
    if (run !== undefined && !id.endsWith(`/${run.name}`)) this.#broken(operation, `has the id ${id}`)
    this.#checkId(operation, id)
    this.#checkWay(operation, hops, rttMs)
  }

  /** No two messages of a run have one id, of whichever kind they are. */
  #checkId(operation: Operation, id: string): void {
    const { name, messageIds } = operation.by
    if (!id.startsWith(`${name}/`) || messageIds.has(id)) this.#broken(operation, `has the id ${id}`)
    messageIds.add(id)
  }

  #checkAnswered(operation: Operation, answer: Extract<Answer, { status: 'answered' }>): void {
    const { from, value, hops, rttMs } = answer
    const { heardBy, given } = operation
    const [run] = heardBy.keys()
    if (operation.kind !== 'request') this.#broken(operation, 'was answered')
    if (run === undefined || run.name !== from)
      this.#broken(operation, `was answered by ${from}, and ${run?.label} was asked`)
    const shown = JSON.stringify(value)?.slice(0, 80)
    if (given === undefined || !('value' in given))
      this.#broken(operation, `was answered with ${shown}, and nobody did`)
    else if (!isSame(value, given.value))
      this.#broken(
        operation,
        `was answered with ${shown}, and not ${JSON.stringify(given.value).slice(0, 80)}`,
      )
    this.#checkWay(operation, hops, rttMs)
  }

  #checkWay(operation: Operation, hops: number, rttMs: number): void {
    if (hops < 0 || hops > this.#book.hopsMax) this.#broken(operation, `travelled ${hops} links`)
    if (rttMs < 0 || rttMs > this.#book.nowMs - operation.sentMs) this.#broken(operation, `took ${rttMs} ms`)
  }

  #checkSent(operation: Operation, answer: Extract<Answer, { status: 'sent' }>): void {
    const { kind, by, broadcastId, topic, known } = operation
    const { id, listeners, reached } = answer
    if (kind !== 'broadcast' && kind !== 'publish') this.#broken(operation, 'was sent')
    this.#checkId(operation, id)
    operation.broadcastId ??= id
    if (broadcastId !== undefined && broadcastId !== id)
      this.#broken(operation, `is ${id}, and was ${broadcastId}`)
    if ((listeners === undefined) !== (topic === undefined))
      this.#broken(operation, `has ${listeners} listeners`)
    if ((reached === undefined) !== (known === undefined)) this.#broken(operation, `has reached ${reached}`)
    if (known !== undefined) this.#checkReceipts(operation, answer, known)
    if (topic === undefined || by.state === 'closed') return
    for (const subscription of by.subscriptions) {
      if (subscription.sinceMs >= operation.sentMs || !isFor(subscription.filter, topic)) continue
      if (!operation.told.has(subscription))
        this.#broken(operation, `has not come to its own ${subscription.filter}`)
    }
  }

  /** S5. */
  #checkReceipts(
    operation: Operation,
    answer: Extract<Answer, { status: 'sent' }>,
    known: ReadonlySet<string>,
  ): void {
    const { by, heardBy, droppedBy, topic, sentMs, deadlineMs, abortedMs } = operation
    const { reached = -1, of = -1, missing = [], receipts = [], listeners } = answer
    const names = receipts.map(({ name }) => name)
    const all = new Set([...names, ...missing])
    if (names.length !== reached || all.size !== names.length + missing.length || all.size !== of)
      this.#broken(operation, `reached ${reached} of ${of}, ${names.join(' ')}, without ${missing.join(' ')}`)
    if (operation.isFirst) {
      const stranger = [...all].find((name) => !this.#book.names.has(name))
      if (stranger !== undefined) this.#broken(operation, `counts ${stranger}, which is nobody`)
    } else if (
      topic === undefined ? [...known].some((name) => !all.has(name)) || known.size !== of : listeners !== of
    )
      this.#broken(
        operation,
        `counts ${of}, and knew ${topic === undefined ? [...known].join(' ') : listeners}`,
      )
    const heard = new Set([...heardBy.keys()].filter((run) => !droppedBy.has(run)).map(({ name }) => name))
    for (const { name, tookMs, hops } of receipts) {
      if (!heard.has(name)) this.#broken(operation, `has a receipt of ${name}, which has not got it`)
      this.#checkWay(operation, hops, tookMs)
    }
    if (by.state !== 'runs' || this.#book.nowMs >= sentMs + deadlineMs || abortedMs !== undefined) return
    for (const name of missing) {
      if ((by.departures.get(name) ?? -1) < sentMs) this.#broken(operation, `misses ${name} before its time`)
    }
  }

  /** Broadcasts of before are what a node had kept that was asked. */
  #checkPast(operation: Operation, from: string, messages: readonly NodeMessage[]): void {
    const { sentMs, filter } = operation
    const { nowMs } = this.#book
    this.#checkPart(operation, messages)
    const asked = this.#book.runs.filter(({ name, endedMs }) => name === from && endedMs >= sentMs)
    const problems = asked.map(({ keeper }) =>
      keeper === undefined ? 'keeps nothing' : keeper.problemOf(filter, messages, [sentMs, nowMs]),
    )
    if (asked.length === 0) this.#broken(operation, `is of ${from}, which is nobody`)
    else if (!problems.includes(undefined)) this.#broken(operation, `${from} ${problems.join('; ')}`)
  }

  /** Each of these was broadcast, is one of those that were asked for, and is there once. */
  #checkPart(operation: Operation, messages: readonly NodeMessage[]): void {
    const { filter } = operation
    const seen = new Set<number>()
    for (const { value, topic, from, id, past, broadcast, sender } of messages) {
      const made = this.#book.operations.get(idIn(value))
      const isWanted =
        filter === undefined ? topic === undefined : topic !== undefined && isFor(filter, topic)
      const isSo =
        made?.by.name === from && made.topic === topic && made.sender === sender && past && broadcast
      if (made === undefined || !isSo || (made.broadcastId ?? id) !== id)
        this.#broken(operation, `gave ${idIn(value)} of ${from} about ${topic}, which nobody sent`)
      else if (!isWanted) this.#broken(operation, `gave ${made.id}, which is of ${topic}`)
      else if (seen.has(made.id)) this.#broken(operation, `gave ${made.id} twice`)
      seen.add(idIn(value))
    }
  }

  #checkTraced(operation: Operation, path: readonly string[]): void {
    const { by, to } = operation
    // Each node says what it knows: while faults strike a way may come by one twice.
    const isWay =
      path[0] === by.name && path.at(-1) === to && path.every((name) => this.#book.names.has(name))
    if (operation.kind !== 'trace' || !isWay) this.#broken(operation, `goes by ${path.join(' ')}`)
  }

  #broken(operation: Operation, what: string): void {
    this.#book.broken(operation.by, `asked for ${textOf(operation)}: it ${what}`)
  }
}
