// The overlay as a whole, for guests of this node that watch it: who is there, what each node says of itself, and messages on
// their ways. Asks all nodes to report as long as somebody watches, as often and as much as can be taken.
// It must not know who watches, nor how a line is shown.
//
// 1. Nobody is asked to report unless somebody watches here.
// 2. Of reports `REPORTS_PER_S` are asked for, and of steps about `STEPS_PER_S` are told, and `TRACED_PER_S` of messages with a
//    trace, however large and busy the overlay is, and whatever nodes send.
// 3. Whatever one node reports, what the others report is told.
// 4. A line comes at least every `ALIVE_MS`, so that whoever hears nothing knows that something is wrong.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { OverlayWatch } from '../guests/guest-host.ts'
import type { NodeReport, OverlayLine, WatchedLine } from '../guests/overlay-lines.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { Casting } from './casting.ts'
import { seal } from './envelope.ts'
import { FairTraffic } from './fair-traffic.ts'
import { NodeLoads } from './node-loads.ts'
import { OverlayPicture, type PictureParts } from './overlay-picture.ts'
import { type Told, toldOf, type WatchCall } from './report-form.ts'
import { ONE_IN_MAX } from './sightings.ts'
import type { NodeTimers } from './world.ts'

/** What watching needs of the node. */
export interface WatchingParts extends PictureParts {
  readonly name: NodeName
  readonly overlay: Overlay
  readonly casting: Pick<Casting, 'tell'>
  readonly timers: Pick<NodeTimers, 'wait'>
  /** The wall clock, in ms since 1970. */
  readonly wallMs: () => number
  /** Has this node report to itself. */
  readonly askOwn: (call: WatchCall) => void
}

type Listener = (line: WatchedLine) => void

/** How often changes are looked for, and lines told. */
const TICK_MS = 250
/** How often the others are asked again, so that those that are new report as well. */
const CALL_MS = 5_000
/** How long others report that are not asked again. */
const FOR_MS = 15_000
/** Reports that come here, of all nodes together. */
const REPORTS_PER_S = 200
/** Steps of messages that are told, of all nodes together. */
const STEPS_PER_S = 400
/** The same of messages with a trace: a broadcast with one has a step at each node. */
const TRACED_PER_S = 2_000
/** At most so long is nothing told. */
const ALIVE_MS = 5_000
const EVERY_MS = 1_000
/** What one node has to tell counts at most for so many steps a second while most of the others have nothing to tell. */
const PART_MAX = STEPS_PER_S / 2

/** See the head of the file. */
export class Watching {
  readonly #parts: WatchingParts
  readonly #listeners = new Set<Listener>()
  #picture: OverlayPicture | undefined
  readonly #reports = new Map<string, NodeReport>()
  /** Those that report to others only. */
  readonly #full = new Set<string>()
  readonly #loads: NodeLoads
  readonly #traffic: FairTraffic
  #reportedMs = 0
  #oneIn = 1
  #weighedMs = 0
  #calledMs = Number.NEGATIVE_INFINITY
  #isRunning = false
  #hasEnded = false

  constructor(parts: WatchingParts) {
    this.#parts = parts
    this.#loads = new NodeLoads(parts.nowMs, PART_MAX)
    this.#traffic = new FairTraffic(parts.nowMs, this.#loads, { plain: STEPS_PER_S, traced: TRACED_PER_S })
  }

  /** Tells `listener` all lines from now on, but for the first: that is what {@link OverlayWatch.all} gives. */
  watch(listener: Listener): OverlayWatch {
    if (this.#hasEnded) return { all: () => this.#all(new OverlayPicture(this.#parts)), end: () => {} }
    this.#listeners.add(listener)
    if (this.#picture === undefined) {
      this.#picture = new OverlayPicture(this.#parts)
      this.#picture.look()
    }
    const picture = this.#picture
    if (!this.#isRunning) void this.#run()
    return {
      all: () => this.#all(picture),
      end: () => {
        this.#listeners.delete(listener)
      },
    }
  }

  #all(picture: OverlayPicture): OverlayLine {
    return { event: 'overlay', atMs: this.#parts.wallMs(), ...picture.all() }
  }

  /** A node reports. False: nobody watches here. */
  reported(from: NodeName, value: unknown): boolean {
    if (this.#listeners.size === 0) return false
    this.take(from, toldOf(from, value))
    return true
  }

  /** As {@link reported}, for what needs no check. */
  take(from: NodeName, told: Told): void {
    if (told.isFull) this.#full.add(from)
    this.#traffic.add(from, told, this.#oneIn)
    if (told.report === undefined) return
    this.#reports.set(from, told.report)
    this.#full.delete(from)
    this.#loads.reported(from)
  }

  /** Nobody watches any more. */
  end(): void {
    this.#hasEnded = true
    this.#listeners.clear()
  }

  async #run(): Promise<void> {
    const { nowMs, timers } = this.#parts
    this.#isRunning = true
    this.#weighedMs = nowMs()
    this.#oneIn = 1
    this.#calledMs = Number.NEGATIVE_INFINITY
    while (this.#listeners.size > 0) {
      this.#weigh()
      if (nowMs() - this.#calledMs >= CALL_MS) this.#call()
      await timers.wait(TICK_MS)
      this.#tick()
    }
    if (!this.#hasEnded) this.#tell({ everyMs: EVERY_MS, forMs: 0, oneIn: 1 })
    this.#picture = undefined
    this.#reports.clear()
    this.#full.clear()
    this.#traffic.clear()
    this.#loads.clear()
    this.#isRunning = false
  }

  #tick(): void {
    const atMs = this.#parts.wallMs()
    const change = this.#picture?.look()
    if (change !== undefined) this.#show({ event: 'overlay-change', atMs, ...change })
    const nowMs = this.#parts.nowMs()
    const isSilent = nowMs - this.#reportedMs >= Math.min(this.#everyMs, ALIVE_MS)
    if (this.#reports.size > 0 || this.#full.size > 0 || isSilent) {
      const reports = [...this.#reports.values()]
      const full = this.#full.size === 0 ? {} : { full: [...this.#full] }
      this.#reports.clear()
      this.#full.clear()
      this.#reportedMs = nowMs
      this.#show({ event: 'reports', atMs, everyMs: this.#everyMs, reports, ...full })
    }
    for (const part of this.#traffic.take(this.#oneIn)) this.#show({ event: 'traffic', atMs, ...part })
  }

  #show(line: WatchedLine): void {
    for (const listener of [...this.#listeners]) listener(line)
  }

  /** Between two reports of a node: more in a larger overlay. */
  get #everyMs(): number {
    return EVERY_MS * Math.max(1, Math.ceil(this.#parts.overlay.directory.reachableCount / REPORTS_PER_S))
  }

  /** Has fewer messages told of, or more, so that about `STEPS_PER_S` come. */
  #weigh(): void {
    const nowMs = this.#parts.nowMs()
    if (nowMs - this.#weighedMs < Math.max(EVERY_MS, this.#everyMs)) return
    this.#weighedMs = nowMs
    const before = this.#oneIn
    const perS = this.#loads.perS / before
    if (perS > STEPS_PER_S) {
      const factor = 2 ** Math.ceil(Math.log2(perS / STEPS_PER_S))
      this.#oneIn = Math.min(ONE_IN_MAX, this.#oneIn * factor)
    } else if (perS < STEPS_PER_S / 4 && this.#oneIn > 1) {
      const factor = 2 ** Math.floor(Math.log2(STEPS_PER_S / 2 / Math.max(1, perS)))
      this.#oneIn = Math.max(1, this.#oneIn / factor)
    }
    if (this.#oneIn !== before) this.#call()
  }

  #call(): void {
    this.#calledMs = this.#parts.nowMs()
    this.#tell({ everyMs: this.#everyMs, forMs: FOR_MS, oneIn: this.#oneIn })
  }

  #tell(call: WatchCall): void {
    this.#parts.askOwn(call)
    this.#parts.casting.tell(seal({ ...call } as JsonValue, { watch: '1', ping: '1' }))
  }
}
