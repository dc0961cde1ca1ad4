// Makes the JavaScript of the package for Node.js: what its doors and threads have in common lies in a few files at the root of
// dist, and other packages stay outside. A process holds less of a bundle than of 300 modules, and starts sooner.
// A step of `npm run build`; not part of the package.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile, type OutputFile } from 'esbuild'
import { version } from '../node/version.ts'

/** The files of a bundle, not written yet, and what they were made of. */
export interface NodeBundle {
  readonly files: readonly OutputFile[]
  readonly metafile: Metafile
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Of package.json's `exports`: they have their classes in common. */
const LIBRARY = ['index', 'testing/test-network']
/** Of `bin`, and what it runs in threads (package-files.ts). */
const COMMAND = ['main', 'cli/sim-worker', 'cli/swarm-bootstrap-worker']

/**
 * Bundles the package. Library and command are bundled apart, though each of them has most of the library then: the more entry
 * points there are, and imports for later, the more files what they share falls into. Together the library would be
 * 25 files, and finding so many keeps the loader so busy that V8 loads its optimizing compiler, which takes 6 MB.
 * @param directory where it is to lie
 * @param programs more entry points that use the library, as paths from the checkout without `.ts`
 */
export async function bundleNode(directory: string, programs: readonly string[] = []): Promise<NodeBundle> {
  const library = LIBRARY.map((name) => [name, `src/${name}.ts`])
  const command = COMMAND.map((name) => [name, `src/${name}.ts`])
  const users = programs.map((program) => [program, `${program}.ts`])
  const [one, other] = await Promise.all([
    bundle(Object.fromEntries([...library, ...users]), directory),
    bundle(Object.fromEntries(command), directory),
  ])
  return {
    files: [...one.outputFiles, ...other.outputFiles],
    metafile: {
      inputs: { ...one.metafile.inputs, ...other.metafile.inputs },
      outputs: { ...one.metafile.outputs, ...other.metafile.outputs },
    },
  }
}

/** @param entryPoints sources by what they become, without extension */
function bundle(entryPoints: Record<string, string>, directory: string) {
  return build({
    absWorkingDir: ROOT,
    entryPoints,
    outdir: directory,
    bundle: true,
    splitting: true,
    // No directories: package-files.ts has to be at the root.
    chunkNames: '[name]-[hash]',
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    define: { HEARSAY_VERSION: JSON.stringify(version()) },
    tsconfig: 'tsconfig.json',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
}

/** Writes a bundle to where it is to lie. */
export async function writeBundle({ files }: NodeBundle): Promise<void> {
  for (const { path, contents } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, contents)
  }
}

if (import.meta.main) await writeBundle(await bundleNode('dist'))
