// What a guest is told who watches the overlay (`{"cmd":"watch","on":true}`): who is there, what each node says of itself,
// and the messages on their ways. The topology page is such a guest. Types only.
//
// Whatever does not get through to a guest in time is left out: what comes later has the newest state of it.

import type { JsonValue } from '../wire/payload.ts'

/**
 * `joining`: known, and nothing has led to it yet. `leaving`: it has said good-bye; ten seconds later it is gone. `unreachable`:
 * it was here, and nothing leads to it now.
 */
export type SeenState = 'joining' | 'up' | 'leaving' | 'unreachable'

/** A node, as the one that is watched knows it. */
export interface SeenNode {
  readonly name: string
  /** `http`: takes messages by `POST /message` only, and has no links. */
  readonly kind: 'node' | 'http'
  readonly state: SeenState
  /** Where it can be dialled. Absent: nowhere. */
  readonly url?: string
  readonly tags?: readonly string[]
  /** The filters of the topics that it listens to. */
  readonly topics?: readonly string[]
  /** Its start, in ms since 1970; 0 for plain HTTP peers. */
  readonly incarnation: number
  /** Of its record; 0 for plain HTTP peers. */
  readonly version: number
}

/** A link that both of its ends list, and to one of which something leads; the smaller name is the first. */
export type SeenLink = readonly [string, string]

/** All that is known, at the beginning, and again when changes had to be left out. */
export interface OverlayLine {
  readonly event: 'overlay'
  /** Of this and every line: the clock of the node that is watched, in ms since 1970. */
  readonly atMs: number
  /** The node that is watched. */
  readonly self: string
  readonly nodes: readonly SeenNode[]
  readonly links: readonly SeenLink[]
}

/** What has changed since the `overlay` or `overlay-change` line before. */
export interface OverlayChangeLine {
  readonly event: 'overlay-change'
  readonly atMs: number
  /** New, or different from before. */
  readonly nodes: readonly SeenNode[]
  /** Names that have left, or are forgotten. */
  readonly gone: readonly string[]
  readonly linksUp: readonly SeenLink[]
  readonly linksDown: readonly SeenLink[]
}

/** One link, as one of its ends sees it. */
export interface ReportedLink {
  readonly to: string
  /** Smoothed round trip. Absent: not measured yet. */
  readonly rttMs?: number
  /** Bytes that wait at this end. */
  readonly queuedBytes: number
  /** Direct messages and broadcasts that came over it, per second of the time since the report before. */
  readonly messagesPerS: number
  /** All that came over it, heartbeats and records included. */
  readonly bytesPerS: number
}

/** Counts by reason; what has not come up is absent. */
export type CountsByReason = Readonly<Record<string, number>>

/** What a node says of itself. Counts are since its start. */
export interface NodeReport {
  readonly node: string
  /** How often it reports now, in ms: more seldom than asked for when many nodes want its reports. Absent: as asked for. */
  readonly everyMs?: number
  /** Its messages that have ended, by outcome (`delivered`, or the reason). */
  readonly sent: CountsByReason
  /** By kind: `direct`, `broadcast`, `http`. */
  readonly received: CountsByReason
  readonly relayed: number
  readonly dropped: CountsByReason
  readonly links: readonly ReportedLink[]
}

/** Reports that have come in, each node's last one. */
export interface ReportsLine {
  readonly event: 'reports'
  readonly atMs: number
  /** How often each node is asked to report, in ms; more seldom in larger overlays. */
  readonly everyMs: number
  readonly reports: readonly NodeReport[]
  /** Nodes that have said that they report to as many others as they can, and not here. Absent: none. */
  readonly full?: readonly string[]
}

/** A message has come to a node over a link. */
export interface MessageStep {
  readonly kind: 'direct' | 'broadcast'
  /** Which message: `origin/incarnation/sequence`, of a direct one `origin/incarnation/sequence/destination`. */
  readonly id: string
  readonly origin: string
  /** Of a direct message. */
  readonly destination?: string
  /** Where it is. Of a broadcast: where it came for the first time. */
  readonly at: string
  /** The neighbor that it came from. */
  readonly via: string
  /** Links travelled: 1 at a neighbor of the origin. */
  readonly hops: number
  /** Of its payload. */
  readonly bytes: number
  /** The message has it (W3C Trace Context, section 3.2). */
  readonly traceparent?: string
}

/**
 * Messages on their ways. All steps of one message are told, or none, but for what had to be left out. Where nodes choose
 * differently for a moment, there is a line for each choice.
 */
export interface TrafficLine {
  readonly event: 'traffic'
  readonly atMs: number
  /** One message in so many is told of, chosen by its id; 1: all. Those with a `traceparent` are always told. */
  readonly oneIn: number
  /** Steps that had to be left out since the line before: like a step that is told, each stands for `oneIn` of them. */
  readonly leftOut: number
  readonly steps: readonly MessageStep[]
}

/** The answer to `watch`. At a bootstrap it comes again whenever another node is watched, or none can be. */
export interface WatchLine {
  readonly event: 'watch'
  readonly on: boolean
  /** The node that is watched. */
  readonly node?: string
  /** Why nobody is watched yet, for people. Only a bootstrap says so, and looks on. */
  readonly waiting?: string
  readonly tag?: JsonValue
}

/** An excerpt of a message that the node received. A few of them are shown, and only to those who keep up. */
export interface ExcerptLine {
  readonly event: 'message'
  readonly from: string
  /** The label that the sender gave itself, when it differs from `from`. */
  readonly sender?: string
  /** The first 200 characters of the text or of the JSON; of bytes, how many there are. */
  readonly msg: string
  /** It is not the whole message. */
  readonly cut?: true
  readonly broadcast: boolean
  readonly topic?: string
}

/** All of it but for excerpts, which come beside it. */
export type WatchedLine = OverlayLine | OverlayChangeLine | ReportsLine | TrafficLine | WatchLine
