// Which numbers of a sequence have been seen: one boundary below which all count as seen, and a bit for each number in
// a span above it. In order it costs one comparison a number and no bits at all.
//
// W1  every number below `next` is seen, `next` itself is not
// W2  every number held above is in (next, next + span)
// W3  there are bits exactly as long as something is held above, and for at most twice as many numbers as lie between:
//     most gaps are of a few messages, and a node has a window for each of all others

/** Numbers for which there are bits at first. */
const BITS_MIN = 32

/** A window over sequence numbers from 1 up. */
export class SequenceWindow {
  readonly #span: number
  #next = 1
  #bits: Uint32Array | undefined
  #held = 0
  #highest = 0

  /** @param spanMax how far above the lowest unseen number another one may lie; rounded up to a multiple of 32. */
  constructor(spanMax: number) {
    this.#span = Math.ceil(spanMax / 32) * 32
  }

  /** How far above {@link next} a number may lie: `next + span` is beyond. */
  get span(): number {
    return this.#span
  }

  /** The lowest number that was not seen (and not skipped). */
  get next(): number {
    return this.#next
  }

  /** How many numbers are held above {@link next}. */
  get held(): number {
    return this.#held
  }

  /** Marks `sequence` as seen. `beyond`: it lies outside of the window and nothing was changed. */
  add(sequence: number): 'new' | 'seen' | 'beyond' {
    if (sequence < this.#next) return 'seen'
    if (sequence >= this.#next + this.#span) return 'beyond'
    if (sequence > this.#next) return this.#hold(sequence) ? 'new' : 'seen'
    this.#next++
    this.#swallow()
    return 'new'
  }

  /** Whether `sequence` counts as seen. */
  has(sequence: number): boolean {
    if (sequence < this.#next) return true
    return sequence < this.#next + this.#span && this.#bit(sequence)
  }

  /** From now on every number below `floor` counts as seen. Never moves back. */
  skipTo(floor: number): void {
    if (floor <= this.#next) return
    if (floor > this.#highest) this.#drop()
    else for (let sequence = this.#next; sequence < floor; sequence++) this.#release(sequence)
    this.#next = floor
    this.#swallow()
  }

  #swallow(): void {
    while (this.#held > 0 && this.#bit(this.#next)) this.#release(this.#next++)
  }

  #bit(sequence: number): boolean {
    const bits = this.#bits
    if (bits === undefined || sequence > this.#highest) return false
    const index = sequence % (bits.length * 32)
    return ((bits[index >>> 5] as number) & (1 << (index & 31))) !== 0
  }

  #hold(sequence: number): boolean {
    if (this.#bit(sequence)) return false
    this.#grow(sequence)
    this.#set(sequence)
    this.#held++
    if (sequence > this.#highest) this.#highest = sequence
    return true
  }

  #set(sequence: number): void {
    const bits = this.#bits as Uint32Array
    const index = sequence % (bits.length * 32)
    bits[index >>> 5] = (bits[index >>> 5] as number) | (1 << (index & 31))
  }

  /** Makes room for this number. */
  #grow(sequence: number): void {
    const before = this.#bits
    let size = before === undefined ? Math.min(BITS_MIN, this.#span) : before.length * 32
    if (before !== undefined && sequence - this.#next < size) return
    while (sequence - this.#next >= size) size *= 2
    const held: number[] = []
    for (let at = this.#next; at <= this.#highest; at++) if (this.#bit(at)) held.push(at)
    this.#bits = new Uint32Array(Math.min(size, this.#span) >>> 5)
    for (const at of held) this.#set(at)
  }

  #release(sequence: number): void {
    if (!this.#bit(sequence)) return
    const bits = this.#bits as Uint32Array
    const index = sequence % (bits.length * 32)
    bits[index >>> 5] = (bits[index >>> 5] as number) & ~(1 << (index & 31))
    if (--this.#held === 0) this.#drop()
  }

  #drop(): void {
    this.#bits = undefined
    this.#held = 0
    this.#highest = 0
  }
}
