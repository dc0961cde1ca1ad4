// One run of the swarm of programs from one seed: a safety phase in which programs do whatever programs do while faults
// strike, then a liveness phase without, in which everything has to come to rest within a bound and to work from then on,
// then the end, of which nothing may be left. What must not be is a violation, and names the seed that shows it again.
// It must not know what is looked at: that is hearing.ts, settling.ts and look.ts.

import { getEventListeners } from 'node:events'
import { Rng } from '../core/rng.ts'
import { COMMAND } from '../package-files.ts'
import { Acts } from './acts.ts'
import type { Violation } from './book.ts'
import { EarlyRequests } from './early.ts'
import { Faults } from './faults.ts'
import { livenessPhase } from './liveness.ts'
import { leftovers } from './look.ts'
import { drawPlan, type ProgramPlan } from './plan.ts'
import { Programs } from './programs.ts'

/** What came of a run. */
export interface ProgramsResult {
  readonly plan: ProgramPlan
  /** In the order of their times; the first ones only. None: all is well. */
  readonly violations: readonly Violation[]
  /** Virtual time. */
  readonly tookMs: number
  /** How long the network needed to come to rest after the last fault; `undefined`: it did not. */
  readonly restMs: number | undefined
  /** Inputs that were handled. */
  readonly steps: number
  /** What programs have asked for. */
  readonly operations: number
  /** Equal for equal runs. */
  readonly digest: number
  readonly replay: string
}

/** What a test may want of a run beside its seed; the replay command does not know of it. */
export interface ProgramsOptions {
  /** Changes what was drawn: for what is too rare else. */
  readonly change?: (plan: ProgramPlan) => ProgramPlan
  /** Sees the programs before the first step: for traces. */
  readonly onPrograms?: (programs: Programs) => void
}

/** How long faults go on behind what has to survive them. */
const EARLY_MS = 2_000
/** After the end of all nodes nothing is planned behind this: the closing of links, dials that fail, programs that sleep. */
const DRAIN_MS = 60_000

/** The command that shows the run of a seed again. */
export function replayCommand(seed: number): string {
  return `${COMMAND} sim --swarm --programs --seed ${seed}`
}

/** Runs a swarm of programs. */
export async function runPrograms(seed: number, options: ProgramsOptions = {}): Promise<ProgramsResult> {
  const { change = (plan) => plan, onPrograms } = options
  const plan = change(drawPlan(seed))
  const programs = new Programs(plan)
  onPrograms?.(programs)
  const { book, net } = programs
  let restMs: number | undefined
  try {
    const early = await safetyPhase(programs)
    restMs = await livenessPhase(programs, early)
    if (!book.hasFailed) await endPhase(programs)
  } catch (error) {
    // An assertion of a machine, or a promise that the network cannot settle: the run cannot go on.
    book.broken(undefined, error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const { violations, digest, operations } = book
  return {
    plan,
    violations,
    tookMs: net.nowMs,
    restMs,
    steps: programs.steps,
    operations: operations.size,
    digest,
    replay: replayCommand(seed),
  }
}

/** Returns what was asked for last while faults still struck. */
async function safetyPhase(programs: Programs): Promise<EarlyRequests> {
  const { plan, inside, book } = programs
  const { queue } = inside
  const faults = new Faults(programs, new Rng(plan.seeds.faults))
  const acts = new Acts(programs, new Rng(plan.seeds.traffic))
  let isOver = false
  const often = (everyMs: number, rng: Rng, act: () => void): void => {
    const next = (): void => {
      if (isOver || book.hasFailed) return
      act()
      queue.plan(rng.between(1, 2 * everyMs), next)
    }
    queue.plan(rng.between(1, 2 * everyMs), next)
  }
  for (let number = 0; number < plan.nodes; number++) {
    queue.plan(number * plan.startGapMs, () => programs.start(`n${number}`))
  }
  often(plan.faultEveryMs, new Rng(plan.seeds.faults + 1), () => faults.strike())
  often(plan.actEveryMs, new Rng(plan.seeds.traffic + 1), () => acts.act())
  await programs.advance(plan.safetyMs)
  const early = new EarlyRequests(programs, new Rng(plan.seeds.traffic + 2))
  await programs.advance(EARLY_MS)
  isOver = true
  await faults.calm()
  return early
}

/** All nodes end, and nothing of them is left. */
async function endPhase(programs: Programs): Promise<void> {
  const { book, inside, net, plan, requests } = programs
  const rng = new Rng(plan.seeds.network + 1)
  const closing: Promise<void>[] = []
  for (const run of rng.shuffled(programs.running)) {
    if (rng.chance(0.8)) closing.push(programs.close(run))
    else programs.crash(run, false)
    if (rng.chance(0.5)) await net.advance(rng.below(50))
  }
  await Promise.all(closing)
  programs.end()
  await net.advance(DRAIN_MS)
  programs.look()
  if (book.hasFailed) return
  const { flow, medium, queue } = inside
  const listening = requests.signals.filter((signal) => getEventListeners(signal, 'abort').length > 0)
  for (const run of book.runs) {
    if (run.state === 'closing') book.broken(run, 'never ended')
    if (run.state === 'crashed') continue
    if (run.handling.size > 0) book.broken(run, `has handlers of ${run.handling.size} requests in the end`)
    for (const left of leftovers(run)) book.broken(run, `has ${left} in the end`)
    for (const { id } of run.open) book.broken(run, `has no answer to ${id} in the end`)
  }
  if (listening.length > 0)
    book.broken(undefined, `${listening.length} signals are still listened to after the end`)
  if (flow.size > 0) book.broken(undefined, `${flow.size} promises are pending after the end of all nodes`)
  if (queue.size > 0) book.broken(undefined, `${queue.size} events are planned after the end of all nodes`)
  if (medium.hosts.size > 0) book.broken(undefined, `${medium.hosts.size} hosts are left after the end`)
  if (medium.inFlight > 0) book.broken(undefined, `${medium.inFlight} bundles are on their way to nobody`)
  await net.close()
}
