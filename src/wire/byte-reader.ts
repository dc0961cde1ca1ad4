// Reads fields one after the other. The first thing that is wrong sticks in `failure`; from then on every read gives
// an empty value, so a decoder reads straight on and looks at `failure` once, at the end.
// It must not throw, whatever the bytes are, and must not copy them.

import { NODE_NAME_CHARS_MAX, type NodeName, parseNodeName } from '../core/messages.ts'
import { LIMITS } from './limits.ts'
import { TextCache } from './text-cache.ts'

const EMPTY = new Uint8Array(0)
const NO_NAME = '' as NodeName
const names = new TextCache(parseNodeName, NODE_NAME_CHARS_MAX)
// `ignoreBOM` keeps a byte order mark where it is: text must come out as it went in.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text in `bytes`, or `undefined` when it is not UTF-8 (overlong forms and surrogates included). */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * `length` bytes from `start` as a view, always a plain `Uint8Array`: on a Node.js Buffer `subarray` would give a
 * Buffer, whose `toString`, `slice` and JSON form differ.
 */
export function viewOf(bytes: Uint8Array, start: number, length: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, length)
}

/** Reads big-endian fields from a part of a byte array. Use {@link ByteReader.reset} before the first read. */
export class ByteReader {
  /** What is read. */
  bytes: Uint8Array = EMPTY
  /** The next byte to read. */
  offset = 0
  /** Behind the last byte that may be read. */
  end = 0
  /** What was wrong first: the field and what was expected. */
  failure: string | undefined

  /** Begins to read `bytes` from `start` up to `end` (exclusive). */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.offset = start
    this.end = end
    this.failure = undefined
  }

  /** Notes the first failure, and lets every later read fail. */
  fail(field: string, expected: string): void {
    this.failure ??= `${field}: ${expected}`
    this.offset = this.end
  }

  /** An unsigned number of 8 bits. */
  u8(field: string): number {
    const at = this.#take(1, field)
    return at < 0 ? 0 : (this.bytes[at] as number)
  }

  /** An unsigned number of 16 bits. */
  u16(field: string): number {
    const at = this.#take(2, field)
    if (at < 0) return 0
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number)
  }

  /** An unsigned number of 32 bits. */
  u32(field: string): number {
    const at = this.#take(4, field)
    return at < 0 ? 0 : this.#u32At(at)
  }

  /** An unsigned number of 48 bits. */
  u48(field: string): number {
    const at = this.#take(6, field)
    if (at < 0) return 0
    const high = ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number)
    return high * 0x1_0000_0000 + this.#u32At(at + 2)
  }

  /** A sequence: a 48-bit number from 1 to `sequenceMax`. */
  sequence(field: string): number {
    const value = this.u48(field)
    if (value < 1 || value > LIMITS.sequenceMax) {
      this.fail(field, `expected 1 to ${LIMITS.sequenceMax}, got ${value}`)
    }
    return value
  }

  /** A count, written by one of the reads above; at most `max`. After a failure 0, so that no loop runs on it. */
  count(field: string, value: number, max: number): number {
    if (value > max) this.fail(field, `expected at most ${max}, got ${value}`)
    return this.failure === undefined ? value : 0
  }

  /** A node name: length (one byte) and ASCII. */
  name(field: string): NodeName {
    const length = this.u8(field)
    const at = this.#take(length, field)
    if (at < 0) return NO_NAME
    const name = names.read(this.bytes, at, length)
    if (name !== undefined) return name
    this.fail(field, 'expected a node name: [A-Za-z0-9][A-Za-z0-9._-]{0,63}')
    return NO_NAME
  }

  /** A node name or nothing (length 0, read as ''). */
  nameOrNothing(field: string): string {
    if (this.offset < this.end && this.bytes[this.offset] === 0) {
      this.offset++
      return ''
    }
    return this.name(field)
  }

  /** `length` bytes in the syntax of this cache; `undefined` for others, which can still be read in another way. */
  cached<T extends string>(cache: TextCache<T>, field: string, length: number): T | undefined {
    const at = this.#take(length, field)
    if (at < 0) return undefined
    const text = cache.read(this.bytes, at, length)
    if (text === undefined) this.offset = at
    return text
  }

  /** `length` bytes of UTF-8. */
  text(field: string, length: number): string {
    const at = this.#take(length, field)
    if (at < 0 || length === 0) return ''
    const text = decodeUtf8(viewOf(this.bytes, at, length))
    if (text === undefined) this.fail(field, 'expected UTF-8')
    return text ?? ''
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    const start = this.offset
    this.offset = this.end
    return viewOf(this.bytes, start, this.end - start)
  }

  /** Nothing may be left. */
  done(): void {
    const left = this.end - this.offset
    if (left > 0) this.fail('end', `expected the end of the frame, got ${left} more bytes`)
  }

  // Where the next `size` bytes are, or -1 when there are not as many.
  #take(size: number, field: string): number {
    const at = this.offset
    if (this.end - at < size) {
      this.fail(field, `expected ${size} bytes, got ${this.end - at}`)
      return -1
    }
    this.offset = at + size
    return at
  }

  #u32At(at: number): number {
    const bytes = this.bytes
    return (
      (((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number)) >>>
      0
    )
  }
}
