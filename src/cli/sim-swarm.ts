// The swarm half of `hearsay sim`: runs seed after seed, several at once in threads, and tells which of them show
// something that must not be.

import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { threadUrl } from '../package-files.ts'
import { drawPlan, SWARM_NAMES } from '../sim/swarm-plan.ts'
import { brokenOffCode, type CliContext, painter, stopRequested, usageError } from './context.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { OPTIONS } from './option-table.ts'
import { Progress } from './progress.ts'
import type { SimValues } from './sim.ts'
import { bar } from './sim-scenario.ts'
import { openTrace, type RunNodes, type TraceOutput } from './sim-trace.ts'
import type { SeedResult, SeedTask, WorkerWord } from './sim-worker.ts'

/** Seeds that are run when nothing is said. */
const SEEDS = 100
/** As the option --seed has it. */
const SEED_MAX = 0xffff_ffff
/** Violations of a seed that are printed. */
const SHOWN_MAX = 5

/** Which seeds are run, and how long new ones are begun. */
interface SeedPlan {
  readonly first: number
  /** May be infinite, with `seconds`. */
  readonly count: number
  readonly seconds: number | undefined
  readonly jobs: number
}

/** Runs the swarm, prints what came of it, and answers whether all seeds have passed. */
export async function simSwarm(values: SimValues, context: CliContext): Promise<ExitCode> {
  const plan = planOf(values)
  const isTraced = values.trace || values.traceNode !== undefined || values.traceFile !== undefined
  if (isTraced && plan.count !== 1) throw usageError('A trace is of one seed: give --seed, and not --seeds.')
  const trace = openTrace(values, await nodesOf(values, plan.first), context)
  const runner = new SwarmRunner(plan, values, { context, trace })
  try {
    return await runner.run()
  } finally {
    trace?.close()
  }
}

/** The nodes of the run of a seed. */
async function nodesOf({ programs }: SimValues, seed: number): Promise<RunNodes> {
  const to = (nodes: number): string => `n0 to n${nodes - 1}`
  if (!programs) return { of: 'a swarm', names: SWARM_NAMES, first: to(drawPlan(seed).nodes) }
  const plan = await import('../programs/plan.ts')
  return { of: 'a swarm of programs', names: plan.PROGRAM_NAMES, first: to(plan.drawPlan(seed).nodes) }
}

function planOf(values: SimValues): SeedPlan {
  for (const key of ['nodes', 'fraction', 'faultSeconds'] as const) {
    if (!values.given.has(key)) continue
    const { flag, env } = OPTIONS[key]
    throw usageError(
      `--${flag} (${env[0]}) is for --scenario: a swarm draws its nodes and faults from the seed.`,
    )
  }
  if (values.noCodec) throw usageError('--no-codec is for --scenario: a swarm encodes every frame.')
  const { seconds } = values
  const unsaid = seconds !== undefined ? Number.POSITIVE_INFINITY : values.seed === undefined ? SEEDS : 1
  const count = values.seeds ?? unsaid
  const jobs = Math.min(values.jobs ?? availableParallelism(), count)
  const first = values.seed ?? randomInt(0x8000_0000)
  if (values.seeds !== undefined && first + count - 1 > SEED_MAX)
    throw usageError(`--seed ${first} with --seeds ${count} goes beyond the last seed, ${SEED_MAX}.`)
  return { first, count, seconds, jobs }
}

class SwarmRunner {
  readonly #plan: SeedPlan
  readonly #values: SimValues
  readonly #context: CliContext
  readonly #trace: TraceOutput | undefined
  readonly #progress: Progress
  readonly #failed: SeedResult[] = []
  readonly #startMs = performance.now()
  #begun = 0
  #done = 0
  #steps = 0

  constructor(
    plan: SeedPlan,
    values: SimValues,
    { context, trace }: { context: CliContext; trace: TraceOutput | undefined },
  ) {
    this.#plan = plan
    this.#values = values
    this.#context = context
    this.#trace = trace
    this.#progress = new Progress(context.stderr)
  }

  async run(): Promise<ExitCode> {
    const { first, jobs } = this.#plan
    const { signal } = this.#context
    this.#progress.show(`from seed ${first} on, ${jobs} at once`)
    const workers = Array.from({ length: jobs }, () => new Worker(threadUrl('cli/sim-worker')))
    try {
      await Promise.race([Promise.all(workers.map((worker) => this.#feed(worker))), stopRequested(signal)])
    } finally {
      this.#progress.clear()
      await Promise.all(workers.map((worker) => worker.terminate()))
    }
    this.#trace?.close()
    this.#report(signal.aborted)
    if (!signal.aborted) this.#trace?.checkTraced()
    if (this.#failed.length > 0) return EXIT.failure
    return signal.aborted ? brokenOffCode(signal) : EXIT.ok
  }

  /** Gives a thread one seed after the other. */
  async #feed(worker: Worker): Promise<void> {
    for (let seed = this.#next(); seed !== undefined; seed = this.#next()) {
      const { programs, traceNode } = this.#values
      const task: SeedTask = { seed, programs, isTraced: this.#trace !== undefined, traceNode }
      const result = await this.#ask(worker, task)
      this.#done++
      this.#steps += result.steps
      if (result.violations.length > 0) this.#tellFailed(result)
      this.#progress.update(this.#progressText())
    }
  }

  /** Rejects with an error that the thread throws. */
  #ask(worker: Worker, task: SeedTask): Promise<SeedResult> {
    const { promise, resolve, reject } = Promise.withResolvers<SeedResult>()
    const take = (word: WorkerWord): void => {
      if (word.type === 'result') resolve(word.result)
      else for (const line of word.lines) this.#trace?.line(line)
    }
    worker.on('message', take)
    worker.once('error', reject)
    worker.postMessage(task)
    return promise.finally(() => {
      worker.off('message', take)
      worker.off('error', reject)
    })
  }

  #next(): number | undefined {
    const { first, count, seconds } = this.#plan
    const isLate = seconds !== undefined && performance.now() - this.#startMs >= 1_000 * seconds
    if (this.#begun >= count || isLate || this.#context.signal.aborted) return undefined
    return first + this.#begun++
  }

  #tellFailed(result: SeedResult): void {
    this.#failed.push(result)
    if (this.#values.json) return
    this.#progress.clear()
    const { stdout, env } = this.#context
    const paint = painter(stdout, env)
    const lines = result.violations
      .slice(0, SHOWN_MAX)
      .map(({ atMs, what }) => `  at ${(atMs / 1_000).toFixed(3)} s: ${what}`)
    const more = result.violations.length - SHOWN_MAX
    if (more > 0) lines.push(`  and ${more} more`)
    stdout.write(
      `${paint('red', `seed ${result.seed} FAILED`)} (${result.nodes} nodes)\n${lines.join('\n')}\n  Again: ${result.replay}\n`,
    )
  }

  #progressText(): string {
    const { count, seconds } = this.#plan
    const spentMs = performance.now() - this.#startMs
    const shares = [this.#done / count, seconds === undefined ? 0 : spentMs / 1_000 / seconds]
    const failed = this.#failed.length === 0 ? '' : `, ${this.#failed.length} failed`
    const of = Number.isFinite(count) ? ` of ${count}` : ''
    return `${bar(Math.min(0.99, Math.max(...shares)))} ${this.#done}${of} seeds${failed}, ${(spentMs / 1_000).toFixed(0)} s`
  }

  #report(isBrokenOff: boolean): void {
    const { stdout, env } = this.#context
    const tookMs = Math.round(performance.now() - this.#startMs)
    const { first } = this.#plan
    if (this.#values.json) {
      const all = { first, seeds: this.#done, isBrokenOff, steps: this.#steps, tookMs, failed: this.#failed }
      stdout.write(`${JSON.stringify(all)}\n`)
      return
    }
    const paint = painter(stdout, env)
    const [verdict, colour] =
      this.#failed.length === 0
        ? (['no violation', 'green'] as const)
        : ([
            `${this.#failed.length} FAILED: ${this.#failed.map(({ seed }) => seed).join(', ')}`,
            'red',
          ] as const)
    const how = isBrokenOff ? ', broken off' : ''
    stdout.write(
      `${this.#done} seed${this.#done === 1 ? '' : 's'} from ${first} on${how}: ${paint(colour, verdict)} ` +
        `(${this.#steps.toLocaleString('en')} steps in ${(tookMs / 1_000).toFixed(1)} s)\n`,
    )
  }
}
