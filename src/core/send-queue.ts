// What waits to be sent to one destination for the first time, bounded in messages and in bytes.
// It must not know what is on its way (outgoing.ts).

import type { CoreConfig } from './config.ts'
import type { LinkId, NodeName } from './messages.ts'
import type { SendFailure } from './reasons.ts'

/** A message of this node, waiting or on its way. Changed by the delivery machine and its parts only. */
export interface Pending {
  readonly id: number
  readonly payload: Uint8Array
  readonly deadlineMs: number
  /** 0 until it was sent for the first time. */
  sequence: number
  firstSentMs: number
  sentMs: number
  sends: number
  /** How many of those copies are known to have gone no further. */
  returned: number
  /** The lowest sequence that was not settled when it was sent last. */
  floor: number
  /** When it is sent again, if it is then (outgoing.ts, S4). */
  againMs: number
  /** The link it went out on last; `undefined` when that way is known to have failed. */
  link: LinkId | undefined
  /** The receiver has said that it is there, and waits for one before it. */
  isHeld: boolean
  /** The destination had no room for it when it was sent last: there is room when it has handed over what comes before. */
  isTurnedAway: boolean
  /** The last thing that went wrong, and who said so: the reason when the deadline passes and no copy may have arrived. */
  failure: { readonly reason: SendFailure; readonly at: NodeName } | undefined
}

/** A message that was not sent yet. One literal: put together by spreading it doubles what a message costs in all. */
export function newPending(id: number, payload: Uint8Array, deadlineMs: number): Pending {
  return {
    id,
    payload,
    deadlineMs,
    sequence: 0,
    firstSentMs: 0,
    sentMs: 0,
    sends: 0,
    returned: 0,
    floor: 0,
    againMs: 0,
    link: undefined,
    isHeld: false,
    isTurnedAway: false,
    failure: undefined,
  }
}

/** Whether a queue may hold so much. One message that is larger than the queue may wait alone. */
export function fits(
  { queueMessagesMax, queueBytesMax }: Pick<CoreConfig, 'queueMessagesMax' | 'queueBytesMax'>,
  messages: number,
  bytes: number,
): boolean {
  return messages <= queueMessagesMax && (messages === 1 || bytes <= queueBytesMax)
}

/** Spent places at the front of the queue before it is compacted, if they are half of it: O(1) a message on average. */
const COMPACT_AT = 64

/** See the head of the file. */
export class SendQueue {
  readonly #config: Pick<CoreConfig, 'queueMessagesMax' | 'queueBytesMax'>
  #places: Pending[] = []
  #head = 0
  #bytes = 0

  constructor(config: Pick<CoreConfig, 'queueMessagesMax' | 'queueBytesMax'>) {
    this.#config = config
  }

  /** How many wait. */
  get size(): number {
    return this.#places.length - this.#head
  }

  /** Payload bytes that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** The message that is to leave next. */
  get first(): Pending | undefined {
    return this.#places[this.#head]
  }

  /** What waits, in order. Not to be changed. */
  get waiting(): readonly Pending[] {
    return this.#head === 0 ? this.#places : this.#places.slice(this.#head)
  }

  /** Whether there is room for so many bytes more, of one message or several. */
  hasRoom(bytes: number, messages = 1): boolean {
    return fits(this.#config, this.size + messages, this.#bytes + bytes)
  }

  /** Puts a message at the end; false when there is no room. */
  push(pending: Pending): boolean {
    if (!this.hasRoom(pending.payload.length)) return false
    this.#places.push(pending)
    this.#bytes += pending.payload.length
    return true
  }

  /** Puts a message at the front, whether there is room or not. */
  putBack(pending: Pending): void {
    this.#replace([pending, ...this.waiting])
  }

  /** Takes out the first message. */
  shift(): void {
    const pending = this.first
    if (pending === undefined) return
    this.#bytes -= pending.payload.length
    this.#head++
    if (this.#head === this.#places.length) {
      this.#places.length = 0
      this.#head = 0
    } else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#places.length) {
      this.#places = this.#places.slice(this.#head)
      this.#head = 0
    }
  }

  /** Takes out the message with this id; `undefined` when it does not wait here. */
  withdraw(id: number): Pending | undefined {
    const { waiting } = this
    const found = waiting.find((pending) => pending.id === id)
    if (found !== undefined) this.#replace(waiting.filter((pending) => pending !== found))
    return found
  }

  /** Takes out every message whose deadline has passed. */
  expire(nowMs: number): Pending[] {
    const { waiting } = this
    const expired = waiting.filter(({ deadlineMs }) => deadlineMs <= nowMs)
    if (expired.length > 0) this.#replace(waiting.filter(({ deadlineMs }) => deadlineMs > nowMs))
    return expired
  }

  /** Takes out everything. */
  drain(): Pending[] {
    const drained = [...this.waiting]
    this.#replace([])
    return drained
  }

  #replace(places: Pending[]): void {
    this.#places = places
    this.#head = 0
    this.#bytes = places.reduce((sum, { payload }) => sum + payload.length, 0)
  }
}
