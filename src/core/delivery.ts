// The sending side of direct messages: every send ends in exactly one outcome. Sends again what is not acknowledged, tries another way after a
// bounce, waits for the directory when there is none, and gives up at the deadline with the reason that it knows.
// It must not know how routes come about (relay.ts) nor flood for a name.
//
// E1  every send is settled exactly once, at the latest when its deadline passes
// E2  `delivered` is told only after the destination has acknowledged that it has handed the message over
// E3  what was sent to one run of the destination is never counted as delivered by another run
// E4  reasons by which nothing has arrived (`no-route`, `queue-full`, `unknown-peer`) are told only when every copy of
//     the message is known to have gone no further
//
// The ladder of design 4.4: best next hop, disjoint next hop, wait for the directory, fail with a reason.

import type { CoreConfig } from './config.ts'
import type { Directory } from './directory.ts'
import type { SentAs } from './events.ts'
import type { IncomingParts, Takes } from './incoming.ts'
import type { Learning } from './learning.ts'
import type { Ack, Bounce, Direct, LinkId, NodeName, PeerRecord } from './messages.ts'
import { Outgoing } from './outgoing.ts'
import { isSendFailure, reasonOfCloseCode, type SendFailure } from './reasons.ts'
import type { Relay } from './relay.ts'
import { fits, newPending, type Pending } from './send-queue.ts'
import { Transmission } from './transmission.ts'
import type { Turn } from './turn.ts'

/** See {@link Delivery.inspect}. */
export interface DeliveryView {
  readonly outgoing: ReadonlyMap<NodeName, Pick<Outgoing, 'inspect' | 'isIdle'>>
  /** When the timer of this machine runs out; `undefined` while none is armed. */
  readonly timerDueMs: number | undefined
}

/** What delivery works with. */
export interface DeliveryParts extends IncomingParts {
  readonly learning: Learning
}

/** See the head of the file. */
export class Delivery {
  readonly #config: CoreConfig
  readonly #directory: Directory
  readonly #relay: Relay
  readonly #takes: Takes
  readonly #transmission: Transmission
  readonly #turn: Turn
  readonly #learning: Learning
  readonly #outgoing = new Map<NodeName, Outgoing>()
  /** Above every sequence sent to a peer that was forgotten since: its window may remember them. */
  #firstSequence = 1
  /** The run of this node that what is in flight was sent as. */
  #incarnation: number
  /** Messages of this node for itself, which go nowhere. */
  #toSelf = 0
  #timerToken = 0
  #timerDueMs: number | undefined

  constructor(config: CoreConfig, parts: DeliveryParts) {
    const { directory, learning, relay, takes, turn } = parts
    this.#config = config
    this.#directory = directory
    this.#relay = relay
    this.#takes = takes
    this.#turn = turn
    this.#learning = learning
    this.#incarnation = directory.own.record.incarnation
    this.#transmission = new Transmission(config.hopsMax, {
      directory,
      relay,
      turn,
      onSent: (dueMs) => this.#arm(dueMs),
    })
  }

  /** Sends that are not settled yet. */
  get unsettled(): number {
    let count = 0
    for (const outgoing of this.#outgoing.values()) count += outgoing.queued + outgoing.inFlight.size
    return count
  }

  /** The application sends. Ends in one `outcome` notification, now or later. */
  send(input: { id: number; to: NodeName; payload: Uint8Array; deadlineMs?: number }): void {
    const { nowMs } = this.#turn
    const { id, to, payload } = input
    const self = this.#self
    if (to === self.name) {
      if (!this.#takes(payload)) {
        this.#fail(to, { id, sequence: 0, sends: 0 }, 'queue-full')
        return
      }
      this.#turn.notify({ type: 'message', from: self.name, payload, hops: 0, broadcast: false })
      const outcome = { status: 'delivered', hops: 0, rttMs: 0 } as const
      this.#turn.notify({ type: 'outcome', id, outcome, sentAs: this.#numbered(to, ++this.#toSelf) })
      return
    }
    let outgoing = this.#outgoing.get(to)
    if (outgoing === undefined) {
      outgoing = new Outgoing(to, this.#config, this.#firstSequence)
      this.#outgoing.set(to, outgoing)
    }
    const deadlineMs = Math.min(input.deadlineMs ?? this.#config.deadlineMs, this.#config.deadlineMaxMs)
    const pending = newPending(id, payload, nowMs + deadlineMs)
    if (!outgoing.enqueue(pending)) {
      this.#fail(to, pending, 'queue-full')
      return
    }
    this.#pump(outgoing)
    this.#arm(pending.deadlineMs)
  }

  /** Whether so many messages for this destination would be taken now. */
  hasRoom(to: NodeName, bytes: number, messages: number): boolean {
    return this.#outgoing.get(to)?.hasRoom(bytes, messages) ?? fits(this.#config, messages, bytes)
  }

  /** Whether an acknowledgement of this node is awaited. */
  isAwaiting(name: NodeName): boolean {
    return (this.#outgoing.get(name)?.inFlight.size ?? 0) > 0
  }

  /** The application gives a send up. What has arrived already may be handed over there all the same. */
  cancel(id: number): void {
    for (const outgoing of this.#outgoing.values()) {
      const pending = outgoing.withdraw(id)
      if (pending === undefined) continue
      this.#fail(outgoing.name, pending, 'cancelled')
      this.#pump(outgoing)
      this.#watch(outgoing)
      return
    }
  }

  /** An acknowledgement for this node. */
  receiveAck(ack: Ack): void {
    const outgoing = this.#outgoing.get(ack.origin)
    const isOurs =
      ack.destinationIncarnation === this.#self.incarnation && outgoing?.incarnation === ack.originIncarnation
    if (outgoing === undefined || !isOurs) {
      if (!isOurs) this.#turn.drop('stale-incarnation', `acknowledgement of ${ack.origin}`)
      return
    }
    const { nowMs } = this.#turn
    for (const { id, firstSentMs, sequence } of outgoing.acknowledge(ack.cumulative, ack.ranges, nowMs)) {
      const outcome = { status: 'delivered', hops: ack.ackedHops, rttMs: nowMs - firstSentMs } as const
      this.#turn.notify({ type: 'outcome', id, outcome, sentAs: this.#numbered(outgoing.name, sequence) })
    }
    for (const pending of outgoing.overtaken(ack.ranges)) this.#transmission.send(outgoing, pending)
    const { lowest } = outgoing
    if (lowest?.isTurnedAway) this.#transmission.send(outgoing, lowest)
    this.#pump(outgoing)
    this.#watch(outgoing)
  }

  /** News that a message of this node went no further. */
  receiveBounce(bounce: Bounce): void {
    const outgoing = this.#outgoing.get(bounce.failedDestination)
    const pending = outgoing?.inFlight.get(bounce.sequence)
    if (outgoing === undefined || pending === undefined) return
    if (bounce.destinationIncarnation !== this.#self.incarnation) return
    const reason = reasonOfCloseCode(bounce.reasonCode)
    pending.returned++
    pending.failure = {
      reason: reason !== undefined && isSendFailure(reason) ? reason : 'no-route',
      at: bounce.origin,
    }
    if (bounce.origin === outgoing.name) this.#refusedByDestination(outgoing, pending, bounce)
    else this.#transmission.takeAnotherWay(outgoing, pending)
    this.#pump(outgoing)
    this.#watch(outgoing)
  }

  /** A link had no room for a message of this node. The queue is ours and drains: the timeout is the back-pressure. */
  sendRefused(message: Direct): void {
    const pending = this.#outgoing.get(message.destination)?.inFlight.get(message.sequence)
    if (pending === undefined) return
    pending.returned++
    pending.failure = { reason: 'queue-full', at: this.#self.name }
  }

  /**
   * Links or routes have changed: what waited may go now, and what was in flight to a run that is gone has failed.
   * @param isNews whether a peer came, went, or was learned of.
   */
  routesChanged(hasLinks: boolean, isNews: boolean): void {
    const { nowMs } = this.#turn
    if (isNews) this.#learning.news(nowMs)
    if (hasLinks && this.#learning.linked(nowMs)) this.#arm(this.#learning.endMs)
    for (const outgoing of this.#outgoing.values()) {
      for (const pending of outgoing.inFlight.values()) {
        if (pending.link === undefined && outgoing.goesAgain(pending))
          this.#transmission.send(outgoing, pending)
      }
      this.#pump(outgoing)
    }
  }

  /** A link is gone: what went out on it last is sent again at once, another way. */
  linkDown(link: LinkId): void {
    for (const outgoing of this.#outgoing.values()) {
      for (const pending of outgoing.inFlight.values()) if (pending.link === link) pending.link = undefined
    }
  }

  /** The timer of this machine. */
  timer(token: number): void {
    if (token !== this.#timerToken || this.#timerDueMs === undefined) return
    this.#timerDueMs = undefined
    const { nowMs } = this.#turn
    const { endMs, hasBegun } = this.#learning
    if (hasBegun && nowMs < endMs) this.#arm(endMs)
    for (const outgoing of this.#outgoing.values()) {
      for (const pending of outgoing.expire(nowMs)) this.#expired(pending, outgoing.name)
      for (const pending of outgoing.inFlight.values()) {
        const isDue = outgoing.goesAgain(pending) && nowMs >= pending.againMs
        if (isDue) this.#transmission.repeat(outgoing, pending)
      }
      this.#pump(outgoing)
      this.#watch(outgoing)
      const dueMs = outgoing.nextDueMs()
      if (dueMs !== undefined) this.#arm(dueMs)
    }
  }

  /**
   * This node runs under a new incarnation from now on. Whether what is in flight under the old one has arrived can no
   * longer be learned, and sending it again could deliver it twice.
   */
  incarnationRaised(): void {
    for (const outgoing of this.#outgoing.values()) {
      for (const pending of outgoing.drainInFlight()) this.#fail(outgoing.name, pending, 'expired')
    }
    this.#incarnation = this.#self.incarnation
  }

  /** The node leaves: nothing is sent any more. */
  close(): void {
    for (const outgoing of this.#outgoing.values()) {
      for (const pending of [...outgoing.drainInFlight(), ...outgoing.drainQueue()]) {
        this.#fail(outgoing.name, pending, 'shutting-down')
      }
    }
    this.#outgoing.clear()
    this.#timerToken++
  }

  /** The directory has forgotten this peer. */
  forget(name: NodeName): void {
    const outgoing = this.#outgoing.get(name)
    if (outgoing === undefined) return
    // Its next run may begin with a smaller incarnation, and this one has been gone for so long.
    this.#newRun(outgoing, 0)
    if (!outgoing.isIdle) return
    this.#outgoing.delete(name)
    this.#firstSequence = Math.max(this.#firstSequence, outgoing.nextSequence)
  }

  /** What the invariants are checked on. */
  inspect(): DeliveryView {
    return { outgoing: this.#outgoing, timerDueMs: this.#timerDueMs }
  }

  get #self(): PeerRecord {
    return this.#directory.own.record
  }

  /** Sends what has room, or fails what can never arrive. */
  #pump(outgoing: Outgoing): void {
    const entry = this.#directory.get(outgoing.name)
    const heardRun = this.#learning.runOf(outgoing.name, this.#turn.nowMs)
    if (entry?.record.state === 'leaving') {
      if (heardRun <= entry.record.incarnation) {
        for (const pending of [...outgoing.drainInFlight(), ...outgoing.drainQueue()]) {
          this.#fail(outgoing.name, pending, 'peer-left')
        }
        return
      }
      // That was its next run, whose record is on its way, if it comes at all.
      if (!outgoing.isIdle) this.#arm(this.#learning.endMsOf(outgoing.name))
    }
    if (entry === undefined) {
      const unknownFromMs = this.#learning.endMsOf(outgoing.name)
      if (this.#turn.nowMs >= unknownFromMs) {
        for (const pending of outgoing.drainQueue()) this.#fail(outgoing.name, pending, 'unknown-peer')
      } else this.#arm(unknownFromMs)
      this.forget(outgoing.name)
      return
    }
    const incarnation = Math.max(entry.record.incarnation, heardRun)
    if (incarnation > outgoing.incarnation) this.#newRun(outgoing, incarnation)
    const link = outgoing.queued > 0 ? this.#relay.way(this.#self.name, outgoing.name) : undefined
    if (link === undefined) return
    for (let pending = outgoing.next(); pending !== undefined; pending = outgoing.next()) {
      this.#transmission.on(link, outgoing, pending)
    }
  }

  /**
   * The lowest message may have come to be another one: it goes again, though it is held (S4). What waits for it makes
   * it worth while to go by the newest measurement.
   */
  #watch(outgoing: Outgoing): void {
    const { lowest } = outgoing
    if (lowest === undefined) return
    if (outgoing.isStuck) this.#transmission.send(outgoing, lowest)
    lowest.againMs = Math.max(this.#turn.nowMs, Math.min(lowest.againMs, outgoing.retransmitMs(lowest)))
    this.#arm(lowest.againMs)
  }

  /** The destination was started again: nobody can say whether the run that is gone got what was in flight (E3). */
  #newRun(outgoing: Outgoing, incarnation: number): void {
    if (outgoing.incarnation !== 0) {
      for (const pending of outgoing.drainInFlight()) this.#fail(outgoing.name, pending, 'peer-left')
    }
    outgoing.incarnation = incarnation
  }

  /**
   * The destination runs, but as another run than was meant, or its program does not take the message. A message that was
   * sent only once, and comes back, has reached nobody: it may go to the new run.
   */
  #refusedByDestination(outgoing: Outgoing, pending: Pending, bounce: Bounce): void {
    const reason = pending.failure?.reason
    if (reason === 'peer-left' && pending.sends === 1 && bounce.originIncarnation > outgoing.incarnation) {
      outgoing.requeue(pending)
      this.#newRun(outgoing, bounce.originIncarnation)
    } else if (reason === 'peer-left') {
      outgoing.remove(pending)
      this.#fail(outgoing.name, pending, reason, bounce.origin)
    } else if (reason === 'refused') {
      outgoing.remove(pending)
      // What is full there is what waits for its program.
      if (pending.returned < pending.sends) this.#fail(outgoing.name, pending, 'expired')
      else this.#fail(outgoing.name, pending, 'queue-full', bounce.origin)
    } else if (pending === outgoing.lowest && pending.floor < pending.sequence) {
      // What came before it has been settled since it was sent: nothing has to be held for it any more.
      this.#transmission.send(outgoing, pending)
    } else pending.isTurnedAway = true
  }

  #expired(pending: Pending, to: NodeName): void {
    const { failure, returned, sends } = pending
    if (returned < sends) this.#fail(to, pending, 'expired')
    else if (failure !== undefined) this.#fail(to, pending, failure.reason, failure.at)
    else if (this.#relay.way(this.#self.name, to) !== undefined) {
      // It has waited for the window.
      this.#fail(to, pending, 'queue-full')
    } else {
      const isKnown = this.#directory.get(to) !== undefined || !this.#learning.hasBegun
      this.#fail(to, pending, isKnown ? 'no-route' : 'unknown-peer')
    }
  }

  /** @param at who says so: this node, unless told */
  #fail(
    to: NodeName,
    { id, sequence, sends }: Pick<Pending, 'id' | 'sends' | 'sequence'>,
    reason: SendFailure,
    at: NodeName = this.#self.name,
  ): void {
    const sentAs = sends > 0 ? this.#numbered(to, sequence) : undefined
    this.#turn.notify({ type: 'outcome', id, outcome: { status: 'failed', reason, at }, sentAs })
  }

  #numbered(destination: NodeName, sequence: number): SentAs {
    return { destination, incarnation: this.#incarnation, sequence }
  }

  /** Makes sure that the timer runs out by then; `Infinity` is when something else has happened (learning.ts). */
  #arm(dueMs: number): void {
    if (dueMs === Number.POSITIVE_INFINITY) return
    if (this.#timerDueMs !== undefined && this.#timerDueMs <= dueMs) return
    this.#timerDueMs = dueMs
    const timer = { kind: 'delivery', token: ++this.#timerToken } as const
    this.#turn.timerAt(timer, dueMs)
  }
}
