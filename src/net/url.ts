// One text form for each place that can be dialled, so that two spellings of a place compare equal. No I/O.

import { utf8Size } from '../wire/byte-writer.ts'
import { LIMITS } from '../wire/limits.ts'
import { printable } from '../wire/printable.ts'

/** A canonical URL, or one line that says what is wrong with the text. */
export type NormalizedUrl =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly detail: string }

const SCHEMES: ReadonlyMap<string, { readonly scheme: 'ws' | 'wss'; readonly port: number }> = new Map([
  ['ws:', { scheme: 'ws', port: 80 }],
  ['http:', { scheme: 'ws', port: 80 }],
  ['wss:', { scheme: 'wss', port: 443 }],
  ['https:', { scheme: 'wss', port: 443 }],
] as const)

/**
 * The canonical form `ws://host:port/path`: scheme `ws` or `wss` (`http` and `https` mean the same places), host in
 * lower case, port always written, no slash at the end of a path, a query kept, a fragment dropped. `host:port`
 * without a scheme is taken as `ws`. Refused: other schemes, credentials (records travel to every node), port 0.
 * Canonical text comes back as it is.
 */
export function normalizeUrl(text: string): NormalizedUrl {
  const trimmed = text.trim()
  const refuse = (why: string): NormalizedUrl => ({ ok: false, detail: `${quoteUrl(trimmed)} ${why}` })
  if (trimmed === '') return { ok: false, detail: 'the URL is empty: write it as ws://host:5000' }
  if (utf8Size(trimmed) > LIMITS.urlBytesMax) {
    return refuse(`is longer than ${LIMITS.urlBytesMax} bytes`)
  }
  const hasScheme = trimmed.includes('://')
  if (!hasScheme && !/^[^/?#]+:\d+(?:[/?#]|$)/.test(trimmed)) {
    return refuse('is not a URL: write it as ws://host:5000')
  }
  const parsed = URL.parse(hasScheme ? trimmed : `ws://${trimmed}`)
  if (parsed === null) return refuse('is not a URL: write it as ws://host:5000')
  const kind = SCHEMES.get(parsed.protocol)
  if (kind === undefined) return refuse('has to begin with ws://, wss://, http:// or https://')
  if (parsed.username !== '' || parsed.password !== '') return refuse('must not hold a user name or password')
  if (parsed.port === '0') return refuse('has port 0, which nobody can dial')
  const port = parsed.port === '' ? kind.port : Number(parsed.port)
  const path = parsed.pathname.replace(/\/+$/, '') || '/'
  return { ok: true, url: `${kind.scheme}://${parsed.hostname}:${port}${path}${parsed.search}` }
}

/** A URL for a text or a log: people put tokens into the query, or behind a #. */
export function withoutQuery(url: string): string {
  return url.replace(/([?#]).*$/s, '$1…')
}

/** The place of a canonical URL as people write it: `host:port`. */
export function placeOf(url: string): string {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port || (protocol === 'wss:' ? 443 : 80)}`
}

/** Whether a host name is the machine itself, by name or address, as browsers have it (w3.org/TR/secure-contexts, section 3.1). */
export function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host)
}

/**
 * What somebody gave for a URL, for an error text or a log: without user name, password, query and fragment, wherever they end.
 * It may be no URL at all.
 */
export function quoteUrl(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(text) ?? []
  const at = rest.lastIndexOf('@')
  if (at === -1) return quote(scheme + withoutQuery(rest))
  // Behind a `?` the @ may be of a password or of the query: nothing tells them apart.
  const isDoubtful = /[?#]/.test(rest.slice(0, at))
  return quote(`${scheme}…@${isDoubtful ? '…' : withoutQuery(rest.slice(at + 1))}`)
}

/** For an error text or a log: quoted, within one line, not endless. */
export function quote(text: string): string {
  return printable(JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text))
}
