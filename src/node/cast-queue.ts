// Broadcasts of this node that wait until its links have room for them: what a link refuses is only announced there, and
// nobody can fetch any more what the cache has let go by then. It must not know what is broadcast, nor how.
//
// Q1  they go out in the order in which they were made, each at once when none waits and there is room
// Q2  there is room while every link has room; a link that has had none for `STUCK_MS` without a break is not waited for
// Q3  at most `BYTES_MAX` bytes wait

import type { LinkId } from '../core/messages.ts'
import type { NodeLinks, NodeTimers, NodeWorld } from './world.ts'

/** What may wait: as much as on a link's lane for direct messages. */
const BYTES_MAX = 8_388_608
/** What one costs beside its payload, roughly. */
const ENTRY_BYTES = 256
/** How often it is looked whether there is room: half a lane takes longer. */
const LOOK_MS = 5
/** One that is only slow has room again and again. Others are not kept waiting for one that takes nothing. */
const STUCK_MS = 1_000

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

/** See the head of the file. */
export class CastQueue {
  readonly #parts: CastQueueParts
  /** By the number that each has here, oldest first. */
  readonly #waiting = new Map<number, Cast>()
  /** Since when a link has had no room. */
  #fullSinceMs = new Map<LinkId, number>()
  #bytes = 0
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
    if (this.#waiting.size === 0 && this.#hasRoom()) {
      go()
      return true
    }
    const bytes = payloadBytes + ENTRY_BYTES
    if (this.#bytes + bytes > BYTES_MAX) return false
    this.#waiting.set(number, { bytes, go })
    this.#bytes += bytes
    if (!this.#isLooking) void this.#look()
    return true
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
      for (const [number, { go }] of this.#waiting) {
        if (timers.hasEnded || !this.#hasRoom()) break
        this.remove(number)
        go()
      }
    }
    this.#isLooking = false
  }

  #hasRoom(): boolean {
    const crowded = this.#parts.links.crowded()
    if (crowded.length === 0) {
      if (this.#fullSinceMs.size > 0) this.#fullSinceMs = new Map()
      return true
    }
    const nowMs = this.#parts.nowMs()
    this.#fullSinceMs = new Map(crowded.map((link) => [link, this.#fullSinceMs.get(link) ?? nowMs]))
    for (const sinceMs of this.#fullSinceMs.values()) if (nowMs - sinceMs < STUCK_MS) return false
    return true
  }
}
