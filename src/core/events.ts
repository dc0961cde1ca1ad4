// What goes into the core and what comes out of it: the whole interface between the protocol and the world.
// Data only. Whoever drives the core (a real node, the simulator, a test) feeds inputs and carries out effects,
// in order; the core calls nobody but whom it was given to ask, to time or to tell of a look (overlay.ts), once and at once.

import type { Contact, LeaveReason, LinkId, Message, NodeName, PeerRecord } from './messages.ts'
import type { Reason, SendFailure } from './reasons.ts'

/** The order in which a link sends what waits: control before direct before broadcast (design 4.6). */
export type Lane = 'control' | 'direct' | 'broadcast'

/** Something that happened. */
export type Input =
  /** First input, once: the node runs. */
  | { readonly type: 'start' }
  /** Someone named peers that can be dialled (the bootstrap, the configuration). */
  | { readonly type: 'contacts'; readonly contacts: readonly (Contact | { readonly url: string })[] }
  /**
   * What kept this node from others is over: its process stood still, or had no network. Addresses that wait after failed
   * dials wait no more.
   */
  | { readonly type: 'awake' }
  /**
   * The node's process is about to stand still, and may never go on: the node leaves as with `leave`, but for what waits
   * for a link, which goes on waiting, and may come back. What is in flight fails with `expired`.
   */
  | { readonly type: 'away' }
  /**
   * It is back: it goes on as a run that has just started, under this incarnation or the next one above its own. The wall
   * clock in ms since 1970, as at a start: above that of each run that was started meanwhile. Without `away` before it
   * as `awake`.
   */
  | { readonly type: 'back'; readonly incarnation: number }
  /** A connection is up, not yet known whose. `dialed`: the URL of our dial; absent when the other end dialled. */
  | { readonly type: 'link-open'; readonly link: LinkId; readonly dialed?: string }
  /** A connection is gone, by whichever end. Given exactly once per link, also after a `close` effect. */
  | { readonly type: 'link-closed'; readonly link: LinkId; readonly reason: Reason }
  /** A dial came to nothing. */
  | { readonly type: 'dial-failed'; readonly url: string }
  /** What one WebSocket message carried, in order. The messages belong to the core from now on. */
  | { readonly type: 'received'; readonly link: LinkId; readonly messages: readonly Message[] }
  /** A link had no room for a message of a `send` effect. */
  | { readonly type: 'send-refused'; readonly link: LinkId; readonly message: Message }
  /**
   * A timer that the core asked for has run out. A stale one is a no-op. `lateMs`: how much later than asked for it comes,
   * because the process was busy or stood still; absent: it is on time.
   */
  | { readonly type: 'timer'; readonly timer: Timer; readonly lateMs?: number }
  /** The application sends. `id` is the caller's, and comes back once with the outcome. */
  | {
      readonly type: 'send'
      readonly id: number
      readonly to: NodeName
      readonly payload: Uint8Array
      /** From now; the default is the configuration's `deadlineMs`. */
      readonly deadlineMs?: number
    }
  /** The application no longer wants a send: it fails with `cancelled`, unless it has ended. */
  | { readonly type: 'cancel'; readonly id: number }
  /** What the node says of itself from now on: its record has it, and goes to everybody. */
  | { readonly type: 'profile'; readonly profile: Profile }
  /** The application gives up a broadcast that still waits for the first link: it fails with this reason. */
  | { readonly type: 'withdraw'; readonly id: number; readonly reason: 'no-route' | 'cancelled' }
  /** The application broadcasts. */
  | { readonly type: 'broadcast'; readonly id: number; readonly payload: Uint8Array }
  /** The node leaves: tells everybody and closes its links. Nothing is accepted after it. */
  | { readonly type: 'leave' }

/** What the application has a node say of itself, beside what the protocol does. */
export interface Profile {
  readonly tags: readonly string[]
  readonly topics: readonly string[]
}

/** A timer is a value. It cannot be cancelled: a `token` that is no longer current makes it a no-op. */
export type Timer =
  | { readonly kind: 'hello'; readonly link: LinkId }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'links'; readonly token: number }
  | { readonly kind: 'publish'; readonly token: number }
  | { readonly kind: 'reachability'; readonly token: number }
  | { readonly kind: 'routes'; readonly token: number }
  | { readonly kind: 'directory'; readonly token: number }
  | { readonly kind: 'coalesce'; readonly token: number }
  | { readonly kind: 'announce'; readonly token: number }
  | { readonly kind: 'graft'; readonly token: number }
  | { readonly kind: 'delivery'; readonly token: number }

/** Something to be done, in the order given. */
export type Effect =
  /** Put one message on each of these links. A link that is gone is skipped; one without room gives `send-refused`. */
  | {
      readonly type: 'send'
      readonly links: readonly LinkId[]
      readonly message: Message
      readonly lane: Lane
    }
  /** Open a connection; ends in `link-open` or `dial-failed`, exactly one of them. */
  | { readonly type: 'dial'; readonly url: string }
  /** Send what waits on the control lane, then close with the reason's close code. */
  | { readonly type: 'close'; readonly link: LinkId; readonly reason: Reason }
  /** Give the timer back as an input after this time. */
  | { readonly type: 'timer'; readonly timer: Timer; readonly afterMs: number }
  /** Tell the application. */
  | { readonly type: 'notify'; readonly notification: Notification }

/** How a send ended. */
export type Outcome =
  | { readonly status: 'delivered'; readonly hops: number; readonly rttMs: number }
  | { readonly status: 'failed'; readonly reason: SendFailure; readonly at: NodeName }

/** Which message of its origin a direct one is: what travels has the same. No other message of that origin has all three. */
export interface SentAs {
  readonly destination: NodeName
  /** The run of the origin. */
  readonly incarnation: number
  readonly sequence: number
}

/** Something that the application or an operator wants to know. */
export type Notification =
  /** A message for this node. `broadcast` tells how it came. */
  | {
      readonly type: 'message'
      readonly from: NodeName
      readonly payload: Uint8Array
      readonly hops: number
      readonly broadcast: boolean
      /** Of a broadcast: which one it is, and the neighbor that it came from first. */
      readonly spread?: {
        readonly incarnation: number
        readonly sequence: number
        readonly via: NodeName
      }
    }
  /** The end of a send, and as what it has gone out last; `undefined`: it has not. Exactly one per `send` input. */
  | {
      readonly type: 'outcome'
      readonly id: number
      readonly outcome: Outcome
      readonly sentAs: SentAs | undefined
    }
  /** The broadcast has gone out to this many neighbors, or failed. Exactly one per `broadcast` input. */
  | ({ readonly type: 'broadcast-sent'; readonly id: number; readonly neighbors: number } & (
      | {
          /** The run of the node that it was sent as, and its number there. */
          readonly sentAs: { readonly incarnation: number; readonly sequence: number }
          readonly failure?: undefined
        }
      | { readonly failure: SendFailure; readonly sentAs?: undefined }
    ))
  /** A peer became reachable. */
  | { readonly type: 'peer-join'; readonly peer: PeerRecord }
  /** A peer that had joined is gone. */
  | { readonly type: 'peer-leave'; readonly name: NodeName; readonly reason: LeaveReason }
  /** A link with a neighbor is up. The first one makes the node ready. */
  | { readonly type: 'neighbor-up'; readonly name: NodeName; readonly link: LinkId }
  /** The link with a neighbor is gone. */
  | {
      readonly type: 'neighbor-down'
      readonly name: NodeName
      readonly link: LinkId
      readonly reason: Reason
    }
  /** Something was not used or not passed on. `link` is where it came from. */
  | { readonly type: 'drop'; readonly reason: Reason; readonly detail: string; readonly link?: LinkId }
  /** The node may not go on: another process has its name. */
  | { readonly type: 'stopped'; readonly reason: 'name-taken'; readonly detail: string }
  /** Everything that `leave` had to do is done. */
  | { readonly type: 'left' }
