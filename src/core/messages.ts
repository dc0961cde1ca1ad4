// The vocabulary of the protocol: branded ids and every message that two processes can exchange.
// Types and nothing else: bytes are wire/'s business, behaviour is the machines'.
//
// Words: design "node, link, neighbor, record, frame, origin, relay, hops"; IHave, graft and prune are Plumtree's
// (Leitão, Pereira, Rodrigues: Epidemic Broadcast Trees, SRDS 2007).

declare const brand: unique symbol

/** A node's name, unique in the overlay: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`. Made by {@link parseNodeName} only. */
export type NodeName = string & { readonly [brand]: 'NodeName' }

/** A link, numbered by the process that holds it. Never sent over the wire, never used again. */
export type LinkId = number & { readonly [brand]: 'LinkId' }

/** Longest node name, in characters. All of them are ASCII, so this is also its size in bytes. */
export const NODE_NAME_CHARS_MAX = 64

const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The name, or `undefined` when `text` breaks the syntax above. */
export function parseNodeName(text: string): NodeName | undefined {
  return NODE_NAME.test(text) ? (text as NodeName) : undefined
}

/** The version of the protocol that this code speaks, sent in every hello. */
export const PROTOCOL_VERSION = 1

/** What the process at the other end of a WebSocket is. */
export type Role = 'node' | 'bootstrap'

/**
 * The first frame in both directions: who is speaking. Nothing else is accepted before it. The end that dialled
 * sends it at once; the other end answers with its own when it accepts the link, and closes it with a reason when not.
 */
export interface Hello {
  readonly type: 'hello'
  /** {@link PROTOCOL_VERSION} of the sender. */
  readonly protocol: number
  readonly role: Role
  readonly name: NodeName
  /** Which run of the node: its start time in ms since 1970, raised above older ones of the same name. */
  readonly incarnation: number
  /** Random, made at each start of the process: tells two live processes of one name apart. */
  readonly instance: string
  /** Where the sender can be dialled, as a `ws://` or `wss://` URL. Absent: nowhere. */
  readonly url?: string
  /** True when the sender has no link at all: such a node must be accepted (HyParView's high priority). */
  readonly linkless: boolean
  /** Present when the sender takes the receiver for a bootstrap, and does not want a link. */
  readonly registers?: true
}

/**
 * Sent on every link each `heartbeatMs`, so silence means a dead link. Two numbers give the round trip without a
 * frame of their own (as RTCP's LSR and DLSR do, RFC 3550 section 6.4.1).
 */
export interface Heartbeat {
  readonly type: 'heartbeat'
  /** The sender's clock in µs, modulo 2^32. 0 is never sent. */
  readonly clock: number
  /** The last `clock` heard from the receiver; 0: none yet. */
  readonly echo: number
  /** How long ago that was, in µs; round trip = own clock now - echo - heldUs, modulo 2^32. */
  readonly heldUs: number
  /** {@link DirectoryHash} of the records that the sender can reach. */
  readonly hash: DirectoryHash
}

/** 64 bits as two unsigned 32-bit halves: the XOR of one hash per (name, incarnation, version). */
export interface DirectoryHash {
  readonly high: number
  readonly low: number
}

/** What a node says of itself. Only its owner makes new versions. */
export interface PeerRecord {
  readonly name: NodeName
  readonly incarnation: number
  readonly instance: string
  /** Counts up with each change within one incarnation, from 1. */
  readonly version: number
  readonly state: 'up' | 'leaving'
  readonly url?: string
  /** The neighbors, in the order in which the links came up. */
  readonly links: readonly NodeName[]
  /** What the node says that it is for; absent: nothing. */
  readonly tags?: readonly string[]
  /** The filters of the topics that it listens to; absent: none. */
  readonly topics?: readonly string[]
}

/** Records for the receiver's directory, outside the broadcast: an answer of the anti-entropy. */
export interface Records {
  readonly type: 'records'
  readonly records: readonly PeerRecord[]
}

/** One line of a {@link Digest}. */
export interface DigestEntry {
  readonly name: NodeName
  readonly incarnation: number
  readonly version: number
}

/**
 * All that the sender can reach between two names, so that the receiver sees what either lacks. Large directories
 * travel in several digests that follow each other without a gap.
 */
export interface Digest {
  readonly type: 'digest'
  /** The range begins behind this name (exclusive); '' is the beginning. */
  readonly after: string
  /** The range ends with this name (inclusive); '' is the end. */
  readonly upTo: string
  /** Sorted by name, each name within the range. */
  readonly entries: readonly DigestEntry[]
}

/** Asks for the records of these names: the answer to a digest that had newer ones. */
export interface Want {
  readonly type: 'want'
  readonly names: readonly NodeName[]
}

/** What a broadcast carries: an application payload, or a record of its origin. */
export type GossipKind = 'payload' | 'record'

/** A broadcast, pushed along a link. Its id is origin / incarnation / sequence. */
export interface Gossip {
  readonly type: 'gossip'
  readonly kind: GossipKind
  readonly hopsLeft: number
  /** Links travelled when it arrives: 1 at the origin's neighbors. */
  readonly hops: number
  readonly origin: NodeName
  readonly incarnation: number
  /** Counts the origin's broadcasts of this incarnation, from 1. */
  readonly sequence: number
  /** Not looked into by relays. For `kind: 'record'` absent: {@link Gossip.record} stands for it. */
  readonly payload: Uint8Array
  /** The decoded record of a broadcast with `kind: 'record'`. */
  readonly record?: PeerRecord
  /** The frame as it came, so that a relay passes on the same bytes. */
  readonly raw?: Uint8Array
}

/** Broadcasts of one origin that follow each other: `first` to `behindLast - 1`. */
export interface BroadcastRange {
  readonly kind: GossipKind
  readonly origin: NodeName
  readonly incarnation: number
  readonly first: number
  /** One past the last; equal to `first` when none is meant. */
  readonly behindLast: number
}

/** Broadcasts that the sender has and does not push on this link (Plumtree's IHave). */
export interface IHave {
  readonly type: 'ihave'
  readonly ranges: readonly AnnouncedRange[]
}

/** One line of an {@link IHave}. */
export interface AnnouncedRange extends BroadcastRange {
  /** Links that they will have travelled when the receiver gets them over this link. */
  readonly hops: number
}

/**
 * Asks for these broadcasts, and that those of their origins are pushed on this link from now on (Plumtree's GRAFT).
 * A range of none asks for the second only.
 */
export interface Graft {
  readonly type: 'graft'
  readonly ranges: readonly BroadcastRange[]
}

/**
 * Asks that what these origins broadcast is only announced on this link from now on (Plumtree's PRUNE); none: all but the
 * receiver itself, those included that it does not know yet.
 */
export interface Prune {
  readonly type: 'prune'
  readonly origins: readonly NodeName[]
}

/**
 * Asks which payloads the receiver still has that came there in the last `withinMs` before it sent its {@link Hello} on
 * this link, or since; the answer is an {@link IHave}.
 */
export interface CatchUp {
  readonly type: 'catch-up'
  /** Unsigned 32-bit number of ms. */
  readonly withinMs: number
}

/** What every message that is relayed hop by hop has in front. */
export interface Routed {
  readonly hopsLeft: number
  /** Links travelled when it arrives: 1 when origin and destination are neighbors. */
  readonly hops: number
  readonly destination: NodeName
  /** The incarnation that is meant; 0: whichever is there. */
  readonly destinationIncarnation: number
  readonly origin: NodeName
  readonly originIncarnation: number
  /** The frame as it came, so that a relay passes on the same bytes. */
  readonly raw?: Uint8Array
}

/** Application bytes for one node. */
export interface Direct extends Routed {
  readonly type: 'direct'
  /** Counts the origin's messages to this destination, from 1. */
  readonly sequence: number
  /** The lowest sequence that the origin has not settled yet; `sequence - floor` is at most 65,535. */
  readonly floor: number
  readonly payload: Uint8Array
}

/** Tells the origin of direct messages what became of them. Its own origin is their destination. */
export interface Ack extends Routed {
  readonly type: 'ack'
  /** Every sequence below this one was handed to the application, or given up by the sender. */
  readonly cumulative: number
  /** What is held above it: `[first, behindLast]`, ascending, without overlap. */
  readonly ranges: readonly (readonly [number, number])[]
  /** Links travelled by the messages over which `cumulative` has moved; by the one that came last when it has not. */
  readonly ackedHops: number
}

/** Tells the origin of a direct message that it went no further, and why. Its own origin is the node that says so. */
export interface Bounce extends Routed {
  readonly type: 'bounce'
  /** The close code of the reason (core/reasons): one number, one meaning. */
  readonly reasonCode: number
  /** Where the message was to go. */
  readonly failedDestination: NodeName
  readonly sequence: number
}

/** Someone whom the receiver can dial. */
export interface Contact {
  readonly name: NodeName
  readonly url: string
}

/** A member as the bootstrap lists it. `http`: it takes messages by `POST /message` only. */
export interface ListedPeer {
  readonly name: NodeName
  readonly kind: 'node' | 'http'
  readonly url?: string
}

/** The bootstrap's answer to a registration. */
export interface Welcome {
  readonly type: 'welcome'
  /** A random sample of registered nodes to dial, without the receiver. */
  readonly contacts: readonly Contact[]
  /** All plain HTTP peers: they are not in the overlay, so nobody else can name them. */
  readonly httpPeers: readonly ListedPeer[]
  /** How many nodes are registered, the receiver included. */
  readonly registered: number
}

/** Membership changes that the bootstrap pushes, several at once. */
export interface PeerEvents {
  readonly type: 'peer-events'
  readonly joined: readonly ListedPeer[]
  readonly left: readonly { readonly name: NodeName; readonly reason: LeaveReason }[]
  /** How many nodes are registered now, the receiver included; absent: it is as it was said last. */
  readonly registered?: number
}

/** Why a peer is gone: it said so, or nothing leads to it any more. */
export type LeaveReason = 'left' | 'unreachable'

/** A frame of a type that this version does not know. Ignored, and counted. */
export interface Unknown {
  readonly type: 'unknown'
  readonly code: number
}

export type RoutedMessage = Direct | Ack | Bounce
export type Message =
  | Hello
  | Heartbeat
  | Records
  | Digest
  | Want
  | Gossip
  | IHave
  | Graft
  | Prune
  | CatchUp
  | RoutedMessage
  | Welcome
  | PeerEvents
  | Unknown
