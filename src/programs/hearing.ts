// What is handed to programs: messages, broadcasts, those of topics, and requests. Each is compared with what was asked
// for, by the book.
// It must not know how anything travels, nor look into a node.
//
// H1  Nothing is handed over that was not sent, nor to anybody else, nor twice, nor changed.
// H2  What one run sends to one run of another, by name or by tag, as a send or as a request, comes in its order.
// H3  What a program gave up before it was sent, or was told at once as failed, comes nowhere.
// H4  A broadcast comes at most once to a run and never to its origin, and everybody is told the same name of it.
// H5  Of a topic each listener whose filter matches is told once, those of the origin as well, and no other, nor after its end.
// H6  A run that is over is told nothing.

import type { NodeRequest } from '../node/answering.ts'
import type { NodeMessage } from '../node/events.ts'
import { type Book, contentOf, idIn, isSame, type Operation, type Run, type Subscription } from './book.ts'
import { isFor } from './topics.ts'

/** See the head of the file. */
export class Hearing {
  readonly #book: Book
  /** Runs that were told of a message of a topic a moment ago, with all listeners that must be. */
  #owed: { readonly run: Run; readonly operation: Operation; readonly to: readonly Subscription[] }[] = []

  constructor(book: Book) {
    this.#book = book
  }

  /** A run was told of a message. */
  message(run: Run, message: NodeMessage): void {
    const operation = this.#find(run, message, message.broadcast ? 'broadcast' : 'send')
    if (operation === undefined) return
    if (message.topic !== undefined) this.#broken(run, operation, `came as a message, of ${message.topic}`)
    if (message.broadcast) {
      this.#broadcastHeard(run, operation, message)
      if (operation.by === run) this.#broken(run, operation, 'is its own')
      run.keeper?.add('', operation.id, this.#book.nowMs)
    } else {
      if (message.id !== undefined) this.#broken(run, operation, `has the id ${message.id}`)
      this.#directHeard(run, operation, message.hops)
    }
    for (const { model } of run.readers) if (!model.push(operation.id)) operation.droppedBy.add(run)
    // Whoever sends it is told that there was no room, and nobody can be told that of a broadcast.
    if (!message.broadcast && operation.droppedBy.has(run)) this.#broken(run, operation, 'found no room')
  }

  /** A listener was told of a message of a topic. */
  topic(run: Run, subscription: Subscription, message: NodeMessage): void {
    const operation = this.#find(run, message, 'publish')
    if (operation === undefined) return
    const { topic } = operation
    const { filter, endedMs } = subscription
    if (message.topic !== topic) this.#broken(run, operation, `is of ${message.topic}`)
    if (topic === undefined || !isFor(filter, topic)) this.#broken(run, operation, `came to ${filter}`)
    if (endedMs !== undefined) this.#broken(run, operation, `came to ${filter}, which had ended`)
    if (operation.told.has(subscription)) this.#broken(run, operation, `came to ${filter} twice`)
    operation.told.add(subscription)
    if (subscription.isKeeping) run.keeper?.add(topic ?? '', operation.id, this.#book.nowMs)
    if (
      operation.heardBy.has(run) &&
      this.#owed.some((owed) => owed.run === run && owed.operation === operation)
    )
      return
    this.#broadcastHeard(run, operation, message)
    const to = [...run.subscriptions].filter((other) => topic !== undefined && isFor(other.filter, topic))
    this.#owed.push({ run, operation, to })
  }

  /** A handler was called; `undefined`: with nothing that was asked. */
  request(run: Run, request: NodeRequest): Operation | undefined {
    const operation = this.#find(run, request, 'request')
    if (operation === undefined) return undefined
    if (run.endHandler === undefined) this.#broken(run, operation, 'came to a handler that had ended')
    const { deadlineMs, isSought } = operation
    if (isSought ? request.withinMs > deadlineMs : request.withinMs !== deadlineMs) {
      this.#broken(run, operation, `is waited for ${request.withinMs} ms, and not ${operation.deadlineMs}`)
    }
    if (request.signal.aborted) this.#broken(run, operation, 'came with a signal that was aborted')
    this.#directHeard(run, operation, request.hops)
    return operation
  }

  /** What a moment ago some listeners were told of, all must have been told of by now. */
  check(): void {
    for (const { run, operation, to } of this.#owed.splice(0)) {
      const lacks = to.find((subscription) => !operation.told.has(subscription))
      if (lacks !== undefined) this.#broken(run, operation, `has not come to ${lacks.filter}`)
    }
  }

  /** H1, H6. */
  #find(
    run: Run,
    { from, value, sender }: Pick<NodeMessage, 'from' | 'value' | 'sender'>,
    kind: Operation['kind'],
  ): Operation | undefined {
    const id = idIn(value)
    const operation = this.#book.operations.get(id)
    if (operation === undefined || operation.kind !== kind || operation.by.name !== from) {
      this.#book.broken(run, `was handed ${kind} ${id} of ${from}, which nobody made`)
      return undefined
    }
    this.#book.mix(id)
    this.#book.observer?.(run, `is handed ${kind} ${id} of ${operation.by.label}`)
    if (run.state !== 'runs') this.#broken(run, operation, `came when it was ${run.state}`)
    if (!isSame(value, contentOf(operation))) this.#broken(run, operation, 'has changed on its way')
    if (sender !== operation.sender) this.#broken(run, operation, `came with the label ${sender}`)
    return operation
  }

  #directHeard(run: Run, operation: Operation, hops: number): void {
    const { to, tag, by, heardBy, abortedMs, sentMs, id } = operation
    const isMeant = to === undefined ? by !== run && this.#hasHad(run, tag) : to === run.name
    if (!isMeant) this.#broken(run, operation, `is for ${to ?? `#${tag}`}`)
    for (const before of heardBy.keys()) this.#broken(run, operation, `came before, to ${before.label}`)
    heardBy.set(run, this.#book.nowMs)
    if (abortedMs !== undefined && abortedMs < sentMs)
      this.#broken(run, operation, 'was given up before it was sent')
    if (neverLeft(operation)) this.#broken(run, operation, 'had failed for certain')
    if (hops > this.#book.hopsMax) this.#broken(run, operation, `travelled ${hops} links`)
    if (operation.isSought) return
    const last = run.lastFrom.get(by) ?? 0
    if (id < last) this.#broken(run, operation, `comes behind ${last}`)
    run.lastFrom.set(by, Math.max(id, last))
  }

  #broadcastHeard(run: Run, operation: Operation, { broadcast, id, past }: NodeMessage): void {
    if (!broadcast || past !== undefined) this.#broken(run, operation, 'did not come as a broadcast')
    if (operation.heardBy.has(run)) this.#broken(run, operation, 'came twice')
    operation.heardBy.set(run, this.#book.nowMs)
    if (operation.answer?.status === 'failed') this.#broken(run, operation, 'was told as failed')
    // What waits for the first link has no name yet, and goes to the program's own listeners at once.
    if (id === undefined && operation.by === run && operation.isFirst) {
      if (run.keeper !== undefined) run.keeper.isDeaf = true
      return
    }
    operation.broadcastId ??= id
    if (id === undefined || id !== operation.broadcastId)
      this.#broken(run, operation, `is ${id} here and ${operation.broadcastId} elsewhere`)
  }

  #hasHad({ name }: Run, tag: string | undefined): boolean {
    return tag !== undefined && this.#book.tagsOf.get(name)?.has(tag) === true
  }

  #broken(run: Run, { kind, id, by }: Operation, what: string): void {
    this.#book.broken(run, `was handed ${kind} ${id} of ${by.label}: it ${what}`)
  }
}

/** H3: it has been told for certain that it is nowhere, or its node had ended. */
export function neverLeft({ answer, isAfterEnd, by }: Operation): boolean {
  if (answer?.status !== 'failed') return false
  const { reason, at } = answer
  if (reason === 'unknown-peer' || reason === 'no-route' || reason === 'queue-full') return true
  if (at !== by.name) return false
  return reason === 'too-large' || (isAfterEnd && reason === 'shutting-down')
}
