// What a machine remembers of each origin that it has heard of, bounded: a neighbor that invents names without end
// pushes out what was remembered of invented names, never of nodes that the directory knows.
//
// T1  at most `directoryNodesMax` plus `UNKNOWN_MAX` origins are held

import type { Directory } from './directory.ts'
import type { NodeName } from './messages.ts'

/** Origins beyond the directory's own limit: those whose record is still on its way, and invented ones. */
export const UNKNOWN_MAX = 1_024

/** A map by origin; see the head of the file. */
export class OriginTable<T> {
  readonly #entries = new Map<NodeName, T>()
  readonly #directory: Directory
  readonly #max: number

  /** @param directoryNodesMax the directory's own limit */
  constructor(directory: Directory, directoryNodesMax: number) {
    this.#directory = directory
    this.#max = directoryNodesMax + UNKNOWN_MAX
  }

  get size(): number {
    return this.#entries.size
  }

  get(name: NodeName): T | undefined {
    return this.#entries.get(name)
  }

  /** Remembers something of this origin; the oldest unknown one makes room, and what was remembered of it is returned. */
  set(name: NodeName, entry: T): T | undefined {
    const evicted = this.#entries.size >= this.#max && !this.#entries.has(name) ? this.#evict() : undefined
    this.#entries.set(name, entry)
    return evicted
  }

  delete(name: NodeName): void {
    this.#entries.delete(name)
  }

  [Symbol.iterator](): MapIterator<[NodeName, T]> {
    return this.#entries[Symbol.iterator]()
  }

  /** What is known moves behind, so that the next look begins with others: a few steps each time on average. */
  #evict(): T | undefined {
    for (const [name, entry] of this.#entries) {
      this.#entries.delete(name)
      if (this.#directory.get(name) === undefined) return entry
      this.#entries.set(name, entry)
    }
    return undefined
  }
}
