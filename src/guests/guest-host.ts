// What line mode needs of a node: an interface and data, nothing else. The engine room implements it and calls
// `Guests.deliver` with what the node receives. This room must not know the overlay behind it.
//
// `send`, `broadcast` and `peers` fit the HTTP shim's host as well, so that one object can serve both.

import type { BroadcastAnswer, SendAnswer, TraceAnswer } from '../answers.ts'
import type { JsonValue } from '../wire/payload.ts'

/** What a guest sends. */
export interface GuestMessage {
  /** The guest's address, such as `node8/guest-3f`. */
  readonly sender: string
  readonly msg: JsonValue
  /** For one guest of the destination only: its id, such as `guest-a1`. */
  readonly guest?: string
}

/** A peer as `/peers` lists it. */
export interface GuestPeer {
  readonly name: string
  /** Where it can be dialled. Absent: nowhere. */
  readonly url?: string
  /** `http`: takes messages by `POST /message` only. */
  readonly kind: 'node' | 'http'
  /** Links on the shortest way to it. Absent: not known. */
  readonly hops?: number
}

/** A neighbor as `/who` lists it. */
export interface GuestNeighbor {
  readonly name: string
  /** Round trip on the link, in ms. Absent: not measured yet. */
  readonly rttMs?: number
}

/** A node, as far as its guests see it. No promise of it rejects. */
export interface GuestHost {
  readonly name: string
  /**
   * Sends to the node of this name, whose syntax is checked already; it may be this node itself.
   * `deadlineMs`: when to give up, from now, 1 to `deadlineMaxMs` of core/config; default: the node's.
   */
  send(to: string, message: GuestMessage, options: { readonly deadlineMs?: number }): Promise<SendAnswer>
  /** Sends to all other nodes. */
  broadcast(message: GuestMessage): Promise<BroadcastAnswer>
  /** Reachable peers without itself, in any order. */
  peers(): readonly GuestPeer[]
  /** Peers with a link, in any order. */
  neighbors(): readonly GuestNeighbor[]
  /** Finds out whether the node of this name answers, and how fast. */
  ping(to: string): Promise<SendAnswer>
  /** Finds the way to the node of this name. Absent: not available. */
  trace?(to: string): Promise<TraceAnswer>
}

/** A message that the node received, for its guests to see. */
export interface ReceivedMessage {
  /** The node that sent it, or a label for what came by HTTP. */
  readonly from: string
  /** The label that the sender gave itself, when it differs from `from`; a guest's address, say. */
  readonly sender?: string
  readonly value: JsonValue | Uint8Array
  /** Whether it was sent to all. */
  readonly broadcast: boolean
  /** The id of the one guest that it is for. Absent: it is for the node, and every guest sees it. */
  readonly to?: string
}
