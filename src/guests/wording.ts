// Parts of sentences that several answers to guests are made of. Pure functions; it must not know what is answered.

import { told } from '../answers.ts'
import { REASONS, type RequestFailure } from '../core/reasons.ts'
import type { JsonValue } from '../wire/payload.ts'
import { printable, printableValue } from '../wire/printable.ts'

/** How much of a message is repeated to tell two outcomes apart. */
const EXCERPT_CHARS_MAX = 30

const collator = new Intl.Collator('en', { numeric: true })

/** node2 before node10. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return collator.compare(a.name, b.name)
}

/** Something that did not work, as answers have it. */
export interface Failed {
  readonly reason: RequestFailure
  /** The node that said so. */
  readonly at: string
  /** What that node says about it, for people. */
  readonly error?: string
}

/** An answer's own keys, with a sentence for people where it failed. */
export function resultOf(answer: { readonly status: string }): Readonly<Record<string, unknown>> {
  return isFailed(answer) ? { ...answer, error: answer.error ?? REASONS[answer.reason].text } : told(answer)
}

/** Every answer that failed says why. */
function isFailed(answer: { readonly status: string }): answer is { readonly status: 'failed' } & Failed {
  return answer.status === 'failed'
}

/** What happened, the reason and who says so. */
export function failureText({ reason, at, error }: Failed): string {
  // The one mistake that a guest makes and can mend at once; the advice of the others would only make the line long.
  const hint = reason === 'unknown-peer' ? '; /peers lists all that are' : ''
  const text = error === undefined ? REASONS[reason].text : printable(error)
  return `${text}${hint} (${reason}, says ${printable(at)})`
}

/** How far and how fast. */
export function wayText({ hops, rttMs }: { readonly hops: number; readonly rttMs: number }): string {
  return `${hopsText(hops)}, ${msText(rttMs)}`
}

/** `2 hops`. */
export function hopsText(hops: number): string {
  return count(hops, 'hop')
}

/** A number of things that are called `word`. */
export function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}

/** Some milliseconds. */
export function msText(ms: number): string {
  return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** The first names of a list, `''` for none. */
export function namesText(names: readonly string[]): string {
  return printable(names.slice(0, 10).join(', ')) + (names.length > 10 ? ', …' : '')
}

/** The beginning of a message. */
export function excerptOf(message: JsonValue): string {
  const text = printableValue(message)
  return text.length > EXCERPT_CHARS_MAX ? printable(`${text.slice(0, EXCERPT_CHARS_MAX)}…`) : text
}
