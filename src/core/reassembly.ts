// The messages of one run of an origin in the order of their numbers: what comes early is held until what is missing
// before it has come, or was given up by the origin.
// It must not know links or acknowledgements. In order it costs two comparisons a message, and holds nothing.
//
// H1  every number below `next` was handed over or given up; `next` never moves back
// H2  what is held lies in (next, next + span), or at `next` until {@link Reassembly.take} has handed it out
// H3  what is held is a copy, and all windows of a node together hold no more than their budget
//
// Selective acknowledgement: RFC 2018. As there (section 8), what was told as held may be let go again: only the
// cumulative number binds.

import type { Direct } from './messages.ts'

/** What holding a message costs beside its payload: an entry of a map and two objects. */
export const HELD_OVERHEAD_BYTES = 128

/** How many bytes the windows of one node may hold together. */
export class HeldBudget {
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** What is held, overhead included. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes room for a payload of this size; false when there is none. */
  take(payloadBytes: number): boolean {
    const bytes = this.#bytes + payloadBytes + HELD_OVERHEAD_BYTES
    if (bytes > this.#bytesMax) return false
    this.#bytes = bytes
    return true
  }

  /** Gives the room back. */
  give(payloadBytes: number): void {
    this.#bytes -= payloadBytes + HELD_OVERHEAD_BYTES
  }
}

/** A message that waits for its turn. */
export type Held = Pick<Direct, 'payload' | 'hops'>

/** What is to be done with a number: its turn, too early, handed over or held before, or too far ahead. */
export type Place = 'next' | 'early' | 'seen' | 'beyond'

/** See the head of the file. */
export class Reassembly {
  readonly #span: number
  readonly #budget: HeldBudget
  /** There exactly as long as something is held: most origins never need it. */
  #held: Map<number, Held> | undefined
  #next = 1
  /** No number above this one is held. */
  #highest = 0

  /** @param spanMax how far above the lowest missing number another one may lie, both included */
  constructor(spanMax: number, budget: HeldBudget) {
    this.#span = spanMax
    this.#budget = budget
  }

  /** The lowest number that was neither handed over nor given up. */
  get next(): number {
    return this.#next
  }

  /** How many messages are held. */
  get size(): number {
    return this.#held?.size ?? 0
  }

  /** Says what is to be done with a number, and changes nothing. What {@link take} gives is to be taken before. */
  placeOf(sequence: number): Place {
    if (sequence === this.#next) return 'next'
    if (sequence < this.#next || this.#held?.has(sequence)) return 'seen'
    return sequence < this.#next + this.#span ? 'early' : 'beyond'
  }

  /** Holds a copy of an early message: its bytes are part of a whole bundle. False when the budget has no room. */
  hold({ sequence, payload, hops }: Pick<Direct, 'sequence' | 'payload' | 'hops'>): boolean {
    if (!this.#budget.take(payload.length)) return false
    this.#held ??= new Map()
    this.#held.set(sequence, { payload: new Uint8Array(payload), hops })
    if (sequence > this.#highest) this.#highest = sequence
    return true
  }

  /** Takes out the message whose turn it is; `undefined` when it has not come. {@link advance} then moves on. */
  take(): Held | undefined {
    const held = this.#held?.get(this.#next)
    if (held !== undefined) this.#letGo(this.#next, held)
    return held
  }

  /** `next` is handed over. */
  advance(): void {
    this.#next++
  }

  /** The origin has given up all below `floor`. Returns the numbers that were held there and will not be handed over. */
  skipTo(floor: number): number[] {
    if (floor <= this.#next) return []
    this.#next = floor
    return this.#letGoBelow(floor)
  }

  /** Lets go of everything, as if it had never come. Returns the numbers. */
  clear(): number[] {
    return this.#letGoBelow(Number.POSITIVE_INFINITY)
  }

  /** What is held above {@link next}, as `[first, behindLast]`, ascending; the lowest `countMax` of them. */
  ranges(countMax: number): [number, number][] {
    const ranges: [number, number][] = []
    if (this.#held === undefined) return ranges
    for (let sequence = this.#next + 1; sequence <= this.#highest; sequence++) {
      if (!this.#held.has(sequence)) continue
      const last = ranges.at(-1)
      if (last !== undefined && last[1] === sequence) last[1]++
      else if (ranges.length === countMax) break
      else ranges.push([sequence, sequence + 1])
    }
    return ranges
  }

  #letGoBelow(floor: number): number[] {
    const sequences: number[] = []
    for (const [sequence, held] of this.#held ?? []) {
      if (sequence >= floor) continue
      this.#letGo(sequence, held)
      sequences.push(sequence)
    }
    return sequences
  }

  #letGo(sequence: number, { payload }: Held): void {
    this.#held?.delete(sequence)
    if (this.#held?.size === 0) this.#held = undefined
    this.#budget.give(payload.length)
  }
}
