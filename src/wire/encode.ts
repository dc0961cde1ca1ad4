// Messages to frames: how large a frame is, and then its bytes, in an array of that size or where it leaves from.
// It must not be called with what the format cannot carry: that is a mistake of this process, and a WireError.

import type {
  Ack,
  Bounce,
  Digest,
  Direct,
  Gossip,
  Heartbeat,
  Hello,
  Message,
  PeerEvents,
  Records,
  Routed,
  Want,
  Welcome,
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
import { treeFrameSize, writeTreeFrame } from './tree-frames.ts'
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

/** Messages that are written as JSON: seldom, and their size is known when they are. */
type JsonMessage = Hello | Welcome | PeerEvents

/** Messages whose frame has a size before it is written. */
type SizedMessage = Exclude<Message, JsonMessage | { readonly type: 'unknown' }>

/**
 * Puts the frame of a message, as {@link encodeFrame} gives it, at the end of `target`; false when that has no room. It is
 * written there in place: an array of its own for each costs a busy sender more than the writing.
 * @throws {@link WireError} as `encodeFrame` does; nothing has changed then
 */
export function encodeFrameInto(message: Message, target: FrameTarget): boolean {
  if (!isSized(message) || rawOf(message) !== undefined) return target.push(encodeFrame(message))
  const writer = target.reserve(frameSize(message))
  if (writer === undefined) return false
  writeFrame(writer, message)
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
  if (message.type === 'unknown') {
    throw new WireError('invalid', 'type', `a frame of the unknown type ${message.code} cannot be written`)
  }
  if (!isSized(message)) return encodeJson(message)
  const raw = rawOf(message)
  if (raw !== undefined) {
    writeHops(raw, 0, message as Routed)
    return raw
  }
  const writer = new ByteWriter(frameSize(message))
  writeFrame(writer, message)
  return writer.bytes
}

function isSized(message: Message): message is SizedMessage {
  const { type } = message
  return type !== 'hello' && type !== 'welcome' && type !== 'peer-events' && type !== 'unknown'
}

function rawOf(message: SizedMessage): Uint8Array | undefined {
  return 'raw' in message ? message.raw : undefined
}

function encodeJson(message: JsonMessage): Uint8Array {
  const body = jsonBody(message)
  const writer = new ByteWriter(withinFrame(HEADER_BYTES + body.length, message.type))
  writer.header(FRAME_TYPES[message.type])
  writer.copy(body)
  return writer.bytes
}

function withinFrame(size: number, type: Message['type']): number {
  if (size > LIMITS.frameBytesMax) {
    throw new WireError('too-large', type, `expected at most ${LIMITS.frameBytesMax} bytes`)
  }
  return size
}

/** How many bytes the frame has; also checks all that is not checked while it is written. */
function frameSize(message: SizedMessage): number {
  return withinFrame(HEADER_BYTES + bodySize(message), message.type)
}

function bodySize(message: SizedMessage): number {
  switch (message.type) {
    case 'direct':
      return directSize(message)
    case 'ack':
      atMost(message.ranges.length, LIMITS.ackRangesMax, 'ack.ranges')
      return routedSize(message, 8 + 4 * message.ranges.length)
    case 'bounce':
      return routedSize(message, 2 + nameSize(message.failedDestination, 'bounce.failedDestination') + 6)
    case 'gossip':
      return gossipSize(message)
    case 'heartbeat':
      return HEARTBEAT_BYTES - HEADER_BYTES
    case 'records':
      return recordsSize(message)
    case 'digest':
      return digestSize(message)
    case 'want':
      return wantSize(message)
    default:
      return treeFrameSize(message)
  }
}

/** Writes a frame of which {@link frameSize} was computed before. */
function writeFrame(writer: ByteWriter, message: SizedMessage): void {
  switch (message.type) {
    case 'direct':
      writeDirect(writer, message)
      break
    case 'ack':
      writeAck(writer, message)
      break
    case 'bounce':
      writeBounce(writer, message)
      break
    case 'gossip':
      writeGossip(writer, message)
      break
    case 'heartbeat':
      writeHeartbeat(writer, message)
      break
    case 'records':
      writeRecords(writer, message)
      break
    case 'digest':
      writeDigest(writer, message)
      break
    case 'want':
      writeWant(writer, message)
      break
    default:
      writeTreeFrame(writer, message)
  }
}

// Writes the hops of the frame that begins at `start`.
function writeHops(
  bytes: Uint8Array,
  start: number,
  { hopsLeft, hops }: Pick<Routed, 'hopsLeft' | 'hops'>,
): void {
  const areCounts = Number.isInteger(hopsLeft) && Number.isInteger(hops) && hopsLeft >= 0 && hops >= 0
  if (!areCounts || hopsLeft + hops > LIMITS.hopsSumMax) {
    throw new WireError('invalid', 'hopsLeft + hops', `expected integers, 0 to ${LIMITS.hopsSumMax} in all`)
  }
  bytes[start + HOPS_LEFT_OFFSET] = hopsLeft
  bytes[start + HOPS_OFFSET] = hops
}

function writeHeartbeat(writer: ByteWriter, { clock, echo, heldUs, hash }: Heartbeat): void {
  writer.header(FRAME_TYPES.heartbeat)
  writer.u32(clock, 'heartbeat.clock')
  writer.u32(echo, 'heartbeat.echo')
  writer.u32(heldUs, 'heartbeat.heldUs')
  writer.u32(hash.high, 'heartbeat.hash')
  writer.u32(hash.low, 'heartbeat.hash')
}

function recordsSize({ records }: Records): number {
  atMost(records.length, LIMITS.recordsPerFrameMax, 'records')
  let size = 2
  for (const record of records) size += recordSize(record)
  return size
}

function writeRecords(writer: ByteWriter, { records }: Records): void {
  writer.header(FRAME_TYPES.records)
  writer.u16(records.length, 'records')
  for (const record of records) writeRecord(writer, record)
}

function digestSize({ after, upTo, entries }: Digest): number {
  atMost(entries.length, LIMITS.digestEntriesMax, 'digest.entries')
  let size = 2 + boundSize(after, 'digest.after') + boundSize(upTo, 'digest.upTo')
  let previous = after
  for (const { name } of entries) {
    if (name <= previous || (upTo !== '' && name > upTo)) {
      throw new WireError('invalid', 'digest.entries', 'expected names in ascending order within the range')
    }
    previous = name
    size += nameSize(name, 'digest.entries') + 10
  }
  return size
}

function boundSize(bound: string, field: string): number {
  return bound === '' ? 1 : nameSize(bound, field)
}

function writeDigest(writer: ByteWriter, { after, upTo, entries }: Digest): void {
  writer.header(FRAME_TYPES.digest)
  writer.name(after)
  writer.name(upTo)
  writer.u16(entries.length, 'digest.entries')
  for (const { name, incarnation, version } of entries) {
    writer.name(name)
    writer.u48(incarnation, 'digest.entries')
    writer.u32(version, 'digest.entries')
  }
}

function wantSize({ names }: Want): number {
  atMost(names.length, LIMITS.wantNamesMax, 'want.names')
  let size = 2
  for (const name of names) size += nameSize(name, 'want.names')
  return size
}

function writeWant(writer: ByteWriter, { names }: Want): void {
  writer.header(FRAME_TYPES.want)
  writer.u16(names.length, 'want.names')
  for (const name of names) writer.name(name)
}

function gossipSize({ kind, record, payload, origin }: Gossip): number {
  if ((kind === 'record') !== (record !== undefined)) {
    throw new WireError('invalid', 'gossip.record', `expected it with kind "record" only, got kind "${kind}"`)
  }
  if (record === undefined) checkPayload(payload, 'gossip.payload')
  return nameSize(origin, 'gossip.origin') + 12 + (record === undefined ? payload.length : recordSize(record))
}

function writeGossip(writer: ByteWriter, gossip: Gossip): void {
  const { record, payload } = gossip
  const start = writer.offset
  writer.header(FRAME_TYPES.gossip, record === undefined ? 0 : FLAG_RECORD)
  writeHops(writer.bytes, start, gossip)
  writer.name(gossip.origin)
  writer.u48(gossip.incarnation, 'gossip.incarnation')
  writer.sequence(gossip.sequence, 'gossip.sequence')
  if (record === undefined) writer.copy(payload)
  else writeRecord(writer, record)
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

function writeAck(writer: ByteWriter, ack: Ack): void {
  writeRouted(writer, FRAME_TYPES.ack, ack)
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
}

function writeBounce(writer: ByteWriter, bounce: Bounce): void {
  writeRouted(writer, FRAME_TYPES.bounce, bounce)
  writer.u16(bounce.reasonCode, 'bounce.reasonCode')
  writer.name(bounce.failedDestination)
  writer.sequence(bounce.sequence, 'bounce.sequence')
}

// Size of the routing fields and of the type's own ones.
function routedSize({ destination, origin }: Routed, ownSize: number): number {
  const namesSize = nameSize(destination, 'destination') + nameSize(origin, 'origin')
  return namesSize + ROUTED_INCARNATIONS_BYTES + ownSize
}

function writeRouted(writer: ByteWriter, type: number, routed: Routed): void {
  const start = writer.offset
  writer.header(type)
  writeHops(writer.bytes, start, routed)
  writer.name(routed.destination)
  writer.name(routed.origin)
  writer.u48(routed.destinationIncarnation, 'destinationIncarnation')
  writer.u48(routed.originIncarnation, 'originIncarnation')
}

function checkPayload(payload: Uint8Array, field: string): void {
  if (payload.length > LIMITS.payloadBytesMax) {
    throw new WireError('too-large', field, `expected at most ${LIMITS.payloadBytesMax} bytes`)
  }
}

function atMost(count: number, max: number, field: string): void {
  if (count > max) throw new WireError('too-large', field, `expected at most ${max}, got ${count}`)
}
