// Frames to messages. Everything here comes from somebody else and may be anything.
// It must not throw, must not copy payloads, and must not check what only the protocol can know (who may send what).

import type {
  Ack,
  Bounce,
  Digest,
  DigestEntry,
  Direct,
  Gossip,
  Message,
  PeerRecord,
  Want,
} from '../core/messages.ts'
import { ByteReader, viewOf } from './byte-reader.ts'
import {
  FLAG_RECORD,
  FLAGS_OFFSET,
  FRAME_TYPES,
  HEADER_BYTES,
  HOPS_LEFT_OFFSET,
  HOPS_OFFSET,
} from './frames.ts'
import { readHello, readPeerEvents, readWelcome } from './json-frames.ts'
import { LIMITS } from './limits.ts'
import { readRecord } from './records.ts'
import { readCatchUp, readGraft, readIHave, readPrune } from './tree-frames.ts'

/** What a frame said, or what was wrong with it: the type, the field, and what was expected there. */
export type DecodedFrame =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly detail: string }

const NO_PAYLOAD = new Uint8Array(0)

const NAME_OF_TYPE: ReadonlyMap<number, string> = new Map(
  Object.entries(FRAME_TYPES).map(([name, code]) => [code, name]),
)

// Decoding is synchronous and never calls back, so one reader serves all frames without an allocation for each.
const reader = new ByteReader()

/**
 * Decodes one frame. Never throws. `payload` and `raw` are views into `frame`, which must not be written to while
 * they are used; they keep its whole buffer alive. A type that this version does not know gives an `unknown` message.
 */
export function decodeFrame(frame: Uint8Array): DecodedFrame {
  const result = decodeFrameAt(frame, 0, frame.length)
  return typeof result === 'string' ? { ok: false, detail: result } : { ok: true, message: result }
}

/** As {@link decodeFrame}, for the frame in `bytes` from `start` to `end` (exclusive). A string says what was wrong. */
export function decodeFrameAt(bytes: Uint8Array, start: number, end: number): Message | string {
  const size = end - start
  if (size < HEADER_BYTES) return `header: expected ${HEADER_BYTES} bytes, got ${size}`
  if (size > LIMITS.frameBytesMax) return `frame: expected at most ${LIMITS.frameBytesMax} bytes, got ${size}`
  reader.reset(bytes, start + HEADER_BYTES, end)
  const code = bytes[start] as number
  const message = decodeType(code, start)
  // Do not keep the buffer alive until the next frame comes.
  reader.bytes = NO_PAYLOAD
  return reader.failure === undefined ? message : `${NAME_OF_TYPE.get(code)}: ${reader.failure}`
}

function decodeType(code: number, start: number): Message {
  switch (code) {
    case FRAME_TYPES.direct:
      return decodeDirect(start)
    case FRAME_TYPES.ack:
      return decodeAck(start)
    case FRAME_TYPES.bounce:
      return decodeBounce(start)
    case FRAME_TYPES.gossip:
      return decodeGossip(start)
    case FRAME_TYPES.ihave:
      return readIHave(reader)
    case FRAME_TYPES.graft:
      return readGraft(reader)
    case FRAME_TYPES.prune:
      return readPrune(reader)
    case FRAME_TYPES['catch-up']:
      return readCatchUp(reader)
    case FRAME_TYPES.heartbeat:
      return decodeHeartbeat()
    case FRAME_TYPES.records:
      return decodeRecords()
    case FRAME_TYPES.digest:
      return decodeDigest()
    case FRAME_TYPES.want:
      return decodeWant()
    case FRAME_TYPES.hello:
      return readHello(reader)
    case FRAME_TYPES.welcome:
      return readWelcome(reader)
    case FRAME_TYPES['peer-events']:
      return readPeerEvents(reader)
    default:
      return { type: 'unknown', code }
  }
}

// The frame as it came. Its end is known: no type moves `reader.end` for good.
function rawFrom(start: number): Uint8Array {
  const { bytes, end } = reader
  return viewOf(bytes, start, end - start)
}

function hopsLeftAt(start: number): number {
  const hopsLeft = reader.bytes[start + HOPS_LEFT_OFFSET] as number
  const hops = reader.bytes[start + HOPS_OFFSET] as number
  if (hopsLeft + hops > LIMITS.hopsSumMax) {
    reader.fail('hopsLeft + hops', `expected at most ${LIMITS.hopsSumMax}, got ${hopsLeft + hops}`)
  }
  return hopsLeft
}

function payloadToEnd(): Uint8Array {
  if (reader.end - reader.offset > LIMITS.payloadBytesMax) {
    reader.fail('payload', `expected at most ${LIMITS.payloadBytesMax} bytes`)
  }
  return reader.rest()
}

function decodeDirect(start: number): Direct {
  const hopsLeft = hopsLeftAt(start)
  const hops = reader.bytes[start + HOPS_OFFSET] as number
  const destination = reader.name('destination')
  const origin = reader.name('origin')
  const destinationIncarnation = reader.u48('destinationIncarnation')
  const originIncarnation = reader.u48('originIncarnation')
  const sequence = reader.sequence('sequence')
  const span = reader.u16('span')
  if (span >= sequence) reader.fail('span', `expected less than the sequence ${sequence}, got ${span}`)
  return {
    type: 'direct',
    hopsLeft,
    hops,
    destination,
    destinationIncarnation,
    origin,
    originIncarnation,
    sequence,
    floor: sequence - span,
    payload: payloadToEnd(),
    raw: rawFrom(start),
  }
}

function decodeAck(start: number): Ack {
  const hopsLeft = hopsLeftAt(start)
  const hops = reader.bytes[start + HOPS_OFFSET] as number
  const destination = reader.name('destination')
  const origin = reader.name('origin')
  const destinationIncarnation = reader.u48('destinationIncarnation')
  const originIncarnation = reader.u48('originIncarnation')
  const cumulative = reader.u48('cumulative')
  const ackedHops = reader.u8('ackedHops')
  const ranges = readRanges(cumulative)
  reader.done()
  return {
    type: 'ack',
    hopsLeft,
    hops,
    destination,
    destinationIncarnation,
    origin,
    originIncarnation,
    cumulative,
    ranges,
    ackedHops,
    raw: rawFrom(start),
  }
}

function readRanges(cumulative: number): (readonly [number, number])[] {
  const count = reader.count('ranges', reader.u8('ranges'), LIMITS.ackRangesMax)
  const ranges: (readonly [number, number])[] = []
  let end = cumulative
  for (let i = 0; i < count; i++) {
    const gap = reader.u16('ranges.gap')
    const length = reader.u16('ranges.length')
    if (gap === 0 || length === 0) reader.fail('ranges', 'expected a gap and a length of at least 1')
    const first = end + gap
    end = first + length
    ranges.push([first, end])
  }
  if (end > LIMITS.sequenceMax + 1) reader.fail('ranges', `expected an end up to ${LIMITS.sequenceMax + 1}`)
  return ranges
}

function decodeBounce(start: number): Bounce {
  const hopsLeft = hopsLeftAt(start)
  const hops = reader.bytes[start + HOPS_OFFSET] as number
  const destination = reader.name('destination')
  const origin = reader.name('origin')
  const destinationIncarnation = reader.u48('destinationIncarnation')
  const originIncarnation = reader.u48('originIncarnation')
  const reasonCode = reader.u16('reasonCode')
  const failedDestination = reader.name('failedDestination')
  const sequence = reader.sequence('sequence')
  reader.done()
  return {
    type: 'bounce',
    hopsLeft,
    hops,
    destination,
    destinationIncarnation,
    origin,
    originIncarnation,
    reasonCode,
    failedDestination,
    sequence,
    raw: rawFrom(start),
  }
}

function decodeGossip(start: number): Gossip {
  const hopsLeft = hopsLeftAt(start)
  const hops = reader.bytes[start + HOPS_OFFSET] as number
  const isRecord = ((reader.bytes[start + FLAGS_OFFSET] as number) & FLAG_RECORD) !== 0
  const origin = reader.name('origin')
  const incarnation = reader.u48('incarnation')
  const sequence = reader.sequence('sequence')
  const raw = rawFrom(start)
  if (!isRecord) {
    const payload = payloadToEnd()
    return { type: 'gossip', kind: 'payload', hopsLeft, hops, origin, incarnation, sequence, payload, raw }
  }
  const record = readRecord(reader)
  reader.done()
  const payload = NO_PAYLOAD
  return {
    type: 'gossip',
    kind: 'record',
    hopsLeft,
    hops,
    origin,
    incarnation,
    sequence,
    payload,
    record,
    raw,
  }
}

function decodeHeartbeat(): Message {
  const clock = reader.u32('clock')
  const echo = reader.u32('echo')
  const heldUs = reader.u32('heldUs')
  const hash = { high: reader.u32('hash'), low: reader.u32('hash') }
  reader.done()
  return { type: 'heartbeat', clock, echo, heldUs, hash }
}

function decodeRecords(): Message {
  const count = reader.count('records', reader.u16('records'), LIMITS.recordsPerFrameMax)
  const records: PeerRecord[] = []
  for (let i = 0; i < count && reader.failure === undefined; i++) records.push(readRecord(reader))
  reader.done()
  return { type: 'records', records }
}

function decodeDigest(): Digest {
  const after = reader.nameOrNothing('after')
  const upTo = reader.nameOrNothing('upTo')
  if (upTo !== '' && upTo <= after) reader.fail('upTo', 'expected a name behind "after"')
  const count = reader.count('entries', reader.u16('entries'), LIMITS.digestEntriesMax)
  const entries: DigestEntry[] = []
  let previous = after
  for (let i = 0; i < count && reader.failure === undefined; i++) {
    const name = reader.name('entries.name')
    const incarnation = reader.u48('entries.incarnation')
    const version = reader.u32('entries.version')
    if (name <= previous || (upTo !== '' && name > upTo)) {
      reader.fail('entries', 'expected names in ascending order within the range')
    }
    previous = name
    entries.push({ name, incarnation, version })
  }
  reader.done()
  return { type: 'digest', after, upTo, entries }
}

function decodeWant(): Want {
  const count = reader.count('names', reader.u16('names'), LIMITS.wantNamesMax)
  const names: Want['names'][number][] = []
  for (let i = 0; i < count; i++) names.push(reader.name('names'))
  reader.done()
  return { type: 'want', names }
}
