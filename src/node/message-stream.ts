// Messages as an async iterable: what has come and was not taken yet waits, bounded.
// It must not know where they come from.

/** Takes messages from one side, gives them to the other. One reader. */
export class MessageStream<T> implements AsyncIterableIterator<T> {
  readonly #bufferMax: number
  readonly #onEnd: () => void
  readonly #onLost: (message: T, why: string) => void
  #buffer: T[] = []
  #reader: ((result: IteratorResult<T>) => void) | undefined
  #isEnded = false

  /**
   * @param bufferMax how many wait at most. @param parts `onEnd`: nothing is wanted any more; `onLost`: the reader will
   * not see one, which found no room, or waited when the reader left.
   */
  constructor(bufferMax: number, parts: { onEnd: () => void; onLost: (message: T, why: string) => void }) {
    this.#bufferMax = bufferMax
    this.#onEnd = parts.onEnd
    this.#onLost = parts.onLost
  }

  /** How many more messages it takes now. */
  get room(): number {
    return this.#bufferMax - this.#buffer.length + (this.#reader === undefined ? 0 : 1)
  }

  /** A message has come; false when there was no room for it. @param promised room that is for others */
  push(message: T, promised = 0): boolean {
    if (this.#isEnded || this.room <= promised) {
      this.#onLost(message, 'its reader has no room')
      return false
    }
    const reader = this.#reader
    this.#reader = undefined
    if (reader !== undefined) reader({ done: false, value: message })
    else this.#buffer.push(message)
    return true
  }

  /** Nothing comes any more: the reader gets what waits, and then the end. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#reader?.({ done: true, value: undefined })
    this.#reader = undefined
    this.#onEnd()
  }

  next(): Promise<IteratorResult<T>> {
    const waiting = this.#buffer.shift()
    if (waiting !== undefined) return Promise.resolve({ done: false, value: waiting })
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined })
    if (this.#reader !== undefined)
      return Promise.reject(new TypeError('messages() has one reader at a time'))
    return new Promise((resolve) => {
      this.#reader = resolve
    })
  }

  /** `break` out of a loop: what waits is let go, and counted as dropped. Its senders were told that it was delivered. */
  return(): Promise<IteratorResult<T>> {
    const left = this.#buffer
    this.#buffer = []
    this.end()
    for (const message of left) this.#onLost(message, 'it waited, and its reader has left')
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.return().then(() => {})
  }
}
