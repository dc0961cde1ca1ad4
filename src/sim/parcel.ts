// What is put on links: a message, encoded once for however many links, and bundles of them.
// It must not know what a message means, nor how it gets to the other end.

import type { Message } from '../core/messages.ts'
import { decodeBundle, encodeBundle, framedSize, writeFramed } from '../wire/bundle.ts'
import { encodeFrame } from '../wire/encode.ts'
import { typeCode } from './traffic.ts'

/** One message on its way. The same parcel may wait on many links. */
export interface Parcel {
  readonly message: Message
  /** Absent without codec. */
  readonly frame: Uint8Array | undefined
  /** In a bundle, with its length prefix; without codec an estimate. */
  readonly bytes: number
  readonly code: number
}

/** A message to be sent. @param codec whether it is really encoded. */
export function parcelOf(message: Message, codec: boolean): Parcel {
  if (!codec) return { message, frame: undefined, bytes: roughBytes(message), code: typeCode(message) }
  const frame = encodeFrame(message)
  return { message, frame, bytes: framedSize(frame), code: frame[0] as number }
}

/** What one WebSocket message carries: bytes of its own, or without codec copies of the messages. */
export type Bundle = Uint8Array | Message[]

/** Memory of this size is made at once: bundles are small and many. */
const SLAB_BYTES = 16_384

/** Joins parcels to bundles. Nobody else has the bytes of one: a relay writes into those that it receives. */
export class Bundler {
  #slab = new Uint8Array(0)
  #used = 0

  /** @param parcels at least one, all of them with codec or all without. */
  bundleOf(parcels: readonly Parcel[]): Bundle {
    if (parcels[0]?.frame === undefined) return parcels.map(({ message }) => withoutRaw(message))
    return encodeBundle(parcels.map(({ frame }) => frame as Uint8Array))
  }

  /** As {@link bundleOf} of one parcel, which most bundles are. */
  bundleOfOne({ message, frame, bytes }: Parcel): Bundle {
    if (frame === undefined) return [withoutRaw(message)]
    if (bytes > SLAB_BYTES / 8) return encodeBundle([frame])
    if (this.#used + bytes > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }
    const bundle = new Uint8Array(this.#slab.buffer, this.#used, bytes)
    this.#used += bytes
    writeFramed(bundle, 0, frame)
    return bundle
  }
}

/** What the receiver reads. @throws Error when the codec does not read what it wrote. */
export function messagesOf(bundle: Bundle): Message[] {
  if (Array.isArray(bundle)) return bundle
  const { messages, error } = decodeBundle(bundle)
  if (error !== undefined) throw new Error(`the codec does not read what it wrote: ${error}`)
  return messages
}

/** As a decoder would give it; without `raw`, because there are no bytes that a relay could pass on. */
function withoutRaw(message: Message): Message {
  if (!('raw' in message) || message.raw === undefined) return { ...message }
  const { raw, ...rest } = message
  return rest
}

/** Near enough for lanes and bandwidth: names of 8 characters, records with 6 links. */
function roughBytes(message: Message): number {
  switch (message.type) {
    case 'gossip':
      return message.record === undefined ? 32 + message.payload.length : 180
    case 'direct':
      return 48 + message.payload.length
    case 'records':
      return 8 + 150 * message.records.length
    case 'digest':
      return 24 + 19 * message.entries.length
    case 'want':
      return 8 + 9 * message.names.length
    case 'hello':
      return 160
    case 'welcome':
      return 64 + 64 * message.contacts.length
    default:
      return 40
  }
}
