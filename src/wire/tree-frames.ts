// The frames that keep broadcast trees: ihave, graft, prune and catch-up, both ways.
// Reading must not throw, whatever the bytes are; writing throws a WireError for what the format cannot carry.

import type {
  AnnouncedRange,
  BroadcastRange,
  CatchUp,
  Graft,
  IHave,
  NodeName,
  Prune,
} from '../core/messages.ts'
import type { ByteReader } from './byte-reader.ts'
import { type ByteWriter, nameSize } from './byte-writer.ts'
import { FRAME_TYPES, GOSSIP_KINDS, RANGE_BYTES } from './frames.ts'
import { LIMITS } from './limits.ts'
import { WireError } from './wire-error.ts'

type TreeMessage = IHave | Graft | Prune | CatchUp

/** Bytes behind the header of the frame of one of these messages. @throws {@link WireError} */
export function treeFrameSize(message: TreeMessage): number {
  switch (message.type) {
    case 'ihave':
      return rangesSize(message, RANGE_BYTES + 1)
    case 'graft':
      return rangesSize(message, RANGE_BYTES)
    case 'prune': {
      const { origins } = message
      if (origins.length > LIMITS.broadcastRangesMax) {
        throw new WireError('too-large', 'prune.origins', `expected at most ${LIMITS.broadcastRangesMax}`)
      }
      let size = 2
      for (const origin of origins) size += nameSize(origin, 'prune.origins')
      return size
    }
    case 'catch-up':
      return 4
  }
}

/** Writes the frame of a message of which {@link treeFrameSize} was computed before. @throws {@link WireError} */
export function writeTreeFrame(writer: ByteWriter, message: TreeMessage): void {
  writer.header(FRAME_TYPES[message.type])
  switch (message.type) {
    case 'ihave':
      writer.u16(message.ranges.length, 'ihave.ranges')
      for (const range of message.ranges) {
        writeRange(writer, range)
        writer.u8(range.hops, 'ihave.hops')
      }
      break
    case 'graft':
      writer.u16(message.ranges.length, 'graft.ranges')
      for (const range of message.ranges) writeRange(writer, range)
      break
    case 'prune':
      writer.u16(message.origins.length, 'prune.origins')
      for (const origin of message.origins) writer.name(origin)
      break
    case 'catch-up':
      writer.u32(message.withinMs, 'catch-up.withinMs')
  }
}

function rangesSize({ ranges, type }: IHave | Graft, rangeBytes: number): number {
  if (ranges.length > LIMITS.broadcastRangesMax) {
    throw new WireError('too-large', `${type}.ranges`, `expected at most ${LIMITS.broadcastRangesMax}`)
  }
  let size = 2
  for (const { origin } of ranges) size += nameSize(origin, `${type}.origin`) + rangeBytes
  return size
}

function writeRange(
  writer: ByteWriter,
  { kind, origin, incarnation, first, behindLast }: BroadcastRange,
): void {
  const count = behindLast - first
  if (count < 0 || count > LIMITS.broadcastRangeMax || behindLast > LIMITS.sequenceMax + 1) {
    throw new WireError('invalid', 'range', `expected 0 to ${LIMITS.broadcastRangeMax} broadcasts`)
  }
  writer.u8(GOSSIP_KINDS.indexOf(kind), 'range.kind')
  writer.name(origin)
  writer.u48(incarnation, 'range.incarnation')
  writer.sequence(first, 'range.first')
  writer.u16(count, 'range.count')
}

/** Reads the fields of an ihave. */
export function readIHave(reader: ByteReader): IHave {
  const count = reader.count('ranges', reader.u16('ranges'), LIMITS.broadcastRangesMax)
  const ranges: AnnouncedRange[] = []
  for (let i = 0; i < count && reader.failure === undefined; i++) {
    ranges.push({ ...readRange(reader), hops: reader.u8('ranges.hops') })
  }
  reader.done()
  return { type: 'ihave', ranges }
}

/** Reads the fields of a graft. */
export function readGraft(reader: ByteReader): Graft {
  const count = reader.count('ranges', reader.u16('ranges'), LIMITS.broadcastRangesMax)
  const ranges: BroadcastRange[] = []
  for (let i = 0; i < count && reader.failure === undefined; i++) ranges.push(readRange(reader))
  reader.done()
  return { type: 'graft', ranges }
}

/** Reads the fields of a prune. */
export function readPrune(reader: ByteReader): Prune {
  const count = reader.count('origins', reader.u16('origins'), LIMITS.broadcastRangesMax)
  const origins: NodeName[] = []
  for (let i = 0; i < count; i++) origins.push(reader.name('origins'))
  reader.done()
  return { type: 'prune', origins }
}

/** Reads the fields of a catch-up. */
export function readCatchUp(reader: ByteReader): CatchUp {
  const withinMs = reader.u32('withinMs')
  reader.done()
  return { type: 'catch-up', withinMs }
}

function readRange(reader: ByteReader): BroadcastRange {
  const kind = GOSSIP_KINDS[reader.u8('ranges.kind')]
  if (kind === undefined) reader.fail('ranges.kind', 'expected 0 or 1')
  const origin = reader.name('ranges.origin')
  const incarnation = reader.u48('ranges.incarnation')
  const first = reader.sequence('ranges.first')
  const count = reader.count('ranges.count', reader.u16('ranges.count'), LIMITS.broadcastRangeMax)
  const behindLast = first + count
  if (behindLast > LIMITS.sequenceMax + 1)
    reader.fail('ranges', `expected an end up to ${LIMITS.sequenceMax + 1}`)
  return { kind: kind ?? 'payload', origin, incarnation, first, behindLast }
}
