// Records as they were read last, one of each name: bytes that come a third time are the record of the second time. A process
// with a thousand nodes has each record once and not a thousand times, and what comes over several links is read once.
// It must not be seen but by time, memory and `===`: nobody may change a record.

import type { NodeName, PeerRecord } from '../core/messages.ts'

/** What is forgotten when there are more: all of them, because whatever is still in use comes in again. */
const RECORDS_MAX = 16_384
/** Larger ones, with many tags or topics, are not kept. */
const BYTES_MAX = 1_024

/** What was read last under a name. */
interface Kept {
  hash: number
  /** Once the same has come again: memory for each version would cost a process with one node more than reading it. */
  bytes: Uint8Array | undefined
  record: PeerRecord
}

/** See the head of the file. */
export class RecordCache {
  readonly #byName = new Map<NodeName, Kept>()

  /** The record of this name in the bytes from `start` to `end`, when just these were read last. */
  find(name: NodeName, bytes: Uint8Array, start: number, end: number): PeerRecord | undefined {
    const kept = this.#byName.get(name)
    const known = kept?.bytes
    if (known === undefined || known.length !== end - start) return undefined
    for (let i = start; i < end; i++) if (known[i - start] !== bytes[i]) return undefined
    return kept?.record
  }

  /** The bytes from `start` to `end` were read as this record. */
  keep(record: PeerRecord, bytes: Uint8Array, start: number, end: number): void {
    if (end - start > BYTES_MAX) return
    const hash = hashOf(bytes, start, end)
    const kept = this.#byName.get(record.name)
    if (kept === undefined) {
      if (this.#byName.size >= RECORDS_MAX) this.#byName.clear()
      this.#byName.set(record.name, { hash, bytes: undefined, record })
      return
    }
    kept.bytes = kept.hash === hash ? new Uint8Array(bytes.subarray(start, end)) : undefined
    kept.hash = hash
    kept.record = record
  }
}

/** What is not the same hardly has the same: only whether bytes are worth keeping depends on it. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
  return hash
}
