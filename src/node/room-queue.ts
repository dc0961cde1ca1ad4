// Answers, and parts of them, that wait until there is room for them: a queue for each asker, and one timer for all.
// It must not know what they say.
//
// 1. What waits for one asker goes in the order in which it came.
// 2. Nothing waits longer than somebody waits for it, and no time is spent while nothing waits.

import type { NodeName } from '../core/messages.ts'
import type { OpenQuestion } from './open-question.ts'
import type { Sending } from './sending.ts'
import type { NodeTimers } from './world.ts'

/** How often it is looked whether there is room. */
const ROOM_MS = 20

/** What waits. */
interface Waiting {
  readonly question: OpenQuestion
  readonly sealed: Uint8Array
  /** @param hasRoom false: nobody waits any more */
  readonly settle: (hasRoom: boolean) => void
}

/** See the head of the file. */
export class RoomQueue {
  readonly #sending: Pick<Sending, 'hasRoom'>
  readonly #timers: Pick<NodeTimers, 'wait'>
  readonly #queues = new Map<NodeName, Set<Waiting>>()
  #isLooking = false

  constructor(sending: Pick<Sending, 'hasRoom'>, timers: Pick<NodeTimers, 'wait'>) {
    this.#sending = sending
    this.#timers = timers
  }

  /** Sends as soon as there is room; `undefined`: there was none as long as somebody waited. */
  async send<T>(question: OpenQuestion, sealed: Uint8Array, send: () => T): Promise<T | undefined> {
    const { from } = question.note
    if (question.isOver) return undefined
    const queue = this.#queues.get(from) ?? new Set<Waiting>()
    if (queue.size === 0 && this.#sending.hasRoom(from, sealed)) return send()
    const { promise, resolve } = Promise.withResolvers<T | undefined>()
    queue.add({ question, sealed, settle: (hasRoom) => resolve(hasRoom ? send() : undefined) })
    this.#queues.set(from, queue)
    if (!this.#isLooking) void this.#look()
    return promise
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    while (this.#queues.size > 0) {
      await this.#timers.wait(ROOM_MS)
      for (const [to, queue] of this.#queues) this.#lookAt(to, queue)
    }
    this.#isLooking = false
  }

  #lookAt(to: NodeName, queue: Set<Waiting>): void {
    let hasRoom = true
    for (const waiting of queue) {
      const { question, sealed, settle } = waiting
      hasRoom &&= question.isOver || this.#sending.hasRoom(to, sealed)
      if (!hasRoom && !question.isOver) continue
      queue.delete(waiting)
      settle(!question.isOver)
    }
    if (queue.size === 0) this.#queues.delete(to)
  }
}
