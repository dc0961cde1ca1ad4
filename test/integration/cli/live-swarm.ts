// A small network in the process of the tests, for commands that ask one, and the commands, run in this process as well.
// It holds no assertions.

import type { TestContext } from 'node:test'
import { run } from '../../../src/cli/run.ts'
import { type RecordedNode, SPARSE, startBootstrap, startOverlay, until } from '../../support/node-rig.ts'
import { type FakeContext, fakeContext } from '../../unit/cli/fake-context.ts'

/** Where the bootstrap is asked, and the nodes. */
export interface LiveSwarm {
  readonly bootstrap: string
  readonly nodes: readonly RecordedNode[]
}

/** Nodes n1, n2, … that know each other, with so few links that messages need relays. */
export async function startSwarm(t: TestContext, count: number, options = {}): Promise<LiveSwarm> {
  const bootstrap = await startBootstrap(t)
  const names = Array.from({ length: count }, (_, index) => `n${index + 1}`)
  const nodes = await startOverlay(t, bootstrap, names, count > 2 ? { config: SPARSE, ...options } : options)
  return { bootstrap: bootstrap.url.replace('ws', 'http'), nodes }
}

/** A command that runs. */
export class Running {
  readonly context: FakeContext
  /** Its exit code. */
  readonly ended: Promise<number>
  readonly #stop = new AbortController()

  constructor(t: TestContext, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.context = fakeContext(env, this.#stop.signal)
    this.ended = run(args, this.context)
    t.after(async () => {
      this.#stop.abort('SIGINT')
      await this.ended
    })
  }

  get out(): string {
    return this.context.stdout.text
  }

  get err(): string {
    return this.context.stderr.text
  }

  /** What it has written to standard output, line by line. */
  get lines(): string[] {
    return this.out.split('\n').slice(0, -1)
  }

  /** Waits until it has written this, on either stream. */
  async wrote(expected: string | RegExp): Promise<void> {
    const isThere = (text: string): boolean =>
      typeof expected === 'string' ? text.includes(expected) : expected.test(text)
    await until(`it writes ${expected}`, () => isThere(this.out) || isThere(this.err)).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it wrote:\n${this.out}---\n${this.err}`)
      },
    )
  }

  /** Presses Ctrl-C. */
  interrupt(): Promise<number> {
    this.#stop.abort('SIGINT')
    return this.ended
  }
}
