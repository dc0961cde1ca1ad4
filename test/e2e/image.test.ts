// The image by itself: its two roles, its user, its health check, what is in it, how it starts and stops.

import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import {
  GenericContainer,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  Wait,
} from 'testcontainers'
import { describeWithEngine, docker, ROOT } from './support/engine.ts'
import { until } from './support/until.ts'

const IMAGE = 'hearsay-image-test'

describeWithEngine('the image', () => {
  let network: StartedNetwork
  const started: StartedTestContainer[] = []

  before(async () => {
    await GenericContainer.fromDockerfile(ROOT).build(IMAGE, { deleteOnExit: false })
    network = await new Network().start()
  })
  after(async () => {
    await Promise.all(started.map((container) => container.stop()))
    await network?.stop()
    await docker('image', 'rm', '-f', IMAGE)
  })

  /** Starts a container, and waits until it says that it is ready. */
  async function start(name: string, environment: Record<string, string> = {}, command: string[] = []) {
    const port = Number(environment.PORT ?? 5000)
    const container = await new GenericContainer(IMAGE)
      .withNetwork(network)
      .withNetworkAliases(name)
      .withEnvironment(environment)
      .withCommand(command)
      .withExposedPorts(port)
      .withWaitStrategy(Wait.forHttp(command[0] === 'node' ? '/healthz' : '/readyz', port))
      .withStartupTimeout(20_000)
      .start()
    started.push(container)
    const url = `http://${container.getHost()}:${container.getMappedPort(port)}`
    const ask = async (path: string) => (await (await fetch(url + path)).json()) as Record<string, unknown>
    return { container, ask, name, url }
  }

  const node = (name: string, more: Record<string, string> = {}) =>
    start(name, { NODE_URL: `http://${name}:5000`, BOOTSTRAP_URL: 'http://boot:5000', ...more })

  it('is a bootstrap without BOOTSTRAP_URL, a node with it, and what an argument says', {
    timeout: 120_000,
  }, async () => {
    const boot = await start('boot')
    assert.equal((await boot.ask('/')).message, 'Bootstrap node is running!')
    const first = await node('first')
    assert.equal((await first.ask('/')).message, 'Node first is running!')
    for (const { url } of [boot, first]) {
      const page = await fetch(`${url}/ui`)
      assert.equal(page.status, 200)
      assert.match(await page.text(), /ui\/page\.js/)
      assert.equal((await fetch(`${url}/ui/page.js`)).status, 200)
    }
    const asked = await start('asked', { NODE_NAME: 'by-argument' }, ['node'])
    assert.equal((await asked.ask('/')).message, 'Node by-argument is running!')
    const other = await start('other', { BOOTSTRAP_URL: 'http://boot:5000' }, [
      'bootstrap',
      '--log-level',
      'debug',
    ])
    assert.equal((await other.ask('/')).message, 'Bootstrap node is running!')
  })

  it('takes another port, several bootstraps, and a name', async () => {
    const moved = await start('moved', {
      PORT: '7777',
      NODE_ID: 'moved-node',
      BOOTSTRAP_URL: 'http://nowhere:5000,ws://boot:5000',
    })
    assert.equal((await moved.ask('/')).message, 'Node moved-node is running!')
    const { peers } = await moved.ask('/peers')
    assert.deepEqual(peers, ['http://first:5000'])
  })

  it('runs commands and flags, and says what is wrong with them', async () => {
    const help = await docker('run', '--rm', IMAGE, '--help')
    assert.match(help.stdout, /hearsay <command>/)
    await assert.rejects(
      docker('run', '--rm', '-e', 'PORT=abc', IMAGE),
      /environment variable PORT: "abc" is not a port/,
    )
    await assert.rejects(docker('run', '--rm', IMAGE, '--nonsense'), /is not known here/)
  })

  it('runs as the user node, with the process as number 1, and has what it needs and nothing more', async () => {
    const [boot] = started
    const inside = async (...command: string[]) => (await boot?.exec(command))?.output.trim()
    assert.equal(await inside('id', '-un'), 'node')
    assert.match((await inside('cat', '/proc/1/cmdline')) ?? '', /^node\0\/app\/dist\/main\.js\0bootstrap/)
    const packages = (await inside('ls', 'node_modules'))?.split('\n') ?? []
    assert.ok(packages.includes('ws') && packages.includes('bufferutil'))
    for (const unwanted of ['typescript', 'testcontainers', 'node', 'fast-check', '@biomejs', '@types']) {
      assert.ok(!packages.includes(unwanted), unwanted)
    }
    assert.match(
      (await inside('ls', '-a', '.')) ?? '',
      /^\.\s+\.\.\s+LICENSE\s+dist\s+docker-entrypoint\.sh\s+node_modules\s+package\.json$/,
    )
  })

  it('has a health check that passes while the process answers', async () => {
    const [boot] = started
    const { stdout } = await docker(
      'image',
      'inspect',
      '--format',
      '{{json .Config.Healthcheck.Test}}',
      IMAGE,
    )
    const [kind, ...command] = JSON.parse(stdout) as string[]
    assert.equal(kind, 'CMD')
    assert.equal((await boot?.exec(command))?.exitCode, 0)
    assert.equal((await boot?.exec(command, { env: { PORT: '5999' } }))?.exitCode, 1)
  })

  it('leaves in order when it is stopped, within 2 s', { timeout: 60_000 }, async (t) => {
    const leaving = await node('leaving')
    const [, first] = started
    await until('the other knows it', 10_000, async () => {
      return (await docker('logs', first?.getId() ?? '')).stderr.includes('"joined":["leaving"]')
    })
    const startedMs = performance.now()
    await docker('stop', leaving.container.getId())
    const tookMs = performance.now() - startedMs
    t.diagnostic(`docker stop took ${Math.round(tookMs)} ms`)
    assert.ok(tookMs < 2_000)
    const { stdout } = await docker('inspect', '--format', '{{.State.ExitCode}}', leaving.container.getId())
    assert.equal(stdout.trim(), '0')
    await until('the other sees that it left', 5_000, async () => {
      return (await docker('logs', first?.getId() ?? '')).stderr.includes('"left":["leaving"]')
    })
  })

  it('serves within a second of its start', async (t) => {
    const { container } = await start('quick')
    const { stdout } = await docker('inspect', '--format', '{{.State.StartedAt}}', container.getId())
    const { stderr } = await docker('logs', container.getId())
    const line = stderr.split('\n').find((one) => one.includes('bootstrap-running')) ?? '{}'
    const tookMs = Date.parse(JSON.parse(line).time) - Date.parse(stdout.trim())
    t.diagnostic(`from the start of the container until it serves: ${tookMs} ms`)
    assert.ok(tookMs < 2_000, `${tookMs} ms`)
  })
})
