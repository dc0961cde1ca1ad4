// Broadcasts that are kept, with their bytes in common memory: a frame that came over a link is a view of the bundle that it came in, and
// would keep all of it alive for as long as it is kept itself. An array of its own for each costs several times the copy.

import { ByteSlab } from './byte-slab.ts'
import type { Gossip } from './messages.ts'

/** See the head of the file. */
export class Slab {
  readonly #size: number
  readonly #slab: ByteSlab

  /** @param size of the pieces of memory, in bytes: what one copy keeps alive at most. */
  constructor(size: number) {
    this.#size = size
    this.#slab = new ByteSlab(size)
  }

  /** The same with bytes of its own. One that this node has made is no view of anything. */
  keep(gossip: Gossip): Gossip {
    return gossip.raw === undefined ? gossip : this.own({ ...gossip })
  }

  /** As {@link keep}, for one that nobody else has: it is given the bytes itself. */
  own(gossip: Gossip): Gossip {
    const { raw, payload } = gossip
    if (raw === undefined) return gossip
    const owned = gossip as { -readonly [Key in keyof Gossip]: Gossip[Key] }
    owned.raw = this.#copyOf(raw)
    owned.payload = owned.raw.subarray(raw.length - payload.length)
    return gossip
  }

  /** A large one has memory of its own. */
  #copyOf(bytes: Uint8Array): Uint8Array {
    const { length } = bytes
    // Not `slice`: what a Buffer gives is a view.
    if (length > this.#size / 4) return new Uint8Array(bytes)
    const copy = this.#slab.cut(length)
    copy.set(bytes)
    return copy
  }
}
