// Records as they were read last, one of each name: the same bytes are the same record, and need not be read again. A process
// with a thousand nodes has each record once and not a thousand times, and what comes over several links is read once.
// It must not be seen but by time, memory and `===`: nobody may change a record.

import type { NodeName, PeerRecord } from '../core/messages.ts'

/** What is forgotten when there are more: all of them, because whatever is still in use comes in again. */
const RECORDS_MAX = 16_384
/** Larger ones, with many tags or topics, are not kept. */
const BYTES_MAX = 1_024

interface Kept {
  readonly bytes: Uint8Array
  readonly record: PeerRecord
}

/** See the head of the file. */
export class RecordCache {
  readonly #byName = new Map<NodeName, Kept>()

  /** The record of this name in the bytes from `start` to `end`, when just these were read last. */
  find(name: NodeName, bytes: Uint8Array, start: number, end: number): PeerRecord | undefined {
    const kept = this.#byName.get(name)
    if (kept === undefined || kept.bytes.length !== end - start) return undefined
    for (let i = start; i < end; i++) if (kept.bytes[i - start] !== bytes[i]) return undefined
    return kept.record
  }

  /** The bytes from `start` to `end` were read as this record. */
  keep(record: PeerRecord, bytes: Uint8Array, start: number, end: number): void {
    if (end - start > BYTES_MAX) return
    if (this.#byName.size >= RECORDS_MAX) this.#byName.clear()
    this.#byName.set(record.name, { bytes: new Uint8Array(bytes.subarray(start, end)), record })
  }
}
