// The three lanes of one direction of a link, as net/lanes has them: what waits, in which order it leaves, and how much
// may wait (design 4.6). A model of its own and not that file, because it has to hold messages too when nothing is
// encoded, and because nearly all of a simulation's thousands of lanes are empty nearly all of the time.
// It must not know time, nor the inside of a frame.
//
// 1. Control leaves before direct before broadcast; within a lane, first in is first out.
// 2. A lane never holds more than its byte limit, the parcel that is being added included.

import type { Lane } from '../core/events.ts'
import type { Parcel } from './parcel.ts'

const LANES: readonly Lane[] = ['control', 'direct', 'broadcast']

interface LaneQueue {
  parcels: Parcel[]
  bytes: number
}

/** See the head of the file. */
export class Outbox {
  readonly #laneBytesMax: Readonly<Record<Lane, number>>
  readonly #lanes: Record<Lane, LaneQueue> = {
    control: { parcels: [], bytes: 0 },
    direct: { parcels: [], bytes: 0 },
    broadcast: { parcels: [], bytes: 0 },
  }
  #bytes = 0

  constructor(laneBytesMax: Readonly<Record<Lane, number>>) {
    this.#laneBytesMax = laneBytesMax
  }

  /** Bytes that wait on all lanes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether more than half of what a lane may hold waits on it. */
  isHalfFull(lane: Lane): boolean {
    return this.#lanes[lane].bytes * 2 > this.#laneBytesMax[lane]
  }

  /** Puts a parcel at the end of a lane; false, and nothing changes, when it would exceed the lane's limit. */
  push(lane: Lane, parcel: Parcel): boolean {
    const queue = this.#lanes[lane]
    if (queue.bytes + parcel.bytes > this.#laneBytesMax[lane]) return false
    queue.parcels.push(parcel)
    queue.bytes += parcel.bytes
    this.#bytes += parcel.bytes
    return true
  }

  /**
   * Takes what leaves next: as many parcels as fit into a bundle of this size, or one that is larger than that alone.
   * Nothing when nothing waits on `lanes`.
   */
  take(bundleBytesMax: number, lanes: readonly Lane[] = LANES): Parcel[] {
    const taken: Parcel[] = []
    let bytes = 0
    for (const lane of lanes) {
      const queue = this.#lanes[lane]
      if (queue.bytes === 0) continue
      let count = 0
      for (const parcel of queue.parcels) {
        if (bytes > 0 && bytes + parcel.bytes > bundleBytesMax) break
        bytes += parcel.bytes
        queue.bytes -= parcel.bytes
        taken.push(parcel)
        count++
      }
      // What did not fit must not be overtaken by a smaller frame of a later lane.
      if (count < queue.parcels.length) {
        queue.parcels = queue.parcels.slice(count)
        break
      }
      queue.parcels = []
    }
    this.#bytes -= bytes
    return taken
  }
}
