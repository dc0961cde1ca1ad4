// One port for HTTP and WebSocket: accepts connections and says what each of them is (a request, a link, a guest).
// Rejects what is none of them with a JSON error, closes what says nothing, keeps foreign web pages out, counts all of it.
// It must not know routes, frames or line mode: whoever listens passes in what to do with each kind.
//
// Every connection that says something is answered, handed to the owner, or counted under what was wrong with it.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Logger, silentLogger } from '../logger.ts'
import { LIMITS } from '../wire/limits.ts'
import { listenError } from './listen-error.ts'
import type { ListenerStats } from './listener-stats.ts'
import { createServer } from './node-http.ts'
import { LINK_SOCKET_OPTIONS, offeredSubProtocols, SUB_PROTOCOL } from './sub-protocol.ts'
import { FOREIGN_ORIGIN, WebOrigins } from './web-origins.ts'

/** Where to listen, and what to do with whoever comes. */
export interface ListenOptions {
  /** 0: any free port, see {@link Listener.port}. */
  readonly port: number
  /** Address to bind; all of them unless told. */
  readonly host?: string
  /** An HTTP request that is not a WebSocket handshake. Must end with an answer. */
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void
  /** A WebSocket with sub-protocol `hearsay.1`. A link has to be made of it before the handler returns. */
  readonly onLink: (socket: WebSocket, from: string) => void
  /** A WebSocket without a sub-protocol: line mode. Needs listeners for 'message' and 'error' before it returns. */
  readonly onGuest: (socket: WebSocket, request: IncomingMessage) => void
  /**
   * Web pages that are let in beside those of net/web-origins: `https://app.example`, `null`, `*`. Default: no others. Pages that are not
   * get no WebSocket, and their requests are refused but for those that change nothing: GET, HEAD and OPTIONS.
   */
  readonly allowOrigins?: readonly string[]
  /** Connections at one time; further ones are cut at once. Default 12,000: 10,000 nodes on one bootstrap, and guests. */
  readonly connectionsMax?: number
  /** How long a connection may take until its request headers are complete. Default 5 s. */
  readonly headersTimeoutMs?: number
  /** How long a request may take until its body is complete; the answer may take longer. Default 30 s. */
  readonly requestTimeoutMs?: number
  /** How long `close` waits for connections to end by themselves. Default 500 ms. */
  readonly closeGraceMs?: number
  readonly logger?: Logger
}

/** A port that is listened on. */
export interface Listener {
  /** The port; what the system chose when 0 was asked for. */
  readonly port: number
  /**
   * Stops accepting, lets answers that are under way finish within the grace, then cuts what is left. Links and guests
   * belong to the owner, who closes them before. Never rejects; a second call waits for the same end.
   */
  close(): Promise<void>
  stats(): ListenerStats
}

/**
 * Connections that wait to be taken in. An event loop takes one a turn, and where a thousand nodes start at once they dial one
 * bootstrap at once; beyond this (or the system's limit) they try again after 1, 3, 7 s and so on.
 */
const BACKLOG = 4_096
/** How long an idle HTTP connection is kept: longer than what common clients reuse one for, so they seldom find it shut. */
const KEEP_ALIVE_MS = 30_000
/** Finds dead guests and clients whose machine has vanished; links have heartbeats of their own. */
const TCP_KEEP_ALIVE_MS = 30_000
/** How long a refused client may take to read the answer. */
const REFUSED_LINGER_MS = 1_000
/** Methods that change nothing (RFC 9110 section 9.2.1): browsers keep the answers to them from foreign pages by themselves. */
const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Listens.
 * @returns once connections are accepted
 * @throws PortTakenError, PortDeniedError or HostUnknownError (rejected) when the address cannot be had
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const listener = new HttpAndWebSocketListener(options)
  await listener.open(options.port, options.host)
  return listener
}

type Counters = { -readonly [name in Exclude<keyof ListenerStats, 'connections'>]: number }

class HttpAndWebSocketListener implements Listener {
  readonly #options: ListenOptions
  readonly #logger: Logger
  readonly #origins: WebOrigins
  readonly #server: Server
  readonly #linkServer = new WebSocketServer({
    ...LINK_SOCKET_OPTIONS,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => SUB_PROTOCOL,
  })
  readonly #guestServer = new WebSocketServer({
    ...LINK_SOCKET_OPTIONS,
    // More than a line may have, so that a line that is too long can be answered and need not cost the connection.
    maxPayload: LIMITS.messageBytesMax,
    noServer: true,
    clientTracking: false,
  })
  readonly #sockets = new Set<Duplex>()
  /** Answers under way: an error text in the middle of one would only confuse the client. */
  readonly #answering = new WeakMap<Duplex, ServerResponse>()
  readonly #refused = new WeakSet<Duplex>()
  readonly #counters: Counters = {
    requests: 0,
    links: 0,
    guests: 0,
    badHandshakes: 0,
    foreignOrigins: 0,
    malformedHttp: 0,
    timedOut: 0,
    overConnectionsMax: 0,
  }
  #port = 0
  #closed: Promise<void> | undefined

  constructor(options: ListenOptions) {
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    this.#origins = new WebOrigins(options.allowOrigins, this.#logger)
    const headersTimeout = options.headersTimeoutMs ?? 5_000
    this.#server = createServer({
      headersTimeout,
      requestTimeout: Math.max(options.requestTimeoutMs ?? 30_000, headersTimeout),
      // Both timeouts are enforced by a sweep: a connection lives at most this much longer.
      connectionsCheckingInterval: Math.min(500, headersTimeout),
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
      noDelay: true,
      // Whoever answers requests checks it, and says so in JSON.
      requireHostHeader: false,
      // `curl --http2` asks for h2c: served as the plain request that it also is.
      shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
    })
    this.#server.maxConnections = options.connectionsMax ?? 12_000
    this.#server.on('connection', (socket) => this.#connected(socket))
    this.#server.on('drop', () => this.#dropped())
    this.#server.on('request', (request, response) => this.#requested(request, response))
    this.#server.on('checkExpectation', (request, response) => this.#expected(request, response))
    this.#server.on('connect', (_request, socket) => this.#tunnelAsked(socket))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#server.on('clientError', (error, socket) => this.#clientFailed(error, socket))
    for (const server of [this.#linkServer, this.#guestServer]) {
      server.on('wsClientError', (error, socket) => this.#refuseHandshake(socket, error.message))
    }
  }

  get port(): number {
    return this.#port
  }

  open(port: number, host: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => reject(listenError(error, port, host))
      this.#server.once('error', failed)
      this.#server.listen({ port, ...(host !== undefined && { host }), backlog: BACKLOG }, () => {
        this.#server.off('error', failed)
        this.#port = (this.#server.address() as AddressInfo).port
        // From here on it is a connection that could not be accepted (no file descriptors, say); the others live on.
        this.#server.on('error', (error) => this.#logger.error({ error: error.message }, 'accept-failed'))
        resolve()
      })
    })
  }

  stats(): ListenerStats {
    return { connections: this.#sockets.size, ...this.#counters }
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy()
      }, this.#options.closeGraceMs ?? 500)
      // Cuts idle connections at once.
      this.#server.close(async () => {
        clearTimeout(cut)
        // The server is through a moment before its last sockets say so.
        await Promise.all(
          [...this.#sockets].map((socket) => new Promise((gone) => socket.once('close', gone))),
        )
        resolve()
      })
    })
    return this.#closed
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #dropped(): void {
    this.#counters.overConnectionsMax++
    this.#logger.debug({ connections: this.#sockets.size }, 'connection-over-limit')
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    this.#began(request, response)
    const refusal = SAFE_METHODS.has(request.method) ? undefined : this.#refusal(request)
    if (refusal === undefined) this.#options.onRequest(request, response)
    // What it still sends of a body node:http reads and throws away.
    else response.writeHead(FOREIGN_ORIGIN.httpStatus, refusal.headers).end(refusal.body)
  }

  /** A request that expects something else than `100-continue`, which is all that there is (RFC 9110 section 10.1.1). */
  #expected(request: IncomingMessage, response: ServerResponse): void {
    this.#began(request, response)
    const { headers, body } = jsonError('There is nothing to expect but 100-continue')
    response.writeHead(417, headers).end(body)
  }

  /** Somebody takes this for a proxy. */
  #tunnelAsked(socket: Duplex): void {
    this.#counters.requests++
    this.#refuse(socket, '501 Not Implemented', jsonError('This is no proxy: CONNECT is not spoken here'))
  }

  /** A request that gets a response is here. */
  #began(request: IncomingMessage, response: ServerResponse): void {
    this.#counters.requests++
    const { socket } = request
    this.#answering.set(socket, response)
    response.once('close', () => {
      this.#answering.delete(socket)
      // Otherwise a client that keeps its connection would hold up the end.
      if (this.#closed !== undefined) this.#server.closeIdleConnections()
    })
  }

  /** The answer to a page of a foreign origin, which is counted; `undefined`: it is none. */
  #refusal(request: IncomingMessage): JsonError | undefined {
    const why = this.#origins.refusal(request)
    if (why === undefined) return undefined
    this.#counters.foreignOrigins++
    return jsonError(why, FOREIGN_ORIGIN.reason)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      this.#refuse(socket, '403 Forbidden', refusal)
      return
    }
    const offered = offeredSubProtocols(request.headers['sec-websocket-protocol'])
    if (offered === undefined) {
      this.#guestServer.handleUpgrade(request, socket, head, (webSocket) => {
        this.#counters.guests++
        this.#options.onGuest(webSocket, request)
      })
    } else if (offered.includes(SUB_PROTOCOL)) {
      this.#linkServer.handleUpgrade(request, socket, head, (webSocket) => {
        this.#counters.links++
        this.#options.onLink(webSocket, addressOf(request.socket))
      })
    } else {
      this.#refuseHandshake(
        socket,
        `the sub-protocols offered are not spoken here: use ${SUB_PROTOCOL}, or none for line mode`,
      )
    }
  }

  #refuseHandshake(socket: Duplex, why: string): void {
    this.#counters.badHandshakes++
    this.#logger.debug({ from: addressOf(socket), why }, 'bad-handshake')
    this.#refuse(socket, '400 Bad Request', jsonError(why))
  }

  #clientFailed(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (this.#refused.has(socket)) return
    const code = error.code ?? ''
    const gone = code === 'ECONNRESET' || code === 'EPIPE' || !socket.writable
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') this.#counters.timedOut++
    else if (!gone) this.#counters.malformedHttp++
    this.#logger.debug({ from: addressOf(socket), code, error: error.message }, 'client-error')
    if (gone || this.#answering.get(socket)?.headersSent === true) {
      socket.destroy()
      return
    }
    switch (code) {
      case 'ERR_HTTP_REQUEST_TIMEOUT':
        this.#refuse(socket, '408 Request Timeout', jsonError('The request took too long'))
        break
      case 'HPE_HEADER_OVERFLOW':
        this.#refuse(socket, '431 Request Header Fields Too Large', jsonError('The headers are too large'))
        break
      default:
        this.#refuse(socket, '400 Bad Request', jsonError('This is not a valid HTTP request'))
    }
  }

  /** Answers by hand, because Node.js has no response object here, and ends the connection. */
  #refuse(socket: Duplex, status: string, { headers, body }: JsonError): void {
    this.#refused.add(socket)
    // Its owner would be `ws` or the HTTP parser, and neither has it any more. A reset while we answer is no news.
    socket.on('error', () => socket.destroy())
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const head = [`HTTP/1.1 ${status}`, 'Connection: close', ...lines]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
    // Read on until the client hangs up: closing with unread bytes resets the connection, and the answer is lost.
    socket.resume()
    const linger = setTimeout(() => socket.destroy(), REFUSED_LINGER_MS)
    linger.unref()
    socket.once('close', () => clearTimeout(linger))
  }
}

/** An answer of the port itself, in the form of all errors. */
interface JsonError {
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: string
}

function jsonError(error: string, reason?: string): JsonError {
  const body = `${JSON.stringify({ error, reason })}\n`
  return {
    headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    body,
  }
}

/** `address:port` of the other end, IPv4 as IPv4. */
function addressOf(socket: Duplex): string {
  const { remoteAddress = 'unknown', remotePort = 0 } = socket as Partial<Socket>
  const address = remoteAddress.replace(/^::ffff:/, '')
  return address.includes(':') ? `[${address}]:${remotePort}` : `${address}:${remotePort}`
}
