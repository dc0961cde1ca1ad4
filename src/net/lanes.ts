// The three queues of a link: what waits, in which order it leaves, and how much may wait (design 4.6).
// Joins waiting frames into bundles. It must not touch a socket, a clock or the inside of a frame.
//
// 1. Control leaves before direct before broadcast; within a lane, first in is first out.
// 2. A lane never holds more than its byte limit, the frame that is being added included.
// 3. `queuedBytes` is exactly the size that the waiting frames will have on the wire.

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

/** One lane: a queue whose front is an index, so that taking a frame costs the same however many wait. */
class LaneQueue {
  readonly bytesMax: number
  bytes = 0
  #frames: Uint8Array[] = []
  #front = 0

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
    this.#front += count
    this.bytes -= size
    if (this.#front === this.#frames.length) {
      this.#frames = []
      this.#front = 0
    } else if (this.#front >= 1024 && this.#front * 2 >= this.#frames.length) {
      // Half of the array is frames that have left: without this a lane that never runs empty would keep them all.
      this.#frames = this.#frames.slice(this.#front)
      this.#front = 0
    }
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
    let bytes = 0
    let frames = 0
    const counts = lanes.map((lane) => {
      const taken = this.#fit(this.#queues[lane], bytes)
      bytes += taken.bytes
      frames += taken.frames
      return taken
    })
    if (frames === 0) return undefined
    // Not from Buffer's shared pool: a bundle that waits on a slow socket would keep the whole pool alive.
    const target = Buffer.allocUnsafeSlow(bytes)
    let offset = 0
    for (const [index, lane] of lanes.entries()) {
      const queue = this.#queues[lane]
      const taken = counts[index]
      if (taken === undefined || taken.frames === 0) continue
      for (let place = 0; place < taken.frames; place++) {
        offset = writeFramed(target, offset, queue.at(place) as Uint8Array)
      }
      queue.shift(taken.frames, taken.bytes)
    }
    return { bytes: target, frames }
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
