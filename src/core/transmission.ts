// A direct message of this node goes out: on which link, the first time and when it has to go again.
// It must not decide when that is (outgoing.ts), nor what became of a message (delivery.ts).

import type { Directory } from './directory.ts'
import type { Direct, LinkId } from './messages.ts'
import type { Outgoing } from './outgoing.ts'
import type { Relay } from './relay.ts'
import type { Pending } from './send-queue.ts'
import type { Turn } from './turn.ts'

/** What a message goes out by, and who looks after it then. */
export interface TransmissionParts {
  readonly directory: Pick<Directory, 'own'>
  readonly relay: Pick<Relay, 'way'>
  readonly turn: Turn
  /** A message has gone out, or could not. @param dueMs when it is to be looked at again. */
  readonly onSent: (dueMs: number) => void
}

/** See the head of the file. */
export class Transmission {
  readonly #hopsMax: number
  readonly #parts: TransmissionParts

  /** @param hopsMax links that a message may travel. */
  constructor(hopsMax: number, parts: TransmissionParts) {
    this.#hopsMax = hopsMax
    this.#parts = parts
  }

  /** Sends on the best way there is; without one the message waits for the routes to change. */
  send(outgoing: Outgoing, pending: Pending): void {
    const { onSent, turn } = this.#parts
    const link = this.#way(outgoing)
    if (link !== undefined) {
      this.on(link, outgoing, pending)
      return
    }
    outgoing.sent(pending, undefined, turn.nowMs)
    onSent(pending.againMs)
  }

  /** What was not acknowledged in time goes another way, if there is one: a node on the last may stand still and look alive. */
  repeat(outgoing: Outgoing, pending: Pending): void {
    const isAtFault = pending.link !== undefined && !pending.isHeld
    const another = isAtFault ? this.#way(outgoing, pending.link) : undefined
    if (another === undefined) this.send(outgoing, pending)
    else this.on(another, outgoing, pending)
  }

  /** The first bounce is answered by the other way, if there is one; after that the routes have to change. */
  takeAnotherWay(outgoing: Outgoing, pending: Pending): void {
    const another = pending.sends === 1 ? this.#way(outgoing, pending.link) : undefined
    if (another !== undefined) this.on(another, outgoing, pending)
    else pending.link = undefined
  }

  /** Sends on this link. */
  on(link: LinkId, outgoing: Outgoing, pending: Pending): void {
    const { directory, onSent, turn } = this.#parts
    const { name: origin, incarnation: originIncarnation } = directory.own.record
    outgoing.sent(pending, link, turn.nowMs)
    pending.floor = outgoing.announceFloor()
    const message: Direct = {
      type: 'direct',
      hopsLeft: this.#hopsMax - 1,
      hops: 1,
      destination: outgoing.name,
      destinationIncarnation: outgoing.incarnation,
      origin,
      originIncarnation,
      sequence: pending.sequence,
      floor: pending.floor,
      payload: pending.payload,
    }
    turn.send([link], message, 'direct')
    onSent(pending.againMs)
  }

  #way({ name }: Outgoing, except?: LinkId): LinkId | undefined {
    const { directory, relay } = this.#parts
    return relay.way(directory.own.record.name, name, except)
  }
}
