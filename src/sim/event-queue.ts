// Virtual time: what is to happen, in the order of its time, and of its planning where times are equal.
// It must not read a real clock. A binary heap.

interface Planned {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

/** See the head of the file. */
export class EventQueue {
  readonly #heap: Planned[] = []
  #nowMs = 0
  #order = 0

  /** Virtual time in ms since the start. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** How much is planned. */
  get size(): number {
    return this.#heap.length
  }

  /** When the next planned event is due; `undefined`: nothing is planned. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.atMs
  }

  /** Plans something. A time that has passed is now. */
  plan(afterMs: number, run: () => void): void {
    const planned = { atMs: this.#nowMs + Math.max(0, afterMs), order: this.#order++, run }
    this.#heap.push(planned)
    this.#rise(this.#heap.length - 1)
  }

  /** Moves on to the next event and runs it; false when there is none. */
  step(): boolean {
    const next = this.#heap[0]
    const last = this.#heap.pop()
    if (next === undefined || last === undefined) return false
    if (this.#heap.length > 0) {
      this.#heap[0] = last
      this.#sink(0)
    }
    this.#nowMs = next.atMs
    next.run()
    return true
  }

  /** Runs everything that is due until then, and moves the clock there. */
  runTo(untilMs: number): void {
    while ((this.nextMs ?? Number.POSITIVE_INFINITY) <= untilMs) this.step()
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #rise(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  #sink(start: number): void {
    let index = start
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      let least = left
      if (right < this.#heap.length && isEarlier(this.#at(right), this.#at(left))) least = right
      if (least >= this.#heap.length || !this.#swapIfEarlier(least, index)) return
      index = least
    }
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const a = this.#at(child)
    const b = this.#at(parent)
    if (!isEarlier(a, b)) return false
    this.#heap[child] = b
    this.#heap[parent] = a
    return true
  }

  #at(index: number): Planned {
    return this.#heap[index] as Planned
  }
}

function isEarlier(a: Planned, b: Planned): boolean {
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs
}
