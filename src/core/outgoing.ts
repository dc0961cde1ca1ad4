// One destination's side of the sending: what waits, what is on its way, when to send again, when to give up.
// It must not know routes or links: it says which messages are due, and is told what became of them.
//
// S1  every message that was queued is settled exactly once
// S2  at most `windowMessagesMax` messages and about `windowBytesMax` bytes are unacknowledged
// S3  `floor` is the lowest sequence not settled yet, so that the receiver's window is bounded by the sender's
// S4  the message at `floor` is sent again until it is settled; one above it is not while the receiver holds it. So the
//     receiver learns of what was given up, and a message that it has let go again comes to be at `floor` in the end
//
// Retransmission timeout: RFC 6298; only messages sent once are measured (Karn's algorithm, section 3 there).
// Loss told by later messages: RFC 9002 section 6.1.1.

import type { CoreConfig } from './config.ts'
import type { LinkId, NodeName } from './messages.ts'
import { RoundTrip } from './round-trip.ts'
import { type Pending, SendQueue } from './send-queue.ts'
import { SequenceRing } from './sequence-ring.ts'

/** A message counts as lost when this many sent after it have arrived (RFC 9002, kPacketThreshold). */
const OVERTAKEN_MAX = 3

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

/** See the head of the file. */
export class Outgoing {
  readonly #config: CoreConfig
  readonly name: NodeName
  /** The run of the destination that the messages in flight were sent to. */
  incarnation = 0
  /** In the order of their sequences. */
  readonly inFlight = new SequenceRing<Pending>()
  readonly #queue: SendQueue
  readonly #roundTrip: RoundTrip
  #inFlightBytes = 0
  #nextSequence: number
  #floor: number
  #announcedFloor: number
  /** Below it no message waits for its first repetition because others have overtaken it. */
  #overtakenEnd: number

  /** @param firstSequence of the first message: above all that this run has ever sent to that name. */
  constructor(name: NodeName, config: CoreConfig, firstSequence = 1) {
    this.name = name
    this.#config = config
    this.#queue = new SendQueue(config)
    this.#roundTrip = new RoundTrip(config)
    this.#nextSequence = firstSequence
    this.#floor = firstSequence
    this.#announcedFloor = firstSequence
    this.#overtakenEnd = firstSequence
  }

  /** The sequence that the next message gets. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Messages that wait to be sent for the first time. */
  get queued(): number {
    return this.#queue.size
  }

  get isIdle(): boolean {
    return this.queued === 0 && this.inFlight.size === 0
  }

  /** See S3. */
  get floor(): number {
    while (this.#floor < this.#nextSequence && !this.inFlight.has(this.#floor)) this.#floor++
    return this.#floor
  }

  /** The floor for a message that goes out now. */
  announceFloor(): number {
    this.#announcedFloor = this.floor
    return this.#announcedFloor
  }

  /** The message at `floor`; `undefined` when nothing is in flight. */
  get lowest(): Pending | undefined {
    return this.inFlight.get(this.floor)
  }

  /** The receiver holds the lowest message behind some that were given up, and no message has told it so yet. */
  get isStuck(): boolean {
    return this.floor > this.#announcedFloor && this.lowest?.isHeld === true
  }

  /** See S4. */
  goesAgain({ isHeld, sequence }: Pending): boolean {
    return !isHeld || sequence === this.floor
  }

  /** The smoothed round trip to the destination, if it was measured. */
  get rttMs(): number | undefined {
    return this.#roundTrip.smoothedMs
  }

  /** When to send a message again, by the round trip as it is known now. */
  retransmitMs(pending: Pending): number {
    return pending.sentMs + this.#roundTrip.backoffMs(pending.sends)
  }

  /** A message goes out now. Without a link there was no way, and the next look is due a timeout from now. */
  sent(pending: Pending, link: LinkId | undefined, nowMs: number): void {
    pending.link = link
    pending.isTurnedAway = false
    pending.sentMs = nowMs
    if (link !== undefined && pending.sends++ === 0) pending.firstSentMs = nowMs
    pending.againMs = this.retransmitMs(pending)
  }

  /** How long to wait for an acknowledgement before sending again. */
  get timeoutMs(): number {
    return this.#roundTrip.timeoutMs
  }

  /** Whether {@link enqueue} would take so many messages of so many bytes together. */
  hasRoom(bytes: number, messages: number): boolean {
    return this.#queue.hasRoom(bytes, messages)
  }

  /** Takes in a new message; false when the queue is full. */
  enqueue(pending: Pending): boolean {
    return this.#queue.push(pending)
  }

  /** The next message that the window has room for, now in flight with its sequence; `undefined` when there is none. */
  next(): Pending | undefined {
    const { windowMessagesMax, windowBytesMax } = this.#config
    const pending = this.#queue.first
    if (pending === undefined || this.inFlight.size >= windowMessagesMax) return undefined
    const bytes = this.#inFlightBytes + pending.payload.length
    if (bytes > windowBytesMax && this.inFlight.size > 0) return undefined
    // The receiver tells sequences apart in a window of the same size.
    if (this.#nextSequence - this.floor >= windowMessagesMax) return undefined
    this.#queue.shift()
    pending.sequence = this.#nextSequence++
    this.inFlight.push(pending.sequence, pending)
    this.#inFlightBytes += pending.payload.length
    return pending
  }

  /**
   * Settles what was handed over, and returns it. Notes what the receiver holds, and learns the round trip.
   * @param ranges above `cumulative`, ascending
   */
  acknowledge(cumulative: number, ranges: readonly (readonly [number, number])[], nowMs: number): Pending[] {
    const settled: Pending[] = []
    let newest: Pending | undefined
    const end = Math.min(cumulative, this.#nextSequence)
    for (let sequence = this.floor; sequence < end; sequence++) {
      const pending = this.inFlight.get(sequence)
      if (pending === undefined) continue
      settled.push(pending)
      if (!pending.isHeld) newest = pending
    }
    for (const pending of settled) this.remove(pending)
    // It waits for one that it was said to hold: then it has let go of what it held.
    if (this.inFlight.get(cumulative)?.isHeld) this.#forgetHeld(nowMs)
    for (const [first, behindLast] of ranges) newest = this.#hold(first, behindLast) ?? newest
    if (newest !== undefined && newest.sends === 1) this.#roundTrip.measure(nowMs - newest.sentMs)
    return settled
  }

  /**
   * What was sent once and is lost by all appearance, each once: too many later ones have arrived. The timeout stands
   * in for what is lost again.
   */
  overtaken(ranges: readonly (readonly [number, number])[]): Pending[] {
    const lost: Pending[] = []
    const end = Math.min(overtakenEnd(ranges), this.#nextSequence)
    for (let sequence = Math.max(this.floor, this.#overtakenEnd); sequence < end; sequence++) {
      const pending = this.inFlight.get(sequence)
      if (pending !== undefined && !pending.isHeld && pending.sends === 1) lost.push(pending)
    }
    this.#overtakenEnd = Math.max(this.#overtakenEnd, end)
    return lost
  }

  /** Puts a message in flight back to the front of the queue, as if it had never been sent. */
  requeue(pending: Pending): void {
    this.remove(pending)
    pending.sends = 0
    pending.returned = 0
    pending.isHeld = false
    this.#queue.putBack(pending)
  }

  /** Takes a message out, settled or given up. */
  remove(pending: Pending): void {
    if (this.inFlight.delete(pending.sequence)) this.#inFlightBytes -= pending.payload.length
  }

  /** Takes out the message with this id of the application; `undefined` when it is not here. */
  withdraw(id: number): Pending | undefined {
    for (const pending of this.inFlight.values()) {
      if (pending.id !== id) continue
      this.remove(pending)
      return pending
    }
    return this.#queue.withdraw(id)
  }

  /** Takes out every message whose deadline has passed. */
  expire(nowMs: number): Pending[] {
    const expired: Pending[] = []
    for (const pending of this.inFlight.values()) if (pending.deadlineMs <= nowMs) expired.push(pending)
    for (const pending of expired) this.remove(pending)
    expired.push(...this.#queue.expire(nowMs))
    return expired
  }

  /** Takes out everything that waits to be sent for the first time. */
  drainQueue(): Pending[] {
    return this.#queue.drain()
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
      const again = this.goesAgain(pending) ? pending.againMs : Number.POSITIVE_INFINITY
      const next = Math.min(pending.deadlineMs, again)
      if (due === undefined || next < due) due = next
    }
    for (const pending of this.#queue.waiting) {
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
      waiting: this.#queue.waiting,
      waitingBytes: this.#queue.bytes,
    }
  }

  #forgetHeld(nowMs: number): void {
    for (const pending of this.inFlight.values()) {
      if (!pending.isHeld) continue
      pending.isHeld = false
      pending.againMs = nowMs + this.timeoutMs
    }
  }

  /** Marks what is held, and returns the last message that was not marked before. */
  #hold(first: number, behindLast: number): Pending | undefined {
    let newest: Pending | undefined
    const end = Math.min(behindLast, this.#nextSequence)
    for (let sequence = Math.max(first, this.#floor); sequence < end; sequence++) {
      const pending = this.inFlight.get(sequence)
      if (pending === undefined || pending.isHeld) continue
      pending.isHeld = true
      newest = pending
    }
    return newest
  }
}

/** Below this number everything was overtaken by `OVERTAKEN_MAX` messages that are held. */
function overtakenEnd(ranges: readonly (readonly [number, number])[]): number {
  let count = 0
  for (let i = ranges.length - 1; i >= 0; i--) {
    const [first, behindLast] = ranges[i] as readonly [number, number]
    count += behindLast - first
    if (count >= OVERTAKEN_MAX) return first + count - OVERTAKEN_MAX
  }
  return 0
}
