// The commands as processes: a bootstrap and nodes find each other, messages are lines on standard output, and every
// ending has its exit code.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { Hearsay } from './process.ts'

/** Longest time that a graceful end may take, in ms: 2 s, and something for a machine that has other work. */
const END_MS_MAX = 2_500

async function startBootstrap(t: TestContext) {
  const process = new Hearsay(t, ['bootstrap', '--host', '127.0.0.1'], { PORT: '0' })
  return { process, url: `http://127.0.0.1:${await process.port()}` }
}

async function startNode(t: TestContext, name: string, bootstrap: string, ...flags: string[]) {
  const node = new Hearsay(t, ['node', '--port', '0', '--host', '127.0.0.1', ...flags], {
    NODE_NAME: name,
    BOOTSTRAP_URL: bootstrap,
  })
  const port = await node.port()
  return { process: node, url: `http://127.0.0.1:${port}` }
}

const ready = (node: Hearsay) => node.entry('that it is ready', ({ msg }) => msg === 'ready')

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}/message`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return response.json()
}

/** Stops a process with a signal, and checks that it ends in time. */
async function stop(one: Hearsay, signal: NodeJS.Signals) {
  const startedMs = performance.now()
  one.child.kill(signal)
  const ended = await one.ended
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs < END_MS_MAX, `it ended after ${tookMs} ms`)
  return ended
}

describe('bootstrap and nodes as processes', () => {
  it('find each other, and print messages and nothing else on standard output', async (t) => {
    const bootstrap = await startBootstrap(t)
    const a = await startNode(t, 'node1', bootstrap.url)
    const b = await startNode(t, 'node2', bootstrap.url)
    await Promise.all([ready(a.process), ready(b.process)])
    await a.process.entry('its peers', ({ msg, count }) => msg === 'peers' && count === 1)

    assert.deepEqual(await post(b.url, { sender: 'node12', msg: 'Hello node2' }), { status: 'received' })
    await b.process.line(/^\[MSG\] From node12: Hello node2$/)

    const send = new Hearsay(t, ['send', 'node2', 'Hello', 'there', '--at', a.url])
    assert.deepEqual(await send.ended, { code: 0, signal: null })
    assert.match(send.stdout[0] ?? '', /^delivered to node2 in 1 hop, [\d.]+ ms there and back$/)
    await b.process.line(/^\[MSG\] From node1: Hello there$/)

    const broadcast = new Hearsay(t, ['broadcast', 'to', 'all', '--json'], { HEARSAY_AT: b.url })
    assert.equal((await broadcast.ended).code, 0)
    assert.equal(JSON.parse(broadcast.stdout[0] ?? '').status, 'sent')
    await a.process.line(/^\[MSG\] From node2: to all$/)

    const nobody = new Hearsay(t, ['send', 'nobody', 'Hello', '--at', a.url])
    assert.equal((await nobody.ended).code, 3)
    assert.match(nobody.stderr[0] ?? '', /^not delivered to nobody: .*\(unknown-peer, says node1\)$/)
    assert.match(nobody.stderr[1] ?? '', /^Look for the name in the list of peers/)

    const peers = new Hearsay(t, ['peers', '--at', bootstrap.url])
    assert.equal((await peers.ended).code, 0)
    assert.deepEqual(peers.stdout, [`node1  ${a.url}`, `node2  ${b.url}`])

    const topology = new Hearsay(t, ['topology', '--at', b.url])
    await topology.ended
    assert.deepEqual(topology.stdout, [
      'node1  node2',
      'node2  node1',
      '',
      '2 nodes, 1 link, as node2 sees it',
    ])

    assert.deepEqual(a.process.stdout, ['[MSG] From node2: to all'])
    assert.deepEqual(b.process.stdout, ['[MSG] From node12: Hello node2', '[MSG] From node1: Hello there'])
    assert.deepEqual(bootstrap.process.stdout, [])
  })

  it('leave in order at SIGTERM and SIGINT: exit code 0, and the others see that they left', async (t) => {
    const bootstrap = await startBootstrap(t)
    const a = await startNode(t, 'node1', bootstrap.url)
    const b = await startNode(t, 'node2', bootstrap.url)
    const c = await startNode(t, 'node3', bootstrap.url)
    await a.process.entry('both others', ({ msg, count }) => msg === 'peers' && count === 2)
    assert.deepEqual(await stop(b.process, 'SIGTERM'), { code: 0, signal: null })
    assert.deepEqual(await stop(c.process, 'SIGINT'), { code: 0, signal: null })
    await a.process.entry('that nobody is left', ({ msg, count }) => msg === 'peers' && count === 0)
    const entries = a.process.log()
    assert.deepEqual(
      entries.flatMap(({ left }) => left ?? []),
      ['node2', 'node3'],
    )
    assert.deepEqual(
      entries.filter(({ unreachable }) => unreachable !== undefined),
      [],
    )
    assert.deepEqual(await stop(a.process, 'SIGTERM'), { code: 0, signal: null })
    assert.deepEqual(await stop(bootstrap.process, 'SIGTERM'), { code: 0, signal: null })
  })

  it('join without a port and without a bootstrap', async (t) => {
    const a = new Hearsay(t, ['node', '--name', 'node1', '--port', '0', '--host', '127.0.0.1'])
    const url = `http://127.0.0.1:${await a.port()}`
    await a.entry('the warning that it knows nobody', ({ level }) => level === 'warn')
    const b = new Hearsay(t, ['node', '--name', 'node2', '--no-listen', '--peers', url, '--json'])
    await ready(b)
    assert.deepEqual(Object.keys((await post(url, { to: 'node2', msg: { n: 1 } })) as object).sort(), [
      'hops',
      'id',
      'rttMs',
      'status',
    ])
    const line = JSON.parse(await b.line(/^\{/))
    assert.deepEqual([line.event, line.from, line.msg, line.hops], ['message', 'node1', { n: 1 }, 1])
  })

  it('take their name from NODE_URL, and refuse a second one of the same name', async (t) => {
    const bootstrap = await startBootstrap(t)
    const env = { NODE_URL: 'http://localhost:5999', BOOTSTRAP_URL: bootstrap.url, PORT: '0' }
    const first = new Hearsay(t, ['node'], env)
    await first.entry('its registration', ({ msg }) => msg === 'bootstrap-registered')
    const second = new Hearsay(t, ['node'], env)
    assert.equal((await second.ended).code, 4)
    assert.match(second.stderr.join('\n'), /hearsay: The name localhost is in use by another live node/)
    assert.match(second.stderr.join('\n'), /Give one of the two another name \(--name, NODE_NAME\)/)
    assert.equal(first.child.exitCode, null)
  })

  it('end with exit code 1 when the port is taken, and say what to do', async (t) => {
    const { process: taken, url } = await startBootstrap(t)
    const port = String(await taken.port())
    for (const role of ['bootstrap', 'node']) {
      const second = new Hearsay(t, [role, '--host', '127.0.0.1', '--port', port])
      assert.equal((await second.ended).code, 1)
      assert.match(second.stderr.join('\n'), new RegExp(`hearsay: Port ${port} is taken by another process`))
      assert.match(second.stderr.join('\n'), /choose other ports with --port/)
    }
    assert.equal((await fetch(url)).status, 200)
  })
})

describe('swarm', () => {
  const swarm = (t: TestContext, nodes: number, port: number, ...more: string[]) =>
    new Hearsay(t, ['swarm', '--nodes', String(nodes), '--port', String(port), ...more])

  it('shows what runs and what to try, prints messages with their receiver, and ends within 2 s', async (t) => {
    const running = swarm(t, 5, 0)
    await running.line(/^A bootstrap and 5 nodes are running. Every node knew all others after [\d.]+ s\.$/)
    await running.line(/Ctrl-C ends everything/)
    const url = (name: string) =>
      running.stdout
        .find((line) => line.startsWith(`  ${name} `))
        ?.split(/\s+/)
        .at(-1) ?? ''
    await running.line(
      /^Settled after [\d.]+ s: a broadcast reached 4 of 4 nodes, the last one after [\d.]+ ms\.$/,
    )
    assert.equal(
      running.stdout.some((line) => line.includes('[MSG]')),
      false,
      'that broadcast is for nobody',
    )
    assert.equal((await fetch(url('bootstrap'))).status, 200)
    const commands = running.stdout.filter((line) => /^ {2}(curl|npx|npm)/.test(line))
    assert.equal(commands.length, 3)
    await post(url('node1'), { to: 'node2', msg: 'Hello' })
    await running.line(/^node2 \| \[MSG\] From node1: Hello$/)
    assert.deepEqual(await stop(running, 'SIGINT'), { code: 0, signal: null })
    await assert.rejects(fetch(url('bootstrap')), 'nothing is left behind')
  })

  it('prints one JSON line for programs', async (t) => {
    const running = swarm(t, 3, 0, '--json')
    const up = JSON.parse(await running.line(/^\{/))
    assert.equal(up.event, 'up')
    assert.equal(up.complete, true)
    assert.deepEqual(
      up.nodes.map(({ name }: { name: string }) => name),
      ['node1', 'node2', 'node3'],
    )
    await post(up.nodes[0].url, { sender: 'me', msg: 'hi' })
    const { receiver, msg } = JSON.parse(await running.line(/"message"/))
    assert.deepEqual([receiver, msg], ['node1', 'hi'])
  })

  it('names a port that is taken, and leaves nothing running', async (t) => {
    // The highest port of a range that was free a moment ago is taken; the others must be free again afterwards.
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    t.after(() => blocker.close())
    const { port } = blocker.address() as { port: number }
    const running = swarm(t, 4, port - 4)
    assert.equal((await running.ended).code, 1)
    assert.match(
      running.stderr.join('\n'),
      /hearsay: Port \d+ is taken by another process, so nothing was started/,
    )
    assert.deepEqual(running.stdout, [])
    await assert.rejects(fetch(`http://127.0.0.1:${port - 4}`), 'the bootstrap is closed again')
  })

  it('ends at once when it is interrupted while it starts', async (t) => {
    const running = swarm(t, 30, 0)
    await running.waitFor('the first progress line', () => running.stderr[0])
    assert.deepEqual(await stop(running, 'SIGINT'), { code: 0, signal: null })
    assert.deepEqual(running.stdout, [])
  })
})

describe('pages of other origins', () => {
  /** What a handshake of a page comes to: 101, or what it is refused with. */
  async function status(t: TestContext, url: string, origin: string): Promise<number> {
    const socket = new WebSocket(url, { origin })
    t.after(() => socket.terminate())
    const opened = once(socket, 'open').then(() => 101)
    return Promise.race([
      opened,
      once(socket, 'unexpected-response').then(([, { statusCode }]) => statusCode),
    ])
  }

  it('are let in where a flag or the environment says so, at each role', async (t) => {
    const origins = ['https://a.example', 'https://b.example', 'https://evil.example']
    const local = ['--port', '0', '--host', '127.0.0.1']
    const flags = ['--allow-origin', 'https://a.example', '--allow-origin', 'https://B.example:443']
    const bootstrap = new Hearsay(t, ['bootstrap', ...local, ...flags])
    const node = new Hearsay(t, ['node', '--name', 'n1', ...local], {
      HEARSAY_ALLOW_ORIGIN: 'https://a.example,https://b.example',
    })
    const running = new Hearsay(t, ['swarm', '--nodes', '1', '--port', '0', '--json', ...flags])
    const { bootstrap: at, nodes } = JSON.parse(await running.line(/"up"/))
    const own = await Promise.all(
      [bootstrap, node].map(async (one) => `http://127.0.0.1:${await one.port()}`),
    )
    for (const url of [...own, at, nodes[0].url]) {
      const found = await Promise.all(origins.map((origin) => status(t, url, origin)))
      assert.deepEqual(found, [101, 101, 403], url)
    }
    const { origin, level } = await node.entry('the refusal', ({ msg }) => msg === 'page-refused')
    assert.deepEqual([origin, level], ['https://evil.example', 'warn'])
  })
})

describe('the process', () => {
  it('ends in order when the reader of its output goes away', async (t) => {
    const running = new Hearsay(t, ['swarm', '--nodes', '2', '--port', '0', '--json'])
    const up = JSON.parse(await running.line(/^\{/))
    running.child.stdout?.destroy()
    await post(up.nodes[0].url, { sender: 'me', msg: 'nobody reads this' }).catch(() => {})
    assert.deepEqual(await running.ended, { code: 0, signal: null })
  })

  it('goes on when nobody reads its log', async (t) => {
    const running = new Hearsay(t, ['bootstrap', '--port', '0', '--host', '127.0.0.1'])
    const url = `http://127.0.0.1:${await running.port()}`
    running.child.stderr?.destroy()
    await fetch(`${url}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: 'http://127.0.0.1:1' }),
    })
    assert.equal((await fetch(url)).status, 200)
    assert.equal((await stop(running, 'SIGTERM')).code, 0)
  })
})
