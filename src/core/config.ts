// Every number of the protocol that can be turned, with what turning it does and where it comes from.
// Limits of the wire format are not here but in wire/limits: they are the same for all nodes.

/** The core's settings. Durations are integer milliseconds; a bare number is a count. */
export interface CoreConfig {
  /** Up to this many nodes everyone links to everyone; more costs sockets, less costs hops. */
  readonly meshNodesMax: number
  /** Links a node dials for in a larger overlay. HyParView's active view: log10(n) + c, 5 for 10,000 nodes, plus one. */
  readonly linksAim: number
  /** With fewer links than this a node dials again. Nearer to `linksAim`: quicker repair, more churn of links. */
  readonly linksMin: number
  /** Links a node accepts. Above it a hello is refused with `full` (unless nothing else leads to its sender), then trimmed. */
  readonly linksMax: number
  /** All links, those beyond `linksMax` included that nodes get to which nothing else leads. At most 31. */
  readonly linksHardMax: number
  /** Accepted connections that have not said hello yet; beyond it new ones are closed with `full`. */
  readonly helloPendingMax: number
  /** How long a new connection may take to say hello. */
  readonly helloTimeoutMs: number
  /** Interval of heartbeats on a link; lower finds half-open links sooner and costs more at idle. */
  readonly heartbeatMs: number
  /** A link on which nothing came for this many heartbeats is closed as `silent`. */
  readonly heartbeatsMissedMax: number
  /** Dials under way at once. */
  readonly dialsMax: number
  /** Upper bound of the random wait before a dial, so that nodes started together do not dial in step. */
  readonly dialJitterMs: number
  /** How much longer the larger name of a pair waits before it dials the smaller: fewer crossed dials. */
  readonly dialYieldMs: number
  /**
   * First backoff of a failed address; doubles to `dialBackoffMaxMs`, each wait drawn from 0 to it (full jitter). Where few
   * nodes can be reached the largest is `healIntervalMs` for each of them, 2 at least: a small part heals soon.
   */
  readonly dialBackoffMinMs: number
  readonly dialBackoffMaxMs: number
  /** How often a node with enough links looks for peers that it knows and cannot reach: what heals partitions. */
  readonly healIntervalMs: number
  /** How long a change waits before it is published, so that links that come up together make one version. */
  readonly publishDelayMs: number
  /** Least time between two versions of a node's own record; changes in between are coalesced. */
  readonly publishIntervalMs: number
  /** Least time between two computations of the routes; it grows with the overlay, so they stay below 5 % of the time. */
  readonly routesIntervalMs: number
  /** A peer must stay unreachable this long before `peer-leave` is told: rides out a link that is being replaced. */
  readonly unreachableGraceMs: number
  /** Unreachable records are forgotten after this time. */
  readonly forgetMs: number
  /** Records in the directory; beyond it new names are refused with `directory-full`. */
  readonly directoryNodesMax: number
  /** How long after its first link a node may still raise its incarnation above an older run's record. */
  readonly takeoverMs: number
  /** Links that a message may travel. */
  readonly hopsMax: number
  /** Deadline of a send that names none. */
  readonly deadlineMs: number
  /** Longest deadline that may be asked for. */
  readonly deadlineMaxMs: number
  /**
   * How long a send to a name that nobody knows waits for the directory, counted from the first link on, and while the
   * node still learns of peers. More: a newcomer's mistakes in names are told later.
   */
  readonly unknownPeerWaitMs: number
  /** Retransmission timeout before a round trip was measured (RFC 6298 section 2.1: 1 s). */
  readonly retransmitInitialMs: number
  /** Bounds of the measured retransmission timeout. */
  readonly retransmitMinMs: number
  readonly retransmitMaxMs: number
  /** Unacknowledged messages per destination; further ones wait in the send queue. */
  readonly windowMessagesMax: number
  /**
   * Unacknowledged payload bytes per destination: what is on the way within a round trip. More: large messages are faster, and
   * fewer senders fill the lanes of a relay (`laneBytesMax` of a link).
   */
  readonly windowBytesMax: number
  /**
   * Bytes held, of all origins together, of messages that came before one that is still missing; beyond it they are
   * refused with `queue-full`, and sent again. More costs memory, less costs repetitions after a loss.
   */
  readonly heldBytesMax: number
  /** Messages held are let go when nothing has come of their origin for this long; it repeats what is missing more often. */
  readonly heldMs: number
  /** Messages that wait per destination behind a full window or for a route; beyond it a send fails with `queue-full`. */
  readonly queueMessagesMax: number
  /** Payload bytes that wait per destination. */
  readonly queueBytesMax: number
  /** Broadcasts that wait for the first link. */
  readonly firstBroadcastsMax: number
  /** How long records and prunes wait for others in a storm; more: fewer frames, later news. 0: never. */
  readonly coalesceMs: number
  /** How long an announcement on a lazy link waits for others; more: fewer frames, slower repair. */
  readonly announceDelayMs: number
  /** How long a push of what was announced is waited for (Plumtree's first timeout): more than ways differ in latency. */
  readonly graftAfterMs: number
  /** The same for what records announce: links are chosen by them, so that late ones cost more than some that come twice. */
  readonly graftRecordAfterMs: number
  /** How long an answer to a graft is waited for (Plumtree's second timeout): about a round trip on a busy link. */
  readonly graftAgainMs: number
  /** How many links shorter another way must be before a broadcast tree changes over to it; 0 would never come to rest. */
  readonly optimizeHops: number
  /**
   * Broadcasts that were announced and have not come; further announcements are not used. As many as one neighbor can
   * keep (`cacheBytesMax` / 256), so that all of what was missed in a partition can be asked for.
   */
  readonly missingMax: number
  /** Bytes of broadcasts kept for those who missed them, 256 a message included. */
  readonly cacheBytesMax: number
  /** Sequences remembered per broadcasting origin; a broadcast older than that counts as seen. */
  readonly seenSequencesMax: number
}

/** Defaults for 2 to 10,000 nodes. */
export const CORE_DEFAULTS: CoreConfig = {
  meshNodesMax: 8,
  linksAim: 6,
  linksMin: 5,
  linksMax: 8,
  linksHardMax: 24,
  helloPendingMax: 64,
  helloTimeoutMs: 5_000,
  heartbeatMs: 2_000,
  heartbeatsMissedMax: 3,
  dialsMax: 4,
  dialJitterMs: 50,
  dialYieldMs: 250,
  dialBackoffMinMs: 500,
  dialBackoffMaxMs: 30_000,
  healIntervalMs: 2_000,
  publishDelayMs: 20,
  publishIntervalMs: 250,
  routesIntervalMs: 20,
  unreachableGraceMs: 1_000,
  forgetMs: 600_000,
  directoryNodesMax: 20_000,
  takeoverMs: 5_000,
  hopsMax: 16,
  deadlineMs: 10_000,
  deadlineMaxMs: 3_600_000,
  unknownPeerWaitMs: 3_000,
  retransmitInitialMs: 1_000,
  retransmitMinMs: 200,
  retransmitMaxMs: 5_000,
  windowMessagesMax: 4_096,
  windowBytesMax: 2_097_152,
  heldBytesMax: 16_777_216,
  heldMs: 30_000,
  queueMessagesMax: 10_000,
  queueBytesMax: 16_777_216,
  firstBroadcastsMax: 1_000,
  coalesceMs: 10,
  announceDelayMs: 25,
  graftAfterMs: 500,
  graftRecordAfterMs: 25,
  graftAgainMs: 250,
  optimizeHops: 2,
  missingMax: 16_384,
  cacheBytesMax: 4_194_304,
  seenSequencesMax: 4_096,
}
