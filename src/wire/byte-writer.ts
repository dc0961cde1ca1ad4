// Writes fields one after the other into a byte array of the exact size.
// It must not write a value that the reader would refuse: that is the caller's mistake and a WireError.

import { ByteSlab } from '../core/byte-slab.ts'
import { NODE_NAME_CHARS_MAX } from '../core/messages.ts'
import { LIMITS } from './limits.ts'
import { WireError } from './wire-error.ts'

const encoder = new TextEncoder()
const SHORT_TEXT_BYTES_MAX = 256

/** `text` as UTF-8. A lone surrogate becomes U+FFFD, as everywhere on the web. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Size of `text` as UTF-8, as {@link encodeUtf8} would write it. */
export function utf8Size(text: string): number {
  let size = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    // Two units of a surrogate pair take 4 bytes, 2 more than their count; a lone one 3, as U+FFFD does.
    size += unit < 0x800 ? 1 : 2
    if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1))) i++
  }
  return size
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

// NaN, behind the end of a text, is none.
function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

/** Size of a name with its length byte. Throws a {@link WireError} when it is longer than a name may be. */
export function nameSize(name: string, field: string): number {
  if (name.length === 0 || name.length > NODE_NAME_CHARS_MAX) {
    throw new WireError('invalid', field, `expected a name of 1 to ${NODE_NAME_CHARS_MAX} characters`)
  }
  return 1 + name.length
}

// A new array of more than 64 bytes costs V8 several times what writing a frame into it costs, so arrays are cut from
// common slabs, as Node.js does for its Buffers: what one array that is kept keeps alive. Up to 1 KiB from 8 KiB, as there.
// An array for each was a fifth of a sender's time at 1 KiB, and a tenth at 16 KiB.
const SMALL = { arrayBytesMax: 1_024, slabBytes: 8_192 }
const MEDIUM = { arrayBytesMax: 4_096, slabBytes: 32_768 }
const LARGE = { arrayBytesMax: 32_768, slabBytes: 131_072 }
/** Zeroing fewer bytes costs less than asking Node.js for memory that is not zeroed. */
const ZEROED_BYTES_MAX = 65_536

// Zeroing a large array costs more than writing it. Browsers have no other.
interface Memory {
  readonly Buffer?: { allocUnsafeSlow(size: number): Uint8Array }
}
const { Buffer: unsafe } = globalThis as Memory

/** A large array of its own. What is in it before it is written may be anything. */
function allocateLarge(size: number): Uint8Array {
  return unsafe === undefined ? new Uint8Array(size) : new Uint8Array(unsafe.allocUnsafeSlow(size).buffer)
}

function slabOf(size: number): ArrayBufferLike {
  return size > ZEROED_BYTES_MAX ? allocateLarge(size).buffer : new ArrayBuffer(size)
}

const small = new ByteSlab(SMALL.slabBytes, slabOf)
const medium = new ByteSlab(MEDIUM.slabBytes, slabOf)
const large = new ByteSlab(LARGE.slabBytes, slabOf)

/** An array of its own, or a part of a buffer that nothing else uses. What is in it before it is written may be anything. */
function allocate(size: number): Uint8Array {
  if (size <= 64) return new Uint8Array(size)
  if (size <= SMALL.arrayBytesMax) return small.cut(size)
  if (size <= MEDIUM.arrayBytesMax) return medium.cut(size)
  return size <= LARGE.arrayBytesMax ? large.cut(size) : allocateLarge(size)
}

/**
 * A copy whose buffer holds nothing else: what a program is given it may look at through other arrays, keep for ever, and
 * transfer to another thread, which takes the whole buffer away.
 */
export function ownCopyOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= SMALL.arrayBytesMax) return new Uint8Array(bytes)
  const copy = allocateLarge(bytes.length)
  copy.set(bytes)
  return copy
}

/** Writes big-endian fields. The array must have room for all of them: sizes are computed before. */
export class ByteWriter {
  /** What is written. */
  bytes: Uint8Array
  /** The next byte to write. */
  offset = 0

  constructor(size: number) {
    this.bytes = allocate(size)
  }

  /** Goes on in another array from `offset` on. */
  continue(bytes: Uint8Array, offset: number): void {
    this.bytes = bytes
    this.offset = offset
  }

  /** The header of a frame, without hops. */
  header(type: number, flags = 0): void {
    this.u8(type, 'type')
    this.u8(flags, 'flags')
    this.u8(0, 'hopsLeft')
    this.u8(0, 'hops')
  }

  /** An unsigned number of 8 bits. */
  u8(value: number, field: string): void {
    check(value, 0xff, field)
    this.bytes[this.offset++] = value
  }

  /** An unsigned number of 16 bits. */
  u16(value: number, field: string): void {
    check(value, 0xffff, field)
    this.bytes[this.offset++] = value >>> 8
    this.bytes[this.offset++] = value
  }

  /** An unsigned number of 32 bits. */
  u32(value: number, field: string): void {
    check(value, 0xffff_ffff, field)
    this.#u32(value)
  }

  /** An unsigned number of 48 bits. */
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

  /** UTF-8 without a length; `size` is what {@link utf8Size} gave. */
  text(text: string, size: number): void {
    if (size > SHORT_TEXT_BYTES_MAX || size !== text.length) {
      this.offset += encoder.encodeInto(text, this.bytes.subarray(this.offset)).written
      return
    }
    // ASCII. Calling into the encoder costs more than this loop for all but long texts.
    for (let i = 0; i < size; i++) this.bytes[this.offset++] = text.charCodeAt(i)
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
