// A question that is being answered, for as long as somebody waits for the answer. It must not know what is asked.

import type { Note } from './envelope.ts'
import type { PendingAnswer } from './pending-answers.ts'

/** What becomes of a question. */
interface QuestionParts {
  /** The run of the node that asks. */
  readonly run: number
  /** Until when it is waited for, on the clock of the node. */
  readonly deadlineMs: number
  /** The deadline has passed, and there was no answer. */
  readonly onExpired: (question: OpenQuestion) => void
}

/** See the head of the file. */
export class OpenQuestion implements PendingAnswer {
  readonly note: Note
  readonly run: number
  readonly deadlineMs: number
  readonly #onExpired: QuestionParts['onExpired']
  #isOver = false
  #hasLeft = false
  #controller: AbortController | undefined

  constructor(note: Note, { run, deadlineMs, onExpired }: QuestionParts) {
    this.note = note
    this.run = run
    this.deadlineMs = deadlineMs
    this.#onExpired = onExpired
  }

  /** Whether nobody waits any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether nobody waits any more because the asker is gone, by all that is known. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  /** Aborted when nobody waits any more. Made when it is asked for: most handlers do without. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isOver) this.#controller.abort()
    return this.#controller.signal
  }

  /** Tells the handler that its answer is not wanted. */
  abort(): void {
    this.#controller?.abort()
  }

  /** Nobody waits any more. */
  end(): void {
    this.#isOver = true
    this.abort()
  }

  /** The asker is gone. */
  leave(): void {
    this.#hasLeft = true
    this.end()
  }

  expire(): void {
    this.#onExpired(this)
    this.end()
  }
}
