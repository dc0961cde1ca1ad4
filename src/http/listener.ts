// From node:http to an app: the request listener, what to answer where no request came about, and the server's limits.
// It must not create the server: the port is shared with WebSockets, and its owner is elsewhere.

import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import { type Logger, silentLogger } from '../logger.ts'
import { jsonAnswer, RouteRequest, sendRaw, sendResponse } from './exchange.ts'
import type { ErrorBody, ShimApp } from './shim.ts'

/**
 * Options for `http.createServer`: a client that connects and says nothing is closed after 5 s, one whose body takes
 * longer than 30 s too. `requireHostHeader` is off because {@link requestListener} checks it and answers in JSON.
 */
export const SERVER_OPTIONS = {
  headersTimeout: 5_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  // Node looks for timeouts that often; its default of 30 s would let a silent client stay for 35 s.
  connectionsCheckingInterval: 1_000,
  requireHostHeader: false,
} as const satisfies ServerOptions

const NO_HOST = jsonAnswer(400, { error: 'Missing Host header' } satisfies ErrorBody, { Connection: 'close' })
const INTERNAL = jsonAnswer(500, { error: 'Internal error; the log has the details' } satisfies ErrorBody)

/**
 * A listener for the `request` event of a node:http server. `POST /message` goes to the app past the adapter: making
 * its Request and handling its Response takes a seventh of the CPU time of such a small request (test/bench/http.ts).
 */
export function requestListener(
  app: ShimApp,
  logger: Logger = silentLogger,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const listen = getRequestListener(app.fetch as Parameters<typeof getRequestListener>[0], {
    // HTTP/1.0 knows no Host header.
    hostname: 'localhost',
    // A library must not exchange globalThis.Request and Response, which is what makes the adapter's own answers fast.
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      if (error instanceof RequestError) {
        return Response.json({ error: `Bad request: ${error.message}` } satisfies ErrorBody, { status: 400 })
      }
      logger.error({ err: error }, 'http-handler-failed')
      return new Response(INTERNAL.text, { status: 500, headers: { 'Content-Type': 'application/json' } })
    },
  })
  const direct = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    try {
      const response = await app.fetch(new RouteRequest(incoming) as unknown as Request, {
        incoming,
        outgoing,
      })
      if (!outgoing.headersSent) await sendResponse(outgoing, response)
    } catch (error) {
      logger.error({ err: error }, 'http-handler-failed')
      sendRaw(outgoing, INTERNAL)
    }
  }
  return (incoming, outgoing) => {
    // RFC 9112 section 3.2: HTTP/1.1 without Host is answered with 400.
    if (incoming.headers.host === undefined && incoming.httpVersion === '1.1') sendRaw(outgoing, NO_HOST)
    else if (incoming.url === '/message' && incoming.method === 'POST') void direct(incoming, outgoing)
    else void listen(incoming, outgoing)
  }
}

const CLIENT_ERRORS: ReadonlyMap<string, readonly [status: string, error: string]> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', ['408 Request Timeout', 'The request took too long']],
  ['HPE_HEADER_OVERFLOW', ['431 Request Header Fields Too Large', 'The headers are too large']],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', ['413 Payload Too Large', 'The chunk extensions are too large']],
])
const NOT_HTTP = ['400 Bad Request', 'This is not HTTP'] as const

/**
 * A listener for the `clientError` event of a node:http server: what is not HTTP, or never becomes a request, gets a
 * JSON answer, and the socket is closed.
 */
export function clientErrorListener(error: Error & { code?: string }, socket: Duplex): void {
  // Node's own default looks at the same private field: in the middle of an answer nothing may be put in between.
  const current = (socket as { _httpMessage?: { _headerSent?: boolean } | null })._httpMessage
  if (socket.writable && current?._headerSent !== true) {
    const [status, text] = CLIENT_ERRORS.get(error.code ?? '') ?? NOT_HTTP
    const body = `${JSON.stringify({ error: text } satisfies ErrorBody)}\n`
    const head = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n${head}\r\n\r\n${body}`)
  }
  socket.destroy()
}
