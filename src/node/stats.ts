// What a node counts. Types only: the counting is done where things happen.

import type { Reason } from '../core/reasons.ts'
import type { ListenerStats } from '../net/listener-stats.ts'

/** Counts by reason; a reason that has not come up is absent. */
export type ByReason = Readonly<Partial<Record<Reason, number>>>

/** Counters since the start of the node. */
export interface NodeStats {
  /** What was not used or not passed on: frames, messages, records. */
  readonly dropped: ByReason
  /** Links that have ended, whichever end decided it, those included that never came to be: refused hellos, bad frames. */
  readonly linksEnded: ByReason
  /** Requests that the HTTP shim answered with 400 or above by itself. */
  readonly httpRefused: number
  /** The port; absent for a node that does not listen. */
  readonly listener?: ListenerStats
}
