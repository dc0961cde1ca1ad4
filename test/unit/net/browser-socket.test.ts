// The browser's WebSocket as a link sees it, played by the test: what has left, what ends, what wakes.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { REASONS } from '../../../src/core/reasons.ts'
import { BrowserSocket } from '../../../src/net/browser-socket.ts'
import { Link } from '../../../src/net/link.ts'
import type { LinkEnd } from '../../../src/net/link-end.ts'
import type { LinkOptions } from '../../../src/net/link-options.ts'
import { encodeBundle } from '../../../src/wire/bundle.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'

/** As much of a browser's WebSocket as a link uses. */
class FakeSocket {
  readyState: number = WebSocket.OPEN
  bufferedAmount = 0
  binaryType = 'blob'
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  readonly sent: Uint8Array[] = []
  readonly closes: unknown[][] = []

  send(bytes: Uint8Array): void {
    this.sent.push(bytes.slice())
    this.bufferedAmount += bytes.length
  }

  close(...how: unknown[]): void {
    this.readyState = WebSocket.CLOSING
    this.closes.push(how)
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function linkOf(options: Partial<LinkOptions> = {}) {
  const socket = new FakeSocket()
  const ends: LinkEnd[] = []
  const calls: string[] = []
  const link = new Link(
    new BrowserSocket(socket as unknown as WebSocket, () => calls.push('heard')),
    {
      onMessages: (messages) => calls.push(...messages.map(({ type }) => type)),
      onClosed: (end) => {
        calls.push('closed')
        ends.push(end)
      },
    },
    { inFlightBytesMax: 100, ...options },
  )
  return { socket, link, ends, calls }
}

/** Time passes as the test says; what waits for the end of a turn has come before. */
function clockOf(t: TestContext): (ms: number) => Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  return async (ms) => {
    for (let rest = ms; rest > 0; rest -= Math.min(rest, 64)) {
      t.mock.timers.tick(Math.min(rest, 64))
      for (let turns = 0; turns < 4; turns++) await turn()
    }
  }
}

test('what waits leaves when the browser holds less, and not before', async (t) => {
  const pass = clockOf(t)
  const { socket, link } = linkOf()
  for (let count = 0; count < 3; count++) {
    link.send(new Uint8Array(90), 'direct')
    await turn()
  }
  assert.equal(socket.sent.length, 2, 'what may be in flight, and one more')
  await pass(1_000)
  assert.equal(link.stats().inFlightBytes, socket.bufferedAmount)
  socket.bufferedAmount = 91
  await pass(64)
  assert.equal(link.stats().inFlightBytes, 2 * 91, 'one has left, and the next has followed')
  assert.equal(socket.sent.length, 3)
  socket.bufferedAmount = 0
  await pass(64)
  assert.equal(link.stats().inFlightBytes, 0)
})

test('what is heard is reason enough to look, though no timer comes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { socket, link, calls } = linkOf()
  link.send(new Uint8Array(90), 'direct')
  for (let turns = 0; turns < 10; turns++) await turn()
  socket.bufferedAmount = 0
  const frame = encodeFrame({ type: 'heartbeat', clock: 1, echo: 0, heldUs: 0, hash: { high: 0, low: 0 } })
  const { buffer } = encodeBundle([frame]).slice()
  socket.onmessage?.({ data: buffer })
  assert.equal(link.stats().inFlightBytes, 0)
  assert.deepEqual(calls, ['heartbeat', 'heard'])
  assert.equal(socket.binaryType, 'arraybuffer')
})

test('a link of which nothing leaves is stalled, and nobody waits for the browser to agree', async (t) => {
  const pass = clockOf(t)
  const { socket, link, ends } = linkOf({ progressTimeoutMs: 500 })
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  link.send(new Uint8Array(90), 'direct')
  await turn()
  nowMs = 600
  await pass(600)
  assert.deepEqual(
    ends.map(({ reason }) => reason),
    ['stalled'],
  )
  assert.deepEqual(socket.closes, [[]])
  assert.equal(socket.onmessage, null)
})

test('text is refused, with a code that browsers let pages use', () => {
  const { socket, link, calls } = linkOf()
  socket.onmessage?.({ data: 'hello' })
  assert.deepEqual(socket.closes, [[REASONS['not-binary'].closeCode, REASONS['not-binary'].text]])
  assert.equal(link.isOpen, false)
  assert.deepEqual(calls, ['heard'])
  for (const [reason, { closeCode }] of Object.entries(REASONS)) {
    assert.ok(closeCode >= 3000 && closeCode <= 4999, reason)
  }
})

test('the end is told once, with what the other end said', async (t) => {
  const pass = clockOf(t)
  const { socket, link, ends, calls } = linkOf()
  link.send(new Uint8Array(90), 'direct')
  await turn()
  socket.readyState = WebSocket.CLOSED
  socket.onclose?.({ code: REASONS.trimmed.closeCode, reason: 'enough' })
  await pass(5_000)
  assert.deepEqual(ends, [{ reason: 'trimmed', remote: true, detail: 'enough' }])
  assert.deepEqual(calls, ['closed', 'heard'])
  assert.equal(link.stats().inFlightBytes, 0)
})

test('a closing handshake that nobody answers ends after the time for it', async (t) => {
  const pass = clockOf(t)
  const { link, ends } = linkOf({ closeTimeoutMs: 500 })
  link.close('left')
  await pass(499)
  assert.deepEqual(ends, [])
  await pass(1)
  assert.deepEqual(
    ends.map(({ reason, remote }) => [reason, remote]),
    [['left', false]],
  )
})

test('a socket that has closed meanwhile ends as a link', async () => {
  const socket = new FakeSocket()
  socket.readyState = WebSocket.CLOSED
  const ends: LinkEnd[] = []
  new Link(new BrowserSocket(socket as unknown as WebSocket, () => {}), {
    onMessages: () => {},
    onClosed: (end) => ends.push(end),
  })
  assert.deepEqual(ends, [])
  await turn()
  assert.deepEqual(
    ends.map(({ reason }) => reason),
    ['link-lost'],
  )
})
