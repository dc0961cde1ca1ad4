// A bootstrap on a real port for everybody else: plain HTTP peers, people with wscat, and rubbish.

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { SUB_PROTOCOL } from '../../../src/net/sub-protocol.ts'
import { eventsOf, joinRaw, openRaw, startBootstrap, startClient, until, watch } from './rig.ts'

/** A peer as a Flask tutorial would write it. Answers everything with 404, which is an answer. */
async function startFlask(t: TestContext): Promise<{ server: Server; url: string }> {
  const server = createServer((_request, response) => response.writeHead(404).end('not found'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const httpUrl = (url: string) => url.replace('ws:', 'http:')

async function post(url: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${httpUrl(url)}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('plain HTTP peers', () => {
  it('are listed, told to all nodes, polled, and gone when they do not answer any more', async (t) => {
    const bootstrap = await startBootstrap(t, {
      registry: { pollIntervalMs: 20, httpPushIntervalMs: 10, pushIntervalMs: 10 },
    })
    const node = startClient(t, [bootstrap.url], 'node1')
    await until(() => node.client.registered, 'node1 registered')
    const flask = await startFlask(t)
    const answer = await post(bootstrap.url, { peer: flask.url, id: 'flask1' })
    assert.deepEqual(answer, {
      status: 200,
      body: { status: 'registered', name: 'flask1', peers: ['http://node1:5000'] },
    })
    await until(() => node.told.onHttpPeers.length === 1, 'node1 is told')
    assert.deepEqual(node.told.onHttpPeers[0], [[{ name: 'flask1', kind: 'http', url: flask.url }]])
    const late = startClient(t, [bootstrap.url], 'node2')
    await until(() => late.told.onHttpPeers.length === 1, 'a newcomer is told')
    assert.deepEqual(late.told.onHttpPeers, node.told.onHttpPeers)

    const listed = (await (await fetch(`${httpUrl(bootstrap.url)}/peers`)).json()) as { peers: string[] }
    assert.deepEqual(listed.peers, [flask.url, 'http://node1:5000', 'http://node2:5000'])

    // It answers polls (404 counts) longer than three failures would take.
    let polls = 0
    flask.server.on('request', () => polls++)
    await until(() => polls > 5, 'polled')
    assert.equal(bootstrap.stats().httpPeers, 1)
    flask.server.close()
    flask.server.closeAllConnections()
    await until(() => eventsOf(node).left.includes('flask1 unreachable'), 'node1 is told that it is gone')
    assert.deepEqual(node.told.onHttpPeers.at(-1), [[]])
    await until(() => late.told.onHttpPeers.length === 2, 'node2, too')
    assert.equal(bootstrap.stats().httpPeers, 0)
  })

  it('get a clear answer when they cannot be registered', async (t) => {
    const bootstrap = await startBootstrap(t, { registry: { httpPeersMax: 1 } })
    await joinRaw(t, bootstrap.url, 'node1')
    const taken = await post(bootstrap.url, { url: 'http://127.0.0.1:1', name: 'node1' })
    assert.deepEqual(taken, {
      status: 409,
      body: { error: 'node1 is a registered node', reason: 'name-taken' },
    })
    assert.equal((await post(bootstrap.url, { url: 'ftp://127.0.0.1:1' })).status, 400)
    assert.equal((await post(bootstrap.url, { url: 'http://127.0.0.1:1' })).status, 200)
    const full = await post(bootstrap.url, { url: 'http://127.0.0.2:1' })
    assert.equal(full.status, 503)
    assert.equal(full.body.reason, 'full')
    assert.equal(full.body.error, '1 HTTP peers are registered, no more are taken')
    assert.equal((await fetch(`${httpUrl(bootstrap.url)}/`)).status, 200)
    assert.equal(bootstrap.stats().nodes, 1)
  })
})

describe('a person with wscat', () => {
  it('sees help, a snapshot, and then who comes and goes', async (t) => {
    const bootstrap = await startBootstrap(t)
    await joinRaw(t, bootstrap.url, 'node1')
    const person = await watch(t, bootstrap.url)
    await until(() => person.lines.length >= 2, 'the first lines')
    assert.equal(person.lines[0]?.event, 'help')
    assert.match(String(person.lines[0]?.text), /\/peers/)
    const node1 = { name: 'node1', kind: 'node', url: 'http://node1:5000' }
    assert.deepEqual(person.lines[1], { event: 'snapshot', peers: [node1], registered: 1 })
    const { client } = startClient(t, [bootstrap.url], 'node2')
    await until(() => client.registered, 'node2 registered')
    await client.close('left')
    const node3 = await joinRaw(t, bootstrap.url, 'node3')
    node3.socket.terminate()
    await until(() => person.lines.length >= 6, 'events')
    assert.deepEqual(person.lines.slice(2), [
      { event: 'peer-join', name: 'node2', kind: 'node', url: 'http://node2:5000' },
      { event: 'peer-leave', name: 'node2', reason: 'left' },
      { event: 'peer-join', name: 'node3', kind: 'node', url: 'http://node3:5000' },
      { event: 'peer-leave', name: 'node3', reason: 'unreachable' },
    ])
  })

  it('gets a helpful line for whatever is typed, and is never closed for it', async (t) => {
    const bootstrap = await startBootstrap(t)
    const person = await watch(t, bootstrap.url)
    await until(() => person.lines.length === 2, 'the first lines')
    const typed: [string | Buffer, string, RegExp?][] = [
      ['/peers', 'snapshot'],
      [' /help \r\n', 'help'],
      ['hello?', 'error', /^"hello\?" means nothing here, a bootstrap carries no messages\. Type \/peers/],
      ['/quit', 'error', /^"\/quit" means nothing here\. Type/],
      ['', 'error', /empty line/],
      ['{"to":"node1"}', 'error', /carries no messages/],
      ['x'.repeat(60_000), 'error', /^"x{40}…" means nothing/],
      [Buffer.from([1, 2, 3]), 'error', /binary frame/],
    ]
    for (const [index, [line, event, text]] of typed.entries()) {
      person.socket.send(line)
      const answer = await until(() => person.lines[2 + index], `answer to line ${index}`)
      assert.equal(answer.event, event)
      if (text !== undefined) assert.match(String(answer.text), text)
    }
    assert.equal(person.socket.readyState, WebSocket.OPEN)
  })

  it('is cut off when it does not read, and nobody else is', async (t) => {
    const bootstrap = await startBootstrap(t, { watcher: { bufferedBytesMax: 10_000 } })
    const reader = await watch(t, bootstrap.url)
    const sleeper = await watch(t, bootstrap.url)
    await until(() => bootstrap.stats().watchers === 2, 'both watch')
    sleeper.socket.pause()
    // Its answers have to fill the buffers of the system first.
    while (bootstrap.stats().watchersDropped === 0) {
      for (let line = 0; line < 5_000; line++) sleeper.socket.send('/help')
      await new Promise((resolve) => sleeper.socket.send('/help', resolve))
    }
    await until(() => bootstrap.stats().watchers === 1, 'one is left')
    const lines = reader.lines.length
    reader.socket.send('/peers')
    await until(() => reader.lines.length > lines, 'the reader is answered')
  })

  it('is refused with a reason when too many watch', async (t) => {
    const bootstrap = await startBootstrap(t, { registry: { watchersMax: 1 } })
    await watch(t, bootstrap.url)
    const second = await watch(t, bootstrap.url)
    assert.equal(await until(() => second.closeCode(), 'closed'), 4006)
  })

  it('is told when the bootstrap stops', async (t) => {
    const bootstrap = await startBootstrap(t)
    const person = await watch(t, bootstrap.url)
    await bootstrap.close()
    assert.equal(await until(() => person.closeCode(), 'closed'), 4001)
  })
})

describe('rubbish on the port', () => {
  it('harms nobody who is registered', async (t) => {
    const bootstrap = await startBootstrap(t)
    const node = startClient(t, [bootstrap.url], 'node1', {
      heartbeatMs: 50,
      heartbeatsMissedMax: 1_000,
    })
    await until(() => node.client.registered, 'registered')

    for (const bytes of ['\0\x01\x02rubbish\r\n\r\n', 'GET / HTTP/1.1\r\nHost', '\x16\x03\x01\x02\0']) {
      const socket = connect(bootstrap.port, '127.0.0.1')
      t.after(() => socket.destroy())
      socket.on('error', () => {})
      socket.write(bytes)
    }
    const wrong = new WebSocket(bootstrap.url, 'chat.v2')
    wrong.on('error', () => {})
    await until(() => wrong.readyState === WebSocket.CLOSED, 'a wrong sub-protocol refused')

    const ends: [string | Buffer, string][] = [
      ['text on a binary link', 'not-binary'],
      [Buffer.from('ffffffffff', 'hex'), 'malformed'],
      [Buffer.alloc(2_000_000), 'too-large'],
    ]
    for (const [bytes, reason] of ends) {
      const raw = await openRaw(t, bootstrap.url)
      raw.socket.send(bytes)
      const end = await until(() => raw.end(), reason)
      assert.equal(end.reason, reason)
    }
    const early = await openRaw(t, bootstrap.url)
    early.say({ type: 'want', names: [] })
    assert.equal((await until(() => early.end(), 'closed')).reason, 'protocol-error')
    const half = new WebSocket(bootstrap.url, SUB_PROTOCOL)
    half.on('error', () => {})
    await until(() => half.readyState === WebSocket.OPEN, 'half a hello')
    half.send(Buffer.from('0a0100', 'hex'))
    await until(() => half.readyState === WebSocket.CLOSED, 'closed')

    const beats = bootstrap.stats().messagesSent
    await until(() => bootstrap.stats().messagesSent > beats, 'heartbeats are answered')
    assert.equal(node.client.registered, true)
    assert.deepEqual(node.told.onLost, [])
    assert.equal(bootstrap.stats().nodes, 1)
    assert.equal(bootstrap.stats().refused['protocol-error'], 1)
  })
})
