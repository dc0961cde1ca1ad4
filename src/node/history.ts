// The last broadcasts of each topic, for nodes that come later. Kept by those nodes that were told to, in memory.
// It must not know who asks, nor how it is sent.
//
// 1. At most `perTopic` broadcasts are kept of each topic, of at most `TOPICS_MAX` topics, in at most `BYTES_MAX` bytes.
//    What goes first: of a topic the oldest; of the topics the one that was silent for longest.

import { matchesTopic } from '../wire/topics.ts'
import type { NodeMessage } from './events.ts'

const TOPICS_MAX = 10_000
const BYTES_MAX = 64 * 1_024 * 1_024
/** What a message costs beside its payload. */
const MESSAGE_BYTES = 512

interface Kept {
  readonly message: NodeMessage
  readonly bytes: number
}

/** What is kept; see {@link History.inspect}. */
export interface HistoryView {
  /** How many broadcasts, by topic; '' for those without one. */
  readonly kept: ReadonlyMap<string, number>
  /** As it is counted, and as it is. */
  readonly bytes: number
  readonly bytesKept: number
}

/** See the head of the file. */
export class History {
  readonly perTopic: number
  /** By topic, '' for broadcasts without one; the one that was silent for longest first. */
  readonly #topics = new Map<string, Kept[]>()
  /** Payload bytes that are kept, and what keeping them costs. */
  #bytes = 0

  /** @param perTopic 0: nothing is kept. */
  constructor(perTopic: number) {
    this.perTopic = perTopic
  }

  /** Keeps a broadcast. @param payloadBytes how large it is. */
  add(message: NodeMessage, payloadBytes: number): void {
    if (this.perTopic === 0) return
    const { topic = '' } = message
    const kept = this.#topics.get(topic) ?? []
    this.#topics.delete(topic)
    this.#topics.set(topic, kept)
    const bytes = payloadBytes + MESSAGE_BYTES
    kept.push({ message, bytes })
    this.#bytes += bytes
    if (kept.length > this.perTopic) this.#bytes -= kept.shift()?.bytes ?? 0
    for (const [oldest, list] of this.#topics) {
      if (this.#topics.size <= TOPICS_MAX && this.#bytes <= BYTES_MAX) break
      this.#bytes -= list.shift()?.bytes ?? 0
      if (list.length === 0 || this.#topics.size > TOPICS_MAX) this.#forget(oldest)
    }
  }

  /** What is kept of the topics of a filter, topic by topic, the oldest first; without a filter, broadcasts that have none. */
  of(filter: string | undefined): NodeMessage[] {
    const found: NodeMessage[] = []
    for (const [topic, kept] of this.#topics) {
      const isWanted = filter === undefined ? topic === '' : topic !== '' && matchesTopic(filter, topic)
      if (isWanted) for (const { message } of kept) found.push(message)
    }
    return found
  }

  /** For checks. */
  inspect(): HistoryView {
    const all = [...this.#topics]
    const bytesKept = all.reduce((sum, [, kept]) => kept.reduce((of, { bytes }) => of + bytes, sum), 0)
    return { kept: new Map(all.map(([topic, { length }]) => [topic, length])), bytes: this.#bytes, bytesKept }
  }

  #forget(topic: string): void {
    for (const { bytes } of this.#topics.get(topic) ?? []) this.#bytes -= bytes
    this.#topics.delete(topic)
  }
}
