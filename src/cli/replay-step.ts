// One step of a recording, as text for people. It must not know whether it was run again.

import type { Effect, Input } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import { type TraceLine, traceOf, traceText } from '../sim/trace.ts'
import type { Output } from './context.ts'

/** Which steps are shown, and after which one the state. */
export interface Shown {
  readonly from: number
  /** `undefined`: all further ones. */
  readonly to: number | undefined
  readonly state: number | undefined
}

/** The steps of a file. */
export interface Steps {
  readonly first: number
  /** Less than the first one: there are none. */
  readonly last: number
}

/** What a line was: one that another may follow, the last one of its file, or none. */
export type Taken = 'taken' | 'last' | 'unreadable'

/** A step to be shown. */
export interface ShownStep {
  readonly step: number
  readonly nowMs: number
  readonly name: NodeName
  readonly input: Input
  readonly effects: readonly Effect[]
}

/** Whether a step is to be shown. */
export function isShown({ from, to }: Shown, step: number): boolean {
  return step >= from && (to === undefined || step <= to)
}

/** What of these cannot be shown of a file with these steps, in one sentence; `undefined`: nothing. */
export function notThere({ from, to, state }: Shown, { first, last }: Steps): string | undefined {
  const there = last < first ? 'it has no steps' : `its steps are ${first} to ${last}`
  if (state !== undefined && (state < first || state > last)) return `There is no step ${state}: ${there}.`
  const isNoneAsked = to === 0
  if (isNoneAsked || (from <= last && (to === undefined || to >= first))) return undefined
  // All of a file that has none.
  if (from === 1 && to === undefined) return undefined
  return `There is no step ${from > last ? from : to}: ${there}.`
}

/** Writes that a recording ends before its end. */
export function writeBroken(out: Output, lastStep: number): void {
  out.write(
    `After step ${lastStep} the recording cannot be read: its process has ended there, or the file is damaged.\n`,
  )
}

/** Writes what came in, what was to be done, and what was told. */
export function writeStep(out: Output, { step, nowMs, name, input, effects }: ShownStep): void {
  out.write(`#${step}\n`)
  const onLine = (line: TraceLine) => void out.write(`${traceText(line)}\n`)
  traceOf({ nowMs: () => nowMs, onLine }).onHandled({ name }, input, effects)
}
