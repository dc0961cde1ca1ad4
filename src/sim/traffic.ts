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
  readonly #frames = new Float64Array(CODES_END)
  readonly #bytes = new Float64Array(CODES_END)
  /** WebSocket messages. */
  bundles = 0

  /** @param code see {@link typeCode}. */
  count(code: number, bytes: number): void {
    this.#frames[code] = (this.#frames[code] as number) + 1
    this.#bytes[code] = (this.#bytes[code] as number) + bytes
  }

  /** Of one type. */
  of(type: SentType): Amount {
    const code = FRAME_TYPES[type]
    return { frames: this.#frames[code] as number, bytes: this.#bytes[code] as number }
  }

  /** Of each type of which there was any; a snapshot. */
  byType(): Map<SentType, Amount> {
    return new Map(TYPES.map((type) => [type, this.of(type)] as const).filter(([, { frames }]) => frames > 0))
  }

  /** Of all types together. */
  total(): Amount {
    const sum = (numbers: Float64Array): number => numbers.reduce((total, number) => total + number, 0)
    return { frames: sum(this.#frames), bytes: sum(this.#bytes) }
  }
}
