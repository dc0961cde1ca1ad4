// The package as others get it: packed by npm from a copy of the checkout, and installed by npm into an empty project.
// Nothing is fetched: the packages that hearsay depends on are copied from the checkout, whose `npm ci` brought them,
// and npm finds them in their place. What only development depends on is not among them.

import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The checkout. */
export const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url))

/** What the package is made of. */
const SOURCES = [
  'package.json',
  'tsconfig.json',
  'src',
  'docs',
  'examples',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
]
/** What a program in TypeScript that runs on Node.js has by itself. */
const TYPE_PACKAGES = ['@types/node', 'undici-types']

/** The environment of a person, not that of npm's and node's test runs. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { HEARSAY_SEED, NODE_TEST_CONTEXT, NODE_OPTIONS, INIT_CWD, ...env } = process.env
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_/i.test(name)))
}

/** Runs a command in a folder; an error tells all that it printed. */
export async function command(cwd: string, file: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await run(file, args, { cwd, env: plainEnvironment(), maxBuffer: 64 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const {
      stdout = '',
      stderr = '',
      message,
    } = error as { stdout?: string; stderr?: string; message: string }
    throw new Error(`${file} ${args.join(' ')}: ${message}\n${stdout}${stderr}`)
  }
}

/** An empty project with the package in it, and nothing else but that on which it depends. */
export class InstalledPackage {
  /** The project's folder. */
  readonly project: string
  readonly tarball: string
  /** The paths in the tarball. */
  readonly files: readonly string[]
  readonly #folder: string

  private constructor(folder: string, tarball: string, files: readonly string[]) {
    this.#folder = folder
    this.project = join(folder, 'project')
    this.tarball = tarball
    this.files = files
  }

  /** Packs and installs. Takes some seconds. */
  static async make(): Promise<InstalledPackage> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'hearsay-package-')))
    try {
      const packed = await pack(folder)
      const made = new InstalledPackage(folder, packed.tarball, packed.files)
      await made.#install()
      return made
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Removes everything. */
  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** A file of the installed package. */
  path(file: string): string {
    return join(this.project, 'node_modules/hearsay', file)
  }

  /** Writes a file into the project. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.project, name)
    await writeFile(path, text)
    return path
  }

  /** Runs Node.js in the project. */
  node(...args: string[]): Promise<string> {
    return command(this.project, process.execPath, ...args)
  }

  async #install(): Promise<void> {
    await mkdir(this.project)
    await this.write('package.json', '{ "name": "project", "private": true, "type": "module" }')
    for (const path of await dependencies()) await copyPackage(path, this.project)
    const quiet = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier']
    // Otherwise npm would bring those packages anew whose commands are missing in node_modules/.bin.
    await command(this.project, 'npm', 'rebuild', ...quiet)
    await command(this.project, 'npm', 'install', ...quiet, this.tarball)
    for (const name of TYPE_PACKAGES) await copyPackage(`node_modules/${name}`, this.project)
  }
}

/** In a copy of the checkout, so that neither what is built there nor who works there is in the way. */
async function pack(folder: string): Promise<{ tarball: string; files: string[] }> {
  const copy = join(folder, 'checkout')
  await mkdir(copy)
  for (const name of SOURCES) await cp(join(CHECKOUT, name), join(copy, name), { recursive: true })
  await symlink(await realpath(join(CHECKOUT, 'node_modules')), join(copy, 'node_modules'))
  // Of an earlier build: it must not be in the package.
  await mkdir(join(copy, 'dist'))
  await writeFile(join(copy, 'dist/stale.js'), '')
  await command(copy, 'npm', 'pack', '--pack-destination', folder)
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'))
  const tarball = join(folder, name)
  const list = await command(folder, 'tar', '-tzf', tarball)
  const files = list.trimEnd().split('\n')
  return { tarball, files: files.map((file) => file.replace(/^package\//, '')) }
}

async function copyPackage(path: string, project: string): Promise<void> {
  // Those inside of others are on the list themselves.
  const from = join(await realpath(CHECKOUT), path)
  const inner = join(from, 'node_modules')
  await cp(from, join(project, path), { recursive: true, filter: (file) => !file.startsWith(inner) })
}

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Where the packages are, below the checkout, on which hearsay depends, and those on which they depend. */
async function dependencies(): Promise<ReadonlySet<string>> {
  const lock = await readFile(join(CHECKOUT, 'package-lock.json'), 'utf8')
  const { packages } = JSON.parse(lock) as { packages: Readonly<Record<string, LockedPackage>> }
  const found = new Set<string>()
  const visit = (from: string): void => {
    const { dependencies: needed, optionalDependencies } = packages[from] ?? {}
    for (const name of Object.keys({ ...needed, ...optionalDependencies })) {
      const path = resolved(name, from, packages)
      if (path === undefined || found.has(path)) continue
      found.add(path)
      visit(path)
    }
  }
  visit('')
  return found
}

/** Where Node.js looks for a package: inside of the one that wants it, then outward. */
function resolved(name: string, from: string, packages: object): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    if (Object.hasOwn(packages, path)) return path
    if (at === '') return undefined
  }
}
