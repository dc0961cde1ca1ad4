// The doctor, in a small network and without one: what is well, what is not, and what to do about it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { hostname } from 'node:os'
import { describe, type TestContext, test } from 'node:test'
import { clock, isLoopback, nodeJs } from '../../../src/cli/doctor-checks.ts'
import { startNode } from '../../support/node-rig.ts'
import { Running, startSwarm } from './live-swarm.ts'

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The doctor's findings, by check, and its exit code. */
async function findings(t: TestContext, args: readonly string[], env = {}) {
  const doctor = new Running(t, ['doctor', '--json', ...args], env)
  const code = await doctor.ended
  const found = doctor.lines.map(
    (line) => JSON.parse(line) as Record<'check' | 'status' | 'text' | 'advice', string>,
  )
  const of = (check: string) => found.find((one) => one.check.startsWith(check))
  return { code, of, found, err: doctor.err }
}

describe('doctor', { concurrency: true }, () => {
  test('all is well before a node is started', async (t) => {
    const { bootstrap } = await startSwarm(t, 2)
    const port = await freePort()
    const args = ['--bootstrap', bootstrap, '--name', 'late', '--port', `${port}`, '--host', '127.0.0.1']
    const { code, found } = await findings(t, [...args, '--url', `http://127.0.0.1:${port}`])
    assert.deepEqual(
      found.map(({ status }) => status),
      Array(8).fill('ok'),
      JSON.stringify(found),
    )
    assert.equal(code, 0)
    const text = new Running(t, ['doctor', ...args, '--url', `http://127.0.0.1:${port}`])
    assert.equal(await text.ended, 0)
    assert.match(text.out, /^ok {2}Node\.js: version \d+/)
    assert.match(text.out, /\nok {2}name: late is free\n/)
    // The port is free again, and nobody was registered.
    const node = await startNode(t, 'late', { listen: port, bootstrap: [bootstrap] })
    assert.equal(node.node.port, port)
  })

  test('a node that runs already is well, and a name that another one has is not', async (t) => {
    const { bootstrap, nodes } = await startSwarm(t, 2)
    const port = `${nodes[0]?.node.port}`
    const args = ['--bootstrap', bootstrap, '--port', port, '--url', nodes[0]?.http ?? '']
    const same = await findings(t, [...args, '--name', 'n1'])
    assert.equal(same.code, 0, JSON.stringify(same.found))
    assert.match(same.of('name')?.text ?? '', /^n1 is registered at http.*, where this node is$/)
    assert.equal(same.of('port')?.text, 'n1 is running there')
    const other = await findings(t, [...args, '--name', 'n2'])
    assert.equal(other.code, 1)
    assert.match(other.of('name')?.text ?? '', /^n2 is registered by another process at http/)
    assert.match(other.of('name')?.advice ?? '', /--name \(NODE_NAME\)/)
    assert.match(other.of('port')?.text ?? '', /taken by another process \("Node n1 is running!"\)/)
    assert.match(other.of('advertised URL')?.text ?? '', /leads to another process/)
  })

  test('the URL that nobody gave is the one that a node would advertise', async (t) => {
    const port = `${await freePort()}`
    for (const [host, url] of [
      ['0.0.0.0', `http://${hostname().toLowerCase()}:${port}`],
      ['127.0.0.1', `http://127.0.0.1:${port}`],
    ] as const) {
      const { found } = await findings(t, ['--name', 'a', '--port', port, '--host', host])
      assert.ok(
        found.some(({ check }) => check === `advertised URL ${url}`),
        JSON.stringify(found),
      )
    }
  })

  test('a URL at which another process has the name already', async (t) => {
    const { bootstrap, nodes } = await startSwarm(t, 2)
    const args = ['--bootstrap', bootstrap, '--port', `${await freePort()}`, '--name', 'n1']
    const { code, of } = await findings(t, [...args, '--url', nodes[0]?.http ?? ''])
    assert.equal(code, 1)
    assert.equal(of('advertised URL')?.text, 'leads to another process that runs as n1 already')
  })

  test('a bootstrap that is none, is not there, or is left out', async (t) => {
    const { nodes } = await startSwarm(t, 2)
    const web = createServer((_request, response) => response.end('{"hello":"there"}')).listen(0, '127.0.0.1')
    t.after(() => web.close())
    await once(web, 'listening')
    const list = [
      nodes[0]?.http,
      `http://127.0.0.1:${(web.address() as AddressInfo).port}`,
      'http://127.0.0.1:1',
    ]
    const { code, found, of } = await findings(t, ['--no-listen', '--bootstrap', list.join()])
    assert.equal(code, 1)
    assert.deepEqual(
      found.filter(({ check }) => check.startsWith('bootstrap')).map(({ text }) => text),
      [
        'that is a node, and no bootstrap',
        'what answers there is no hearsay bootstrap',
        'Nothing listens at http://127.0.0.1:1',
      ],
    )
    assert.equal(of('port')?.status, 'skipped')
    const none = await findings(t, ['--no-listen'])
    assert.deepEqual([none.code, none.of('bootstrap')?.status], [0, 'warning'])
  })

  test('an advertised URL that means something else elsewhere', async (t) => {
    const port = `${await freePort()}`
    const url = `http://localhost:${port}`
    const remote = await findings(t, [
      '--port',
      port,
      '--url',
      url,
      '--bootstrap',
      'http://bootstrap.invalid:5000',
    ])
    assert.equal(remote.code, 1)
    assert.match(remote.of('advertised URL')?.text ?? '', /means something else to nodes elsewhere/)
    assert.match(
      remote.of('advertised URL')?.advice ?? '',
      /^Correct --url \(NODE_URL\): a name that others know/,
    )
    const nameless = await findings(t, ['--port', port, '--url', `http://127.0.0.1:${port}`], {
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
    })
    const [, such] = /such as http:\/\/(.+):\d+$/.exec(nameless.of('advertised URL')?.advice ?? '') ?? []
    assert.ok(such !== undefined && such !== '127.0.0.1', such)
    const inPod = await findings(t, ['--port', port, '--url', url], { KUBERNETES_SERVICE_HOST: '10.0.0.1' })
    assert.match(inPod.of('advertised URL')?.text ?? '', /means this container to itself/)
    const unknown = await findings(t, ['--port', port, '--url', `http://nowhere.invalid:${port}`])
    assert.match(unknown.of('advertised URL')?.text ?? '', /cannot be reached from here/)
  })

  test('a proxy that knows no WebSocket', async (t) => {
    const proxy = createServer((request, response) => {
      response.end(request.url === '/' ? '{"message":"Bootstrap node is running!","peers":0}' : '{}')
    }).listen(0, '127.0.0.1')
    t.after(() => proxy.close())
    await once(proxy, 'listening')
    const at = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const { code, of } = await findings(t, ['--no-listen', '--bootstrap', at])
    assert.equal(code, 1)
    assert.equal(of('WebSocket')?.status, 'problem')
    assert.match(of('WebSocket')?.advice ?? '', /proxy/)
    assert.equal(of('name')?.status, 'skipped')
  })

  test('the name is the one that the node would get', async (t) => {
    const { err, code } = await findings(t, ['--url', 'http://_a:1'])
    assert.equal(code, 2)
    assert.match(err, /"_a", cannot be a node's name/)
    assert.ok(hostname().length > 0)
  })
})

test('clocks are compared as far as a header with whole seconds allows', () => {
  const date = 'Tue, 24 Nov 2026 12:00:00 GMT'
  const atMs = Date.parse(date)
  assert.equal(clock(date, atMs + 100, atMs + 200).status, 'ok')
  assert.equal(clock(date, atMs + 5_999, atMs + 6_100).status, 'ok')
  assert.equal(clock(date, atMs - 5_100, atMs - 5_000).status, 'ok')
  const ahead = clock(date, atMs + 61_000, atMs + 61_010)
  assert.deepEqual([ahead.status, ahead.text], ['warning', '60 s ahead of that of the bootstrap'])
  assert.match(clock(date, atMs - 90_010, atMs - 90_000).text, /^90 s behind/)
  // Slow networks make no clock wrong.
  assert.equal(clock(date, atMs - 100_000, atMs + 100_000).status, 'ok')
  assert.equal(clock(undefined, 0, 0).status, 'skipped')
})

test('versions and places', () => {
  assert.deepEqual([nodeJs('24.0.0').status, nodeJs('20.1.0').status], ['ok', 'problem'])
  for (const url of ['http://localhost:1', 'ws://127.1.2.3:1', 'http://[::1]:1', 'http://a.localhost:1']) {
    assert.ok(isLoopback(url), url)
  }
  for (const url of ['http://node1:1', 'http://10.0.0.1:1', 'http://localhost.example:1', 'no url']) {
    assert.equal(isLoopback(url), false, url)
  }
})
