// The Docker engine of the end-to-end tests: whether there is one, and its command line.
// Where none answers the tests are skipped with one line, or fail when HEARSAY_E2E=required.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describeWhere } from './describe-where.ts'

// Ryuk, testcontainers' cleaner, is an image of its own, which is not to be had everywhere. The tests clean up.
process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true'

/** The checkout: where the README and the Dockerfile are. */
export const ROOT = new URL('../../../', import.meta.url).pathname

const run = promisify(execFile)

/** What a finished command left. */
export interface Output {
  readonly stdout: string
  readonly stderr: string
}

/** Runs the docker command line. Rejects when it fails. */
export function docker(...args: string[]): Promise<Output> {
  return run('docker', args, { maxBuffer: 64 * 1024 * 1024 })
}

const missing = await docker('version', '--format', '{{.Server.Version}}').then(
  () => undefined,
  (error: Error) => `no Docker engine answers (${error.message.trim().split('\n').at(-1)})`,
)

/** `describe`, for tests that need an engine. */
export function describeWithEngine(name: string, body: () => void): void {
  describeWhere(missing, name, body)
}
