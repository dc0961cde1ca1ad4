// Where a scenario plays: a simulated network with a book of all that its nodes are asked and told, counters, and looks
// at how far it has come.
// It must not know what a scenario does or wants, but for what holds in all of them: nothing is handed over twice or out
// of order, every send and broadcast is answered in time (ledger.ts), and the machines keep their invariants.

import { CORE_DEFAULTS } from '../core/config.ts'
import type { Effect, Input, Notification } from '../core/events.ts'
import { checkInvariants, LATE_MS } from '../core/invariants.ts'
import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import { Rng } from '../core/rng.ts'
import type { CrashOptions } from './host.ts'
import { idOf, Ledger, payloadOf, type Run } from './ledger.ts'
import { describeReach } from './look.ts'
import { bytesBetween, Meter } from './meter.ts'
import { SimNetwork, type SimNodeOptions, type SimOptions } from './network.ts'
import type { ProcessObserver, SimProcess } from './process.ts'
import {
  type ControlFigures,
  type Convergence,
  controlFigures,
  type Figure,
  type PhaseSpan,
  type ScenarioViolation,
} from './report.ts'
import { Cast, Shot } from './traffic-log.ts'
import { checkTurn } from './turn-check.ts'

/** A process on the stage. */
export interface StageNode extends Run {
  readonly process: SimProcess
  readonly startedMs: number
  /** When it got its first link. */
  linkedMs: number | undefined
  /** When it crashed or left. */
  endedMs: number | undefined
  /** It was told that another one has its name. */
  isStopped: boolean
}

/** Steps as they are handed to whoever drives a scenario: it may show how far it is, or give up between two of them. */
export interface StageTick {
  readonly phase: string
  readonly nowMs: number
  readonly steps: number
}

/** A part of a scenario that takes virtual time. */
export type Steps<T = void> = Generator<StageTick, T, void>

/** How a stage is set up. */
export interface StageOptions extends Omit<SimOptions, 'keepNotices' | 'observer' | 'onFrame'> {
  /** Sees what nodes do, for a trace. */
  readonly observer?: ProcessObserver | undefined
}

/** How often it is looked how far the network has come. */
export const LOOK_MS = 100
/** Shorter times are none: virtual time goes by ticks of 1/1024 ms. */
const MOMENT_MS = 0.001
/** Virtual time between two steps that are handed to the driver. */
const STEP_MS = 10
/** Each so many steps the node that made it is looked at. */
const STEPS_A_LOOK = 64
/** Each so many of these looks at all that it knows, or as many as there are nodes: such a look costs more than their number. */
const LOOKS_A_FULL_LOOK_MIN = 64
const LAST_LOOKS_MAX = 100
const BROADCAST_HOPS_MAX = 64
const VIOLATIONS_MAX = 20
/** What is waited for is waited for this many times longer than it may take, so that the report says how long it takes. */
const PATIENCE = 4
const PAYLOAD_BYTES = 64

/** See the head of the file. */
export class Stage {
  readonly net: SimNetwork
  /** For what a scenario draws. */
  readonly rng: Rng
  readonly meter = new Meter()
  readonly violations: ScenarioViolation[] = []
  readonly convergence: Convergence[] = []
  /** What the overlay cost, by what was going on. */
  readonly control = new Map<string, ControlFigures>()
  readonly figures: Figure[] = []
  readonly casts: Cast[] = []
  /** Nodes that broadcasts need not reach, and whose latencies are nobody's business. */
  readonly ignored = new Set<StageNode>()
  readonly shots: Shot[] = []
  readonly #phases: { name: string; fromMs: number }[] = []
  readonly #ledger: Ledger
  readonly #nodes = new Map<string, StageNode>()
  readonly #byProcess = new Map<SimProcess, StageNode>()
  readonly #castsById = new Map<number, Cast>()
  readonly #shotsById = new Map<number, Shot>()
  readonly #watchers = new Set<(node: StageNode, notification: Notification) => void>()
  readonly #observer: ProcessObserver
  /** The nodes that run, until one comes or goes. */
  #running: readonly StageNode[] | undefined
  readonly #runs = new Map<string, number>()
  #looks = 0
  steps = 0

  constructor({ observer = {}, ...options }: StageOptions) {
    this.#observer = observer
    this.rng = new Rng(options.seed ^ 0x5ce7a10)
    this.net = new SimNetwork({
      ...options,
      keepNotices: false,
      onFrame: (from, to, message, bytes) => this.meter.frame(from, to, message, bytes),
      observer: {
        onNotice: (process, notification) => this.#told(process, notification),
        onHandled: (process, input, effects) => this.#handled(process, input, effects),
      },
    })
    const { hopsMax, deadlineMs, heartbeatMs } = { ...CORE_DEFAULTS, ...options.config }
    const limits = {
      hopsMax,
      broadcastHopsMax: BROADCAST_HOPS_MAX,
      broadcastAnswerMs: deadlineMs + heartbeatMs,
      lateMs: LATE_MS,
      isOrdered: true,
    }
    this.#ledger = new Ledger(limits, (what) => this.broken(what))
  }

  get nowMs(): number {
    return this.net.nowMs
  }

  /** The nodes that run, in the order of their starts. */
  get nodes(): readonly StageNode[] {
    this.#running ??= [...this.#nodes.values()]
    return this.#running
  }

  /** The cores of the nodes that run. */
  get overlays(): readonly Overlay[] {
    return this.nodes.map(({ process }) => process.overlay)
  }

  /** A node that runs. @throws TypeError when none of that name does. */
  node(name: string): StageNode {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new TypeError(`${name} does not run`)
    return node
  }

  /** Whether this run still runs. */
  isUp(node: StageNode): boolean {
    return node.endedMs === undefined
  }

  /** Writes down that something must not be. */
  broken(what: string): void {
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ atMs: this.nowMs, what })
  }

  /** A number of this scenario for the report. */
  figure(what: string, value: number, unit: string): void {
    this.figures.push({ what, value, unit })
  }

  /** Sees what nodes tell; returns what ends that. */
  watch(watcher: (node: StageNode, notification: Notification) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  // Processes come and go.

  /** Starts a node. */
  start(name: string, options?: SimNodeOptions): StageNode {
    this.net.start(name, options)
    return this.#nodeOf(this.net.process(name))
  }

  /** Ends a node without a word. */
  crash(node: StageNode, options?: CrashOptions): void {
    this.#remove(node)
    this.net.crash(node.process.name, options)
    this.#ledger.ended(node, false)
    this.#byProcess.delete(node.process)
  }

  /** A node leaves as it should. */
  leave(node: StageNode): void {
    this.#remove(node)
    this.net.leave(node.process.name)
    this.#left(node)
  }

  // What applications do

  /** A node broadcasts. @param group what it is made for, as the report has it. */
  broadcast(by: StageNode, group: string): Cast {
    const entry = this.#ledger.broadcast(by, this.nowMs)
    const expected = this.nodes.filter(
      (node) => node !== by && node.linkedMs !== undefined && !this.ignored.has(node),
    )
    const cast = new Cast(entry, { by, group, atMs: this.nowMs, expected })
    this.casts.push(cast)
    this.#castsById.set(entry.id, cast)
    const payload = payloadOf(entry.id, PAYLOAD_BYTES)
    by.process.feed({ type: 'broadcast', id: entry.id, payload })
    return cast
  }

  /** A node sends to another one. */
  send(by: StageNode, to: StageNode, group: string): Shot {
    const entry = this.#ledger.send(by, to.name, this.nowMs + CORE_DEFAULTS.deadlineMs)
    const shot = new Shot(entry, { by, to, group, atMs: this.nowMs })
    this.shots.push(shot)
    this.#shotsById.set(entry.id, shot)
    const payload = payloadOf(entry.id, PAYLOAD_BYTES)
    const { deadlineMs } = CORE_DEFAULTS
    by.process.feed({ type: 'send', id: entry.id, to: to.name as NodeName, payload, deadlineMs })
    return shot
  }

  // Time

  /** A part of the scenario begins. */
  phase(name: string): void {
    this.#phases.push({ name, fromMs: this.nowMs })
  }

  /** The parts so far. */
  get phases(): PhaseSpan[] {
    return this.#phases.map(({ name, fromMs }, index) => {
      return { name, fromMs, toMs: this.#phases[index + 1]?.fromMs ?? this.nowMs }
    })
  }

  /** Lets time pass. */
  *run(ms: number): Steps {
    const untilMs = this.nowMs + ms
    // Moments are whole ticks: what is left may be less than one.
    while (untilMs - this.nowMs >= MOMENT_MS) {
      this.net.run(Math.min(STEP_MS, untilMs - this.nowMs))
      yield { phase: this.#phases.at(-1)?.name ?? '', nowMs: this.nowMs, steps: this.steps }
    }
    this.#ledger.check(this.nowMs)
  }

  /** Does something again and again while time passes, until what is returned is called. */
  often(everyMs: number, act: () => void): () => void {
    const { queue } = this.net.medium
    let isOver = false
    const next = (): void => {
      if (isOver) return
      act()
      queue.plan(everyMs, next)
    }
    queue.plan(everyMs, next)
    return () => {
      isOver = true
    }
  }

  /**
   * Lets time pass until something is so, looked at every {@link LOOK_MS}, and notes how long it took.
   * @param fromMs since when it counts. Default: now.
   * @returns false when it is not so after several times `withinMs`.
   */
  *until(
    what: string,
    isSo: (overlays: readonly Overlay[]) => boolean,
    { withinMs, fromMs = this.nowMs }: { withinMs: number; fromMs?: number },
  ): Steps<boolean> {
    while (!isSo(this.overlays)) {
      if (this.nowMs - fromMs >= PATIENCE * withinMs) {
        this.convergence.push({ what, tookMs: undefined, withinMs })
        this.broken(`${what}: not within ${PATIENCE * withinMs} ms (${describeReach(this.overlays)})`)
        return false
      }
      yield* this.run(LOOK_MS)
    }
    const tookMs = this.nowMs - fromMs
    this.convergence.push({ what, tookMs, withinMs })
    if (tookMs > withinMs) this.broken(`${what}: took ${tookMs.toFixed(0)} ms, and may take ${withinMs}`)
    return true
  }

  /** Runs a part of the scenario, and notes what control bytes it cost. @param what it is, as the report has it. */
  *metered(what: string, part: Steps): Steps {
    const before = this.meter.controlBytes()
    const fromMs = this.nowMs
    yield* part
    const bytes = bytesBetween(before, this.meter.controlBytes())
    this.control.set(what, controlFigures(bytes, { nodes: this.nodes.length, overMs: this.nowMs - fromMs }))
  }

  /** Looks at everything of some nodes, and of all where there are not more. */
  checkAll(): void {
    for (const node of this.rng.shuffled(this.nodes).slice(0, LAST_LOOKS_MAX)) this.#check(node, 'all')
    this.#ledger.check(this.nowMs)
  }

  #nodeOf(process: SimProcess): StageNode {
    const known = this.#byProcess.get(process)
    if (known !== undefined) return known
    const run = (this.#runs.get(process.name) ?? 0) + 1
    this.#runs.set(process.name, run)
    const node: StageNode = {
      label: `${process.name}#${run}`,
      name: process.overlay.self.name,
      process,
      startedMs: this.nowMs,
      linkedMs: undefined,
      endedMs: undefined,
      isStopped: false,
    }
    this.#byProcess.set(process, node)
    this.#nodes.set(process.name, node)
    this.#running = undefined
    this.#ledger.started(node)
    return node
  }

  #remove(node: StageNode): void {
    if (!this.isUp(node)) throw new TypeError(`${node.label} does not run`)
    this.#nodes.delete(node.process.name)
    node.endedMs = this.nowMs
    this.#running = undefined
  }

  #left(node: StageNode): void {
    this.#check(node, 'all')
    this.#ledger.ended(node, true)
    this.#byProcess.delete(node.process)
  }

  #told(process: SimProcess, notification: Notification): void {
    const node = this.#nodeOf(process)
    this.#observer.onNotice?.(process, notification)
    // One that was refused by the bootstrap leaves after it was stopped.
    if (!node.isStopped || notification.type !== 'left') this.#ledger.told(node, notification, this.nowMs)
    switch (notification.type) {
      case 'neighbor-up':
        node.linkedMs ??= this.nowMs
        break
      case 'message':
        this.#message(node, notification)
        break
      case 'stopped':
        this.#stopped(node)
    }
    for (const watcher of this.#watchers) watcher(node, notification)
  }

  #message(node: StageNode, message: Extract<Notification, { type: 'message' }>): void {
    const id = idOf(message.payload)
    if (message.broadcast) this.#castsById.get(id)?.arrived(node, message.hops, this.nowMs)
    else this.#shotsById.get(id)?.arrived(message.hops, this.nowMs)
  }

  #stopped(node: StageNode): void {
    node.isStopped = true
    const { host, name } = node.process
    const end = (): void => {
      if (!this.isUp(node)) return
      if (host.isPaused) {
        host.afterPause({ happen: end })
        return
      }
      this.#remove(node)
      // Where the bootstrap has refused it, it is gone already.
      if (this.net.names.includes(name)) this.net.leave(name)
      this.#left(node)
    }
    this.net.medium.queue.plan(0, end)
  }

  #handled(process: SimProcess, input: Input, effects: readonly Effect[]): void {
    this.#observer.onHandled?.(process, input, effects)
    if (++this.steps % STEPS_A_LOOK !== 0) return
    const node = this.#nodeOf(process)
    for (const broken of checkTurn(process.overlay.self.name, input, effects)) {
      this.broken(`${node.label} ${broken}`)
    }
    const isFull = ++this.#looks >= Math.max(LOOKS_A_FULL_LOOK_MIN, this.nodes.length)
    if (isFull) this.#looks = 0
    this.#check(node, isFull ? 'all' : 'quick')
  }

  #check({ label, process }: StageNode, depth: 'quick' | 'all'): void {
    for (const broken of checkInvariants(process.overlay, process.nowMs, { depth })) {
      this.broken(`${label} ${broken}`)
    }
  }
}
