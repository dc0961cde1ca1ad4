// The files of the flight recorder: what they are called, how large they may be, and how those of earlier runs are moved aside.
// It must not know what is in them.

import { existsSync, renameSync, rmSync } from './node-fs.ts'

/** Earlier runs whose files are kept. */
const RUNS_MAX = 3

/** How much is kept of a run unless told, in bytes: the first two days of an idle node, and its last 16 hours at least. */
export const RECORD_BYTES_MAX = 64 * 1_048_576

/** The least that can be asked for, in bytes: a step may take some KiB. */
export const RECORD_BYTES_MIN = 65_536

/** Where the last steps of a run are. @param file its beginning */
export const tailOf = (file: string): string => `${file}.tail`

/** The steps before those of a tail, when it has been full. */
export const olderTailOf = (tail: string): string => `${tail}.1`

/**
 * Makes room for a new run: FILE.1 becomes that of the last one, with its tails, FILE.2 that of the one before, and so on; the
 * oldest one is removed. @throws Error of `node:fs`
 */
export function moveAside(file: string): void {
  const runs = [file]
  for (let number = 1; number <= RUNS_MAX; number++) runs.push(`${file}.${number}`)
  for (const path of filesOf(runs.at(-1) as string)) rmSync(path, { force: true })
  for (let number = RUNS_MAX; number > 0; number--) {
    const to = filesOf(runs[number] as string)
    for (const [index, from] of filesOf(runs[number - 1] as string).entries()) {
      if (existsSync(from)) renameSync(from, to[index] as string)
    }
  }
}

function filesOf(file: string): string[] {
  const tail = tailOf(file)
  return [file, tail, olderTailOf(tail)]
}
