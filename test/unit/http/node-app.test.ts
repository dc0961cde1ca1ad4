// The routes of a node, asked without a socket.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSendFailure, REASONS, type Reason } from '../../../src/core/reasons.ts'
import { createNodeApp } from '../../../src/http/node-app.ts'
import { type Logger, silentLogger } from '../../../src/logger.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { METRICS, RecordingNode } from './hosts.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }

function setUp(logger: Logger = silentLogger) {
  const host = new RecordingNode()
  const app = createNodeApp(host, logger)
  return {
    host,
    app,
    get: async (path: string) => readAnswer(await app.request(path)),
    post: async (body: unknown) =>
      readAnswer(
        await app.request('/message', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) }),
      ),
    postRaw: async (
      body: string | Uint8Array<ArrayBuffer> | null,
      headers: Record<string, string> = JSON_TYPE,
    ) => readAnswer(await app.request('/message', { method: 'POST', headers, body })),
  }
}

async function readAnswer(response: Response) {
  assert.equal(response.headers.get('content-type'), 'application/json')
  const text = await response.text()
  assert.equal(response.headers.get('content-length'), String(Buffer.byteLength(text)))
  return { status: response.status, body: JSON.parse(text), headers: response.headers }
}

describe('POST /message without "to"', () => {
  test('hands the message to this node', async () => {
    const { host, post } = setUp()
    const { status, body } = await post({ sender: 'node12', msg: 'Hello node8' })
    assert.equal(status, 200)
    assert.deepEqual(body, { status: 'received' })
    assert.deepEqual(host.delivered, [{ sender: 'node12', msg: 'Hello node8' }])
    assert.deepEqual(host.refusals, [])
  })

  test('says that the program does not take it', async () => {
    const { host, post } = setUp()
    host.isFull = true
    const { status, body } = await post({ sender: 'node12', msg: 'Hello node8' })
    assert.equal(status, 503)
    assert.deepEqual(body, { error: 'the queue is full; send slower', reason: 'queue-full', at: 'node8' })
    host.healthNow = { ...host.healthNow, live: false }
    const leaving = await post({ sender: 'node12', msg: 'Hello node8' })
    assert.deepEqual([leaving.status, leaving.body.reason], [503, 'shutting-down'])
  })

  test('takes any JSON value as msg, and null for what is absent', async () => {
    const { host, post } = setUp()
    const values = [0, false, [], {}, 3.5, { hello: ['there'] }, ' ']
    for (const msg of values) {
      const { status } = await post({ sender: 'a', msg, to: null, deadlineMs: null, other: 1 })
      assert.equal(status, 200)
    }
    assert.deepEqual(
      host.delivered.map(({ msg }) => msg),
      values,
    )
  })

  test('says what is missing', async () => {
    const { host, post } = setUp()
    const bodies = [
      {},
      { sender: 'a' },
      { msg: 'x' },
      { sender: '', msg: 'x' },
      { sender: 'a', msg: '' },
      { sender: 'a', msg: null },
      { sender: null, msg: 'x' },
    ]
    for (const sent of bodies) {
      const { status, body } = await post(sent)
      assert.equal(status, 400)
      assert.deepEqual(body, { error: 'Missing sender or msg' })
    }
    assert.deepEqual(host.delivered, [])
    assert.deepEqual(
      host.refusals,
      bodies.map(() => 400),
    )
  })

  test('refuses a sender that is no label', async () => {
    const { post } = setUp()
    assert.deepEqual((await post({ sender: 12, msg: 'x' })).body, { error: '"sender" must be a string' })
    const long = await post({ sender: 'a'.repeat(257), msg: 'x' })
    assert.equal(long.status, 400)
    assert.match(long.body.error, /at most 256/)
    assert.equal((await post({ sender: 'a'.repeat(256), msg: 'x' })).status, 200)
  })

  test('refuses a msg so deep that printing it would overflow the stack', async () => {
    const { host, postRaw } = setUp()
    const nested = (levels: number) => `{"sender":"a","msg":${'['.repeat(levels)}${']'.repeat(levels)}}`
    assert.equal((await postRaw(nested(LIMITS.jsonDepthMax))).status, 200)
    for (const levels of [LIMITS.jsonDepthMax + 1, 400_000]) {
      const { status, body } = await postRaw(nested(levels))
      assert.equal(status, 400)
      assert.match(body.error, /nested deeper than 100 levels/)
    }
    assert.equal(host.delivered.length, 1)
  })
})

describe('POST /message with "to"', () => {
  test('answers with the outcome of a send', async () => {
    const { host, post } = setUp()
    const { status, body } = await post({ sender: 'me', to: 'node12', msg: 'hi', deadlineMs: 500 })
    assert.equal(status, 200)
    assert.deepEqual(body, { status: 'delivered', id: 'node8/1/1', hops: 2, rttMs: 3.1 })
    assert.deepEqual(host.sent, [
      { to: 'node12', message: { sender: 'me', msg: 'hi' }, options: { deadlineMs: 500 } },
    ])
  })

  test('rounds the round trip to a tenth of a millisecond', async () => {
    const { host, post } = setUp()
    for (const [rttMs, shown] of [
      [3.0999999999767169, 3.1],
      [0.04, 0],
      [20, 20],
      [1234.56, 1234.6],
    ] as const) {
      host.sendAnswer = { status: 'delivered', id: 'node8/1/1', hops: 2, rttMs }
      const { body } = await post({ to: 'node12', msg: 'hi' })
      assert.deepEqual(body, { status: 'delivered', id: 'node8/1/1', hops: 2, rttMs: shown })
    }
  })

  test('needs no sender, but a msg', async () => {
    const { host, post } = setUp()
    assert.equal((await post({ to: 'node12', msg: 'hi' })).status, 200)
    assert.deepEqual(host.sent, [{ to: 'node12', message: { msg: 'hi' }, options: {} }])
    const { status, body } = await post({ to: 'node12' })
    assert.equal(status, 400)
    assert.deepEqual(body, { error: 'Missing msg' })
  })

  test('answers each failure with its status, reason, text and node', async () => {
    const statuses: Record<string, number> = {}
    const { host, post } = setUp()
    for (const reason of (Object.keys(REASONS) as Reason[]).filter(isSendFailure)) {
      host.sendAnswer = { status: 'failed', reason, at: 'node3' }
      const { status, body } = await post({ to: 'node12', msg: 'hi' })
      assert.deepEqual(body, { error: REASONS[reason].text, reason, at: 'node3' })
      statuses[reason] = status
    }
    assert.deepEqual(statuses, {
      'shutting-down': 503,
      'unknown-peer': 404,
      'no-route': 503,
      'peer-left': 503,
      'queue-full': 503,
      refused: 503,
      'too-large': 413,
      expired: 504,
      cancelled: 503,
    })
    // These are the overlay's answers and not mistakes of the client.
    assert.deepEqual(host.refusals, [])
  })

  test('"*" is a broadcast', async () => {
    const { host, post } = setUp()
    const first = await post({ sender: 'me', to: '*', msg: 'all' })
    assert.equal(first.status, 200)
    assert.deepEqual(first.body, { status: 'sent', id: 'node8/1/1', neighbors: 5 })
    host.broadcastAnswer = { status: 'sent', id: 'i', neighbors: 5, reached: 28, of: 29, missing: ['node3'] }
    assert.deepEqual((await post({ to: '*', msg: [1] })).body, host.broadcastAnswer)
    host.broadcastAnswer = { status: 'failed', reason: 'queue-full', at: 'node8' }
    const failed = await post({ to: '*', msg: 'all' })
    assert.equal(failed.status, 503)
    assert.equal(failed.body.reason, 'queue-full')
    assert.deepEqual(host.broadcasts, [{ sender: 'me', msg: 'all' }, { msg: [1] }, { msg: 'all' }])
  })

  test('refuses what is no name, and says how a name is written', async () => {
    const { host, post } = setUp()
    for (const to of ['', '-a', 'a b', 'ü', '**', 'a/b', 'a'.repeat(65), 5, ['node1'], {}]) {
      const { status, body } = await post({ sender: 'me', to, msg: 'hi' })
      assert.equal(status, 400)
      assert.match(body.error, /"to" must be "\*".*1 to 64 letters, digits/)
    }
    assert.deepEqual([host.sent, host.delivered, host.broadcasts], [[], [], []])
  })

  test('refuses a deadline that is none', async () => {
    const { host, post } = setUp()
    for (const deadlineMs of [0, -1, 1.5, 3_600_001, '500', true, 1e300]) {
      const { status, body } = await post({ to: 'node12', msg: 'hi', deadlineMs })
      assert.equal(status, 400)
      assert.match(body.error, /"deadlineMs" must be a whole number of milliseconds from 1 to 3600000/)
    }
    for (const deadlineMs of [1, 3_600_000]) {
      assert.equal((await post({ to: 'node12', msg: 'hi', deadlineMs })).status, 200)
    }
    assert.equal(host.sent.length, 2)
  })
})

describe('POST /message with "receipts", "topic" or "request"', () => {
  test('receipts: the broadcast waits for them', async () => {
    const { host, post } = setUp()
    await post({ to: '*', msg: 'all', receipts: true, deadlineMs: 500 })
    await post({ to: '*', msg: 'all', receipts: false })
    assert.deepEqual(host.spreads, [{ receipts: true, deadlineMs: 500 }, {}])
  })

  test('topic: published, with or without "to":"*"', async () => {
    const { host, post } = setUp()
    host.broadcastAnswer = { status: 'sent', id: 'i', neighbors: 5, listeners: 3 }
    const { status, body } = await post({ topic: 'news/today', msg: 'hi', sender: 'me' })
    assert.deepEqual([status, body], [200, host.broadcastAnswer])
    await post({ topic: 'news/today', to: '*', msg: [1], receipts: true })
    assert.deepEqual(host.published, [
      { topic: 'news/today', message: { sender: 'me', msg: 'hi' } },
      { topic: 'news/today', message: { msg: [1] } },
    ])
    assert.deepEqual(host.spreads, [{}, { receipts: true }])
    assert.deepEqual(host.broadcasts, [])
  })

  test('request: the answer, or why there is none', async () => {
    const { host, post } = setUp()
    const ask = { to: 'node12', msg: { q: 1 }, request: true, deadlineMs: 500 }
    assert.deepEqual((await post(ask)).body, host.requestAnswer)
    assert.deepEqual(host.requests, [
      { to: 'node12', message: { msg: { q: 1 } }, options: { deadlineMs: 500 } },
    ])
    host.requestAnswer = {
      status: 'answered',
      from: 'node12',
      value: new Uint8Array([0, 255]),
      hops: 1,
      rttMs: 1,
    }
    const bytes = await post(ask)
    assert.deepEqual([bytes.body.base64, 'value' in bytes.body], ['AP8=', false])
    host.requestAnswer = { ...host.requestAnswer, rttMs: 3.0625 }
    assert.equal((await post(ask)).body.rttMs, 3.1)
    const cases = [
      ['unknown-peer', 404],
      ['no-handler', 501],
      ['handler-failed', 502],
      ['no-route', 503],
      ['expired', 504],
    ] as const
    for (const [reason, expected] of cases) {
      host.requestAnswer = { status: 'failed', reason, at: 'node12' }
      const { status, body } = await post(ask)
      assert.deepEqual([status, body], [expected, { error: REASONS[reason].text, reason, at: 'node12' }])
    }
    host.requestAnswer = { status: 'failed', reason: 'handler-failed', at: 'node12', error: 'no such table' }
    assert.equal((await post(ask)).body.error, 'no such table')
    await post({ to: 'node12', msg: 1, request: false })
    assert.equal(host.sent.length, 1)
  })

  test('what does not go together is refused, and says what does', async () => {
    const { host, post } = setUp()
    const cases: [object, RegExp][] = [
      [{ to: '*', msg: 1, receipts: 'yes' }, /"receipts" must be true or false/],
      [
        { to: 'node12', msg: 1, receipts: true },
        /"receipts" goes with "to":"\*".*one node always acknowledges/,
      ],
      [{ sender: 'a', msg: 1, receipts: true }, /"receipts" goes with "to":"\*"/],
      [{ sender: 'a', msg: 1, request: true }, /"request" goes with "to" and the name of one node/],
      [{ to: '*', msg: 1, request: true }, /"request" goes with "to" and the name of one node/],
      [{ topic: 't', msg: 1, request: true }, /"request" goes with "to"/],
      [{ to: 'node12', msg: 1, request: 1 }, /"request" must be true or false/],
      [{ topic: 't', to: 'node12', msg: 1 }, /"topic" goes to all who listen/],
      [{ topic: 'a/+', msg: 1 }, /"topic" must be .*without \+ and #/],
      [{ topic: 7, msg: 1 }, /"topic" must be/],
      [{ topic: '', msg: 1 }, /"topic" must be/],
      [{ topic: 't' }, /^Missing msg$/],
    ]
    for (const [sent, expected] of cases) {
      const { status, body } = await post(sent)
      assert.equal(status, 400, JSON.stringify(sent))
      assert.match(body.error, expected)
    }
    assert.deepEqual([host.sent, host.delivered, host.broadcasts, host.published], [[], [], [], []])
    assert.equal(host.refusals.length, cases.length)
  })
})

describe('GET /trace', () => {
  test('the way to a node, and those to all', async () => {
    const { host, get } = setUp()
    const { status, body } = await get('/trace/node12')
    assert.deepEqual([status, body], [200, host.traceAnswer])
    host.broadcastAnswer = {
      status: 'sent',
      id: 'i',
      neighbors: 1,
      reached: 0,
      of: 0,
      missing: [],
      receipts: [],
    }
    assert.deepEqual((await get('/trace/*?deadlineMs=500')).body, host.broadcastAnswer)
    assert.equal((await get('/trace/%2A')).status, 200)
    assert.deepEqual(host.traces, [
      { to: 'node12', options: {} },
      { to: '*', options: { deadlineMs: 500 } },
      { to: '*', options: {} },
    ])
  })

  test('failures have the status of their reason, and the way as far as it is known', async () => {
    const { host, get } = setUp()
    const hops = [{ node: 'node8', next: 'node3' }]
    host.traceAnswer = { status: 'failed', reason: 'no-route', at: 'node3', hops }
    const { status, body } = await get('/trace/node12')
    assert.deepEqual(
      [status, body],
      [503, { error: REASONS['no-route'].text, reason: 'no-route', at: 'node3', hops }],
    )
  })

  test('what is no name, and what is no deadline', async () => {
    const { host, get } = setUp()
    for (const path of ['/trace/a%20b', '/trace/**', '/trace/-a']) {
      const { status, body } = await get(path)
      assert.equal(status, 400)
      assert.match(body.error, /takes the name of a node, or \*.*1 to 64 letters/)
    }
    for (const text of ['0', 'x', '3600001', '1.5', '']) {
      assert.match((await get(`/trace/node12?deadlineMs=${text}`)).body.error, /"deadlineMs" must be/)
    }
    assert.deepEqual(host.traces, [])
    assert.equal((await get('/trace')).status, 404)
  })
})

describe('bodies that are no message', () => {
  test('JSON that is no object', async () => {
    const { post } = setUp()
    for (const sent of [[], [{ sender: 'a', msg: 'b' }], 'text', 5, null, true]) {
      const { status, body } = await post(sent)
      assert.equal(status, 400)
      assert.match(body.error, /must be a JSON object such as/)
    }
  })

  test('broken JSON, with the place of the mistake', async () => {
    const { postRaw } = setUp()
    const { status, body } = await postRaw('{"sender":"a","msg":"b",}')
    assert.equal(status, 400)
    assert.match(body.error, /^The body is not valid JSON: .*position 24 \(line 1 column 25\)/)
    // What is left of the quotes in some shells.
    assert.equal((await postRaw('{sender:node12,msg:Hello}')).status, 400)
    assert.equal((await postRaw('{"sender":"a"')).status, 400)
  })

  test('nothing at all', async () => {
    const { postRaw } = setUp()
    assert.deepEqual(await postRaw(null).then(({ status, body }) => ({ status, body })), {
      status: 400,
      body: { error: 'The body is empty: send JSON' },
    })
  })

  test('bytes that are not UTF-8; a byte order mark is none of them', async () => {
    const { host, postRaw } = setUp()
    const text = '{"sender":"a","msg":"ü"}'
    const { status, body } = await postRaw(Buffer.from(text, 'latin1'))
    assert.equal(status, 400)
    assert.deepEqual(body, { error: 'The body is not valid UTF-8' })
    assert.equal((await postRaw(Buffer.from(`\ufeff${text}`))).status, 200)
    assert.deepEqual(host.delivered, [{ sender: 'a', msg: 'ü' }])
  })

  test('more than the limit', async () => {
    const { host, postRaw } = setUp()
    const filled = (bytes: number) => {
      const frame = '{"sender":"a","msg":""}'
      return frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`)
    }
    assert.equal((await postRaw(filled(LIMITS.messageBytesMax))).status, 200)
    const { status, body } = await postRaw(filled(LIMITS.messageBytesMax + 1))
    assert.equal(status, 413)
    assert.deepEqual(body, { error: 'The body is larger than 1048576 bytes', reason: 'too-large' })
    assert.equal(host.delivered.length, 1)
  })

  test('a content type that is not JSON, and content codings', async () => {
    const { host, postRaw } = setUp()
    const text = '{"sender":"a","msg":"b"}'
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'application/jsonp',
      'multipart/form-data',
    ]) {
      const { status, body } = await postRaw(text, { 'Content-Type': type })
      assert.equal(status, 415)
      assert.match(body.error, /-H 'Content-Type: application\/json'/)
    }
    assert.equal((await postRaw(text, { ...JSON_TYPE, 'Content-Encoding': 'gzip' })).status, 415)
    assert.deepEqual(host.delivered, [])
    const accepted = [
      'application/json; charset=utf-8',
      'Application/JSON',
      'application/vnd.x+json',
      'text/json',
    ]
    for (const type of accepted) assert.equal((await postRaw(text, { 'Content-Type': type })).status, 200)
    // Without a content type the body decides.
    assert.equal((await postRaw(Buffer.from(text), {})).status, 200)
  })
})

describe('what a node tells', () => {
  test('GET /', async () => {
    const { get } = setUp()
    assert.deepEqual((await get('/')).body, {
      message: 'Node node8 is running!',
      name: 'node8',
      links: 6,
      peers: 29,
    })
  })

  test('GET /peers: URLs in their http form, in the order in which people count', async () => {
    const { host, get } = setUp()
    host.peerList = [
      { name: 'node10', url: 'ws://node10:5000', kind: 'node' },
      { name: 'node2', url: 'ws://node2:5000/', kind: 'node' },
      { name: 'browser', kind: 'node' },
      { name: 'flask', url: 'http://flask:5000', kind: 'http' },
      { name: 'node1', url: 'wss://node1.example', kind: 'node' },
    ]
    assert.deepEqual((await get('/peers')).body, {
      peers: ['http://flask:5000', 'http://node2:5000', 'http://node10:5000', 'https://node1.example'],
      nodes: [
        { name: 'browser', kind: 'node' },
        { name: 'flask', url: 'http://flask:5000', kind: 'http' },
        { name: 'node1', url: 'https://node1.example', kind: 'node' },
        { name: 'node2', url: 'http://node2:5000', kind: 'node' },
        { name: 'node10', url: 'http://node10:5000', kind: 'node' },
      ],
    })
  })

  test('GET /topology', async () => {
    const { host, get } = setUp()
    const facts = { state: 'up', incarnation: 7, kind: 'node' } as const
    host.topologyNow = {
      self: 'node8',
      nodes: [
        { name: 'node10', ...facts, links: ['node8'] },
        { name: 'node8', url: 'ws://node8:5000', ...facts, links: ['node10', 'node9'] },
      ],
      links: [
        ['node8', 'node10'],
        ['node8', 'node9'],
      ],
    }
    assert.deepEqual((await get('/topology')).body, {
      self: 'node8',
      nodes: [
        { name: 'node8', url: 'http://node8:5000', ...facts, links: ['node9', 'node10'] },
        { name: 'node10', ...facts, links: ['node8'] },
      ],
      links: [
        ['node8', 'node9'],
        ['node8', 'node10'],
      ],
    })
  })

  test('GET /healthz and /readyz', async () => {
    const { host, get } = setUp()
    assert.deepEqual((await get('/healthz')).body, { status: 'live' })
    const counts = { links: 6, peers: 29, registered: true }
    assert.deepEqual((await get('/readyz')).body, { status: 'ready', ...counts })
    host.healthNow = { live: true, ready: false, links: 0, peers: 0, registered: false }
    assert.equal((await get('/healthz')).status, 200)
    const waiting = await get('/readyz')
    assert.equal(waiting.status, 503)
    assert.deepEqual(waiting.body, {
      error: 'the process runs and cannot be used yet',
      reason: 'not-ready',
      links: 0,
      peers: 0,
      registered: false,
    })
    host.healthNow = { ...host.healthNow, live: false, reason: 'The name is in use' }
    const dead = await get('/healthz')
    assert.equal(dead.status, 503)
    assert.deepEqual(dead.body, { error: 'The name is in use', reason: 'not-live' })
  })

  test('GET /metrics', async () => {
    const { app } = setUp()
    const response = await app.request('/metrics')
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), METRICS.contentType)
    assert.equal(await response.text(), METRICS.text)
  })

  test('HEAD works where GET does, a slash at the end does no harm', async () => {
    const { app } = setUp()
    for (const path of ['/', '/peers', '/topology', '/healthz', '/readyz', '/peers/']) {
      const response = await app.request(path, { method: 'HEAD' })
      assert.equal(response.status, 200, path)
      assert.equal(await response.text(), '')
    }
  })
})

describe('requests that no route wants', () => {
  test('404 names the routes', async () => {
    const { host, get } = setUp()
    const { status, body } = await get('/mesage')
    assert.equal(status, 404)
    assert.deepEqual(body, {
      error: 'Nothing is at /mesage',
      routes: [
        'GET /',
        'POST /message',
        'GET /peers',
        'GET /topology',
        'GET /trace/:node',
        'GET /metrics',
        'GET /healthz',
        'GET /readyz',
      ],
    })
    assert.deepEqual(host.refusals, [404])
  })

  test('405 names the methods', async () => {
    const { app, host } = setUp()
    const wrong = await readAnswer(await app.request('/message'))
    assert.equal(wrong.status, 405)
    assert.equal(wrong.headers.get('allow'), 'POST')
    assert.deepEqual(wrong.body, { error: '/message takes POST, not GET' })
    for (const method of ['POST', 'PUT', 'DELETE', 'PROPFIND', 'OPTIONS']) {
      const answer = await readAnswer(await app.request('/peers', { method }))
      assert.equal(answer.status, 405)
      assert.equal(answer.headers.get('allow'), 'GET, HEAD')
    }
    assert.equal(host.refusals.length, 6)
  })

  test('routes and middleware that somebody adds are no exception', async () => {
    const { app, get } = setUp()
    app.use('/page/*', (_, next) => next())
    app.get('/page/:name', (c) => c.text(c.req.param('name')))
    assert.equal(await (await app.request('/page/x')).text(), 'x')
    assert.equal((await app.request('/page/x', { method: 'POST' })).headers.get('allow'), 'GET, HEAD')
    assert.equal((await get('/page')).status, 404)
    assert.ok((await get('/nothing')).body.routes.includes('GET /page/:name'))
  })
})

test('an exception in the host is a 500 in JSON and a line in the log', async () => {
  const lines: unknown[] = []
  const { host, post } = setUp({ ...silentLogger, error: (fields, event) => lines.push([event, fields]) })
  const failure = new Error('broken')
  host.failure = failure
  const { status, body } = await post({ sender: 'a', msg: 'b' })
  assert.equal(status, 500)
  assert.deepEqual(body, { error: 'Internal error; the log has the details' })
  assert.deepEqual(lines, [['http-handler-failed', { err: failure, method: 'POST', path: '/message' }]])
})
