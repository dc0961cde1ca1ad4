// The progress watch of a link, with a socket whose writes are told when the test says so.

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { stat } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { Link } from '../../../src/net/link.ts'
import type { LinkEnd } from '../../../src/net/link-end.ts'
import { WsSocket } from '../../../src/net/ws-socket.ts'

/** As much of a WebSocket as a link uses. */
class FakeSocket extends EventEmitter {
  binaryType = 'nodebuffer'
  readyState: number = WebSocket.OPEN
  readonly written: (() => void)[] = []
  /** Called with the callback of each write. */
  onWrite: (written: () => void) => void = (written) => this.written.push(written)

  send(_bytes: Uint8Array, _options: object, written: () => void): void {
    this.onWrite(written)
  }

  terminate(): void {
    this.readyState = WebSocket.CLOSED
    setImmediate(() => this.emit('close', 1006, Buffer.alloc(0)))
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function linkOf(
  t: TestContext,
  progressTimeoutMs: number,
): { socket: FakeSocket; link: Link; ends: LinkEnd[] } {
  const socket = new FakeSocket()
  const ends: LinkEnd[] = []
  const link = new Link(
    new WsSocket(socket as unknown as WebSocket),
    { onMessages: () => {}, onClosed: (end) => ends.push(end) },
    { progressTimeoutMs, inFlightBytesMax: 100 },
  )
  t.after(() => socket.terminate())
  return { socket, link, ends }
}

test('no timer while nothing is in flight', async (t) => {
  // The watch does not keep the process alive, so it is looked for where it is made.
  const armed = t.mock.method(globalThis, 'setTimeout')
  const { socket, link } = linkOf(t, 60_000)
  assert.equal(armed.mock.callCount(), 0)
  for (let count = 0; count < 10; count++) {
    link.send(new Uint8Array(50), 'direct')
    await turn()
    socket.written.shift()?.()
  }
  assert.equal(armed.mock.callCount(), 1, 'a watch that runs already is not armed again')
})

test('the watch ends by itself when the link has become idle', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const armed = t.mock.method(globalThis, 'setTimeout')
  const { socket, link, ends } = linkOf(t, 1_000)
  link.send(new Uint8Array(50), 'direct')
  await turn()
  socket.written.shift()?.()
  t.mock.timers.tick(1_000)
  await turn()
  t.mock.timers.tick(100_000)
  await turn()
  assert.equal(armed.mock.callCount(), 1)
  assert.equal(ends.length, 0)
})

test('a process that stood still is not a link that stood still', async (t) => {
  const { socket, link, ends } = linkOf(t, 20)
  // The news of the write is I/O: after the pause it comes behind the timers.
  socket.onWrite = (written) => stat('.', () => written())
  link.send(new Uint8Array(50), 'direct')
  await turn()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  for (let count = 0; count < 5; count++) await turn()
  assert.equal(link.stats().inFlightBytes, 0)
  assert.equal(ends.length, 0)
  assert.equal(link.isOpen, true)
})

test('a write that is never told of ends the link', async (t) => {
  const { link, ends } = linkOf(t, 20)
  link.send(new Uint8Array(50), 'direct')
  while (ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.equal(ends[0]?.reason, 'stalled')
})
