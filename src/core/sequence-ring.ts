// Values by sequence number, for a window that moves up: an array in a ring, so that neither adding nor removing
// allocates. A Map would do the same, but leaves a trail of discarded tables behind it, each of which keeps what was
// in it alive until the next full garbage collection: measured as a quarter of a sender's CPU time.
//
// G1  the numbers held lie within `span` of each other; `span` doubles when that needs it

const SPAN_MIN = 16

/** A map from sequence numbers to values that are not `undefined`. */
export class SequenceRing<T> {
  #places: (T | undefined)[] = new Array(SPAN_MIN)
  #size = 0
  /** The numbers held are in [first, end). */
  #first = 0
  #end = 0

  /** How many values are held. */
  get size(): number {
    return this.#size
  }

  get(sequence: number): T | undefined {
    if (sequence < this.#first || sequence >= this.#end) return undefined
    return this.#places[sequence & (this.#places.length - 1)]
  }

  has(sequence: number): boolean {
    return this.get(sequence) !== undefined
  }

  /** Holds `value` under `sequence`, which is larger than every number held. */
  push(sequence: number, value: T): void {
    if (this.#size === 0) this.#first = sequence
    while (sequence - this.#first >= this.#places.length) this.#grow()
    this.#places[sequence & (this.#places.length - 1)] = value
    this.#end = sequence + 1
    this.#size++
  }

  /** Lets go of a value; false when there is none. */
  delete(sequence: number): boolean {
    if (!this.has(sequence)) return false
    this.#places[sequence & (this.#places.length - 1)] = undefined
    this.#size--
    while (this.#first < this.#end && !this.has(this.#first)) this.#first++
    return true
  }

  /** The values, by ascending number. What is deleted meanwhile is left out. */
  *values(): Generator<T> {
    for (let sequence = this.#first; sequence < this.#end; sequence++) {
      const value = this.get(sequence)
      if (value !== undefined) yield value
    }
  }

  #grow(): void {
    const old = this.#places
    this.#places = new Array(old.length * 2)
    for (let sequence = this.#first; sequence < this.#end; sequence++) {
      this.#places[sequence & (this.#places.length - 1)] = old[sequence & (old.length - 1)]
    }
  }
}
