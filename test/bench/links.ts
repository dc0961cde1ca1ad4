// What a program gains or loses by hearsay in place of a WebSocket of its own: acknowledged messages per second over
// one link and through one relay, beside raw `ws` with one `send` a message and no acknowledgement, in one run. Every
// participant is a process of its own.
//
//   node test/bench/links.ts [--rounds 5] [--messages 100000] [--bytes 64] [--json]
//
// The sides are measured in turn, and the ratio is the median of the rounds' ratios, so a slow moment of the machine
// hits both alike. A round counts from the first send until the last message is acknowledged (hearsay) or has arrived
// (raw ws).

import { type ChildProcess, fork } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { WebSocket, WebSocketServer } from 'ws'
import { createNode } from '../../src/index.ts'

const { values } = parseArgs({
  options: {
    role: { type: 'string' },
    url: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '100000' },
    bytes: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
})
const messages = Number(values.messages)
const bytes = Number(values.bytes)
const peers = values.url === undefined ? [] : [values.url]

const SOCKET = { perMessageDeflate: false, maxPayload: 1_048_576 }
/** Raw ws: the sender pauses while this much is unsent, as a careful program does. */
const UNSENT_BYTES_MAX = 1_048_576
/** hearsay: sends that wait for their outcome at one time. */
const OPEN_SENDS = 4_000

function tell(message: object): void {
  process.send?.(message)
}

async function hearsayNode(name: string, listen: number | false): Promise<void> {
  const node = await createNode({ name, listen, host: '127.0.0.1', peers })
  if (peers.length > 0) await node.ready()
  tell({ url: node.url })
  process.on('message', () => void hearsayRound(node))
}

async function hearsayRound(node: Awaited<ReturnType<typeof createNode>>): Promise<void> {
  const payload = new Uint8Array(bytes)
  const startedAt = performance.now()
  let left = messages
  const pump = async (): Promise<void> => {
    while (left-- > 0) {
      const outcome = await node.send('receiver', payload)
      if (outcome.status !== 'delivered') throw new Error(JSON.stringify(outcome))
    }
  }
  await Promise.all(Array.from({ length: OPEN_SENDS }, pump))
  tell({ elapsedMs: performance.now() - startedAt })
}

/** Counts, and tells when a round's messages are there. */
function rawReceiver(): void {
  const server = new WebSocketServer({ ...SOCKET, host: '127.0.0.1', port: 0 })
  server.on('listening', () => tell({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }))
  server.on('connection', (socket) => {
    let count = 0
    socket.on('message', () => {
      if (++count % messages === 0) socket.send('all there')
    })
  })
}

/** Passes buffers on, both ways. */
function rawRelay(url: string): void {
  const server = new WebSocketServer({ ...SOCKET, host: '127.0.0.1', port: 0 })
  server.on('listening', () => tell({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }))
  server.on('connection', (socket) => {
    const onward = new WebSocket(url, SOCKET)
    onward.on('open', () => {
      socket.on('message', (data, binary) => onward.send(data, { binary }))
      onward.on('message', (data, binary) => socket.send(data, { binary }))
      socket.send('open')
    })
  })
}

function rawSender(url: string, waitForRelay: boolean): void {
  const socket = new WebSocket(url, SOCKET)
  let startedAt = 0
  const round = async (): Promise<void> => {
    const payload = new Uint8Array(bytes)
    startedAt = performance.now()
    for (let sent = 0; sent < messages; sent++) {
      socket.send(payload)
      if (socket.bufferedAmount > UNSENT_BYTES_MAX) {
        await new Promise<void>((resolve) => socket.send(payload, () => resolve()))
        sent++
      }
    }
  }
  const isReady = (): void => tell({ url })
  if (!waitForRelay) socket.on('open', isReady)
  socket.on('message', (data) => {
    if (data.toString() === 'open') isReady()
    else tell({ elapsedMs: performance.now() - startedAt })
  })
  process.on('message', () => void round())
}

const ROLES: Record<string, () => unknown> = {
  'hearsay-receiver': () => hearsayNode('receiver', values.url === undefined ? 0 : false),
  'hearsay-relay': () => hearsayNode('relay', 0),
  'hearsay-sender': () => hearsayNode('sender', false),
  'raw-receiver': rawReceiver,
  'raw-relay': () => rawRelay(values.url ?? ''),
  'raw-sender': () => rawSender(values.url ?? '', false),
  'raw-sender-relayed': () => rawSender(values.url ?? '', true),
}

function next<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a participant ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message as T)
    })
  })
}

async function start(role: string, url?: string): Promise<{ child: ChildProcess; url: string }> {
  const args = ['--role', role, '--messages', `${messages}`, '--bytes', `${bytes}`]
  const child = fork(import.meta.filename, url === undefined ? args : [...args, '--url', url])
  return { child, url: (await next<{ url: string }>(child)).url }
}

async function rate(sender: ChildProcess): Promise<number> {
  sender.send('go')
  return (messages * 1_000) / (await next<{ elapsedMs: number }>(sender)).elapsedMs
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}

async function compare(title: string, hearsay: ChildProcess, raw: ChildProcess): Promise<void> {
  await rate(hearsay)
  await rate(raw)
  const rounds: { hearsay: number; raw: number; ratio: number }[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    const figures = { hearsay: await rate(hearsay), raw: await rate(raw) }
    rounds.push({ ...figures, ratio: figures.hearsay / figures.raw })
  }
  const ratios = rounds.map(({ ratio }) => ratio)
  const row = {
    figure: title,
    bytes,
    hearsayPerSecond: Math.round(median(rounds.map((round) => round.hearsay))),
    rawPerSecond: Math.round(median(rounds.map((round) => round.raw))),
    ratio: Number(median(ratios).toFixed(2)),
    ratioMin: Number(Math.min(...ratios).toFixed(2)),
    ratioMax: Number(Math.max(...ratios).toFixed(2)),
  }
  console.log(
    values.json
      ? JSON.stringify(row)
      : `${title.padEnd(12)} hearsay ${row.hearsayPerSecond}/s, raw ws ${row.rawPerSecond}/s, ratio ${row.ratio} (${row.ratioMin} to ${row.ratioMax})`,
  )
}

async function main(): Promise<void> {
  const children: ChildProcess[] = []
  const launch = async (role: string, url?: string) => {
    const started = await start(role, url)
    children.push(started.child)
    return started
  }
  if (!values.json)
    console.log(`${messages} messages of ${bytes} bytes a round, median of ${values.rounds} rounds`)
  const receiver = await launch('hearsay-receiver')
  const sender = await launch('hearsay-sender', receiver.url)
  const rawTo = await launch('raw-receiver')
  const rawFrom = await launch('raw-sender', rawTo.url)
  await compare('one link', sender.child, rawFrom.child)
  for (const child of [receiver.child, sender.child]) child.kill()
  const relay = await launch('hearsay-relay')
  await launch('hearsay-receiver', relay.url)
  const relayed = await launch('hearsay-sender', relay.url)
  const rawRelayed = await launch('raw-sender-relayed', (await launch('raw-relay', rawTo.url)).url)
  await compare('one relay', relayed.child, rawRelayed.child)
  for (const child of children) {
    child.kill()
  }
}

if (values.role === undefined) await main()
else await ROLES[values.role]?.()
