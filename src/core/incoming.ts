// The receiving side of direct messages: each is handed over at most once and acknowledged, and what this node cannot
// take or pass on is bounced to its origin.
// It must not send again: an answer that is lost is asked for by the message that comes again.
//
// I1  a message of one run of an origin is handed over at most once by one run of its destination
// I2  memory is bounded by the number of origins (origin-table.ts) times the window; the floor that comes with each message moves it on
// I3  one acknowledgement covers all messages of an origin that arrived in one turn over paths of one length

import type { Directory } from './directory.ts'
import type { Ack, Bounce, Direct, LinkId, NodeName } from './messages.ts'
import { OriginTable } from './origin-table.ts'
import { REASONS, type Reason, type SendFailure } from './reasons.ts'
import { laneOf, type Relay } from './relay.ts'
import { SequenceWindow } from './sequence-window.ts'
import type { Turn } from './turn.ts'

/** Ranges in one acknowledgement; what does not fit is told by the next one. */
const RANGES_MAX = 16

/** The parts of the configuration that count here. */
export interface IncomingConfig {
  readonly windowMessagesMax: number
  readonly directoryNodesMax: number
  readonly hopsMax: number
  readonly deadlineMaxMs: number
}

interface Origin {
  readonly name: NodeName
  incarnation: number
  seen: SequenceWindow
  /** An acknowledgement is owed, for messages that travelled this many links, last over this link. */
  owed: { hops: number; link: LinkId } | undefined
  /** When the directory forgot it; `Infinity` while it has not, or it has sent since. */
  forgottenMs: number
}

/** See the head of the file. */
export class Incoming {
  readonly #config: IncomingConfig
  readonly #directory: Directory
  readonly #relay: Relay
  readonly #turn: Turn
  readonly #origins: OriginTable<Origin>
  readonly #owing = new Set<Origin>()

  constructor(config: IncomingConfig, directory: Directory, relay: Relay, turn: Turn) {
    this.#config = config
    this.#directory = directory
    this.#relay = relay
    this.#turn = turn
    this.#origins = new OriginTable(directory, config.directoryNodesMax)
  }

  /** A direct message for this node. */
  receive(direct: Direct, link: LinkId): void {
    const { destinationIncarnation, origin: from, payload, hops, sequence } = direct
    if (destinationIncarnation !== 0 && destinationIncarnation !== this.#directory.own.record.incarnation) {
      this.bounce(direct, 'peer-left', link)
      return
    }
    const refused = this.#takeIn(direct, link)
    if (refused === undefined) {
      this.#turn.notify({ type: 'message', from, payload, hops, broadcast: false })
    } else if (refused === 'queue-full') this.bounce(direct, refused, link)
    else this.#turn.drop(refused, `message ${sequence} of ${from}`, link)
  }

  /**
   * Tells the origin of a message that it goes no further, and counts the drop.
   * @param cameFrom the link it came over: the way back while no route is known.
   */
  bounce(failed: Direct, reason: SendFailure, cameFrom: LinkId | undefined): void {
    const { destination, origin, originIncarnation, sequence } = failed
    this.#turn.drop(reason, `message ${sequence} from ${origin} to ${destination}`, cameFrom)
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

  /** The directory has forgotten this origin. What it began to send before may come again until the longest deadline. */
  forget(name: NodeName): void {
    const { nowMs } = this.#turn
    const forgotten = this.#origins.get(name)
    if (forgotten !== undefined) forgotten.forgottenMs = nowMs
    for (const [, origin] of this.#origins) {
      if (nowMs - origin.forgottenMs >= this.#config.deadlineMaxMs) this.#origins.delete(origin.name)
    }
  }

  /** Why the message is not to be handed over; `undefined` when it is. */
  #takeIn(direct: Direct, link: LinkId): Reason | undefined {
    let origin = this.#origins.get(direct.origin)
    if (origin === undefined || this.#isNewRun(direct, origin)) {
      if (origin !== undefined) this.#owing.delete(origin)
      const seen = new SequenceWindow(this.#config.windowMessagesMax)
      const { origin: name, originIncarnation: incarnation } = direct
      origin = { name, incarnation, seen, owed: undefined, forgottenMs: Number.POSITIVE_INFINITY }
      this.#origins.set(direct.origin, origin)
    } else if (direct.originIncarnation < origin.incarnation) return 'stale-incarnation'
    origin.forgottenMs = Number.POSITIVE_INFINITY
    // Hops are told with the outcome, so one acknowledgement speaks for messages of one path length only.
    if (origin.owed !== undefined && origin.owed.hops !== direct.hops) this.#acknowledge(origin)
    origin.seen.skipTo(direct.floor)
    const added = origin.seen.add(direct.sequence)
    if (added === 'beyond') return 'queue-full'
    origin.owed = { hops: direct.hops, link }
    this.#owing.add(origin)
    return added === 'new' ? undefined : 'duplicate'
  }

  /**
   * A later run, or the one that the directory knows: after an earlier one was forgotten there, a node whose clock went
   * back begins below it.
   */
  #isNewRun({ origin: name, originIncarnation }: Direct, { incarnation, forgottenMs }: Origin): boolean {
    if (originIncarnation >= incarnation) return originIncarnation > incarnation
    if (forgottenMs === Number.POSITIVE_INFINITY) return false
    return this.#directory.get(name)?.record.incarnation === originIncarnation
  }

  #acknowledge(origin: Origin): void {
    const { owed, seen } = origin
    this.#owing.delete(origin)
    if (owed === undefined) return
    origin.owed = undefined
    const ack: Ack = {
      type: 'ack',
      ...this.#envelope(origin.name, origin.incarnation),
      cumulative: seen.next,
      ranges: seen.ranges(RANGES_MAX),
      ackedHops: owed.hops,
    }
    this.#answer(ack, owed.link)
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
