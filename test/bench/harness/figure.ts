// What a figure is, and what comes of measuring it: rows with the samples of each round, and what they say about the aim.
// It must not measure, nor print.

import type { Bench } from './bench.ts'
import { median, rangeOf } from './statistics.ts'

/** Something that can be measured by its name. */
export interface Figure {
  /** What `--only` takes. The words before a hyphen are its groups: `link-64` is of `link`. */
  readonly name: string
  /** One line for `--list`. */
  readonly about: string
  /** Whether `--quick` leaves it out, unless it is asked for by name. Default false. */
  readonly isSlow?: boolean
  /** Measures it. Child processes that are left are ended by the caller. */
  readonly measure: (bench: Bench) => Promise<readonly Row[]>
}

/** What was measured in one round. */
export interface Sample {
  readonly hearsay: number
  readonly reference?: number
}

/** What a figure shall be. `above` and `below` are strict; `at least` and `at most` are not. */
export interface Aim {
  /** Of the ratio to the reference, or of hearsay's own value in the unit of the row. */
  readonly of: 'ratio' | 'value'
  readonly bound: 'at least' | 'at most' | 'above' | 'below'
  readonly limit: number
}

/** One line of the table: what was measured, and how. JSON as it is. */
export interface Row {
  /** Unique, and the same in each run: what rows of two runs are compared by. */
  readonly key: string
  readonly title: string
  /** Of both values: `msgs/s`, `ms`. */
  readonly unit: string
  readonly better: 'more' | 'less'
  /** What the reference is; absent: there is none. */
  readonly reference?: string
  readonly aim?: Aim
  /** In place of an aim that one number cannot say. */
  readonly verdict?: { readonly aim: string; readonly isMet: boolean }
  /** In place of the range of the samples. */
  readonly spread?: string
  /** At least one, in the order of the rounds. */
  readonly samples: readonly Sample[]
}

/** A row in a few numbers. */
export interface Summary {
  /** Medians. */
  readonly hearsay: number
  readonly reference: number | undefined
  /** Median of the ratios of hearsay to its reference in the same round. */
  readonly ratio: number | undefined
  /** Of the ratios; of hearsay's values where there is no reference. */
  readonly min: number
  readonly max: number
  /** `undefined` without an aim, or when what it is about was not measured. */
  readonly isMet: boolean | undefined
}

/** The ratio to the reference shall be at least this. */
export const ratioAtLeast = (limit: number): Aim => ({ of: 'ratio', bound: 'at least', limit })
/** The ratio to the reference shall be at most this. */
export const ratioAtMost = (limit: number): Aim => ({ of: 'ratio', bound: 'at most', limit })
/** The value shall be at most this, in the unit of the row. */
export const atMost = (limit: number): Aim => ({ of: 'value', bound: 'at most', limit })
/** The value shall be below this, in the unit of the row. */
export const below = (limit: number): Aim => ({ of: 'value', bound: 'below', limit })

/** The ratios of the rounds in which both sides were measured. */
export function ratiosOf(samples: readonly Sample[]): number[] {
  return samples.flatMap(({ hearsay, reference }) => (reference === undefined ? [] : [hearsay / reference]))
}

/** Medians, range, and whether the aim is met. */
export function summaryOf({ samples, aim, verdict }: Row): Summary {
  const values = samples.map((sample) => sample.hearsay)
  const ratios = ratiosOf(samples)
  const references = samples.flatMap(({ reference }) => (reference === undefined ? [] : [reference]))
  const hearsay = median(values)
  const reference = references.length === 0 ? undefined : median(references)
  const ratio = ratios.length === 0 ? undefined : median(ratios)
  const looked = aim?.of === 'ratio' ? ratio : hearsay
  const isMet = verdict?.isMet ?? (aim === undefined || looked === undefined ? undefined : holds(aim, looked))
  return { hearsay, reference, ratio, ...rangeOf(ratios.length === 0 ? values : ratios), isMet }
}

function holds({ bound, limit }: Aim, value: number): boolean {
  switch (bound) {
    case 'at least':
      return value >= limit
    case 'at most':
      return value <= limit
    case 'above':
      return value > limit
    case 'below':
      return value < limit
  }
}
