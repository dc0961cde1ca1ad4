// The places of questions that are being answered, and who holds how many. It must not know what is asked, nor answer.
//
// 1. There are `PLACES_MAX`, and nobody gets one who holds as many as are free: who asks alone gets half of them, the next
//    one half of what is left, and who holds none gets one as long as there is any.
// 2. A question leaves its place at its deadline at the latest.

import type { NodeName } from '../core/messages.ts'
import type { OpenQuestion } from './open-question.ts'
import { PendingAnswers } from './pending-answers.ts'
import type { NodeTimers, NodeWorld } from './world.ts'

/** Questions that are being answered at the same time. */
const PLACES_MAX = 10_000

/** See the head of the file. */
export class Places {
  readonly #taken: PendingAnswers<OpenQuestion>
  /** The numbers of the places, by who asks. */
  readonly #byAsker = new Map<NodeName, Map<OpenQuestion, number>>()

  constructor(nowMs: NodeWorld['nowMs'], timers: Pick<NodeTimers, 'hasEnded' | 'wait'>) {
    this.#taken = new PendingAnswers(nowMs, timers)
  }

  /** Places that are taken. */
  get size(): number {
    return this.#taken.size
  }

  /** Gives a question a place; false: there is none for it. Whoever is told that it has expired calls {@link leave}. */
  take(question: OpenQuestion): boolean {
    const { from } = question.note
    const own = this.#byAsker.get(from) ?? new Map<OpenQuestion, number>()
    if (own.size >= PLACES_MAX - this.size) return false
    own.set(question, this.#taken.add(question))
    this.#byAsker.set(from, own)
    return true
  }

  /** A question needs its place no more. Without effect when it has none. */
  leave(question: OpenQuestion): void {
    const { from } = question.note
    const own = this.#byAsker.get(from)
    const place = own?.get(question)
    if (own === undefined || place === undefined) return
    this.#taken.take(place)
    own.delete(question)
    if (own.size === 0) this.#byAsker.delete(from)
  }

  /** The questions of one asker. They may leave meanwhile. */
  of(name: NodeName): Iterable<OpenQuestion> {
    return this.#byAsker.get(name)?.keys() ?? []
  }

  /** Takes out all. */
  drain(): OpenQuestion[] {
    this.#byAsker.clear()
    return this.#taken.drain()
  }
}
