// Requests that this node makes: a question goes out as a message, and the answer comes as another one.
// It must not know what is asked, nor send again: the messages are delivered or fail, as all others.
// A question that has not arrived ends as its message does; one that has, with its answer or with the node that was asked.
//
// 1. Every request is settled exactly once, at the latest when its deadline has passed.
// 2. `answered` is told only for an answer of the run that was asked.

import type { RequestAnswer } from '../answers.ts'
import type { NodeName } from '../core/messages.ts'
import { REASONS, type RequestFailure } from '../core/reasons.ts'
import type { Rng } from '../core/rng.ts'
import type { JsonValue } from '../wire/payload.ts'
import { checkDeadline, checkSignal } from './call-options.ts'
import { type EnvelopeHeaders, type Note, seal } from './envelope.ts'
import { type PendingAnswer, PendingAnswers } from './pending-answers.ts'
import { type Destination, labelsOf, type Sending, type SendOptions, type Sent } from './sending.ts'
import type { Sightings } from './sightings.ts'
import type { Tally } from './tally.ts'
import type { NodeTimers, NodeWorld } from './world.ts'

/** What asking needs of the node. */
export interface AskingParts {
  readonly name: NodeName
  readonly sending: Pick<
    Sending,
    'destination' | 'failed' | 'find' | 'hasRoom' | 'isPlainHttp' | 'refusal' | 'sendRevocable' | 'tell'
  >
  /** When to give up, unless told otherwise, in ms. */
  readonly deadlineMs: number
  /** The longest that may be asked for, in ms. */
  readonly deadlineMaxMs: number
  readonly nowMs: NodeWorld['nowMs']
  readonly timers: Pick<NodeTimers, 'hasEnded' | 'wait'>
  readonly rng: Rng
  readonly tally: Tally
  readonly sightings: Pick<Sightings, 'own'>
}

/** One question. */
export interface Question {
  readonly to: NodeName
  readonly value: JsonValue | Uint8Array
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
  readonly sender?: string | undefined
  readonly traceparent?: string | undefined
  /** For the node itself: what about. */
  readonly about?: string
  /** Takes what comes before the answer. */
  readonly onPart?: (part: Note) => void
}

interface Asked extends PendingAnswer {
  readonly to: NodeName
  readonly sentMs: number
  readonly onPart: ((part: Note) => void) | undefined
  readonly settle: (answer: RequestAnswer) => void
  /** Its message; `undefined` while that is being sent. */
  message?: ReturnType<Sending['sendRevocable']>
}

const FAILURES: ReadonlySet<string> = new Set<RequestFailure>(['no-handler', 'handler-failed', 'queue-full'])

/** See the head of the file. */
export class Asking {
  readonly #parts: AskingParts
  readonly #asked: PendingAnswers<Asked>

  constructor(parts: AskingParts) {
    this.#parts = parts
    this.#asked = new PendingAnswers(parts.nowMs, parts.timers, parts.rng)
  }

  /** Questions without an answer. */
  get size(): number {
    return this.#asked.size
  }

  /**
   * Asks for a program.
   * @throws HearsayError `invalid-name`, `invalid-option` or `invalid-payload`, at once
   */
  request(to: Destination, value: JsonValue | Uint8Array, options: SendOptions): Promise<RequestAnswer> {
    const { sending } = this.#parts
    const { deadlineMs = this.#parts.deadlineMs, sender, signal, traceparent } = options
    checkDeadline(deadlineMs, this.#parts.deadlineMaxMs)
    checkSignal(signal)
    const labels = labelsOf(options, this.#parts.name)
    const name = sending.destination(to)
    const question = { value, sender, signal, traceparent, deadlineMs }
    if (name !== undefined) return this.ask({ ...question, to: name })
    // What cannot be sent at all is refused before anybody is looked for.
    seal(value, labels)
    return this.#askWhenFound(to, question)
  }

  async #askWhenFound(to: Destination, question: Omit<Question, 'to'>): Promise<RequestAnswer> {
    const { sending, tally } = this.#parts
    const { deadlineMs, signal, traceparent } = question
    const found = await sending.find(to, { deadlineMs, signal })
    if (found.name === undefined) {
      tally.ended('request', found.failure)
      const answer = sending.failed(found.failure)
      if (traceparent !== undefined) this.#parts.sightings.own(traceparent, { to, ...answer })
      return answer
    }
    return this.ask({ ...question, to: found.name, deadlineMs: found.leftMs })
  }

  /** Asks, and resolves with how that ended. @throws HearsayError `invalid-payload`, at once */
  ask(question: Question): Promise<RequestAnswer> {
    const { answer, sent } = this.#begin(question)
    if (question.traceparent !== undefined) void this.#log(question.to, question.traceparent, answer, sent)
    return answer
  }

  /** Asks. Returns how that will end, and how the question itself will; `undefined`: it does not go out. */
  #begin(question: Question): { answer: Promise<RequestAnswer>; sent?: Promise<Sent> } {
    const { nowMs, name, sending, tally } = this.#parts
    const { to, deadlineMs, signal, onPart } = question
    const refusal = sending.refusal(signal)
    if (refusal !== undefined) {
      tally.ended('request', refusal)
      return { answer: Promise.resolve(sending.failed(refusal)) }
    }
    if (sending.isPlainHttp(to)) {
      tally.ended('request', 'no-handler')
      const error = `${to} is a plain HTTP server, which takes messages and no requests`
      return { answer: Promise.resolve({ status: 'failed', reason: 'no-handler', at: name, error }) }
    }
    const { promise, resolve } = Promise.withResolvers<RequestAnswer>()
    const sentMs = nowMs()
    const settle = (answer: RequestAnswer): void => {
      signal?.removeEventListener('abort', abort)
      tally.ended('request', answer.status === 'failed' ? answer.reason : 'answered')
      resolve(answer)
    }
    const asked: Asked = {
      to,
      sentMs,
      deadlineMs: sentMs + deadlineMs,
      onPart,
      settle,
      expire: () => {
        asked.message?.revoke()
        settle({ status: 'failed', reason: 'expired', at: name })
      },
    }
    const number = this.#asked.add(asked)
    const abort = () => {
      this.#fail(number, 'cancelled', name)
      void this.#tellCancelled(number, asked)
    }
    // Before it is sent: who asks itself may be answered at once.
    signal?.addEventListener('abort', abort, { once: true })
    try {
      asked.message = this.#send(number, question)
      return { answer: promise, sent: asked.message.sent }
    } catch (error) {
      this.#asked.take(number)
      signal?.removeEventListener('abort', abort)
      throw error
    }
  }

  /** An answer has come. */
  answered({ from, number, value, hops, headers }: Note): boolean {
    const asked = this.#asked.get(number)
    if (asked === undefined || asked.to !== from) return false
    this.#asked.take(number)
    // The question has arrived. Where its acknowledgement is lost, and its receiver gone, it would be sent until its deadline.
    asked.message?.revoke()
    const { failure } = headers
    if (failure === undefined) {
      const rttMs = this.#parts.nowMs() - asked.sentMs
      asked.settle({ status: 'answered', from, value, hops, rttMs })
      return true
    }
    const reason = (FAILURES.has(failure) ? failure : 'refused') as RequestFailure
    asked.settle({
      status: 'failed',
      reason,
      at: from,
      error: typeof value === 'string' ? value : REASONS[reason].text,
    })
    return true
  }

  /** A part of an answer has come. */
  partCame(part: Note): boolean {
    const asked = this.#asked.get(part.number)
    if (asked?.onPart === undefined || asked.to !== part.from) return false
    asked.onPart(part)
    return true
  }

  /** A peer is gone, and its answers with it. What has not arrived there may still go to its next run. */
  peerLeft(name: string): void {
    for (const [number, { to, message }] of this.#asked)
      if (to === name && message?.hasArrived()) this.#fail(number, 'peer-left', this.#parts.name)
  }

  /** The node says good-bye: answers to the run that has asked do not come any more, and what came of it is not known. */
  away(): void {
    const { name } = this.#parts
    for (const [number, { to, message }] of this.#asked) {
      if (message?.hasArrived() && to !== name) this.#fail(number, 'expired', name)
    }
  }

  /** Nobody waits any more. */
  end(): void {
    const { name } = this.#parts
    for (const { settle } of this.#asked.drain())
      settle({ status: 'failed', reason: 'shutting-down', at: name })
  }

  /** Sends the question; says how that will end, and how to give it up. */
  #send(
    number: number,
    { to, value, deadlineMs, sender, traceparent, about }: Question,
  ): ReturnType<Sending['sendRevocable']> {
    const headers: EnvelopeHeaders = {
      ...labelsOf({ sender, traceparent }, this.#parts.name),
      ask: String(number),
      within: String(deadlineMs),
      ...(about === undefined ? {} : { about }),
    }
    const sealed = seal(value, headers)
    // It is this node's to wait for the answer: a message that was not acknowledged in time may have arrived.
    const revocable = this.#parts.sending.sendRevocable(to, sealed, deadlineMs)
    void revocable.sent.then(({ answer }) => {
      if (answer.status === 'failed') this.#fail(number, answer.reason, answer.at)
    })
    return revocable
  }

  /**
   * Whoever was asked need not go on: told once, if there is room. A node that is gone has thought the same of this one, and
   * that the deadline has passed it knows.
   */
  async #tellCancelled(number: number, { to, message }: Asked): Promise<void> {
    const { deadlineMs, sending } = this.#parts
    const id = (await message?.sent)?.id
    // It has never gone out.
    if (id === undefined || sending.refusal() !== undefined) return
    const note = seal(null, { cancel: String(number), ping: '1' })
    if (sending.hasRoom(to, note)) void sending.tell(to, note, deadlineMs)
  }

  /** Logs how a request of a trace has ended, with the id of its question; what was answered is nobody's business. */
  async #log(
    to: NodeName,
    traceparent: string,
    answer: Promise<RequestAnswer>,
    sent: Promise<Sent> | undefined,
  ): Promise<void> {
    const ended = await answer
    const id = (await sent)?.id
    const how =
      ended.status === 'answered'
        ? { hops: ended.hops, rttMs: ended.rttMs }
        : { reason: ended.reason, at: ended.at }
    const { status } = ended
    this.#parts.sightings.own(traceparent, { ...(id !== undefined && { id }), to, status, ...how })
  }

  /** Nobody waits for the answer any more, so that the question need not arrive either. */
  #fail(number: number, reason: RequestFailure, at: string): void {
    const asked = this.#asked.take(number)
    asked?.message?.revoke()
    asked?.settle({ status: 'failed', reason, at })
  }
}
