// Virtual time: what is to happen, in the order of its time, and of its planning where times are equal.
// It must not read a real clock. A binary heap over three arrays side by side: nothing is allocated for an event.
//
// Every moment is a whole number of ticks of 1/1024 ms, so that sums and differences of moments are exact: a timer is
// never early by a rounding error, however far the run is.

/** Something that can be planned again and again without a closure for each time. */
export interface Happening {
  happen(): void
}

/** What can be planned. */
export type Planned = Happening | (() => void)

const TICKS_PER_MS = 1_024

/** See the head of the file. */
export class EventQueue {
  readonly #times: number[] = []
  readonly #orders: number[] = []
  readonly #whats: Planned[] = []
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
  plan(afterMs: number, what: Planned): void {
    this.planAt(this.#nowMs + afterMs, what)
  }

  /** Plans something for a moment. One that has passed is now. */
  planAt(atMs: number, what: Planned): void {
    const index = this.#times.length
    this.#times.push(0)
    this.#orders.push(0)
    this.#whats.push(what)
    const tickMs = Math.ceil(atMs * TICKS_PER_MS) / TICKS_PER_MS
    this.#rise(index, Math.max(this.#nowMs, tickMs), this.#order++, what)
  }

  /** Takes back everything that `isObsolete` says, so that nobody's memory is kept by what would do nothing. */
  remove(isObsolete: (what: Planned) => boolean): void {
    const size = this.#times.length
    let kept = 0
    for (let index = 0; index < size; index++) {
      if (!isObsolete(this.#at(index))) this.#move(index, kept++)
    }
    if (kept === size) return
    this.#times.length = kept
    this.#orders.length = kept
    this.#whats.length = kept
    for (let index = (kept >> 1) - 1; index >= 0; index--) {
      this.#sink(index, this.#times[index] as number, this.#orders[index] as number, this.#at(index))
    }
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
    this.#nowMs = Math.max(this.#nowMs, Math.floor(untilMs * TICKS_PER_MS) / TICKS_PER_MS)
  }

  #endTurn(): void {
    const ends = this.#turnEnds
    this.#turnEnds = []
    for (const what of ends) what.happen()
  }

  #removeFirst(): void {
    const time = this.#times.pop() as number
    const order = this.#orders.pop() as number
    const what = this.#whats.pop() as Planned
    // The last one sinks from the top.
    if (this.#times.length > 0) this.#sink(0, time, order, what)
  }

  /** The hole moves down along the earlier child until what is to be placed fits. */
  #sink(start: number, time: number, order: number, what: Planned): void {
    const size = this.#times.length
    let hole = start
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

  #rise(start: number, time: number, order: number, what: Planned): void {
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

  #at(index: number): Planned {
    return this.#whats[index] as Planned
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number
    this.#orders[to] = this.#orders[from] as number
    this.#whats[to] = this.#whats[from] as Planned
  }

  #place(index: number, time: number, order: number, what: Planned): void {
    this.#times[index] = time
    this.#orders[index] = order
    this.#whats[index] = what
  }
}
