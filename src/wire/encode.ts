// Messages to frames. One allocation of the exact size for each, and none at all for a frame that is passed on, or that is
// written where it leaves from.
// It must not be called with what the format cannot carry: that is a mistake of this process, and a WireError.

import type {
  Ack,
  Bounce,
  Digest,
  Direct,
  Gossip,
  Heartbeat,
  Message,
  Routed,
  Want,
} from '../core/messages.ts'
import { ByteWriter, nameSize } from './byte-writer.ts'
import {
  FLAG_RECORD,
  FRAME_TYPES,
  HEADER_BYTES,
  HEARTBEAT_BYTES,
  HOPS_LEFT_OFFSET,
  HOPS_OFFSET,
  ROUTED_INCARNATIONS_BYTES,
} from './frames.ts'
import { jsonBody } from './json-frames.ts'
import { LIMITS } from './limits.ts'
import { recordSize, writeRecord } from './records.ts'
import { encodeTreeFrame } from './tree-frames.ts'
import { WireError } from './wire-error.ts'

/** Where frames are put one behind the other. */
export interface FrameTarget {
  /** Puts a frame at the end; false, and nothing changes: there is no room. The bytes are free then. */
  push(frame: Uint8Array): boolean
  /** Room for a frame of so many bytes at the end, to be filled and committed at once; `undefined`: there is none. */
  reserve(frameBytes: number): ByteWriter | undefined
  /** What was reserved last is written. Without it nothing changes. */
  commit(): void
}

/**
 * Puts the frame of a message, as {@link encodeFrame} gives it, at the end of `target`; false when that has no room. What
 * a busy sender sends is written there in place: an array of its own for each would cost more than the writing.
 * @throws {@link WireError} as `encodeFrame` does; nothing has changed then
 */
export function encodeFrameInto(message: Message, target: FrameTarget): boolean {
  if (message.type !== 'direct' || message.raw !== undefined) return target.push(encodeFrame(message))
  const writer = target.reserve(directSize(message))
  if (writer === undefined) return false
  writeDirect(writer, message)
  target.commit()
  return true
}

/**
 * The frame of a message.
 *
 * A relayed message that carries `raw` is not encoded again: `hopsLeft` and `hops` are written into `raw` **in
 * place**, and `raw` itself is returned; no other field of the message is looked at. One that differs in any other
 * field from what came must therefore not carry `raw`. The same bytes go out on several links, so all of them must
 * go out with the same hops.
 *
 * @throws {@link WireError} `too-large` or `invalid`: the message cannot be written. A message as {@link decodeFrame}
 * gives it, and `hops` and `hopsLeft` within 0–255, never throws, except for `unknown`.
 */
export function encodeFrame(message: Message): Uint8Array {
  const frame = encode(message)
  if (frame.length > LIMITS.frameBytesMax) {
    throw new WireError('too-large', message.type, `expected at most ${LIMITS.frameBytesMax} bytes`)
  }
  return frame
}

function encode(message: Message): Uint8Array {
  switch (message.type) {
    case 'direct':
      return message.raw === undefined ? encodeDirect(message) : patchHops(message.raw, 0, message)
    case 'ack':
      return message.raw === undefined ? encodeAck(message) : patchHops(message.raw, 0, message)
    case 'bounce':
      return message.raw === undefined ? encodeBounce(message) : patchHops(message.raw, 0, message)
    case 'gossip':
      return message.raw === undefined ? encodeGossip(message) : patchHops(message.raw, 0, message)
    case 'heartbeat':
      return encodeHeartbeat(message)
    case 'records': {
      atMost(message.records.length, LIMITS.recordsPerFrameMax, 'records')
      let size = HEADER_BYTES + 2
      for (const record of message.records) size += recordSize(record)
      const writer = begin(FRAME_TYPES.records, size)
      writer.u16(message.records.length, 'records')
      for (const record of message.records) writeRecord(writer, record)
      return writer.bytes
    }
    case 'digest':
      return encodeDigest(message)
    case 'want':
      return encodeWant(message)
    case 'ihave':
    case 'graft':
    case 'prune':
    case 'catch-up':
      return encodeTreeFrame(message)
    case 'hello':
    case 'welcome':
    case 'peer-events': {
      const body = jsonBody(message)
      const writer = begin(FRAME_TYPES[message.type], HEADER_BYTES + body.length)
      writer.copy(body)
      return writer.bytes
    }
    case 'unknown':
      throw new WireError('invalid', 'type', `a frame of the unknown type ${message.code} cannot be written`)
  }
}

// Writes the hops of the frame that begins at `start`.
function patchHops(
  bytes: Uint8Array,
  start: number,
  { hopsLeft, hops }: Pick<Routed, 'hopsLeft' | 'hops'>,
): Uint8Array {
  checkHops(hopsLeft, hops)
  bytes[start + HOPS_LEFT_OFFSET] = hopsLeft
  bytes[start + HOPS_OFFSET] = hops
  return bytes
}

function encodeHeartbeat({ clock, echo, heldUs, hash }: Heartbeat): Uint8Array {
  const writer = begin(FRAME_TYPES.heartbeat, HEARTBEAT_BYTES)
  writer.u32(clock, 'heartbeat.clock')
  writer.u32(echo, 'heartbeat.echo')
  writer.u32(heldUs, 'heartbeat.heldUs')
  writer.u32(hash.high, 'heartbeat.hash')
  writer.u32(hash.low, 'heartbeat.hash')
  return writer.bytes
}

function encodeDigest({ after, upTo, entries }: Digest): Uint8Array {
  atMost(entries.length, LIMITS.digestEntriesMax, 'digest.entries')
  let size = HEADER_BYTES + 2 + boundSize(after, 'digest.after') + boundSize(upTo, 'digest.upTo')
  let previous = after
  for (const { name } of entries) {
    if (name <= previous || (upTo !== '' && name > upTo)) {
      throw new WireError('invalid', 'digest.entries', 'expected names in ascending order within the range')
    }
    previous = name
    size += nameSize(name, 'digest.entries') + 10
  }
  const writer = begin(FRAME_TYPES.digest, size)
  writer.name(after)
  writer.name(upTo)
  writer.u16(entries.length, 'digest.entries')
  for (const { name, incarnation, version } of entries) {
    writer.name(name)
    writer.u48(incarnation, 'digest.entries')
    writer.u32(version, 'digest.entries')
  }
  return writer.bytes
}

function boundSize(bound: string, field: string): number {
  return bound === '' ? 1 : nameSize(bound, field)
}

function encodeWant({ names }: Want): Uint8Array {
  atMost(names.length, LIMITS.wantNamesMax, 'want.names')
  let size = HEADER_BYTES + 2
  for (const name of names) size += nameSize(name, 'want.names')
  const writer = begin(FRAME_TYPES.want, size)
  writer.u16(names.length, 'want.names')
  for (const name of names) writer.name(name)
  return writer.bytes
}

function encodeGossip(gossip: Gossip): Uint8Array {
  const { kind, record, payload } = gossip
  if ((kind === 'record') !== (record !== undefined)) {
    throw new WireError('invalid', 'gossip.record', `expected it with kind "record" only, got kind "${kind}"`)
  }
  if (record === undefined) checkPayload(payload, 'gossip.payload')
  const contentSize = record === undefined ? payload.length : recordSize(record)
  const size = HEADER_BYTES + nameSize(gossip.origin, 'gossip.origin') + 12 + contentSize
  const writer = begin(FRAME_TYPES.gossip, size, record === undefined ? 0 : FLAG_RECORD)
  patchHops(writer.bytes, 0, gossip)
  writer.name(gossip.origin)
  writer.u48(gossip.incarnation, 'gossip.incarnation')
  writer.sequence(gossip.sequence, 'gossip.sequence')
  if (record === undefined) writer.copy(payload)
  else writeRecord(writer, record)
  return writer.bytes
}

function encodeDirect(direct: Direct): Uint8Array {
  const writer = new ByteWriter(directSize(direct))
  writeDirect(writer, direct)
  return writer.bytes
}

function directSize(direct: Direct): number {
  const { floor, payload } = direct
  checkPayload(payload, 'direct.payload')
  if (floor < 1) throw new WireError('invalid', 'direct.floor', `expected at least 1, got ${floor}`)
  return routedSize(direct, 8 + payload.length)
}

function writeDirect(writer: ByteWriter, direct: Direct): void {
  const { sequence, floor, payload } = direct
  writeRouted(writer, FRAME_TYPES.direct, direct)
  writer.sequence(sequence, 'direct.sequence')
  writer.u16(sequence - floor, 'direct.sequence - floor')
  writer.copy(payload)
}

function encodeAck(ack: Ack): Uint8Array {
  atMost(ack.ranges.length, LIMITS.ackRangesMax, 'ack.ranges')
  const writer = beginRouted(FRAME_TYPES.ack, ack, 8 + 4 * ack.ranges.length)
  writer.u48(ack.cumulative, 'ack.cumulative')
  writer.u8(ack.ackedHops, 'ack.ackedHops')
  writer.u8(ack.ranges.length, 'ack.ranges')
  let end = ack.cumulative
  for (const [first, behindLast] of ack.ranges) {
    if (first <= end || behindLast <= first || behindLast > LIMITS.sequenceMax + 1) {
      throw new WireError('invalid', 'ack.ranges', 'expected ascending ranges with a gap before each')
    }
    writer.u16(first - end, 'ack.ranges')
    writer.u16(behindLast - first, 'ack.ranges')
    end = behindLast
  }
  return writer.bytes
}

function encodeBounce(bounce: Bounce): Uint8Array {
  const size = 2 + nameSize(bounce.failedDestination, 'bounce.failedDestination') + 6
  const writer = beginRouted(FRAME_TYPES.bounce, bounce, size)
  writer.u16(bounce.reasonCode, 'bounce.reasonCode')
  writer.name(bounce.failedDestination)
  writer.sequence(bounce.sequence, 'bounce.sequence')
  return writer.bytes
}

// A writer with the header written; `size` is that of the whole frame.
function begin(type: number, size: number, flags = 0): ByteWriter {
  const writer = new ByteWriter(size)
  writer.header(type, flags)
  return writer
}

// A writer with header and routing fields written; `ownSize` is that of the type's own fields.
function beginRouted(type: number, routed: Routed, ownSize: number): ByteWriter {
  const writer = new ByteWriter(routedSize(routed, ownSize))
  writeRouted(writer, type, routed)
  return writer
}

function routedSize({ destination, origin }: Routed, ownSize: number): number {
  const namesSize = nameSize(destination, 'destination') + nameSize(origin, 'origin')
  return HEADER_BYTES + namesSize + ROUTED_INCARNATIONS_BYTES + ownSize
}

function writeRouted(writer: ByteWriter, type: number, routed: Routed): void {
  const start = writer.offset
  writer.header(type)
  patchHops(writer.bytes, start, routed)
  writer.name(routed.destination)
  writer.name(routed.origin)
  writer.u48(routed.destinationIncarnation, 'destinationIncarnation')
  writer.u48(routed.originIncarnation, 'originIncarnation')
}

function checkHops(hopsLeft: number, hops: number): void {
  const areCounts = Number.isInteger(hopsLeft) && Number.isInteger(hops) && hopsLeft >= 0 && hops >= 0
  if (areCounts && hopsLeft + hops <= LIMITS.hopsSumMax) return
  throw new WireError('invalid', 'hopsLeft + hops', `expected integers, 0 to ${LIMITS.hopsSumMax} in all`)
}

function checkPayload(payload: Uint8Array, field: string): void {
  if (payload.length > LIMITS.payloadBytesMax) {
    throw new WireError('too-large', field, `expected at most ${LIMITS.payloadBytesMax} bytes`)
  }
}

function atMost(count: number, max: number, field: string): void {
  if (count > max) throw new WireError('too-large', field, `expected at most ${max}, got ${count}`)
}
