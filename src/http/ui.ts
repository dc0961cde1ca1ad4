// The topology page at `/ui`, for a node and a bootstrap alike. It must not know what is in the page, nor where its files
// come from.

import { headerOf, send } from './exchange.ts'
import { bytesAnswer, type ErrorBody, jsonAnswer, unchangedAnswer } from './fixed-answer.ts'
import { redirect, type ShimApp, type ShimContext } from './shim.ts'

/** One file of the page. */
export interface UiFile {
  readonly bytes: Uint8Array
  /** The same, compressed (RFC 1952). Absent: it does not pay. */
  readonly gzip?: Uint8Array
  readonly contentType: string
  /** A strong validator with its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string
}

/** A file of the page by its name. Rejects with a sentence for people when the page cannot be had. */
export type UiFiles = (name: 'index.html' | (typeof PARTS)[number]) => Promise<UiFile>

/** Everything comes from where the page comes from; styles may be set by scripts, as drawing libraries do. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
  Vary: 'Accept-Encoding',
}

/** The files that the page loads. */
const PARTS = ['page.js', 'page.css'] as const

/** Adds the routes of the page. */
export function addUi(app: ShimApp, files: UiFiles): void {
  // The page names its files relative to itself, so that it works behind a proxy that adds to its path.
  app.get('/ui', (c) =>
    new URL(c.req.url).pathname.endsWith('/') ? redirect(c, '../ui') : sendFile(c, files, 'index.html'),
  )
  for (const name of PARTS) app.get(`/ui/${name}`, (c) => sendFile(c, files, name))
}

async function sendFile(c: ShimContext, files: UiFiles, name: Parameters<UiFiles>[0]): Promise<Response> {
  let file: UiFile
  try {
    file = await files(name)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return send(c, jsonAnswer(503, { error: `The page is not here: ${text}` } satisfies ErrorBody))
  }
  const { bytes, gzip, contentType, etag } = file
  const isGzip = gzip !== undefined && takesGzip(headerOf(c, 'accept-encoding') ?? '')
  // Strong validators tell apart what differs in a byte (RFC 9110 section 8.8.3.3).
  const tag = isGzip ? etag.replace(/"$/, '-gzip"') : etag
  const headers = { ...HEADERS, 'Content-Type': contentType, ETag: tag }
  const known = (headerOf(c, 'if-none-match') ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''))
  if (known.includes(tag) || known.includes('*')) return send(c, unchangedAnswer(headers))
  return send(
    c,
    isGzip ? bytesAnswer(gzip, { ...headers, 'Content-Encoding': 'gzip' }) : bytesAnswer(bytes, headers),
  )
}

/** Whether a client takes gzip (RFC 9110 section 12.5.3); `q=0` says that it does not. */
function takesGzip(accepted: string): boolean {
  const codings = accepted.split(',').map((one) =>
    one
      .trim()
      .toLowerCase()
      .split(/\s*;\s*q=/),
  )
  const said = codings.find(([coding]) => coding === 'gzip') ?? codings.find(([coding]) => coding === '*')
  return said !== undefined && Number(said[1] ?? 1) > 0
}
