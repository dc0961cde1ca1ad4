// Where a node runs: everything that it needs of the place around it, as one small interface. The production world
// (sockets-world) has sockets, a real clock and the event loop; the test kit has a simulated network and virtual time.
// Types only. A world must not know what a message means, nor decide anything that the core decides.

import type { Effect, Input, Timer } from '../core/events.ts'
import type { Contact, Hello, LinkId, ListedPeer } from '../core/messages.ts'
import type { Identity, Look, Overlay } from '../core/overlay.ts'
import type { Reason, SendFailure } from '../core/reasons.ts'
import type { ReceivedMessage } from '../guests/guest-host.ts'
import type { NodeHost } from '../http/node-host.ts'
import type { MetricsPage } from '../metrics/metric.ts'
import type { ListenerStats } from '../net/listener-stats.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { Conversation } from './conversation.ts'
import type { PeerInfo } from './events.ts'
import type { Node } from './node.ts'
import type { ByReason, LinkTraffic, NodeStats } from './stats.ts'

/** Which run of a node this is. */
export interface Run {
  /** Larger than at the last start of the node: the wall clock, in ms since 1970. */
  readonly incarnation: number
  /** Random text that no other run has. */
  readonly instance: string
  /** Of everything random that the core does: a whole number from 0 to 2^48 - 1. */
  readonly seed: number
}

/** The surroundings of one run of one node. */
export interface NodeWorld {
  readonly run: Run
  /** How others get at the node. Nobody is let in before they are opened. */
  readonly doors: NodeDoors
  /** A clock that never goes back, in ms; fractions are fine. */
  nowMs(): number
  /** The clock that people go by, in whole ms since 1970: it may be set, and goes on while the machine sleeps. */
  wallMs(): number
  /**
   * @param expired called when a timer has run out, with how much later than asked for, in ms: 0 unless given. Never after
   * the end of the timers.
   */
  timers(expired: (timer: Timer, lateMs?: number) => void): NodeTimers
  /** @param events takes what happens on links; never called from within a call of the links but `send`. */
  links(events: LinkEvents): NodeLinks
  /** What an operator looks at. */
  meters(parts: MeteredParts): NodeMeters
  /** Records the core that is made with these; `undefined`: nobody wants it, or it cannot be done. @throws HearsayError `invalid-option` */
  record(made: { readonly identity: Identity; readonly seed: number }): Recorder | undefined
  readonly httpPeers: PlainHttpPeers
  /**
   * Every promise that the node gives to its program goes through here. The production world gives it back as it is;
   * one with virtual time lets time pass while the program waits. A rejection that the program ignores is nobody's error.
   */
  handOut<T>(promise: Promise<T>, call: HandedOutCall): Promise<T>
}

/** What posting a message came to. */
export type PostOutcome =
  | { readonly status: 'delivered'; readonly rttMs: number }
  | { readonly status: 'failed'; readonly reason: SendFailure; readonly detail: string }

/** How long to try. */
export interface Patience {
  readonly deadlineMs: number
  readonly signal: AbortSignal | undefined
  /** Goes with the request, as a header. */
  readonly traceparent?: string | undefined
}

/** The plain HTTP peers that the bootstraps have named, and the posts to them. */
export interface PlainHttpPeers {
  /** All of them. */
  readonly list: PeerInfo[]
  has(name: string): boolean
  /** Takes over who is registered now. What waits for one that is gone fails with `peer-left`. */
  replace(peers: readonly ListedPeer[]): void
  /** Whether one more post to this peer would be taken now; if not, it fails with `queue-full`. */
  hasRoom(name: string): boolean
  /** Posts one message, in its turn. Never rejects; `shutting-down` after the end. */
  post(
    name: string,
    message: { readonly sender: string; readonly msg: JsonValue | Uint8Array },
    patience: Patience,
  ): Promise<PostOutcome>
  /** Gets the page at the peer's URL: whether it answers, and how fast. Settles as {@link post} does. */
  ping(name: string, patience: Patience): Promise<PostOutcome>
  /** Breaks off what is under way; nothing is posted any more. */
  end(): void
}

/** What is measured of a node. */
export interface MeteredParts {
  readonly overlay: Overlay
  readonly links: Pick<NodeLinks, 'traffic'>
  readonly doors: Pick<NodeDoors, 'registered'>
  readonly stats: () => NodeStats
}

/** The instruments of one node. */
export interface NodeMeters {
  /** A heartbeat is due. */
  heartbeat(): void
  /** What Prometheus is answered. */
  page(): Promise<MetricsPage>
}

/** Keeps what goes into the core. */
export interface Recorder {
  /** An input is about to be worked off, and is not changed yet. */
  begins(nowMs: number, input: Input): void
  /** The program was asked whether it takes a message. */
  took(isTaken: boolean): void
  /** The input was worked off. */
  ends(effects: readonly Effect[]): void
  /** Somebody looked at ways, between inputs. */
  looked(look: Look): void
  /** The node is closed. */
  end(): void
}

/** The methods of a node that give promises. */
export type HandedOutCall =
  | 'ready'
  | 'settled'
  | 'send'
  | 'request'
  | 'broadcast'
  | 'publish'
  | 'history'
  | 'trace'
  | 'close'

/** The clock of one node. */
export interface NodeTimers {
  /** Whether {@link end} was called: nobody waits from then on. */
  readonly hasEnded: boolean
  /** Carries out a `timer` effect: gives the timer back after this time, never before. After the end it does nothing. */
  start(timer: Timer, afterMs: number): void
  /** Resolves after this time, 24 days at most, or at the end; at once when that has been. */
  wait(ms: number): Promise<void>
  /** Resolves after this time, also after the end. Nothing is kept running for it. */
  limit(ms: number): Promise<void>
  /** Stops all timers; who waits waits no more. */
  end(): void
}

/** What happens on the links of a node; each becomes an input of the core. */
export type LinkEvents = (
  event: Extract<Input, { type: 'link-open' | 'link-closed' | 'dial-failed' | 'received' | 'send-refused' }>,
) => void

/** A link on which much waits. */
export interface CrowdedLink {
  readonly link: LinkId
  /** Handed to the system since the link was opened. */
  readonly sentBytes: number
}

/** The open links of one node, by the numbers that the core knows them by. */
export interface NodeLinks {
  /** How many links have ended, by reason. */
  readonly ended: ByReason
  /** What the links have carried, and what waits. `undefined`: a world without bytes. */
  readonly traffic: LinkTraffic | undefined
  /** Bytes that have come on a link that is open; 0 in a world without bytes. */
  receivedBytes(id: LinkId): number
  /** Bytes that wait to be sent on a link that is open, what the system has taken over not included. */
  queuedBytes(id: LinkId): number
  /** The open links whose lane for broadcasts is more than half full: who makes more had better wait. */
  crowded(): readonly CrowdedLink[]
  /** Carries out a `dial` effect. */
  dial(url: string): void
  /** Carries out a `send` effect. */
  send(effect: Extract<Effect, { type: 'send' }>): void
  /** Carries out a `close` effect. */
  close(id: LinkId, reason: Reason): void
  /** Gives up what is being dialled, and resolves when no link is left. */
  end(): Promise<void>
}

/** How others get at a node, and how it makes itself known. */
export interface NodeDoors {
  /** The port listened on; `undefined`: none. */
  readonly port: number | undefined
  /** Counters of the port, if there is one. */
  readonly listenerStats: ListenerStats | undefined
  /** Requests that the HTTP shim refused by itself. */
  readonly httpRefused: number
  /** Whether a bootstrap has this node registered. */
  readonly registered: boolean
  /** Whether no bootstrap knows of any other node. */
  readonly isAlone: boolean
  /** Lets everybody in, and begins to register. Once. */
  open(handlers: DoorsHandlers): void
  /** Hands a message of the overlay to the guests; false: the guest whom it is for is not here. */
  deliver(message: ReceivedMessage): boolean
  /** Tells the bootstraps and the guests that the node leaves. */
  leave(): Promise<void>
  /** Stops listening. */
  close(): Promise<void>
}

/** How a message that came through a door is to be sent. */
interface DoorsOptions {
  readonly sender?: string
  readonly deadlineMs?: number
  readonly traceparent?: string
}

/** What a node is asked through its doors. */
export type DoorsHost = Omit<NodeHost, 'send' | 'request' | 'broadcast' | 'publish' | 'traceAll'> & {
  send(to: string, value: JsonValue, options: DoorsOptions): ReturnType<NodeHost['send']>
  request(to: string, value: JsonValue, options: DoorsOptions): ReturnType<NodeHost['request']>
  broadcast(
    value: JsonValue,
    options: DoorsOptions & { receipts?: boolean },
  ): ReturnType<NodeHost['broadcast']>
  publish(
    topic: string,
    value: JsonValue,
    options: DoorsOptions & { receipts?: boolean },
  ): ReturnType<NodeHost['publish']>
}

/** What comes in through the doors. Never called from within a call of them. */
export interface DoorsHandlers {
  readonly host: DoorsHost & Pick<Node, 'neighbors' | 'on' | 'peers'>
  /** What the node says and hears for its guests. */
  readonly conversation: Conversation
  readonly overlay: Overlay
  readonly hello: () => Hello
  readonly onContacts: (contacts: readonly Contact[]) => void
  /** All plain HTTP peers that are registered, whenever that has changed. */
  readonly onHttpPeers: (peers: readonly ListedPeer[]) => void
  /** A bootstrap refused this node's name before any had accepted it. */
  readonly onNameTaken: (detail: string) => void
  /** The place where the node runs stood still, or was without a network, and is back: what was lost can be found again. */
  readonly onAwake: () => void
  /** That place is about to stand still, and may never go on: this turn is the last one in which somebody can be told. */
  readonly onAway: () => void
  /** It goes on. */
  readonly onBack: () => void
}
