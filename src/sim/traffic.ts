// Counts what is sent, by the type of the message.
// It must not know where it went.

import type { Message } from '../core/messages.ts'
import { FRAME_TYPES } from '../wire/frames.ts'

/** How much of one kind. Bytes are those of frames with their length prefix: what WebSocket messages carry. */
export interface Amount {
  readonly frames: number
  readonly bytes: number
}

type SentType = keyof typeof FRAME_TYPES

const TYPES = Object.keys(FRAME_TYPES) as SentType[]
const CODES_END = Math.max(...Object.values(FRAME_TYPES)) + 1

/** The number that stands for a message's type in {@link Traffic.count}. */
export function typeCode(message: Message): number {
  return message.type === 'unknown' ? message.code : FRAME_TYPES[message.type]
}

/** See the head of the file. */
export class Traffic {
  /** Frames and bytes of each type, side by side: counting touches memory in one place. */
  readonly #counts = new Float64Array(2 * CODES_END)
  /** WebSocket messages. */
  bundles = 0

  /** @param code see {@link typeCode}. */
  count(code: number, bytes: number): void {
    const at = 2 * code
    this.#counts[at] = (this.#counts[at] as number) + 1
    this.#counts[at + 1] = (this.#counts[at + 1] as number) + bytes
  }

  /** Of one type. */
  of(type: SentType): Amount {
    const at = 2 * FRAME_TYPES[type]
    return { frames: this.#counts[at] as number, bytes: this.#counts[at + 1] as number }
  }

  /** Of each type of which there was any; a snapshot. */
  byType(): Map<SentType, Amount> {
    return new Map(TYPES.map((type) => [type, this.of(type)] as const).filter(([, { frames }]) => frames > 0))
  }

  /** Of all types together. */
  total(): Amount {
    let frames = 0
    let bytes = 0
    for (const type of TYPES) {
      const amount = this.of(type)
      frames += amount.frames
      bytes += amount.bytes
    }
    return { frames, bytes }
  }
}
