// The yardstick of what idle nodes take: as many plain `ws` servers, with as many connections between them, in one process.
// Needs `--expose-gc`.
// It must not use anything of hearsay.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { memoryAfterGc, serve } from './serving.ts'

const OPTIONS = { perMessageDeflate: false, maxPayload: 1_048_576 }
const CONNECTING_MAX = 64
const bare = memoryAfterGc()
/** Everything that is open, so that it is not collected. */
const open = new Set<WebSocket | WebSocketServer>()

/** Starts so many servers. Resolves with their ports. */
async function serveMany(count: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const server = new WebSocketServer({ ...OPTIONS, host: '127.0.0.1', port: 0 })
      server.on('connection', (socket) => {
        socket.on('message', () => {})
        open.add(socket)
      })
      open.add(server)
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    }),
  )
}

/** Opens so many connections, to one server after the other. */
async function connectMany(ports: readonly number[], count: number): Promise<void> {
  let next = 0
  const connectOn = async (): Promise<void> => {
    while (next < count) {
      const socket = new WebSocket(`ws://127.0.0.1:${ports[next++ % ports.length]}`, OPTIONS)
      socket.on('message', () => {})
      open.add(socket)
      await once(socket, 'open')
    }
  }
  await Promise.all(Array.from({ length: CONNECTING_MAX }, connectOn))
}

/** What all of it takes more than the process without it, in bytes. */
function memory(): { heapBytes: number; rssBytes: number } {
  const { heapBytes, rssBytes } = memoryAfterGc()
  return { heapBytes: heapBytes - bare.heapBytes, rssBytes: rssBytes - bare.rssBytes }
}

const commands = { serveMany, connectMany, memory, whole: memoryAfterGc }

/** What this process can be asked. */
export type RawIdleCommands = typeof commands

serve(commands)
