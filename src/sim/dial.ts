// One attempt to reach an address: the round trips of TCP and of the WebSocket's handshake, and what may go wrong in
// them. It must not decide who dials whom.
//
// A dial ends in an open link or in a failure, exactly one of them, and never from within a call.

import type { EventQueue, Happening } from './event-queue.ts'

/** What becomes of a dial apart from what the network does to it. */
export type DialFate = 'goes-on' | 'refused' | 'unanswered'

/** What a dial needs. */
export interface DialPlace {
  readonly queue: EventQueue
  readonly fate: DialFate
  readonly thereMs: number
  readonly backMs: number
  readonly timeoutMs: number
  /** Who answers there at this moment. `unanswered`: nobody; `refused`: a machine, and nothing listens on it. */
  readonly probe: () => 'listens' | 'refused' | 'unanswered'
  /** Lays the connection; what it gives ends it when the other end's acceptance takes too long. */
  readonly connect: () => { giveUp(): void }
  readonly onFailed: () => void
  /** The dial is no longer under way: connected or failed. */
  readonly onEnded: (dial: Dial) => void
}

/** How long TCP waits for an answer to its first packet before it sends another (RFC 6298 section 2); doubles each time. */
const SYN_RETRY_MS = 1_000

/** See the head of the file. */
export class Dial implements Happening {
  readonly #place: DialPlace
  #phase: 'greeting' | 'upgrading' | 'connected' | 'over' = 'greeting'
  #retryMs = SYN_RETRY_MS
  #connection: { giveUp(): void } | undefined

  constructor(place: DialPlace) {
    this.#place = place
    const { queue, thereMs, backMs, timeoutMs } = place
    queue.plan(thereMs + backMs, this)
    queue.plan(timeoutMs, () => {
      if (this.#phase === 'connected') this.#connection?.giveUp()
      else this.#fail()
    })
  }

  /** Gives up without a word to the process. Without effect once the connection is laid. */
  cancel(): void {
    if (this.#phase !== 'connected') this.#end('over')
  }

  /** The next thing is due: the answer to the first packet, or the handshake's arrival at the other end. */
  happen(): void {
    if (this.#phase === 'over' || this.#phase === 'connected') return
    const { queue, fate, thereMs, probe } = this.#place
    const answer = fate === 'goes-on' ? probe() : fate
    if (answer === 'unanswered') {
      queue.plan(this.#retryMs, this)
      this.#retryMs *= 2
    } else if (answer === 'refused') this.#fail()
    else if (this.#phase === 'greeting') {
      this.#phase = 'upgrading'
      queue.plan(thereMs, this)
    } else {
      this.#end('connected')
      this.#connection = this.#place.connect()
    }
  }

  #fail(): void {
    if (this.#phase === 'over') return
    this.#end('over')
    this.#place.onFailed()
  }

  #end(phase: 'connected' | 'over'): void {
    if (this.#phase === 'over') return
    this.#phase = phase
    this.#place.onEnded(this)
  }
}
