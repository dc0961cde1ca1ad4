// Someone who comes to a running node and does what the test says, at three depths: as the other end of a link, as a
// TCP client whose WebSocket handshake is done, and as a TCP client. It keeps no rules by itself.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { type Hello, type Message, type NodeName, PROTOCOL_VERSION } from '../../src/core/messages.ts'
import { decodeBundle, encodeBundle } from '../../src/wire/bundle.ts'
import { encodeFrame } from '../../src/wire/encode.ts'
import { until } from './node-rig.ts'

/** Whom the stranger says to be, unless the test says otherwise. */
export const STRANGER = 'mallory'

/** A hello of the stranger's. */
export function strangerHello(fields: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    role: 'node',
    name: STRANGER as NodeName,
    incarnation: 1,
    instance: 'instance-of-mallory',
    linkless: true,
    ...fields,
  }
}

/** The other end of a link. */
export class Stranger {
  readonly socket: WebSocket
  readonly received: Message[] = []
  #closed: { readonly code: number; readonly text: string } | undefined

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => this.received.push(...decodeBundle(data as Buffer).messages))
    socket.on('close', (code, text) => {
      this.#closed = { code, text: text.toString() }
    })
    socket.on('error', () => {})
  }

  /** Connects, and says nothing. */
  static async dial(t: TestContext, url: string): Promise<Stranger> {
    const socket = new WebSocket(url, 'hearsay.1')
    t.after(() => socket.terminate())
    const stranger = new Stranger(socket)
    await once(socket, 'open')
    return stranger
  }

  /** Connects, says hello and waits for the answer: a neighbor from now on. */
  static async join(t: TestContext, url: string, fields: Partial<Hello> = {}): Promise<Stranger> {
    const stranger = await Stranger.dial(t, url)
    stranger.say(strangerHello(fields))
    await stranger.hears('hello')
    return stranger
  }

  /** Sends these as one bundle. */
  say(...messages: readonly Message[]): void {
    this.bytes(encodeBundle(messages.map(encodeFrame)))
  }

  /** Sends one WebSocket message: binary for bytes. */
  bytes(data: Uint8Array | string): void {
    this.socket.send(data)
  }

  /** Waits for a message of this type. */
  hears<T extends Message['type']>(type: T): Promise<Extract<Message, { type: T }>> {
    const isIt = (message: Message): message is Extract<Message, { type: T }> => message.type === type
    return until(`the stranger hears ${type}`, () => this.received.find(isIt))
  }

  /** Waits for the end of the link. */
  end(): Promise<{ readonly code: number; readonly text: string }> {
    return until('the link ends', () => this.#closed)
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN
  }
}

/** A TCP client. */
export class RawStranger {
  readonly socket: Socket
  /** All that was received. */
  bytes = Buffer.alloc(0)
  closed = false

  constructor(t: TestContext, port: number | undefined) {
    this.socket = connect(port ?? 0, '127.0.0.1')
    t.after(() => this.socket.destroy())
    this.socket.on('data', (bytes) => {
      this.bytes = Buffer.concat([this.bytes, bytes])
    })
    this.socket.on('error', () => {})
    this.socket.once('close', () => {
      this.closed = true
    })
  }

  /** All that was received, as Latin-1. */
  get text(): string {
    return this.bytes.toString('latin1')
  }

  /** Shakes hands as a link; what is written from now on are the bytes of WebSocket frames. */
  async upgrade(): Promise<void> {
    this.socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Protocol: hearsay.1\r\n\r\n`,
    )
    await until('the handshake is done', () => this.text.includes('\r\n\r\n'))
    this.bytes = Buffer.alloc(0)
  }

  /** The code of the close frame (RFC 6455 section 5.5.1), which has to be the first frame after the handshake. */
  async closeCode(): Promise<number> {
    await until('a close frame', () => this.bytes.length >= 4)
    if (this.bytes[0] !== 0x88) throw new Error(`not a close frame: ${this.bytes.toString('hex')}`)
    return this.bytes.readUInt16BE(2)
  }

  /** Waits until the other end has hung up. */
  async end(deadlineMs?: number): Promise<void> {
    await until('the connection is closed', () => this.closed, deadlineMs)
  }
}

/** The bytes of one WebSocket frame as a client sends it, masked with zeros so that the payload stays readable. */
export function webSocketFrame(first: number, payload: Uint8Array, masked = true): Buffer {
  const size = payload.length
  const head =
    size < 126 ? [size] : size < 65_536 ? [126, size >> 8, size & 0xff] : [127, 0, 0, 0, 0, ...uint32(size)]
  if (masked) head[0] = (head[0] ?? 0) | 0x80
  return Buffer.concat([Buffer.from([first, ...head, ...(masked ? [0, 0, 0, 0] : [])]), payload])
}

function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}
