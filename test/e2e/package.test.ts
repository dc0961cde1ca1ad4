// The package as others get it, in a project of theirs: what is in it, that all of its doors open, with and without
// types, and that what the README shows of them does what it says.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { CHECKOUT, InstalledPackage, plainEnvironment } from './support/installed-package.ts'

const TSC = join(CHECKOUT, 'node_modules/typescript/bin/tsc')
/** What programs are compiled with: everything that TypeScript can be strict about, the types of the package included. */
const STRICT = [
  ...['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2024', '--verbatimModuleSyntax'],
  ...['--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--allowImportingTsExtensions'],
  ...['--noPropertyAccessFromIndexSignature', '--erasableSyntaxOnly'],
]
const WAYS = {
  nodenext: ['--module', 'nodenext', '--moduleResolution', 'nodenext'],
  bundler: ['--module', 'esnext', '--moduleResolution', 'bundler'],
} as const
const NODE_TYPES = ['--types', 'node']
/** Nothing of Node.js is known: what every platform has is as browsers have it. */
const NO_TYPES = ['--types', '', '--lib', 'es2024,dom,esnext.disposable']

/** The programs that README.md shows, by the names that it gives them. */
async function readmePrograms(): Promise<Map<string, string>> {
  const readme = await readFile(join(CHECKOUT, 'README.md'), 'utf8')
  const blocks = readme.matchAll(/<!-- test: (\S+) -->\n```ts\n(.*?)```/gs)
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]))
}

/** A swarm that is started with the package's own command. */
interface RunningSwarm {
  readonly child: ChildProcess
  /** The first line of its output that matches, now or later. */
  line(pattern: RegExp): Promise<string>
}

function startSwarm(project: string): RunningSwarm {
  const args = ['swarm', '--nodes', '8', '--port', '0']
  const child = spawn(join(project, 'node_modules/.bin/hearsay'), args, {
    cwd: project,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => lines.push(line))
  let errors = ''
  child.stderr.on('data', (text) => {
    errors += text
  })
  const ended = new AbortController()
  child.once('close', () => ended.abort())
  const line = async (pattern: RegExp): Promise<string> => {
    const signal = AbortSignal.any([AbortSignal.timeout(30_000), ended.signal])
    for (;;) {
      const found = lines.find((one) => pattern.test(one))
      if (found !== undefined) return found
      await once(reader, 'line', { signal }).catch(() => {
        throw new Error(`no line like ${pattern}:\n${lines.join('\n')}\n${errors}`)
      })
    }
  }
  return { child, line }
}

/** The page is built, and no development dependency is there to make it. */
async function assertHasPage(url: string): Promise<void> {
  for (const [path, type] of [
    ['/ui', 'text/html'],
    ['/ui/page.js', 'text/javascript'],
    ['/ui/page.css', 'text/css'],
  ]) {
    const response = await fetch(url + path)
    assert.equal(response.status, 200, path)
    assert.equal(response.headers.get('content-type'), `${type}; charset=utf-8`)
    assert.equal(response.headers.get('content-encoding'), 'gzip')
  }
}

describe('the package', () => {
  let installed: InstalledPackage
  let programs: Map<string, string>

  before(async () => {
    ;[installed, programs] = await Promise.all([InstalledPackage.make(), readmePrograms()])
    for (const [name, text] of programs) await installed.write(name, text)
  })

  after(() => installed?.remove())

  test('has what it needs, and nothing else', async () => {
    const { files } = installed
    const { bin, exports, version } = JSON.parse(await readFile(installed.path('package.json'), 'utf8'))
    const doors = [...Object.values<string>(bin), ...Object.values<object>(exports).flatMap(Object.values)]
    for (const file of doors) assert.ok(files.includes(file.replace('./', '')), file)
    for (const file of files) {
      assert.match(
        file,
        /^(dist\/.*\.(js|d\.ts)|dist\/dashboard\/ui\/(index\.html|page\.(js|css))|docs\/\w+\.md|docs\/(grafana-dashboard\.json|topology-page\.webp)|examples\/.*\.(py|md)|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
      )
    }
    assert.ok(!files.includes('dist/stale.js'), 'what an earlier build has left')
    assert.ok(!files.some((file) => file.startsWith('dist/build/')), 'steps of the build')
    const { size } = await stat(installed.tarball)
    assert.ok(size < 1_000_000, `${size} bytes`)
    assert.equal(await installed.node('node_modules/.bin/hearsay', '--version'), `${version}\n`)
  })

  test('has what its pages lead to', async () => {
    for (const page of installed.files.filter((file) => file.endsWith('.md'))) {
      const text = await readFile(installed.path(page), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        await assert.doesNotReject(stat(join(installed.path(page), '..', target)), `${target} in ${page}`)
      }
    }
  })

  test('is as publint has it', async () => {
    const { messages } = await publint({ pkgDir: installed.path(''), pack: false, strict: true })
    assert.deepEqual(messages, [])
  })

  test('has types where they are looked for', async () => {
    const result = await checkPackage(createPackageFromTarballData(await readFile(installed.tarball)))
    assert.ok(result.types)
    assert.deepEqual(Object.keys(result.entrypoints), ['.', './browser', './testing'])
    // Node.js 24 is needed, which reads `exports` and gives ES modules to require(): older ways of looking do not count.
    const counting = result.problems.filter(({ kind, ...where }) => {
      const how = 'resolutionKind' in where ? where.resolutionKind : undefined
      return !(how === 'node10' || (how === 'node16-cjs' && kind === 'CJSResolvesToESM'))
    })
    assert.deepEqual(counting, [])
  })

  test('opens its doors to import and to require, and no others', async () => {
    await installed.write(
      'doors.cjs',
      `const { createNode, REASONS } = require('hearsay')
const { createTestNetwork } = require('hearsay/testing')
console.log(typeof createNode, typeof REASONS, typeof createTestNetwork)
Promise.all([import('hearsay'), import('hearsay/testing'), import('hearsay/browser')]).then(([hearsay, testing, browser]) => {
  console.log(hearsay.createNode === createNode, testing.createTestNetwork === createTestNetwork)
  console.log(Object.keys(hearsay).join(), Object.keys(testing).join(), Object.keys(browser).join())
  const lost = testing.createTestNetwork().start(['not a name']).catch((error) => error)
  const refused = hearsay.createNode({ name: 'not a name' }).catch((error) => error)
  return Promise.all([lost, refused])
}).then((errors) => {
  console.log(errors.map((error) => \`\${error instanceof require('hearsay').HearsayError} \${error.code}\`).join())
  return import('hearsay/dist/node/node.js')
}).catch(({ code }) => console.log(code))`,
    )
    assert.deepEqual((await installed.node('doors.cjs')).split('\n'), [
      'function object function',
      'true true',
      'CORE_DEFAULTS,HearsayError,HostUnknownError,LINK_DEFAULTS,PortDeniedError,PortTakenError,REASONS,' +
        'createBootstrap,createNode TestNetworkError,createTestNetwork HearsayError,createNode',
      'true invalid-name,true invalid-name',
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
      '',
    ])
  })

  test('the test kit loads none of the packages that sockets and HTTP need', async () => {
    await installed.write(
      'loaded.js',
      `import { registerHooks } from 'node:module'
const packages = new Set()
registerHooks({
  resolve(specifier, context, next) {
    if (!/^(\\.|node:|file:|hearsay)/.test(specifier)) packages.add(specifier)
    return next(specifier, context)
  },
})
await import('hearsay/testing')
console.log(packages.size)
await import('hearsay')
console.log(packages.has('ws'))`,
    )
    assert.equal(await installed.node('loaded.js'), '0\ntrue\n')
  })

  test('runs the simulator in threads', async () => {
    for (const more of [[], ['--programs']]) {
      const args = ['sim', '--swarm', ...more, '--seed', '1', '--seeds', '2', '--jobs', '2']
      const output = await installed.node('node_modules/.bin/hearsay', ...args)
      assert.match(output, /^2 seeds from 1 on: no violation /)
    }
  })

  test("README's program does what it says, in the network of the package's own command", async () => {
    const program = programs.get('program.ts') ?? ''
    const swarm = startSwarm(installed.project)
    try {
      const [, url = ''] = /(http:\/\/\S+)/.exec(await swarm.line(/^ +bootstrap +http:/)) ?? []
      assert.equal(program.split("'ws://localhost:5000'").length, 2, 'the address of the bootstrap, once')
      // The only thing that is not as in README: on its port somebody else may listen.
      await installed.write('program.js', program.replace('ws://localhost:5000', url))
      const output = await installed.node('program.js')
      assert.match(output, /^\{\s+status: 'delivered',/)
      const keys = (text: string) => [...text.matchAll(/(\w+): ['\d]/g)].map(([, key]) => key).sort()
      const [, shown = ''] = /console\.log\(outcome\) \/\/ (\{.*\})/.exec(program) ?? []
      assert.deepEqual(keys(output), keys(shown))
      assert.match(output, /id: 'anna\//)
      await swarm.line(/^node8 \| \[MSG\] From anna: \{"hello":"there"\}$/)
      const { peers } = (await (await fetch(`${url}/peers`)).json()) as { peers: string[] }
      // The bootstrap runs in a thread, and the nodes do not.
      await assertHasPage(url)
      await assertHasPage(peers[0] ?? '')
    } finally {
      swarm.child.kill('SIGINT')
      const [code] = swarm.child.exitCode === null ? await once(swarm.child, 'exit') : [swarm.child.exitCode]
      assert.equal(code, 0)
    }
  })

  test("README's test passes as it stands there", async () => {
    assert.deepEqual([...programs.keys()], ['program.ts', 'greeter.ts', 'greeter.test.ts'])
    const output = await installed.node('--test', '--test-reporter=tap', 'greeter.test.ts')
    assert.match(output, /^# pass 1$/m)
  })

  for (const [name, options] of Object.entries(WAYS)) {
    test(`README's programs are typed, by ${name}`, async () => {
      await installed.node(TSC, ...STRICT, ...options, ...NODE_TYPES, ...programs.keys())
    })

    test(`the types keep their promises (test/types), by ${name}`, async () => {
      const folder = join(CHECKOUT, 'test/types')
      const files = await readdir(folder)
      assert.ok(files.includes('node.ts'))
      for (const file of files) {
        const text = await readFile(join(folder, file), 'utf8')
        const moved = text
          .replaceAll("'../../src/index.ts'", "'hearsay'")
          .replaceAll("'../../src/testing/test-network.ts'", "'hearsay/testing'")
          .replaceAll("'../../src/browser.ts'", "'hearsay/browser'")
        assert.doesNotMatch(moved, /\.\.\/src/)
        await installed.write(file, moved)
      }
      await installed.node(TSC, ...STRICT, ...options, ...NODE_TYPES, ...files)
    })

    test(`needs no types of Node.js, by ${name}`, async () => {
      const text = `import { createBootstrap, createNode, HearsayError } from 'hearsay'
import { type BrowserNode, createNode as createBrowserNode } from 'hearsay/browser'
import { createTestNetwork } from 'hearsay/testing'
export const member: Promise<BrowserNode> = createBrowserNode({ bootstrap: ['wss://example.org'] })
export const all = [createBootstrap(), createNode(), createTestNetwork(), HearsayError]
// @ts-expect-error it is a port, so the types are not lost
createNode({ listen: 'yes' })
// @ts-expect-error a page listens nowhere
createBrowserNode({ listen: 5000 })
`
      await installed.write('plain.ts', text)
      await installed.node(TSC, ...STRICT, ...options, ...NO_TYPES, 'plain.ts')
    })
  }
})
