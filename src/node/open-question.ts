// A question that is being answered, for as long as somebody waits for the answer. It must not know what is asked.

import type { Note } from './envelope.ts'
import type { PendingAnswer } from './pending-answers.ts'

/** See the head of the file. */
export class OpenQuestion implements PendingAnswer {
  readonly note: Note
  /** Until when it is waited for, on the clock of the node. */
  readonly deadlineMs: number
  readonly #onExpired: () => void
  #isOver = false
  #isAborted = false
  #controller: AbortController | undefined

  /** @param onExpired called when the deadline has passed and there was no answer. */
  constructor(note: Note, deadlineMs: number, onExpired: () => void) {
    this.note = note
    this.deadlineMs = deadlineMs
    this.#onExpired = onExpired
  }

  /** Whether nobody waits any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Aborted by {@link abort}. Made when it is asked for: most handlers do without. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isAborted) this.#controller.abort()
    return this.#controller.signal
  }

  /** Tells the handler that its answer is not wanted. One that comes all the same goes out. */
  abort(): void {
    this.#isAborted = true
    this.#controller?.abort()
  }

  /** Nobody waits any more: no answer goes out. */
  end(): void {
    this.#isOver = true
    this.abort()
  }

  expire(): void {
    this.#onExpired()
    this.end()
  }
}
