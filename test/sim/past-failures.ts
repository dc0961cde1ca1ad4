// What both swarms have failed on once: `regression-seeds.json`.

import { readFileSync } from 'node:fs'

/** A seed that failed once, and why. */
export interface PastFailure {
  readonly seed: number
  readonly story: string
  /** Of the swarm of programs, and not of that of the core. */
  readonly programs?: boolean
}

/** All of them. */
export const PAST = JSON.parse(
  readFileSync(new URL('regression-seeds.json', import.meta.url), 'utf8'),
) as readonly PastFailure[]
