// The routes of a bootstrap, asked without a socket.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { REASONS, type Reason } from '../../../src/core/reasons.ts'
import { createBootstrapApp } from '../../../src/http/bootstrap-app.ts'
import { METRICS, RecordingBootstrap } from './hosts.ts'

function setUp() {
  const host = new RecordingBootstrap()
  const app = createBootstrapApp(host)
  const read = async (response: Response) => {
    assert.equal(response.headers.get('content-type'), 'application/json')
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  return {
    host,
    app,
    get: async (path: string) => read(await app.request(path)),
    register: async (body: unknown) =>
      read(
        await app.request('/register', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
  }
}

describe('POST /register', () => {
  test('takes the URL and the name under each of their keys', async () => {
    const { host, register } = setUp()
    for (const key of ['peer', 'url', 'address', 'peer_url', 'node']) {
      assert.equal((await register({ [key]: 'http://node1:5000' })).status, 200)
    }
    for (const key of ['id', 'node_id', 'name']) {
      assert.equal((await register({ peer: 'http://node2:5000', [key]: 'flask-2' })).status, 200)
    }
    assert.deepEqual(host.registered, [
      ...Array(5).fill({ url: 'http://node1:5000' }),
      ...Array(3).fill({ url: 'http://node2:5000', name: 'flask-2' }),
    ])
    assert.deepEqual(host.refusals, [])
  })

  test('answers with all peers, in the order in which people count', async () => {
    const { host, register } = setUp()
    const peers = ['ws://node10:5000', 'http://node2:5000', 'ws://node2:5000/']
    host.registration = { ok: true, name: 'flask', peers }
    const { status, body } = await register({ peer: 'http://flask:5000' })
    assert.equal(status, 200)
    assert.deepEqual(body, {
      status: 'registered',
      name: 'flask',
      peers: ['http://node2:5000', 'http://node10:5000'],
    })
  })

  test('writes URLs in one way', async () => {
    const { host, register } = setUp()
    const written: Record<string, string> = {
      'http://node1:5000/': 'http://node1:5000',
      'ws://Node1:5000': 'http://node1:5000',
      'wss://example.org': 'https://example.org',
      '172.17.0.2:5000': 'http://172.17.0.2:5000',
      'node1:5000': 'http://node1:5000',
      ' http://node1:5000/base/ ': 'http://node1:5000/base',
      'http://[::1]:5000': 'http://[::1]:5000',
    }
    for (const peer of Object.keys(written)) assert.equal((await register({ peer })).status, 200, peer)
    assert.deepEqual(
      host.registered.map(({ url }) => url),
      Object.values(written),
    )
  })

  test('takes a number for a name, and null for a key that is absent', async () => {
    const { host, register } = setUp()
    assert.equal((await register({ peer: null, url: 'http://a:1', id: null, node_id: 7 })).status, 200)
    assert.deepEqual(host.registered, [{ url: 'http://a:1', name: '7' }])
  })

  test('refuses what is no address', async () => {
    const { host, register } = setUp()
    const addresses: [unknown, RegExp][] = [
      ['', /^Missing peer/],
      [5, /must be a URL such as/],
      [['http://a:1'], /must be a URL such as/],
      ['http://', /must be a URL such as/],
      ['http://node 1:5000', /must be a URL such as/],
      ['http://node1:99999', /must be a URL such as/],
      ['ftp://node1:5000', /must begin with http:/],
      ['file:///etc/passwd', /must (be a URL|begin with)/],
      ['http://user:secret@node1:5000', /must not contain a user name/],
      ['http://node1:5000/?x=1', /must not contain '\?'/],
      [`http://node1:5000/${'x'.repeat(2_048)}`, /longer than 2048 bytes/],
    ]
    for (const [peer, error] of addresses) {
      const { status, body } = await register({ peer })
      assert.equal(status, 400)
      assert.match(body.error, error)
    }
    for (const body of [{}, [], null, 'http://node1:5000', { toString: 1 }]) {
      assert.equal((await register(body)).status, 400)
    }
    assert.deepEqual(host.registered, [])
  })

  test('refuses what is no name', async () => {
    const { register } = setUp()
    for (const name of ['-a', 'a b', 'a'.repeat(65), 1.5, -1, true, {}]) {
      const { status, body } = await register({ peer: 'http://a:1', name })
      assert.equal(status, 400)
      assert.match(body.error, /^The name must be 1 to 64 letters/)
    }
  })

  test('answers a refusal of the registry with its status, reason and words', async () => {
    const { host, register } = setUp()
    const statuses: Partial<Record<Reason, number>> = {}
    for (const reason of ['name-taken', 'full', 'malformed', 'shutting-down'] as const) {
      host.registration = { ok: false, reason, detail: `${REASONS[reason].text}, it says` }
      const { status, body } = await register({ peer: 'http://a:1' })
      assert.deepEqual(body, { error: `${REASONS[reason].text}, it says`, reason })
      statuses[reason] = status
    }
    assert.deepEqual(statuses, { 'name-taken': 409, full: 503, malformed: 400, 'shutting-down': 503 })
  })
})

describe('what a bootstrap tells', () => {
  test('GET / and GET /peers', async () => {
    const { host, get } = setUp()
    host.healthNow = { live: true, ready: true, peers: 2 }
    host.peerList = [
      { name: 'node2', url: 'ws://node2:5000', kind: 'node' },
      { name: 'hidden', kind: 'node' },
    ]
    assert.deepEqual((await get('/')).body, { message: 'Bootstrap node is running!', peers: 2 })
    assert.deepEqual((await get('/peers')).body, {
      peers: ['http://node2:5000'],
      nodes: [
        { name: 'hidden', kind: 'node' },
        { name: 'node2', url: 'http://node2:5000', kind: 'node' },
      ],
    })
  })

  test('GET /metrics', async () => {
    const { app } = setUp()
    const response = await app.request('/metrics')
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), METRICS.contentType)
    assert.equal(await response.text(), METRICS.text)
  })

  test('GET /healthz and /readyz', async () => {
    const { host, get } = setUp()
    assert.deepEqual((await get('/healthz')).body, { status: 'live' })
    assert.deepEqual((await get('/readyz')).body, { status: 'ready', peers: 0 })
    host.healthNow = { live: false, ready: false, peers: 0, reason: 'It stops' }
    for (const [path, reason] of [
      ['/healthz', 'not-live'],
      ['/readyz', 'not-ready'],
    ] as const) {
      const { status, body } = await get(path)
      assert.equal(status, 503)
      assert.deepEqual([body.error, body.reason], ['It stops', reason])
    }
  })

  test('404 and 405 in JSON, HEAD as GET', async () => {
    const { app, get } = setUp()
    assert.equal((await get('/message')).status, 404)
    assert.equal((await get('/register')).status, 405)
    assert.equal((await app.request('/', { method: 'HEAD' })).status, 200)
  })
})
