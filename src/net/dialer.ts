// Opens one WebSocket to another process, or says in one line why that came to nothing.
// It must not retry, choose whom to dial, or send anything: the core decides that.

import type { ClientRequest, IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { DIAL_TIMEOUT_MS, type Dial } from './link-dial.ts'
import { LINK_SOCKET_OPTIONS, SUB_PROTOCOL } from './sub-protocol.ts'
import { normalizeUrl, placeOf } from './url.ts'

/** How a dial ends: exactly one of the two is called, never from within {@link dial}, and none after a cancel. */
export interface DialHandlers {
  /** The connection is up. A {@link Link} has to be made of it before the handler returns, or messages are missed. */
  readonly onOpen: (socket: WebSocket) => void
  /** @param detail one line for people: what happened and what may be done */
  readonly onFailed: (detail: string) => void
}

/** What can be turned on a dial. */
export interface DialOptions {
  /** From the call until the WebSocket is open, everything included (name lookup, TCP, TLS, handshake). */
  readonly timeoutMs?: number
  /** Opens line mode instead of a link: without a sub-protocol, and for lines as long as lists are. Default false. */
  readonly lines?: boolean
  /** The longest line, in bytes. Default 64 MiB: 10,000 nodes with the longest URLs. */
  readonly lineBytesMax?: number
  /** More headers of the handshake. Default: none. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A line of line mode may be a list of all nodes. */
const LINE_BYTES_MAX = 64 * 1_048_576

/** A timeout is so many timers, one after the other: a process that is busy reads between them what has arrived. */
const TIMEOUT_PARTS = 5

/** Dials `url` (`ws`, `wss`, `http` or `https`, or `host:port`). A URL that cannot be dialled is a failure like any other. */
export function dial(url: string, handlers: DialHandlers, options: DialOptions = {}): Dial {
  const normalized = normalizeUrl(url)
  if (!normalized.ok) {
    const later = setImmediate(() => handlers.onFailed(normalized.detail))
    return { cancel: () => clearImmediate(later) }
  }
  const place = placeOf(normalized.url)
  const timeoutMs = options.timeoutMs ?? DIAL_TIMEOUT_MS
  const socket = new WebSocket(normalized.url, options.lines ? [] : SUB_PROTOCOL, {
    ...LINK_SOCKET_OPTIONS,
    ...(options.lines && { maxPayload: options.lineBytesMax ?? LINE_BYTES_MAX }),
    ...(options.headers !== undefined && { headers: options.headers }),
    followRedirects: false,
  })
  let settled = false
  const settle = (): boolean => {
    if (settled) return false
    settled = true
    clearInterval(timer)
    return true
  }
  const fail = (detail: string): void => {
    if (!settle()) return
    socket.terminate()
    handlers.onFailed(detail)
  }
  // One timer for all of it: the handshake timeout of `ws` starts anew with each byte that arrives.
  let partsLeft = TIMEOUT_PARTS
  const timer = setInterval(() => {
    if (--partsLeft === 0) fail(`${place} did not answer within ${timeoutMs} ms`)
  }, timeoutMs / TIMEOUT_PARTS)
  // Stays after the dial has failed or was cancelled: `ws` reports the end of a broken-off handshake as an error.
  const onError = (error: Error): void => fail(describe(place, error))
  socket.on('error', onError)
  socket.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
    fail(describeResponse(place, response))
  })
  socket.once('open', () => {
    if (!settle()) return
    socket.off('error', onError)
    handlers.onOpen(socket)
  })
  return {
    cancel() {
      if (settle()) socket.terminate()
    },
  }
}

function describeResponse(place: string, response: IncomingMessage): string {
  const status = response.statusCode ?? 0
  if (status >= 300 && status < 400) {
    return `${place} redirects elsewhere (HTTP ${status}): dial that address instead`
  }
  return `${place} answered with HTTP ${status} and not with a WebSocket: is it a hearsay process?`
}

function describe(place: string, error: Error & { readonly code?: string }): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `${place} refused the connection: is it running?`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${place} cannot be found: is the name right, and is it on the same network?`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return `${place} cannot be reached from here: no network leads to it`
    case 'ETIMEDOUT':
      return `${place} did not answer`
    case 'ECONNRESET':
    case 'EPIPE':
      return `${place} hung up before it answered`
  }
  if (error.code?.startsWith('HPE_')) return `${place} does not speak HTTP: is it the right port?`
  // The texts of `ws` for a handshake that went wrong; it gives them no code.
  if (/subprotocol/.test(error.message)) return `${place} speaks WebSocket, but not ${SUB_PROTOCOL}`
  return `${place}: ${error.message || (error.code ?? 'the dial failed')}`
}
