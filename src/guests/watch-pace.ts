// How fast one guest takes what it is shown of the overlay, by what it says that it has seen (`{"cmd":"seen","atMs":…}`). Bytes
// that wait here say little: a kernel and a proxy hold minutes of them for somebody on a slow link, who then looks at the past.
// It must not know guests or sockets, nor have a clock.
//
// 1. Who has said so once is shown nothing more while something shown more than `BEHIND_MS` ago is not seen.
// 2. From then on, until it has caught up, it is shown the next part only when the one before is seen: of each node's reports the
//    newest, those first that have waited longest; and of steps the first ones, with how many were left out.
// 3. What waits for it is at most one report of each node, `STEPS_MAX` steps and `TRACED_MAX` traced ones.

import type { MessageStep, NodeReport, ReportsLine, TrafficLine, WatchedLine } from './overlay-lines.ts'

/** A line with its time: all but the answer to `watch`. */
export type TimedLine = Exclude<WatchedLine, { readonly event: 'watch' }>

/** Whoever has not seen what was shown so long ago is behind. */
const BEHIND_MS = 2_000
/** A part that was seen so soon is followed by a larger one, */
const SOON_MS = 750
/** and one that took longer by a smaller one. */
const LATE_MS = 1_500
/** Reports in one part: as a 3G link takes them in a second, and as `node/watching` asks for. */
const PART_MIN = 8
const PART_MAX = 256
const STEPS_MAX = 32
const TRACED_MAX = 128
/** Times that are kept for one who has never said what it has seen. */
const UNSEEN_MAX = 64

/** Of one guest. Times without a name are of a clock that only goes on, in ms. */
export class WatchPace {
  /** What was shown, by the time in its lines; oldest first. */
  readonly #unseen: { readonly atMs: number; readonly shownMs: number }[] = []
  readonly #reports = new Map<string, NodeReport>()
  readonly #full = new Set<string>()
  #steps: MessageStep[] = []
  #oneIn = 1
  #leftOut = 0
  #everyMs = 0
  #part = 2 * PART_MIN
  #saysSo = false
  #isBehind = false
  #hasMissedChange = false
  /** The newest part had all there was. */
  #tookAll = false

  /** It misses lines, and has not caught up. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  /** It is to be shown all of the overlay again. */
  get hasMissedChange(): boolean {
    return this.#hasMissedChange
  }

  /** It says what it has seen. */
  get saysSo(): boolean {
    return this.#saysSo
  }

  /** Nothing that was shown is not seen, as far as it says so at all. */
  get hasSeenAll(): boolean {
    return !this.#saysSo || this.#unseen.length === 0
  }

  /** A line was shown. */
  shown(atMs: number, nowMs: number): void {
    if (this.#unseen.at(-1)?.atMs === atMs) return
    this.#unseen.push({ atMs, shownMs: nowMs })
    if (!this.#saysSo && this.#unseen.length > UNSEEN_MAX) this.#unseen.shift()
  }

  /** It says that it has seen the lines up to those of `atMs`; a time that no line had is ignored. */
  seen(atMs: number, nowMs: number): void {
    const index = this.#unseen.findLastIndex((each) => each.atMs === atMs)
    if (index < 0) return
    this.#saysSo = true
    const [first] = this.#unseen.splice(0, index + 1)
    const tookMs = nowMs - (first?.shownMs ?? nowMs)
    if (tookMs < SOON_MS) this.#part = Math.min(PART_MAX, this.#part * 2)
    else if (tookMs > LATE_MS) this.#part = Math.max(PART_MIN, this.#part >> 1)
    if (this.#tookAll && this.#unseen.length === 0 && tookMs < SOON_MS) this.#isBehind = false
  }

  /** Looks whether it has fallen behind. */
  look(nowMs: number): boolean {
    const [first] = this.#unseen
    if (this.#saysSo && first !== undefined && nowMs - first.shownMs > BEHIND_MS) this.fallBehind()
    return this.#isBehind
  }

  /** It misses lines from now on. */
  fallBehind(): void {
    if (!this.#isBehind) this.#tookAll = false
    this.#isBehind = true
  }

  /** Keeps of a line that was not shown what is worth being shown later. */
  miss(line: TimedLine): void {
    if (line.event === 'reports') this.#missReports(line)
    else if (line.event === 'traffic') this.#missTraffic(line)
    else this.#hasMissedChange = true
  }

  /** It is shown all of the overlay, as it is now. */
  takeChange(): void {
    this.#hasMissedChange = false
    this.#tookAll = false
  }

  /** The next part of what was missed, to be shown now; empty: nothing was, and it has caught up. */
  takePart(atMs: number): TimedLine[] {
    const lines: TimedLine[] = []
    // Who does not say what it has seen has read on, and that is all that is known of it.
    if (!this.#saysSo) this.#isBehind = false
    const { reports, full } = this.#takeReports()
    if (reports.length > 0 || full.length > 0) {
      const told = full.length === 0 ? {} : { full }
      lines.push({ event: 'reports', atMs, everyMs: this.#everyMs, reports, ...told })
    }
    if (this.#steps.length > 0 || this.#leftOut >= 1) {
      const leftOut = Math.round(this.#leftOut)
      lines.push({ event: 'traffic', atMs, oneIn: this.#oneIn, leftOut, steps: this.#steps })
      this.#steps = []
      this.#leftOut = 0
    }
    this.#tookAll = this.#reports.size === 0
    if (lines.length === 0) this.#isBehind = false
    return lines
  }

  #missReports({ everyMs, reports, full = [] }: ReportsLine): void {
    this.#everyMs = everyMs
    // A node that is in it already keeps its place.
    for (const report of reports) {
      this.#reports.set(report.node, report)
      this.#full.delete(report.node)
    }
    for (const name of full) this.#full.add(name)
  }

  #takeReports(): { reports: NodeReport[]; full: string[] } {
    const reports = [...this.#reports.values()].slice(0, this.#isBehind ? this.#part : undefined)
    for (const { node } of reports) this.#reports.delete(node)
    const full = [...this.#full]
    this.#full.clear()
    return { reports, full }
  }

  #missTraffic({ oneIn, leftOut, steps }: TrafficLine): void {
    // What was left out counts in the unit of the line that says so.
    this.#leftOut = (this.#leftOut * this.#oneIn) / oneIn + leftOut
    this.#oneIn = oneIn
    let [plain, traced] = [0, 0]
    for (const { traceparent } of this.#steps) traceparent === undefined ? plain++ : traced++
    for (const step of steps) {
      const isTraced = step.traceparent !== undefined
      if (isTraced ? traced++ < TRACED_MAX : plain++ < STEPS_MAX) this.#steps.push(step)
      else this.#leftOut += isTraced ? 1 / oneIn : 1
    }
  }
}
