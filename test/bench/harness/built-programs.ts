// The child programs as JavaScript, bundled together with the package as that is. A process that runs TypeScript holds the compiler
// and the source of each module beside the program, which is most of what its memory would show.
// It must not touch `dist/`: that may be somebody's build.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleNode, writeBundle } from '../../../src/build/bundle-node.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Builds these programs.
 * @param names of files of `processes/`, without `.ts`
 * @returns the directory, in this checkout, where the packages are found; it is removed when this process ends
 * @throws Error with what the bundler says
 */
export async function buildPrograms(names: readonly string[]): Promise<string> {
  const directory = mkdtempSync(join(ROOT, '.bench-build-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const programs = names.map((name) => `test/bench/processes/${name}`)
  await writeBundle(await bundleNode(directory, programs))
  return directory
}
