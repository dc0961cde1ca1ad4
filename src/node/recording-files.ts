// The files of the flight recorder: what they are called, how large they may be, and how those of earlier runs are moved aside.
// It must not know what is in them.

import { lstatSync, renameSync, rmSync } from './node-fs.ts'

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

/** Where a run begins that has not taken its place yet. @param file its place */
export const newOf = (file: string): string => `${file}.new`

/** Who records. @param file the beginning of the run */
export const lockOf = (file: string): string => `${file}.lock`

/** The beginnings of a run and of those before it, the last one first. @param file the beginning of the run */
export function runsOf(file: string): string[] {
  return [file, ...Array.from({ length: RUNS_MAX }, (_, index) => `${file}.${index + 1}`)]
}

/** The files of one run: its beginning, its tail, and the older one. @param file its beginning */
export function filesOf(file: string): [beginning: string, tail: string, olderTail: string] {
  const tail = tailOf(file)
  return [file, tail, olderTailOf(tail)]
}

/** Whether nothing is kept of a run: no file, or empty ones. @param file its beginning @throws Error of `node:fs` */
export function isFree(file: string): boolean {
  return filesOf(file).every((path) => (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0)
}

/**
 * Makes room for a new run: FILE.1 becomes that of the last one, with its tails, FILE.2 that of the one before, and so on, as
 * far as there are any; the oldest one is removed when all are taken. @throws Error of `node:fs`
 */
export function moveAside(file: string): void {
  const runs = runsOf(file)
  const free = runs.findIndex(isFree)
  const last = free === -1 ? RUNS_MAX : free
  for (const path of filesOf(runs[last] as string)) rmSync(path, { force: true })
  for (let number = last; number > 0; number--) {
    const to = filesOf(runs[number] as string)
    for (const [index, from] of filesOf(runs[number - 1] as string).entries()) {
      if (lstatSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to[index] as string)
    }
  }
}
