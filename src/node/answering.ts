// Requests that other nodes make: each is answered, with what a handler gives, or with why there is nothing.
// It must not know what is asked.
//
// 1. Every question is answered exactly once, as long as the node runs.
// 2. At most `OPEN_MAX` questions are being answered; further ones are answered with `queue-full`.

import type { NodeName } from '../core/messages.ts'
import { REASONS, type Reason, type RequestFailure } from '../core/reasons.ts'
import { HearsayError } from '../errors.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTraceparent } from '../wire/traceparent.ts'
import { type EnvelopeHeaders, type Note, seal } from './envelope.ts'
import type { Sending } from './sending.ts'
import type { NodeTimers } from './world.ts'

/** Questions that are being answered at the same time. */
const OPEN_MAX = 10_000
/** Of a question that does not say how long its asker waits, as of one that says nonsense. */
const WITHIN_MS = 10_000
/** How often it is looked whether there is room for an answer, or a part of one. */
const ROOM_MS = 20
/** What is told of an error, in characters. */
const ERROR_CHARS_MAX = 1_000

/** A request, as a handler sees it. */
export interface NodeRequest {
  /** The node that asks. */
  readonly from: string
  /** The label that the asker gave itself. */
  readonly sender?: string
  /** The trace that the question belongs to; its answer does as well. */
  readonly traceparent?: string
  /** A JSON value, or the bytes. */
  readonly value: JsonValue | Uint8Array
  /** Links travelled. */
  readonly hops: number
  /** How long the asker waits, in ms from now at most. */
  readonly withinMs: number
  /** Aborted when the node is closed: nobody gets the answer any more. */
  readonly signal: AbortSignal
}

/** Gives the answer to a request; `undefined` is answered as `null`. What it throws travels back as its text. */
export type RequestHandler = (
  request: NodeRequest,
) => JsonValue | Uint8Array | undefined | Promise<JsonValue | Uint8Array | undefined>

/**
 * Sends something before the answer, as soon as there is room for it. Resolves then, with whether it will have arrived;
 * `undefined`: there was none as long as the asker waits.
 */
export type SendPart = (
  value: JsonValue | Uint8Array,
  headers: EnvelopeHeaders,
) => Promise<{ readonly sent: Promise<boolean> } | undefined>

/** Answers what the node itself is asked. */
export type NodeAnswerer = (question: Note, part: SendPart) => JsonValue | Promise<JsonValue>

/** What answering needs of the node. */
export interface AnsweringParts {
  readonly sending: Pick<Sending, 'hasRoom' | 'sendSealed'>
  readonly timers: Pick<NodeTimers, 'wait'>
  /** What the node itself can be asked about. */
  readonly about: Readonly<Record<string, NodeAnswerer>>
  readonly drop: (reason: Reason, detail: string) => void
}

/** See the head of the file. */
export class Answering {
  readonly #parts: AnsweringParts
  readonly #end = new AbortController()
  #handler: RequestHandler | undefined
  #open = 0

  constructor(parts: AnsweringParts) {
    this.#parts = parts
  }

  /** Questions that are being answered. */
  get size(): number {
    return this.#open
  }

  /** Takes requests from now on; the function returned ends that. @throws HearsayError `invalid-option` for a second one */
  handle(handler: RequestHandler): () => void {
    if (typeof handler !== 'function') throw new HearsayError('invalid-option', 'handle: expected a function')
    if (this.#handler !== undefined) {
      throw new HearsayError('invalid-option', 'handle: there is a handler; end that one first')
    }
    this.#handler = handler
    return () => {
      if (this.#handler === handler) this.#handler = undefined
    }
  }

  /** A question has come. */
  asked(question: Note): void {
    const { about } = question.headers
    if (this.#open >= OPEN_MAX) this.#fail(question, 'queue-full', REASONS['queue-full'].text)
    else if (about === undefined)
      void this.#answer(question, this.#handler, (handler) => handler(this.#requestOf(question)))
    else {
      const answerer = Object.hasOwn(this.#parts.about, about) ? this.#parts.about[about] : undefined
      void this.#answer(question, answerer, (answer) => answer(question, this.#partOf(question)))
    }
  }

  /** The node leaves. */
  end(): void {
    this.#end.abort()
  }

  async #answer<T>(
    question: Note,
    answerer: T | undefined,
    call: (answerer: T) => ReturnType<RequestHandler> | ReturnType<NodeAnswerer>,
  ): Promise<void> {
    if (answerer === undefined) {
      this.#fail(question, 'no-handler', REASONS['no-handler'].text)
      return
    }
    this.#open++
    try {
      const value = (await call(answerer)) ?? null
      this.#send(question, value, { answer: String(question.number) })
    } catch (error) {
      // Also an answer that no message can carry: who asks is told so.
      const text = error instanceof Error ? error.message : String(error)
      this.#fail(question, 'handler-failed', text)
    } finally {
      this.#open--
    }
  }

  #requestOf({ from, value, hops, headers }: Note): NodeRequest {
    const { sender } = headers
    const request = { from, value, hops, withinMs: withinMs(headers), signal: this.#end.signal }
    return { ...request, ...(sender === undefined ? {} : { sender }), ...traceOf(headers) }
  }

  #partOf({ from, number, headers }: Note): SendPart {
    const { sending } = this.#parts
    const deadlineMs = withinMs(headers)
    return async (value, more) => {
      const sealed = seal(value, { ...more, part: String(number) })
      const leftMs = await this.#roomWithin(from, sealed, deadlineMs)
      if (leftMs === undefined) return undefined
      const sent = sending.sendSealed(from, sealed, { deadlineMs: leftMs })
      return { sent: sent.then(({ status }) => status === 'delivered') }
    }
  }

  #fail(question: Note, reason: RequestFailure, text: string): void {
    const answer = String(question.number)
    this.#send(question, text.slice(0, ERROR_CHARS_MAX), { answer, failure: reason })
  }

  #send({ from, headers }: Note, value: JsonValue | Uint8Array, answer: EnvelopeHeaders): void {
    if (this.#end.signal.aborted) return
    const sealed = seal(value, { ...traceOf(headers), ...answer })
    // Who asks is to be told, and not to wait until the deadline.
    if (sealed.length > LIMITS.payloadBytesMax) {
      this.#parts.drop('too-large', `answer to a request of ${from}`)
      throw new Error(`the answer is too large: ${sealed.length} bytes`)
    }
    void this.#deliver(from, sealed, withinMs(headers)).then((failure) => {
      if (failure !== undefined) this.#parts.drop(failure, `answer to a request of ${from}`)
    })
  }

  /** Sends an answer, as soon as there is room for it: who asks for more than the queue takes is answered all the same. */
  async #deliver(from: NodeName, sealed: Uint8Array, withinMs: number): Promise<Reason | undefined> {
    const { sending } = this.#parts
    let deadlineMs: number | undefined = withinMs
    if (!sending.hasRoom(from, sealed)) {
      if (this.#open >= OPEN_MAX) return 'queue-full'
      this.#open++
      deadlineMs = await this.#roomWithin(from, sealed, withinMs)
      this.#open--
      if (deadlineMs === undefined) return 'queue-full'
    }
    const sent = await sending.sendSealed(from, sealed, { deadlineMs })
    return sent.status === 'failed' ? sent.reason : undefined
  }

  /**
   * Waits until there is room for a message, and resolves with how long it may take then, in ms; `undefined`: there was none
   * as long as it is waited for, or the node has left.
   */
  async #roomWithin(to: NodeName, sealed: Uint8Array, withinMs: number): Promise<number | undefined> {
    const { sending, timers } = this.#parts
    let leftMs = withinMs
    for (; !sending.hasRoom(to, sealed); leftMs -= ROOM_MS) {
      if (leftMs <= ROOM_MS || this.#end.signal.aborted) return undefined
      await timers.wait(ROOM_MS)
    }
    return leftMs
  }
}

function withinMs({ within }: EnvelopeHeaders): number {
  const ms = Number(within)
  return Number.isInteger(ms) && ms > 0 ? ms : WITHIN_MS
}

/** The trace that a message belongs to, as a header of what follows from it. */
function traceOf({ traceparent }: EnvelopeHeaders): Pick<EnvelopeHeaders, 'traceparent'> {
  return traceparent !== undefined && isTraceparent(traceparent) ? { traceparent } : {}
}
