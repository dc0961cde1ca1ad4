// Small arrays from common memory: one of its own for each costs several times what is written into it.
// It must not know what they are for.

/** Cuts arrays from a buffer, and from the next one when it is used up. Takes no memory before the first. */
export class ByteSlab {
  readonly #size: number
  readonly #allocate: (size: number) => ArrayBufferLike
  #buffer: ArrayBufferLike = new ArrayBuffer(0)
  #used = 0
  /** Size of the buffer that there is. */
  #end = 0

  /** @param size of the buffers, in bytes: what one array keeps alive at most. @param allocate how one is had; zeroed unless told */
  constructor(size: number, allocate: (size: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes)) {
    this.#size = size
    this.#allocate = allocate
  }

  /** An array that overlaps no other. @param size at most that of the buffers */
  cut(size: number): Uint8Array {
    if (this.#used + size > this.#end) {
      this.#buffer = this.#allocate(this.#size)
      this.#end = this.#size
      this.#used = 0
    }
    const bytes = new Uint8Array(this.#buffer, this.#used, size)
    this.#used += size
    return bytes
  }
}
