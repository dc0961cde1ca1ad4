// Where recordings of a test are kept, and the command that shows them. It holds no assertions.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Hearsay } from './process.ts'

/** A folder that is gone after the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'hearsay-replay-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** What `hearsay replay` makes of this. */
export async function replayed(t: TestContext, ...args: string[]) {
  const run = new Hearsay(t, ['replay', ...args])
  const { code } = await run.ended
  return { code, text: run.stdout.join('\n'), errors: run.stderr.join('\n') }
}
