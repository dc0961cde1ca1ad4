// One WebSocket message: the frames that a link had to send in one turn, each behind its length.
// It must not decide what goes into a bundle, or when one is sent: that is net/link's business.

import type { Message } from '../core/messages.ts'
import { decodeFrameAt } from './decode.ts'
import { LIMITS } from './limits.ts'
import { WireError } from './wire-error.ts'

/** The messages up to the first thing that was wrong, and what that was. */
export interface DecodedBundle {
  readonly messages: Message[]
  /** Which frame, which field, and what was expected. The link that sent it is to be closed with `malformed`. */
  readonly error?: string
}

/**
 * Decodes one WebSocket message. Never throws. An empty one is an error. The messages' `payload` and `raw` are views
 * into `bytes`, so the caller gives the array away; each of them keeps the whole bundle's buffer alive.
 */
export function decodeBundle(bytes: Uint8Array): DecodedBundle {
  const messages: Message[] = []
  if (bytes.length === 0) return { messages, error: 'bundle: expected at least one frame, got nothing' }
  if (bytes.length > LIMITS.messageBytesMax) {
    return {
      messages,
      error: `bundle: expected at most ${LIMITS.messageBytesMax} bytes, got ${bytes.length}`,
    }
  }
  let offset = 0
  while (offset < bytes.length) {
    // The length: unsigned LEB128, lowest 7 bits first.
    let length = 0
    let shift = 0
    let byte: number
    do {
      if (offset === bytes.length || shift > 21) {
        return { messages, error: `frame ${messages.length}: length: expected a varint of at most 4 bytes` }
      }
      byte = bytes[offset++] as number
      length |= (byte & 0x7f) << shift
      shift += 7
    } while (byte > 127)
    if (byte === 0 && shift > 7) {
      return { messages, error: `frame ${messages.length}: length: expected the shortest varint` }
    }
    const end = offset + length
    if (end > bytes.length) {
      return {
        messages,
        error: `frame ${messages.length}: expected ${length} bytes, got ${bytes.length - offset}`,
      }
    }
    const result = decodeFrameAt(bytes, offset, end)
    if (typeof result === 'string') return { messages, error: `frame ${messages.length}: ${result}` }
    messages.push(result)
    offset = end
  }
  return { messages }
}

/** What a frame takes in a bundle: its length prefix and itself. */
export function framedSize({ length }: { readonly length: number }): number {
  return length + (length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : 4)
}

/**
 * Writes a frame with its length prefix into `target` at `offset` and returns the offset behind it. There must be
 * room: {@link framedSize} says how much it takes. A link fills its blocks with these two.
 */
export function writeFramed(target: Uint8Array, offset: number, frame: Uint8Array): number {
  const at = writeLength(target, offset, frame.length)
  target.set(frame, at)
  return at + frame.length
}

/** Writes the length prefix of a frame of so many bytes, and returns where the frame begins. */
export function writeLength(target: Uint8Array, offset: number, frameBytes: number): number {
  let at = offset
  let rest = frameBytes
  while (rest > 127) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at++] = rest
  return at
}

/**
 * One WebSocket message of these frames, at least one.
 * @throws {@link WireError} when there is none, or all together are larger than `messageBytesMax`.
 */
export function encodeBundle(frames: readonly Uint8Array[]): Uint8Array {
  if (frames.length === 0) throw new WireError('invalid', 'bundle', 'expected at least one frame')
  let size = 0
  for (const frame of frames) size += framedSize(frame)
  if (size > LIMITS.messageBytesMax) {
    throw new WireError(
      'too-large',
      'bundle',
      `expected at most ${LIMITS.messageBytesMax} bytes, got ${size}`,
    )
  }
  const bundle = new Uint8Array(size)
  let offset = 0
  for (const frame of frames) offset = writeFramed(bundle, offset, frame)
  return bundle
}
