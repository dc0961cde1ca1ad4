// A client that posts one message after the other on each of its keep-alive connections, and looks at every answer. Raw
// sockets and the least of HTTP that reads an answer to its end: with two cores a client that does more (`autocannon`,
// `undici`) takes as much of the machine as the servers do, and the figure would be half its own.
// It must not know which server it talks to.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { serve } from './serving.ts'

/** Requests of one round. */
export interface HttpLoad {
  readonly port: number
  /** The JSON text of each request. */
  readonly body: string
  /** How each answer begins. */
  readonly answer: string
  readonly connections: number
  readonly seconds: number
}

const HEAD_END = '\r\n\r\n'
const LENGTH = /\r\ncontent-length: *(\d+)\r\n/i

/** Posts for that long; how many were answered, and in how many ms. Rejects at any answer that is not as it must be. */
async function post({ port, body, answer, connections, seconds }: HttpLoad) {
  const request = Buffer.from(
    `POST /message HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      await once(socket, 'connect')
      return socket
    }),
  )
  const startedMs = performance.now()
  const untilMs = startedMs + seconds * 1_000
  const counts = await Promise.all(sockets.map((socket) => drive(socket, { request, answer, untilMs })))
  const tookMs = performance.now() - startedMs
  return { answered: counts.reduce((sum, count) => sum + count, 0), tookMs }
}

interface Drive {
  readonly request: Buffer
  readonly answer: string
  readonly untilMs: number
}

function drive(socket: Socket, { request, answer, untilMs }: Drive): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = 0
    let text = ''
    const fail = (what: string): void => {
      socket.destroy()
      reject(new Error(what))
    }
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection')))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      const headEnd = text.indexOf(HEAD_END)
      if (headEnd === -1) return
      const length = LENGTH.exec(text)?.[1]
      if (length === undefined) return fail(`an answer without a length: ${text}`)
      const end = headEnd + HEAD_END.length + Number(length)
      if (text.length < end) return
      const isGood = text.startsWith('HTTP/1.1 200 ') && text.startsWith(answer, headEnd + HEAD_END.length)
      if (!isGood || text.length > end) return fail(`not the answer ${answer}…: ${text}`)
      text = ''
      answered++
      if (performance.now() < untilMs) socket.write(request)
      else {
        resolve(answered)
        socket.destroy()
      }
    })
    socket.write(request)
  })
}

const commands = { post }

/** What this process can be asked. */
export type HttpClientCommands = typeof commands

serve(commands)
