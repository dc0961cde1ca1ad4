// The last broadcasts of each topic, for nodes that come later. Kept by those nodes that were told to, in memory.
// It must not know who asks, nor how it is sent.
//
// 1. At most `perTopic` broadcasts are kept of each topic, of at most `TOPICS_MAX` topics, in at most `BYTES_MAX` bytes.
//    What goes first: of a topic the oldest; of the topics the one that was silent for longest.
// 2. What was added last is kept.
// 3. Payloads are kept as bytes of their own: what a program does with a message that it was told does not change them.
// 4. What goes while somebody reads can still be read, as long as that is at most another `BYTES_MAX` bytes for all readers
//    together: beyond it, what went first is lost to them.

import { ownCopyOf } from '../wire/byte-writer.ts'
import { matchesTopic } from '../wire/topics.ts'
import { canBeHandedOn } from './envelope.ts'
import type { NodeMessage } from './events.ts'

const TOPICS_MAX = 10_000
const BYTES_MAX = 64 * 1_024 * 1_024
/** What a message costs beside its payload. */
export const MESSAGE_BYTES = 512

/** What is kept, however many broadcasts of each topic that are. Tests have smaller ones. */
export interface HistoryLimits {
  /** Topics of which something is kept. */
  readonly topicsMax: number
  /** Payloads, and {@link MESSAGE_BYTES} for each. More than one broadcast can have. */
  readonly bytesMax: number
}

const LIMITS: HistoryLimits = { topicsMax: TOPICS_MAX, bytesMax: BYTES_MAX }

/** A broadcast of before. */
export interface PastBroadcast extends Pick<NodeMessage, 'from' | 'id'> {
  /** With its own headers; `undefined`: it was let go while it was read. */
  readonly payload: Uint8Array | undefined
}

interface Kept extends PastBroadcast {
  payload: Uint8Array | undefined
  readonly bytes: number
}

/** What somebody reads. It stays as it was, but for what is lost (4). */
export interface Reading {
  /** Topic by topic, the oldest first. */
  readonly broadcasts: readonly PastBroadcast[]
  /** It has been read. Must be called once. */
  readonly end: () => void
}

/** What is kept; see {@link History.inspect}. */
export interface HistoryView {
  /** How many broadcasts, by topic; '' for those without one. */
  readonly kept: ReadonlyMap<string, number>
  /** As it is counted, and as it is. */
  readonly bytes: number
  readonly bytesKept: number
  /** What only readers have, counted and as it is. */
  readonly lentBytes: number
  readonly lentBytesKept: number
  readonly readers: number
}

/** See the head of the file. */
export class History {
  readonly perTopic: number
  readonly #limits: HistoryLimits
  /** By topic, '' for broadcasts without one; the one that was silent for longest first. */
  readonly #topics = new Map<string, Kept[]>()
  /** Payload bytes that are kept, and what keeping them costs. */
  #bytes = 0
  #readers = 0
  /** What has gone since somebody reads, the first first. */
  #lent: Kept[] = []
  #lentBytes = 0

  /** @param perTopic 0: nothing is kept. */
  constructor(perTopic: number, limits = LIMITS) {
    this.perTopic = perTopic
    this.#limits = limits
  }

  /** Keeps a broadcast, with a copy of its payload. False: it is one that could not be handed on. */
  add({ from, id, topic = '' }: Pick<NodeMessage, 'from' | 'id' | 'topic'>, payload: Uint8Array): boolean {
    if (this.perTopic === 0) return true
    if (!canBeHandedOn(payload)) return false
    const kept = this.#topics.get(topic) ?? []
    this.#topics.delete(topic)
    this.#topics.set(topic, kept)
    const bytes = payload.length + MESSAGE_BYTES
    kept.push({ from, ...(id === undefined ? {} : { id }), payload: ownCopyOf(payload), bytes })
    this.#bytes += bytes
    if (kept.length > this.perTopic) this.#shift(kept)
    // What was just added is of the last topic, and far smaller than the limit: this ends before it.
    for (const [silent, list] of this.#topics) {
      while (list.length > 0 && this.#isOver()) this.#shift(list)
      if (list.length > 0) break
      this.#topics.delete(silent)
    }
    return true
  }

  /** What is kept of the topics of a filter; without a filter, broadcasts that have none. */
  read(filter: string | undefined): Reading {
    const broadcasts: PastBroadcast[] = []
    for (const [topic, kept] of this.#topics) {
      const isWanted = filter === undefined ? topic === '' : topic !== '' && matchesTopic(filter, topic)
      if (isWanted) for (const broadcast of kept) broadcasts.push(broadcast)
    }
    this.#readers++
    return { broadcasts, end: () => this.#endReading() }
  }

  /** For checks. */
  inspect(): HistoryView {
    const all = [...this.#topics]
    return {
      kept: new Map(all.map(([topic, { length }]) => [topic, length])),
      bytes: this.#bytes,
      bytesKept: bytesOf(all.flatMap(([, kept]) => kept)),
      lentBytes: this.#lentBytes,
      lentBytesKept: bytesOf(this.#lent),
      readers: this.#readers,
    }
  }

  #isOver(): boolean {
    const { topicsMax, bytesMax } = this.#limits
    return this.#topics.size > topicsMax || this.#bytes > bytesMax
  }

  /** The oldest of a topic goes. */
  #shift(list: Kept[]): void {
    const gone = list.shift()
    if (gone === undefined) return
    this.#bytes -= gone.bytes
    if (this.#readers === 0) return
    this.#lent.push(gone)
    this.#lentBytes += gone.bytes
    let lost = 0
    for (; this.#lentBytes > this.#limits.bytesMax; lost++) {
      const first = this.#lent[lost] as Kept
      first.payload = undefined
      this.#lentBytes -= first.bytes
    }
    this.#lent.splice(0, lost)
  }

  #endReading(): void {
    this.#readers--
    if (this.#readers > 0) return
    this.#lent = []
    this.#lentBytes = 0
  }
}

/** What is wrong with what is kept, whatever was added and read. */
export function historyProblems(view: HistoryView, { topicsMax, bytesMax } = LIMITS): string[] {
  const { kept, bytes, bytesKept, lentBytes, lentBytesKept, readers } = view
  const broken: string[] = []
  if (bytes !== bytesKept) broken.push(`counts ${bytes} bytes of ${bytesKept} that it keeps`)
  if (bytes > bytesMax) broken.push(`keeps ${bytes} bytes, and ${bytesMax} is the limit`)
  if (kept.size > topicsMax) broken.push(`keeps ${kept.size} topics, and ${topicsMax} is the limit`)
  if (lentBytes !== lentBytesKept) broken.push(`counts ${lentBytes} bytes of ${lentBytesKept} that are read`)
  if (lentBytes > bytesMax) broken.push(`holds ${lentBytes} bytes for readers`)
  if (readers === 0 && lentBytesKept > 0) broken.push(`holds ${lentBytesKept} bytes, and nobody reads`)
  return broken
}

function bytesOf(list: readonly Kept[]): number {
  return list.reduce((sum, { payload }) => sum + (payload?.length ?? 0) + MESSAGE_BYTES, 0)
}
