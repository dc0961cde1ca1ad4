// Web pages at every way into a running node and a running bootstrap, as their browsers knock: with an origin. Which origins are let in
// is net/web-origins' business; here it is about what becomes of the others.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { type RecordedNode, startBootstrap, startNode, until } from '../../support/node-rig.ts'
import { Stranger, strangerHello } from '../../support/node-stranger.ts'
import { Person } from '../guests/rig.ts'
import { RawClient } from '../http/raw-client.ts'

const EVIL = 'https://evil.example'
const APP = 'https://app.example'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Record<string, unknown>
}

/** Asks by HTTP, with exactly these headers beside `Host`. */
async function ask(
  url: string,
  method: string,
  options: { readonly origin?: string; readonly body?: unknown; readonly type?: string } = {},
): Promise<Answer> {
  const { origin, body, type = 'application/json' } = options
  const asked = request(url, {
    method,
    agent: false,
    headers: {
      ...(origin !== undefined && { origin }),
      ...(body !== undefined && type !== '' && { 'content-type': type }),
    },
  })
  asked.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = await once(asked, 'response')
  const text = Buffer.concat(await response.toArray()).toString()
  return { status: response.statusCode, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}

/** A handshake that is refused. */
async function refusedHandshake(url: string, origin: string, protocol?: string): Promise<Answer> {
  const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], { origin })
  socket.on('open', () => assert.fail('it was let in'))
  const [, response] = await once(socket, 'unexpected-response')
  const text = Buffer.concat(await response.toArray()).toString()
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) }
}

/** Opens a WebSocket for a page. Cut after the test. */
function open(t: TestContext, url: string, origin: string, protocol?: string): WebSocket {
  const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], { origin })
  t.after(() => socket.terminate())
  return socket
}

function assertRefused({ status, headers, body }: Answer, origin = EVIL): void {
  assert.equal(status, 403)
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(body.reason, 'foreign-origin')
  assert.match(String(body.error), new RegExp(`^Pages of the origin ${origin} are not allowed here\\. `))
  assert.match(String(body.error), new RegExp(`--allow-origin ${origin} `))
}

function assertNoCors({ headers }: Answer): void {
  assert.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith('access-control-')),
    [],
  )
}

const MESSAGE = { sender: 'page', msg: 'hello' }

describe('a page of a foreign origin, at a node', () => {
  test('gets neither line mode nor a link, and is told why', async (t) => {
    const n1 = await startNode(t, 'n1')
    assertRefused(await refusedHandshake(n1.url, EVIL))
    assertRefused(await refusedHandshake(n1.url, EVIL, 'hearsay.1'))
    assertRefused(await refusedHandshake(n1.url, 'null'), 'null')
    const { links, guests, foreignOrigins, badHandshakes } = n1.node.stats().listener ?? {}
    assert.deepEqual(
      { links, guests, foreignOrigins, badHandshakes },
      {
        links: 0,
        guests: 0,
        foreignOrigins: 3,
        badHandshakes: 0,
      },
    )
    await until('the connections are closed', () => n1.node.stats().listener?.connections === 0)
  })

  test('posts no message, however it writes it', async (t) => {
    const n1 = await startNode(t, 'n1')
    // A form and a Blob need no leave of the server, as JSON does.
    for (const type of ['application/json', 'text/plain', '']) {
      const answer = await ask(`${n1.http}/message`, 'POST', { origin: EVIL, body: MESSAGE, type })
      assertRefused(answer)
      assertNoCors(answer)
    }
    for (const [method, path] of [
      ['POST', '/message?x'],
      ['POST', '/nowhere'],
      ['PUT', '/message'],
      ['DELETE', '/'],
      ['PATCH', '/'],
    ] as const) {
      assertRefused(await ask(`${n1.http}${path}`, method, { origin: EVIL, body: MESSAGE }))
    }
    assert.deepEqual(n1.messages, [])
    assert.equal((await ask(`${n1.http}/message`, 'POST', { body: MESSAGE })).status, 200)
    assert.deepEqual(n1.values, ['hello'])
    assert.equal(n1.node.stats().listener?.foreignOrigins, 8)
  })

  test('is answered what changes nothing, and its browser is not told to hand that out', async (t) => {
    const n1 = await startNode(t, 'n1')
    for (const path of ['/', '/peers', '/topology', '/healthz', '/nowhere']) {
      const [foreign, own] = await Promise.all([
        ask(`${n1.http}${path}`, 'GET', { origin: EVIL }),
        ask(`${n1.http}${path}`, 'GET'),
      ])
      assert.deepEqual([foreign.status, foreign.body], [own.status, own.body])
      assertNoCors(foreign)
    }
    const preflight = await ask(`${n1.http}/message`, 'OPTIONS', { origin: EVIL })
    assert.equal(preflight.status, 405)
    assertNoCors(preflight)
    assert.equal(n1.node.stats().listener?.foreignOrigins, 0)
  })

  test('is not another one with a second header, and headers of any size are answered', async (t) => {
    const n1 = await startNode(t, 'n1')
    const origins = [
      ['Origin: http://localhost', `Origin: ${EVIL}`],
      [`Origin: ${EVIL}`, 'Origin: http://localhost'],
      ['Origin: http://localhost, https://evil.example'],
      ['Origin:'],
      [`Origin: https://${'x'.repeat(12_000)}`],
      [`oRiGiN:\t${EVIL}\t`],
    ]
    for (const lines of origins) {
      const client = await RawClient.open(n1.node.port ?? 0)
      t.after(() => client.socket.destroy())
      client.post(JSON.stringify(MESSAGE), ['Content-Type: application/json', ...lines])
      const { status, text } = await client.answer()
      assert.equal(status, 403, lines.join())
      assert.equal((JSON.parse(text) as { reason: string }).reason, 'foreign-origin')
      assert.ok(text.length < 500)
      // The connection is as good as it was.
      client.post(JSON.stringify(MESSAGE))
      assert.equal((await client.answer()).status, 200)
    }
    assert.equal(n1.messages.length, origins.length)
  })

  test('reads its answer although it still sends, and what it sends is thrown away', async (t) => {
    const n1 = await startNode(t, 'n1')
    const client = await RawClient.open(n1.node.port ?? 0)
    t.after(() => client.socket.destroy())
    const before = process.memoryUsage().arrayBuffers
    client.post(Buffer.alloc(32_000_000, 'x'), [`Origin: ${EVIL}`])
    assert.equal((await client.answer()).status, 403)
    client.post(JSON.stringify(MESSAGE))
    assert.equal((await client.answer()).status, 200)
    assert.ok(process.memoryUsage().arrayBuffers - before < 100_000_000)
  })

  test('shows in the metrics', async (t) => {
    const n1 = await startNode(t, 'n1')
    await refusedHandshake(n1.url, EVIL)
    await ask(`${n1.http}/message`, 'POST', { origin: EVIL, body: MESSAGE })
    const { text } = await n1.node.metrics()
    assert.match(text, /^hearsay_connections_refused_total\{.*why="foreign-origin".*\} 2$/m)
    assert.match(text, /^hearsay_http_refused_total(?:\{.*\})? 0$/m)
  })
})

describe('a page of an allowed origin, at a node', () => {
  async function assertLetIn(t: TestContext, n1: RecordedNode, origin: string): Promise<void> {
    const person = new Person(open(t, n1.url, origin))
    assert.match(await person.greeting(), /^Welcome to n1/)
    const stranger = new Stranger(open(t, n1.url, origin, 'hearsay.1'))
    await once(stranger.socket, 'open')
    stranger.say(strangerHello())
    await stranger.hears('hello')
    const before = n1.messages.length
    const posted = await ask(`${n1.http}/message`, 'POST', { origin, body: MESSAGE })
    assert.deepEqual([posted.status, posted.body], [200, { status: 'received' }])
    assert.equal(n1.messages.length, before + 1)
    assert.equal(n1.node.stats().listener?.foreignOrigins, 0)
  }

  test('is let in everywhere, and others are not for that', async (t) => {
    const n1 = await startNode(t, 'n1', { allowOrigins: [APP] })
    await assertLetIn(t, n1, APP)
    assertRefused(await refusedHandshake(n1.url, EVIL))
    assertRefused(await ask(`${n1.http}/message`, 'POST', { origin: EVIL, body: MESSAGE }))
  })

  test('may be of any origin', async (t) => {
    const n1 = await startNode(t, 'n1', { allowOrigins: ['*'] })
    await assertLetIn(t, n1, EVIL)
    await assertLetIn(t, n1, 'null')
  })

  test('may be of the node itself, or of a development server on this machine', async (t) => {
    const n1 = await startNode(t, 'n1')
    for (const origin of [n1.http, 'http://localhost:5173', 'https://app.localhost'])
      await assertLetIn(t, n1, origin)
  })
})

describe('pages at a bootstrap', () => {
  const httpOf = (url: string): string => url.replace('ws:', 'http:')
  const PEER = { url: 'http://127.0.0.1:2', name: 'flask1' }

  test('of a foreign origin do not watch, register or post', async (t) => {
    const bootstrap = await startBootstrap(t)
    assertRefused(await refusedHandshake(bootstrap.url, EVIL))
    assertRefused(await refusedHandshake(bootstrap.url, EVIL, 'hearsay.1'))
    const posted = await ask(`${httpOf(bootstrap.url)}/register`, 'POST', { origin: EVIL, body: PEER })
    assertRefused(posted)
    assertNoCors(posted)
    assertNoCors(await ask(`${httpOf(bootstrap.url)}/peers`, 'GET', { origin: EVIL }))
    assert.deepEqual(bootstrap.peers(), [])
    const { listener, watchers, joins } = bootstrap.stats()
    assert.deepEqual([listener.foreignOrigins, listener.links, watchers, joins], [3, 0, 0, 0])
    const { text } = await bootstrap.metrics()
    assert.match(text, /^hearsay_connections_refused_total\{.*why="foreign-origin".*\} 3$/m)
  })

  test('of an allowed one do', async (t) => {
    const bootstrap = await startBootstrap(t, { allowOrigins: [APP] })
    const person = new Person(open(t, bootstrap.url, APP))
    assert.equal((await person.readJson()).event, 'help')
    const stranger = new Stranger(open(t, bootstrap.url, APP, 'hearsay.1'))
    await once(stranger.socket, 'open')
    stranger.say(strangerHello({ url: 'ws://127.0.0.1:1/' }))
    await stranger.hears('welcome')
    const posted = await ask(`${httpOf(bootstrap.url)}/register`, 'POST', { origin: APP, body: PEER })
    assert.deepEqual([posted.status, posted.body.status, posted.body.name], [200, 'registered', 'flask1'])
    assert.equal(bootstrap.stats().nodes, 1)
    assert.equal(bootstrap.stats().listener.foreignOrigins, 0)
  })

  test('are refused by an option that makes no sense, before anything is opened', async () => {
    await assert.rejects(startBootstrap({ after() {} } as unknown as TestContext, { allowOrigins: ['x'] }), {
      code: 'invalid-option',
    })
  })
})
