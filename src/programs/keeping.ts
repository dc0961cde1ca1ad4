// What a node that keeps broadcasts must have kept, by what its program has been told: a model of the history. A keeper's
// program listens to everything, so that it is told of each in the order in which its node keeps them.
// It must not look into the node.

import type { NodeMessage } from '../node/events.ts'
import { idIn } from './book.ts'
import { isFor } from './topics.ts'

/** The filters that together are for every topic. */
export const EVERYTHING = ['#', '$sys/#'] as const

interface Arrival {
  readonly atMs: number
  /** '' for none. */
  readonly topic: string
  readonly id: number
}

/** See the head of the file. */
export class Keeper {
  /** How many of each topic. */
  readonly perTopic: number
  /**
   * Whether what had no topic is not known for certain: of its own broadcasts a program is told only that they went out,
   * and not when. And of topics, when it does not listen to everything.
   */
  isBlurred = false
  isDeaf: boolean
  readonly #arrivals: Arrival[] = []

  /** @param isDeaf whether the program does not listen to everything, so that nothing is known of topics */
  constructor(perTopic: number, isDeaf: boolean) {
    this.perTopic = perTopic
    this.isDeaf = isDeaf
  }

  /** The node has got a broadcast, or its own has gone out. */
  add(topic: string, id: number, atMs: number): void {
    this.#arrivals.push({ topic, id, atMs })
  }

  /** How many must be kept of a topic now. */
  count(topic: string): number {
    return Math.min(this.perTopic, this.#arrivals.filter((arrival) => arrival.topic === topic).length)
  }

  /**
   * What is wrong with an answer to a question that was asked and answered at these times; `undefined`: nothing. It must
   * be what was kept at one moment between them.
   */
  problemOf(
    filter: string | undefined,
    messages: readonly NodeMessage[],
    during: readonly [number, number],
  ): string | undefined {
    if (filter === undefined ? this.isBlurred : this.isDeaf) return this.#looseProblem(messages)
    const got = messages.map(({ value }) => idIn(value)).join(' ')
    const [askedMs, answeredMs] = during
    const first = this.#arrivals.filter(({ atMs }) => atMs < askedMs).length
    const last = this.#arrivals.filter(({ atMs }) => atMs <= answeredMs).length
    const tried = new Set<string>()
    for (let count = first; count <= last; count++) {
      const wanted = this.#keptOf(filter, count)
      if (wanted === got) return undefined
      tried.add(wanted)
    }
    return `gave ${got || 'nothing'} of ${filter ?? 'no topic'}, and had kept ${[...tried].join(' or ') || 'nothing'}`
  }

  #looseProblem(messages: readonly NodeMessage[]): string | undefined {
    for (const [topic, { length }] of Map.groupBy(messages, ({ topic = '' }) => topic)) {
      if (length > this.perTopic)
        return `gave ${length} of ${topic || 'no topic'}, and keeps ${this.perTopic}`
    }
    return undefined
  }

  /** The last of each topic of the first so many, the topic that was silent for longest first. */
  #keptOf(filter: string | undefined, count: number): string {
    const topics = new Map<string, number[]>()
    for (const { topic, id } of this.#arrivals.slice(0, count)) {
      if (filter === undefined ? topic !== '' : topic === '' || !isFor(filter, topic)) continue
      const ids = [...(topics.get(topic) ?? []), id].slice(-this.perTopic)
      topics.delete(topic)
      topics.set(topic, ids)
    }
    return [...topics.values()].flat().join(' ')
  }
}
