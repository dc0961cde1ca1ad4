// One destination's side of the sending: what waits, what is on its way, when to send again, when to give up.
// It must not know routes or links: it says which messages are due, and is told what became of them.
//
// S1  every message that was queued is settled exactly once
// S2  at most `windowMessagesMax` messages and about `windowBytesMax` bytes are unacknowledged
// S3  `floor` is the lowest sequence not settled yet, so that the receiver's window is bounded by the sender's
//
// Retransmission timeout: RFC 6298; only messages sent once are measured (Karn's algorithm, section 3 there).

import type { CoreConfig } from './config.ts'
import type { LinkId, NodeName } from './messages.ts'
import type { SendFailure } from './reasons.ts'
import { SequenceRing } from './sequence-ring.ts'

/** A message on its way. Changed by {@link Outgoing} and by the delivery machine only. */
export interface Pending {
  readonly id: number
  readonly payload: Uint8Array
  readonly deadlineMs: number
  /** 0 until it was sent for the first time. */
  sequence: number
  firstSentMs: number
  sentMs: number
  sends: number
  /** The link it went out on last; `undefined` when that way is known to have failed. */
  link: LinkId | undefined
  /** The last thing that went wrong, and who said so: the reason when the deadline passes. */
  failure: { readonly reason: SendFailure; readonly at: NodeName } | undefined
}

/** See {@link Outgoing.inspect}. */
export interface OutgoingView {
  readonly floor: number
  readonly nextSequence: number
  readonly inFlight: readonly Pending[]
  /** As it is counted, and so are the bytes. */
  readonly inFlightCount: number
  readonly inFlightBytes: number
  readonly waiting: readonly Pending[]
  readonly waitingBytes: number
}

/** Spent places at the front of the queue before it is compacted, if they are half of it: O(1) a message on average. */
const COMPACT_AT = 64

/** See the head of the file. */
export class Outgoing {
  readonly #config: CoreConfig
  readonly name: NodeName
  /** The run of the destination that the messages in flight were sent to. */
  incarnation = 0
  /** In the order of their sequences. */
  readonly inFlight = new SequenceRing<Pending>()
  #queue: Pending[] = []
  #queueHead = 0
  #queuedBytes = 0
  #inFlightBytes = 0
  #nextSequence: number
  #floor: number
  #smoothedMs: number | undefined
  #variationMs = 0

  /** @param firstSequence of the first message: above all that this run has ever sent to that name. */
  constructor(name: NodeName, config: CoreConfig, firstSequence = 1) {
    this.name = name
    this.#config = config
    this.#nextSequence = firstSequence
    this.#floor = firstSequence
  }

  /** The sequence that the next message gets. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Messages that wait to be sent for the first time. */
  get queued(): number {
    return this.#queue.length - this.#queueHead
  }

  get isIdle(): boolean {
    return this.queued === 0 && this.inFlight.size === 0
  }

  /** See S3. */
  get floor(): number {
    while (this.#floor < this.#nextSequence && !this.inFlight.has(this.#floor)) this.#floor++
    return this.#floor
  }

  /** The smoothed round trip to the destination, if it was measured. */
  get rttMs(): number | undefined {
    return this.#smoothedMs
  }

  /** When to send a message again: the timeout doubles with each try (RFC 6298, rule 5.5). */
  retransmitMs(pending: Pending): number {
    const backoffMs = this.timeoutMs * 2 ** Math.min(Math.max(0, pending.sends - 1), 6)
    return pending.sentMs + Math.min(this.#config.retransmitMaxMs, backoffMs)
  }

  /** How long to wait for an acknowledgement before sending again. */
  get timeoutMs(): number {
    const { retransmitInitialMs, retransmitMinMs, retransmitMaxMs } = this.#config
    if (this.#smoothedMs === undefined) return retransmitInitialMs
    return Math.min(retransmitMaxMs, Math.max(retransmitMinMs, this.#smoothedMs + 4 * this.#variationMs))
  }

  /** Takes in a new message; false when the queue is full. */
  enqueue(pending: Pending): boolean {
    const { queueMessagesMax, queueBytesMax } = this.#config
    if (this.queued >= queueMessagesMax) return false
    if (this.#queuedBytes + pending.payload.length > queueBytesMax && this.queued > 0) return false
    this.#queue.push(pending)
    this.#queuedBytes += pending.payload.length
    return true
  }

  /** The next message that the window has room for, now in flight with its sequence; `undefined` when there is none. */
  next(): Pending | undefined {
    const { windowMessagesMax, windowBytesMax } = this.#config
    const pending = this.#queue[this.#queueHead]
    if (pending === undefined || this.inFlight.size >= windowMessagesMax) return undefined
    const bytes = this.#inFlightBytes + pending.payload.length
    if (bytes > windowBytesMax && this.inFlight.size > 0) return undefined
    // The receiver tells sequences apart in a window of the same size.
    if (this.#nextSequence - this.floor >= windowMessagesMax) return undefined
    this.#shift()
    pending.sequence = this.#nextSequence++
    this.inFlight.push(pending.sequence, pending)
    this.#inFlightBytes += pending.payload.length
    return pending
  }

  /** Settles everything that an acknowledgement covers, and learns the round trip from it. */
  acknowledge(cumulative: number, ranges: readonly (readonly [number, number])[], nowMs: number): Pending[] {
    const settled: Pending[] = []
    for (const [first, behindLast] of [[this.floor, cumulative] as const, ...ranges]) {
      const end = Math.min(behindLast, this.#nextSequence)
      for (let sequence = Math.max(first, this.#floor); sequence < end; sequence++) {
        const pending = this.inFlight.get(sequence)
        if (pending !== undefined) settled.push(pending)
      }
    }
    for (const pending of settled) this.remove(pending)
    const newest = settled.at(-1)
    if (newest !== undefined && newest.sends === 1) this.#measure(nowMs - newest.sentMs)
    return settled
  }

  /** Puts a message in flight back to the front of the queue, as if it had never been sent. */
  requeue(pending: Pending): void {
    this.remove(pending)
    pending.sends = 0
    this.#replaceQueue([pending, ...this.#waiting()])
  }

  /** Takes a message out, settled or given up. */
  remove(pending: Pending): void {
    if (this.inFlight.delete(pending.sequence)) this.#inFlightBytes -= pending.payload.length
  }

  /** Takes out every message whose deadline has passed. */
  expire(nowMs: number): Pending[] {
    const expired: Pending[] = []
    for (const pending of this.inFlight.values()) if (pending.deadlineMs <= nowMs) expired.push(pending)
    for (const pending of expired) this.remove(pending)
    const waiting = this.#waiting()
    const kept = waiting.filter((pending) => pending.deadlineMs > nowMs)
    if (kept.length < waiting.length) {
      expired.push(...waiting.filter((pending) => pending.deadlineMs <= nowMs))
      this.#replaceQueue(kept)
    }
    return expired
  }

  /** Takes out everything that waits to be sent for the first time. */
  drainQueue(): Pending[] {
    const waiting = this.#waiting()
    this.#replaceQueue([])
    return waiting
  }

  /** Takes out everything that is in flight. */
  drainInFlight(): Pending[] {
    const drained = [...this.inFlight.values()]
    for (const pending of drained) this.remove(pending)
    return drained
  }

  /** When something is to be done next: a retransmission or a deadline. `undefined` when idle. */
  nextDueMs(): number | undefined {
    let due: number | undefined
    for (const pending of this.inFlight.values()) {
      const next = Math.min(pending.deadlineMs, this.retransmitMs(pending))
      if (due === undefined || next < due) due = next
    }
    for (const pending of this.#waiting()) {
      if (due === undefined || pending.deadlineMs < due) due = pending.deadlineMs
    }
    return due
  }

  /** What the invariants are checked on. */
  inspect(): OutgoingView {
    return {
      floor: this.floor,
      nextSequence: this.#nextSequence,
      inFlight: [...this.inFlight.values()],
      inFlightCount: this.inFlight.size,
      inFlightBytes: this.#inFlightBytes,
      waiting: this.#waiting(),
      waitingBytes: this.#queuedBytes,
    }
  }

  #waiting(): Pending[] {
    return this.#queueHead === 0 ? this.#queue : this.#queue.slice(this.#queueHead)
  }

  #shift(): void {
    const pending = this.#queue[this.#queueHead]
    if (pending === undefined) return
    this.#queuedBytes -= pending.payload.length
    this.#queueHead++
    if (this.#queueHead === this.#queue.length) {
      this.#queue.length = 0
      this.#queueHead = 0
    } else if (this.#queueHead >= COMPACT_AT && this.#queueHead * 2 >= this.#queue.length) {
      this.#queue = this.#waiting()
      this.#queueHead = 0
    }
  }

  #replaceQueue(queue: Pending[]): void {
    this.#queue = queue
    this.#queueHead = 0
    this.#queuedBytes = queue.reduce((sum, pending) => sum + pending.payload.length, 0)
  }

  #measure(rttMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = rttMs
      this.#variationMs = rttMs / 2
      return
    }
    this.#variationMs += (Math.abs(this.#smoothedMs - rttMs) - this.#variationMs) / 4
    this.#smoothedMs += (rttMs - this.#smoothedMs) / 8
  }
}
