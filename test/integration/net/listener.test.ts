// One port for HTTP and WebSocket: who is let in as what, and what becomes of those who are neither.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { HostUnknownError, PortTakenError } from '../../../src/net/listen-error.ts'
import { type Listener, type ListenOptions, listen } from '../../../src/net/listener.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { frame, RawClient, Rig, turn, until } from './rig.ts'

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
const KEY = `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n`

function errorOf(body: string): string {
  return (JSON.parse(body) as { error: string }).error
}

/** A listener that fails the test when anything is handed over. */
function listenForNothing(t: TestContext, options: Partial<ListenOptions>): Promise<Listener> {
  return listen({
    port: 0,
    host: '127.0.0.1',
    onRequest: () => t.assert.fail('a request'),
    onLink: () => t.assert.fail('a link'),
    onGuest: () => t.assert.fail('a guest'),
    ...options,
  })
}

test('HTTP, links and guests share the port', async (t) => {
  const rig = await Rig.open(t)
  const { near, far } = await rig.pair()
  assert.equal(near.socket.protocol, 'hearsay.1')
  assert.equal(near.socket.extensions, '')
  const guest = new WebSocket(rig.url)
  await once(guest, 'open')
  assert.equal(guest.protocol, '')
  assert.equal(guest.extensions, '')
  const answer = await fetch(rig.url.replace('ws:', 'http:'))
  assert.equal(await answer.text(), 'answered')
  near.link.send(frame(1), 'direct')
  await until('the link works', () => far.marks.length === 1)
  const { links, guests, requests, badHandshakes, malformedHttp } = rig.listener.stats()
  assert.deepEqual(
    { links, guests, requests, badHandshakes, malformedHttp },
    { links: 1, guests: 1, requests: 1, badHandshakes: 0, malformedHttp: 0 },
  )
})

test('the owner is told where a link comes from, and gets a guest with its request', async (t) => {
  let from = ''
  let path: string | undefined
  const rig = await Rig.open(t, {
    onLink: (socket, address) => {
      socket.on('error', () => {})
      from = address
    },
    onGuest: (socket, { url }) => {
      socket.on('error', () => {})
      path = url
    },
  })
  const link = new WebSocket(`${rig.url}any/path`, ['other.2', 'hearsay.1'])
  const guest = new WebSocket(`${rig.url}room?x=1`)
  await Promise.all([once(link, 'open'), once(guest, 'open')])
  assert.equal(link.protocol, 'hearsay.1')
  assert.match(from, /^127\.0\.0\.1:\d+$/)
  assert.equal(path, '/room?x=1')
})

test('other sub-protocols only: 400 in JSON that names what is spoken', async (t) => {
  const rig = await Rig.open(t)
  const socket = new WebSocket(rig.url, ['chat', 'hearsay.2'])
  const [, response] = await once(socket, 'unexpected-response')
  const body = Buffer.concat(await response.toArray()).toString()
  assert.equal(response.statusCode, 400)
  assert.equal(response.headers['content-type'], 'application/json')
  assert.match(errorOf(body), /hearsay\.1/)
  await until('the connection is closed', () => rig.listener.stats().connections === 0)
  assert.equal(rig.listener.stats().badHandshakes, 1)
})

test('broken handshakes: JSON, counted, closed', async (t) => {
  const rig = await Rig.open(t)
  const cases = [
    `${UPGRADE}Sec-WebSocket-Version: 13\r\n\r\n`,
    `${UPGRADE}${KEY}\r\n`,
    `${UPGRADE}${KEY}Sec-WebSocket-Version: 99\r\n\r\n`,
    `${UPGRADE}Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    `${UPGRADE.replace('GET', 'POST')}${KEY}Sec-WebSocket-Version: 13\r\n\r\n`,
    `${UPGRADE}${KEY}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: hearsay.1, hearsay.1\r\n\r\n`,
    `${UPGRADE}${KEY}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: \r\n\r\n`,
  ]
  for (const [index, text] of cases.entries()) {
    const client = rig.tcp()
    client.socket.write(text)
    const answer = await client.answer()
    assert.equal(answer.status, 400, text)
    assert.equal(answer.contentType, 'application/json')
    assert.ok(errorOf(answer.body).length > 0)
    assert.equal(rig.listener.stats().badHandshakes, index + 1)
  }
  assert.deepEqual([rig.links.length, rig.guests.length], [0, 0])
})

test('an upgrade to something else is served as the request that it also is', async (t) => {
  const rig = await Rig.open(t)
  const client = rig.tcp()
  client.socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n\r\n',
  )
  const answer = await client.answer()
  assert.deepEqual([answer.status, answer.body.includes('answered')], [200, true])
})

test('CONNECT, and what nobody can expect: JSON, counted as requests', async (t) => {
  const listener = await listenForNothing(t, {})
  t.after(() => listener.close())
  const ask = async (text: string) => {
    const client = new RawClient(listener.port)
    client.socket.write(text)
    return client.answer()
  }
  const tunnel = await ask('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n')
  assert.deepEqual([tunnel.status, tunnel.contentType], [501, 'application/json'])
  assert.match(errorOf(tunnel.body), /no proxy/)
  const expecting = 'POST /message HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: banana\r\n'
  const failed = await ask(`${expecting}Content-Length: 2\r\n\r\n{}`)
  assert.deepEqual([failed.status, failed.contentType], [417, 'application/json'])
  assert.match(errorOf(failed.body), /100-continue/)
  const { requests, malformedHttp } = listener.stats()
  assert.deepEqual([requests, malformedHttp], [2, 0])
})

test('what is not HTTP: 400 in JSON, counted, closed, and a link beside it lives on', async (t) => {
  const rig = await Rig.open(t)
  const { near, far } = await rig.pair()
  const cases = [
    'rubbish\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\nHost x\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n',
    `${'x'.repeat(200_000)}`,
  ]
  for (const [index, text] of cases.entries()) {
    const client = rig.tcp()
    client.socket.write(text, 'latin1')
    const answer = await client.answer()
    assert.equal(answer.status, 400, text.slice(0, 50))
    assert.equal(answer.contentType, 'application/json')
    assert.equal(errorOf(answer.body), 'This is not a valid HTTP request')
    assert.equal(rig.listener.stats().malformedHttp, index + 1)
  }
  near.link.send(frame(1), 'direct')
  await until('the link works', () => far.marks.length === 1)
})

test('more rubbish after the answer is not answered again', async (t) => {
  const rig = await Rig.open(t)
  const client = rig.tcp()
  client.socket.allowHalfOpen = true
  client.socket.write('rubbish\r\n\r\n')
  await until('the answer is there', () => client.text.includes('400'))
  // The connection stays until the client has hung up: cutting it could cost the client the answer.
  for (let count = 0; count < 5; count++) {
    client.socket.write('more rubbish\r\n\r\n')
    for (let turns = 0; turns < 10; turns++) await turn()
    assert.equal(rig.listener.stats().connections, 1)
  }
  client.socket.end()
  await until('the connection is closed', () => client.closed && rig.listener.stats().connections === 0)
  assert.equal(rig.listener.stats().malformedHttp, 1)
  assert.equal(client.text.split('HTTP/1.1').length, 2)
  assert.deepEqual(client.errors, [])
})

test('a refused client that still sends reads its answer, and is not reset', async (t) => {
  const rig = await Rig.open(t)
  const client = rig.tcp()
  client.socket.write(`${UPGRADE}${KEY}Sec-WebSocket-Version: 99\r\n\r\n`)
  client.socket.end(Buffer.alloc(16_000_000))
  const answer = await client.answer()
  assert.equal(answer.status, 400)
  assert.deepEqual(client.errors, [])
})

test('headers over the limit: 431 in JSON', async (t) => {
  const rig = await Rig.open(t)
  const client = rig.tcp()
  client.socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`)
  const answer = await client.answer()
  assert.equal(answer.status, 431)
  assert.match(errorOf(answer.body), /too large/)
})

test('rubbish behind a request that is still being answered does not spoil the answer', async (t) => {
  let finish: (() => void) | undefined
  const rig = await Rig.open(t, {
    onRequest: (_request, response) => {
      response.write('first half, ')
      finish = () => response.end('second half')
    },
  })
  const client = rig.tcp()
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await until('the answer has begun', () => client.text.includes('first half'))
  client.socket.write('rubbish\r\n\r\n')
  await until('the connection is closed', () => client.closed)
  finish?.()
  assert.doesNotMatch(client.text, /400/)
})

test('a client that says nothing is closed, others are not', async (t) => {
  const rig = await Rig.open(t, { headersTimeoutMs: 60 })
  const { near, far } = await rig.pair()
  const guest = new WebSocket(rig.url)
  await once(guest, 'open')
  const silent = rig.tcp()
  const slow = rig.tcp()
  slow.socket.write('GET / HTTP/1.1\r\nHost: ')
  const answers = await Promise.all([silent.answer(), slow.answer()])
  for (const answer of answers) {
    assert.equal(answer.status, 408)
    assert.match(errorOf(answer.body), /too long/)
  }
  assert.equal(rig.listener.stats().timedOut, 2)
  near.link.send(frame(1), 'direct')
  await until('the link works', () => far.marks.length === 1)
  assert.equal(guest.readyState, WebSocket.OPEN)
  assert.equal(rig.listener.stats().connections, 2)
})

test('a silent client that never hangs up is cut', async (t) => {
  const rig = await Rig.open(t, { headersTimeoutMs: 60 })
  const client = rig.tcp()
  // Half-open on purpose: it neither reads nor answers the end of the connection.
  client.socket.pause()
  client.socket.allowHalfOpen = true
  await until('it has been accepted', () => rig.listener.stats().connections === 1)
  await until('it is gone', () => rig.listener.stats().connections === 0)
  assert.equal(rig.listener.stats().timedOut, 1)
  client.socket.destroy()
})

test('a body that does not arrive in time: 408', async (t) => {
  const rig = await Rig.open(t, {
    headersTimeoutMs: 60,
    requestTimeoutMs: 60,
    onRequest: (request, response) => {
      request.resume()
      request.once('end', () => response.end('never'))
    },
  })
  const client = rig.tcp()
  client.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345')
  await until('the connection is closed', () => client.closed)
  assert.equal(rig.listener.stats().timedOut, 1)
  assert.doesNotMatch(client.text, /never/)
})

test('a client that hangs up at once is nothing to answer', async (t) => {
  const rig = await Rig.open(t)
  for (const text of ['', 'GET / HT', UPGRADE]) {
    const client = rig.tcp()
    await once(client.socket, 'connect')
    client.socket.write(text)
    client.socket.resetAndDestroy()
  }
  await until('all are gone', () => rig.listener.stats().connections === 0)
  const { near, far } = await rig.pair()
  near.link.send(frame(1), 'direct')
  await until('the next link works', () => far.marks.length === 1)
})

test('connections over the limit are cut and counted', async (t) => {
  const rig = await Rig.open(t, { connectionsMax: 2 })
  const { near, far } = await rig.pair()
  const guest = new WebSocket(rig.url)
  await once(guest, 'open')
  const third = rig.tcp()
  await until('the third is cut', () => third.closed)
  assert.equal(rig.listener.stats().overConnectionsMax, 1)
  near.link.send(frame(1), 'direct')
  await until('the link works', () => far.marks.length === 1)
  guest.close()
  await until('there is room again', () => rig.listener.stats().connections === 1)
  await once(new WebSocket(rig.url), 'open')
})

test('a line over the limit ends that guest only', async (t) => {
  const rig = await Rig.open(t)
  const [loud, quiet] = [new WebSocket(rig.url), new WebSocket(rig.url)]
  await Promise.all([once(loud, 'open'), once(quiet, 'open')])
  loud.send('x'.repeat(LIMITS.messageBytesMax + 1))
  const [code] = await once(loud, 'close')
  assert.equal(code, 1009)
  await turn()
  assert.equal(quiet.readyState, WebSocket.OPEN)
})

test('a taken port is a typed error that says what to do', async (t) => {
  const { listener } = await Rig.open(t)
  await assert.rejects(listenForNothing(t, { port: listener.port }), (error: Error) => {
    assert.ok(error instanceof PortTakenError)
    assert.equal(error.port, listener.port)
    assert.equal(error.code, 'port-taken')
    assert.match(error.message, new RegExp(`port ${listener.port} is taken .* another port`))
    return true
  })
})

test('an address of another machine is a typed error', async (t) => {
  await assert.rejects(listenForNothing(t, { host: '192.0.2.1' }), HostUnknownError)
})

test('close ends idle, busy and upgraded connections alike, and frees the port', async (t) => {
  const rig = await Rig.open(t, { onRequest: () => {}, closeGraceMs: 20 })
  const { near } = await rig.pair()
  const guest = new WebSocket(rig.url)
  await once(guest, 'open')
  const busy = rig.tcp()
  busy.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const silent = rig.tcp()
  await until('all are there', () => rig.listener.stats().connections === 4)
  const { port } = rig.listener
  await Promise.all([rig.listener.close(), rig.listener.close()])
  assert.equal(rig.listener.stats().connections, 0)
  await until('the clients know', () => busy.closed && silent.closed && guest.readyState === WebSocket.CLOSED)
  assert.equal((await near.end()).reason, 'link-lost')
  await rig.listener.close()
  const next = await listenForNothing(t, { port })
  assert.equal(next.port, port)
  await next.close()
})

test('close lets an answer that is under way finish', async (t) => {
  let finish: (() => void) | undefined
  const rig = await Rig.open(t, {
    closeGraceMs: 5_000,
    onRequest: (_request, response) => {
      finish = () => response.end('finished')
    },
  })
  const agent = new Agent({ keepAlive: true })
  const sent = request({ port: rig.listener.port, host: '127.0.0.1', agent }).end()
  await until('the request is there', () => finish !== undefined)
  const closed = rig.listener.close()
  finish?.()
  const [response] = await once(sent, 'response')
  assert.equal(Buffer.concat(await response.toArray()).toString(), 'finished')
  await closed
  agent.destroy()
})

test('links that their owner has closed are told why before the listener ends', async (t) => {
  const rig = await Rig.open(t, { closeGraceMs: 500 })
  const pairs = [await rig.pair(), await rig.pair()]
  for (const { far } of pairs) far.link.close('shutting-down')
  await rig.listener.close()
  for (const { near, far } of pairs) {
    assert.equal((await near.end()).reason, 'shutting-down')
    assert.deepEqual([far.ends.length, far.ends[0]?.reason], [1, 'shutting-down'])
  }
})
