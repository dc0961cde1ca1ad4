// The application broadcasts that came last, so that a neighbor who missed one can have it.
// It must not know links or trees.
//
// C1  what is kept is at most `cacheBytesMax` bytes, the newest
// C2  nothing that is kept keeps memory alive beyond its own slab: what came in a bundle is copied

import type { Gossip, NodeName } from './messages.ts'
import { Slab } from './slab.ts'

/** What an entry costs beside its bytes, roughly: objects, and its places in a map and a list. */
const ENTRY_BYTES = 256
/** Bytes are copied into pieces of this size. */
const SLAB_BYTES = 65_536
/** Spent places at the front of the list before it is compacted, if they are half of it. */
const COMPACT_AT = 1_024

/** See the head of the file. */
export class PayloadCache {
  readonly #bytesMax: number
  readonly #byOrigin = new Map<NodeName, Map<number, Gossip>>()
  readonly #slab = new Slab(SLAB_BYTES)
  /** As they go out from here, oldest first, from `#head` on; nothing before it. */
  #kept: (Gossip | undefined)[] = []
  /** When each of them came, or was made: a list of numbers and not an object for each. */
  #atMs: number[] = []
  #head = 0
  #bytes = 0

  /** @param bytesMax see C1; 0 keeps nothing. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** What it holds, in bytes, as C1 counts them. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many broadcasts are kept. */
  get size(): number {
    return this.#kept.length - this.#head
  }

  /** Keeps a broadcast that it has not kept before, and returns what is to be sent: the same with bytes of its own. */
  add(gossip: Gossip, nowMs: number): Gossip {
    const bytes = costOf(gossip)
    if (bytes > this.#bytesMax) return gossip
    while (this.#bytes + bytes > this.#bytesMax) this.#evict()
    const own = this.#slab.own(gossip)
    const sequences = this.#byOrigin.get(own.origin)
    if (sequences === undefined) this.#byOrigin.set(own.origin, new Map([[own.sequence, own]]))
    else sequences.set(own.sequence, own)
    this.#kept.push(own)
    this.#atMs.push(nowMs)
    this.#bytes += bytes
    return own
  }

  /** Whether anything of this origin is kept. */
  has(origin: NodeName): boolean {
    return this.#byOrigin.has(origin)
  }

  /** The broadcast of this name; `undefined` when it is not kept. */
  get(origin: NodeName, incarnation: number, sequence: number): Gossip | undefined {
    const gossip = this.#byOrigin.get(origin)?.get(sequence)
    return gossip?.incarnation === incarnation ? gossip : undefined
  }

  /** What came at or after this time and can be had from {@link get}, oldest first. */
  *since(ms: number): Generator<Gossip> {
    let first = this.#kept.length
    while (first > this.#head && (this.#atMs[first - 1] as number) >= ms) first--
    for (let index = first; index < this.#kept.length; index++) {
      const gossip = this.#kept[index] as Gossip
      // A later run of the origin may have taken its number.
      if (this.get(gossip.origin, gossip.incarnation, gossip.sequence) === gossip) yield gossip
    }
  }

  #evict(): void {
    const gossip = this.#kept[this.#head] as Gossip
    this.#kept[this.#head++] = undefined
    this.#bytes -= costOf(gossip)
    const sequences = this.#byOrigin.get(gossip.origin)
    // A later run of the origin may have a broadcast of the same number.
    if (sequences?.get(gossip.sequence) === gossip) sequences.delete(gossip.sequence)
    if (sequences?.size === 0) this.#byOrigin.delete(gossip.origin)
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#kept.length) return
    this.#kept = this.#kept.slice(this.#head)
    this.#atMs = this.#atMs.slice(this.#head)
    this.#head = 0
  }
}

function costOf({ raw, payload }: Gossip): number {
  return (raw ?? payload).length + ENTRY_BYTES
}
