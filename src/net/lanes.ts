// The three queues of a link: what waits, in which order it leaves, and how much may wait (design 4.6).
// Joins waiting frames into bundles. It must not touch a socket, a clock or the inside of a frame.
//
// 1. Control leaves before direct before broadcast; within a lane, first in is first out.
// 2. A lane never holds more than its byte limit, the frame that is being added included.
// 3. `queuedBytes` is exactly the size that the waiting frames will have on the wire.
// 4. What waits longer than a turn keeps nobody else's memory alive (`adopt`): the byte limits bound the memory too.

import type { Lane } from '../core/events.ts'
import { framedSize, writeFramed } from '../wire/bundle.ts'

/** The lanes, in the order in which they are emptied. */
export const LANES: readonly Lane[] = ['control', 'direct', 'broadcast']

/** A number per lane. */
export type PerLane = Readonly<Record<Lane, number>>

/** What leaves as one WebSocket message. */
export interface Bundle {
  readonly bytes: Uint8Array
  readonly frames: number
}

/** Memory into which waiting frames are copied, side by side. */
const SLAB_BYTES = 16_384

const NOTHING = new Uint8Array(0)

/** One lane: a queue whose front is an index, so that taking a frame costs the same however many wait. */
class LaneQueue {
  readonly bytesMax: number
  bytes = 0
  #frames: Uint8Array[] = []
  #front = 0
  /** Frames before this index have been adopted. */
  #adopted = 0
  #slab = NOTHING
  #slabUsed = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get frames(): number {
    return this.#frames.length - this.#front
  }

  push(frame: Uint8Array, size: number): void {
    this.#frames.push(frame)
    this.bytes += size
  }

  /** The frame that waits at this place, counted from the front. */
  at(index: number): Uint8Array | undefined {
    return this.#frames[this.#front + index]
  }

  /** Forgets the first `count` frames, which are `size` bytes on the wire. */
  shift(count: number, size: number): void {
    this.bytes -= size
    const front = this.#front + count
    if (front === this.#frames.length) {
      this.#frames = []
      this.#front = 0
      this.#adopted = 0
      this.#slab = NOTHING
      this.#slabUsed = 0
      return
    }
    this.#frames.fill(NOTHING, this.#front, front)
    this.#front = front
    this.#adopted = Math.max(this.#adopted, front)
    // Half of the array is places of frames that have left: a lane that never runs empty would grow for ever.
    if (front >= 1024 && front * 2 >= this.#frames.length) {
      this.#frames = this.#frames.slice(front)
      this.#adopted -= front
      this.#front = 0
    }
  }

  /** See {@link Lanes.adopt}. */
  adopt(): void {
    for (; this.#adopted < this.#frames.length; this.#adopted++) {
      const frame = this.#frames[this.#adopted] as Uint8Array
      // A frame that is most of its own memory can stay where it is.
      if (frame.length * 2 >= frame.buffer.byteLength) continue
      this.#frames[this.#adopted] = this.#copy(frame)
    }
  }

  #copy(frame: Uint8Array): Uint8Array {
    if (frame.length > SLAB_BYTES / 4) return Uint8Array.prototype.slice.call(frame)
    if (this.#slabUsed + frame.length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#slabUsed = 0
    }
    this.#slab.set(frame, this.#slabUsed)
    const copy = this.#slab.subarray(this.#slabUsed, this.#slabUsed + frame.length)
    this.#slabUsed += frame.length
    return copy
  }
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
      control: new LaneQueue(laneBytesMax.control),
      direct: new LaneQueue(laneBytesMax.direct),
      broadcast: new LaneQueue(laneBytesMax.broadcast),
    }
  }

  /** Bytes that wait, per lane. */
  get queuedBytes(): PerLane {
    const { control, direct, broadcast } = this.#queues
    return { control: control.bytes, direct: direct.bytes, broadcast: broadcast.bytes }
  }

  /** Frames that wait on all lanes. */
  get queuedFrames(): number {
    const { control, direct, broadcast } = this.#queues
    return control.frames + direct.frames + broadcast.frames
  }

  /** Puts a frame at the end of a lane. False, and nothing changes, when it would exceed the lane's limit. */
  push(lane: Lane, frame: Uint8Array): boolean {
    const queue = this.#queues[lane]
    const size = framedSize(frame)
    if (queue.bytes + size > queue.bytesMax) return false
    queue.push(frame, size)
    return true
  }

  /**
   * Takes what leaves next: as many frames as fit into a bundle, or one frame that is larger than a bundle alone.
   * `undefined` when nothing waits on `lanes` (all of them unless told).
   */
  take(lanes: readonly Lane[] = LANES): Bundle | undefined {
    const parts: { readonly queue: LaneQueue; readonly frames: number; readonly bytes: number }[] = []
    let bytes = 0
    let frames = 0
    for (const lane of lanes) {
      const queue = this.#queues[lane]
      const part = this.#fit(queue, bytes)
      if (part.frames > 0) parts.push({ queue, ...part })
      bytes += part.bytes
      frames += part.frames
      // What did not fit must not be overtaken by a smaller frame of a later lane.
      if (part.frames < queue.frames) break
    }
    if (frames === 0) return undefined
    // Not from Buffer's shared pool: a bundle that waits on a slow socket would keep the whole pool alive.
    const target = Buffer.allocUnsafeSlow(bytes)
    let offset = 0
    for (const part of parts) {
      for (let place = 0; place < part.frames; place++) {
        offset = writeFramed(target, offset, part.queue.at(place) as Uint8Array)
      }
      part.queue.shift(part.frames, part.bytes)
    }
    return { bytes: target, frames }
  }

  /**
   * Copies the frames that wait and have not been copied yet. To be called when a turn ends with something left: a
   * relayed frame is a view into what was read from another link, and 100 bytes of it would keep 64 KiB alive.
   */
  adopt(): void {
    for (const lane of LANES) this.#queues[lane].adopt()
  }

  /** Forgets everything that waits and says how many frames that was. */
  clear(): number {
    const dropped = this.queuedFrames
    for (const lane of LANES) {
      const queue = this.#queues[lane]
      queue.shift(queue.frames, queue.bytes)
    }
    return dropped
  }

  /** How much from the front of a queue fits behind the `bytes` that the bundle already has. */
  #fit(queue: LaneQueue, bytes: number): { frames: number; bytes: number } {
    if (bytes + queue.bytes <= this.#bundleBytesMax) return { frames: queue.frames, bytes: queue.bytes }
    let frames = 0
    let size = 0
    for (let frame = queue.at(0); frame !== undefined; frame = queue.at(frames)) {
      const next = framedSize(frame)
      const full = bytes + size + next > this.#bundleBytesMax
      if (full && bytes + size > 0) break
      frames++
      size += next
      if (full) break
    }
    return { frames, bytes: size }
  }
}
