// What has happened, for the last minutes: a ring of changes with keyframes, from which any moment in it can be made
// again. Pure. It must not grow with time: whole segments (a keyframe and the changes after it) are dropped at the far end.

import type { SeenLink, SeenNode } from '../../guests/overlay-lines.ts'
import {
  type DatedReport,
  NOTHING,
  type OverlayChange,
  type OverlayEventKind,
  type OverlayState,
  patch,
  type Reports,
  sizeOf,
} from './overlay-model.ts'

/** One line of the list of events. */
export interface TimelineEvent {
  /** Grows by one with each event. */
  readonly sequence: number
  readonly atMs: number
  readonly kind: OverlayEventKind | 'outcome' | 'broadcast' | 'message' | 'feed'
  /** For people. Untrusted where peers had a say in it. */
  readonly text: string
  readonly node?: string
  readonly peer?: string
  /** The message that it is about. */
  readonly messageId?: string
}

/** What can be turned. */
export interface TimelineOptions {
  /** How far back it reaches. Default 10 minutes. */
  readonly spanMs?: number
  /** Single changes that are kept. Default 20,000. */
  readonly changesMax?: number
  /** Single changes after which there is a new keyframe. Default 500. */
  readonly keyframeEvery?: number
  /** Events that are kept. Default 5,000. */
  readonly eventsMax?: number
  /** Reports of nodes that are kept; of larger overlays fewer moments have reports. Default 30,000. */
  readonly reportsMax?: number
}

/** The last report of each node at a moment. */
interface ReportsThen extends Omit<Reports, 'reports'> {
  readonly atMs: number
  readonly reports: readonly DatedReport[]
}

interface Segment {
  readonly atMs: number
  readonly self: string
  readonly nodes: ReadonlyMap<string, SeenNode>
  readonly links: ReadonlyMap<string, SeenLink>
  readonly changes: { readonly atMs: number; readonly change: OverlayChange }[]
  size: number
}

/** Clocks that differ by less are taken as the same. */
const BEHIND_MS = 5_000
/** However quiet it is, a keyframe each minute, so that what is old can be dropped by the minute. */
const SEGMENT_MS = 60_000

/** The ring. */
export class Timeline {
  readonly #options: Required<TimelineOptions>
  readonly #segments: Segment[] = []
  #changes = 0
  #atMs = 0
  #events: TimelineEvent[] = []
  #sequence = 0
  #reports: ReportsThen[] = []
  #reportCount = 0

  constructor(options: TimelineOptions = {}) {
    this.#options = {
      spanMs: 600_000,
      changesMax: 20_000,
      keyframeEvery: 500,
      eventsMax: 5_000,
      reportsMax: 30_000,
      ...options,
    }
  }

  /** The earliest moment that can be shown, in ms since 1970; 0 before the first change. */
  get fromMs(): number {
    return this.#segments[0]?.atMs ?? 0
  }

  /** The newest moment. */
  get toMs(): number {
    return this.#atMs
  }

  /** Single changes in the ring. */
  get changes(): number {
    return this.#changes
  }

  /** Oldest first. */
  get events(): readonly TimelineEvent[] {
    return this.#events
  }

  /** Moves the newest moment on. Clocks that go back do not take it back. */
  passTo(atMs: number): number {
    this.#atMs = Math.max(this.#atMs, atMs)
    return this.#atMs
  }

  /**
   * By the clock of the node that is watched it is now `atMs`. Where that is clearly behind (another node is watched, or its
   * clock was set back) the ring starts anew, for time would stand still until the new clock is as far as the old one was;
   * events stay, as what was before.
   * @returns whether it did
   */
  restartAt(atMs: number): boolean {
    if (atMs >= this.#atMs - BEHIND_MS) return false
    this.#segments.length = 0
    this.#changes = 0
    this.#reports = []
    this.#reportCount = 0
    this.#events = this.#events.map((event) => ({ ...event, atMs: Math.min(event.atMs, atMs) }))
    this.#atMs = atMs
    return true
  }

  /** Takes in a change, and how everything is after it. */
  record(atMs: number, change: OverlayChange, after: OverlayState): void {
    const nowMs = this.passTo(atMs)
    const last = this.#segments.at(-1)
    const size = sizeOf(change)
    if (
      last === undefined ||
      last.size + size > this.#options.keyframeEvery ||
      nowMs - last.atMs >= SEGMENT_MS ||
      change.self !== last.self
    ) {
      this.#segments.push({
        atMs: nowMs,
        self: after.self,
        nodes: new Map(after.nodes),
        links: new Map(after.links),
        changes: [],
        size: last === undefined ? 0 : size,
      })
    } else {
      last.changes.push({ atMs: nowMs, change })
      last.size += size
    }
    this.#changes += last === undefined ? 0 : size
    this.#trim()
  }

  /**
   * Takes in the reports of the newest state; of large overlays not every time, so that they reach back as far as the rest.
   * All of them each time: the nodes do not report at the same time, and none is to be missed for good.
   */
  recordReports({ atMs, reports, reportsAtMs, reportsFreshMs }: OverlayState): void {
    const nowMs = this.passTo(atMs)
    const { spanMs, reportsMax } = this.#options
    const everyMs = (spanMs * reports.size) / reportsMax
    const last = this.#reports.at(-1)
    if (last !== undefined && nowMs - last.atMs < everyMs) return
    this.#reports.push({ atMs: nowMs, reports: [...reports.values()], reportsAtMs, reportsFreshMs })
    this.#reportCount += reports.size
    let drop = 0
    for (const old of this.#reports) {
      if (this.#reportCount <= reportsMax && old.atMs >= nowMs - spanMs) break
      this.#reportCount -= old.reports.length
      drop++
    }
    if (drop > 0) this.#reports = this.#reports.slice(drop)
  }

  /** Takes in what is to be told. */
  note(event: Omit<TimelineEvent, 'sequence'>): TimelineEvent {
    const noted = { ...event, atMs: this.passTo(event.atMs), sequence: ++this.#sequence }
    this.#events.push(noted)
    const { eventsMax, spanMs } = this.#options
    // An eighth at a time: not every event has to move all others.
    if (this.#events.length > eventsMax * 1.125) this.#events = this.#events.slice(-eventsMax)
    const first = this.#events[0]
    if (first !== undefined && first.atMs < this.#atMs - spanMs * 1.125) {
      this.#events = this.#events.filter((old) => old.atMs >= this.#atMs - spanMs)
    }
    return noted
  }

  /** How everything was at a moment; a moment outside of the ring is moved to its nearer end. */
  stateAt(atMs: number): OverlayState {
    const wantedMs = Math.min(Math.max(atMs, this.fromMs), this.#atMs)
    const segment = this.#segments.findLast((each) => each.atMs <= wantedMs)
    if (segment === undefined) return NOTHING
    const [nodes, links] = [new Map(segment.nodes), new Map(segment.links)]
    for (const { atMs: changeMs, change } of segment.changes) {
      if (changeMs > wantedMs) break
      patch(nodes, links, change)
    }
    // Not all reports are kept: what there is is as near as it can be.
    const then = this.#reports.findLast((each) => each.atMs <= wantedMs)
    const known = then?.reports.filter(({ node }) => nodes.has(node)) ?? []
    return {
      self: segment.self,
      atMs: wantedMs,
      nodes,
      links,
      reports: new Map(known.map((report) => [report.node, report])),
      reportsAtMs: then?.reportsAtMs ?? wantedMs,
      reportsFreshMs: then?.reportsFreshMs ?? 0,
    }
  }

  #trim(): void {
    const { changesMax, spanMs } = this.#options
    let [first, second] = this.#segments
    while (
      first !== undefined &&
      second !== undefined &&
      (this.#changes > changesMax || second.atMs <= this.#atMs - spanMs)
    ) {
      this.#changes -= first.size
      this.#segments.shift()
      ;[first, second] = this.#segments
    }
  }
}
