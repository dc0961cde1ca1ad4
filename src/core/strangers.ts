// Names of which nobody here has ever heard, and who asked for a link: since when they do.
// It must not know links or the directory: it is told, and answers how long.
//
// An overlay can come up in two parts that do not know of each other, each with all the links that it accepts. Whoever is
// still unknown a while after it asked first does not belong to this part, or its record would have arrived.
//
// ST1  at most `NAMES_MAX` names are held

import type { NodeName } from './messages.ts'

const NAMES_MAX = 64
/** Longer than the longest wait between two dials of one address by default (`dialBackoffMaxMs`). */
const FORGET_MS = 90_000

/** See the head of the file. */
export class Strangers {
  readonly #asked = new Map<NodeName, { readonly firstMs: number; lastMs: number }>()

  /** Somebody who is not known asks; returns for how long it does so already. */
  asked(name: NodeName, nowMs: number): number {
    const known = this.#asked.get(name)
    if (known !== undefined && nowMs - known.lastMs < FORGET_MS) {
      known.lastMs = nowMs
      return nowMs - known.firstMs
    }
    this.#asked.delete(name)
    this.#asked.set(name, { firstMs: nowMs, lastMs: nowMs })
    for (const oldest of this.#asked.keys()) {
      if (this.#asked.size <= NAMES_MAX) break
      this.#asked.delete(oldest)
    }
    return 0
  }
}
