// Counts what nodes receive: control bytes by what the frames are, and the frames that carried a broadcast's payload.
// It must not look at anything but frames.

import type { Message } from '../core/messages.ts'
import { idOf } from './ledger.ts'

/** What frames are called that carry what applications send. */
const PAYLOAD = 'payload'
/** Everything that is exchanged with the bootstrap. */
const RENDEZVOUS = 'bootstrap'

/** See the head of the file. */
export class Meter {
  readonly #bytes = new Map<string, number>()
  readonly #payloadFrames = new Map<number, number>()

  /** A frame has arrived. */
  frame(from: string, to: string, message: Message, bytes: number): void {
    const kind = from === 'bootstrap' || to === 'bootstrap' ? RENDEZVOUS : kindOf(message)
    this.#bytes.set(kind, (this.#bytes.get(kind) ?? 0) + bytes)
    if (message.type !== 'gossip' || message.kind !== 'payload') return
    const id = idOf(message.payload)
    this.#payloadFrames.set(id, (this.#payloadFrames.get(id) ?? 0) + 1)
  }

  /** Frames that carried a broadcast. @param id in its payload. */
  payloadFrames(id: number): number {
    return this.#payloadFrames.get(id) ?? 0
  }

  /** Bytes of all frames but payloads so far, by what they are; a snapshot. */
  controlBytes(): Map<string, number> {
    return new Map([...this.#bytes].filter(([kind]) => kind !== PAYLOAD))
  }
}

/** What was counted between two snapshots. */
export function bytesBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Map<string, number> {
  return new Map([...after].map(([kind, bytes]) => [kind, bytes - (before.get(kind) ?? 0)]))
}

function kindOf(message: Message): string {
  if (message.type === 'gossip') return message.kind === 'record' ? 'record' : PAYLOAD
  return message.type === 'direct' ? PAYLOAD : message.type
}
