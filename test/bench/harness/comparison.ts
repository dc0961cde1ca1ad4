// What has changed from one run to another: row by row, and whether by more than the rounds of each run differ among
// themselves. Rows with a reference are compared by their ratio, which a faster or slower machine changes less.
// It must not print.

import { type Row, ratiosOf } from './figure.ts'
import { median, rangeOf } from './statistics.ts'

/** A row of one run or both. */
export type Change =
  | { readonly type: 'new' | 'gone'; readonly title: string }
  | {
      readonly type: 'both'
      readonly title: string
      /** What is compared. */
      readonly of: 'ratio' | 'value'
      /** Medians. */
      readonly before: number
      readonly now: number
      /** From before to now. */
      readonly percent: number
      /** Whether each median is outside of the range of the other run. */
      readonly isBeyondSpread: boolean
      readonly isBetter: boolean
    }

/** Compares, in the order of `now`; what is only in `before` comes last. */
export function compareRows(before: readonly Row[], now: readonly Row[]): Change[] {
  const earlier = new Map(before.map((row) => [row.key, row]))
  const changes = now.map((row): Change => {
    const old = earlier.get(row.key)
    earlier.delete(row.key)
    return old === undefined ? { type: 'new', title: row.title } : changeOf(old, row)
  })
  const gone = [...earlier.values()].map((row): Change => ({ type: 'gone', title: row.title }))
  return [...changes, ...gone]
}

/** With fewer samples nothing is said about a change. */
const SAMPLES_MIN = 3

function changeOf(old: Row, row: Row): Change {
  const ratios = [ratiosOf(old.samples), ratiosOf(row.samples)] as const
  const of = ratios.every((list) => list.length > 0) ? 'ratio' : 'value'
  const [olds, news] =
    of === 'ratio' ? ratios : [old, row].map(({ samples }) => samples.map(({ hearsay }) => hearsay))
  const [before, now] = [median(olds as number[]), median(news as number[])]
  const isOutside = (value: number, values: readonly number[]): boolean => {
    const { min, max } = rangeOf(values)
    return value < min || value > max
  }
  return {
    type: 'both',
    title: row.title,
    of,
    before,
    now,
    percent: now === before ? 0 : (100 * (now - before)) / Math.abs(before),
    // One sample has no spread.
    isBeyondSpread:
      Math.min(olds?.length ?? 0, news?.length ?? 0) >= SAMPLES_MIN &&
      isOutside(now, olds as number[]) &&
      isOutside(before, news as number[]),
    isBetter: row.better === 'more' ? now > before : now < before,
  }
}
