// The yardstick: what a careful program does with `ws` alone, one `send` a message. A receiver, a forwarder that passes
// buffers on, a sender, and a hub that sends to all. Payloads are stamped and checked as on the other side.
// It must not use anything of hearsay, nor bundle.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { memoryAfterGc, monotonicMs, serve } from './serving.ts'
import { type Expected, stampedPayload, Tally } from './stamps.ts'

/** Messages of one round. */
export interface RawLoad {
  readonly round: number
  readonly messages: number
  readonly bytes: number
}

const OPTIONS = { perMessageDeflate: false, maxPayload: 1_048_576 }
/** A sender pauses while this much is unsent, in bytes. */
const UNSENT_BYTES_MAX = 1_048_576
/** What a receiver says when a round is there. */
const ALL_THERE = 'all there'

const tallies: Tally[] = []
const hubClients = new Set<WebSocket>()
let toReceiver: WebSocket | undefined

function newTally(): Tally {
  const tally = new Tally(monotonicMs)
  tallies.push(tally)
  return tally
}

async function newServer(onConnection: (socket: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ ...OPTIONS, host: '127.0.0.1', port: 0 })
  server.on('connection', onConnection)
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function connected(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, OPTIONS)
  await once(socket, 'open')
  return socket
}

/** Waits until so little is unsent that a sender may go on. */
async function drained(isFull: () => boolean): Promise<void> {
  while (isFull()) await new Promise((resolve) => setImmediate(resolve))
}

/** A server that counts what one client sends, and tells it when all is there. */
function receive(): Promise<string> {
  const tally = newTally()
  return newServer((socket) => {
    socket.on('message', (data: Buffer) => {
      tally.take(data)
      if (tally.isComplete) socket.send(ALL_THERE)
    })
  })
}

/** A server that sends back whatever comes. */
function echo(): Promise<string> {
  return newServer((socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
}

/** A server that passes on what comes, both ways, to another one. */
function forward(url: string): Promise<string> {
  return newServer((socket) => {
    // Nothing may come before there is somewhere to pass it on to.
    socket.pause()
    const onward = new WebSocket(url, OPTIONS)
    onward.on('open', () => {
      pass(socket, onward)
      pass(onward, socket)
      socket.resume()
    })
  })
}

function pass(from: WebSocket, to: WebSocket): void {
  from.on('message', (data: RawData, binary: boolean) => {
    to.send(data, { binary })
    if (to.bufferedAmount < UNSENT_BYTES_MAX || from.isPaused) return
    from.pause()
    void drained(() => to.bufferedAmount > UNSENT_BYTES_MAX / 2).then(() => from.resume())
  })
}

/** Connects the sender. */
async function connect(url: string): Promise<void> {
  toReceiver = await connected(url)
}

function receiver(): WebSocket {
  if (toReceiver === undefined) throw new Error('not connected')
  return toReceiver
}

/** A round begins at every receiver here. */
function expect(expected: Expected): void {
  for (const tally of tallies) tally.expect(expected)
}

/** Sends all of it; how long until the receiver has said that it is there, in ms. */
async function sendAll({ round, messages, bytes }: RawLoad): Promise<number> {
  const socket = receiver()
  const startedMs = performance.now()
  const there = once(socket, 'message')
  for (let index = 0; index < messages; index++) {
    socket.send(stampedPayload(bytes, round, index))
    if (socket.bufferedAmount > UNSENT_BYTES_MAX) {
      await drained(() => socket.bufferedAmount > UNSENT_BYTES_MAX / 2)
    }
  }
  const [said] = await there
  if (String(said) !== ALL_THERE) throw new Error(`the receiver says ${said}`)
  return performance.now() - startedMs
}

/** Sends one after the other to an echo; how long each was under way, there and back, in ms. */
async function sendLone({ round, messages, bytes }: RawLoad): Promise<Float64Array> {
  const socket = receiver()
  const tookMs = new Float64Array(messages)
  const back = new Tally(() => performance.now())
  back.expect({ round, messages, bytes, isOrdered: true })
  let resolve: () => void = () => {}
  const onMessage = (data: Buffer): void => {
    back.take(data)
    resolve()
  }
  socket.on('message', onMessage)
  for (let index = 0; index < messages; index++) {
    const payload = stampedPayload(bytes, round, index)
    const startedMs = performance.now()
    const returned = new Promise<void>((done) => {
      resolve = done
    })
    socket.send(payload)
    await returned
    tookMs[index] = performance.now() - startedMs
  }
  socket.off('message', onMessage)
  return tookMs
}

/** A hub: whoever connects gets everything. */
function hub(): Promise<string> {
  return newServer((socket) => hubClients.add(socket))
}

/** Connects so many clients to a hub; each is a receiver. */
async function join(url: string, clients: number): Promise<void> {
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const socket = await connected(url)
      const tally = newTally()
      socket.on('message', (data: Buffer) => tally.take(data))
    }),
  )
}

/** How many clients the hub has. */
function joined(): number {
  return hubClients.size
}

/** The hub sends all of it to all; when it began. */
async function broadcastAll({ round, messages, bytes }: RawLoad): Promise<number> {
  const startedMs = monotonicMs()
  const isAbove = (limit: number): boolean => [...hubClients].some((socket) => socket.bufferedAmount > limit)
  for (let index = 0; index < messages; index++) {
    const payload = stampedPayload(bytes, round, index)
    for (const socket of hubClients) socket.send(payload)
    if (isAbove(UNSENT_BYTES_MAX)) await drained(() => isAbove(UNSENT_BYTES_MAX / 2))
  }
  return startedMs
}

/** The hub sends one after the other to all, so many ms apart; when each was sent. */
async function broadcastPaced({ round, messages, bytes }: RawLoad, everyMs: number): Promise<Float64Array> {
  const sentMs = new Float64Array(messages)
  for (let index = 0; index < messages; index++) {
    const payload = stampedPayload(bytes, round, index)
    sentMs[index] = monotonicMs()
    for (const socket of hubClients) socket.send(payload)
    await delay(everyMs)
  }
  return sentMs
}

/** Waits until every receiver here has all of its round; when the last message came, and when each came last. */
async function received(): Promise<{ completedMs: number; timesMs: Float64Array }> {
  const completed = await Promise.all(tallies.map((tally) => tally.completed()))
  const timesMs = tallies[0]?.timesMs.slice() ?? new Float64Array(0)
  for (const { timesMs: others } of tallies) {
    others.forEach((ms, index) => {
      timesMs[index] = Math.max(timesMs[index] ?? 0, ms)
    })
  }
  return { completedMs: Math.max(...completed), timesMs }
}

const commands = {
  receive,
  echo,
  forward,
  connect,
  expect,
  sendAll,
  sendLone,
  hub,
  join,
  joined,
  broadcastAll,
  broadcastPaced,
  received,
  memory: memoryAfterGc,
}

/** What this process can be asked. */
export type RawSocketsCommands = typeof commands

serve(commands)
