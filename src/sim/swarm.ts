// One run of the swarm from one seed: a safety phase in which faults strike at whatever the nodes are doing, then a
// liveness phase without, in which everything has to come to rest within a bound and to work from then on, then the end,
// of which nothing may be left. What must not be is a violation, and names the seed that shows it again.
// It must not know machines or frames: what is looked at after each step is swarm-net.ts and ledger.ts.
//
// Two phases: TigerBeetle's VOPR (safety mode, then liveness mode).

import { Rng } from '../core/rng.ts'
import { COMMAND } from '../package-files.ts'
import { EarlyTraffic } from './swarm-early.ts'
import { SwarmFaults } from './swarm-faults.ts'
import { livenessPhase } from './swarm-liveness.ts'
import { SwarmNet, type Violation } from './swarm-net.ts'
import { drawPlan, type SwarmPlan } from './swarm-plan.ts'

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

/** Messages that are sent at once now and then: queues and windows are for them. */
const BURST_MAX = 60
/** A send is given up within this time, if it is. */
const CANCEL_MS_MAX = 300
/** How long faults go on behind the traffic that has to survive them. */
const EARLY_MS = 2_000
/** After the end of all processes nothing is planned behind this: the closing of links, dials that fail. */
const DRAIN_MS = 60_000

/** The command that shows the run of a seed again. */
export function replayCommand(seed: number): string {
  return `${COMMAND} sim --swarm --seed ${seed}`
}

/** What a test may want of a run beside its seed; the replay command does not know of it. */
export interface SwarmOptions {
  /** Changes what was drawn: for what is too rare else. */
  readonly change?: (plan: SwarmPlan) => SwarmPlan
  /** Sees the network before the first step: for traces. */
  readonly onNet?: (net: SwarmNet) => void
}

/** Runs a swarm. */
export function runSwarm(seed: number, options: SwarmOptions = {}): SwarmResult {
  const { change = (plan) => plan, onNet } = options
  const plan = change(drawPlan(seed))
  const net = new SwarmNet(plan)
  onNet?.(net)
  let restMs: number | undefined
  try {
    const early = safetyPhase(net)
    restMs = livenessPhase(net, early)
    if (!net.hasFailed) endPhase(net)
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

/** Returns what was sent last while faults still struck. */
function safetyPhase(net: SwarmNet): EarlyTraffic {
  const { plan, queue } = net
  const faults = new SwarmFaults(net, new Rng(plan.seeds.faults))
  const rng = new Rng(plan.seeds.traffic)
  let isOver = false
  const often = (everyMs: number, of: Rng, act: () => void): void => {
    const next = (): void => {
      if (isOver || net.hasFailed) return
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
  const more = new Rng(plan.seeds.traffic + 3)
  const { profileEveryMs } = plan
  if (profileEveryMs !== undefined) often(profileEveryMs, more, () => saySomething(net, more))
  net.runTo(plan.safetyMs)
  const early = new EarlyTraffic(net, rng)
  net.runTo(net.nowMs + EARLY_MS)
  isOver = true
  faults.calm()
  return early
}

function sendSomething(net: SwarmNet, rng: Rng): void {
  const by = rng.pick(net.awake)
  const to = rng.chance(0.03) ? 'nobody' : `n${rng.below(net.plan.nodes)}`
  if (by === undefined) return
  const bytes = rng.chance(0.9) ? rng.below(40) : rng.below(net.plan.payloadBytesMax)
  const count = rng.chance(0.02) ? rng.between(2, BURST_MAX) : 1
  for (let sent = 0; sent < count; sent++) {
    const entry = net.send(by, to, { bytes, deadlineMs: rng.between(1, 2 * net.plan.config.deadlineMs) })
    // By the id: what else is drawn stays as it is.
    if ((entry.id * 0.618_034) % 1 < net.plan.cancelShare) {
      net.queue.plan(entry.id % CANCEL_MS_MAX, () => net.cancel(entry))
    }
  }
}

/** A node says something else of itself. */
function saySomething(net: SwarmNet, rng: Rng): void {
  const by = rng.pick(net.awake)
  if (by === undefined) return
  const some = (of: readonly string[]): string[] => of.filter(() => rng.chance(0.3))
  net.profile(by, { tags: some(['worker', 'gpu', 'spare']), topics: some(['a/#', 'b/+', 'c', '#']) })
}

function broadcastSomething(net: SwarmNet, rng: Rng): void {
  const by = rng.pick(net.awake)
  if (by !== undefined) net.broadcast(by, rng.below(net.plan.payloadBytesMax))
}

/** All processes end, and nothing of them is left. */
function endPhase(net: SwarmNet): void {
  const rng = new Rng(net.plan.seeds.network + 1)
  for (const node of rng.shuffled(net.nodes)) {
    if (rng.chance(0.7)) net.leave(node)
    else net.crash(node)
    if (rng.chance(0.5)) net.runTo(net.nowMs + rng.below(50))
  }
  net.crashBootstrap()
  net.runTo(net.nowMs + DRAIN_MS)
  if (net.hasFailed) return
  const { medium, queue } = net
  if (queue.size > 0) net.broken(`${queue.size} events are planned after the end of all processes`)
  if (medium.hosts.size > 0) net.broken(`${medium.hosts.size} hosts are left after the end of all processes`)
  if (medium.inFlight > 0) net.broken(`${medium.inFlight} bundles are on their way to nobody`)
}
