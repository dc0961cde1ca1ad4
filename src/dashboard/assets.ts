// Hands out the files of the topology page: built ones where they lie beside this file, and in a checkout the sources,
// bundled at the first request. It reads no other file than these, whatever is asked for, and knows no HTTP beyond the
// names and types.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** One file, as it is sent. */
export interface UiAsset {
  readonly bytes: Uint8Array
  /** The same, compressed, for browsers that take it. */
  readonly gzip?: Uint8Array
  readonly contentType: string
  /** With its quotes. */
  readonly etag: string
}

/** Neither is the page built, nor can it be bundled here. */
export class UiUnavailable {
  readonly error: string
  constructor(error: string) {
    this.error = error
  }
}

type Name = 'index.html' | 'page.js' | 'page.css'
type Assets = Readonly<Record<Name, UiAsset>>

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

/** The only paths there are, as seen from where the node is. */
const NAMES: ReadonlyMap<string, Name> = new Map([
  ['/ui', 'index.html'],
  ['/ui/page.js', 'page.js'],
  ['/ui/page.css', 'page.css'],
])

/** Sent with the page: nothing but its own files, and WebSockets. */
export const UI_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
  "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Of bundle.ts, which is not imported by name: it would become a part of the package, which has no use for it. */
interface Bundler {
  bundlePage(): Promise<Readonly<Record<Name, Uint8Array>>>
  compressed(bytes: Uint8Array): Promise<Uint8Array>
}

const BUNDLER = new URL('bundle.ts', import.meta.url).href
const HERE: UiSource = {
  built: new URL('ui/', import.meta.url),
  isCheckout: import.meta.url.endsWith('.ts'),
}

/** Loads the files once, at the first request, and keeps them. */
export class UiAssets {
  readonly #source: UiSource
  #loading: Promise<Assets | UiUnavailable> | undefined

  constructor(source: UiSource = HERE) {
    this.#source = source
  }

  /**
   * A file by its path (`/ui`, `/ui/page.js`, `/ui/page.css`).
   * @returns `undefined` for any other path; `UiUnavailable` where there is no page to hand out
   */
  async get(path: string): Promise<UiAsset | UiUnavailable | undefined> {
    const name = NAMES.get(path)
    if (name === undefined) return undefined
    this.#loading ??= load(this.#source)
    const assets = await this.#loading
    return assets instanceof UiUnavailable ? assets : assets[name]
  }
}

const shared = new UiAssets()

/**
 * A file of the topology page by its path (`/ui`, `/ui/page.js`, `/ui/page.css`).
 * @returns `undefined` for any other path; `UiUnavailable` where the page is not built and cannot be bundled
 */
export function uiAsset(path: string): Promise<UiAsset | UiUnavailable | undefined> {
  return shared.get(path)
}

async function load({ built, isCheckout }: UiSource): Promise<Assets | UiUnavailable> {
  try {
    return isCheckout ? await bundle() : await readBuilt(built)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return new UiUnavailable(
      isCheckout
        ? `the topology page could not be bundled (npm install brings esbuild): ${why}`
        : `the topology page is not in this build (npm run build makes it): ${why}`,
    )
  }
}

async function readBuilt(directory: URL): Promise<Assets> {
  const read = async (name: Name) => {
    const bytes = await readFile(new URL(name, directory))
    // A build without compressed files is still a build.
    const gzip = await readFile(new URL(`${name}.gz`, directory)).catch(() => undefined)
    return asset(name, bytes, gzip)
  }
  return {
    'index.html': await read('index.html'),
    'page.js': await read('page.js'),
    'page.css': await read('page.css'),
  }
}

async function bundle(): Promise<Assets> {
  const { bundlePage, compressed } = (await import(BUNDLER)) as Bundler
  const files = await bundlePage()
  const make = async (name: Name) => asset(name, files[name], await compressed(files[name]))
  return {
    'index.html': await make('index.html'),
    'page.js': await make('page.js'),
    'page.css': await make('page.css'),
  }
}

function asset(name: Name, bytes: Uint8Array, gzip: Uint8Array | undefined): UiAsset {
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
  return {
    bytes,
    ...(gzip === undefined ? {} : { gzip }),
    contentType: CONTENT_TYPES[name],
    etag: `"${hash}"`,
  }
}
