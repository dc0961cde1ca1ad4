// The JavaScript of the package for Node.js: what goes into which file, and that a program can be bundled with it. That it runs
// by itself is test/e2e/package.test's business.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { bundleNode, writeBundle } from '../../../src/build/bundle-node.ts'

const CHECKOUT = new URL('../../../', import.meta.url)
/** Paths in the metafile are relative to the checkout. */
const OUT = 'out'

describe('the bundle for Node.js', () => {
  let outputs: Metafile['outputs']

  /** What is loaded with a file, itself included: without what is imported when it is needed. */
  function loadedWith(file: string) {
    const files = new Set([`${OUT}/${file}`])
    const packages = new Set<string>()
    const modules = new Set<string>()
    for (const path of files) {
      for (const { path: imported, kind, external } of outputs[path]?.imports ?? []) {
        if (kind !== 'import-statement') continue
        if (external !== true) files.add(imported)
        else (imported.startsWith('node:') ? modules : packages).add(imported)
      }
    }
    const sources = [...files].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}))
    return {
      files: [...files],
      sources: sources.sort(),
      packages: [...packages].sort(),
      modules: [...modules],
    }
  }

  before(async () => {
    outputs = (await bundleNode(OUT)).metafile.outputs
  })

  test('has a file for each door and each thread, and all else at the root', () => {
    const files = Object.keys(outputs).map((path) => path.slice(OUT.length + 1))
    for (const { inputs } of Object.values(outputs)) {
      for (const path of Object.keys(inputs))
        assert.match(path, /^src\/(?!build\/|browser|dashboard\/page\/)/)
    }
    const doors = ['cli/sim-worker.js', 'cli/swarm-bootstrap-worker.js', 'index.js', 'main.js']
    assert.deepEqual(files.filter((file) => !/^[\w-]+-[A-Z0-9]{8}\.js$/.test(file)).sort(), [
      ...doors,
      'testing/test-network.js',
    ])
  })

  test('has the one file that may ask for its place where that is right', async () => {
    const sources = new Set(Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs)))
    for (const path of sources) {
      if (path === 'src/package-files.ts') continue
      const text = await readFile(new URL(path, CHECKOUT), 'utf8')
      assert.doesNotMatch(text, /import\.meta/, path)
    }
    const places = Object.keys(outputs).filter((path) => outputs[path]?.inputs['src/package-files.ts'])
    // Of the library, and of the command.
    assert.equal(places.length, 2)
    for (const path of places) assert.match(path, /^out\/[^/]+$/)
  })

  test('has nothing behind main.js that a Node.js that is too old could not read', () => {
    const { sources, packages } = loadedWith('main.js')
    const before = ['cli/exit-codes', 'cli/node-version', 'core/reasons', 'main']
    assert.deepEqual(
      sources,
      before.map((name) => `src/${name}.ts`),
    )
    assert.deepEqual(packages, [])
  })

  test('loads with the library what it needs at once, and no more', () => {
    const { files, sources, packages } = loadedWith('index.js')
    for (const room of ['cli', 'sim', 'testing', 'programs', 'dashboard']) {
      assert.ok(!sources.some((path) => path.startsWith(`src/${room}/`)), room)
    }
    assert.deepEqual(packages, ['nanoid', 'ws'])
    // More of them, and a process takes some MB more (build/bundle-node.ts).
    assert.ok(files.length <= 8, files.join())
    assert.deepEqual(loadedWith('testing/test-network.js').packages, [])
  })

  test('has its version also in a program that is bundled with it, to a module of either kind', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'hearsay-bundled-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    await writeBundle(await bundleNode(join(directory, 'package')))
    // Where the package has its own one.
    await writeFile(join(directory, 'package.json'), '{"version":"9.9.9"}')
    const { version } = JSON.parse(await readFile(new URL('package.json', CHECKOUT), 'utf8'))
    const createRequire =
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"
    for (const [format, js] of [
      // Packages that are CommonJS ask for `require`.
      ['esm', createRequire],
      ['cjs', ''],
    ] as const) {
      const program = join(directory, `program/program.${format === 'esm' ? 'mjs' : 'cjs'}`)
      const file = join(directory, `${format}.rec`)
      await build({
        stdin: {
          contents: `import { createNode } from './package/index.js'
            createNode({ name: 'a', listen: false, record: { file: process.argv[2] } }).then((node) => node.close())`,
          resolveDir: directory,
        },
        nodePaths: [fileURLToPath(new URL('node_modules', CHECKOUT))],
        outfile: program,
        bundle: true,
        platform: 'node',
        format,
        banner: { js },
        logLevel: 'silent',
      })
      await promisify(execFile)(process.execPath, [program, file])
      const [head = ''] = gunzipSync(await readFile(file))
        .toString()
        .split('\n')
      assert.equal(JSON.parse(head).version, version, format)
    }
  })

  test('imports what costs more than it is worth nowhere', () => {
    const imports = Object.values(outputs).flatMap((output) => output.imports)
    assert.ok(imports.some(({ path }) => path === 'node:https'))
    // net/node-http.ts says why, and node/node-fs.ts.
    assert.ok(!imports.some(({ path }) => path === 'node:http'))
    assert.ok(!loadedWith('index.js').modules.includes('node:fs'))
  })
})
