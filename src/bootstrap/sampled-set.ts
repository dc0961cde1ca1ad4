// A set from which a random sample costs as much as the sample is large, whatever the set's size.
// It must not hold randomness of its own: the random numbers come in with each call.

/** Where the random numbers come from; core/rng fits. */
export interface RandomSource {
  /** A whole number from 0 to `bound - 1`. */
  below(bound: number): number
}

/** A set with constant-time `add` and `delete`, and random samples without repetition. Its order means nothing. */
export class SampledSet<T> {
  readonly #items: T[] = []
  readonly #places = new Map<T, number>()

  /** How many items there are. */
  get size(): number {
    return this.#items.length
  }

  /** Adds an item; one that is there already stays once. */
  add(item: T): void {
    if (this.#places.has(item)) return
    this.#places.set(item, this.#items.length)
    this.#items.push(item)
  }

  /** Takes an item out and puts the last one in its place; an item that is not there is a no-op. */
  delete(item: T): void {
    const place = this.#places.get(item)
    if (place === undefined) return
    this.#swap(place, this.#items.length - 1)
    this.#items.pop()
    this.#places.delete(item)
  }

  /**
   * Up to `count` different items, each subset of that size as likely as any other. All items when there are no more
   * than that.
   */
  sample(count: number, rng: RandomSource): T[] {
    const size = this.#items.length
    if (count >= size) return this.#items.slice()
    // The first `count` steps of a Fisher-Yates shuffle (Knuth, TAOCP vol. 2, algorithm 3.4.2 P), in place.
    for (let place = 0; place < count; place++) {
      this.#swap(place, place + rng.below(size - place))
    }
    return this.#items.slice(0, count)
  }

  #swap(one: number, other: number): void {
    if (one === other) return
    const first = this.#items[one] as T
    const second = this.#items[other] as T
    this.#items[one] = second
    this.#items[other] = first
    this.#places.set(second, one)
    this.#places.set(first, other)
  }
}
