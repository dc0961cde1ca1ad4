// Who waits for an answer of the core, by number. Numbers are used again, so that a busy sender allocates nothing here
// (a Map that changes at this rate costs more than the sending; see core/sequence-ring).

/** Callbacks that are called once each. */
export class Waiting<Callback extends (...answer: never[]) => void> {
  readonly #places: (Callback | undefined)[] = []
  readonly #free: number[] = []

  /** How many wait. */
  get size(): number {
    return this.#places.length - this.#free.length
  }

  /** Keeps a callback; returns its number, which is used again after {@link take}. */
  add(callback: Callback): number {
    const place = this.#free.pop() ?? this.#places.length
    this.#places[place] = callback
    return place
  }

  /** Gives a callback back and forgets it; `undefined`: nobody waits under this number. */
  take(place: number): Callback | undefined {
    const callback = this.#places[place]
    if (callback === undefined) return undefined
    this.#places[place] = undefined
    this.#free.push(place)
    return callback
  }
}
