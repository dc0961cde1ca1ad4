// The program as a process: started like a person starts it, watched over its streams. Every wait has a deadline.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'

const MAIN = new URL('../../../src/main.ts', import.meta.url).pathname
const WAIT_MS_MAX = 20_000

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A running `hearsay`. Killed at the end of its test when it still runs. */
export class Hearsay {
  readonly child: ChildProcess
  readonly stdout: string[] = []
  readonly stderr: string[] = []
  /** Settles when the process has ended and its streams are read. */
  readonly ended: Promise<Ended>
  readonly #watchers = new Set<() => void>()

  constructor(t: TestContext, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { PATH = '' } = process.env
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#keep(this.child.stdout, this.stdout)
    this.#keep(this.child.stderr, this.stderr)
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        resolve({ code, signal })
        this.#changed()
      })
    })
    t.after(async () => {
      this.child.kill('SIGKILL')
      await this.ended
    })
  }

  #keep(stream: NodeJS.ReadableStream | null, lines: string[]): void {
    if (stream === null) return
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      this.#changed()
    })
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher()
  }

  /** Waits for `find` to find something; asked whenever a line came. */
  async waitFor<T>(what: string, find: () => T | undefined): Promise<T> {
    const found = Promise.withResolvers<T>()
    const look = () => {
      const value = find()
      if (value !== undefined) found.resolve(value)
      else if (this.child.exitCode !== null)
        found.reject(new Error(`it ended, without: ${what}\n${this.text}`))
    }
    const timer = setTimeout(() => found.reject(new Error(`not in time: ${what}\n${this.text}`)), WAIT_MS_MAX)
    this.#watchers.add(look)
    look()
    try {
      return await found.promise
    } finally {
      clearTimeout(timer)
      this.#watchers.delete(look)
    }
  }

  /** The first line of standard output that matches. */
  line(pattern: RegExp): Promise<string> {
    return this.waitFor(`a line like ${pattern}`, () => this.stdout.find((line) => pattern.test(line)))
  }

  /** The first entry of the JSON log that fits. */
  entry(what: string, fits: (entry: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    return this.waitFor(what, () => this.log().find(fits))
  }

  /** The port that the process says it listens on. */
  async port(): Promise<number> {
    const { port } = await this.entry('that it runs', ({ msg }) => /-running$/.test(String(msg)))
    return port as number
  }

  /** All entries of the JSON log so far. */
  log(): Record<string, unknown>[] {
    return this.stderr.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  }

  /** Everything it has written, for failure messages. */
  get text(): string {
    return [...this.stdout, '---', ...this.stderr].join('\n')
  }
}
