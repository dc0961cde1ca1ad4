// What applications send, in bytes: the envelope that rides in the payload of direct and gossip frames.
// Relays never look into it. It must not throw on what came from a peer, and must not change a value in silence:
// what JSON cannot carry is refused at the sender.
//
//    byte 0                      then, with bit 7 set
//   +---+-----------+---------+ +---------------+--------------+----------
//   | H | 0   0   0 | kind    | | headers' size | headers JSON | content
//   +---+-----------+---------+ +---------------+--------------+----------
//    bit 7 bits 6–4   bits 3–0    u16

import { decodeUtf8, viewOf } from './byte-reader.ts'
import { ByteWriter, encodeUtf8, utf8Size } from './byte-writer.ts'
import { LIMITS } from './limits.ts'
import { WireError } from './wire-error.ts'

/** A value that JSON can carry. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** What came in a payload, or what was wrong with it. */
export type DecodedPayload =
  | {
      readonly ok: true
      readonly value: JsonValue | Uint8Array
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly ok: false; readonly detail: string }

/** What follows the headers. */
export const PAYLOAD_KINDS = { bytes: 0, text: 1, json: 2 } as const

/** Bit of the first byte: headers follow. */
export const HEADERS_FLAG = 0x80
const KIND_MASK = 0x0f

const NO_BYTES = new Uint8Array(0)

/**
 * The payload for a value. Bytes travel as they are, strings as UTF-8, everything else as JSON. A string with a lone
 * surrogate has no UTF-8 form and travels as JSON, whose escapes keep it. Every value comes out of
 * {@link decodePayload} equal, but for -0, which becomes 0, and object keys that hold `undefined`, which JSON leaves
 * out. The size of the result is not checked here: see `LIMITS.payloadBytesMax`.
 *
 * @throws {@link WireError} `invalid` for what JSON would change or refuse (functions, symbols, BigInt, NaN and
 * infinities, `undefined` in a list or alone, class instances such as Date or Map, whatever has a `toJSON`, cycles, more than `jsonDepthMax`
 * levels); `too-large` for headers over `headersBytesMax`.
 */
export function encodePayload(
  value: JsonValue | Uint8Array,
  headers?: Readonly<Record<string, string>>,
): Uint8Array {
  let kind: number
  let content: Uint8Array | string
  if (value instanceof Uint8Array) {
    kind = PAYLOAD_KINDS.bytes
    content = value
  } else if (typeof value === 'string' && value.isWellFormed()) {
    kind = PAYLOAD_KINDS.text
    content = value
  } else {
    const problem = jsonProblem(value, 'payload', 0)
    if (problem !== undefined) throw new WireError('invalid', problem.path, problem.what)
    kind = PAYLOAD_KINDS.json
    content = JSON.stringify(value)
  }
  return written(kind, headers === undefined ? NO_BYTES : encodeHeaders(headers), content)
}

/**
 * The same value under other headers; what it had are gone. Its content is copied as it is, and not looked at.
 * @param payload one that {@link decodePayload} reads
 * @throws {@link WireError} `too-large` for headers over `headersBytesMax`
 */
export function withHeaders(payload: Uint8Array, headers: Readonly<Record<string, string>>): Uint8Array {
  const headerBytes = encodeHeaders(headers)
  const offset = hasHeaders(payload) ? 3 + headersSizeOf(payload) : 1
  return written((payload[0] ?? 0) & KIND_MASK, headerBytes, viewOf(payload, offset, payload.length - offset))
}

function written(kind: number, headerBytes: Uint8Array, content: Uint8Array | string): Uint8Array {
  const contentSize = typeof content === 'string' ? utf8Size(content) : content.length
  const hasHeaders = headerBytes.length > 0
  const writer = new ByteWriter(1 + (hasHeaders ? 2 + headerBytes.length : 0) + contentSize)
  writer.u8(hasHeaders ? kind | HEADERS_FLAG : kind, 'payload')
  if (hasHeaders) {
    writer.u16(headerBytes.length, 'headers')
    writer.copy(headerBytes)
  }
  if (typeof content === 'string') writer.text(content, contentSize)
  else writer.copy(content)
  return writer.bytes
}

/** How many bytes of JSON the headers of a payload have; 0: none. */
export function headersSizeOf(payload: Uint8Array): number {
  return hasHeaders(payload) ? ((payload[1] ?? 0) << 8) | (payload[2] ?? 0) : 0
}

/** Whether a payload says that it has headers. */
export function hasHeaders(payload: Uint8Array): boolean {
  return ((payload[0] ?? 0) & HEADERS_FLAG) !== 0
}

/** The headers of a payload without its value; `undefined` when they cannot be read. Never throws. */
export function decodeHeadersOf(payload: Uint8Array): Readonly<Record<string, string>> | undefined {
  if (!hasHeaders(payload)) return {}
  const size = headersSizeOf(payload)
  if (3 + size > payload.length || size > LIMITS.headersBytesMax) return undefined
  return decodeHeaders(viewOf(payload, 3, size))
}

/** The value in a payload. Never throws. Bytes are a view into `bytes`. No headers and empty ones are the same. */
export function decodePayload(bytes: Uint8Array): DecodedPayload {
  const first = bytes[0]
  if (first === undefined) return failure('payload: expected at least 1 byte, got nothing')
  const kind = first & KIND_MASK
  if ((first & ~(KIND_MASK | HEADERS_FLAG)) !== 0 || kind > PAYLOAD_KINDS.json) {
    return failure(
      `payload: a kind that this version does not know: 0x${first.toString(16).padStart(2, '0')}`,
    )
  }
  if ((first & HEADERS_FLAG) === 0) return decodeContent(kind, viewOf(bytes, 1, bytes.length - 1), undefined)
  if (bytes.length < 3) return failure(`headers: expected 2 bytes of size, got ${bytes.length - 1}`)
  const size = headersSizeOf(bytes)
  if (size > LIMITS.headersBytesMax) {
    return failure(`headers: expected at most ${LIMITS.headersBytesMax} bytes, got ${size}`)
  }
  if (3 + size > bytes.length) return failure(`headers: expected ${size} bytes, got ${bytes.length - 3}`)
  const headers = decodeHeaders(viewOf(bytes, 3, size))
  if (headers === undefined) return failure('headers: expected a JSON object of strings')
  return decodeContent(kind, viewOf(bytes, 3 + size, bytes.length - 3 - size), headers)
}

function decodeContent(
  kind: number,
  content: Uint8Array,
  headers: Readonly<Record<string, string>> | undefined,
): DecodedPayload {
  if (kind === PAYLOAD_KINDS.bytes) return success(content, headers)
  const text = decodeUtf8(content)
  if (text === undefined) return failure('content: expected UTF-8')
  if (kind === PAYLOAD_KINDS.text) return success(text, headers)
  const parsed = parseJson(text)
  if (parsed === undefined) return failure('content: expected JSON')
  // A level takes two characters, so a short text cannot be too deep.
  if (text.length > 2 * LIMITS.jsonDepthMax) {
    const problem = jsonProblem(parsed.value, 'content', 0)
    if (problem !== undefined) return failure(`${problem.path}: ${problem.what}`)
  }
  return success(parsed.value, headers)
}

function success(
  value: JsonValue | Uint8Array,
  headers: Readonly<Record<string, string>> | undefined,
): DecodedPayload {
  return headers === undefined || Object.keys(headers).length === 0
    ? { ok: true, value }
    : { ok: true, value, headers }
}

function failure(detail: string): DecodedPayload {
  return { ok: false, detail }
}

function parseJson(text: string): { readonly value: JsonValue } | undefined {
  try {
    return { value: JSON.parse(text) as JsonValue }
  } catch {
    return undefined
  }
}

function encodeHeaders(headers: Readonly<Record<string, string>>): Uint8Array {
  const keys = Object.keys(headers)
  if (keys.length === 0) return NO_BYTES
  for (const key of keys) {
    if (typeof headers[key] !== 'string') {
      throw new WireError('invalid', `headers.${key}`, `expected a string, got ${typeof headers[key]}`)
    }
  }
  const bytes = encodeUtf8(JSON.stringify(headers))
  if (bytes.length > LIMITS.headersBytesMax) {
    const expected = `expected at most ${LIMITS.headersBytesMax} bytes of JSON, got ${bytes.length}`
    throw new WireError('too-large', 'headers', expected)
  }
  return bytes
}

function decodeHeaders(bytes: Uint8Array): Readonly<Record<string, string>> | undefined {
  const text = decodeUtf8(bytes)
  const value = text === undefined ? undefined : parseJson(text)?.value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (!Object.values(value).every((header) => typeof header === 'string')) return undefined
  return value as Readonly<Record<string, string>>
}

// Where a value is not JSON, and why. A cycle is found as too many levels.
interface Problem {
  readonly path: string
  readonly what: string
}

function jsonProblem(value: unknown, path: string, depth: number): Problem | undefined {
  if (value === null) return undefined
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : { path, what: `JSON has no ${value}` }
    case 'object':
      return objectProblem(value, path, depth)
    case 'bigint':
      return { path, what: 'JSON has no BigInt; send it as a string' }
    default:
      return { path, what: `expected a JSON value or a Uint8Array, got ${typeof value}` }
  }
}

function objectProblem(value: object, path: string, depth: number): Problem | undefined {
  if (depth === LIMITS.jsonDepthMax) {
    return { path, what: `more than ${LIMITS.jsonDepthMax} levels, or a cycle` }
  }
  if (Array.isArray(value)) {
    if (hasToJson(value)) return toJsonProblem(path)
    // By index, because a hole is undefined too.
    for (let i = 0; i < value.length; i++) {
      const problem = jsonProblem(value[i], `${path}[${i}]`, depth + 1)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  if (!isPlainObject(value)) {
    const kind = value.constructor?.name ?? 'object'
    return { path, what: `JSON has no ${kind}; send plain objects, lists, or a Uint8Array alone` }
  }
  if (hasToJson(value)) return toJsonProblem(path)
  for (const [key, element] of Object.entries(value)) {
    if (element === undefined) continue
    const problem = jsonProblem(element, `${path}.${key}`, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}

// Also one that is not enumerable, or inherited: JSON.stringify sends what it gives in place of the value.
function hasToJson(value: object): boolean {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}

function toJsonProblem(path: string): Problem {
  return { path: `${path}.toJSON`, what: 'JSON would have what it gives in its place; send that' }
}

// `{}`, `Object.create(null)`, and those of another realm (a vm context, a frame of a page).
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}
