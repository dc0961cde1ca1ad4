// The child processes of a run: started, asked by name of a command, and ended whatever happens. What they can be asked is
// the type of their commands (processes/serving.ts).
// It must not know what any of them does.

import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Commands, END, type Question, type Reply } from '../processes/serving.ts'

/** How long an answer may take, unless told otherwise, in ms. */
const DEADLINE_MS = 180_000
/** How long a child may take that ends by itself, in ms. */
const END_MS = 10_000
/** As much of what a child wrote to standard error is kept, from the end, in characters. */
const ERRORS_CHARS_MAX = 4_000

/** How a child is started. */
export interface ChildOptions {
  /** What it is called in errors. */
  readonly label: string
  /** Flags for Node.js. */
  readonly flags?: readonly string[]
  /** How long each answer may take, in ms. Default 180,000. */
  readonly deadlineMs?: number
  /** Whether it is asked to end, and not killed. Default false. */
  readonly endsByItself?: boolean
  /** The directory of a build (harness/built-programs.ts). Default: the source as it is. */
  readonly build?: string
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** A process that answers commands. */
export class Child<C extends Commands> {
  readonly #process: ChildProcess
  readonly #label: string
  readonly #deadlineMs: number
  readonly #endsByItself: boolean
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: Promise<void>
  #errors = ''
  #lastId = 0
  #end: string | undefined

  constructor(program: string, options: ChildOptions) {
    const { label, flags = [], deadlineMs = DEADLINE_MS, endsByItself = false } = options
    this.#label = label
    this.#deadlineMs = deadlineMs
    this.#endsByItself = endsByItself
    this.#process = fork(program, [], {
      // What this process was started with, V8 flags to be tried say, its children are too.
      execArgv: [...process.execArgv, ...flags],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-ERRORS_CHARS_MAX)
    })
    this.#process.on('message', (reply: Reply) => this.#replied(reply))
    this.#ended = new Promise((resolve) => {
      // After `close` there is nothing more on standard error; `error` comes alone when it could not be started.
      this.#process.once('close', (code, signal) => {
        this.#fail(`ended with ${signal ?? `code ${code}`}`)
        resolve()
      })
      this.#process.on('error', (error) => {
        this.#fail(error.message)
        if (this.#process.pid === undefined) resolve()
      })
    })
  }

  /** Its number, for a look from outside. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Has it carry out a command. Rejects with what went wrong there, when the process ends, or at the deadline. */
  ask<K extends keyof C & string>(command: K, ...args: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(new Error(this.#end))
        return
      }
      const id = ++this.#lastId
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Error(`${this.#label}: no answer to ${command} within ${this.#deadlineMs} ms`))
      }, this.#deadlineMs)
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer })
      const question: Question = { id, command, args }
      // An error here is one of a process that is gone: its end is told as well.
      this.#process.send(question, () => {})
    })
  }

  /** Kills it, without waiting. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** Kills it. Resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#endsByItself && this.#process.connected) {
      // What it has to write at its end it writes now. (To disconnect would do as well, but `close` does not come then.)
      this.#process.send(END, () => {})
      const timer = setTimeout(() => this.kill(), END_MS)
      await this.#ended
      clearTimeout(timer)
    }
    this.kill()
    await this.#ended
  }

  #replied({ id, value, error }: Reply): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    if (error === undefined) waiting.resolve(value)
    else waiting.reject(new Error(`${this.#label}: ${error}`))
  }

  #fail(what: string): void {
    this.#end ??= `${this.#label} ${what}${this.#errors === '' ? '' : `:\n${this.#errors.trimEnd()}`}`
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(new Error(this.#end))
    }
    this.#waiting.clear()
  }
}

/** All child processes of a run. */
export class Children {
  readonly #children = new Set<{ kill(): void; end(): Promise<void> }>()
  readonly #profiles: string | undefined
  #started = 0

  /** @param profiles where each of them leaves a CPU profile at its end; none unless told */
  constructor(profiles?: string) {
    this.#profiles = profiles
  }

  /** Starts a program of `processes/`. @param name of its file, without `.ts` */
  start<C extends Commands>(name: string, options: ChildOptions): Child<C> {
    const { build } = options
    const program =
      build === undefined
        ? fileURLToPath(new URL(`../processes/${name}.ts`, import.meta.url))
        : join(build, 'test/bench/processes', `${name}.js`)
    const child = new Child<C>(program, this.#profiles === undefined ? options : this.#profiled(options))
    this.#children.add(child)
    return child
  }

  #profiled(options: ChildOptions): ChildOptions {
    const name = `${++this.#started}-${options.label.replaceAll(/[^A-Za-z0-9]+/g, '-')}.cpuprofile`
    const profile = ['--cpu-prof', `--cpu-prof-dir=${this.#profiles}`, `--cpu-prof-name=${name}`]
    return { ...options, flags: [...(options.flags ?? []), ...profile], endsByItself: true }
  }

  /** Kills all, without waiting: for the end of this process. */
  killAll(): void {
    for (const child of this.#children) child.kill()
  }

  /** Ends all that were started so far. Resolves when they are gone. */
  async endAll(): Promise<void> {
    const children = [...this.#children]
    this.#children.clear()
    await Promise.all(children.map((child) => child.end()))
  }
}
