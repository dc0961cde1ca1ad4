// Writes fields one after the other into a byte array of the exact size.
// It must not write a value that the reader would refuse: that is the caller's mistake and a WireError.

import { NODE_NAME_CHARS_MAX } from '../core/messages.ts'
import { LIMITS } from './limits.ts'
import { WireError } from './wire-error.ts'

const encoder = new TextEncoder()

/** `text` as UTF-8. A lone surrogate becomes U+FFFD, as everywhere on the web. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Size of `text` as UTF-8. */
export function utf8Size(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return encoder.encode(text).length
  }
  return text.length
}

/** Size of a name with its length byte. Throws a {@link WireError} when it is longer than a name may be. */
export function nameSize(name: string, field: string): number {
  if (name.length === 0 || name.length > NODE_NAME_CHARS_MAX) {
    throw new WireError('invalid', field, `expected a name of 1 to ${NODE_NAME_CHARS_MAX} characters`)
  }
  return 1 + name.length
}

/** Writes big-endian fields. The array must have room for all of them: sizes are computed before. */
export class ByteWriter {
  /** What is written. */
  readonly bytes: Uint8Array
  /** The next byte to write. */
  offset = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
  }

  u8(value: number, field: string): void {
    check(value, 0xff, field)
    this.bytes[this.offset++] = value
  }

  u16(value: number, field: string): void {
    check(value, 0xffff, field)
    this.bytes[this.offset++] = value >>> 8
    this.bytes[this.offset++] = value
  }

  u32(value: number, field: string): void {
    check(value, 0xffff_ffff, field)
    this.#u32(value)
  }

  u48(value: number, field: string): void {
    check(value, LIMITS.incarnationMax, field)
    const high = Math.floor(value / 0x1_0000_0000)
    this.bytes[this.offset++] = high >>> 8
    this.bytes[this.offset++] = high
    this.#u32(value % 0x1_0000_0000)
  }

  /** A sequence: 1 to `sequenceMax`. */
  sequence(value: number, field: string): void {
    if (value < 1 || value > LIMITS.sequenceMax) {
      throw new WireError('invalid', field, `expected 1 to ${LIMITS.sequenceMax}, got ${value}`)
    }
    this.u48(value, field)
  }

  /** Length byte and ASCII; '' for no name. Its size was checked by {@link nameSize}. */
  name(name: string): void {
    const bytes = this.bytes
    let offset = this.offset
    bytes[offset++] = name.length
    for (let i = 0; i < name.length; i++) bytes[offset++] = name.charCodeAt(i)
    this.offset = offset
  }

  /** UTF-8 without a length. */
  text(text: string): void {
    this.offset += encoder.encodeInto(text, this.bytes.subarray(this.offset)).written
  }

  /** Bytes as they are. */
  copy(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.offset)
    this.offset += bytes.length
  }

  #u32(value: number): void {
    const bytes = this.bytes
    bytes[this.offset++] = value >>> 24
    bytes[this.offset++] = value >>> 16
    bytes[this.offset++] = value >>> 8
    bytes[this.offset++] = value
  }
}

function check(value: number, max: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new WireError('invalid', field, `expected an integer from 0 to ${max}, got ${value}`)
  }
}
