// The programs of examples/ as processes: Python 3.8 or newer, found as python3. Where there is none the tests are skipped
// with one line, or fail when HEARSAY_E2E=required. Each process is killed after its test.

import { execFile, spawn } from 'node:child_process'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { Program } from '../../support/node-program.ts'
import { until } from '../../support/node-rig.ts'
import { describeWhere } from './describe-where.ts'

const OLDEST = '3.8'

const missing = await promisify(execFile)('python3', [
  '-c',
  `import sys; sys.exit(sys.version_info < tuple(map(int, "${OLDEST}".split("."))))`,
]).then(
  () => undefined,
  () => `there is no python3 of version ${OLDEST} or newer`,
)

/** `describe`, for tests that need Python. */
export function describeWithPython(name: string, body: () => void): void {
  describeWhere(missing, name, body)
}

const file = (path: string) => new URL(path, import.meta.url).pathname

/** The member of the overlay. */
export const PEER = file('../../../examples/python-peer.py')
/** The plain HTTP node. */
export const HTTP_NODE = file('../../../examples/flask-like/node.py')
/** Runs another program and damages what that sends: seed, share, program, its arguments. */
export const RUBBISH = file('./rubbish.py')
/** Runs another program with other clocks: s that the date is ahead, how many times faster waits end, program, arguments. */
export const CLOCKS = file('./clocks.py')

/** A program in Python. */
export class PythonProgram extends Program {
  /** Whether the process is gone. */
  get isOver(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  /** The complete lines on standard output. */
  get lines(): string[] {
    return this.output.split('\n').slice(0, -1)
  }

  /** Waits for a line like this on standard output, and returns it. */
  async prints(pattern: RegExp, deadlineMs = 10_000): Promise<string> {
    const line = () => this.lines.find((one) => pattern.test(one))
    await until(`a line like ${pattern}`, () => line() !== undefined || this.isOver, deadlineMs).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it said ${this.output}${this.errors}`)
      },
    )
    const found = line()
    if (found === undefined) throw new Error(`it ended without a line like ${pattern}: ${this.errors}`)
    return found
  }
}

/** Runs a program. No proxy of this machine is between it and the tests. */
export function python(t: TestContext, ...args: readonly string[]): PythonProgram {
  return pythonIn(t, {}, ...args)
}

/** Runs a program with these variables in its environment. */
export function pythonIn(
  t: TestContext,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): PythonProgram {
  const { PATH = '' } = process.env
  const child = spawn('python3', args, {
    cwd: file('../../../'),
    // What is printed is UTF-8 wherever the tests run.
    env: { PATH, PYTHONIOENCODING: 'utf-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  return new PythonProgram(child)
}
