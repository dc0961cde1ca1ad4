// The results of a run as a file: written as JSON, and read again, in part by other versions of this program.
// It must not measure, nor print.

import type { Row } from './figure.ts'

/** A run, with what has to be known to compare it. */
export interface Results {
  /** Of this form. */
  readonly version: 1
  readonly measuredAt: string
  readonly node: string
  readonly machine: string
  readonly isQuick: boolean
  readonly rounds: number
  /** Processes that were running or waiting for a core when it began (mean of a minute), and cores. */
  readonly load: number
  readonly cores: number
  readonly rows: readonly Row[]
  /** Figures that could not be measured. */
  readonly failures: readonly { readonly name: string; readonly error: string }[]
}

/** As JSON. */
export function resultsText(results: Results): string {
  return `${JSON.stringify(results, undefined, 2)}\n`
}

/**
 * From JSON.
 * @param file what it is called in errors
 * @throws Error when it is something else
 */
export function parseResults(text: string, file: string): Results {
  const problem = (what: string): Error =>
    new Error(`${file} is not what \`npm run bench -- --json FILE\` writes: ${what}`)
  let value: Partial<Results> | null
  try {
    value = JSON.parse(text) as Partial<Results> | null
  } catch (error) {
    throw problem((error as Error).message)
  }
  if (typeof value !== 'object' || value === null) throw problem('expected an object')
  if (value.version !== 1) throw problem(`expected version 1, got ${value.version}`)
  if (!Array.isArray(value.rows) || !value.rows.every(isRow)) throw problem('rows are missing or broken')
  return { failures: [], ...value } as Results
}

/** What two runs do not have in common though their figures depend on it, each as a text for people. */
export function differences(before: Results, now: Results): string[] {
  const told: string[] = []
  if (before.isQuick !== now.isQuick) told.push('--quick')
  if (before.machine !== now.machine) told.push(`the machine (${before.machine}, ${now.machine})`)
  if (before.node !== now.node) told.push(`Node.js (${before.node}, ${now.node})`)
  return told
}

function isRow(row: Partial<Row> | null): boolean {
  if (typeof row !== 'object' || row === null || !Array.isArray(row.samples)) return false
  const isText = typeof row.key === 'string' && typeof row.title === 'string' && typeof row.unit === 'string'
  return (
    isText && row.samples.length > 0 && row.samples.every((sample) => typeof sample?.hearsay === 'number')
  )
}
