// The scenario half of `hearsay sim`: runs one in slices, so that the process can show how far it is and be ended.

import { randomInt } from 'node:crypto'
import { setTimeout as delay, setImmediate as nextJob } from 'node:timers/promises'
import { namesOf, SCENARIO_NAMES } from '../sim/measurement.ts'
import {
  problemOf,
  type Scenario,
  type ScenarioOptions,
  type ScenarioParameter,
  type ScenarioTick,
  scenarioSteps,
} from '../sim/scenario.ts'
import { SCENARIOS, scenarioOf } from '../sim/scenarios.ts'
import type { Stage } from '../sim/stage.ts'
import { traceOf } from '../sim/trace.ts'
import { brokenOffCode, type CliContext, painter, usageError } from './context.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { Progress } from './progress.ts'
import type { SimValues } from './sim.ts'
import { reportText } from './sim-text.ts'
import { openTrace } from './sim-trace.ts'

/** How long the simulation runs before the process looks at what else there is to do, in ms. */
const SLICE_MS = 40

/** Runs a scenario, prints its report, and answers whether it has passed. */
export async function simScenario(
  values: SimValues & { readonly scenario: string },
  context: CliContext,
): Promise<ExitCode> {
  const scenario = scenarioFor(values.scenario)
  checkParameters(scenario, values)
  const problem = problemOf(scenario, { nodes: values.nodes, parameters: given(values) })
  if (problem !== undefined) throw usageError(problem)
  const names = namesOf(values.nodes)
  const first = [...new Set([names[0], names.at(-1)])].join(' to ')
  const trace = openTrace(values, { of: 'a scenario', names: SCENARIO_NAMES, first }, context)
  const progress = new Progress(context.stderr)
  const seed = values.seed ?? randomInt(0x1_0000_0000)
  if (values.seed === undefined) progress.show(`seed ${seed}`)
  let stage: Stage | undefined
  const options: ScenarioOptions = {
    nodes: values.nodes,
    seed,
    codec: !values.noCodec,
    parameters: given(values),
    onStage: (made) => {
      stage = made
    },
    ...(trace && {
      observer: traceOf({ nowMs: () => stage?.nowMs ?? 0, node: values.traceNode, onLine: trace.line }),
    }),
  }
  const startMs = performance.now()
  const steps = scenarioSteps(scenario, options)
  try {
    // The first step alone, so that something is shown however quick the run is.
    for (let sliceMs = 0; ; sliceMs = SLICE_MS) {
      const { done, value } = slice(steps, sliceMs)
      if (done) {
        progress.clear()
        trace?.close()
        const tookMs = performance.now() - startMs
        const paint = painter(context.stdout, context.env)
        context.stdout.write(
          values.json ? `${JSON.stringify(value)}\n` : `${reportText(value, { tookMs, paint })}\n`,
        )
        trace?.checkTraced()
        return value.violations.length === 0 ? EXIT.ok : EXIT.failure
      }
      progress.update(progressText(scenario, values.nodes, value))
      await nextJob()
      while (context.stdout.writableNeedDrain && !context.signal.aborted) await delay(5)
      if (context.signal.aborted) return brokenOffCode(context.signal)
    }
  } finally {
    progress.clear()
    trace?.close()
  }
}

function slice(steps: ReturnType<typeof scenarioSteps>, sliceMs: number): ReturnType<typeof steps.next> {
  const endMs = performance.now() + sliceMs
  for (;;) {
    const result = steps.next()
    if (result.done || performance.now() >= endMs) return result
  }
}

function scenarioFor(name: string): Scenario {
  const scenario = scenarioOf(name)
  if (scenario !== undefined) return scenario
  const names = SCENARIOS.map((one) => one.name).join(', ')
  throw usageError(`There is no scenario "${name}". There are ${names}.`)
}

function checkParameters(scenario: Scenario, values: SimValues): void {
  const swarmOnly = [
    ['--seeds', values.seeds],
    ['--seconds', values.seconds],
    ['--jobs', values.jobs],
  ] as const
  for (const [flag, value] of swarmOnly) {
    if (value !== undefined) throw usageError(`${flag} is for --swarm: a scenario has one seed.`)
  }
  const parameters = [
    ['--fraction', 'fraction', values.fraction],
    ['--fault-seconds', 'faultSeconds', values.faultSeconds],
  ] as const
  for (const [flag, key, value] of parameters) {
    if (value === undefined || scenario.parameters[key] !== undefined) continue
    const takers = SCENARIOS.filter((one) => one.parameters[key] !== undefined).map(({ name }) => name)
    throw usageError(`The scenario ${scenario.name} takes no ${flag}. Those that do: ${takers.join(', ')}.`)
  }
}

function given({ fraction, faultSeconds }: SimValues): Partial<Record<ScenarioParameter, number>> {
  return {
    ...(fraction !== undefined && { fraction }),
    ...(faultSeconds !== undefined && { faultSeconds }),
  }
}

const BAR_CHARS = 24

function progressText(
  { name }: Scenario,
  nodes: number,
  { phase, nowMs, steps, lastsMs }: ScenarioTick,
): string {
  const share = Math.min(0.99, nowMs / lastsMs)
  return `${name}, ${nodes} nodes ${bar(share)} ${phase}: ${(nowMs / 1_000).toFixed(1)} s simulated, ${steps.toLocaleString('en')} steps`
}

/** A bar that is full by this share. */
export function bar(share: number): string {
  const full = Math.floor(BAR_CHARS * share)
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_CHARS - full)}] ${Math.floor(100 * share)} %`
}
