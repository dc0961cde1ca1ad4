// One run of the swarm from one seed: a safety phase in which faults strike at whatever the nodes are doing, then a
// liveness phase without, in which everything has to come to rest within a bound and to work from then on, then the end,
// of which nothing may be left. What must not be is a violation, and names the seed that shows it again.
// It must not know machines or frames: what is looked at after each step is swarm-net.ts and ledger.ts.
//
// Two phases: TigerBeetle's VOPR (safety mode, then liveness mode).

import type { NodeName } from '../core/messages.ts'
import { Rng } from '../core/rng.ts'
import type { BroadcastEntry, SendEntry } from './ledger.ts'
import { SwarmFaults } from './swarm-faults.ts'
import { SwarmNet, type SwarmNode, type Violation } from './swarm-net.ts'
import { drawPlan, type FaultKind, type SwarmPlan } from './swarm-plan.ts'
import { convergenceProblem } from './swarm-rest.ts'

/** What came of a run. */
export interface SwarmResult {
  readonly plan: SwarmPlan
  /** In the order of their times; the first ones only. None: all is well. */
  readonly violations: readonly Violation[]
  /** Virtual time. */
  readonly tookMs: number
  /** How long the network needed to come to rest after the last fault; `undefined`: it did not. */
  readonly restMs: number | undefined
  /** Inputs that were handled. */
  readonly steps: number
  /** Equal for equal runs. */
  readonly digest: number
  readonly replay: string
}

/** How often it is looked whether the network has come to rest. */
const LOOK_MS = 100
/** Faults that last until somebody notices: nothing looks wrong before. */
const SILENT_KINDS: readonly FaultKind[] = ['half-open', 'one-way-silence']
/** Broadcasts and sends of the liveness phase. */
const LAST_BROADCASTS = 8
const LAST_SENDS = 40
const LAST_DEADLINE_MS = 10_000
/** Sends whose deadline lies behind the last fault. */
const EARLY_SENDS = 30
const EARLY_MS = 2_000
const TIMERS_AT_REST = 40
/** Within what time everybody knows of a node that it has left. */
const LEAVE_TOLD_MS = 5_000
/** After the end of all processes nothing is planned behind this: the closing of links, dials that fail. */
const DRAIN_MS = 60_000

/** The command that shows the run of a seed again. */
export function replayCommand(seed: number): string {
  return `npm run -s hearsay -- sim --swarm --seed ${seed}`
}

/** Runs a swarm. @param onNet sees the network before the first step: for traces, and for bugs that tests plant. */
export function runSwarm(seed: number, onNet: (net: SwarmNet) => void = () => {}): SwarmResult {
  const plan = drawPlan(seed)
  const net = new SwarmNet(plan)
  onNet(net)
  let restMs: number | undefined
  try {
    const early = safetyPhase(net)
    restMs = livenessPhase(net, early)
    if (!hasFailed(net)) endPhase(net)
  } catch (error) {
    // An assertion of a machine, or a frame that does not decode: the run cannot go on.
    net.broken(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  return {
    plan,
    violations: net.violations,
    tookMs: net.nowMs,
    restMs,
    steps: net.steps,
    digest: net.digest,
    replay: replayCommand(seed),
  }
}

/** Whether the run has failed: what follows would only be more of it. */
const hasFailed = (net: SwarmNet): boolean => net.violations.length > 0

function safetyPhase(net: SwarmNet): Early[] {
  const { plan, queue } = net
  const faults = new SwarmFaults(net, new Rng(plan.seeds.faults))
  const rng = new Rng(plan.seeds.traffic)
  let isOver = false
  const often = (everyMs: number, of: Rng, act: () => void): void => {
    const next = (): void => {
      if (isOver || hasFailed(net)) return
      act()
      queue.plan(of.between(1, 2 * everyMs), next)
    }
    queue.plan(of.between(1, 2 * everyMs), next)
  }
  for (let number = 0; number < plan.nodes; number++) {
    queue.plan(number * plan.startGapMs, () => net.start(`n${number}`))
  }
  const struck = new Rng(plan.seeds.faults + 1)
  often(plan.faultEveryMs, struck, () => faults.strike())
  often(plan.sendEveryMs, rng, () => sendSomething(net, rng))
  often(plan.broadcastEveryMs, rng, () => broadcastSomething(net, rng))
  runTo(net, plan.safetyMs)
  const early = sendEarly(net, rng)
  runTo(net, net.nowMs + EARLY_MS)
  isOver = true
  faults.calm()
  return early
}

/** Runs until then, or until something is broken. */
function runTo(net: SwarmNet, untilMs: number): void {
  while (!hasFailed(net) && (net.queue.nextMs ?? Number.POSITIVE_INFINITY) <= untilMs) net.queue.step()
  if (!hasFailed(net)) net.queue.runTo(untilMs)
  net.ledger.check(net.nowMs)
}

function sendSomething(net: SwarmNet, rng: Rng): void {
  const by = rng.pick(net.awake)
  const to = rng.chance(0.03) ? 'nobody' : `n${rng.below(net.plan.nodes)}`
  if (by === undefined) return
  const bytes = rng.chance(0.9) ? rng.below(40) : rng.below(net.plan.payloadBytesMax)
  net.send(by, to, { bytes, deadlineMs: rng.between(1, 2 * net.plan.config.deadlineMs) })
}

function broadcastSomething(net: SwarmNet, rng: Rng): void {
  const by = rng.pick(net.awake)
  if (by !== undefined) net.broadcast(by, rng.below(net.plan.payloadBytesMax))
}

/** Returns how long it took until everything had come to rest. */
function livenessPhase(net: SwarmNet, early: readonly Early[]): number | undefined {
  const startMs = net.nowMs
  if (SILENT_KINDS.some((kind) => net.plan.kinds.has(kind))) runTo(net, net.nowMs + silenceMs(net.plan))
  const problem = waitFor(net, () => convergenceProblem(net), restWithinMs(net.plan))
  if (hasFailed(net)) return undefined
  if (problem !== undefined) {
    net.broken(`no rest within ${restWithinMs(net.plan)} ms: ${problem}`)
    return undefined
  }
  const restMs = net.nowMs - startMs
  net.checkAll()
  for (const step of [earlySends, lastTraffic, timersAtRest, lastLeave]) {
    if (!hasFailed(net)) step(net, early)
  }
  return restMs
}

/** Until a link on which nothing comes through is noticed. */
function silenceMs({ config: { heartbeatMs, heartbeatsMissedMax } }: SwarmPlan): number {
  return heartbeatMs * (heartbeatsMissedMax + 2)
}

/** Links that are silent have to be noticed, and addresses that have failed have to be dialled again. */
function restWithinMs(plan: SwarmPlan): number {
  const { dialBackoffMaxMs, takeoverMs } = plan.config
  return 3 * silenceMs(plan) + 3 * dialBackoffMaxMs + 2 * takeoverMs + 30_000
}

/** Lets time pass until there is no problem any more; the last one when there still is after `maxMs`. */
function waitFor(net: SwarmNet, problemOf: () => string | undefined, maxMs: number): string | undefined {
  const untilMs = net.nowMs + maxMs
  for (;;) {
    const problem = problemOf()
    if (problem === undefined || hasFailed(net) || net.nowMs >= untilMs) return problem
    runTo(net, net.nowMs + LOOK_MS)
  }
}

/** A send of the safety phase that has time until long after it. */
interface Early {
  readonly entry: SendEntry
  readonly by: SwarmNode
  readonly to: SwarmNode
}

/** Sends while faults still strike, whose deadlines lie in the liveness phase. */
function sendEarly(net: SwarmNet, rng: Rng): Early[] {
  const deadlineMs = restWithinMs(net.plan) + LAST_DEADLINE_MS
  const early: Early[] = []
  for (let count = 0; count < EARLY_SENDS; count++) {
    const by = rng.pick(net.awake)
    const to = rng.pick(net.nodes)
    if (by === undefined || to === undefined || !knowsRun(by, to)) continue
    early.push({ entry: net.send(by, to.name, { bytes: 8, deadlineMs }), by, to })
  }
  return early
}

/** Whether a node knows the present run of another one: what it sends to one that is gone may fail at once. */
function knowsRun(node: SwarmNode, other: SwarmNode): boolean {
  const known = node.process.overlay.directory.get(other.name as NodeName)?.record
  return node.name !== other.name && known?.instance === other.process.overlay.self.instance
}

/** Where both ends have lived all through, a send that has time is delivered whatever struck meanwhile. */
function earlySends(net: SwarmNet, early: readonly Early[]): void {
  const alive = new Set<unknown>(net.nodes)
  const between = early.filter(
    ({ entry, by, to }) =>
      [by, to].every((node) => alive.has(node) && net.isUndisputed(node)) && isOpenEnded(entry),
  )
  const problem = waitFor(net, () => undelivered(between.map(({ entry }) => entry)), LAST_DEADLINE_MS)
  if (problem !== undefined && !hasFailed(net)) net.broken(`sent before the last fault: ${problem}`)
}

/** What is told early says nothing about the network: there was no room, or the name was not known yet. */
function isOpenEnded({ outcome }: SendEntry): boolean {
  return (
    outcome?.status !== 'failed' || (outcome.reason !== 'queue-full' && outcome.reason !== 'unknown-peer')
  )
}

/** What is sent and broadcast now has to arrive. */
function lastTraffic(net: SwarmNet): void {
  const rng = new Rng(net.plan.seeds.traffic + 1)
  const { nodes } = net
  const broadcasts: BroadcastEntry[] = []
  const sends: SendEntry[] = []
  for (const by of rng.shuffled(nodes).slice(0, LAST_BROADCASTS)) {
    broadcasts.push(net.broadcast(by, 8))
    runTo(net, net.nowMs + 50)
  }
  for (let count = 0; count < LAST_SENDS; count++) {
    const [by, to] = rng.shuffled(nodes)
    if (by === undefined || to === undefined) break
    sends.push(net.send(by, to.name, { bytes: 8, deadlineMs: LAST_DEADLINE_MS }))
    runTo(net, net.nowMs + 20)
  }
  const problemOf = (): string | undefined => unheard(broadcasts, nodes) ?? undelivered(sends)
  const problem = waitFor(net, problemOf, LAST_DEADLINE_MS)
  if (problem !== undefined && !hasFailed(net)) net.broken(`after all faults: ${problem}`)
}

function unheard(broadcasts: readonly BroadcastEntry[], nodes: readonly SwarmNode[]): string | undefined {
  for (const { id, by, handedOverBy, state } of broadcasts) {
    const lacks = nodes.find((node) => node !== by && !handedOverBy.has(node))
    if (lacks !== undefined) return `broadcast ${id} of ${by.label} has not come to ${lacks.label}`
    if (state !== 'sent') return `broadcast ${id} of ${by.label} is ${state}`
  }
  return undefined
}

function undelivered(sends: readonly SendEntry[]): string | undefined {
  for (const { id, by, to, outcome } of sends) {
    if (outcome?.status === 'delivered') continue
    return `send ${id} of ${by.label} to ${to} is ${outcome?.reason ?? 'without an outcome'}`
  }
  return undefined
}

/** A node at rest has one timer of each kind, and the stale ones of a moment ago. */
function timersAtRest(net: SwarmNet): void {
  runTo(net, net.nowMs + 2 * net.plan.config.healIntervalMs)
  for (const { label, timers } of net.nodes) {
    for (const kind of ['heartbeat', 'links', 'publish', 'reachability', 'routes'] as const) {
      const pending = timers.get(kind) ?? 0
      if (pending > TIMERS_AT_REST) net.broken(`${label} has ${pending} timers ${kind} at rest`)
    }
  }
}

/** One that leaves while nothing is wrong is told as left by all others. */
function lastLeave(net: SwarmNet): void {
  const leaving = new Rng(net.plan.seeds.traffic + 2).pick(net.nodes)
  if (leaving === undefined) return
  const others = net.nodes.filter((node) => node !== leaving)
  net.leave(leaving)
  const problem = waitFor(net, () => notTold(net, others, leaving), LEAVE_TOLD_MS)
  if (problem !== undefined && !hasFailed(net)) net.broken(problem)
}

function notTold(net: SwarmNet, others: readonly SwarmNode[], leaving: SwarmNode): string | undefined {
  for (const node of others) {
    const reason = net.ledger.departure(node, leaving.name)
    if (reason !== 'left') return `${node.label} tells ${reason} of ${leaving.label}, which has left`
  }
  return undefined
}

/** All processes end, and nothing of them is left. */
function endPhase(net: SwarmNet): void {
  const rng = new Rng(net.plan.seeds.network + 1)
  for (const node of rng.shuffled(net.nodes)) {
    if (rng.chance(0.7)) net.leave(node)
    else net.crash(node)
    if (rng.chance(0.5)) runTo(net, net.nowMs + rng.below(50))
  }
  runTo(net, net.nowMs + DRAIN_MS)
  if (hasFailed(net)) return
  const { medium, queue } = net
  if (queue.size > 0) net.broken(`${queue.size} events are planned after the end of all processes`)
  if (medium.hosts.size > 0) net.broken(`${medium.hosts.size} hosts are left after the end of all processes`)
  if (medium.inFlight > 0) net.broken(`${medium.inFlight} bundles are on their way to nobody`)
}
