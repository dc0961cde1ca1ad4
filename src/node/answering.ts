// Requests that other nodes make: each is answered, with what a handler gives, or with why there is nothing.
// It must not know what is asked.
//
// 1. Every question is answered exactly once, as long as the node runs and the asker waits. What comes later is dropped.
// 2. A question for which there is no place (places.ts) is answered with `queue-full`, if there is room for that.
// 3. A question has its place until its answer is on its way, and no longer than its asker waits, whatever a handler does:
//    until its deadline, or the asker gives it up or is gone.
// 4. An answer waits for room as long as its question has its place. For an asker that is gone it is tried once, because that
//    may turn out to be wrong, and not at all when a later run of it is known.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import { REASONS, type Reason, type RequestFailure } from '../core/reasons.ts'
import { HearsayError } from '../errors.ts'
import { LIMITS } from '../wire/limits.ts'
import type { JsonValue } from '../wire/payload.ts'
import { isTraceparent } from '../wire/traceparent.ts'
import { type EnvelopeHeaders, type Note, seal } from './envelope.ts'
import { OpenQuestion } from './open-question.ts'
import { Places } from './places.ts'
import { RoomQueue } from './room-queue.ts'
import type { Sending } from './sending.ts'
import type { NodeTimers, NodeWorld } from './world.ts'

/** Of a question that does not say how long its asker waits, as of one that says nonsense. */
const WITHIN_MS = 10_000
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
  /**
   * Aborted when the answer is not wanted any more: {@link withinMs} has passed, the asker has given up before (it says so
   * once, and nobody makes sure that this arrives), it is gone (as `peer-leave` tells), or this node is closed.
   */
  readonly signal: AbortSignal
}

/** Gives the answer to a request; `undefined` is answered as `null`. What it throws travels back as its text. */
export type RequestHandler = (
  request: NodeRequest,
) => JsonValue | Uint8Array | undefined | Promise<JsonValue | Uint8Array | undefined>

/**
 * Sends a payload before the answer, which says itself what it is a part of, as soon as there is room for it. Resolves then,
 * with whether it will have arrived; `undefined`: there was none as long as the asker waits.
 */
export type SendPart = (payload: Uint8Array) => Promise<{ readonly sent: Promise<boolean> } | undefined>

/** Answers what the node itself is asked. */
export type NodeAnswerer = (question: Note, part: SendPart) => JsonValue | Promise<JsonValue>

/** What answering needs of the node. */
export interface AnsweringParts {
  readonly sending: Pick<Sending, 'hasRoom' | 'sendUncounted'>
  readonly nowMs: NodeWorld['nowMs']
  readonly timers: Pick<NodeTimers, 'hasEnded' | 'wait'>
  readonly overlay: Pick<Overlay, 'runOf'>
  /** No asker is believed to wait longer, in ms. */
  readonly deadlineMaxMs: number
  /** What the node itself can be asked about. */
  readonly about: Readonly<Record<string, NodeAnswerer>>
  readonly drop: (reason: Reason, detail: string) => void
}

/** What a question is answered with. */
type Answer = ReturnType<RequestHandler> | ReturnType<NodeAnswerer>

/** See the head of the file. */
export class Answering {
  readonly #parts: AnsweringParts
  readonly #places: Places
  readonly #queue: RoomQueue
  #handler: RequestHandler | undefined
  #hasEnded = false

  constructor(parts: AnsweringParts) {
    this.#parts = parts
    this.#places = new Places(parts.nowMs, parts.timers)
    this.#queue = new RoomQueue(parts.sending, parts.timers)
  }

  /** Questions that are being answered. */
  get size(): number {
    return this.#places.size
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
  asked(note: Note): void {
    if (this.#hasEnded) return
    const { nowMs, overlay, drop } = this.#parts
    const within = this.#withinMs(note)
    const question = new OpenQuestion(note, {
      run: overlay.runOf(note.from),
      deadlineMs: nowMs() + within,
      onExpired: (expired) => {
        this.#places.leave(expired)
        drop('expired', `request of ${note.from}: no answer in ${within} ms`)
      },
    })
    if (this.#places.take(question)) void this.#answer(question)
    else this.#turnAway(question)
  }

  /** Whoever has asked has given a question up. */
  cancelled({ from, number }: Note): void {
    for (const question of this.#places.of(from)) {
      if (question.note.number !== number) continue
      this.#places.leave(question)
      question.end()
      return
    }
  }

  /** A peer is gone: it waits for nothing. @param nextRun the run of it that is here now, and may have asked already */
  peerLeft(name: NodeName, nextRun = Number.POSITIVE_INFINITY): void {
    for (const question of this.#places.of(name)) {
      if (question.run >= nextRun) continue
      this.#places.leave(question)
      question.leave()
    }
  }

  /** The node leaves. */
  end(): void {
    this.#hasEnded = true
    for (const question of this.#places.drain()) question.end()
  }

  async #answer(question: OpenQuestion): Promise<void> {
    const sealed = await this.#answerTo(question)
    if (question.hasLeft) this.#tryOnce(question, sealed)
    else await this.#queue.send(question, sealed, () => this.#sendAnswer(question, sealed))
    this.#places.leave(question)
  }

  /** The answer, or why there is none. Never rejects. */
  async #answerTo(question: OpenQuestion): Promise<Uint8Array> {
    const { note } = question
    const call = this.#answererOf(question)
    if (call === undefined) return failureOf(note, 'no-handler', REASONS['no-handler'].text)
    try {
      const sealed = sealAnswer(note, (await call()) ?? null)
      // Also an answer that no message can carry: who asks is told so, and does not wait until the deadline.
      if (sealed.length <= LIMITS.payloadBytesMax) return sealed
      this.#parts.drop('too-large', `answer to a request of ${note.from}`)
      return failureOf(note, 'handler-failed', `the answer is too large: ${sealed.length} bytes`)
    } catch (error) {
      return failureOf(note, 'handler-failed', textOf(error))
    }
  }

  /** Who answers a question; `undefined`: nobody. */
  #answererOf(question: OpenQuestion): (() => Answer) | undefined {
    const { note } = question
    const { about } = note.headers
    if (about === undefined) {
      const handler = this.#handler
      return handler && (() => handler(this.#requestOf(question)))
    }
    const answerer = Object.hasOwn(this.#parts.about, about) ? this.#parts.about[about] : undefined
    return answerer && (() => answerer(note, (payload) => this.#sendPart(question, payload)))
  }

  #requestOf(question: OpenQuestion): NodeRequest {
    const { from, value, hops, headers } = question.note
    const request = {
      from,
      value,
      hops,
      withinMs: this.#withinMs(question.note),
      get signal() {
        return question.signal
      },
    }
    const { sender } = headers
    return Object.assign(request, sender === undefined ? {} : { sender }, traceOf(headers))
  }

  async #sendPart(question: OpenQuestion, payload: Uint8Array): ReturnType<SendPart> {
    return this.#queue.send(question, payload, () => {
      const sent = this.#send(question, payload)
      return { sent: sent.then(({ status }) => status === 'delivered') }
    })
  }

  /** There is no place for a question. Nobody waits for room to say so. */
  #turnAway(question: OpenQuestion): void {
    const sealed = failureOf(question.note, 'queue-full', REASONS['queue-full'].text)
    this.#sendNow(question, sealed)
  }

  /** The asker is gone, by all that is known. */
  #tryOnce(question: OpenQuestion, sealed: Uint8Array): void {
    const { nowMs, overlay } = this.#parts
    const mayWait = nowMs() < question.deadlineMs && overlay.runOf(question.note.from) <= question.run
    if (mayWait && !this.#hasEnded) this.#sendNow(question, sealed)
  }

  /** If there is room. */
  #sendNow(question: OpenQuestion, sealed: Uint8Array): void {
    const { from } = question.note
    if (this.#parts.sending.hasRoom(from, sealed)) this.#sendAnswer(question, sealed)
    else this.#parts.drop('queue-full', `request of ${from}`)
  }

  #sendAnswer(question: OpenQuestion, sealed: Uint8Array): void {
    void this.#send(question, sealed).then((sent) => {
      if (sent.status === 'failed')
        this.#parts.drop(sent.reason, `answer to a request of ${question.note.from}`)
    })
  }

  #send({ note, deadlineMs }: OpenQuestion, sealed: Uint8Array): ReturnType<Sending['sendUncounted']> {
    const { nowMs, sending } = this.#parts
    const leftMs = Math.max(1, Math.ceil(deadlineMs - nowMs()))
    return sending.sendUncounted(note.from, sealed, { deadlineMs: leftMs })
  }

  #withinMs({ headers }: Note): number {
    const ms = Number(headers.within)
    return Math.min(Number.isInteger(ms) && ms > 0 ? ms : WITHIN_MS, this.#parts.deadlineMaxMs)
  }
}

function sealAnswer({ number, headers }: Note, value: JsonValue | Uint8Array, more = {}): Uint8Array {
  return seal(value, { ...traceOf(headers), answer: String(number), ...more })
}

function failureOf(note: Note, failure: RequestFailure, text: string): Uint8Array {
  return sealAnswer(note, text.slice(0, ERROR_CHARS_MAX), { failure })
}

/** What a handler throws may be anything. */
function textOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'an error without a text'
  }
}

/** The trace that a message belongs to, as a header of what follows from it. */
function traceOf({ traceparent }: EnvelopeHeaders): Pick<EnvelopeHeaders, 'traceparent'> {
  return traceparent !== undefined && isTraceparent(traceparent) ? { traceparent } : {}
}
