// What passes through this node, for whoever watches: how many messages came over each link, and the steps of those that are
// told of. Logs messages that belong to a trace. It must not change what it sees, nor send anything.
//
// 1. Nothing is kept while nobody watches.
// 2. All nodes choose the same messages, so that a message is told of on its whole way or not at all. Where there is no room
//    for all that are chosen, all nodes keep the same of them.
// 3. What waits is bounded by `STEPS_MAX`, and of messages with a trace, which go first, by `TRACED_MAX` between two
//    reports; the rest is counted.
// 4. Steps without a trace times `oneIn`, those with one, and `leftOut` are together what there was, also while the choice changes.

import type { Input, Notification } from '../core/events.ts'
import { hashNumbered } from '../core/hash.ts'
import type { Direct, LinkId, NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { MessageStep } from '../guests/overlay-lines.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { hasHeaders } from '../wire/payload.ts'
import { isSampled } from '../wire/traceparent.ts'
import { isForNobody, isOfWatching, traceparentOf } from './envelope.ts'
import { MessageIds } from './message-ids.ts'

/** Steps that wait to be told. */
const STEPS_MAX = 256
/** Steps of traced messages between two reports. Where all messages have a trace, the rest of them is chosen like any other. */
const TRACED_MAX = 32
/** At least one message in so many is told of. */
export const ONE_IN_MAX = 2 ** 20

/** What sightings are made of. */
export interface SightingsParts {
  readonly name: NodeName
  readonly overlay: Pick<Overlay, 'neighbors'>
  readonly logger: Logger
}

/** Steps, and how many had to be left out. */
export interface Seen {
  /** Each of those without a trace stands for {@link oneIn} of them. */
  readonly steps: readonly MessageStep[]
  /** About how many steps there were for which there was no room: one that was chosen counts as {@link oneIn}. */
  readonly leftOut: number
  /** One message in so many was chosen. At least 1. */
  readonly oneIn: number
}

/** See the head of the file. */
export class Sightings {
  readonly #parts: SightingsParts
  readonly #isLogged: boolean
  /** One message in so many, as those who watch want it; `undefined`: nobody watches. */
  #wanted: number | undefined
  /** The same of what waits: it can become more meanwhile, and less only when that is handed over. */
  #oneIn = 1
  /** A multiple of {@link #oneIn}: what is chosen by it has room. More than that only where there is too little. */
  #kept = 1
  #onTraced: () => void = () => {}
  #steps: MessageStep[] = []
  /** Those that went first. */
  #first: MessageStep[] = []
  /** Less than 0 when by chance those that wait stand for more than there were. */
  #leftOut = 0
  #traced = 0
  readonly #messages = new Map<LinkId, number>()
  readonly #ids = new MessageIds()

  constructor(parts: SightingsParts) {
    this.#parts = parts
    this.#isLogged = parts.logger !== silentLogger
  }

  /**
   * Somebody watches from now on, or nobody does (`undefined`).
   * @param oneIn at least 1 @param onTraced called when a step is to be told soon, because its message belongs to a trace
   */
  watch(oneIn: number | undefined, onTraced: () => void = () => {}): void {
    const isFirst = this.#wanted === undefined
    this.#wanted = oneIn
    this.#onTraced = onTraced
    if (oneIn === undefined) {
      this.take(true)
      this.#messages.clear()
    } else if (isFirst) this.#chooseBy(oneIn)
    else if (oneIn > this.#oneIn) {
      const there = this.#weightOf(this.#steps)
      this.#chooseBy(oneIn)
      // Each of the others stands for them from now on; where there was no room, too many may be left.
      this.#steps = this.#steps.filter((step) => step.traceparent !== undefined || isStepChosen(step, oneIn))
      this.#leftOut += there - this.#weightOf(this.#steps)
    }
  }

  /** Messages of programs that have come over a link since somebody watches, repeated ones included. */
  messagesOn(link: LinkId): number {
    return this.#messages.get(link) ?? 0
  }

  /** Hands over what waits. @param isReport a report goes out: traced messages have their room again */
  take(isReport = false): Seen {
    const seen = {
      steps: [...this.#first, ...this.#steps],
      leftOut: Math.max(0, this.#leftOut),
      oneIn: this.#oneIn,
    }
    this.#first = []
    this.#steps = []
    this.#leftOut = 0
    if (isReport) this.#traced = 0
    this.#chooseBy(this.#wanted ?? 1)
    return seen
  }

  /** A link is gone. */
  linkDown(link: LinkId): void {
    this.#messages.delete(link)
  }

  /** Something has come on a link. */
  readonly received = ({ link, messages }: Extract<Input, { type: 'received' }>): void => {
    const isWatched = this.#wanted !== undefined
    if (!isWatched && !this.#isLogged) return
    // Of strangers nothing is told.
    const via = this.#neighborOn(link)
    if (via === undefined) return
    let count = 0
    for (const message of messages) {
      if (message.type === 'direct') {
        const isHeaded = hasHeaders(message.payload)
        if (isHeaded && isOfWatching(message.payload)) continue
        count++
        if (isHeaded || isWatched) this.#direct(via, message)
      } else if (isWatched && message.type === 'gossip' && message.kind === 'payload') {
        if (!isOfWatching(message.payload)) count++
      }
    }
    if (isWatched && count > 0) this.#messages.set(link, this.messagesOn(link) + count)
  }

  /** A message has come to this node for the first time. */
  notified({ from, payload, hops, spread }: Extract<Notification, { type: 'message' }>): void {
    if (spread === undefined || (this.#wanted === undefined && !this.#isLogged)) return
    const traceparent = traceparentOf(payload)
    const { incarnation, sequence, via } = spread
    const isChosen = this.#isChosen(sequence, from, '')
    if (traceparent === undefined && !isChosen) return
    if (isOfWatching(payload)) return
    const id = this.#ids.broadcast(from, incarnation, sequence)
    const bytes = payload.length
    if (traceparent !== undefined) this.#log(traceparent, { id, from, via, hops, bytes })
    this.#keep({ kind: 'broadcast', id, origin: from, via, hops, bytes }, traceparent, isChosen)
  }

  /** A message of this node has ended, or was handed to it from outside, and belongs to a trace. */
  own(traceparent: string, fields: Readonly<Record<string, unknown>>): void {
    this.#log(traceparent, { from: this.#parts.name, ...fields })
  }

  #direct(via: NodeName, message: Direct): void {
    const { origin, originIncarnation: incarnation, sequence, destination, hops, payload } = message
    const traceparent = traceparentOf(payload)
    const isChosen = this.#isChosen(sequence, origin, destination)
    if (traceparent === undefined) {
      if (!isChosen) return
      // A node under full load comes here for each message until it is told to choose fewer.
      if (!this.#isKept(sequence, origin, destination)) {
        this.#leftOut += this.#oneIn
        return
      }
      if (isForNobody(payload)) return
    }
    const bytes = payload.length
    const id = this.#ids.direct(origin, { incarnation, sequence, destination })
    if (traceparent !== undefined)
      this.#log(traceparent, { id, from: origin, to: destination, via, hops, bytes })
    this.#keep({ kind: 'direct', id, origin, destination, via, hops, bytes }, traceparent, isChosen)
  }

  #isChosen(sequence: number, origin: string, destination: string): boolean {
    return this.#wanted !== undefined && isChosen(sequence, origin, destination, this.#oneIn)
  }

  /** Of one that is chosen: whether there is room for it. */
  #isKept(sequence: number, origin: string, destination: string): boolean {
    return this.#kept === this.#oneIn || isChosen(sequence, origin, destination, this.#kept)
  }

  #chooseBy(oneIn: number): void {
    this.#oneIn = oneIn
    this.#kept = oneIn
  }

  /** @param isChosen of a message with a trace: whether it is told of also when those have no room of their own left */
  #keep(step: Omit<MessageStep, 'at'>, traceparent: string | undefined, isChosen: boolean): void {
    if (this.#wanted === undefined) return
    const at = this.#parts.name
    const told = traceparent === undefined ? { ...step, at } : { ...step, at, traceparent }
    if (traceparent !== undefined && this.#traced < TRACED_MAX) {
      this.#first.push(told)
      this.#traced++
      this.#onTraced()
      return
    }
    const hasRoom = isChosen && (this.#kept === this.#oneIn || isStepChosen(told, this.#kept))
    if (hasRoom) this.#steps.push(told)
    else this.#leftOut += this.#weightOf([told])
    if (this.#steps.length > STEPS_MAX) this.#keepFewer()
  }

  #keepFewer(): void {
    const before = this.#steps
    while (this.#steps.length > STEPS_MAX && this.#kept < ONE_IN_MAX) {
      this.#kept *= 2
      this.#steps = this.#steps.filter((step) => isStepChosen(step, this.#kept))
    }
    // Many steps of one message cannot be told apart.
    this.#steps = this.#steps.slice(0, STEPS_MAX)
    this.#leftOut += this.#weightOf(before) - this.#weightOf(this.#steps)
  }

  #weightOf(steps: readonly MessageStep[]): number {
    return steps.reduce((sum, { traceparent }) => sum + (traceparent === undefined ? this.#oneIn : 1), 0)
  }

  /** At `info` when the trace is recorded by whoever began it. */
  #log(traceparent: string, fields: Readonly<Record<string, unknown>>): void {
    const { logger } = this.#parts
    if (isSampled(traceparent)) logger.info({ traceparent, ...fields }, 'traced')
    else logger.debug({ traceparent, ...fields }, 'traced')
  }

  #neighborOn(link: LinkId): NodeName | undefined {
    for (const [name, { id }] of this.#parts.overlay.neighbors) if (id === link) return name
    return undefined
  }
}

/** Whether a message is among those of which one in `oneIn` is told: the same at all nodes. */
export function isChosen(sequence: number, origin: string, destination: string, oneIn: number): boolean {
  return oneIn === 1 || hashNumbered(sequence, origin, destination) % oneIn === 0
}

/** As {@link isChosen}, of a step's message. */
export function isStepChosen({ id, origin, destination = '' }: MessageStep, oneIn: number): boolean {
  return isChosen(Number(id.split('/')[2]), origin, destination, oneIn)
}
