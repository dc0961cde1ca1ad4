// A map by name that keeps what is in use, and forgets the names of nodes that are gone, without being told which those are. It
// must not grow with the names that have ever been there: a process that runs for months sees no end of them.
//
// Two generations: what is found in the old one moves to the young one; when that is full, it becomes the old one, and what nobody
// asked for meanwhile is gone. What was forgotten too early is noticed when it comes again: then more is kept.

/** Names of a generation at first. */
const SIZE_MIN = 256
/** Two generations of this size keep all names of the largest networks. */
const SIZE_MAX = 16_384
/** Places in which it is marked what was forgotten: eight for each name, so that few are taken for another one. */
const MARKS = 131_072

/** See the head of the file. */
export class NameGenerations<Name extends string, Value> {
  #young = new Map<Name, Value>()
  #old = new Map<Name, Value>()
  #sizeMax = SIZE_MIN
  /** Of the old ones that were asked for. */
  #moved = 0
  readonly #forgotten = new Uint8Array(MARKS)
  #marked = 0
  /** Of the young ones that had been forgotten. */
  #returned = 0

  /** Names that are kept. */
  get size(): number {
    return this.#young.size + this.#old.size - this.#moved
  }

  /** What is kept of this name. */
  get(name: Name): Value | undefined {
    const young = this.#young.get(name)
    if (young !== undefined) return young
    const old = this.#old.get(name)
    if (old === undefined) return undefined
    this.#moved++
    this.#add(name, old)
    return old
  }

  /** Keeps something of a name that {@link get} does not know. */
  set(name: Name, value: Value): void {
    if (this.#forgotten[placeOf(name)] === 1) this.#returned++
    this.#add(name, value)
  }

  #add(name: Name, value: Value): void {
    if (this.#young.size >= this.#sizeMax) this.#turn()
    this.#young.set(name, value)
  }

  #turn(): void {
    for (const name of this.#old.keys()) if (!this.#young.has(name)) this.#mark(name)
    if (this.#returned > this.#sizeMax / 2) this.#sizeMax = Math.min(SIZE_MAX, 2 * this.#sizeMax)
    else if (this.#moved < this.#old.size / 8) this.#sizeMax = Math.max(SIZE_MIN, this.#sizeMax / 2)
    this.#old = this.#young
    this.#young = new Map()
    this.#moved = 0
    this.#returned = 0
  }

  #mark(name: Name): void {
    // Those of long ago say nothing of what is in use now.
    if (++this.#marked > SIZE_MAX) {
      this.#forgotten.fill(0)
      this.#marked = 0
    }
    this.#forgotten[placeOf(name)] = 1
  }
}

/** FNV-1a, folded. */
function placeOf(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 17)) & (MARKS - 1)
}
