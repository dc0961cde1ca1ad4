// The programs of a run: nodes of a test network, each with listeners, a handler and readers that keep the book, and all
// that programs ask of their nodes.
// It must not choose what is asked, nor know what phase the run is in.

import type { Effect, Input } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import { Rng } from '../core/rng.ts'
import { insideOf } from '../node/inside.ts'
import type { NodeOptions } from '../node/options.ts'
import { checkTurn } from '../sim/turn-check.ts'
import { insideOfNetwork, type NetworkInside } from '../testing/inside.ts'
import { createTestNetwork, type TestNetwork } from '../testing/test-network.ts'
import { Book, type Run } from './book.ts'
import { Handlers } from './handlers.ts'
import { Hearing } from './hearing.ts'
import { EVERYTHING, Keeper } from './keeping.ts'
import { leftovers, lookAt } from './look.ts'
import type { ProgramPlan } from './plan.ts'
import { Requests } from './requests.ts'
import { Settling } from './settling.ts'

/** What nodes are for. */
export const TAGS = ['worker', 'gpu', 'spare'] as const
/** `close()` says that it takes no longer. */
const CLOSE_MS_MAX = 2_000
/** How often all nodes are looked at. */
const LOOK_MS = 250
/** Each so many looks everything is looked at, else what is cheap to look at. */
const LOOKS_A_SEARCH = 16
const CONTROL = 0x9e37

/** See the head of the file. */
export class Programs {
  readonly plan: ProgramPlan
  readonly net: TestNetwork
  readonly inside: NetworkInside
  readonly book: Book
  readonly hearing: Hearing
  readonly settling: Settling
  readonly requests: Requests
  /** Sees what nodes do, for a trace. */
  onHandled: ((node: { readonly name: string }, input: Input, effects: readonly Effect[]) => void) | undefined
  /** Inputs that were handled. */
  steps = 0
  readonly #rng: Rng
  readonly #handlers: Handlers
  /** The last run of each name. */
  readonly #runs = new Map<string, Run>()
  readonly #starts = new Map<string, number>()
  #isOver = false
  #looks = 0

  constructor(plan: ProgramPlan) {
    const { config, network, seeds } = plan
    this.plan = plan
    this.#rng = new Rng(seeds.programs)
    this.net = createTestNetwork({ ...network, config, seed: seeds.network })
    this.inside = insideOfNetwork(this.net)
    this.book = new Book(() => this.net.nowMs, config.hopsMax)
    this.hearing = new Hearing(this.book)
    this.settling = new Settling(this.book)
    this.requests = new Requests(this.book, this.settling)
    this.#handlers = new Handlers(this)
    this.#often()
  }

  /** The runs that are there, in the order of their names. */
  get running(): readonly Run[] {
    return [...this.#runs.values()].filter(({ state }) => state === 'runs')
  }

  /** Those that do not stand still. */
  get awake(): readonly Run[] {
    return this.running.filter((run) => !this.hostOf(run).isPaused)
  }

  /** The last run of this name. */
  last(name: string): Run | undefined {
    return this.#runs.get(name)
  }

  /** Where a node is on the medium. */
  hostOf({ name }: Run) {
    return this.inside.roster.member(name).world.host
  }

  /** The first nodes can be dialled, the last ones cannot. */
  isDialable(name: string): boolean {
    const { nodes, undialable } = this.plan
    const number = Number(name.slice(1))
    return number < nodes - undialable || number >= nodes
  }

  /** Starts a node with its program; nothing happens while one of that name runs or is being closed. */
  start(name: string): void {
    const before = this.#runs.get(name)
    if (before?.state === 'runs' || before?.state === 'closing') return
    const rng = this.#rng
    const isKeeper = rng.chance(this.plan.keeperShare)
    const isDeaf = rng.chance(0.2)
    const tags = TAGS.filter(() => rng.chance(0.3))
    const options: NodeOptions = {
      name,
      listen: this.isDialable(name) ? 0 : false,
      tags,
      history: isKeeper ? this.plan.historyMax : 0,
    }
    const [node] = this.inside.roster.start([options])
    if (node === undefined) return
    const count = (this.#starts.get(name) ?? 0) + 1
    this.#starts.set(name, count)
    const run: Run = {
      label: `${name}#${count}`,
      name,
      node,
      startedMs: this.net.nowMs,
      state: 'runs',
      endedMs: Number.POSITIVE_INFINITY,
      lateMs: 0,
      tags,
      subscriptions: new Set(),
      endHandler: undefined,
      noHandlerMs: Number.NEGATIVE_INFINITY,
      handling: new Set(),
      readers: new Set(),
      keeper: isKeeper ? new Keeper(this.plan.historyMax, isDeaf) : undefined,
      peers: new Set(),
      departures: new Map(),
      lastFrom: new Map(),
      open: new Set(),
      messageIds: new Set(),
    }
    this.#runs.set(name, run)
    this.book.started(run)
    this.#listen(run)
    this.#observe(run)
    if (isKeeper && !isDeaf) for (const filter of EVERYTHING) this.subscribe(run, filter, true)
    if (rng.chance(0.8)) this.handle(run)
    else run.noHandlerMs = Number.POSITIVE_INFINITY
  }

  /** A node's process is gone. */
  crash(run: Run, silent: boolean): void {
    run.state = 'crashed'
    run.endedMs = Math.min(run.endedMs, this.net.nowMs)
    this.net.crash(run.name, { silent })
  }

  /** A program closes its node. Resolves when it has, or never when it crashes before. */
  async close(run: Run): Promise<void> {
    this.hearing.check()
    const sinceMs = this.net.nowMs
    run.state = 'closing'
    run.endedMs = sinceMs
    for (const { model } of run.readers) model.end()
    await run.node.close()
    if (run.state !== 'closing') this.book.broken(run, `was closed, and had ${run.state}`)
    run.state = 'closed'
    const tookMs = this.net.nowMs - sinceMs
    if (tookMs > CLOSE_MS_MAX) this.book.broken(run, `took ${tookMs.toFixed(0)} ms to close`)
    for (const left of leftovers(run)) this.book.broken(run, `has ${left} after its end`)
    const dropped = [...run.readers].reduce((sum, { model }) => sum + model.dropped, 0)
    const counted = run.node.drops()['queue-full'] ?? 0
    if (counted < dropped) this.book.broken(run, `has dropped ${dropped} messages, and counts ${counted}`)
  }

  /** A node stands still for a while. */
  pause(run: Run, ms: number): void {
    run.lateMs += ms
    this.net.pause(run.name, ms)
  }

  /** A program listens to topics from now on. */
  subscribe(run: Run, filter: string, isKeeping = false): void {
    const off = run.node.subscribe(filter, (message) => this.hearing.topic(run, subscription, message))
    const subscription = { filter, isKeeping, sinceMs: this.net.nowMs, endedMs: undefined, off }
    run.subscriptions.add(subscription)
  }

  /** A program answers requests from now on. */
  handle(run: Run): void {
    if (run.endHandler !== undefined) return
    if (run.noHandlerMs === Number.POSITIVE_INFINITY) run.noHandlerMs = this.net.nowMs
    run.endHandler = run.node.handle((request) => this.#handlers.answer(run, request))
  }

  /** Looks at all that can be seen at any time. @param depth as of `checkInvariants` */
  look(depth: 'quick' | 'all' = 'all'): void {
    this.hearing.check()
    this.settling.check()
    const at = { nowMs: this.net.nowMs, depth }
    for (const run of this.running) {
      if (this.hostOf(run).isPaused) continue
      for (const broken of lookAt(run, this.plan, at)) this.book.broken(run, broken)
    }
  }

  /** Whether a node knows the present run of another one: what it sends to one that is gone may fail at once. */
  knows({ node, name }: Run, other: Run): boolean {
    const known = insideOf(node).overlay.directory.get(other.name as NodeName)?.record
    return name !== other.name && known?.instance === insideOf(other.node).overlay.self.instance
  }

  /** Lets time pass, in steps, until then or until something is broken. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.net.nowMs + ms
    while (!this.book.hasFailed && this.net.nowMs < untilMs) {
      await this.net.advance(Math.min(untilMs - this.net.nowMs, 1_000))
    }
    this.look()
  }

  /** Lets time pass until there is no problem any more; the last one when there still is after `maxMs`. */
  async waitFor(problemOf: () => string | undefined, maxMs: number): Promise<string | undefined> {
    const untilMs = this.net.nowMs + maxMs
    for (;;) {
      const problem = problemOf()
      if (problem === undefined || this.book.hasFailed || this.net.nowMs >= untilMs) return problem
      await this.net.advance(100)
    }
  }

  /** Nothing is looked at any more but what the end leaves. */
  end(): void {
    this.#isOver = true
  }

  #often(): void {
    if (this.#isOver) return
    this.look(++this.#looks % LOOKS_A_SEARCH === 0 ? 'all' : 'quick')
    if (!this.book.hasFailed) this.inside.queue.plan(LOOK_MS, () => this.#often())
  }

  #listen(run: Run): void {
    const { node, peers, departures } = run
    const check = (what: string): void => {
      if (run.state !== 'runs') this.book.broken(run, `told ${what} when it was ${run.state}`)
    }
    node.on('message', (message) => this.hearing.message(run, message))
    node.on('peer-join', ({ name }) => {
      check('peer-join')
      if (peers.has(name)) this.book.broken(run, `told that ${name} came, twice`)
      peers.add(name)
    })
    node.on('peer-leave', ({ name }) => {
      check('peer-leave')
      if (!peers.delete(name)) this.book.broken(run, `told that ${name} left, which was not there`)
      departures.set(name, this.net.nowMs)
    })
    node.on('stopped', ({ detail }) => this.book.broken(run, `stopped: ${detail}`))
  }

  /** Each input of the core, and what it makes of it. */
  #observe(run: Run): void {
    const { overlay } = insideOf(run.node)
    const handle = overlay.handle.bind(overlay)
    overlay.handle = (input, nowMs) => {
      const effects = handle(input, nowMs)
      this.steps++
      this.book.mix(input.type.length + (effects.length << 8) + CONTROL)
      for (const broken of checkTurn(run.name as NodeName, input, effects)) this.book.broken(run, broken)
      this.onHandled?.(run, input, effects)
      return effects
    }
  }
}
