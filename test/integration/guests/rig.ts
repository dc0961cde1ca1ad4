// What the tests of guests/ build on: a node that is none, guests of it on a real port, people who type, and waiting
// with a deadline. Everything that is opened here is closed after the test. It holds no assertions.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import type { BroadcastAnswer, RequestAnswer, SendAnswer, TraceAnswer } from '../../../src/answers.ts'
import type {
  GuestHistory,
  GuestHost,
  GuestMessage,
  GuestNeighbor,
  GuestPeer,
  GuestPeerEvent,
  GuestSubscription,
  OverlayWatch,
  Patience,
  ReceivedMessage,
  SpreadOptions,
} from '../../../src/guests/guest-host.ts'
import { Guests, type GuestsOptions } from '../../../src/guests/guests.ts'
import type { OverlayLine, WatchedLine } from '../../../src/guests/overlay-lines.ts'
import { silentLogger } from '../../../src/logger.ts'
import { LIMITS } from '../../../src/wire/limits.ts'

const DEADLINE_MS = 10_000

/** Waits until the condition holds; fails with `what` when it does not within the deadline. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${DEADLINE_MS} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** A send that the test ends. */
export interface Sent {
  readonly to: string
  readonly message: GuestMessage
  readonly options: { readonly deadlineMs?: number }
  readonly end: (answer: SendAnswer) => void
}

/** A node that is none: knows what it is told to know, and notes what its guests send. */
export class FakeHost implements GuestHost {
  readonly name = 'node8'
  /** What becomes of direct messages and pings; `undefined`: the test ends them by {@link Sent.end}. */
  answer: SendAnswer | undefined = { status: 'delivered', id: 'node8/1/1', hops: 2, rttMs: 3.0625 }
  broadcastAnswer: BroadcastAnswer = { status: 'sent', id: 'node8/1/2', neighbors: 5 }
  readonly sent: Sent[] = []
  readonly broadcasts: GuestMessage[] = []
  readonly pings: string[] = []
  peerList: GuestPeer[] = []
  neighborList: GuestNeighbor[] = []
  traceAnswer: TraceAnswer = {
    status: 'traced',
    path: ['node8', 'node3', 'node12'],
    hops: [
      { node: 'node8', next: 'node3', rttMs: 1.25, queuedBytes: 0 },
      { node: 'node3', next: 'node12' },
    ],
  }
  requestAnswer: RequestAnswer = { status: 'answered', from: 'node12', value: 42, hops: 2, rttMs: 3.0625 }
  historyAnswer: GuestHistory = { status: 'failed', reason: 'unknown-peer', at: 'node8', messages: [] }
  readonly requests: { readonly to: string; readonly message: GuestMessage; readonly options: Patience }[] =
    []
  readonly published: { readonly topic: string; readonly message: GuestMessage }[] = []
  /** How each message to all was to be sent. */
  readonly spreads: SpreadOptions[] = []
  /** What the node listens to, with the guests' one listener. */
  readonly filters = new Map<string, (message: ReceivedMessage) => void>()
  readonly watchers = new Set<(event: GuestPeerEvent) => void>()
  readonly onlookers = new Set<(line: WatchedLine) => void>()
  overlay: OverlayLine = { event: 'overlay', atMs: 1, self: 'node8', nodes: [], links: [] }

  send(to: string, message: GuestMessage, options: { deadlineMs?: number }): Promise<SendAnswer> {
    return new Promise((end) => {
      this.sent.push({ to, message, options, end })
      if (this.answer !== undefined) end(this.answer)
    })
  }

  broadcast(message: GuestMessage, options: SpreadOptions): Promise<BroadcastAnswer> {
    this.broadcasts.push(message)
    this.spreads.push(options)
    return Promise.resolve(this.broadcastAnswer)
  }

  publish(topic: string, message: GuestMessage, options: SpreadOptions): Promise<BroadcastAnswer> {
    this.published.push({ topic, message })
    this.spreads.push(options)
    return Promise.resolve(this.broadcastAnswer)
  }

  request(to: string, message: GuestMessage, options: Patience): Promise<RequestAnswer> {
    this.requests.push({ to, message, options })
    return Promise.resolve(this.requestAnswer)
  }

  subscribe(filter: string, listener: (message: ReceivedMessage) => void): GuestSubscription {
    this.filters.set(filter, listener)
    return { ok: true, end: () => this.filters.delete(filter) }
  }

  history(): Promise<GuestHistory> {
    return Promise.resolve(this.historyAnswer)
  }

  watch(listener: (event: GuestPeerEvent) => void): () => void {
    this.watchers.add(listener)
    return () => this.watchers.delete(listener)
  }

  watchOverlay(listener: (line: WatchedLine) => void): OverlayWatch {
    this.onlookers.add(listener)
    return { all: () => this.overlay, end: () => this.onlookers.delete(listener) }
  }

  trace(): Promise<TraceAnswer> {
    return Promise.resolve(this.traceAnswer)
  }

  traceAll(): Promise<BroadcastAnswer> {
    return Promise.resolve(this.broadcastAnswer)
  }

  ping(to: string): Promise<SendAnswer> {
    this.pings.push(to)
    return Promise.resolve(this.answer ?? { status: 'failed', reason: 'expired', at: this.name })
  }

  peers(): readonly GuestPeer[] {
    return this.peerList
  }

  neighbors(): readonly GuestNeighbor[] {
    return this.neighborList
  }
}

/** Guests of a {@link FakeHost} on a port of loopback. */
export interface House {
  readonly host: FakeHost
  readonly guests: Guests
  readonly url: string
  /** Connects; the greeting is not read yet. */
  readonly person: () => Promise<Person>
  /** Connects and reads the greeting. */
  readonly greeted: () => Promise<Person>
  /** Errors that were logged. */
  readonly errors: string[]
}

/** Opens a house for one test. */
export async function openHouse(t: TestContext, options: GuestsOptions = {}): Promise<House> {
  const host = new FakeHost()
  const errors: string[] = []
  const logger = { ...silentLogger, error: (_: object, event: string) => errors.push(event) }
  const guests = new Guests(host, logger, options)
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: LIMITS.messageBytesMax })
  server.on('connection', (socket, request) => guests.accept(socket, request.socket.remoteAddress ?? '?'))
  await once(server, 'listening')
  const people: Person[] = []
  t.after(async () => {
    for (const person of people) person.socket.terminate()
    await guests.close()
    await new Promise((resolve) => server.close(resolve))
  })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const person = async (): Promise<Person> => {
    const someone = new Person(new WebSocket(url))
    people.push(someone)
    await once(someone.socket, 'open')
    return someone
  }
  const greeted = async (): Promise<Person> => {
    const someone = await person()
    await someone.greeting()
    return someone
  }
  return { host, guests, url, person, greeted, errors }
}

/** Someone with wscat. */
export class Person {
  readonly socket: WebSocket
  /** What was shown and not read yet. */
  readonly unread: string[] = []
  /** How the connection ended. */
  end: { readonly code: number; readonly reason: string } | undefined
  /** Known once the greeting is read: `node8/guest-3f`. */
  address = ''

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => this.unread.push(data.toString()))
    socket.on('close', (code, reason) => {
      this.end = { code, reason: reason.toString() }
    })
    socket.on('error', () => {})
  }

  get id(): string {
    return this.address.slice(this.address.indexOf('/') + 1)
  }

  /** Types one line. */
  type(line: string): void {
    this.socket.send(line)
  }

  /** Types one line, and reads the next one that is shown. */
  ask(line: string): Promise<string> {
    this.type(line)
    return this.read()
  }

  /** The next line that is shown. */
  async read(): Promise<string> {
    await until('a line to read', () => this.unread.length > 0 || this.end !== undefined)
    const line = this.unread.shift()
    if (line === undefined) throw new Error(`closed with ${this.end?.code} ${this.end?.reason}`)
    return line
  }

  /** The next line as JSON. */
  async readJson(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.read()) as Record<string, unknown>
  }

  /** Types one line, and reads the next one as JSON. */
  askJson(line: string): Promise<Record<string, unknown>> {
    this.type(line)
    return this.readJson()
  }

  /** Reads the greeting. */
  async greeting(): Promise<string> {
    const line = await this.read()
    this.address = /you are ([^ ]+)\./.exec(line)?.[1] ?? ''
    return line
  }

  /** Waits for the end of the connection. */
  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    await until('the connection to close', () => this.end !== undefined)
    return this.end as { code: number; reason: string }
  }
}
