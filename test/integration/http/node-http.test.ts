// The shim on a real node:http server, asked by clients that break the rules.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import { Hono } from 'hono'
import { createBootstrapApp } from '../../../src/http/bootstrap-app.ts'
import type { Exchange } from '../../../src/http/exchange.ts'
import { requestListener } from '../../../src/http/listener.ts'
import { createNodeApp } from '../../../src/http/node-app.ts'
import type { ShimApp } from '../../../src/http/shim.ts'
import { type Logger, silentLogger } from '../../../src/logger.ts'
import { type ListenOptions, listen } from '../../../src/net/listener.ts'
import { RecordingBootstrap, RecordingNode } from '../../unit/http/hosts.ts'
import { RawClient } from './raw-client.ts'

const MESSAGE = '{"sender":"node12","msg":"Hello node8"}'
const MIB = 1_048_576

async function serve(
  t: TestContext,
  app: ShimApp,
  logger = silentLogger,
  options: Partial<ListenOptions> = {},
) {
  const refuse = (socket: { terminate(): void }) => socket.terminate()
  const listener = await listen({
    port: 0,
    host: '127.0.0.1',
    onRequest: requestListener(app, logger),
    onLink: refuse,
    onGuest: refuse,
    closeGraceMs: 0,
    ...options,
  })
  t.after(() => listener.close())
  return listener.port
}

async function setUp(t: TestContext, logger: Logger = silentLogger, options: Partial<ListenOptions> = {}) {
  const host = new RecordingNode()
  const port = await serve(t, createNodeApp(host, logger), logger, options)
  const open = async () => {
    const client = await RawClient.open(port)
    t.after(() => client.socket.destroy())
    return client
  }
  return { host, open, client: await open() }
}

/** That the connection, or a new one, still takes messages. */
async function assertTakes(client: RawClient): Promise<void> {
  client.post(MESSAGE)
  const { status, text } = await client.answer()
  assert.deepEqual([status, text], [200, '{"status":"received"}\n'])
}

describe('a message', () => {
  test('is taken and answered; the connection stays', async (t) => {
    const { host, client } = await setUp(t)
    for (let i = 0; i < 3; i++) await assertTakes(client)
    assert.deepEqual(host.delivered, Array(3).fill({ sender: 'node12', msg: 'Hello node8' }))
  })

  test('is answered in JSON, with its length', async (t) => {
    const { client } = await setUp(t)
    client.post(MESSAGE)
    const { headers } = await client.answer()
    assert.equal(headers.get('content-type'), 'application/json')
    assert.equal(headers.get('content-length'), '22')
    assert.equal(headers.get('connection'), 'keep-alive')
  })

  test('may come in any pieces, with or without a length', async (t) => {
    const { host, client } = await setUp(t)
    const body = Buffer.from('{"sender":"node12","msg":"Grüße ✓"}')
    const head = 'POST /message HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    client.write(`${head}Transfer-Encoding: chunked\r\n\r\n`)
    // Cut within characters.
    for (const byte of body) client.write('1\r\n', Buffer.from([byte]), '\r\n')
    client.write('0\r\n\r\n')
    assert.equal((await client.answer()).status, 200)
    client.write(`${head}Content-Length: ${body.length}\r\n\r\n`)
    for (const byte of body) {
      await new Promise((resolve) => client.socket.write(Buffer.from([byte]), resolve))
    }
    assert.equal((await client.answer()).status, 200)
    assert.deepEqual(host.delivered, Array(2).fill({ sender: 'node12', msg: 'Grüße ✓' }))
  })

  test('pipelined requests are answered in their order', async (t) => {
    const { host, client } = await setUp(t)
    const requests = ['{"sender":"a","msg":1}', '{', '{"to":"node1","msg":2}', '{"sender":"a","msg":3}']
    for (const body of requests) client.post(body)
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) statuses.push((await client.answer()).status)
    assert.deepEqual(statuses, [200, 400, 200, 200, 200])
    assert.deepEqual(
      host.delivered.map(({ msg }) => msg),
      [1, 3],
    )
  })

  test('a query and a slash behind the path change nothing', async (t) => {
    const { host, client } = await setUp(t)
    const rest = ` HTTP/1.1\r\nHost: node8:61000\r\nContent-Length: ${MESSAGE.length}\r\n\r\n${MESSAGE}`
    for (const target of ['/message?x=1', '/message/', 'http://node8/message']) {
      client.write(`POST ${target}${rest}`)
      assert.equal((await client.answer()).status, 200, target)
    }
    assert.equal(host.delivered.length, 3)
  })

  test('curl waits for "100 Continue" before a large body', async (t) => {
    const { client } = await setUp(t)
    client.write(
      `POST /message HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${MESSAGE.length}\r\n\r\n`,
    )
    await once(client.socket, 'data')
    client.write(MESSAGE)
    await once(client.socket, 'data')
    client.socket.end()
    assert.match(await client.closed(), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/)
  })
})

describe('after a refusal the connection can be used on:', () => {
  const refusals: [string, number, (client: RawClient) => void][] = [
    ['broken JSON', 400, (client) => client.post('{"sender":')],
    ['invalid UTF-8', 400, (client) => client.post(Buffer.from([0x22, 0xff, 0x22]))],
    ['nothing', 400, (client) => client.post('')],
    ['a missing msg', 400, (client) => client.post('{"sender":"a"}')],
    ['no name in "to"', 400, (client) => client.post('{"to":"a b","msg":"c"}')],
    [
      'an encoded form',
      415,
      (client) => client.post(MESSAGE, ['Content-Type: application/x-www-form-urlencoded']),
    ],
    ['a large encoded form', 415, (client) => client.post('x'.repeat(3 * MIB), ['Content-Type: text/plain'])],
    ['a declared body over the limit', 413, (client) => client.post('x'.repeat(MIB + 1))],
    [
      'a wrong method',
      405,
      (client) => client.write('PUT /message HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}'),
    ],
    [
      'a wrong path',
      404,
      (client) => client.write('POST /msg HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}'),
    ],
    ['a wrong Host', 400, (client) => client.write('GET / HTTP/1.1\r\nHost: a/b\r\n\r\n')],
    [
      'a chunked body over the limit',
      413,
      (client) => {
        client.write('POST /message HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
        for (let i = 0; i < 40; i++) client.write('10000\r\n', 'x'.repeat(0x10000), '\r\n')
        client.write('0\r\n\r\n')
      },
    ],
  ]
  for (const [name, status, send] of refusals) {
    test(`${name} → ${status}`, async (t) => {
      const { host, client } = await setUp(t)
      send(client)
      const answer = await client.answer()
      assert.equal(answer.status, status)
      assert.equal(answer.headers.get('content-type'), 'application/json')
      assert.equal(typeof JSON.parse(answer.text).error, 'string')
      if (status === 405) assert.equal(answer.headers.get('allow'), 'POST')
      await assertTakes(client)
      assert.equal(host.delivered.length, 1)
    })
  }
})

describe('a body without end', () => {
  test('is answered at the limit and cut off later, without being kept', async (t) => {
    const { client, open } = await setUp(t)
    client.write('POST /message HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = Buffer.from(`100000\r\n${'x'.repeat(MIB)}\r\n`)
    client.write(chunk, chunk)
    assert.equal((await client.answer()).status, 413)
    let sent = 0
    const pump = () => {
      while (!client.socket.destroyed && sent < 500 * MIB) {
        sent += MIB
        if (!client.socket.write(chunk)) return
      }
    }
    client.socket.on('drain', pump)
    pump()
    await client.closed()
    // 16 MiB, and what fits in the buffers of both ends.
    assert.ok(sent < 100 * MIB, `${sent / MIB} MiB were taken`)
    await assertTakes(await open())
  })

  test('a slow one gets 408 and is closed', async (t) => {
    const { client, open, host } = await setUp(t, silentLogger, {
      headersTimeoutMs: 50,
      requestTimeoutMs: 100,
    })
    client.write('POST /message HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"sender"')
    const answer = await client.answer()
    assert.equal(answer.status, 408)
    assert.deepEqual(JSON.parse(answer.text), { error: 'The request took too long' })
    assert.equal(await client.closed(), '')
    await assertTakes(await open())
    assert.equal(host.delivered.length, 1)
  })

  test('a client that says nothing is closed', async (t) => {
    const { client } = await setUp(t, silentLogger, { headersTimeoutMs: 50 })
    assert.match(await client.closed(), /^HTTP\/1.1 408 [\s\S]*\{"error":"The request took too long"\}\n$/)
  })

  test('a client that goes away in its middle harms nobody', async (t) => {
    const lines: unknown[] = []
    const { client, open, host } = await setUp(t, { ...silentLogger, error: (...line) => lines.push(line) })
    client.write('POST /message HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"sender"')
    client.socket.destroy()
    await client.closed()
    await assertTakes(await open())
    assert.equal(host.delivered.length, 1)
    assert.deepEqual(lines, [])
  })
})

describe('what is no request', () => {
  const rubbish: [string, string, number][] = [
    ['not HTTP', 'hello there\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a broken chunk', 'POST /message HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
    [
      'two lengths',
      'POST /message HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
      400,
    ],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ]
  for (const [name, bytes, status] of rubbish) {
    test(`${name} → ${status} in JSON, and the connection ends`, async (t) => {
      const { client, open } = await setUp(t)
      client.write(Buffer.from(bytes, 'latin1'))
      const answer = await client.answer()
      assert.equal(answer.status, status)
      assert.equal(answer.headers.get('content-type'), 'application/json')
      assert.equal(typeof JSON.parse(answer.text).error, 'string')
      assert.equal(await client.closed(), '')
      await assertTakes(await open())
    })
  }

  test('HTTP/1.0 needs no Host', async (t) => {
    const { client } = await setUp(t)
    client.write('GET /healthz HTTP/1.0\r\n\r\n')
    assert.equal((await client.answer()).status, 200)
  })
})

test('HEAD answers with the headers of GET and no body', async (t) => {
  const { client } = await setUp(t)
  for (const path of ['/', '/peers', '/topology', '/healthz', '/readyz', '/nothing']) {
    client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    const get = await client.answer()
    client.write(`HEAD ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    const head = await client.answer(false)
    assert.equal(head.status, get.status)
    assert.equal(head.headers.get('content-length'), String(Buffer.byteLength(get.text)))
  }
  await assertTakes(client)
})

test('an exception in the host is a 500 in JSON and a line in the log, and the process lives', async (t) => {
  const events: string[] = []
  const logger = { ...silentLogger, error: (_: unknown, event: string) => events.push(event) }
  const { host, client } = await setUp(t, logger)
  // Not every thrown value is an Error.
  for (const failure of [new Error('broken'), 'a string', null]) {
    host.failure = failure
    client.post(MESSAGE)
    const { status, text } = await client.answer()
    assert.equal(status, 500)
    assert.deepEqual(JSON.parse(text), { error: 'Internal error; the log has the details' })
  }
  host.failure = undefined
  host.peers = () => {
    throw 'a string'
  }
  client.write('GET /peers HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.equal((await client.answer()).status, 500)
  assert.deepEqual(events, Array(4).fill('http-handler-failed'))
  await assertTakes(client)
})

test('answers of routes and middleware that somebody adds come through', async (t) => {
  const host = new RecordingNode()
  const app = createNodeApp(host)
  app.get('/page', (c) => c.html('<p>Hello'))
  const port = await serve(t, app)
  const client = await RawClient.open(port)
  t.after(() => client.socket.destroy())
  client.write('GET /page HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.equal((await client.answer()).text, '<p>Hello')
  // A middleware may answer in the place of the shim's own handler, and may look at the headers.
  const guarded = new Hono<Exchange>()
  guarded.use('*', (c, next) =>
    c.req.header('x-pass') === 'yes' ? next() : Promise.resolve(c.text('no', 403)),
  )
  guarded.route('/', app)
  const guest = await RawClient.open(await serve(t, guarded))
  t.after(() => guest.socket.destroy())
  guest.post(MESSAGE)
  const refused = await guest.answer()
  assert.deepEqual([refused.status, refused.text], [403, 'no'])
  guest.post(MESSAGE, ['X-Pass: yes'])
  assert.equal((await guest.answer()).status, 200)
  assert.equal(host.delivered.length, 1)
})

test('globalThis.Request and Response stay what they were', async (t) => {
  const { Request, Response } = globalThis
  const { client } = await setUp(t)
  await assertTakes(client)
  assert.equal(globalThis.Request, Request)
  assert.equal(globalThis.Response, Response)
})

test('a bootstrap registers over a socket', async (t) => {
  const host = new RecordingBootstrap()
  const client = await RawClient.open(await serve(t, createBootstrapApp(host)))
  t.after(() => client.socket.destroy())
  const body = '{"peer":"http://flask:5000","id":"flask"}'
  const head = `POST /register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
  client.write(`${head}\r\n\r\n${body}`)
  assert.deepEqual(JSON.parse((await client.answer()).text), {
    status: 'registered',
    name: 'flask',
    peers: ['http://flask:5000'],
  })
  client.post(MESSAGE)
  assert.equal((await client.answer()).status, 404)
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.equal(JSON.parse((await client.answer()).text).message, 'Bootstrap node is running!')
})
