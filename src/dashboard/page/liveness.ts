// Whether the other side is still there: a connection can be dead without anybody having said so (a stopped process, lost
// Wi-Fi, a laptop that slept). Pure: it has no clock and no timer. It must not be asked of a side that owes no lines.

import type { FeedLine } from './lines.ts'

/** How often reports come, until they say so themselves. */
const FIRST_EVERY_MS = 1_000
const MISSED_MAX = 3
const SLACK_MS = 5_000
/** A `reports` line is promised at least so often, in ms. */
const PROMISED_MS = 5_000
/**
 * After a sleep the timers may run before the lines that have come meanwhile: a side counts as silent when it was found so
 * twice, with at least so much time for its lines between.
 */
const SECOND_LOOK_MS = 500

/** Of one connection. While somebody is watched, reports come at a known rate, even empty ones. */
export class Liveness {
  #everyMs = FIRST_EVERY_MS
  #heardMs: number
  /** Found without a line that is due, or silent for too long, for the first time since something came. */
  #quietSinceMs: number | undefined
  #silentSinceMs: number | undefined
  #owesLines = true
  #isAnswered = false

  /** @param nowMs when it was opened, by a clock that goes on in sleep */
  constructor(nowMs: number) {
    this.#heardMs = nowMs
  }

  /** How long it may be silent, in ms. */
  get patienceMs(): number {
    return MISSED_MAX * this.#everyMs + SLACK_MS
  }

  /** Something has come; what is not for this page counts too. */
  heard(line: FeedLine | undefined, nowMs: number): void {
    this.#hasCome(nowMs)
    if (line?.event === 'reports' && line.everyMs > 0) this.#everyMs = line.everyMs
    if (line?.event === 'watch') {
      this.#isAnswered = true
      // Nobody is watched: nothing has to come.
      this.#owesLines = line.on && line.waiting === undefined
    }
    // It does not let itself be watched.
    if (line?.event === 'error' && line.tag === undefined && !this.#isAnswered) this.#owesLines = false
  }

  /** It was asked to tell, or not to tell any more. */
  asked(isToTell: boolean, nowMs: number): void {
    this.#owesLines = isToTell
    this.#isAnswered = false
    this.#hasCome(nowMs)
  }

  /** Looks at it. @returns for how long nothing has come, in ms, where a line should have; otherwise 0 */
  quietMs(nowMs: number): number {
    const lastedMs = nowMs - this.#heardMs
    if (!this.#owesLines || lastedMs <= Math.max(this.#everyMs, PROMISED_MS)) return 0
    this.#quietSinceMs ??= nowMs
    return nowMs - this.#quietSinceMs >= SECOND_LOOK_MS ? lastedMs : 0
  }

  /** Looks at it. @returns whether it is to be given up */
  isDead(nowMs: number): boolean {
    if (!this.#owesLines || nowMs - this.#heardMs <= this.patienceMs) return false
    this.#silentSinceMs ??= nowMs
    return nowMs - this.#silentSinceMs >= SECOND_LOOK_MS
  }

  #hasCome(nowMs: number): void {
    this.#heardMs = nowMs
    this.#quietSinceMs = undefined
    this.#silentSinceMs = undefined
  }
}
