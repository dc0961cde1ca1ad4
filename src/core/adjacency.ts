// Edges between slots, small dense numbers, in one block of memory: a node holds those of all others, and a large overlay
// has far more of them than a processor's cache.
// It must not know what a slot stands for, nor which of them can be reached (spanning-tree.ts).
//
// V3  edges are symmetric, without loops and without doubles

/** Edges of one slot for which there is room at first: the links that a node accepts by default. */
const ROOM = 8

/** See the head of the file. */
export class Adjacency {
  /** The edges of slot `s` are at `s * room`, and so many as its degree says. */
  #rows = new Int32Array(16 * ROOM)
  #degrees = new Uint16Array(16)
  #room = ROOM

  /** How many edges a slot has. */
  degree(slot: number): number {
    return this.#degrees[slot] ?? 0
  }

  /** The other end of one edge of a slot. @param index below its degree. */
  at(slot: number, index: number): number {
    return this.#rows[slot * this.#room + index] as number
  }

  /** Whether there is an edge between these two. */
  has(a: number, b: number): boolean {
    return this.#indexOf(a, b) !== -1
  }

  /** The other ends of all edges of a slot, in a list of the caller's own. */
  of(slot: number): number[] {
    const others: number[] = []
    for (let index = 0; index < this.degree(slot); index++) others.push(this.at(slot, index))
    return others
  }

  /** Puts an edge in; false when it was there, or would be a loop. */
  add(a: number, b: number): boolean {
    if (a === b || this.has(a, b)) return false
    this.#lengthen(Math.max(a, b) + 1)
    if (Math.max(this.degree(a), this.degree(b)) === this.#room) this.#widen()
    this.#push(a, b)
    this.#push(b, a)
    return true
  }

  /** Takes an edge out; false when there was none. */
  remove(a: number, b: number): boolean {
    const index = this.#indexOf(a, b)
    if (index === -1) return false
    this.#drop(a, index)
    this.#drop(b, this.#indexOf(b, a))
    return true
  }

  #indexOf(a: number, b: number): number {
    const start = a * this.#room
    const degree = this.degree(a)
    for (let index = 0; index < degree; index++) if (this.#rows[start + index] === b) return index
    return -1
  }

  #push(slot: number, other: number): void {
    const degree = this.#degrees[slot] as number
    this.#rows[slot * this.#room + degree] = other
    this.#degrees[slot] = degree + 1
  }

  #drop(slot: number, index: number): void {
    const last = (this.#degrees[slot] as number) - 1
    const start = slot * this.#room
    this.#rows[start + index] = this.#rows[start + last] as number
    this.#degrees[slot] = last
  }

  #lengthen(slots: number): void {
    if (slots <= this.#degrees.length) return
    const room = slots + (slots >> 2)
    const [rows, degrees] = [this.#rows, this.#degrees]
    this.#rows = new Int32Array(room * this.#room)
    this.#rows.set(rows)
    this.#degrees = new Uint16Array(room)
    this.#degrees.set(degrees)
  }

  #widen(): void {
    const [rows, room] = [this.#rows, this.#room]
    this.#room *= 2
    this.#rows = new Int32Array(this.#degrees.length * this.#room)
    for (let slot = 0; slot < this.#degrees.length; slot++) {
      const start = slot * room
      this.#rows.set(rows.subarray(start, start + (this.#degrees[slot] as number)), slot * this.#room)
    }
  }
}
