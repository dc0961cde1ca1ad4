// A node's side of being watched: whoever watches the overlay asks all nodes to report, for a while, and this one does. It
// must not cost the overlay: what does not go out at once is not sent later, but counted as left out.
//
// 1. Nothing is measured or sent unless somebody has asked within the last `forMs`.
// 2. At most one report to each watcher is under way, and none where a link is full.
// 3. At most `WATCHERS_MAX` others are reported to, and together at most `REPORTS_PER_S` times a second: the more there are,
//    the more seldom. A report says how often they come; whoever is one too many is told so.
// 4. What one watcher asks for, or whether it answers, keeps nothing from the others for longer than `LOOK_MS`.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { Rng } from '../core/rng.ts'
import type { NodeReport, ReportedLink } from '../guests/overlay-lines.ts'
import type { JsonValue } from '../wire/payload.ts'
import { fieldsOf, seal } from './envelope.ts'
import { callOf, EVERY_MAX_MS, FULL, messageOf, type Told } from './report-form.ts'
import type { Sending } from './sending.ts'
import type { Sightings } from './sightings.ts'
import type { NodeStats } from './stats.ts'
import type { NodeLinks, NodeTimers, NodeWorld } from './world.ts'

/** What reporting needs of the node. */
export interface ReportingParts {
  readonly name: NodeName
  readonly overlay: Pick<Overlay, 'neighbors' | 'wayTo'>
  readonly links: Pick<NodeLinks, 'queuedBytes' | 'receivedBytes'>
  readonly sightings: Pick<Sightings, 'messagesOn' | 'take' | 'watch'>
  readonly sending: Pick<Sending, 'tell'>
  readonly timers: Pick<NodeTimers, 'wait'>
  readonly nowMs: NodeWorld['nowMs']
  readonly rng: Rng
  readonly stats: () => Pick<NodeStats, 'sent' | 'received' | 'relayed' | 'dropped'>
  /** Takes what this node reports to itself. */
  readonly toOwn: (told: Told) => void
}

interface Watcher {
  endMs: number
  everyMs: number
  oneIn: number
  isUnderWay: boolean
  /** Steps that it was not told of. */
  leftOut: number
}

/** Others that are reported to: a class in which each looks at a node of its own. */
const WATCHERS_MAX = 64
/** Reports of this node, to all of them together. */
const REPORTS_PER_S = 5
/** Nobody is reported to more often. */
const EVERY_MIN_MS = 500
/** How often it is looked whether a report is due: what is wanted may have changed. */
const LOOK_MS = 500
/** Those for whom there is no room are told so, so many a second. */
const REFUSED_PER_S = 5
/** How long it is tried to tell them. */
const REFUSED_MS = 5_000
/** Whoever watches on has to ask again. */
const FOR_MAX_MS = 60_000
/** How long a step of a traced message waits for others. */
const SOON_MS = 100
/** How often it waits so long for a report to arrive that is just on its way. */
const SOON_WAITS_MAX = 5
/** Bytes that wait on the link towards a watcher: with more, it gets no report. */
const QUEUED_BYTES_MAX = 65_536

/** See the head of the file. */
export class Reporting {
  readonly #parts: ReportingParts
  readonly #watchers = new Map<NodeName, Watcher>()
  readonly #measured = new Map<number, { readonly messages: number; readonly bytes: number }>()
  #measuredMs = 0
  /** The last report, or before the first one the time from which on its interval counts. */
  #reportedMs = 0
  #refused = { count: 0, sinceMs: Number.NEGATIVE_INFINITY }
  #isRunning = false
  #isSoon = false

  constructor(parts: ReportingParts) {
    this.#parts = parts
  }

  /** Those that are reported to. */
  get size(): number {
    return this.#watchers.size
  }

  /** A node, or this one, asks to be reported to. False: what it asks makes no sense, or there are too many. */
  asked(from: NodeName, value: unknown): boolean {
    const call = callOf(value)
    if (call === undefined) return false
    const watcher = this.#watchers.get(from)
    if (call.forMs === 0) {
      this.#watchers.delete(from)
      this.#sightings()
      return true
    }
    const isOwn = from === this.#parts.name
    if (watcher === undefined && this.#others >= WATCHERS_MAX && !isOwn) {
      this.#refuse(from)
      return false
    }
    const isFirst = this.#watchers.size === 0
    const endMs = this.#parts.nowMs() + Math.min(call.forMs, FOR_MAX_MS)
    const everyMs = Math.min(Math.max(call.everyMs, EVERY_MIN_MS), EVERY_MAX_MS)
    if (watcher !== undefined) Object.assign(watcher, { endMs, everyMs, oneIn: call.oneIn })
    else this.#watchers.set(from, { endMs, everyMs, oneIn: call.oneIn, isUnderWay: false, leftOut: 0 })
    this.#sightings()
    if (isFirst) this.#begin()
    if (!this.#isRunning) void this.#run()
    return true
  }

  /** Nobody is reported to any more. */
  end(): void {
    this.#watchers.clear()
    this.#sightings()
  }

  /** Somebody watches, and nobody did. */
  #begin(): void {
    const { nowMs, rng } = this.#parts
    this.#measured.clear()
    this.#measure()
    // Not all nodes at the same time.
    this.#reportedMs = nowMs() - rng.below(Math.ceil(this.#everyMs))
  }

  /** All watchers are told the same: as often as the most eager one wants it, and as much. */
  async #run(): Promise<void> {
    const { nowMs, sightings, timers } = this.#parts
    this.#isRunning = true
    while (this.#watchers.size > 0) {
      const dueMs = this.#reportedMs + this.#everyMs
      await timers.wait(Math.min(Math.max(dueMs - nowMs(), 1), LOOK_MS))
      this.#forget()
      // Meanwhile somebody may have come who wants it sooner, or have gone.
      if (this.#watchers.size === 0 || nowMs() < this.#reportedMs + this.#everyMs) continue
      this.#reportedMs = nowMs()
      this.#tell({ ...sightings.take(true), report: this.#report() })
    }
    this.#measured.clear()
    this.#isRunning = false
  }

  #refuse(name: NodeName): void {
    const { nowMs, sending } = this.#parts
    if (nowMs() - this.#refused.sinceMs >= 1_000) this.#refused = { count: 0, sinceMs: nowMs() }
    if (this.#isFull(name) || ++this.#refused.count > REFUSED_PER_S) return
    void sending.tell(name, seal(FULL, { report: '1', ping: '1' }), REFUSED_MS)
  }

  get #everyMs(): number {
    let everyMs = EVERY_MAX_MS
    for (const watcher of this.#watchers.values()) everyMs = Math.min(everyMs, watcher.everyMs)
    return Math.max(everyMs, (this.#others * 1_000) / REPORTS_PER_S)
  }

  /** Watchers that a report has to travel to. */
  get #others(): number {
    return this.#watchers.size - (this.#watchers.has(this.#parts.name) ? 1 : 0)
  }

  #forget(): void {
    const nowMs = this.#parts.nowMs()
    for (const [name, { endMs }] of this.#watchers) if (endMs <= nowMs) this.#watchers.delete(name)
    this.#sightings()
  }

  #sightings(): void {
    let oneIn = Number.POSITIVE_INFINITY
    for (const watcher of this.#watchers.values()) oneIn = Math.min(oneIn, watcher.oneIn)
    this.#parts.sightings.watch(this.#watchers.size === 0 ? undefined : oneIn, this.#soon)
  }

  readonly #soon = (): void => {
    if (this.#isSoon) return
    this.#isSoon = true
    void this.#tellSoon().finally(() => {
      this.#isSoon = false
    })
  }

  async #tellSoon(): Promise<void> {
    const { sightings, timers } = this.#parts
    // They wait for the report that is just on its way, but not for a watcher that is gone.
    for (let waits = 0; waits < SOON_WAITS_MAX; waits++) {
      await timers.wait(SOON_MS)
      if (![...this.#watchers.values()].some(({ isUnderWay }) => isUnderWay)) break
    }
    const seen = sightings.take()
    if (seen.steps.length > 0 || seen.leftOut > 0) this.#tell(seen)
  }

  #tell(told: Told): void {
    let value: JsonValue | undefined
    const all = told.leftOut + stepsIn(told)
    for (const [name, watcher] of this.#watchers) {
      if (name === this.#parts.name) {
        this.#parts.toOwn(told)
        continue
      }
      if (watcher.isUnderWay || this.#isFull(name)) {
        watcher.leftOut += all
        continue
      }
      value ??= messageOf(told)
      const leftOut = told.leftOut + watcher.leftOut
      watcher.leftOut = 0
      void this.#send(name, watcher, leftOut === told.leftOut ? value : { ...fieldsOf(value), leftOut })
    }
  }

  async #send(name: NodeName, watcher: Watcher, value: JsonValue): Promise<void> {
    watcher.isUnderWay = true
    const sealed = seal(value, { report: '1', ping: '1' })
    await this.#parts.sending.tell(name, sealed, 2 * watcher.everyMs)
    watcher.isUnderWay = false
  }

  #isFull(watcher: NodeName): boolean {
    const { links, name, overlay } = this.#parts
    const link = overlay.wayTo(watcher, name)
    return link === undefined || links.queuedBytes(link.id) > QUEUED_BYTES_MAX
  }

  #report(): NodeReport {
    const { name, stats } = this.#parts
    const { sent, received, relayed, dropped } = stats()
    const { direct, broadcast, request, http } = sent
    return {
      node: name,
      everyMs: Math.ceil(this.#everyMs),
      sent: sumOf([direct, broadcast, request, http]),
      received,
      relayed,
      dropped: { ...dropped } as Record<string, number>,
      links: this.#measure(),
    }
  }

  /** The links as they are now, with what came over each since this was last asked. */
  #measure(): ReportedLink[] {
    const { links, nowMs, overlay, sightings } = this.#parts
    const atMs = nowMs()
    const seconds = Math.max(0.001, (atMs - this.#measuredMs) / 1_000)
    this.#measuredMs = atMs
    const before = new Map(this.#measured)
    this.#measured.clear()
    return [...overlay.neighbors].map(([to, { id, rttMs }]) => {
      const now = { messages: sightings.messagesOn(id), bytes: links.receivedBytes(id) }
      this.#measured.set(id, now)
      // A link that is new has nothing to be compared with.
      const last = before.get(id) ?? now
      return {
        to,
        ...(rttMs === undefined ? {} : { rttMs: rounded(rttMs) }),
        queuedBytes: links.queuedBytes(id),
        messagesPerS: rounded((now.messages - last.messages) / seconds),
        bytesPerS: rounded((now.bytes - last.bytes) / seconds),
      }
    })
  }
}

/** Steps that those which are told stand for. */
function stepsIn({ steps, oneIn }: Told): number {
  return steps.reduce((sum, { traceparent }) => sum + (traceparent === undefined ? oneIn : 1), 0)
}

function rounded(amount: number): number {
  return Math.max(0, Math.round(amount * 1_000) / 1_000)
}

function sumOf(counts: readonly Readonly<Partial<Record<string, number>>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const each of counts)
    for (const [outcome, count = 0] of Object.entries(each)) sum[outcome] = (sum[outcome] ?? 0) + count
  return sum
}
