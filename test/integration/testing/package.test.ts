// The package as others get it, in a project of theirs: both of its doors open, with their types, and the example of the
// README does what it says.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

/** Runs Node.js in a folder; an error tells what it printed. */
async function node(cwd: string, ...args: string[]): Promise<string> {
  const { HEARSAY_SEED, NODE_TEST_CONTEXT, ...env } = process.env
  try {
    return (await run(process.execPath, args, { cwd, env })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`node ${args.join(' ')}\n${stdout}${stderr}`)
  }
}

/** The files of the README's example. */
async function example(): Promise<Map<string, string>> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const blocks = readme.matchAll(/<!-- test: (\S+) -->\n```ts\n(.*?)```/gs)
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]))
}

describe('the package', () => {
  let project = ''

  before(async () => {
    project = await realpath(await mkdtemp(join(tmpdir(), 'hearsay-package-')))
    const installed = join(project, 'node_modules/hearsay')
    await mkdir(installed, { recursive: true })
    await node(root, tsc, '-p', 'src/tsconfig.build.json', '--outDir', join(installed, 'dist'))
    await writeFile(join(installed, 'package.json'), await readFile(join(root, 'package.json')))
    const dependencies = await realpath(join(root, 'node_modules'))
    await symlink(dependencies, join(installed, 'node_modules'))
    await symlink(join(dependencies, '@types'), join(project, 'node_modules/@types'))
    await writeFile(join(project, 'package.json'), '{ "type": "module" }')
    for (const [name, text] of await example()) await writeFile(join(project, name), text)
  })

  after(() => rm(project, { recursive: true, force: true }))

  test("the README's example passes as it stands there", async () => {
    assert.deepEqual([...(await example()).keys()], ['greeter.ts', 'greeter.test.ts'])
    assert.match(await node(project, '--test', '--test-reporter=tap', 'greeter.test.ts'), /^# pass 1$/m)
  })

  test('its types fit, and are strict', async () => {
    await writeFile(
      join(project, 'types.ts'),
      `import { type createNode, type Node, type NodeMessage } from 'hearsay'
import {
  createTestNetwork,
  type TestNetwork,
  TestNetworkError,
  type TestNetworkErrorCode,
  type TestNetworkOptions,
} from 'hearsay/testing'

const options: TestNetworkOptions = { seed: 7, latencyMs: [1, 2] }
const net: TestNetwork = createTestNetwork(options)
export const create: typeof createNode = net.createNode
const [a, b] = await net.start(['a', 'b'])
export const pair: readonly Node[] = [a, b]
// @ts-expect-error there is no third one
export const [, , c] = await net.start(['a', 'b'])
const many = await net.start(3)
export const maybe: Node | undefined = many[2]
export const code: TestNetworkErrorCode = new TestNetworkError('closed', '').code
a.on('message', (message: NodeMessage) => message.value)
// @ts-expect-error there is no such option
createTestNetwork({ latency: 5 })
`,
    )
    const options = [
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
      '--skipLibCheck',
      'false',
    ]
    const flags = ['--strict', '--noEmit', '--noUncheckedIndexedAccess', '--allowImportingTsExtensions']
    await node(project, tsc, ...options, ...flags, 'types.ts', 'greeter.test.ts')
  })

  test('the test kit loads none of the packages that sockets and HTTP need', async () => {
    await writeFile(
      join(project, 'loaded.js'),
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
    assert.equal(await node(project, 'loaded.js'), '0\ntrue\n')
  })
})
