// How many messages a node has sent and received, by kind and by how they ended. It must not know how they travel.

import type { RequestFailure, SendFailure } from '../core/reasons.ts'

/**
 * How a message of this node goes out: what its program, its guests and HTTP clients send. `request`: the question and its answer
 * together, also where the node asks another one, for a trace or for history. `http`: posted to a plain HTTP peer.
 */
export type SentKind = 'direct' | 'broadcast' | 'request' | 'http'
/** How a message has come to this node. `direct`: requests as well, and no answers. `http`: posted to it. */
export type ReceivedKind = 'direct' | 'broadcast' | 'http'
/** How a message of this node ended. */
export type SentOutcome = 'delivered' | 'sent' | 'answered' | SendFailure | RequestFailure

/** Messages of this node by kind and outcome; an outcome that has not come up is absent. */
export type SentCounts = Readonly<Record<SentKind, Readonly<Partial<Record<SentOutcome, number>>>>>

/** See the head of the file. */
export class Tally {
  readonly #sent: Readonly<Record<SentKind, Map<SentOutcome, { count: number }>>> = {
    direct: new Map(),
    broadcast: new Map(),
    request: new Map(),
    http: new Map(),
  }
  readonly #received: Record<ReceivedKind, number> = { direct: 0, broadcast: 0, http: 0 }

  /** A message of this node has ended. */
  ended(kind: SentKind, outcome: SentOutcome): void {
    const outcomes = this.#sent[kind]
    // One look for each message, of which there are very many.
    const counter = outcomes.get(outcome)
    if (counter === undefined) outcomes.set(outcome, { count: 1 })
    else counter.count++
  }

  /** A message has come. */
  came(kind: ReceivedKind): void {
    this.#received[kind]++
  }

  /** What was sent since the start. */
  get sent(): SentCounts {
    const { direct, broadcast, request, http } = this.#sent
    return {
      direct: countsOf(direct),
      broadcast: countsOf(broadcast),
      request: countsOf(request),
      http: countsOf(http),
    }
  }

  /** What was received since the start. */
  get received(): Readonly<Record<ReceivedKind, number>> {
    return { ...this.#received }
  }
}

function countsOf<Key extends string>(
  counters: ReadonlyMap<Key, { readonly count: number }>,
): Partial<Record<Key, number>> {
  return Object.fromEntries([...counters].map(([key, { count }]) => [key, count])) as Partial<
    Record<Key, number>
  >
}
