// Makes the JavaScript of the package for Node.js: what its doors and threads have in common lies in a few files at the root of
// dist, and other packages stay outside. A process holds less of a bundle than of 300 modules, and starts sooner.
// A step of `npm run build`; not part of the package.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile, type OutputFile } from 'esbuild'

/** The files of a bundle, not written yet, and what they were made of. */
export interface NodeBundle {
  readonly files: readonly OutputFile[]
  readonly metafile: Metafile
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** What `exports` and `bin` of package.json name, and what is run in threads (package-files.ts). */
const ENTRY_POINTS = [
  'index',
  'main',
  'testing/test-network',
  'cli/sim-worker',
  'cli/swarm-bootstrap-worker',
] as const

/**
 * Bundles the package.
 * @param directory where it is to lie
 * @param programs more entry points that use the package, as paths from the checkout without `.ts`
 */
export async function bundleNode(directory: string, programs: readonly string[] = []): Promise<NodeBundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries([
      ...ENTRY_POINTS.map((name) => [name, `src/${name}.ts`]),
      ...programs.map((program) => [program, `${program}.ts`]),
    ]),
    outdir: directory,
    bundle: true,
    splitting: true,
    // No directories: package-files.ts has to be at the root.
    chunkNames: '[name]-[hash]',
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    tsconfig: 'tsconfig.json',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  return { files: outputFiles, metafile }
}

/** Writes a bundle to where it is to lie. */
export async function writeBundle({ files }: NodeBundle): Promise<void> {
  for (const { path, contents } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, contents)
  }
}

if (import.meta.main) await writeBundle(await bundleNode('dist'))
