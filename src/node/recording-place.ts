// Where a run is recorded: a file with a place for its tails and for earlier runs beside it. Nothing but recordings is overwritten
// there, and one node at a time has it.
// It must not know what is in a recording but how it begins.
//
// 1. A run is written to FILE.new until it takes its place, and moves those before it aside only then: a run that ends earlier has
//    pushed out none.
// 2. It stays where it is when the program changes its directory.

import { resolve } from 'node:path'
import { constants, gunzipSync } from 'node:zlib'
import { HearsayError } from '../errors.ts'
import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
} from './node-fs.ts'
import { filesOf, isFree, moveAside, newOf, runsOf } from './recording-files.ts'
import { type Holder, RecordingLock } from './recording-lock.ts'

/** How the text of a recording begins, in any version of the format. */
const BEGINNING = '{"format":"hearsay-recording '
const TAIL = '{"format":"hearsay-tail '
/** What is enough of a compressed file to see that, in bytes. */
const SEEN_BYTES = 512

/** See the head of the file. */
export class RecordingPlace {
  readonly #file: string
  readonly #lock: RecordingLock
  #isTaken = false

  /**
   * @param file the beginning of the run
   * @throws HearsayError `invalid-option`: something else is there, or another node records; Error of `node:fs`
   */
  constructor(file: string, holder: Holder) {
    refuseOthers(file)
    this.#file = resolve(file)
    this.#lock = new RecordingLock(file, holder)
  }

  /** The place of the run's beginning: an absolute path. */
  get file(): string {
    return this.#file
  }

  /** Whether the run has taken its place. */
  get isTaken(): boolean {
    return this.#isTaken
  }

  /** Whether the run would push out no other one. @throws Error of `node:fs` */
  get isFree(): boolean {
    return isFree(this.#file)
  }

  /** Where the run begins: an absolute path. */
  get beginning(): string {
    return this.#isTaken ? this.#file : newOf(this.#file)
  }

  /** The run, whose beginning is there, is to be kept: those before it are moved aside. @throws Error of `node:fs` */
  take(): void {
    if (this.#isTaken) return
    moveAside(this.#file)
    renameSync(newOf(this.#file), this.#file)
    this.#isTaken = true
  }

  /** Others may record there. */
  leave(): void {
    this.#lock.release()
  }
}

/** @throws HearsayError; Error of `node:fs` */
function refuseOthers(file: string): void {
  for (const run of [newOf(file), ...runsOf(file)]) {
    const [beginning, ...tails] = filesOf(run)
    refuseOther(file, beginning, BEGINNING)
    // A run that has a tail has its place.
    if (run !== newOf(file)) for (const tail of tails) refuseOther(file, tail, TAIL)
  }
  if (isMounted(file)) {
    throw new HearsayError(
      'invalid-option',
      `cannot record to ${file}: it is mounted by itself and cannot be moved aside; mount its directory`,
    )
  }
}

function refuseOther(file: string, path: string, head: string): void {
  const problem = problemAt(path, head)
  if (problem === undefined) return
  throw new HearsayError('invalid-option', `cannot record to ${file}: ${path} ${problem}`)
}

/** What keeps a file from being overwritten; `undefined`: nothing. @throws Error of `node:fs` */
function problemAt(path: string, head: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  if (!stats.isFile()) return 'is no regular file; choose another one'
  if (stats.size === 0 || beginsWith(path, head)) return undefined
  return 'is no such recording and would be overwritten; move it away, or choose another file'
}

function beginsWith(path: string, head: string): boolean {
  const bytes = firstBytes(path)
  // What gunzip thinks of fewer bytes than it needs is no answer.
  if (bytes[0] !== 0x1f) return false
  try {
    const text = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString()
    // On a full disk a file may end in its head.
    return text.startsWith(head) || (head.startsWith(text) && bytes.length < SEEN_BYTES)
  } catch {
    return false
  }
}

function firstBytes(path: string): Uint8Array {
  const bytes = new Uint8Array(SEEN_BYTES)
  const descriptor = openSync(path, 'r')
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, SEEN_BYTES, 0))
  } finally {
    closeSync(descriptor)
  }
}

/** Whether a file is a mount of its own, as of a container: nothing can take its name then. Linux tells. */
function isMounted(file: string): boolean {
  try {
    const path = realpathSync(file)
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
    return mounts.some((line) => unescaped(line.split(' ')[4] ?? '') === path)
  } catch {
    return false
  }
}

/** proc_pid_mountinfo(5): blanks and the like are octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
}
