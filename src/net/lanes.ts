// The three queues of a link: what waits, in which order it leaves, and how much may wait (design 4.6).
// Frames are written where they will leave from, one behind the other in blocks of the size of a bundle: a block that
// leaves alone is a bundle as it is. It must not touch a socket, a clock or the inside of a frame.
//
// 1. Control leaves before direct before broadcast; within a lane, first in is first out.
// 2. A lane never holds more than its byte limit, the frame that is being added included.
// 3. `queuedBytes` is exactly the size that the waiting frames will have on the wire.
// 4. What waits keeps nobody else's memory alive, and its own at most twice but for one block of a lane: the byte limits
//    bound the memory too.

import type { Lane } from '../core/events.ts'
import { framedSize, writeFramed, writeLength } from '../wire/bundle.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import type { FrameTarget } from '../wire/encode.ts'
import { idleTimeout } from './event-loop.ts'

/** The lanes, in the order in which they are emptied. */
export const LANES: readonly Lane[] = ['control', 'direct', 'broadcast']

/** A number per lane. */
export type PerLane = Readonly<Record<Lane, number>>

/** What leaves as one WebSocket message. */
export interface Bundle {
  readonly bytes: Uint8Array
  readonly frames: number
}

/** Frames behind each other, each with its length: the first `used` bytes. */
interface Block {
  bytes: Uint8Array
  used: number
  frames: number
}

/** Of the first block of a lane that has been quiet. */
const BLOCK_BYTES_MIN = 512

/**
 * Memory of blocks that have left, for all links of the process, by size: a busy link would else allocate as many bytes as
 * it sends, outside of the heap, and the garbage collector runs for those as for any others: with a thousand nodes in one
 * process a third more often.
 */
const SPARE_BYTES_MAX = 256 * 1_048_576
/** What nobody has needed for so long goes, down to this. */
const SPARE_BYTES_KEPT = 4 * 1_048_576
const SPARE_MS = 5_000
const spare = new Map<number, Uint8Array[]>()
let spareBytes = 0
/** The least that was spare since it was looked at last: so much was not needed. */
let leastSpareBytes = 0
let isLookingAgain = false

/** Memory that is not zeroed first, which costs more than writing it. Browsers have no other. */
interface Memory {
  readonly Buffer?: { allocUnsafeSlow(size: number): Uint8Array; from(buffer: ArrayBufferLike): Uint8Array }
}
const { Buffer: unsafe } = globalThis as Memory
const allocated = (size: number): Uint8Array => unsafe?.allocUnsafeSlow(size) ?? new Uint8Array(size)

/** Frames are written one at a time: one writer serves all lanes without an allocation for each. */
const writer = new ByteWriter(0)

/** One lane. */
class LaneQueue implements FrameTarget {
  readonly bytesMax: number
  readonly #blockBytesMax: number
  bytes = 0
  frames = 0
  readonly #blocks: Block[] = []
  /** How much the last block held when it left: the next one may hold as much. */
  #lastUsed = 0
  /** Of the last block, with the frame's length. */
  #reservedBytes = 0

  constructor(bytesMax: number, blockBytesMax: number) {
    this.bytesMax = bytesMax
    this.#blockBytesMax = blockBytesMax
  }

  push(frame: Uint8Array): boolean {
    const size = framedSize(frame)
    if (this.bytes + size > this.bytesMax) return false
    const block = this.#roomFor(size)
    writeFramed(block.bytes, block.used, frame)
    this.#grown(block, size)
    return true
  }

  reserve(frameBytes: number): ByteWriter | undefined {
    const size = framedSize({ length: frameBytes })
    if (this.bytes + size > this.bytesMax) return undefined
    const block = this.#roomFor(size)
    writer.continue(block.bytes, writeLength(block.bytes, block.used, frameBytes))
    this.#reservedBytes = size
    return writer
  }

  commit(): void {
    const block = this.#blocks.at(-1)
    if (block !== undefined) this.#grown(block, this.#reservedBytes)
  }

  /** What leaves first. */
  get first(): Block | undefined {
    return this.#blocks[0]
  }

  /** Forgets what {@link first} is. */
  shift(): void {
    const block = this.#blocks.shift()
    if (block === undefined) return
    this.bytes -= block.used
    this.frames -= block.frames
    this.#lastUsed = block.used
  }

  #grown(block: Block, size: number): void {
    block.used += size
    block.frames++
    this.bytes += size
    this.frames++
  }

  /** The block that a frame of so many bytes, its length included, is written to: the last one, as long as it is no bundle. */
  #roomFor(size: number): Block {
    const last = this.#blocks.at(-1)
    if (last === undefined || last.used + size > this.#blockBytesMax) {
      const hint = Math.min(this.#blockBytesMax, Math.max(BLOCK_BYTES_MIN, this.#lastUsed))
      const block = { bytes: memory(Math.max(size, hint), this.#blockBytesMax), used: 0, frames: 0 }
      this.#blocks.push(block)
      return block
    }
    if (last.used + size > last.bytes.length) {
      const grown = memory(Math.min(this.#blockBytesMax, 2 * (last.used + size)), this.#blockBytesMax)
      grown.set(last.bytes.subarray(0, last.used))
      recycle(last.bytes, this.#blockBytesMax)
      last.bytes = grown
    }
    return last
  }
}

/**
 * Memory for so many bytes, of a size that others can use again: the next power of two. Not from Buffer's shared pool: a
 * bundle that waits on a slow socket would keep the whole pool alive.
 */
function memory(bytes: number, blockBytesMax: number): Uint8Array {
  if (bytes > blockBytesMax) return allocated(bytes)
  const size = Math.min(blockBytesMax, Math.max(BLOCK_BYTES_MIN, 2 ** Math.ceil(Math.log2(bytes))))
  const found = spare.get(size)?.pop()
  if (found === undefined) return allocated(size)
  spareBytes -= size
  leastSpareBytes = Math.min(leastSpareBytes, spareBytes)
  return found
}

/** Nobody looks at this memory any more. */
function recycle({ buffer }: Uint8Array, blockBytesMax: number): void {
  const size = buffer.byteLength
  if (size > blockBytesMax || spareBytes + size > SPARE_BYTES_MAX) return
  const bytes = unsafe?.from(buffer) ?? new Uint8Array(buffer)
  const others = spare.get(size)
  if (others === undefined) spare.set(size, [bytes])
  else others.push(bytes)
  spareBytes += size
  if (spareBytes > SPARE_BYTES_KEPT) lookAgain()
}

/** Gives back, after a while, what was not needed in it. */
function lookAgain(): void {
  if (isLookingAgain) return
  isLookingAgain = true
  idleTimeout(() => {
    isLookingAgain = false
    let excess = leastSpareBytes - SPARE_BYTES_KEPT
    for (const [size, blocks] of spare) {
      while (excess > 0 && blocks.length > 0) {
        blocks.pop()
        excess -= size
        spareBytes -= size
      }
    }
    leastSpareBytes = spareBytes
    if (spareBytes > SPARE_BYTES_KEPT) lookAgain()
  }, SPARE_MS)
}

/** The lanes of one link. */
export class Lanes {
  readonly #bundleBytesMax: number
  readonly #queues: Readonly<Record<Lane, LaneQueue>>

  /**
   * @param laneBytesMax what each lane may hold, in bytes on the wire
   * @param bundleBytesMax largest bundle of more than one frame, in bytes
   */
  constructor(laneBytesMax: PerLane, bundleBytesMax: number) {
    this.#bundleBytesMax = bundleBytesMax
    this.#queues = {
      control: new LaneQueue(laneBytesMax.control, bundleBytesMax),
      direct: new LaneQueue(laneBytesMax.direct, bundleBytesMax),
      broadcast: new LaneQueue(laneBytesMax.broadcast, bundleBytesMax),
    }
  }

  /** Bytes that wait, per lane. */
  get queuedBytes(): PerLane {
    const { control, direct, broadcast } = this.#queues
    return { control: control.bytes, direct: direct.bytes, broadcast: broadcast.bytes }
  }

  /** Bytes that wait on all lanes. */
  get bytes(): number {
    const { control, direct, broadcast } = this.#queues
    return control.bytes + direct.bytes + broadcast.bytes
  }

  /** Whether more than half of what a lane may hold waits on it. */
  isHalfFull(lane: Lane): boolean {
    const { bytes, bytesMax } = this.#queues[lane]
    return bytes * 2 > bytesMax
  }

  /** Frames that wait on all lanes. */
  get queuedFrames(): number {
    const { control, direct, broadcast } = this.#queues
    return control.frames + direct.frames + broadcast.frames
  }

  /** The end of a lane, for writing frames to. A frame that would exceed the lane's limit has no room, and nothing changes. */
  end(lane: Lane): FrameTarget {
    return this.#queues[lane]
  }

  /**
   * Takes what leaves next: as many blocks as fit into a bundle, or one frame that is larger than a bundle alone.
   * `undefined` when nothing waits on `lanes` (all of them unless told). {@link recycle} takes the memory back.
   */
  take(lanes: readonly Lane[] = LANES): Bundle | undefined {
    const parts: Block[] = []
    let bytes = 0
    let frames = 0
    for (const lane of lanes) {
      const queue = this.#queues[lane]
      const part = queue.first
      if (part === undefined) continue
      // What does not fit must not be overtaken by a smaller frame of a later lane.
      if (bytes > 0 && bytes + part.used > this.#bundleBytesMax) break
      queue.shift()
      parts.push(part)
      bytes += part.used
      frames += part.frames
      if (queue.first !== undefined) break
    }
    const [part, ...others] = parts
    if (part === undefined) return undefined
    if (others.length === 0) return { bytes: part.bytes.subarray(0, bytes), frames }
    return { bytes: joined(parts, bytes, this.#bundleBytesMax), frames }
  }

  /** A bundle that was taken has left: nobody looks at its bytes any more. */
  recycle({ bytes }: Bundle): void {
    recycle(bytes, this.#bundleBytesMax)
  }

  /** Forgets everything that waits and says how many frames that was. */
  clear(): number {
    const dropped = this.queuedFrames
    for (const lane of LANES) while (this.#queues[lane].first !== undefined) this.#queues[lane].shift()
    return dropped
  }
}

/** Blocks of several lanes behind each other. */
function joined(parts: readonly Block[], bytes: number, blockBytesMax: number): Uint8Array {
  const target = memory(bytes, blockBytesMax)
  let offset = 0
  for (const { bytes: from, used } of parts) {
    target.set(from.subarray(0, used), offset)
    offset += used
    recycle(from, blockBytesMax)
  }
  return target.subarray(0, bytes)
}
