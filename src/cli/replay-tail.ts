// The last steps of a run, as they were recorded: no core can be run from the middle.
// It must not run anything, nor know where the lines come from.

import {
  type RecordedRun,
  type RecordingLine,
  TAIL_FORMAT,
  type TailHead,
  type TailStep,
} from '../node/recording.ts'
import type { Output } from './context.ts'
import { isShown, type Shown, type Steps, type Taken, writeBroken, writeStep } from './replay-step.ts'

/** See the head of the file. */
export class TailReplay {
  readonly #out: Output
  readonly #shown: Shown
  readonly #head: TailHead
  #count = 0
  #lastStep: number
  #lastMs = 0
  #firstMs: number | undefined

  /** @param older the file that has the steps before the first one */
  constructor(
    head: TailHead,
    {
      out,
      shown,
      older,
    }: { readonly out: Output; readonly shown: Shown; readonly older: string | undefined },
  ) {
    this.#out = out
    this.#shown = shown
    this.#head = head
    this.#lastStep = head.afterStep
    const before = older === undefined ? '' : ` Those before them are in ${older}.`
    out.write(`The steps after step ${head.afterStep}, as they were recorded and not run again.${before}\n`)
  }

  /** Those that were there. */
  get steps(): Steps {
    return { first: this.#head.afterStep + 1, last: this.#lastStep }
  }

  /** One more line. A tail may be followed by another one of the run. */
  take(line: RecordingLine | undefined): Taken {
    if (line !== undefined && 'step' in line) {
      this.#step(line)
      return 'taken'
    }
    if (line !== undefined && isTailOf(this.#head, line)) return 'taken'
    writeBroken(this.#out, this.#lastStep)
    return 'unreadable'
  }

  /** Says what there was. */
  end(): boolean {
    const seconds = ((this.#lastMs - (this.#firstMs ?? 0)) / 1_000).toFixed(1)
    const last = this.#count === 0 ? '' : `, the last one is step ${this.#lastStep}`
    this.#out.write(`${this.#count} steps over ${seconds} s${last}. They were not run again.\n`)
    return true
  }

  #step({ step, nowMs, input, effects }: TailStep): void {
    this.#checkOrder(step)
    this.#count++
    this.#firstMs ??= nowMs
    this.#lastMs = nowMs
    if (isShown(this.#shown, step))
      writeStep(this.#out, { step, nowMs, name: this.#head.identity.name, input, effects: effects ?? [] })
    if (effects === undefined) this.#out.write(`In step ${step} the core threw.\n`)
  }

  #checkOrder(step: number): void {
    const last = this.#lastStep
    this.#lastStep = step
    if (step === last + 1) return
    const missing = step - last - 1
    if (missing > 0) this.#out.write(`Between step ${last} and step ${step}, ${missing} steps are missing.\n`)
    else this.#out.write(`Step ${step} follows step ${last}: the files are not in their order.\n`)
  }
}

/** Whether a file that begins so is a tail of this run. */
export function isTailOf({ identity }: RecordedRun, head: RecordingLine): head is TailHead {
  return 'format' in head && head.format === TAIL_FORMAT && head.identity.instance === identity.instance
}
