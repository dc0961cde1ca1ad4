// Pace: whether this node's process is behind its clock. A timer that comes late was held up by other work, and so is
// everything else here.
// It must not know what follows from that, nor look at a clock: the one who runs the timers says how late they are.
//
// Local health: Dadgar, Phillips, Currey, Lifeguard (DSN 2018, section III). Deviation from Lifeguard: health is measured, as
// the lateness of timers, in place of counting what went wrong, and no timeout grows by it: with 300 and 500 nodes that start
// in one process that gained nothing.

/** A process whose timers are later than this, in ms, is behind: a busy one that is well has a few turns of its event loop. */
const LATE_MS = 10

/** What the smoothed lateness loses with each timer that is on time. It rises at once. */
const RECOVERY = 1 / 4

/** See the head of the file. */
export class Pace {
  #lateMs = 0

  /** A timer has come. @param lateMs how much later than it was asked for, in ms. */
  timerCame(lateMs: number): void {
    this.#lateMs = Math.max(lateMs, this.#lateMs + (lateMs - this.#lateMs) * RECOVERY)
  }

  /** Whether the process is behind. */
  get isBehind(): boolean {
    return this.#lateMs > LATE_MS
  }
}
