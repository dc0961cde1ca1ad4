// Broadcasts of this node that wait until its links have room for them: what a link refuses is only announced there, and
// nobody can fetch any more what the cache has let go by then. It must not know what is broadcast, nor how.
//
// Q1  they go out in the order in which they were made, each at once when none waits and there is room
// Q2  there is room while every link has room, and the core holds no more than `CORE_BYTES_MAX`: what waits there for the first
//     link, or was made in a listener and not worked off yet
// Q3  a link that has had no room and sent nothing for `STUCK_MS` is not waited for
// Q4  at most `BYTES_MAX` bytes wait

import type { LinkId } from '../core/messages.ts'
import type { NodeLinks, NodeTimers, NodeWorld } from './world.ts'

/** What the core may hold that is on no link yet: as much as a lane always takes when half of it is free. */
const CORE_BYTES_MAX = 1_048_576
/** What may wait: as much as on a link's lane for direct messages. */
const BYTES_MAX = 8_388_608
/** What one costs beside its payload, roughly. */
const ENTRY_BYTES = 256
/** How often it is looked whether there is room: half a lane takes longer. */
const LOOK_MS = 5
/** One that is slow sends again and again, the largest messages at 400 kB/s. Others are not kept waiting for one that does not. */
const STUCK_MS = 2_500

/** What is looked at of the links, and of time. */
export interface CastQueueParts {
  readonly links: Pick<NodeLinks, 'crowded'>
  readonly nowMs: NodeWorld['nowMs']
  readonly timers: Pick<NodeTimers, 'hasEnded' | 'wait'>
}

interface Cast {
  readonly bytes: number
  readonly go: () => void
}

/** What was seen of a link without room when it was looked at last. */
interface Seen {
  readonly sentBytes: number
  readonly sinceMs: number
}

/** See the head of the file. */
export class CastQueue {
  readonly #parts: CastQueueParts
  /** By the number that each has here, oldest first. */
  readonly #waiting = new Map<number, Cast>()
  /** The links that had no room, and since when they have sent nothing. */
  #crowded = new Map<LinkId, Seen>()
  #bytes = 0
  #coreBytes = 0
  #isLooking = false

  constructor(parts: CastQueueParts) {
    this.#parts = parts
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size
  }

  /**
   * Has one go out: now, or when there is room.
   * @param number nobody else's here. @param payloadBytes its size. @param go sends it; called at most once
   * @returns false when there is no place to wait: it does not go
   */
  add(number: number, payloadBytes: number, go: () => void): boolean {
    const bytes = payloadBytes + ENTRY_BYTES
    if (this.#waiting.size === 0 && this.#hasRoom(bytes)) {
      this.#let(bytes, go)
      return true
    }
    if (this.#bytes + bytes > BYTES_MAX) return false
    this.#waiting.set(number, { bytes, go })
    this.#bytes += bytes
    if (!this.#isLooking) void this.#look()
    return true
  }

  /** One that has gone out of here is on the links, or has failed. @param payloadBytes as it was added */
  settled(payloadBytes: number): void {
    this.#coreBytes -= payloadBytes + ENTRY_BYTES
  }

  /** Gives one up; false when it does not wait. */
  remove(number: number): boolean {
    const cast = this.#waiting.get(number)
    if (cast === undefined) return false
    this.#waiting.delete(number)
    this.#bytes -= cast.bytes
    return true
  }

  /** Nothing goes out any more; returns the numbers of those that waited. */
  end(): number[] {
    const numbers = [...this.#waiting.keys()]
    this.#waiting.clear()
    this.#bytes = 0
    return numbers
  }

  async #look(): Promise<void> {
    const { timers } = this.#parts
    this.#isLooking = true
    while (this.#waiting.size > 0 && !timers.hasEnded) {
      await timers.wait(LOOK_MS)
      for (const [number, { bytes, go }] of this.#waiting) {
        if (timers.hasEnded || !this.#hasRoom(bytes)) break
        this.remove(number)
        this.#let(bytes, go)
      }
    }
    this.#isLooking = false
  }

  #let(bytes: number, go: () => void): void {
    // Before it goes: it may be settled meanwhile.
    this.#coreBytes += bytes
    go()
  }

  #hasRoom(bytes: number): boolean {
    if (this.#coreBytes > 0 && this.#coreBytes + bytes > CORE_BYTES_MAX) return false
    const crowded = this.#parts.links.crowded()
    if (crowded.length === 0 && this.#crowded.size === 0) return true
    const nowMs = this.#parts.nowMs()
    const before = this.#crowded
    this.#crowded = new Map()
    let hasRoom = true
    for (const { link, sentBytes } of crowded) {
      const seen = before.get(link)
      const sinceMs = seen?.sentBytes === sentBytes ? seen.sinceMs : nowMs
      this.#crowded.set(link, { sentBytes, sinceMs })
      if (nowMs - sinceMs < STUCK_MS) hasRoom = false
    }
    return hasRoom
  }
}
