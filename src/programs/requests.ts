// All that programs ask of their nodes, each written into the book before, and how it ends after.
// It must not choose what is asked.

import { insideOf } from '../node/inside.ts'
import type { HistoryOptions } from '../node/past.ts'
import type { SendOptions } from '../node/sending.ts'
import { type Answer, type Book, contentOf, type Operation, type OperationParts, type Run } from './book.ts'
import type { Settling } from './settling.ts'

/** To whom, and how. */
export interface SendRequest
  extends Pick<OperationParts, 'deadlineMs' | 'to' | 'tag' | 'bytes' | 'sender' | 'how'> {
  /** Given up before it is sent, or can be later: {@link Requests.abort}. */
  readonly abort?: 'before' | 'later' | undefined
}

/** What was asked for. */
export interface Asked {
  readonly operation: Operation
  /** How it ended; `undefined`: it threw, which is in the book. Never, when the run crashes before. */
  readonly settled: Promise<Answer | undefined>
}

/** See the head of the file. */
export class Requests {
  readonly #book: Book
  readonly #settling: Settling
  readonly #controllers = new Map<number, AbortController>()

  constructor(book: Book, settling: Settling) {
    this.#book = book
    this.#settling = settling
  }

  /** All signals that were given to nodes which have not crashed. */
  get signals(): AbortSignal[] {
    const all = [...this.#controllers].filter(([id]) => this.#book.operations.get(id)?.by.state !== 'crashed')
    return all.map(([, { signal }]) => signal)
  }

  /** @param isTry as `trySend` */
  send(by: Run, request: SendRequest, isTry = false): Asked {
    const operation = this.#begin(by, 'send', { ...request, isSought: isSought(by, request.tag) })
    const { to, options } = wayOf(operation)
    return this.#follow(operation, () => {
      if (!isTry) return by.node.send(to, contentOf(operation), options)
      const answer = by.node.trySend(to, contentOf(operation), options)
      return answer.status === 'accepted' ? answer.outcome : Promise.resolve(answer)
    })
  }

  request(by: Run, request: SendRequest): Asked {
    const operation = this.#begin(by, 'request', { ...request, isSought: isSought(by, request.tag) })
    const { to, options } = wayOf(operation)
    return this.#follow(operation, () => by.node.request(to, contentOf(operation), options))
  }

  /** @param request with a topic it is published */
  broadcast(
    by: Run,
    request: Pick<OperationParts, 'topic' | 'bytes' | 'deadlineMs' | 'sender'> &
      Pick<SendRequest, 'abort'> & { readonly receipts: boolean },
  ): Asked {
    const { receipts, ...rest } = request
    const known = receipts ? new Set(by.node.peers().map(({ name }) => name)) : undefined
    const isFirst = by.node.neighbors().length === 0
    const kind = rest.topic === undefined ? 'broadcast' : 'publish'
    const operation = this.#begin(by, kind, { ...rest, known, isFirst })
    const { topic, deadlineMs, sender, signal } = operation
    if (by.keeper !== undefined && topic === undefined) by.keeper.isBlurred = true
    const options = { receipts, sender, deadlineMs, signal }
    const value = contentOf(operation)
    return this.#follow(operation, () =>
      topic === undefined ? by.node.broadcast(value, options) : by.node.publish(topic, value, options),
    )
  }

  history(
    by: Run,
    request: Pick<OperationParts, 'filter' | 'to' | 'deadlineMs'> & Pick<SendRequest, 'abort'>,
  ): Asked {
    const operation = this.#begin(by, 'history', request)
    const { filter, to, deadlineMs, signal } = operation
    const options: HistoryOptions = { from: to, deadlineMs, signal }
    return this.#follow(operation, () => by.node.history(filter, options))
  }

  trace(by: Run, to: string, deadlineMs: number): Asked {
    const operation = this.#book.begin(by, { kind: 'trace', to, deadlineMs })
    return this.#follow(operation, () => by.node.trace(to, { deadlineMs }))
  }

  /** A program gives up what it has asked for. Nothing happens when that has ended, or cannot be given up. */
  abort(operation: Operation): void {
    const controller = this.#controllers.get(operation.id)
    if (controller === undefined || operation.answer !== undefined || operation.by.state === 'crashed') return
    operation.abortedMs ??= this.#book.nowMs
    controller.abort()
  }

  #begin(
    by: Run,
    kind: Operation['kind'],
    { abort, ...request }: Omit<OperationParts, 'kind'> & Pick<SendRequest, 'abort'>,
  ): Operation {
    const controller = abort === undefined ? undefined : new AbortController()
    if (abort === 'before') controller?.abort()
    const operation = this.#book.begin(by, { ...request, kind, signal: controller?.signal })
    if (controller !== undefined) this.#controllers.set(operation.id, controller)
    if (abort === 'before') operation.abortedMs = operation.sentMs - 1
    return operation
  }

  #follow(operation: Operation, ask: () => Promise<Answer>): Asked {
    let asked: Promise<Answer>
    try {
      asked = ask()
    } catch (error) {
      asked = Promise.reject(error)
    }
    const settled = asked.then(
      (answer) => {
        this.#settling.settled(operation, answer)
        return answer
      },
      (error) => {
        this.#settling.rejected(operation, error)
        return undefined
      },
    )
    return { operation, settled }
  }
}

function isSought({ node, name }: Run, tag: string | undefined): boolean {
  if (tag === undefined) return false
  const { entries } = insideOf(node).overlay.directory
  return ![...entries].some(
    ({ record, reachable }) => reachable && record.name !== name && record.tags?.includes(tag),
  )
}

function wayOf({ to, tag = '', deadlineMs, sender, signal }: Operation) {
  const options: SendOptions = { deadlineMs, sender, signal }
  return { to: to ?? { tag }, options }
}
