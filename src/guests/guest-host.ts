// What line mode needs of a node: an interface and data, nothing else. The engine room implements it and calls
// `Guests.deliver` with what the node receives. This room must not know the overlay behind it.
//
// `send`, `broadcast` and `peers` fit the HTTP shim's host as well, so that one object can serve both.

import type { BroadcastAnswer, RequestAnswer, RequestFailed, SendAnswer, TraceAnswer } from '../answers.ts'
import type { LeaveReason } from '../core/messages.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { OverlayLine, WatchedLine } from './overlay-lines.ts'

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

/** How to send, or to ask. */
export interface Patience {
  /** Goes with the message, and is logged by every node on its way (W3C Trace Context, section 3.2); checked already. */
  readonly traceparent?: string
  /** When to give up, from now, in ms: 1 to `deadlineMaxMs` of core/config. Default: the node's. */
  readonly deadlineMs?: number
}

/** How to send to all. */
export interface SpreadOptions extends Patience {
  /** Whether to wait until all have it. Default false. */
  readonly receipts?: boolean
}

/** A subscription, or one sentence that says why there is none. */
export type GuestSubscription =
  | { readonly ok: true; readonly end: () => void }
  | { readonly ok: false; readonly error: string }

/** What was broadcast before, or why it did not come; then `messages` is what came all the same. */
export type GuestHistory =
  | { readonly status: 'complete'; readonly from: string; readonly messages: readonly ReceivedMessage[] }
  | (RequestFailed & { readonly messages: readonly ReceivedMessage[] })

/** A peer has come or gone. */
export type GuestPeerEvent =
  | {
      readonly event: 'peer-join'
      readonly name: string
      readonly kind: GuestPeer['kind']
      readonly url?: string
    }
  | {
      readonly event: 'peer-leave'
      readonly name: string
      readonly kind: GuestPeer['kind']
      readonly reason: LeaveReason
    }

/** Somebody watches the overlay. */
export interface OverlayWatch {
  /** All that is known, before the next line. */
  all(): OverlayLine
  /** No line comes any more. */
  end(): void
}

/** A node, as far as its guests see it. No promise of it rejects. */
export interface GuestHost {
  readonly name: string
  /** Sends to the node of this name, whose syntax is checked already; it may be this node itself. */
  send(to: string, message: GuestMessage, options: Patience): Promise<SendAnswer>
  /** Sends to all other nodes. */
  broadcast(message: GuestMessage, options: SpreadOptions): Promise<BroadcastAnswer>
  /** Sends to all who listen to this topic, whose syntax is checked already; this node included. */
  publish(topic: string, message: GuestMessage, options: SpreadOptions): Promise<BroadcastAnswer>
  /** Asks the program of the node of this name. */
  request(to: string, message: GuestMessage, options: Patience): Promise<RequestAnswer>
  /**
   * Has the node listen to the topics of a filter, whose syntax is checked already. `listener` is called for each message
   * of them, and never after `end`; all listeners of one message get the same object, one right after the other.
   */
  subscribe(filter: string, listener: (message: ReceivedMessage) => void): GuestSubscription
  /** What was broadcast before, of the topics of a filter, or without one of no topic. */
  history(filter: string | undefined, options: Patience): Promise<GuestHistory>
  /** Calls `listener` for each peer that comes or goes; the function returned ends that. */
  watch(listener: (event: GuestPeerEvent) => void): () => void
  /** Tells `listener` of the overlay as a whole, line by line, and never within this call. */
  watchOverlay(listener: (line: WatchedLine) => void): OverlayWatch
  /** Reachable peers without itself, in any order. */
  peers(): readonly GuestPeer[]
  /** Peers with a link, in any order. */
  neighbors(): readonly GuestNeighbor[]
  /** Finds out whether the node of this name answers, and how fast. */
  ping(to: string, options: Patience): Promise<SendAnswer>
  /** Finds the way to the node of this name. */
  trace(to: string, options: Patience): Promise<TraceAnswer>
  /** Finds the ways to all nodes: those that a broadcast takes, with receipts, that nobody is shown. */
  traceAll(options: Patience): Promise<BroadcastAnswer>
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
  /** Of a broadcast: which one it is, `origin/incarnation/sequence`. */
  readonly id?: string
  /** Of a broadcast about a topic. */
  readonly topic?: string
  /** It was broadcast before somebody asked for it. */
  readonly past?: true
  /** The id of the one guest that it is for. Absent: it is for the node, and every guest sees it. */
  readonly to?: string
}
