// Texts from bytes, without a new string and a new check of their syntax for each: a relay sees the same few names
// again and again, and a node with every version of a record the same URL.
// It must not grow: a cache has a fixed number of slots, and a colliding text takes the slot over. Nothing that a caller
// can see depends on what is in it, except time.

// They hold most of a large overlay; direct-mapped, so a look-up is one hash and one comparison.
const SLOTS = 4_096

/** Texts of one syntax; see the head of the file. */
export class TextCache<T extends string> {
  readonly #parse: (text: string) => T | undefined
  readonly #charsMax: number
  readonly #slots: (T | undefined)[] = new Array(SLOTS).fill(undefined)

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
    let hash = length
    for (let i = start; i < start + length; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const cached = this.#slots[slot]
    // Only valid texts get in, so a hit needs no check of the syntax.
    if (cached !== undefined && isSame(cached, bytes, start, length)) return cached
    let text = ''
    // Bytes above 127 become Latin-1 letters, which the syntax does not have either.
    for (let i = start; i < start + length; i++) text += String.fromCharCode(bytes[i] as number)
    const parsed = this.#parse(text)
    if (parsed !== undefined) this.#slots[slot] = parsed
    return parsed
  }
}

function isSame(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
