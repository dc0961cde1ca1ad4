// How much the HTTP shim costs: requests per second of POST /message beside a bare node:http server that parses the
// same JSON and gives the same answer, in one run. It must not measure the overlay: deliver() does nothing here, and
// the logger is silent.
//
//   node test/bench/http.ts [--rounds 9] [--seconds 1.5] [--connections 32] [--json]
//
// Both servers run at once, each in a process of its own, and are loaded in turn over the same kind of keep-alive
// sockets. The ratio is the median of the rounds' ratios, so a slow moment of the machine hits both sides alike. CPU
// time per request is printed too: it hardly notices who else uses the machine.

import { type ChildProcess, fork } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { requestListener } from '../../src/http/listener.ts'
import { createNodeApp } from '../../src/http/node-app.ts'
import type { NodeHost } from '../../src/http/node-host.ts'

const BODY = JSON.stringify({ sender: 'node12', msg: 'Hello node8' })
const REQUEST = Buffer.from(
  `POST /message HTTP/1.1\r\nHost: node8:5000\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
)

/** The yardstick: collects the body, parses it, looks at nothing, answers. */
const bare: RequestListener = (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString())
    const text = '{"status":"received"}\n'
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
    response.end(text)
  })
}

function shim(): RequestListener {
  const nothing = () => {
    throw new Error('not used here')
  }
  const host: NodeHost = {
    name: 'node8',
    deliver: () => true,
    send: nothing,
    request: nothing,
    broadcast: nothing,
    publish: nothing,
    trace: nothing,
    traceAll: nothing,
    peers: nothing,
    topology: nothing,
    health: nothing,
    metrics: nothing,
  }
  return requestListener(createNodeApp(host))
}

const SIDES = ['bare', 'shim'] as const
type Side = (typeof SIDES)[number]

/** The part that runs in a process of its own. */
function serve(side: Side): void {
  const server = createServer(side === 'bare' ? bare : shim())
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuMs: (user + system) / 1_000 })
  })
  process.on('disconnect', () => process.exit())
}

interface Server {
  readonly child: ChildProcess
  readonly port: number
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once('message', (message) => resolve(message as T)))
}

async function start(side: Side): Promise<Server> {
  const child = fork(import.meta.filename, ['--serve', side])
  const { port } = await nextMessage<{ port: number }>(child)
  return { child, port }
}

async function cpuMs(child: ChildProcess): Promise<number> {
  const answer = nextMessage<{ cpuMs: number }>(child)
  child.send('cpu')
  return (await answer).cpuMs
}

/** Sends requests one after the other on one socket until told to stop; resolves with how many were answered. */
function drive(socket: Socket, state: { readonly stopAt: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = 0
    let answerBytes = 0
    let received = 0
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      // All answers are equally long, so after the first one counting bytes is enough.
      if (answerBytes === 0) {
        if (!chunk.toString('latin1').startsWith('HTTP/1.1 200 OK\r\n')) reject(new Error(chunk.toString()))
        if (!chunk.toString('latin1').endsWith('{"status":"received"}\n')) reject(new Error(chunk.toString()))
        answerBytes = chunk.length
      }
      received += chunk.length
      if (received < answerBytes) return
      received = 0
      answered++
      if (performance.now() < state.stopAt) socket.write(REQUEST)
      else {
        socket.destroy()
        resolve(answered)
      }
    })
    socket.write(REQUEST)
  })
}

interface Figures {
  readonly requestsPerSecond: number
  readonly cpuUsPerRequest: number
}

async function load({ child, port }: Server, seconds: number, connections: number): Promise<Figures> {
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      await new Promise((resolve) => socket.once('connect', resolve))
      return socket
    }),
  )
  const cpuBefore = await cpuMs(child)
  const startedAt = performance.now()
  const counts = await Promise.all(
    sockets.map((socket) => drive(socket, { stopAt: startedAt + seconds * 1_000 })),
  )
  const elapsedMs = performance.now() - startedAt
  const requests = counts.reduce((sum, count) => sum + count, 0)
  return {
    requestsPerSecond: (requests * 1_000) / elapsedMs,
    cpuUsPerRequest: (((await cpuMs(child)) - cpuBefore) * 1_000) / requests,
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '9' },
      seconds: { type: 'string', default: '1.5' },
      connections: { type: 'string', default: '32' },
      json: { type: 'boolean', default: false },
      serve: { type: 'string' },
    },
  })
  if (values.serve !== undefined) return serve(values.serve as Side)
  const [rounds, seconds, connections] = [values.rounds, values.seconds, values.connections].map(Number) as [
    number,
    number,
    number,
  ]
  const servers = { bare: await start('bare'), shim: await start('shim') }
  const figures: Record<Side, Figures[]> = { bare: [], shim: [] }
  for (const side of SIDES) await load(servers[side], 1, connections)
  for (let round = 0; round < rounds; round++) {
    // Who goes first alternates too.
    for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
      figures[side].push(await load(servers[side], seconds, connections))
    }
  }
  for (const side of SIDES) servers[side].child.disconnect()
  report(figures, values.json)
}

function report(figures: Record<Side, Figures[]>, asJson: boolean): void {
  const ratios = figures.shim.map(
    (own, i) => own.requestsPerSecond / (figures.bare[i]?.requestsPerSecond ?? 0),
  )
  const cpuRatios = figures.shim.map(
    (own, i) => (figures.bare[i]?.cpuUsPerRequest ?? 0) / own.cpuUsPerRequest,
  )
  const row = (side: Side) => ({
    requestsPerSecond: Math.round(median(figures[side].map((f) => f.requestsPerSecond))),
    cpuUsPerRequest: Number(median(figures[side].map((f) => f.cpuUsPerRequest)).toFixed(1)),
  })
  const result = {
    bench: 'http',
    rounds: ratios.length,
    bare: row('bare'),
    shim: row('shim'),
    ratio: Number(median(ratios).toFixed(3)),
    ratioMin: Number(Math.min(...ratios).toFixed(3)),
    ratioMax: Number(Math.max(...ratios).toFixed(3)),
    cpuRatio: Number(median(cpuRatios).toFixed(3)),
  }
  if (asJson) {
    console.log(JSON.stringify(result))
    return
  }
  console.log(`POST /message, median of ${result.rounds} rounds`)
  for (const side of SIDES) {
    const { requestsPerSecond, cpuUsPerRequest } = result[side]
    const name = side === 'bare' ? 'bare node:http' : 'hearsay'
    console.log(
      `  ${name.padEnd(16)}${String(requestsPerSecond).padStart(8)} requests/s ${cpuUsPerRequest.toFixed(1).padStart(7)} µs CPU each`,
    )
  }
  console.log(
    `  ratio           ${result.ratio.toFixed(3).padStart(8)} (${result.ratioMin} to ${result.ratioMax})`,
  )
  console.log(`  by CPU time     ${result.cpuRatio.toFixed(3).padStart(8)}`)
}

await main()
