// URLs of peers as HTTP speaks of them: `http:` instead of `ws:`, no slash at the end, node2 before node10.
// It must not know where the URLs come from.

import { LIMITS } from '../wire/limits.ts'
import type { PeerEntry } from './node-host.ts'

/** The same place for an HTTP client: `ws:` becomes `http:`, `wss:` becomes `https:`, slashes at the end go. */
export function httpUrlOf(url: string): string {
  return url.replace(/^ws/i, 'http').replace(/\/+$/, '')
}

/** A URL, or what is wrong with it. */
export type UrlRead =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly error: string }

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:'])
const URL_ERROR = 'must be a URL such as http://node1:5000'

/**
 * Reads where a peer can be reached, from what a client sent. `host:port` without a scheme is taken as `http:`. What
 * comes out is an `http:` or `https:` URL without a slash at its end.
 */
export function readPeerUrl(value: unknown): UrlRead {
  const refused = (why: string): UrlRead => ({ ok: false, error: `The peer's address ${why}` })
  if (typeof value !== 'string') return refused(URL_ERROR)
  const text = value.trim()
  if (Buffer.byteLength(text) > LIMITS.urlBytesMax)
    return refused(`is longer than ${LIMITS.urlBytesMax} bytes`)
  const parsed = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (parsed === null || parsed.hostname === '') return refused(URL_ERROR)
  if (!SCHEMES.has(parsed.protocol)) return refused('must begin with http://, https://, ws:// or wss://')
  if (parsed.username !== '' || parsed.password !== '')
    return refused('must not contain a user name or a password')
  if (parsed.search !== '' || parsed.hash !== '') return refused("must not contain '?' or '#'")
  return { ok: true, url: httpUrlOf(parsed.href) }
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** Behind the digits that begin at `start`. */
function digitsEnd(text: string, start: number): number {
  let end = start
  while (isDigit(text.charCodeAt(end))) end++
  return end
}

/** Behind the zeros that begin at `start`. */
function zerosEnd(text: string, start: number): number {
  let end = start
  while (text.charCodeAt(end) === 48) end++
  return end
}

/**
 * Orders texts as people count: runs of digits by their value, all else by code unit. A total order: 0 for equal texts
 * only.
 */
export function compareNaturally(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(j)
    if (!isDigit(left) || !isDigit(right)) {
      if (left !== right) return left - right
      i++
      j++
      continue
    }
    const leftEnd = digitsEnd(a, i)
    const rightEnd = digitsEnd(b, j)
    i = Math.min(zerosEnd(a, i), leftEnd)
    j = Math.min(zerosEnd(b, j), rightEnd)
    // Without leading zeros the longer run is the larger number, and among equally long ones the first digit decides.
    if (leftEnd - i !== rightEnd - j) return leftEnd - i - (rightEnd - j)
    for (; i < leftEnd; i++, j++) {
      const difference = a.charCodeAt(i) - b.charCodeAt(j)
      if (difference !== 0) return difference
    }
  }
  const rest = a.length - i - (b.length - j)
  if (rest !== 0) return rest
  // 01 and 1 count the same, and still are two texts.
  return a < b ? -1 : a > b ? 1 : 0
}

/** The body of `GET /peers`. `peers`: the URLs of those that have one. `nodes`: all of them. Both sorted naturally. */
export function peersBody(entries: readonly PeerEntry[]): {
  readonly peers: readonly string[]
  readonly nodes: readonly PeerEntry[]
} {
  const nodes = entries.map(peerBody).sort((a, b) => compareNaturally(a.name, b.name))
  return { peers: sortedUrls(nodes.flatMap((entry) => entry.url ?? [])), nodes }
}

/** An entry with the keys that HTTP shows, its URL in the HTTP form. */
export function peerBody(entry: PeerEntry): PeerEntry {
  const { name, kind } = entry
  return entry.url === undefined ? { name, kind } : { name, url: httpUrlOf(entry.url), kind }
}

/** The URLs in their HTTP form, sorted naturally, each once. */
export function sortedUrls(urls: readonly string[]): string[] {
  return [...new Set(urls.map(httpUrlOf))].sort(compareNaturally)
}
