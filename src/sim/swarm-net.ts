// The nodes of a swarm: processes that are started, crash and come back, with a book of all that they are asked and told,
// and the invariants looked at after every step.
// It must not choose faults or traffic, nor know what phase the run is in.

import type { Effect, Input, Profile, Timer } from '../core/events.ts'
import { hashPair } from '../core/hash.ts'
import { checkInvariants, LATE_MS } from '../core/invariants.ts'
import type { Contact, NodeName } from '../core/messages.ts'
import { Rng } from '../core/rng.ts'
import type { FrameObserver } from './end.ts'
import { EventQueue } from './event-queue.ts'
import type { CrashOptions, Host } from './host.ts'
import { type BroadcastEntry, Ledger, payloadOf, type Run, type SendEntry } from './ledger.ts'
import { Medium } from './medium.ts'
import { type ProcessObserver, SimProcess } from './process.ts'
import { SimBootstrap, SimRegistrant } from './rendezvous.ts'
import { SWARM_SEEDS, type SwarmPlan } from './swarm-plan.ts'
import { checkTurn } from './turn-check.ts'

/** A process that runs. */
export interface SwarmNode extends Run {
  /** What it is called on the medium: its own name, unless it claims somebody else's. */
  readonly process: SimProcess
  /** What it registers with, where there is a bootstrap. */
  registrant: SimRegistrant | undefined
  readonly isDialable: boolean
  /** As it was started. */
  readonly incarnation: number
  /** How late its timers may be, after it stood still. */
  lateMs: number
  /** What it says of itself; `undefined`: nothing. */
  profile: Profile | undefined
  /** Timers of the core that have not run out, by kind. */
  readonly timers: Map<Timer['kind'], number>
}

/** Something that must not be. */
export interface Violation {
  readonly atMs: number
  readonly what: string
}

/** How a process is started. */
export interface StartOptions {
  /** A clock that went back: the incarnation is smaller than any of before. */
  readonly hasOlderClock?: boolean
  /** The name that it claims; default: the process's own. */
  readonly claims?: string
}

const BOOTSTRAP = { name: 'bootstrap', url: 'ws://bootstrap:5000/' }
/** Links that a broadcast may travel. */
const BROADCAST_HOPS_MAX = 64
/** Each so many steps everything is looked at, else what is cheap to look at. */
const STEPS_A_LOOK = 50
/** So much may happen without time passing. */
const EVENTS_A_MOMENT = 20_000
/** How often it is looked whether what is waited for has come. */
const LOOK_MS = 100
/** How long the word of a process that is gone may make its way. */
const NEWS_MS = 30_000
/** How long a process needs at most to do what it has missed while it stood still. */
const CATCH_UP_MS = 20_000
const VIOLATIONS_MAX = 20
/** By how much the dates of two machines differ at most. */
const CLOCKS_DIFFER_MS = 1_000
/** When the clocks of the processes begin; younger ones have had their clocks set back. */
const CLOCK_MS = 1_000_000

/** See the head of the file. */
export class SwarmNet {
  readonly plan: SwarmPlan
  readonly queue = new EventQueue()
  readonly medium: Medium
  readonly ledger: Ledger
  readonly violations: Violation[] = []
  /** Sees what nodes do, for a trace. */
  observer: Pick<ProcessObserver, 'onHandled'> = {}
  readonly #rng: Rng
  readonly #nodes = new Map<string, SwarmNode>()
  /** How often each process was started. */
  readonly #runs = new Map<string, number>()
  /** When a run of a name ended last, for another reason than another run. */
  readonly #endedMs = new Map<string, number>()
  readonly #contested = new Set<string>()
  #bootstrap: SimBootstrap | undefined
  #starts = 0
  /** Inputs that were handled. */
  steps = 0
  /** Links on which a node has heard nothing for too long. */
  silentLinks = 0
  /** Changes with everything that a node does, in whatever order: equal runs have equal digests. */
  digest = 0x811c9dc5

  /** Sees each message when it is delivered, while it is there. */
  onFrame: FrameObserver | undefined

  constructor(plan: SwarmPlan) {
    this.plan = plan
    this.#rng = new Rng(plan.seeds.network)
    this.medium = new Medium(this.queue, new Rng(this.#rng.uint32()), {
      ...plan.medium,
      onFrame: (from, to, message, bytes) => this.onFrame?.(from, to, message, bytes),
    })
    const { hopsMax, heartbeatMs, deadlineMs } = plan.config
    const limits = {
      hopsMax,
      broadcastHopsMax: BROADCAST_HOPS_MAX,
      broadcastAnswerMs: deadlineMs + heartbeatMs,
      // Deadlines are times of a process's own clock.
      lateMs: LATE_MS + 2 * deadlineMs * plan.drift,
      isOrdered: true,
    }
    this.ledger = new Ledger(limits, (what) => this.broken(what))
    if (plan.hasBootstrap) this.startBootstrap()
  }

  /** The bootstrap starts, unless it runs. */
  startBootstrap(): void {
    this.#bootstrap ??= new SimBootstrap(this.medium, { ...BOOTSTRAP, seed: this.#rng.uint32() })
  }

  /** The bootstrap is gone without a word. */
  crashBootstrap(): void {
    this.#bootstrap?.crash()
    this.#bootstrap = undefined
  }

  get nowMs(): number {
    return this.queue.nowMs
  }

  /** The processes that run. */
  get nodes(): readonly SwarmNode[] {
    return [...this.#nodes.values()]
  }

  /** Those that do not stand still. */
  get awake(): readonly SwarmNode[] {
    return this.nodes.filter(({ process }) => !process.host.isPaused)
  }

  /** The process of this name, while it runs. */
  node(process: string): SwarmNode | undefined {
    return this.#nodes.get(process)
  }

  /** Whether nobody else has ever claimed its name, so that it still is the run that it was started as. */
  isUndisputed({ name, process, incarnation }: SwarmNode): boolean {
    return !this.#contested.has(name) && process.overlay.self.incarnation === incarnation
  }

  /** Writes down that something must not be. */
  broken(what: string): void {
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ atMs: this.nowMs, what })
  }

  /** Starts a process; nothing happens while one of that name runs. */
  start(process: string, { hasOlderClock = false, claims }: StartOptions = {}): void {
    if (this.#nodes.has(process)) return
    const name = (claims ?? process) as NodeName
    if (this.nodes.some((node) => node.name === name)) this.#contested.add(name)
    const isDialable = this.isDialable(process)
    const started = ++this.#starts
    const identity = {
      name,
      incarnation: hasOlderClock ? this.#rng.between(1, CLOCK_MS - 1) : this.#dateAt(process),
      instance: `run-${started}`,
      ...(isDialable ? { url: urlOf(process) } : {}),
    }
    const { drift, config } = this.plan
    const run = (this.#runs.get(process) ?? 0) + 1
    this.#runs.set(process, run)
    const node: SwarmNode = {
      label: `${process}#${run}`,
      name,
      isDialable,
      incarnation: identity.incarnation,
      lateMs: LATE_MS,
      timers: new Map(),
      registrant: undefined,
      profile: undefined,
      process: new SimProcess(this.medium, {
        name: process,
        identity,
        seed: this.#rng.uint32(),
        config,
        clockRate: drift === 0 ? 1 : 1 + drift * (this.#rng.below(2_001) / 1_000 - 1),
        onHandled: (_, input, effects) => this.#handled(node, input, effects),
      }),
    }
    this.#nodes.set(process, node)
    this.ledger.started(node)
    node.process.feed({ type: 'start' })
    if (this.plan.hasBootstrap) node.registrant = this.#register(node)
    if (!this.plan.hasBootstrap || this.plan.namesPeers)
      node.process.feed({ type: 'contacts', contacts: this.#contacts(process) })
  }

  /** The clocks of machines differ: two that are started at the same moment do not have the same date. */
  #dateAt(process: string): number {
    return CLOCK_MS + (hashPair(process, 'clock') % CLOCKS_DIFFER_MS) + Math.floor(this.nowMs)
  }

  /** Ends a process without a word. */
  crash(node: SwarmNode, options?: CrashOptions): void {
    if (!this.#remove(node)) return
    this.#endedMs.set(node.name, this.nowMs)
    node.process.crash(options)
    node.registrant?.crash(options)
    this.ledger.ended(node, false)
  }

  /** A node leaves as it should; one that stands still cannot. */
  leave(node: SwarmNode): void {
    if (node.process.host.isPaused || !this.#remove(node)) return
    this.#endedMs.set(node.name, this.nowMs)
    node.process.leave()
    node.registrant?.leave()
    this.#checkOver(node)
  }

  /** A process stands still for a while. */
  pause(node: SwarmNode, ms: number): void {
    for (const host of hostsOf(node)) host.pause(ms)
    // Its own clock may run faster.
    const lateMs = Math.ceil(ms * (1 + this.plan.drift))
    node.lateMs += lateMs
    this.queue.plan(ms + CATCH_UP_MS, () => {
      node.lateMs -= lateMs
    })
    this.ledger.pausedFor(node, ms)
  }

  /** A node sends; returns what the ledger keeps of it. */
  send(by: SwarmNode, to: string, options: { bytes: number; deadlineMs: number }): SendEntry {
    const { bytes, deadlineMs } = options
    const entry = this.ledger.send(by, to, this.nowMs + deadlineMs)
    const payload = payloadOf(entry.id, bytes)
    by.process.feed({ type: 'send', id: entry.id, to: to as NodeName, payload, deadlineMs })
    return entry
  }

  /** A node gives up what it has sent. */
  cancel(entry: SendEntry): void {
    const by = this.nodes.find((node) => node === entry.by)
    if (by === undefined || entry.outcome !== undefined) return
    entry.isCancelled = true
    by.process.feed({ type: 'cancel', id: entry.id })
    if (!by.process.host.isPaused && entry.outcome === undefined) {
      this.broken(`${by.label} has given up ${entry.id}, and no outcome is told`)
    }
  }

  /** A node says this of itself from now on. */
  profile(by: SwarmNode, profile: Profile): void {
    by.profile = profile
    by.process.feed({ type: 'profile', profile })
  }

  /** A node broadcasts. */
  broadcast(by: SwarmNode, bytes: number): BroadcastEntry {
    const entry = this.ledger.broadcast(by, this.nowMs)
    by.process.feed({ type: 'broadcast', id: entry.id, payload: payloadOf(entry.id, bytes) })
    return entry
  }

  /** Whether something is broken: what follows would only be more of it. */
  get hasFailed(): boolean {
    return this.violations.length > 0
  }

  /** Lets time pass until then, or until something is broken. */
  runTo(untilMs: number): void {
    const { queue } = this
    let [atMs, events] = [this.nowMs, 0]
    while (!this.hasFailed && (queue.nextMs ?? Number.POSITIVE_INFINITY) <= untilMs) {
      queue.step()
      if (this.nowMs > atMs) [atMs, events] = [this.nowMs, 0]
      else if (++events > EVENTS_A_MOMENT) this.broken(`time stands still: ${events} events and no end`)
    }
    if (!this.hasFailed) queue.runTo(untilMs)
    this.ledger.check(this.nowMs)
  }

  /** Lets time pass until there is no problem any more; the last one when there still is after `maxMs`. */
  waitFor(problemOf: () => string | undefined, maxMs: number): string | undefined {
    const untilMs = this.nowMs + maxMs
    for (;;) {
      const problem = problemOf()
      if (problem === undefined || this.hasFailed || this.nowMs >= untilMs) return problem
      this.runTo(this.nowMs + LOOK_MS)
    }
  }

  /** Looks at everything of every node. */
  checkAll(): void {
    for (const node of this.nodes) this.#checkState(node, 'all')
    this.ledger.check(this.nowMs)
  }

  /** The first processes can be dialled, the last ones cannot. */
  isDialable(process: string): boolean {
    const { nodes, undialable } = this.plan
    const number = Number(/^n(\d+)/.exec(process)?.[1])
    return number < nodes - undialable || number >= nodes
  }

  /** What the configuration names: the first processes, whether they run or not. */
  #contacts(process: string): (Contact | { url: string })[] {
    const seeds = SWARM_SEEDS.filter((seed) => seed !== process && this.isDialable(seed))
    return seeds.map((seed) => ({ url: urlOf(seed) }))
  }

  #register(node: SwarmNode): SimRegistrant {
    const { process } = node
    return new SimRegistrant(this.medium, {
      name: process.name,
      urls: [BOOTSTRAP.url],
      hello: () => process.overlay.hello(),
      seed: this.#rng.uint32(),
      onContacts: (contacts) => process.feed({ type: 'contacts', contacts }),
      onNameTaken: () => this.queue.plan(0, () => this.#stopped(node)),
    })
  }

  #remove(node: SwarmNode): boolean {
    if (this.#nodes.get(node.process.name) !== node) return false
    return this.#nodes.delete(node.process.name)
  }

  #handled(node: SwarmNode, input: Input, effects: readonly Effect[]): void {
    this.steps++
    if (input.type === 'timer') count(node.timers, input.timer.kind, -1)
    for (const effect of effects) {
      if (effect.type === 'timer') count(node.timers, effect.timer.kind, 1)
      if (effect.type !== 'notify') continue
      const { notification } = effect
      this.ledger.told(node, notification, this.nowMs)
      if (notification.type === 'neighbor-down' && notification.reason === 'silent') this.silentLinks++
      // It has lost its name: whoever runs it ends the process.
      if (notification.type === 'stopped') this.queue.plan(0, () => this.#stopped(node))
    }
    this.observer.onHandled?.(node.process, input, effects)
    this.#digest(node, input, effects)
    for (const broken of checkTurn(node.name as NodeName, input, effects)) {
      this.broken(`${node.label} ${broken}`)
    }
    this.#checkState(node, this.steps % STEPS_A_LOOK === 0 ? 'all' : 'quick')
  }

  #checkState(node: SwarmNode, depth: 'quick' | 'all'): void {
    const { overlay, nowMs } = node.process
    for (const broken of checkInvariants(overlay, nowMs, { depth, lateMs: node.lateMs })) {
      this.broken(`${node.label} ${broken}`)
    }
  }

  #stopped(node: SwarmNode): void {
    const { host } = node.process
    if (host.isPaused) {
      host.afterPause({ happen: () => this.#stopped(node) })
      return
    }
    if (!this.#remove(node)) return
    // P2: for another one that lives, or did when the news of it set out.
    const hasOther = this.nodes.some(({ name }) => name === node.name)
    const sinceMs = this.nowMs - (this.#endedMs.get(node.name) ?? Number.NEGATIVE_INFINITY)
    if (!hasOther && sinceMs > NEWS_MS) this.broken(`P2: ${node.label} stopped, and nobody has its name now`)
    node.process.leave()
    node.registrant?.leave()
    this.#checkOver(node)
  }

  #checkOver(node: SwarmNode): void {
    this.#checkState(node, 'all')
    this.ledger.ended(node, true)
    const { pendingTimers } = node.process
    if (pendingTimers > 0) this.broken(`${node.label} ended with ${pendingTimers} timers`)
  }

  #digest(node: SwarmNode, input: Input, effects: readonly Effect[]): void {
    let hash = this.digest ^ Math.floor(this.nowMs * 1_000)
    hash = Math.imul(hash ^ node.process.overlay.self.version, 0x01000193)
    hash = Math.imul(hash ^ (input.type.length + (effects.length << 8)), 0x01000193)
    for (const effect of effects) {
      if (effect.type === 'timer') hash = Math.imul(hash ^ effect.afterMs, 0x01000193)
      else if (effect.type === 'send') {
        for (const link of effect.links) hash = Math.imul(hash ^ link, 0x01000193)
        hash = Math.imul(hash ^ effect.message.type.length, 0x01000193)
      }
    }
    this.digest = hash >>> 0
  }
}

/** What a process has on the medium. */
export function hostsOf({ process, registrant }: SwarmNode): Host[] {
  return registrant === undefined ? [process.host] : [process.host, registrant.host]
}

/** Where a process can be dialled. */
export function urlOf(process: string): string {
  return `ws://${process}:5000/`
}

function count<K>(counts: Map<K, number>, key: K, change: number): void {
  counts.set(key, (counts.get(key) ?? 0) + change)
}
