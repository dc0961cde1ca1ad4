// What goes into the registry and what comes out of it: the whole interface between the rendezvous and the world.
// Data only, in the manner of core/events: whoever drives the registry (the server, the simulator, a test) feeds
// inputs and carries out effects, in order.

import type { LeaveReason, LinkId, ListedPeer, Message, NodeName } from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'
import type { RegistrationRefusal } from '../http/node-host.ts'
import type { ChangeScope } from './changes.ts'

/** Something that happened. Links and watchers are numbered by one counter. */
export type RegistryInput =
  /** First input, once. */
  | { readonly type: 'start' }
  /** A `hearsay.1` connection came in. `from`: the other end's address, for people. */
  | { readonly type: 'link-open'; readonly link: LinkId; readonly from: string }
  /** A connection is gone, by whichever end. Allowed after a `close` effect, and then a no-op. */
  | { readonly type: 'link-closed'; readonly link: LinkId; readonly reason: Reason }
  /** What one WebSocket message carried, in order. */
  | { readonly type: 'received'; readonly link: LinkId; readonly messages: readonly Message[] }
  /** Someone connected in line mode. */
  | { readonly type: 'watcher-open'; readonly link: LinkId; readonly from: string }
  /** That connection is gone, by whichever end. */
  | { readonly type: 'watcher-closed'; readonly link: LinkId }
  /** A watcher wants to see the list, or the help line. */
  | { readonly type: 'watcher-asks'; readonly link: LinkId; readonly what: 'peers' | 'help' }
  /**
   * `POST /register` of a plain HTTP peer. `url`: where it is, `name`: what it calls itself, both unchecked.
   * Answered by an `answer` effect with the same `request`.
   */
  | { readonly type: 'register'; readonly request: number; readonly url: string; readonly name?: string }
  /** How a `poll` effect ended. */
  | { readonly type: 'polled'; readonly name: NodeName; readonly token: number; readonly alive: boolean }
  /** A timer that the registry asked for has run out. A stale one is a no-op. */
  | { readonly type: 'timer'; readonly timer: RegistryTimer }
  /** The bootstrap stops: everybody is told. Every later input is a no-op. */
  | { readonly type: 'stop' }

/** A timer is a value. It cannot be cancelled: one whose link, name or token is no longer current is a no-op. */
export type RegistryTimer =
  | { readonly kind: 'hello'; readonly link: LinkId }
  | { readonly kind: 'liveness' }
  | { readonly kind: 'push'; readonly scope: ChangeScope }
  | { readonly kind: 'probe'; readonly name: NodeName; readonly token: number }
  | { readonly kind: 'poll'; readonly name: NodeName; readonly token: number }

/** Something to be done, in the order given. */
export type RegistryEffect =
  /** Put one message on the control lane of each of these links; a link that is gone is skipped. */
  | { readonly type: 'send'; readonly links: readonly LinkId[]; readonly message: Message }
  /** Send what waits, then close with the reason's close code. `detail` is a text for people. */
  | { readonly type: 'close'; readonly link: LinkId; readonly reason: Reason; readonly detail?: string }
  /** Give the timer back as an input after this time. */
  | { readonly type: 'timer'; readonly timer: RegistryTimer; readonly afterMs: number }
  /** Show the event to each of these watchers. */
  | { readonly type: 'show'; readonly watchers: readonly LinkId[]; readonly event: WatcherEvent }
  /** Ask this peer `GET url`; ends in exactly one `polled`. */
  | { readonly type: 'poll'; readonly name: NodeName; readonly url: string; readonly token: number }
  /** The answer to a `register` input: exactly one for each. */
  | { readonly type: 'answer'; readonly request: number; readonly result: HttpRegistration }
  /** Tell the log and the counters. */
  | { readonly type: 'notify'; readonly notification: RegistryNotification }

/** How a `POST /register` ended. */
export type HttpRegistration =
  | { readonly status: 'registered'; readonly name: NodeName }
  | {
      readonly status: 'refused'
      readonly reason: RegistrationRefusal
      readonly detail: string
    }

/** Something that an operator wants to know. */
export type RegistryNotification =
  | { readonly type: 'peer-join'; readonly peer: ListedPeer }
  | { readonly type: 'peer-leave'; readonly name: NodeName; readonly reason: LeaveReason }
  /** A connection was closed, or a registration not accepted. `name`: as far as it is known. */
  | {
      readonly type: 'refused'
      readonly reason: Reason
      readonly detail: string
      readonly from: string
      readonly name?: NodeName
    }
  /** A frame was ignored. */
  | { readonly type: 'drop'; readonly reason: Reason; readonly detail: string; readonly from: string }

/** How many there are of everything. */
export interface RegistryCounts {
  readonly nodes: number
  readonly httpPeers: number
  readonly watchers: number
  /** Connections that have not said hello yet. */
  readonly hellosPending: number
  /** Connections that wait for a sign of life of the holder of their name. */
  readonly claims: number
}

/** A peer as people and scripts see it: the URL is one for curl. */
export interface WatchedPeer {
  readonly name: NodeName
  readonly kind: 'node' | 'http'
  /** `http://` or `https://`; absent: it cannot be dialled. */
  readonly url?: string
}

/** One JSON line for a watcher. A later `peer-join` of a listed name replaces what was said of it before. */
export type WatcherEvent =
  | { readonly event: 'help'; readonly text: string }
  | { readonly event: 'error'; readonly text: string }
  | { readonly event: 'snapshot'; readonly peers: readonly WatchedPeer[]; readonly registered: number }
  | ({ readonly event: 'peer-join' } & WatchedPeer)
  | { readonly event: 'peer-leave'; readonly name: NodeName; readonly reason: LeaveReason }
