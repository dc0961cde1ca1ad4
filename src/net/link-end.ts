// How a link ends, in the words of core/reasons: translates close codes and the errors of `ws` into reasons, and
// reasons into what a close frame can carry. Pure functions; what follows from a reason is decided elsewhere.

import { REASONS, type Reason, reasonOfCloseCode } from '../core/reasons.ts'
import { encodeUtf8 } from '../wire/byte-writer.ts'

/** The end of a link. */
export interface LinkEnd {
  readonly reason: Reason
  /** True when it was not this side's decision: the other end closed, or the connection broke. */
  readonly remote: boolean
  /** One line for people. May hold text of the other end; control characters are replaced. */
  readonly detail: string
}

/** A text that begins with a byte order mark is a text as others are. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** What RFC 6455 section 5.5 leaves for the text of a close frame, in bytes of UTF-8. */
export const CLOSE_TEXT_BYTES_MAX = 123

/**
 * The standard codes (RFC 6455 section 7.4.1) that can come from another implementation, from a browser or from
 * `ws` itself when it rejects a frame. 1000, 1001, 1005 and 1012 are an end on purpose that names no reason of ours.
 * They do not say that the node has left the overlay, so they count as `shutting-down`, which may be dialled again.
 */
const STANDARD_CODES: ReadonlyMap<number, Reason> = new Map<number, Reason>([
  [1000, 'shutting-down'],
  [1001, 'shutting-down'],
  [1002, 'protocol-error'],
  [1003, 'not-binary'],
  [1005, 'shutting-down'],
  [1007, 'malformed'],
  [1009, 'too-large'],
  [1012, 'shutting-down'],
])

/** 1006: no close frame arrived (RFC 6455 section 7.1.5). */
export const NO_CLOSE_FRAME = 1006

/** The end of a link that the other side closed with this code and text, or that broke (1006). */
export function endOfRemoteClose(code: number, text: string): LinkEnd {
  if (code === NO_CLOSE_FRAME) return { reason: 'link-lost', remote: true, detail: REASONS['link-lost'].text }
  const said = printable(text)
  const known = reasonOfCloseCode(code)
  if (known !== undefined) return { reason: known, remote: true, detail: said || REASONS[known].text }
  const detail = said === '' ? `closed with code ${code}` : `closed with code ${code}: ${said}`
  return { reason: STANDARD_CODES.get(code) ?? 'link-lost', remote: true, detail }
}

/** The end of a link on which the other side broke the WebSocket protocol, from the error that `ws` gives. */
export function endOfSocketError(error: Error & { readonly code?: string }): LinkEnd {
  const code = error.code ?? ''
  const detail = `${error.message}${code === '' ? '' : ` (${code})`}`
  return { reason: reasonOfSocketError(code), remote: false, detail }
}

function reasonOfSocketError(code: string): Reason {
  switch (code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return 'too-large'
    case 'WS_ERR_INVALID_UTF8':
      return 'malformed'
    default:
      return code.startsWith('WS_ERR_') ? 'protocol-error' : 'link-lost'
  }
}

/** `text` cut to what a close frame can carry, between characters and not within one. */
export function closeText(text: string): string {
  const bytes = encodeUtf8(text)
  if (bytes.length <= CLOSE_TEXT_BYTES_MAX) return decoder.decode(bytes)
  let end = CLOSE_TEXT_BYTES_MAX
  // 10xxxxxx is the inside of a character (RFC 3629 section 3): go back to where that one begins.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return decoder.decode(bytes.subarray(0, end))
}

/** `text` without control characters, so that the other end can neither forge a log line nor steer a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}
