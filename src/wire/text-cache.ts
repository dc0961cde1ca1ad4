// Texts from bytes, without a new string and a new check of their syntax for each: a relay sees the same few names
// again and again, and a node with every version of a record the same URL.
// It must not grow beyond a fixed number of slots: a colliding text takes the slot over. Nothing that a caller can see
// depends on what is in it, except time and memory.

import { hashOf } from './byte-hash.ts'

// Direct-mapped, so a look-up is one hash and one comparison.
const SLOTS_MIN = 4_096
/**
 * A thousand nodes in one process that each keep a copy of a name, a URL and an instance of each other take hundreds of
 * bytes a pair: where texts take turns in a slot there are more slots.
 */
const SLOTS_MAX = 65_536

/** Texts of one syntax; see the head of the file. */
export class TextCache<T extends string> {
  readonly #parse: (text: string) => T | undefined
  readonly #charsMax: number
  #slots: (T | undefined)[] = new Array(SLOTS_MIN).fill(undefined)
  /** Texts that have taken a slot over since there were so many. */
  #takenOver = 0

  /**
   * @param parse the text, or `undefined` when it breaks the syntax, which has no characters above 127.
   * @param charsMax of the longest one.
   */
  constructor(parse: (text: string) => T | undefined, charsMax: number) {
    this.#parse = parse
    this.#charsMax = charsMax
  }

  /** The text in `length` bytes from `start`, or `undefined` when they break the syntax. They must be within `bytes`. */
  read(bytes: Uint8Array, start: number, length: number): T | undefined {
    if (length === 0 || length > this.#charsMax) return undefined
    const hash = hashOf(bytes, start, start + length)
    const slot = (hash ^ (hash >>> 15)) & (this.#slots.length - 1)
    const cached = this.#slots[slot]
    // Only valid texts get in, so a hit needs no check of the syntax.
    if (cached !== undefined && isSame(cached, bytes, start, length)) return cached
    // Bytes above 127 become Latin-1 letters, which the syntax does not have either.
    const parsed = this.#parse(String.fromCharCode(...bytes.subarray(start, start + length)))
    if (parsed === undefined) return undefined
    this.#slots[slot] = parsed
    if (cached !== undefined && ++this.#takenOver > this.#slots.length / 2) this.#grow()
    return parsed
  }

  /** What was in it comes in again. */
  #grow(): void {
    this.#takenOver = 0
    const { length } = this.#slots
    if (length < SLOTS_MAX) this.#slots = new Array(2 * length).fill(undefined)
  }
}

function isSame(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
