// What this node listens to: filters with their listeners, and what of it is in the node's record.
// It must not know how broadcasts travel.

import { HearsayError } from '../errors.ts'
import { LIMITS } from '../wire/limits.ts'
import { isTopicFilter, matchesTopic } from '../wire/topics.ts'
import type { NodeMessage } from './events.ts'

/** Called for each message of a topic. */
export type TopicListener = (message: NodeMessage) => void

interface Subscription {
  readonly filter: string
  readonly listener: TopicListener
}

/** See the head of the file. */
export class Subscriptions {
  readonly #onChange: (filters: readonly string[]) => void
  /** Never changed but replaced: listeners may subscribe and end subscriptions. */
  #list: readonly Subscription[] = []

  /** @param onChange called with all filters, each once, when that has changed. */
  constructor(onChange: (filters: readonly string[]) => void) {
    this.#onChange = onChange
  }

  /** Listeners. */
  get size(): number {
    return this.#list.length
  }

  /** All filters, each once, in the order in which they came. */
  get filters(): string[] {
    return [...new Set(this.#list.map(({ filter }) => filter))]
  }

  /**
   * Listens from now on; the function returned ends that.
   * @throws HearsayError `invalid-topic`, also for more different filters than a record can carry
   */
  add(filter: string, listener: TopicListener): () => void {
    checkFilter(filter)
    if (typeof listener !== 'function') {
      throw new HearsayError('invalid-option', 'subscribe: expected a function')
    }
    const before = this.filters
    if (!before.includes(filter) && before.length >= LIMITS.topicFiltersMax) {
      throw new HearsayError(
        'invalid-topic',
        `a node listens to at most ${LIMITS.topicFiltersMax} filters: subscribe to one with a wildcard`,
      )
    }
    const subscription = { filter, listener }
    this.#replace([...this.#list, subscription])
    return () => this.#replace(this.#list.filter((other) => other !== subscription))
  }

  /** Tells the listeners of this topic; false when there is none. An error of theirs surfaces as an uncaught exception. */
  tell(topic: string, message: NodeMessage): boolean {
    let isTold = false
    for (const { filter, listener } of this.#list) {
      if (!matchesTopic(filter, topic)) continue
      isTold = true
      try {
        listener(message)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
    return isTold
  }

  #replace(list: readonly Subscription[]): void {
    const before = this.filters
    this.#list = list
    const after = this.filters
    if (before.length !== after.length || before.some((filter, index) => filter !== after[index]))
      this.#onChange(after)
  }
}

/** For error messages. */
const FILTER_SYNTAX = `1 to ${LIMITS.topicBytesMax} bytes in levels between slashes; a level may be +, the last one #`

/** @throws HearsayError `invalid-topic` */
export function checkFilter(filter: string): void {
  if (typeof filter === 'string' && isTopicFilter(filter)) return
  throw new HearsayError('invalid-topic', `${JSON.stringify(filter)} is no topic filter: ${FILTER_SYNTAX}`)
}

/** For error messages. */
export const TOPIC_SYNTAX = `1 to ${LIMITS.topicBytesMax} bytes without +, # and control characters`
