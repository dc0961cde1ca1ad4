// One node at a time records to a file: a lock beside it says who does, and goes with its end. One that a process has left behind is
// taken over: on this machine when there is no such process, and one of another machine or container when nothing was written for
// some time. It must not know what is recorded.
//
// Two that take over one lock at the very same moment may both have it: replay sees that the files are of two runs.

import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { HearsayError } from '../errors.ts'
import { printable } from '../wire/printable.ts'
import { closeSync, lstatSync, openSync, readFileSync, rmSync, writeSync } from './node-fs.ts'
import { filesOf, lockOf, newOf } from './recording-files.ts'

/** Who records. */
export interface Holder {
  readonly name: string
  /** Which run of it. */
  readonly instance: string
}

interface Lock extends Holder {
  readonly pid: number
  readonly host: string
}

/** A node has a heartbeat in this time, and so something to write. In ms. */
const SILENT_MS = 10_000
/** Somebody else may take the lock meanwhile, but not again and again. */
const TRIES_MAX = 3

/** Runs of this thread that have a lock: a container's process has the number that the one before it had. */
const held = new Set<string>()

/** See the head of the file. */
export class RecordingLock {
  /** Absolute: the program may change its directory. */
  readonly #path: string
  readonly #instance: string

  /**
   * @param file the beginning of the run
   * @throws HearsayError `invalid-option` when another node has it; Error of `node:fs`
   */
  constructor(file: string, { name, instance }: Holder) {
    this.#path = resolve(lockOf(file))
    this.#instance = instance
    const text = JSON.stringify({ name, instance, pid: process.pid, host: hostname() } satisfies Lock)
    for (let tries = 1; !isCreated(this.#path, text); tries++) {
      const other = holderOf(this.#path)
      if (tries === TRIES_MAX || !isGone(file, other)) throw refusal(file, other)
      rmSync(this.#path, { force: true })
    }
    held.add(instance)
  }

  /** Others may record from now on. */
  release(): void {
    held.delete(this.#instance)
    try {
      if (holderOf(this.#path)?.instance === this.#instance) rmSync(this.#path, { force: true })
    } catch {
      // It is taken over by whoever comes next.
    }
  }
}

/** Whether the lock is there now, which it was not. */
function isCreated(path: string, text: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    writeSync(descriptor, text)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
  return true
}

/** Who has the lock; `undefined`: nobody who says so. */
function holderOf(path: string): Lock | undefined {
  // Not followed, and a FIFO would be read for ever.
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return undefined
  try {
    const lock = JSON.parse(readFileSync(path, 'utf8'))
    const isWhole = Number.isInteger(lock.pid) && [lock.name, lock.instance, lock.host].every(isText)
    return isWhole ? lock : undefined
  } catch {
    return undefined
  }
}

const isText = (value: unknown): boolean => typeof value === 'string'

function isGone(file: string, lock: Lock | undefined): boolean {
  const stats = lstatSync(lockOf(file), { throwIfNoEntry: false })
  if (stats === undefined) return true
  // Somebody is about to write into it, or its process has ended there. What else is there is not ours.
  if (lock === undefined) return stats.isFile() && stats.size === 0 && Date.now() - stats.mtimeMs > SILENT_MS
  if (lock.host !== hostname()) return isSilent(file)
  if (held.has(lock.instance)) return false
  if (lock.pid === process.pid) {
    // Of another thread, or of a process that had this one's number before it.
    return stats.mtimeMs < Date.now() - process.uptime() * 1_000 || isSilent(file)
  }
  // Another process may have the number by now.
  return !isRunning(lock.pid) || isSilent(file)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Whether nobody writes to the files of the run, nor has taken the lock just now. */
function isSilent(file: string): boolean {
  const times = [lockOf(file), newOf(file), ...filesOf(file)].map(
    (path) => lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  )
  return Date.now() - Math.max(...times) > SILENT_MS
}

function refusal(file: string, lock: Lock | undefined): HearsayError {
  const who =
    lock === undefined
      ? `${lockOf(file)} is there, and does not say who records`
      : `node ${printable(lock.name)} does so already, process ${lock.pid} on ${printable(lock.host)}`
  return new HearsayError(
    'invalid-option',
    `cannot record to ${file}: ${who}; give each node a file of its own, or remove ${lockOf(file)} if nobody records there`,
  )
}
