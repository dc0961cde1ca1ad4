// Dials: each ends in exactly one call, never from within dial(), or in none after a cancel.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { type DialOptions, dial } from '../../../src/net/dialer.ts'
import type { Dial } from '../../../src/net/link-dial.ts'
import { Rig, turn, until } from './rig.ts'

/** What a dial has told. */
interface Told {
  readonly opened: WebSocket[]
  readonly failed: string[]
  readonly dial: Dial
}

function dialed(t: TestContext, url: string, options?: DialOptions): Told {
  const opened: WebSocket[] = []
  const failed: string[] = []
  let returned = false
  const handle = dial(
    url,
    {
      onOpen: (socket) => {
        assert.ok(returned, 'told from within dial()')
        socket.on('error', () => {})
        opened.push(socket)
      },
      onFailed: (detail) => {
        assert.ok(returned, 'told from within dial()')
        failed.push(detail)
      },
    },
    options,
  )
  returned = true
  t.after(() => {
    handle.cancel()
    for (const socket of opened) socket.terminate()
  })
  return { opened, failed, dial: handle }
}

async function failureOf(t: TestContext, url: string, options?: DialOptions): Promise<string> {
  const told = dialed(t, url, options)
  await until('the dial ends', () => told.opened.length + told.failed.length > 0)
  for (let count = 0; count < 5; count++) await turn()
  assert.deepEqual([told.opened.length, told.failed.length], [0, 1])
  const [detail = ''] = told.failed
  assert.doesNotMatch(detail, /\n/)
  return detail
}

/** A TCP server that does with each connection what the test says; gives `host:port`. */
async function tcpServer(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.resume()
    socket.once('close', () => sockets.delete(socket))
    serve(socket)
  })
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return placeOfServer(server)
}

async function placeOfServer(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('http and ws URLs, with or without a path, reach the same place', async (t) => {
  const rig = await Rig.open(t)
  const place = `127.0.0.1:${rig.listener.port}`
  for (const url of [`ws://${place}`, `http://${place}/`, `HTTP://${place}/any/path?x=1`, place]) {
    const told = dialed(t, url)
    await until('the dial ends', () => told.opened.length + told.failed.length > 0)
    assert.deepEqual(told.failed, [])
    assert.equal(told.opened[0]?.protocol, 'hearsay.1')
    assert.equal(told.opened[0]?.readyState, WebSocket.OPEN)
  }
  assert.equal(rig.links.length, 4)
})

test('what arrives together with the handshake is not missed', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'hearsay.1' })
  t.after(() => server.close())
  server.on('connection', (socket) => socket.send(Buffer.from('first')))
  await once(server, 'listening')
  const messages: string[] = []
  const handle = dial(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    onOpen: (socket) => {
      socket.on('message', (data) => messages.push(String(data)))
      t.after(() => socket.terminate())
    },
    onFailed: (detail) => messages.push(detail),
  })
  t.after(() => handle.cancel())
  await until('the message has arrived', () => messages.length > 0)
  assert.deepEqual(messages, ['first'])
})

test('nobody listens: refused', async (t) => {
  const server = createServer()
  const place = await placeOfServer(server)
  server.close()
  await once(server, 'close')
  assert.equal(await failureOf(t, `ws://${place}`), `${place} refused the connection: is it running?`)
})

test('localhost, which may be two addresses, is refused in one line, too', async (t) => {
  const server = createServer()
  const place = (await placeOfServer(server)).replace('127.0.0.1', 'localhost')
  server.close()
  await once(server, 'close')
  assert.equal(await failureOf(t, `ws://${place}`), `${place} refused the connection: is it running?`)
})

test('a name that does not exist cannot be found', async (t) => {
  assert.match(
    await failureOf(t, 'ws://no-such-node.invalid:5000'),
    /^no-such-node\.invalid:5000 cannot be found/,
  )
})

test('a URL that cannot be dialled fails like any other dial', async (t) => {
  for (const url of ['', 'node8', 'ftp://node8:21', 'ws://me:secret@node8:5000', 'ws://node8:0']) {
    assert.ok((await failureOf(t, url)).length > 0)
  }
})

test('HTTP answers are no WebSocket', async (t) => {
  for (const [status, detail] of [
    [200, /answered with HTTP 200 and not with a WebSocket/],
    [404, /answered with HTTP 404/],
    [503, /answered with HTTP 503/],
    [301, /redirects elsewhere \(HTTP 301\)/],
  ] as const) {
    const server = createHttpServer((_request, response) => {
      response.writeHead(status, { location: 'http://127.0.0.1:1/' })
      response.end('no')
    })
    t.after(() => server.closeAllConnections())
    t.after(() => server.close())
    assert.match(await failureOf(t, `ws://${await placeOfServer(server)}`), detail)
  }
})

test('a WebSocket server that does not speak hearsay.1', async (t) => {
  for (const protocol of [false, 'chat'] as const) {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => protocol })
    t.after(() => server.close())
    await once(server, 'listening')
    const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
    assert.equal(await failureOf(t, place), `${place} speaks WebSocket, but not hearsay.1`)
  }
})

test('a server that hangs up, or talks rubbish', async (t) => {
  const deaf = await tcpServer(t, (socket) => socket.destroy())
  assert.equal(await failureOf(t, deaf), `${deaf} hung up before it answered`)
  const rubbish = await tcpServer(t, (socket) => socket.end('220 mail.example ESMTP\r\n'))
  assert.equal(await failureOf(t, rubbish), `${rubbish} does not speak HTTP: is it the right port?`)
})

test('a handshake with a wrong key is a failure', async (t) => {
  const place = await tcpServer(t, (socket) =>
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
    ),
  )
  assert.match(await failureOf(t, place), /Invalid Sec-WebSocket-Accept header/)
})

test('a server that does not answer, or only drips, is given up in time', async (t) => {
  const silent = await tcpServer(t, () => {})
  assert.equal(await failureOf(t, silent, { timeoutMs: 50 }), `${silent} did not answer within 50 ms`)
  const dripping = await tcpServer(t, (socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nX: ')
    const drip = setInterval(() => socket.write('x'), 5)
    socket.once('close', () => clearInterval(drip))
  })
  assert.equal(await failureOf(t, dripping, { timeoutMs: 100 }), `${dripping} did not answer within 100 ms`)
})

test('after a cancel nobody is told, at whichever moment it comes', async (t) => {
  const rig = await Rig.open(t)
  const connections: Socket[] = []
  const silent = await tcpServer(t, (socket) => connections.push(socket))
  const told: Told[] = []
  for (const url of [rig.url, `ws://${silent}`, 'not a url', 'ws://127.0.0.1:1']) {
    const atOnce = dialed(t, url)
    atOnce.dial.cancel()
    atOnce.dial.cancel()
    told.push(atOnce)
  }
  const later = dialed(t, `ws://${silent}`)
  await until('it has connected', () => connections.length > 0)
  later.dial.cancel()
  told.push(later)
  await until('the connections are closed', () => connections.every((socket) => socket.destroyed))
  for (let count = 0; count < 10; count++) await turn()
  for (const { opened, failed } of told) assert.deepEqual([opened.length, failed.length], [0, 0])
  await until('the listener has nobody', () => rig.listener.stats().connections === 0)
})

test('a dial that has ended keeps no timer', async (t) => {
  const rig = await Rig.open(t)
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const opened = dialed(t, rig.url, { timeoutMs: 60_000 })
  const failed = dialed(t, 'ws://127.0.0.1:1', { timeoutMs: 60_000 })
  const cancelled = dialed(t, rig.url, { timeoutMs: 60_000 })
  assert.equal(timers(), before + 3)
  cancelled.dial.cancel()
  await until('both have ended', () => opened.opened.length + failed.failed.length === 2)
  assert.equal(timers(), before)
})

test('a cancel after the end changes nothing', async (t) => {
  const rig = await Rig.open(t)
  const told = dialed(t, rig.url)
  await until('it is open', () => told.opened.length > 0)
  told.dial.cancel()
  await turn()
  assert.equal(told.opened[0]?.readyState, WebSocket.OPEN)
})
