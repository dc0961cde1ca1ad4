// What the tests of the bootstrap need: bootstraps, clients that write down what they are told, raw connections, and
// a way to wait for something. Everything that was opened is closed after the test.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import {
  BootstrapClient,
  type BootstrapClientHandlers,
  type BootstrapClientOptions,
} from '../../../src/bootstrap/client.ts'
import { clientSockets } from '../../../src/bootstrap/client-sockets.ts'
import type { BootstrapOptions } from '../../../src/bootstrap/options.ts'
import { type Bootstrap, createBootstrap } from '../../../src/bootstrap/server.ts'
import { type Hello, type Message, PROTOCOL_VERSION, parseNodeName } from '../../../src/core/messages.ts'
import type { Logger } from '../../../src/logger.ts'
import { dial } from '../../../src/net/dialer.ts'
import { Link } from '../../../src/net/link.ts'
import type { LinkEnd } from '../../../src/net/link-end.ts'
import { dialLink, WsSocket } from '../../../src/net/ws-socket.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'

const DEADLINE_MS = 10_000

/** Waits until `look` gives something that is true, and returns it. */
export async function until<T>(
  look: () => T | undefined | false | null,
  what: string,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const endMs = performance.now() + deadlineMs
  for (;;) {
    const found = look()
    if (found) return found
    assert.ok(performance.now() < endMs, `waited ${deadlineMs} ms in vain: ${what}`)
    await delay(2)
  }
}

/** A bootstrap on loopback and a free port, closed after the test. */
export async function startBootstrap(t: TestContext, options: BootstrapOptions = {}): Promise<Bootstrap> {
  const bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1', ...options })
  t.after(() => bootstrap.close())
  return bootstrap
}

export function helloOf(name: string, fields: Partial<Hello> = {}): Hello {
  const parsed = parseNodeName(name)
  assert.ok(parsed)
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    role: 'node',
    name: parsed,
    incarnation: 1,
    instance: `instance-of-${name}`,
    url: `ws://${name}:5000`,
    linkless: true,
    ...fields,
  }
}

type Handlers = Required<BootstrapClientHandlers>
type Told = { readonly [E in keyof Handlers]: Parameters<Handlers[E]>[] }

/** A client, and what it was told. */
export interface RecordedClient {
  readonly client: BootstrapClient
  readonly told: Told
  readonly log: { readonly level: string; readonly event: string; readonly fields: Record<string, unknown> }[]
}

/** A client that has started, with quick backoff. Closed after the test. */
export function startClient(
  t: TestContext,
  urls: string[],
  name: string,
  options: Partial<BootstrapClientOptions> & { readonly fields?: Partial<Hello> } = {},
): RecordedClient {
  const { fields, ...more } = options
  const told: Told = {
    onContacts: [],
    onPeerEvents: [],
    onHttpPeers: [],
    onRegistered: [],
    onNameTaken: [],
    onLost: [],
  }
  const log: RecordedClient['log'] = []
  const level = (level: string) => (fields: Readonly<Record<string, unknown>>, event: string) => {
    log.push({ level, event, fields })
  }
  const logger: Logger = {
    trace: level('trace'),
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
  }
  const client = new BootstrapClient(
    {
      urls,
      hello: () => helloOf(name, fields),
      logger,
      world: clientSockets(dialLink),
      backoffMinMs: 20,
      backoffMaxMs: 100,
      ...more,
    },
    {
      onContacts: (...call) => void told.onContacts.push(call),
      onPeerEvents: (...call) => void told.onPeerEvents.push(call),
      onHttpPeers: (...call) => void told.onHttpPeers.push(call),
      onRegistered: (...call) => void told.onRegistered.push(call),
      onNameTaken: (...call) => void told.onNameTaken.push(call),
      onLost: (...call) => void told.onLost.push(call),
    },
  )
  t.after(() => client.close('left'))
  client.start()
  return { client, told, log }
}

/** Names of all that the client was told to have joined, and left with the reason. */
export function eventsOf({ told }: RecordedClient): { joined: string[]; left: string[] } {
  const events = told.onPeerEvents.map(([event]) => event)
  return {
    joined: events.flatMap(({ joined }) => joined.map(({ name }) => name as string)),
    left: events.flatMap(({ left }) => left.map(({ name, reason }) => `${name} ${reason}`)),
  }
}

/** A connection that does only what the test says. */
export interface RawLink {
  readonly socket: WebSocket
  readonly received: Message[]
  readonly end: () => LinkEnd | undefined
  say(...messages: Message[]): void
}

/** Dials without saying anything. Cut after the test. */
export function openRaw(t: TestContext, url: string): Promise<RawLink> {
  return new Promise((resolve, reject) => {
    dial(url, {
      onFailed: (detail) => reject(new Error(detail)),
      onOpen: (socket) => {
        t.after(() => socket.terminate())
        const received: Message[] = []
        let end: LinkEnd | undefined
        const link = new Link(new WsSocket(socket), {
          onMessages: (messages) => received.push(...messages),
          onClosed: (closed) => {
            end = closed
          },
        })
        const say = (...messages: Message[]): void => {
          for (const message of messages) link.send(encodeFrame(message), 'control')
        }
        resolve({ socket, received, end: () => end, say })
      },
    })
  })
}

/** Dials and says hello; resolves with the welcome received. */
export async function joinRaw(
  t: TestContext,
  url: string,
  name: string,
  fields: Partial<Hello> = {},
): Promise<RawLink> {
  const raw = await openRaw(t, url)
  raw.say(helloOf(name, fields))
  await until(() => raw.received.some(({ type }) => type === 'welcome'), `welcome of ${name}`)
  return raw
}

/** Someone with wscat: no sub-protocol, JSON lines. */
export interface Person {
  readonly socket: WebSocket
  readonly lines: Record<string, unknown>[]
  closeCode(): number | undefined
}

/** Connects in line mode. Cut after the test. */
export function watch(t: TestContext, url: string): Promise<Person> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url)
    t.after(() => socket.terminate())
    const lines: Record<string, unknown>[] = []
    let closeCode: number | undefined
    socket.on('message', (data, isBinary) => {
      assert.equal(isBinary, false)
      lines.push(JSON.parse(data.toString()))
    })
    socket.once('close', (code) => {
      closeCode = code
    })
    socket.once('error', reject)
    socket.once('open', () => resolve({ socket, lines, closeCode: () => closeCode }))
  })
}
