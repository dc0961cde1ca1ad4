// What programs and guests say, put into payloads and taken out again. The headers that hearsay itself uses:
// `sender`, a label beside the node's name; `guest`, the one guest of the destination that is meant; `ping`, a message
// that is for nobody: only its acknowledgement counts.

import type { Notification } from '../core/events.ts'
import { decodePayload, encodePayload, type JsonValue } from '../wire/payload.ts'
import { HearsayError } from './errors.ts'
import type { NodeMessage } from './events.ts'

/** Headers of one message. */
export interface EnvelopeHeaders {
  readonly sender?: string
  readonly guest?: string
  readonly ping?: string
}

/** What came in. */
export type Opened =
  | { readonly kind: 'message'; readonly message: NodeMessage }
  | { readonly kind: 'for-guest'; readonly message: NodeMessage; readonly guest: string }
  | { readonly kind: 'ping' }
  | { readonly kind: 'broken'; readonly detail: string }

/** @throws HearsayError `invalid-payload` for what neither bytes nor JSON can say */
export function seal(value: JsonValue | Uint8Array, headers: EnvelopeHeaders): Uint8Array {
  try {
    return encodePayload(value, isEmpty(headers) ? undefined : { ...headers })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new HearsayError('invalid-payload', text, { cause: error })
  }
}

/** Reads a message of the overlay. Never throws. */
export function open(notification: Extract<Notification, { type: 'message' }>): Opened {
  const { from, payload, hops, broadcast } = notification
  const decoded = decodePayload(payload)
  if (!decoded.ok) return { kind: 'broken', detail: `payload of ${from}: ${decoded.detail}` }
  const { sender, guest, ping } = decoded.headers ?? {}
  if (ping !== undefined) return { kind: 'ping' }
  const message: NodeMessage = {
    from,
    value: ownCopy(decoded.value),
    hops,
    broadcast,
    via: 'overlay',
    ...(sender === undefined ? {} : { sender }),
  }
  return guest === undefined ? { kind: 'message', message } : { kind: 'for-guest', message, guest }
}

/** Bytes are a view of what was received, which may have to be relayed as it is: the program gets bytes of its own. */
function ownCopy(value: JsonValue | Uint8Array): JsonValue | Uint8Array {
  return value instanceof Uint8Array ? new Uint8Array(value) : value
}

function isEmpty(headers: object): boolean {
  for (const _ in headers) return false
  return true
}
