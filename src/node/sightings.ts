// What passes through this node, for whoever watches: how many messages came over each link, and the steps of those that are
// told of. Logs messages that belong to a trace. It must not change what it sees, nor send anything.
//
// 1. Nothing is kept while nobody watches.
// 2. All nodes choose the same messages, so that a message is told of on its whole way or not at all.
// 3. What waits is bounded by `STEPS_MAX`, and of messages with a trace, which go first, by `TRACED_MAX` between two
//    reports; the rest is counted.

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

/** What sightings are made of. */
export interface SightingsParts {
  readonly name: NodeName
  readonly overlay: Pick<Overlay, 'neighbors'>
  readonly logger: Logger
}

/** Steps, and how many had to be left out. */
export interface Seen {
  readonly steps: readonly MessageStep[]
  readonly leftOut: number
}

/** See the head of the file. */
export class Sightings {
  readonly #parts: SightingsParts
  readonly #isLogged: boolean
  /** One message in so many; `undefined`: nobody watches. */
  #oneIn: number | undefined
  #onTraced: () => void = () => {}
  #steps: MessageStep[] = []
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
    this.#oneIn = oneIn
    this.#onTraced = onTraced
    if (oneIn !== undefined) return
    this.#steps = []
    this.#leftOut = 0
    this.#messages.clear()
  }

  /** Messages of programs that have come over a link since somebody watches, repeated ones included. */
  messagesOn(link: LinkId): number {
    return this.#messages.get(link) ?? 0
  }

  /** Hands over what waits. @param isReport a report goes out: traced messages have their room again */
  take(isReport = false): Seen {
    const seen = { steps: this.#steps, leftOut: this.#leftOut }
    this.#steps = []
    this.#leftOut = 0
    if (isReport) this.#traced = 0
    return seen
  }

  /** A link is gone. */
  linkDown(link: LinkId): void {
    this.#messages.delete(link)
  }

  /** Something has come on a link. */
  readonly received = ({ link, messages }: Extract<Input, { type: 'received' }>): void => {
    const isWatched = this.#oneIn !== undefined
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
    if (spread === undefined || (this.#oneIn === undefined && !this.#isLogged)) return
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
      if (this.#steps.length >= STEPS_MAX) {
        this.#leftOut++
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
    return this.#oneIn !== undefined && isChosen(sequence, origin, destination, this.#oneIn)
  }

  /** @param isChosen of a message with a trace: whether it is told of also when those have no room of their own left */
  #keep(step: Omit<MessageStep, 'at'>, traceparent: string | undefined, isChosen: boolean): void {
    if (this.#oneIn === undefined) return
    const isFirst = traceparent !== undefined && this.#traced < TRACED_MAX
    if (!isFirst && !(isChosen && this.#steps.length < STEPS_MAX)) {
      this.#leftOut++
      return
    }
    const at = this.#parts.name
    this.#steps.push(traceparent === undefined ? { ...step, at } : { ...step, at, traceparent })
    if (!isFirst) return
    this.#traced++
    this.#onTraced()
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
