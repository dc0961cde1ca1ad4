// The receiving side of direct messages: each is handed over at most once and in the order of its origin, and
// acknowledged; what this node cannot take or pass on is bounced to its origin.
// It must not send again: an answer that is lost is asked for by the message that comes again.
//
// I1  a message of one run of an origin is handed over at most once by one run of its destination
// I2  messages of one run of an origin are handed over in the order of their sequences
// I3  a sequence below an acknowledgement's `cumulative` was handed over, or given up by the origin before
// I4  memory is bounded by the number of origins (origin-table.ts) times the window, and in bytes by `heldBytesMax`;
//     the floor that comes with each message moves the window on
// I5  one acknowledgement moves `cumulative` over messages that travelled paths of one length
// I6  what the application does not take is not handed over and not waited for: its origin is told, and gives it up

import type { Directory } from './directory.ts'
import type { Ack, Bounce, Direct, LinkId, NodeName } from './messages.ts'
import { OriginTable } from './origin-table.ts'
import { REASONS, type Reason, type SendFailure } from './reasons.ts'
import { type Held, HeldBudget, Reassembly } from './reassembly.ts'
import { laneOf, type Relay } from './relay.ts'
import type { Turn } from './turn.ts'

/** Most ranges in one acknowledgement, as many as the wire takes (wire/limits.ts); what does not fit is told by the next one. */
export const ACK_RANGES_MAX = 32

/** Whether the application takes a message that is about to be handed over. Asked again when the message comes again. */
export type Takes = (payload: Uint8Array) => boolean

/** The parts of the configuration that count here. */
export interface IncomingConfig {
  readonly windowMessagesMax: number
  readonly heldBytesMax: number
  readonly heldMs: number
  readonly directoryNodesMax: number
  readonly hopsMax: number
  readonly deadlineMaxMs: number
}

/** What a bounce says of a message. */
type Bounced = Pick<Direct, 'destination' | 'origin' | 'originIncarnation' | 'sequence'>

interface Origin {
  readonly name: NodeName
  readonly incarnation: number
  readonly window: Reassembly
  /** An acknowledgement is owed. It goes over this link where no way to the origin is known, or nothing new has come. */
  owed: LinkId | undefined
  /** Links travelled by what was handed over since the last acknowledgement; by the last copy when nothing was. */
  hops: number
  hasHandedOver: boolean
  /** When something came of it last. */
  heardMs: number
  /** When the directory forgot it; `Infinity` while it has not, or it has sent since. */
  forgottenMs: number
}

/** What receiving needs of the rest of the node. */
export interface IncomingParts {
  readonly directory: Directory
  readonly relay: Relay
  readonly takes: Takes
  readonly turn: Turn
}

/** See {@link Incoming.inspect}. */
export interface IncomingView {
  readonly origins: number
  /** Origins that are owed an acknowledgement. */
  readonly owing: number
  readonly heldBytes: number
  /** The origins of which something is held, and how much. */
  readonly holding: readonly { readonly name: NodeName; readonly held: number }[]
}

/** See the head of the file. */
export class Incoming {
  readonly #config: IncomingConfig
  readonly #directory: Directory
  readonly #relay: Relay
  readonly #turn: Turn
  readonly #takes: Takes
  readonly #origins: OriginTable<Origin>
  readonly #budget: HeldBudget
  readonly #owing = new Set<Origin>()
  /** The origins of which something is held. */
  readonly #holding = new Set<Origin>()

  constructor(config: IncomingConfig, { directory, relay, takes, turn }: IncomingParts) {
    this.#config = config
    this.#directory = directory
    this.#relay = relay
    this.#turn = turn
    this.#takes = takes
    this.#origins = new OriginTable(directory, config.directoryNodesMax)
    this.#budget = new HeldBudget(config.heldBytesMax)
  }

  /** What waits for messages before it, of all origins; bytes with what holding them costs. */
  get held(): { readonly messages: number; readonly bytes: number } {
    let messages = 0
    for (const { window } of this.#holding) messages += window.size
    return { messages, bytes: this.#budget.bytes }
  }

  /** When a message of this origin came last, and of which run; `undefined`: none that is remembered. */
  heard(name: NodeName): { readonly heardMs: number; readonly incarnation: number } | undefined {
    return this.#origins.get(name)
  }

  /** The latest run of a node that is known, by its messages or its record; 0: none. */
  runOf(name: NodeName): number {
    const { incarnation = 0 } = this.#directory.get(name)?.record ?? {}
    return Math.max(incarnation, this.#origins.get(name)?.incarnation ?? 0)
  }

  /** A direct message for this node. */
  receive(direct: Direct, link: LinkId): void {
    const { destinationIncarnation, sequence } = direct
    if (destinationIncarnation !== 0 && destinationIncarnation !== this.#directory.own.record.incarnation) {
      this.bounce(direct, 'peer-left', link)
      return
    }
    const origin = this.#originOf(direct)
    if (origin === undefined) {
      this.#turn.drop('stale-incarnation', `message ${sequence} of ${direct.origin}`, link)
      this.#tellOfLaterRun(direct, link)
      return
    }
    origin.heardMs = this.#turn.nowMs
    origin.forgottenMs = Number.POSITIVE_INFINITY
    const { window } = origin
    if (direct.floor > window.next) this.#skipTo(origin, direct.floor, link)
    const place = window.placeOf(sequence)
    if ((place === 'next' || place === 'early') && !this.#takes(direct.payload)) {
      this.bounce(direct, 'refused', link)
      return
    }
    const isTaken = place !== 'early' || window.hold(direct)
    if (place === 'beyond' || !isTaken) {
      this.bounce(direct, 'queue-full', link)
      return
    }
    if (place === 'next') {
      this.#handOver(origin, direct, link)
      this.#release(origin, link)
      return
    }
    if (place === 'early') this.#holding.add(origin)
    else this.#turn.drop('duplicate', `message ${sequence} of ${direct.origin}`, link)
    this.#owe(origin, link)
    if (!origin.hasHandedOver) origin.hops = direct.hops
  }

  /**
   * Tells the origin of a message that it goes no further, and counts the drop. `refused`: the application does not take it.
   * @param cameFrom the link it came over: the way back while no route is known.
   */
  bounce(failed: Bounced, reason: SendFailure, cameFrom: LinkId | undefined): void {
    const { destination, origin, originIncarnation, sequence } = failed
    const counted = reason === 'refused' ? 'queue-full' : reason
    this.#turn.drop(counted, `message ${sequence} from ${origin} to ${destination}`, cameFrom)
    const bounce: Bounce = {
      type: 'bounce',
      ...this.#envelope(origin, originIncarnation),
      reasonCode: REASONS[reason].closeCode,
      failedDestination: destination,
      sequence,
    }
    this.#answer(bounce, cameFrom)
  }

  /** Sends the acknowledgements that this turn's messages have made due. */
  flush(): void {
    for (const origin of this.#owing) this.#acknowledge(origin)
  }

  /** Lets go of what is held of origins that have fallen silent: what is missing will not come. */
  expire(): void {
    for (const origin of this.#holding) {
      if (this.#turn.nowMs - origin.heardMs >= this.#config.heldMs) this.#letGo(origin, 'expired')
    }
  }

  /** The directory has forgotten this origin. What it began to send before may come again until the longest deadline. */
  forget(name: NodeName): void {
    const { nowMs } = this.#turn
    const forgotten = this.#origins.get(name)
    if (forgotten !== undefined) forgotten.forgottenMs = nowMs
    for (const [, origin] of this.#origins) {
      if (nowMs - origin.forgottenMs < this.#config.deadlineMaxMs) continue
      this.#letGo(origin, 'expired')
      this.#origins.delete(origin.name)
    }
  }

  /** The node leaves: what is held is not handed over any more. */
  close(): void {
    for (const origin of this.#holding) this.#letGo(origin, 'shutting-down')
  }

  /** What the invariants are checked on. */
  inspect(): IncomingView {
    return {
      origins: this.#origins.size,
      owing: this.#owing.size,
      heldBytes: this.#budget.bytes,
      holding: [...this.#holding].map(({ name, window }) => ({ name, held: window.size })),
    }
  }

  /** What is known of the origin of a message; `undefined` when the message is of an earlier run. */
  #originOf(direct: Direct): Origin | undefined {
    const known = this.#origins.get(direct.origin)
    if (known !== undefined && direct.originIncarnation === known.incarnation) return known
    if (known !== undefined && !this.#isNewRun(direct, known)) return undefined
    if (known !== undefined) this.#replace(known)
    const { origin: name, originIncarnation: incarnation } = direct
    const window = new Reassembly(this.#config.windowMessagesMax, this.#budget)
    const origin = {
      name,
      incarnation,
      window,
      owed: undefined,
      hops: 0,
      hasHandedOver: false,
      heardMs: 0,
      forgottenMs: 0,
    }
    const evicted = this.#origins.set(name, origin)
    if (evicted !== undefined) this.#letGo(evicted, 'queue-full')
    return origin
  }

  /**
   * Whoever has sent this may live, and nobody have a record of the later run any more: it is shown an acknowledgement for
   * that one (presence.ts, P4). To the later run itself, if it was that one's neighbor that was late, it says nothing new.
   */
  #tellOfLaterRun({ origin: name }: Direct, link: LinkId): void {
    const later = this.#origins.get(name)
    if (later !== undefined) this.#owe(later, link)
  }

  /**
   * A later run, or the one that the directory knows: after an earlier one was forgotten there, a node whose clock went
   * back begins below it.
   */
  #isNewRun({ origin: name, originIncarnation }: Direct, { incarnation, forgottenMs }: Origin): boolean {
    if (originIncarnation > incarnation) return true
    if (forgottenMs === Number.POSITIVE_INFINITY) return false
    return this.#directory.get(name)?.record.incarnation === originIncarnation
  }

  /** Its messages will not be completed, and nobody waits for an answer. */
  #replace(earlier: Origin): void {
    this.#owing.delete(earlier)
    this.#letGo(earlier, 'stale-incarnation')
  }

  #skipTo(origin: Origin, floor: number, link: LinkId): void {
    // Their sender was told that they failed, and may have sent them again in another message.
    for (const sequence of origin.window.skipTo(floor)) {
      this.#turn.drop('expired', `message ${sequence} of ${origin.name}`, link)
    }
    this.#release(origin, link)
  }

  /** Hands over what has waited for the message before it. */
  #release(origin: Origin, link: LinkId): void {
    const { window } = origin
    if (!this.#holding.has(origin)) return
    for (let held = window.take(); held !== undefined; held = window.take()) {
      if (this.#takes(held.payload)) this.#handOver(origin, held, link)
      else {
        const { name, incarnation: originIncarnation } = origin
        const destination = this.#directory.own.record.name
        this.bounce({ destination, origin: name, originIncarnation, sequence: window.next }, 'refused', link)
      }
    }
    if (window.size === 0) this.#holding.delete(origin)
  }

  #handOver(origin: Origin, { payload, hops }: Held, link: LinkId): void {
    if (origin.hasHandedOver && origin.hops !== hops) this.#acknowledge(origin)
    origin.window.advance()
    origin.hops = hops
    origin.hasHandedOver = true
    this.#turn.notify({ type: 'message', from: origin.name, payload, hops, broadcast: false })
    this.#owe(origin, link)
  }

  #letGo(origin: Origin, reason: Reason): void {
    for (const sequence of origin.window.clear()) {
      this.#turn.drop(reason, `message ${sequence} of ${origin.name}`)
    }
    this.#holding.delete(origin)
  }

  #owe(origin: Origin, link: LinkId): void {
    if (origin.owed === undefined) this.#owing.add(origin)
    origin.owed = link
  }

  #acknowledge(origin: Origin): void {
    const { owed, window, hops, hasHandedOver } = origin
    this.#owing.delete(origin)
    if (owed === undefined) return
    origin.owed = undefined
    origin.hasHandedOver = false
    const ack: Ack = {
      type: 'ack',
      ...this.#envelope(origin.name, origin.incarnation),
      cumulative: window.next,
      ranges: window.ranges(ACK_RANGES_MAX),
      ackedHops: hops,
    }
    // Nothing that was new: the last acknowledgement may be lost, or late. This one goes back the way that the copy came.
    if (hasHandedOver) this.#answer(ack, owed)
    else this.#turn.send([owed], ack, laneOf(ack))
  }

  #answer(answer: Ack | Bounce, fallback: LinkId | undefined): void {
    const link = this.#relay.way(answer.origin, answer.destination) ?? fallback
    if (link === undefined) this.#turn.drop('no-route', `${answer.type} for ${answer.destination}`)
    else this.#turn.send([link], answer, laneOf(answer))
  }

  #envelope(destination: NodeName, destinationIncarnation: number) {
    const { name: origin, incarnation: originIncarnation } = this.#directory.own.record
    const hopsLeft = this.#config.hopsMax - 1
    return { hopsLeft, hops: 1, destination, destinationIncarnation, origin, originIncarnation }
  }
}
