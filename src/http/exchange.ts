// One request and its answer, whether it came off a node:http server or from `app.request()` in a test.
// Off a server it works on Node's own objects: body and answer never become web streams, which cost more than all the
// rest of a request, and no global object has to be replaced. It must not know any route.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { LIMITS } from '../wire/limits.ts'
import { type FixedAnswer, sendRaw } from './fixed-answer.ts'

/** What `@hono/node-server` hands to the handlers. Only this file may use it: under `app.request()` there is none. */
export interface Exchange {
  Bindings: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse }
}

/** The largest body that is taken, in bytes: one WebSocket message has the same limit (design section 5). */
export const BODY_BYTES_MAX = LIMITS.messageBytesMax

/** The body, or why there is none. `aborted`: the client is gone, nobody reads an answer. */
export type BodyRead =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly why: 'too-large' | 'aborted' }

/** How much of an unwanted body is read and thrown away before the connection is cut, in bytes. */
const DISCARDED_BYTES_MAX = 16 * BODY_BYTES_MAX

const EMPTY = Buffer.alloc(0)
const TOO_LARGE: BodyRead = { ok: false, why: 'too-large' }
const ABORTED: BodyRead = { ok: false, why: 'aborted' }

/** Node's own objects, if there are any. */
function nodeOf(c: Context<Exchange>): Exchange['Bindings'] | undefined {
  return c.env
}

/**
 * As much of a Request as the router and the shim's handlers use: no body, which {@link readBody} takes from the
 * server. A middleware may ask for the headers.
 */
export class RouteRequest {
  readonly method: string
  readonly url: string
  readonly #incoming: IncomingMessage

  constructor(incoming: IncomingMessage) {
    this.method = incoming.method ?? 'GET'
    // No route looks at the host, so it is not worth being checked here.
    this.url = `http://localhost${incoming.url}`
    this.#incoming = incoming
  }

  get headers(): Headers {
    const headers = new Headers()
    const raw = this.#incoming.rawHeaders
    for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i] as string, raw[i + 1] as string)
    return headers
  }
}

/** What the shim looks at. */
export type RequestHeader =
  | 'accept-encoding'
  | 'content-type'
  | 'content-encoding'
  | 'content-length'
  | 'if-none-match'
  | 'traceparent'

/** A header of the request, by its lower-case name. */
export function headerOf(c: Context<Exchange>, name: RequestHeader): string | undefined {
  const incoming = nodeOf(c)?.incoming
  // Of these headers node:http gives the first value, or all of them with commas.
  return incoming === undefined ? c.req.header(name) : (incoming.headers[name] as string | undefined)
}

/** Reads the body. Never keeps more than `bytesMax`; what exceeds it is read and thrown away. Never rejects. */
export function readBody(c: Context<Exchange>, bytesMax = BODY_BYTES_MAX): Promise<BodyRead> {
  if (Number(headerOf(c, 'content-length') ?? 0) > bytesMax) {
    discardBody(c)
    return Promise.resolve(TOO_LARGE)
  }
  const incoming = nodeOf(c)?.incoming
  return incoming === undefined ? readWebBody(c.req.raw, bytesMax) : readIncoming(incoming, bytesMax)
}

/** Reads the body and throws it away, so that the client gets to read its answer and the connection can be used on. */
export function discardBody(c: Context<Exchange>): void {
  const incoming = nodeOf(c)?.incoming
  if (incoming !== undefined) discardIncoming(incoming)
}

function discardIncoming(incoming: IncomingMessage): void {
  let size = 0
  incoming.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > DISCARDED_BYTES_MAX) incoming.destroy()
  })
}

function readIncoming(incoming: IncomingMessage, bytesMax: number): Promise<BodyRead> {
  return new Promise((resolve) => {
    let bytes: Buffer = EMPTY
    let more: Buffer[] | undefined
    let size = 0
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > bytesMax) {
        bytes = EMPTY
        more = undefined
        incoming.off('data', take)
        discardIncoming(incoming)
        resolve(TOO_LARGE)
      } else if (bytes.length === 0) bytes = chunk
      else if (more === undefined) more = [bytes, chunk]
      else more.push(chunk)
    }
    incoming.on('data', take)
    // Settles nothing any more after TOO_LARGE; neither does 'close' after 'end'.
    incoming.on('end', () => {
      resolve({ ok: true, bytes: more === undefined ? bytes : Buffer.concat(more, size) })
    })
    incoming.on('close', () => resolve(ABORTED))
  })
}

async function readWebBody(request: Request, bytesMax: number): Promise<BodyRead> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length
      if (size > bytesMax) return TOO_LARGE
      chunks.push(chunk)
    }
  } catch {
    return ABORTED
  }
  return { ok: true, bytes: Buffer.concat(chunks, size) }
}

/** Sends the answer. For HEAD the server leaves the body out. A client that is gone already is no error. */
export function send(c: Context<Exchange>, answer: FixedAnswer): Response {
  const outgoing = nodeOf(c)?.outgoing
  if (outgoing === undefined) {
    const pairs: [string, string][] = []
    for (let i = 0; i + 1 < answer.headers.length; i += 2) {
      pairs.push([answer.headers[i] as string, answer.headers[i + 1] as string])
    }
    const body = answer.status === 304 ? null : (answer.body as string | Uint8Array<ArrayBuffer>)
    return new Response(body, {
      status: answer.status,
      headers: pairs,
    })
  }
  sendRaw(outgoing, answer)
  return RESPONSE_ALREADY_SENT
}

/** Sends what a middleware of somebody else's answered. */
export async function sendResponse(outgoing: ServerResponse, response: Response): Promise<void> {
  if (outgoing.destroyed || response.headers.has('x-hono-already-sent')) return
  const body = Buffer.from(await response.arrayBuffer())
  const headers = [...response.headers].filter(([name]) => name !== 'content-length')
  outgoing.writeHead(response.status, [...headers.flat(), 'Content-Length', String(body.length)])
  outgoing.end(body)
}

/** Ends the handling of a request whose client is gone: there is nobody to answer. */
export function abandon(c: Context<Exchange>): Response {
  return nodeOf(c) === undefined ? new Response(null, { status: 400 }) : RESPONSE_ALREADY_SENT
}
