// What the tests of net/ build on: a listener on loopback, links at both ends of it, raw TCP clients, and waiting for
// a condition. Everything that is opened here is closed after the test. It holds no assertions about net/ itself.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { WebSocket } from 'ws'
import type { Direct, Gossip, Message, NodeName } from '../../../src/core/messages.ts'
import { dial } from '../../../src/net/dialer.ts'
import { Link } from '../../../src/net/link.ts'
import type { LinkEnd } from '../../../src/net/link-end.ts'
import type { LinkOptions } from '../../../src/net/link-options.ts'
import { type Listener, type ListenOptions, listen } from '../../../src/net/listener.ts'
import { SUB_PROTOCOL } from '../../../src/net/sub-protocol.ts'
import { WsSocket } from '../../../src/net/ws-socket.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'

/** Waits until the condition holds; fails with `what` when it does not within the deadline. */
export async function until(what: string, condition: () => boolean, deadlineMs = 10_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** The end of this turn of the event loop, behind everything that was due in it. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const origin = 'node1' as NodeName
const destination = 'node2' as NodeName

/** A frame with a number and a payload of this size, told apart on arrival by {@link markOf}. */
export function frame(mark: number, payloadBytes = 64): Uint8Array {
  const message: Direct = {
    type: 'direct',
    hopsLeft: 15,
    hops: 1,
    destination,
    destinationIncarnation: 0,
    origin,
    originIncarnation: 1,
    sequence: mark,
    floor: mark,
    payload: new Uint8Array(payloadBytes),
  }
  return encodeFrame(message)
}

/** The number of a {@link frame}. */
export function markOf(message: Message): number {
  return (message as Direct | Gossip).sequence
}

/** One end of a link, with a record of all that it was told. */
export class LinkRecord {
  readonly link: Link
  readonly socket: WebSocket
  readonly batches: Message[][] = []
  readonly ends: LinkEnd[] = []
  /** Each call of a handler, in order. */
  readonly calls: string[] = []
  /** Called when a batch has come. */
  onMessages: () => void = () => {}

  constructor(socket: WebSocket, options: Partial<LinkOptions> = {}) {
    this.socket = socket
    this.link = new Link(
      new WsSocket(socket),
      {
        onMessages: (messages) => {
          this.calls.push('messages')
          this.batches.push(messages)
          this.onMessages()
        },
        onClosed: (end) => {
          this.calls.push('closed')
          this.ends.push(end)
        },
      },
      options,
    )
  }

  get marks(): number[] {
    return this.batches.flat().map(markOf)
  }

  /** The one end that this link has had. */
  async end(): Promise<LinkEnd> {
    await until('the link ends', () => this.ends.length > 0)
    return this.ends[0] as LinkEnd
  }
}

/** A listener on a free port of loopback; what it is handed waits in `links` and `guests`. */
export class Rig {
  readonly links: LinkRecord[] = []
  readonly guests: WebSocket[] = []
  /** Options of the links that the listener accepts from now on. */
  acceptOptions: Partial<LinkOptions> = {}
  #listener: Listener | undefined

  static async open(t: TestContext, options: Partial<ListenOptions> = {}): Promise<Rig> {
    const rig = new Rig()
    const listener = await listen({
      port: 0,
      host: '127.0.0.1',
      onRequest: (_request, response) => response.end('answered'),
      onLink: (socket) => rig.links.push(new LinkRecord(socket, rig.acceptOptions)),
      onGuest: (socket) => {
        socket.on('error', () => {})
        rig.guests.push(socket)
      },
      closeGraceMs: 0,
      ...options,
    })
    rig.#listener = listener
    t.after(() => listener.close())
    return rig
  }

  get listener(): Listener {
    if (this.#listener === undefined) throw new Error('made by Rig.open only')
    return this.#listener
  }

  get url(): string {
    return `ws://127.0.0.1:${this.listener.port}/`
  }

  /** A link from here to the listener: `near` dialled, `far` was dialled. */
  async pair(
    options: { near?: Partial<LinkOptions>; far?: Partial<LinkOptions> } = {},
  ): Promise<{ near: LinkRecord; far: LinkRecord }> {
    this.acceptOptions = options.far ?? {}
    const before = this.links.length
    const near = await new Promise<LinkRecord>((resolve, reject) => {
      dial(this.url, {
        onOpen: (socket) => resolve(new LinkRecord(socket, options.near)),
        onFailed: (detail) => reject(new Error(detail)),
      })
    })
    await until('the link is accepted', () => this.links.length > before)
    return { near, far: this.links[before] as LinkRecord }
  }

  /** A WebSocket that says hearsay.1 and whatever the test makes it say; `far` is the link at the listener. */
  async stranger(far: Partial<LinkOptions> = {}): Promise<{ socket: WebSocket; far: LinkRecord }> {
    this.acceptOptions = far
    const before = this.links.length
    const socket = new WebSocket(this.url, SUB_PROTOCOL)
    socket.on('error', () => {})
    await once(socket, 'open')
    await until('the link is accepted', () => this.links.length > before)
    return { socket, far: this.links[before] as LinkRecord }
  }

  /** A TCP connection to the listener. */
  tcp(): RawClient {
    return new RawClient(this.listener.port)
  }

  /** A TCP connection on which the WebSocket handshake is done: what follows are the bytes of WebSocket frames. */
  async rawStranger(): Promise<{ client: RawClient; far: LinkRecord }> {
    const before = this.links.length
    const client = this.tcp()
    client.socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Protocol: ${SUB_PROTOCOL}\r\n\r\n`,
    )
    await until('the handshake is done', () => this.links.length > before && client.text.includes('\r\n\r\n'))
    return { client, far: this.links[before] as LinkRecord }
  }
}

/** A TCP client that records what it is told. */
export class RawClient {
  readonly socket: Socket
  /** All that was received, as Latin-1. */
  text = ''
  closed = false
  /** What went wrong: a reset, say. */
  readonly errors: Error[] = []

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1')
    })
    this.socket.on('error', (error) => this.errors.push(error))
    this.socket.once('close', () => {
      this.closed = true
    })
  }

  /** The answer, once the other end has closed the connection. */
  async answer(): Promise<{ status: number; contentType: string | undefined; body: string }> {
    await until('the connection is closed', () => this.closed)
    const [head = '', body = ''] = this.text.split('\r\n\r\n')
    return {
      status: Number(head.split(' ')[1]),
      contentType: /^content-type: (.*)$/im.exec(head)?.[1],
      body,
    }
  }
}
