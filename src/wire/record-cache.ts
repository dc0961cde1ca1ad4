// Records as they were read last, two versions of each name: bytes that come a third time are the record of the second time. A process
// with a thousand nodes has each record once and not a thousand times, and what comes over several links is read once.
// It must not be seen but by time, memory and `===`: nobody may change a record.

import type { NodeName, PeerRecord } from '../core/messages.ts'
import { hashOf } from './byte-hash.ts'
import { NameGenerations } from './name-generations.ts'

/** What a record may grow by before it needs other memory: two links and more. */
const ROOM_BYTES = 32
/** Larger ones, with many tags or topics, are not kept. */
const BYTES_MAX = 1_024

/** One version of a record. The next one is put in its place: memory for each, outside of the heap, costs more than reading. */
class Version {
  /** What is not the same hardly has the same: only whether bytes are worth keeping depends on it. */
  hash: number
  record: PeerRecord
  /** Longer than what is in it: links come and go. */
  #bytes: Uint8Array | undefined
  /** 0 until the same has come again: most versions of a process with one node do not. */
  #length = 0

  constructor(hash: number, record: PeerRecord) {
    this.hash = hash
    this.record = record
  }

  /** Another version is here from now on. */
  become(hash: number, record: PeerRecord): void {
    this.hash = hash
    this.record = record
    this.#length = 0
  }

  /** The same has come again. */
  again(record: PeerRecord, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (this.#bytes === undefined || this.#bytes.length < length)
      this.#bytes = new Uint8Array(length + ROOM_BYTES)
    for (let i = 0; i < length; i++) this.#bytes[i] = bytes[start + i] as number
    this.#length = length
    this.record = record
  }

  is(bytes: Uint8Array, start: number, end: number): boolean {
    const known = this.#bytes
    if (known === undefined || this.#length !== end - start) return false
    for (let i = start; i < end; i++) if (known[i - start] !== bytes[i]) return false
    return true
  }
}

/** Of one name: the newest version, and the last one of others, because where much is on its way they come by turns. */
interface Kept {
  newest: Version
  other: Version | undefined
}

/** See the head of the file. */
export class RecordCache {
  readonly #byName = new NameGenerations<NodeName, Kept>()

  /** The record of this name in the bytes from `start` to `end`, when just these were read lately. */
  find(name: NodeName, bytes: Uint8Array, start: number, end: number): PeerRecord | undefined {
    const kept = this.#byName.get(name)
    if (kept === undefined) return undefined
    const { newest, other } = kept
    if (newest.is(bytes, start, end)) return newest.record
    return other?.is(bytes, start, end) ? other.record : undefined
  }

  /** The bytes from `start` to `end` were read as this record. */
  keep(record: PeerRecord, bytes: Uint8Array, start: number, end: number): void {
    if (end - start > BYTES_MAX) return
    const hash = hashOf(bytes, start, end)
    const kept = this.#byName.get(record.name)
    if (kept === undefined) {
      this.#byName.set(record.name, { newest: new Version(hash, record), other: undefined })
      return
    }
    const { newest, other } = kept
    if (newest.hash === hash) newest.again(record, bytes, start, end)
    else if (other === undefined) kept.other = new Version(hash, record)
    else if (other.hash === hash) other.again(record, bytes, start, end)
    else other.become(hash, record)
    if (kept.other !== undefined && isOlder(newest.record, kept.other.record)) {
      kept.newest = kept.other
      kept.other = newest
    }
  }
}

function isOlder(one: PeerRecord, another: PeerRecord): boolean {
  return one.incarnation === another.incarnation
    ? one.version < another.version
    : one.incarnation < another.incarnation
}
