// The options that a program gives with one call: whether there are such options. A misspelled one would be lost in silence:
// `deadlineMS` would wait for ten seconds. And what those may be that most calls have.
// Every message comes by here, so nothing is made of options that are right.

import { HearsayError } from '../errors.ts'
import { optionProblem } from '../settings.ts'
import type { BroadcastOptions } from './casting.ts'
import { refuse } from './member-options.ts'
import type { HistoryOptions } from './past.ts'
import type { SendOptions } from './sending.ts'

const SEND: Record<keyof SendOptions, true> = {
  deadlineMs: true,
  sender: true,
  traceparent: true,
  signal: true,
}
const CAST: Record<keyof BroadcastOptions, true> = { ...SEND, receipts: true }
const HISTORY: Record<keyof HistoryOptions, true> = { deadlineMs: true, signal: true, from: true }

/** The options of each call. */
const CALLS = {
  send: SEND,
  cast: CAST,
  history: HISTORY,
  trace: { deadlineMs: true },
  messages: { bufferMax: true },
} as const

/** The same options. @throws HearsayError `invalid-option` for what is no object, and for an option that the call has not */
export function checked<T extends object>(call: keyof typeof CALLS, options: T): T {
  const known: Readonly<Record<string, true>> = CALLS[call]
  if (typeof options !== 'object' || options === null || Array.isArray(options) || hasOthers(options, known))
    refuse(optionProblem('', options, known))
  return options
}

function hasOthers(options: object, known: Readonly<Record<string, true>>): boolean {
  for (const key in options) if (known[key] !== true) return true
  return false
}

/** @throws HearsayError `invalid-option` */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return
  throw new HearsayError('invalid-option', 'signal: expected an AbortSignal')
}

/**
 * @param maxMs the longest that may be asked for
 * @throws HearsayError `invalid-option`
 */
export function checkDeadline(deadlineMs: number | undefined, maxMs: number): void {
  if (deadlineMs === undefined) return
  if (Number.isInteger(deadlineMs) && deadlineMs > 0 && deadlineMs <= maxMs) return
  throw new HearsayError(
    'invalid-option',
    `deadlineMs: ${deadlineMs} is not a whole number of ms from 1 to ${maxMs}`,
  )
}
