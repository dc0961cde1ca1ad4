// Virtual time: what is to happen, in the order of its time, and of its planning where times are equal.
// It must not read a real clock. A binary heap over three arrays side by side: nothing is allocated for an event.

/** Something that can be planned again and again without a closure for each time. */
export interface Happening {
  happen(): void
}

/** See the head of the file. */
export class EventQueue {
  readonly #times: number[] = []
  readonly #orders: number[] = []
  readonly #whats: (Happening | (() => void))[] = []
  #turnEnds: Happening[] = []
  #nowMs = 0
  #order = 0

  /** Virtual time in ms since the start. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** How much is planned. */
  get size(): number {
    return this.#times.length + this.#turnEnds.length
  }

  /** When the next planned event is due; `undefined`: nothing is planned. */
  get nextMs(): number | undefined {
    return this.#turnEnds.length > 0 ? this.#nowMs : this.#times[0]
  }

  /** Plans something. A time that has passed is now. */
  plan(afterMs: number, what: Happening | (() => void)): void {
    this.planAt(this.#nowMs + afterMs, what)
  }

  /** Plans something for a moment. One that has passed is now. */
  planAt(atMs: number, what: Happening | (() => void)): void {
    const index = this.#times.length
    this.#times.push(0)
    this.#orders.push(0)
    this.#whats.push(what)
    this.#rise(index, Math.max(this.#nowMs, atMs), this.#order++, what)
  }

  /**
   * Plans something for the end of this turn: behind the event that is running, and before any other. What is planned
   * while none runs comes first of all.
   */
  atTurnEnd(what: Happening): void {
    this.#turnEnds.push(what)
  }

  /** Moves on to the next event and runs it; false when there is none. */
  step(): boolean {
    if (this.#turnEnds.length > 0) {
      this.#endTurn()
      return true
    }
    const what = this.#whats[0]
    if (what === undefined) return false
    this.#nowMs = this.#times[0] as number
    this.#removeFirst()
    if (typeof what === 'function') what()
    else what.happen()
    if (this.#turnEnds.length > 0) this.#endTurn()
    return true
  }

  /** Runs everything that is due until then, and moves the clock there. */
  runTo(untilMs: number): void {
    while ((this.nextMs ?? Number.POSITIVE_INFINITY) <= untilMs) this.step()
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #endTurn(): void {
    const ends = this.#turnEnds
    this.#turnEnds = []
    for (const what of ends) what.happen()
  }

  #removeFirst(): void {
    const time = this.#times.pop() as number
    const order = this.#orders.pop() as number
    const what = this.#whats.pop() as Happening
    const size = this.#times.length
    if (size === 0) return
    // The last one sinks from the top: the hole moves down along the earlier child until it fits.
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= size) break
      if (child + 1 < size && this.#isEarlier(child + 1, child)) child++
      const childTime = this.#times[child] as number
      if (time < childTime || (time === childTime && order < (this.#orders[child] as number))) break
      this.#move(child, hole)
      hole = child
    }
    this.#place(hole, time, order, what)
  }

  #rise(start: number, time: number, order: number, what: Happening | (() => void)): void {
    let hole = start
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      // What is planned later comes later where times are equal.
      if ((this.#times[parent] as number) <= time) break
      this.#move(parent, hole)
      hole = parent
    }
    this.#place(hole, time, order, what)
  }

  #isEarlier(a: number, b: number): boolean {
    const timeA = this.#times[a] as number
    const timeB = this.#times[b] as number
    return timeA === timeB ? (this.#orders[a] as number) < (this.#orders[b] as number) : timeA < timeB
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number
    this.#orders[to] = this.#orders[from] as number
    this.#whats[to] = this.#whats[from] as Happening
  }

  #place(index: number, time: number, order: number, what: Happening | (() => void)): void {
    this.#times[index] = time
    this.#orders[index] = order
    this.#whats[index] = what
  }
}
