// Hands out the files of the topology page: built ones where the package has them, and in a checkout the sources,
// bundled at the first request. It reads no other files than these, and knows no HTTP beyond their types.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { UiFile, UiFiles } from '../http/ui.ts'
import { COMMAND, IS_CHECKOUT, packageUrl } from '../package-files.ts'

const compressed = promisify(gzip)

type Name = Parameters<UiFiles>[0]
type Assets = Readonly<Record<Name, UiFile>>

/** Where the files come from; tests bring their own. */
export interface UiSource {
  /** The directory of the built page, with a slash at its end. */
  readonly built: URL
  /** Whether the sources are here, to be bundled where nothing is built. */
  readonly isCheckout: boolean
}

const CONTENT_TYPES: Readonly<Record<Name, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
}

/** Of build/bundle-page.ts, which is not imported by name: it would become a part of the package, which has no use for it. */
interface Bundler {
  bundlePage(): Promise<Readonly<Record<Name, Uint8Array>>>
}

const BUNDLER = packageUrl('build/bundle-page.ts').href
const HERE: UiSource = {
  built: packageUrl('dashboard/ui/'),
  isCheckout: IS_CHECKOUT,
}

/** Files that are loaded once, at the first request, and kept. A failure is not kept: the next request tries again. */
export function uiFilesFrom(source: UiSource): UiFiles {
  let loading: Promise<Assets> | undefined
  return async (name) => {
    loading ??= load(source)
    try {
      return (await loading)[name]
    } catch (error) {
      loading = undefined
      throw error
    }
  }
}

/** The files of the topology page, as this installation has them. */
export const uiFiles: UiFiles = uiFilesFrom(HERE)

async function load({ built, isCheckout }: UiSource): Promise<Assets> {
  try {
    const { bundlePage } = isCheckout
      ? ((await import(BUNDLER)) as Bundler)
      : { bundlePage: () => read(built) }
    const bundled = await bundlePage()
    const files = isCheckout ? { ...bundled, 'index.html': ofCheckout(bundled['index.html']) } : bundled
    return {
      'index.html': await asset('index.html', files),
      'page.js': await asset('page.js', files),
      'page.css': await asset('page.css', files),
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const what = isCheckout
      ? 'it could not be bundled (npm ci brings esbuild)'
      : 'it is not in this build (npm run build makes it)'
    throw new Error(`${what}: ${why}`, { cause: error })
  }
}

/** In a checkout nothing is installed that `npx` would find (README). */
function ofCheckout(page: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(page).toString().replace('"npx hearsay"', JSON.stringify(COMMAND)))
}

async function read(directory: URL): Promise<Readonly<Record<Name, Uint8Array>>> {
  return {
    'index.html': await readFile(new URL('index.html', directory)),
    'page.js': await readFile(new URL('page.js', directory)),
    'page.css': await readFile(new URL('page.css', directory)),
  }
}

/** Compressed once, in 20 ms: in the package the compressed copies would be a tenth of its size. */
async function asset(name: Name, files: Readonly<Record<Name, Uint8Array>>): Promise<UiFile> {
  const bytes = files[name]
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
  return {
    bytes,
    gzip: await compressed(bytes, { level: constants.Z_BEST_COMPRESSION }),
    contentType: CONTENT_TYPES[name],
    etag: `"${hash}"`,
  }
}
