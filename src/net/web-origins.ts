// From which web pages a port takes what a page can do without its user: open a WebSocket, and post. A browser says in the header
// `Origin` (RFC 6454) whose page it acts for; whoever sends none is no page, and none of this is about him.
// It must not answer anybody, nor know what is asked for. It proves nobody's identity: programs can send any header.
//
// A page is let in when its origin is
// (a) that of the request itself: the topology page, wherever the port is mapped to;
// (b) on loopback, and the browser runs on the machine of this process: a page of a development server;
// (c) allowed by name.
// Why (b) asks for the machine: no web site has an origin on loopback, but what does need not be this machine's. A page of
// anything on the laptop of somebody who visits would else reach nodes in a data center by his browser.

import { type Logger, silentLogger } from '../logger.ts'
import { isLoopbackHost, quoteUrl } from './url.ts'

/** An origin, taken apart. Never an opaque one, which is written `null`. */
interface WebOrigin {
  /** `scheme://host` or `scheme://host:port`: in lower case, without the port that the scheme implies. */
  readonly text: string
  /** With its colon. */
  readonly scheme: string
  /** Without the port; an IPv6 address in brackets. */
  readonly host: string
}

/** What is looked at of a request. Those of node:http fit. */
export interface PageRequest {
  readonly headers: { readonly origin?: string | undefined; readonly host?: string | undefined }
  readonly socket: {
    readonly remoteAddress?: string | undefined
    readonly localAddress?: string | undefined
  }
}

/** An origin that may be allowed, in the form in which it is compared, or one line that says what is wrong with the text. */
export type AllowedOrigin =
  | { readonly ok: true; readonly origin: string }
  | { readonly ok: false; readonly detail: string }

/** The word that refusals have. docs/ERRORS.md lists it for people. */
export const FOREIGN_ORIGIN = {
  reason: 'foreign-origin',
  httpStatus: 403,
  text: 'a web page of another origin asks, which is not allowed here',
  advice:
    'If the page may, start the node or bootstrap with its origin after --allow-origin; if you do not know the page, close it',
} as const

const EVERY = '*'
/** How browsers write an origin that is none: of a page from a file, or in a sandbox. */
const OPAQUE = 'null'
/** A host name has at most 253 characters. */
const ORIGIN_CHARS_MAX = 300
/** How many different origins are worth a warning: anybody can make up more. */
const WARNINGS_MAX = 16

// A slash at the end is forgiven: people copy it with the address, and some client libraries send it.
const ORIGIN_SYNTAX = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@\\%\s]+)\/?$/i
/** What is left of a host name once it is canonical: nothing that a shell would take for something else. */
const HOST_SYNTAX = /^(?:[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])$/
/** Where the address of the page has one of these, its origin is written otherwise. */
const NO_PAGE_SCHEMES: readonly string[] = ['ws:', 'wss:', 'file:']

/** Reads what somebody wants to allow: an origin, `null`, or `*`. */
export function readAllowedOrigin(text: string): AllowedOrigin {
  const trimmed = text.trim()
  if (trimmed === EVERY || trimmed === OPAQUE) return { ok: true, origin: trimmed }
  const origin = parseWebOrigin(trimmed)
  if (origin === undefined) {
    const form = 'write it as https://app.example, scheme://host[:port] without a path, or null, or * for all'
    return { ok: false, detail: `${quoteUrl(trimmed)} is not an origin: ${form}` }
  }
  if (NO_PAGE_SCHEMES.includes(origin.scheme)) {
    const form = 'they begin with https:// or http://, and pages from files have null'
    return { ok: false, detail: `${quoteUrl(trimmed)} is not the origin of a page: ${form}` }
  }
  return { ok: true, origin: origin.text }
}

/** What is wrong with the option `allowOrigins`, in one sentence; `undefined`: nothing. */
export function allowOriginsProblem(origins: readonly string[]): string | undefined {
  if (!Array.isArray(origins)) return 'allowOrigins: expected a list of origins, such as https://app.example'
  for (const text of origins) {
    // Callers without types: `null` is not 'null'.
    const read = readAllowedOrigin(typeof text === 'string' ? text : '')
    if (!read.ok) return `allowOrigins: ${read.detail}`
  }
  return undefined
}

/** See the head of the file. */
export class WebOrigins {
  readonly #allowed: ReadonlySet<string>
  readonly #logger: Logger
  readonly #warned = new Set<string>()

  /** @param allowed texts that {@link readAllowedOrigin} takes; others allow nothing */
  constructor(allowed: readonly string[] = [], logger: Logger = silentLogger) {
    const read = allowed.map(readAllowedOrigin)
    this.#allowed = new Set(read.flatMap((one) => (one.ok ? [one.origin] : [])))
    this.#logger = logger
  }

  /**
   * Whether to let a page in. Anybody may have sent anything.
   * @returns `undefined`: it is let in, or it is no page. Otherwise why not, for whoever reads the answer; it has been logged.
   */
  refusal(request: PageRequest): string | undefined {
    const { origin: header, host } = request.headers
    if (header === undefined || this.#allowed.has(EVERY)) return undefined
    // Two headers come as one, with a comma between them: that is no origin.
    const origin = parseWebOrigin(header)
    const name = header === OPAQUE ? OPAQUE : origin?.text
    if (name !== undefined && this.#allowed.has(name)) return undefined
    if (origin !== undefined && isAtHome(origin, request)) return undefined
    this.#log(name, { origin: name ?? quoteUrl(header), host, from: request.socket.remoteAddress })
    return name === undefined
      ? `${quoteUrl(header)} is not an origin as browsers send one, so nobody can tell whether its page is allowed here`
      : `Pages of the origin ${name} are not allowed here. To allow them, start this with --allow-origin ${name}` +
          ' (environment variable HEARSAY_ALLOW_ORIGIN; in programs allowOrigins)'
  }

  #log(name: string | undefined, fields: Readonly<Record<string, unknown>>): void {
    const key = name ?? ''
    const isNews = !this.#warned.has(key) && this.#warned.size < WARNINGS_MAX
    if (!isNews) {
      this.#logger.debug(fields, 'page-refused')
      return
    }
    this.#warned.add(key)
    this.#logger.warn({ ...fields, advice: FOREIGN_ORIGIN.advice }, 'page-refused')
  }
}

function parseWebOrigin(text: string): WebOrigin | undefined {
  if (text.length > ORIGIN_CHARS_MAX) return undefined
  const [, scheme, place] = ORIGIN_SYNTAX.exec(text) ?? []
  const url = place === undefined ? null : URL.parse(`${scheme}://${place}`)
  if (url === null) return undefined
  const host = url.hostname.toLowerCase()
  if (!HOST_SYNTAX.test(host)) return undefined
  const port = url.port === '' ? '' : `:${url.port}`
  return { text: `${url.protocol}//${host}${port}`, scheme: url.protocol, host }
}

/** Rules (a) and (b). */
function isAtHome(origin: WebOrigin, request: PageRequest): boolean {
  if (origin.scheme !== 'http:' && origin.scheme !== 'https:') return false
  // The header Host has no scheme: which port it means without one, that of the page says.
  const dialled = parseWebOrigin(`${origin.scheme}//${request.headers.host ?? ''}`)
  if (dialled?.text === origin.text) return true
  if (!isLoopbackHost(origin.host)) return false
  return isOnThisMachine(request) || (dialled !== undefined && isLoopbackHost(dialled.host))
}

/** By the connection. The mapped port of a container hides it: there only the name that was dialled tells. */
function isOnThisMachine({ socket: { remoteAddress, localAddress } }: PageRequest): boolean {
  if (remoteAddress === undefined) return false
  return /^(?:(?:::ffff:)?127\.|::1$)/.test(remoteAddress) || remoteAddress === localAddress
}
