// Makes the one file that `hearsay/browser` is: what `src/browser.ts` leads to, for `<script type="module">` and for every
// bundler. A step of `npm run build`; not part of the package, and no command of it.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'

/** A bundle, and what it was made of. */
export interface Bundled {
  readonly text: string
  readonly metafile: Metafile
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const BANNER = '/*! hearsay (MIT); with nanoid (MIT), Copyright 2017 Andrey Sitnik */'

/** The bundle. Rejects when it would need what browsers do not have. */
export async function bundleBrowser(): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/browser.ts'],
    outfile: 'dist/browser/hearsay.js',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    banner: { js: BANNER },
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  return { text: outputFiles[0]?.text ?? '', metafile }
}

if (import.meta.main) {
  const path = `${ROOT}dist/browser/hearsay.js`
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, (await bundleBrowser()).text)
}
