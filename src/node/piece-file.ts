// A file that is written piece by piece: each is whole on the disk when it is written, or else the write has thrown.
// It must not know what a piece is.

import { closeSync, openSync, writeSync } from './node-fs.ts'

/** See the head of the file. */
export class PieceFile {
  readonly #descriptor: number
  #bytes = 0
  #isOpen = true

  /** What was in the file is gone. @throws Error of `node:fs` */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'w')
  }

  /** What has been written. */
  get bytes(): number {
    return this.#bytes
  }

  /** @throws Error of `node:fs`, such as that of a full disk; a part of the piece may be in the file then */
  write(piece: Uint8Array): void {
    // The disk that gets full in the midst of a piece says so with the next write only.
    for (let written = 0; written < piece.length; ) written += writeSync(this.#descriptor, piece, written)
    this.#bytes += piece.length
  }

  /** Nothing can be written any more. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    closeSync(this.#descriptor)
  }
}
