// Programs that use the library in a process of their own: for what only the end of a process shows. Each is killed
// after the test, if it still runs. It knows nothing of the library but where its door is.

import { type ChildProcess, spawn } from 'node:child_process'
import type { TestContext } from 'node:test'
import { until } from './node-rig.ts'

/** A program that runs. */
export class Program {
  readonly process: ChildProcess
  /** What it wrote to stdout. */
  output = ''
  /** What it wrote to stderr. */
  errors = ''
  #ended: { code: number | null; signal: NodeJS.Signals | null } | undefined

  constructor(process: ChildProcess) {
    this.process = process
    process.stdout?.setEncoding('utf8').on('data', (text) => {
      this.output += text
    })
    process.stderr?.setEncoding('utf8').on('data', (text) => {
      this.errors += text
    })
    process.once('close', (code, signal) => {
      this.#ended = { code, signal }
    })
  }

  /** Waits for this line on stdout. */
  async says(line: string): Promise<void> {
    await until(`the program says ${line}`, () => this.output.split('\n').includes(line) || this.#ended)
    if (!this.output.split('\n').includes(line)) throw new Error(`it ended without ${line}: ${this.errors}`)
  }

  /** Waits until the process is gone. */
  end(deadlineMs = 10_000): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return until(`the program ends; it said ${this.output}${this.errors}`, () => this.#ended, deadlineMs)
  }
}

/**
 * Runs the text of a module that has `createNode`, `createBootstrap` and `createTestNetwork` in scope.
 * @param flags for Node.js
 */
export function runProgram(t: TestContext, text: string, flags: readonly string[] = []): Program {
  const [door, testing] = ['index.ts', 'testing/test-network.ts'].map((path) =>
    JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href),
  )
  const source =
    `import { createBootstrap, createNode } from ${door}\n` +
    `import { createTestNetwork } from ${testing}\n${text}`
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', source], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  return new Program(child)
}

/** A node in a process of its own, once it has its first link. */
export async function runNode(t: TestContext, name: string, bootstrap: string): Promise<Program> {
  const options = JSON.stringify({ name, host: '127.0.0.1', bootstrap: [bootstrap] })
  const program = runProgram(
    t,
    `const node = await createNode(${options})
     await node.ready()
     console.log('ready')`,
  )
  await program.says('ready')
  return program
}
