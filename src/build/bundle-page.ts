// Makes the three files for browsers that the topology page is: all scripts in one, the style sheet, and the HTML. A step of
// `npm run build`; not part of the package: what comes out of it is. In a checkout, where nothing is built, dashboard/assets has
// them made at the first request.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { noticesOf } from './notices.ts'

/** The files that the page is made of. */
export const UI_FILES = ['index.html', 'page.js', 'page.css'] as const

/** One of them. */
export type UiFile = (typeof UI_FILES)[number]

/** The page, by file. */
export type UiBundle = Readonly<Record<UiFile, Uint8Array>>

const PAGE = new URL('../dashboard/page/', import.meta.url)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Bundles the page from its sources.
 * @throws Error where there is no esbuild, or the page has a mistake
 */
export async function bundlePage(): Promise<UiBundle> {
  const { build } = await import('esbuild')
  const { outputFiles, metafile } = await build({
    entryPoints: [
      { in: fileURLToPath(new URL('main.ts', PAGE)), out: 'page' },
      { in: fileURLToPath(new URL('page.css', PAGE)), out: 'page' },
    ],
    bundle: true,
    minify: true,
    format: 'esm',
    // What runs everywhere since 2024; older browsers have no `findLast` in any case.
    target: ['es2023', 'chrome115', 'firefox115', 'safari16.4'],
    tsconfig: fileURLToPath(new URL('tsconfig.json', PAGE)),
    // All licences come in one comment at the end.
    legalComments: 'none',
    metafile: true,
    absWorkingDir: ROOT,
    outdir: 'out',
    write: false,
    logLevel: 'silent',
  })
  const output = (extension: string) => {
    const file = outputFiles.find(({ path }) => path.endsWith(extension))
    if (file === undefined) throw new Error(`esbuild made no ${extension}`)
    return file.contents
  }
  const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs))
  const notices = await noticesOf(bundled, ROOT)
  return {
    'index.html': await readFile(new URL('index.html', PAGE)),
    'page.js': Buffer.concat([output('.js'), Buffer.from(notices)]),
    'page.css': output('.css'),
  }
}

/** Writes the page into a directory. */
export async function writePage(bundle: UiBundle, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const name of UI_FILES) {
    await writeFile(`${directory}/${name}`, bundle[name])
  }
}

if (import.meta.main)
  await writePage(await bundlePage(), fileURLToPath(new URL('../../dist/dashboard/ui', import.meta.url)))
