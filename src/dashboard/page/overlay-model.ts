// The overlay as the page knows it: what the lines of the feed add up to. Pure. It must not touch the DOM, nor any clock:
// time is what the lines say.

import type {
  NodeReport,
  OverlayChangeLine,
  OverlayLine,
  ReportsLine,
  SeenLink,
  SeenNode,
} from '../../guests/overlay-lines.ts'

/** What a node says of itself, and when it came. */
export interface DatedReport extends NodeReport {
  readonly atMs: number
}

/** The overlay at one moment. */
export interface OverlayState {
  /** The node that is watched; empty before the first `overlay` line. */
  readonly self: string
  readonly atMs: number
  readonly nodes: ReadonlyMap<string, SeenNode>
  /** By `linkKey`. */
  readonly links: ReadonlyMap<string, SeenLink>
  /** Each node's last report. */
  readonly reports: ReadonlyMap<string, DatedReport>
  /** When the reports were the last ones: `atMs`, or before it where the past has no later ones. */
  readonly reportsAtMs: number
  /** Reports that were older than this by then say nothing of the moment any more, in ms: see {@link freshReport}. */
  readonly reportsFreshMs: number
  /** Nodes that report to others only, and when they said so. Absent: of the past that is not known. */
  readonly full?: ReadonlyMap<string, number>
}

/** What makes one state of another. */
export interface OverlayChange {
  readonly self: string
  readonly nodes: readonly SeenNode[]
  readonly gone: readonly string[]
  readonly linksUp: readonly SeenLink[]
  readonly linksDown: readonly SeenLink[]
}

/** What happened, for people. */
export type OverlayEventKind =
  | 'join'
  | 'leave'
  | 'unreachable'
  | 'forgotten'
  | 'changed'
  | 'link-up'
  | 'link-down'
  | 'watching'

/** One thing that happened in the overlay. */
export interface OverlayEvent {
  readonly kind: OverlayEventKind
  readonly node: string
  /** The other end of a link. */
  readonly peer?: string
}

/** A line, as what it changes and what it tells. */
export interface Applied {
  readonly change: OverlayChange
  readonly events: readonly OverlayEvent[]
}

/** One key for a link, whichever end is named first. No name has a line feed in it; lines.ts sees to that. */
export function linkKey(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`
}

/** A node of which so many reports in a row are missing does not report any more. */
const REPORTS_MISSED_MAX = 3
/** That a node reports to others only it says whenever it is asked to report, if not too many ask. */
const FULL_MS = 60_000

/** Nothing is known yet. */
export const NOTHING: OverlayState = {
  self: '',
  atMs: 0,
  nodes: new Map(),
  links: new Map(),
  reports: new Map(),
  reportsAtMs: 0,
  reportsFreshMs: 0,
}

/** Keeps the newest state, and says what each line has changed. */
export class OverlayModel {
  #self = ''
  #atMs = 0
  #everyMs = 0
  readonly #nodes = new Map<string, SeenNode>()
  readonly #links = new Map<string, SeenLink>()
  readonly #reports = new Map<string, DatedReport>()
  readonly #full = new Map<string, number>()

  /** The newest state. It changes with the next line; whoever keeps it makes a copy. */
  get state(): OverlayState {
    return {
      self: this.#self,
      atMs: this.#atMs,
      nodes: this.#nodes,
      links: this.#links,
      reports: this.#reports,
      reportsAtMs: this.#atMs,
      reportsFreshMs: REPORTS_MISSED_MAX * this.#everyMs,
      full: this.#full,
    }
  }

  /** Whether there was an `overlay` line. */
  get isKnown(): boolean {
    return this.#self !== ''
  }

  /**
   * All that is known. After the first one it is taken as what has changed since, so that nothing is told twice.
   * A change before the first `overlay` line means nothing, and is left out.
   */
  apply(line: OverlayLine | OverlayChangeLine): Applied | undefined {
    if (line.event === 'overlay-change' && !this.isKnown) return undefined
    const isFirst = !this.isKnown
    const change = line.event === 'overlay' ? this.#difference(line) : this.#change(line)
    // Another node has another clock.
    this.#atMs = change.self === this.#self ? Math.max(this.#atMs, line.atMs) : line.atMs
    if (change.self !== this.#self) this.#full.clear()
    const events = this.#eventsOf(change, isFirst)
    this.#self = change.self
    patch(this.#nodes, this.#links, change)
    for (const name of change.gone) {
      this.#reports.delete(name)
      this.#full.delete(name)
    }
    return { change, events }
  }

  /** The clock that the lines are by has gone back, to `atMs`: what was dated by it is as old as that at least. */
  restartAt(atMs: number): void {
    this.#atMs = atMs
    for (const [name, report] of this.#reports) {
      if (report.atMs > atMs) this.#reports.set(name, { ...report, atMs })
    }
    for (const [name, saidMs] of this.#full) this.#full.set(name, Math.min(saidMs, atMs))
  }

  /** Takes in reports. Those of nodes that are not known are left out: nobody could see them. */
  applyReports(line: ReportsLine): void {
    this.#atMs = Math.max(this.#atMs, line.atMs)
    this.#everyMs = line.everyMs
    for (const report of line.reports) {
      if (!this.#nodes.has(report.node)) continue
      this.#reports.set(report.node, { ...report, atMs: line.atMs })
      this.#full.delete(report.node)
    }
    for (const name of line.full ?? []) if (this.#nodes.has(name)) this.#full.set(name, line.atMs)
    for (const [name, atMs] of this.#full) if (this.#atMs - atMs > FULL_MS) this.#full.delete(name)
  }

  // A change as it can be applied backwards and forwards: links of nodes that are gone go with them.
  #change(line: OverlayChangeLine): OverlayChange {
    const gone = line.gone.filter((name) => this.#nodes.has(name))
    const isGone = new Set(gone)
    const down = new Map(line.linksDown.map((link) => [linkKey(...link), link]))
    if (isGone.size > 0) {
      for (const [key, link] of this.#links) {
        if (isGone.has(link[0]) || isGone.has(link[1])) down.set(key, link)
      }
    }
    return {
      self: this.#self,
      nodes: line.nodes,
      gone,
      linksUp: line.linksUp.filter((link) => !this.#links.has(linkKey(...link))),
      linksDown: [...down].filter(([key]) => this.#links.has(key)).map(([, link]) => link),
    }
  }

  #difference(line: OverlayLine): OverlayChange {
    const names = new Set(line.nodes.map((node) => node.name))
    const keys = new Set(line.links.map((link) => linkKey(...link)))
    return {
      self: line.self,
      nodes: line.nodes.filter((node) => !isSame(node, this.#nodes.get(node.name))),
      gone: [...this.#nodes.keys()].filter((name) => !names.has(name)),
      linksUp: line.links.filter((link) => !this.#links.has(linkKey(...link))),
      linksDown: [...this.#links].filter(([key]) => !keys.has(key)).map(([, link]) => link),
    }
  }

  #eventsOf(change: OverlayChange, isFirst: boolean): OverlayEvent[] {
    const events: OverlayEvent[] = []
    if (change.self !== this.#self) events.push({ kind: 'watching', node: change.self })
    if (isFirst) return events
    for (const node of change.nodes) {
      const kind = eventKind(node, this.#nodes.get(node.name))
      if (kind !== undefined) events.push({ kind, node: node.name })
    }
    // That a node has left was told when it said so.
    for (const name of change.gone)
      if (this.#nodes.get(name)?.state !== 'leaving') events.push({ kind: 'forgotten', node: name })
    for (const [node, peer] of change.linksUp) events.push({ kind: 'link-up', node, peer })
    for (const [node, peer] of change.linksDown) events.push({ kind: 'link-down', node, peer })
    return events
  }
}

/** Applies a change to the parts of a state. */
export function patch(
  nodes: Map<string, SeenNode>,
  links: Map<string, SeenLink>,
  change: OverlayChange,
): void {
  for (const node of change.nodes) nodes.set(node.name, node)
  for (const name of change.gone) nodes.delete(name)
  for (const link of change.linksDown) links.delete(linkKey(...link))
  for (const link of change.linksUp) links.set(linkKey(...link), link)
}

/** How many single things a change is made of. */
export function sizeOf(change: OverlayChange): number {
  return change.nodes.length + change.gone.length + change.linksUp.length + change.linksDown.length
}

/** What the two ends of a link say of it, put together. */
export interface LinkFigures {
  /** The smaller of what both ends measure. Absent: neither has measured it. */
  readonly rttMs?: number
  /** Bytes that wait at the end with the smaller name, and at the other one. */
  readonly queuedBytes: readonly [number, number]
  /** Both directions together. */
  readonly messagesPerS: number
  readonly bytesPerS: number
}

/** The reports of a state, and what tells how fresh they are. */
export type Reports = Pick<OverlayState, 'reports' | 'reportsAtMs' | 'reportsFreshMs'>

/**
 * What a node says of itself; `undefined` where it has not said anything for too long. A node says itself when it reports more
 * seldom than it is asked to.
 */
export function freshReport({ reports, reportsAtMs, reportsFreshMs }: Reports, name: string) {
  const report = reports.get(name)
  if (report === undefined) return undefined
  const freshMs = Math.max(reportsFreshMs, REPORTS_MISSED_MAX * (report.everyMs ?? 0))
  return reportsAtMs - report.atMs > freshMs ? undefined : report
}

/** The figures of a link; `undefined` where neither end has reported it, or not for too long. */
export function linkFigures([a, b]: SeenLink, reports: Reports): LinkFigures | undefined {
  const ofA = freshReport(reports, a)?.links.find((link) => link.to === b)
  const ofB = freshReport(reports, b)?.links.find((link) => link.to === a)
  if (ofA === undefined && ofB === undefined) return undefined
  const rttMs = Math.min(ofA?.rttMs ?? Number.POSITIVE_INFINITY, ofB?.rttMs ?? Number.POSITIVE_INFINITY)
  return {
    ...(Number.isFinite(rttMs) ? { rttMs } : {}),
    queuedBytes: [ofA?.queuedBytes ?? 0, ofB?.queuedBytes ?? 0],
    messagesPerS: (ofA?.messagesPerS ?? 0) + (ofB?.messagesPerS ?? 0),
    bytesPerS: (ofA?.bytesPerS ?? 0) + (ofB?.bytesPerS ?? 0),
  }
}

/**
 * Messages that come over all links of nodes that are up, per second: one that takes two links counts twice. Reports that
 * are too old do not count.
 */
export function linkMessagesPerS(state: OverlayState): number {
  let perS = 0
  for (const { name, state: isIn } of state.nodes.values()) {
    if (isIn !== 'up') continue
    for (const link of freshReport(state, name)?.links ?? []) perS += link.messagesPerS
  }
  return perS
}

function eventKind(node: SeenNode, before: SeenNode | undefined): OverlayEventKind | undefined {
  if (node.state === before?.state) {
    if (node.incarnation !== before.incarnation) return 'join'
    // A new version alone says only that its links have changed, which is told by the links.
    return isSame({ ...node, version: before.version }, before) ? undefined : 'changed'
  }
  switch (node.state) {
    case 'up':
      return 'join'
    case 'leaving':
      return 'leave'
    case 'unreachable':
      return 'unreachable'
    case 'joining':
      return undefined
  }
}

function isSame(a: SeenNode, b: SeenNode | undefined): boolean {
  return (
    b !== undefined &&
    a.kind === b.kind &&
    a.state === b.state &&
    a.url === b.url &&
    a.incarnation === b.incarnation &&
    a.version === b.version &&
    isSameList(a.tags, b.tags) &&
    isSameList(a.topics, b.topics)
  )
}

function isSameList(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
