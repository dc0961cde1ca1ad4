// What a node counts. Types only: the counting is done where things happen.

import type { Reason } from '../core/reasons.ts'
import type { PerLane } from '../net/lanes.ts'
import type { ListenerStats } from '../net/listener-stats.ts'
import type { ReceivedKind, SentCounts } from './tally.ts'

/** Counts by reason; a reason that has not come up is absent. */
export type ByReason = Readonly<Partial<Record<Reason, number>>>

/** What all links of a node have carried since its start, those that have ended included, and what waits on those that are open. */
export interface LinkTraffic {
  /** Payload of WebSocket messages, without their headers. */
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly framesSent: number
  readonly framesReceived: number
  readonly queuedBytes: PerLane
  /** Bytes handed to sockets that the operating system has not taken yet. */
  readonly inFlightBytes: number
}

/** Counters since the start of the node. */
export interface NodeStats {
  /** Messages of this node, by kind and by how they ended. */
  readonly sent: SentCounts
  /** Messages for this node, requests included, answers and receipts not; those of a broadcast count as one. `http`: posted to it. */
  readonly received: Readonly<Record<ReceivedKind, number>>
  /**
   * Direct messages, acknowledgements and bounces of others that it has passed on: all of them, as work that was done. So while
   * somebody watches the overlay it grows also where no program sends, by the reports and their acknowledgements.
   */
  readonly relayed: number
  /** What was not used or not passed on: frames, messages, records. */
  readonly dropped: ByReason
  /** Links that have ended, whichever end decided it, those included that never came to be: refused hellos, bad frames. */
  readonly linksEnded: ByReason
  /** Requests that the HTTP shim answered with 400 or above by itself. */
  readonly httpRefused: number
  /** The port; absent for a node that does not listen. */
  readonly listener?: ListenerStats
}
