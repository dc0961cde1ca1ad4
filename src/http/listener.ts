// From node:http to an app: the request listener.
// It must not create the server: the port is shared with WebSockets, and its owner is elsewhere.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { getRequestListener, RequestError } from '@hono/node-server'
import { type Logger, silentLogger } from '../logger.ts'
import { RouteRequest, sendResponse } from './exchange.ts'
import { type ErrorBody, INTERNAL, jsonAnswer, sendRaw } from './fixed-answer.ts'
import type { ShimApp } from './shim.ts'

const NO_HOST = jsonAnswer(400, { error: 'Missing Host header' } satisfies ErrorBody, { Connection: 'close' })

/**
 * A listener for the `request` event of a node:http server. `POST /message` goes to the app past the adapter: making
 * its Request and handling its Response takes a seventh of the CPU time of such a small request (test/bench/http.ts).
 */
export function requestListener(app: ShimApp, logger: Logger = silentLogger): RequestListener {
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
      return new Response(INTERNAL.body as string, {
        status: 500,
        headers: { 'Content-Type': 'application/json' },
      })
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
