// The child programs as JavaScript, with the library that they use, as the package has it. A process that runs TypeScript holds
// the compiler and the source of each module beside the program, which is most of what its memory would show.
// It must not touch `dist/`: that may be somebody's build.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Builds these programs.
 * @param names of files of `processes/`, without `.ts`
 * @returns the directory, in this checkout, where the packages are found; it is removed when this process ends
 * @throws Error with what the compiler says
 */
export async function buildPrograms(names: readonly string[]): Promise<string> {
  const directory = mkdtempSync(join(ROOT, '.bench-build-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const project = join(directory, 'tsconfig.json')
  const compilerOptions = { noEmit: false, declaration: false, sourceMap: false, rootDir: '..', outDir: '.' }
  const files = names.map((name) => `../test/bench/processes/${name}.ts`)
  writeFileSync(project, JSON.stringify({ extends: '../tsconfig.json', compilerOptions, files, include: [] }))
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [compiler, '-p', project]).catch((error) => {
    throw new Error(`the child programs could not be built: ${error.stdout || error.message}`)
  })
  return directory
}
