// Random numbers that a seed repeats. The core draws from here and nowhere else, so a run can be replayed.
// Not for secrets: ids that must not be guessed come from nanoid, outside the core.

/** A seeded generator: sfc32 (Chris Doty-Humphrey's Small Fast Counting, from PractRand), 128 bits of state. */
export class Rng {
  #a = 0x9e3779b9
  #b = 0x243f6a88
  #c = 0xb7e15162
  #counter = 1

  /** @param seed any integer; only its low 64 bits count. Equal seeds give equal sequences. */
  constructor(seed: number) {
    this.#a = (this.#a ^ seed) >>> 0
    this.#b = (this.#b ^ Math.floor(seed / 0x100000000)) >>> 0
    for (let round = 0; round < 15; round++) this.uint32()
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A whole number from 0 to `bound - 1`; `bound` from 1 to 2^32. */
  below(bound: number): number {
    return Math.floor((this.uint32() / 0x100000000) * bound)
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.uint32() / 0x100000000 < probability
  }

  /** One of the items; `undefined` of none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)]
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items]
    for (let last = result.length - 1; last > 0; last--) {
      const other = this.below(last + 1)
      const swap = result[last] as T
      result[last] = result[other] as T
      result[other] = swap
    }
    return result
  }
}
