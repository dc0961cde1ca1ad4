// Names of messages, unique in the overlay: as they travel, so that outcomes, logs and what watchers are told of one message
// have the same. What is posted to plain HTTP peers does not travel; it has numbers of its own, which look unlike the others.
//
// A name is put together for every message that is sent: what does not change from one to the next is kept, because an
// incarnation takes longer to write than the rest.

import type { SentAs } from '../core/events.ts'

/** Ids of the messages of one node at a time. */
export class MessageIds {
  #name = ''
  #incarnation = -1
  #prefix = ''
  #destination = ''
  #suffix = ''

  /** A broadcast: `origin/incarnation/sequence`. */
  broadcast(origin: string, incarnation: number, sequence: number): string {
    return this.#of(origin, incarnation) + sequence
  }

  /** A message for one node: `origin/incarnation/sequence/destination`. */
  direct(origin: string, { incarnation, sequence, destination }: SentAs): string {
    if (destination !== this.#destination) {
      this.#destination = destination
      this.#suffix = `/${destination}`
    }
    return this.#of(origin, incarnation) + sequence + this.#suffix
  }

  /**
   * What is posted to one plain HTTP peer: `origin/incarnation/http-number/peer`.
   * @param number of all that this run has posted so
   */
  posted(origin: string, incarnation: number, number: number, to: string): string {
    return `${this.#of(origin, incarnation)}http-${number}/${to}`
  }

  #of(origin: string, incarnation: number): string {
    if (origin !== this.#name || incarnation !== this.#incarnation) {
      this.#name = origin
      this.#incarnation = incarnation
      this.#prefix = `${origin}/${incarnation}/`
    }
    return this.#prefix
  }
}
