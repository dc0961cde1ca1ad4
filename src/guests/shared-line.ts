// One line for many guests. It must not know who they are.

import type { LineForm } from '../wire/line-requests.ts'
import * as answers from './answers.ts'

/** A line for many guests, encoded once for each form that one of them needs. */
export class SharedLine {
  readonly #answer: answers.Answer
  readonly #bytes = new Map<LineForm, Buffer>()

  constructor(answer: answers.Answer) {
    this.#answer = answer
  }

  /** The line as UTF-8. Not to be changed. */
  bytes(form: LineForm): Buffer {
    let bytes = this.#bytes.get(form)
    if (bytes === undefined) {
      bytes = Buffer.from(answers.lineOf(this.#answer, form))
      this.#bytes.set(form, bytes)
    }
    return bytes
  }
}
