// A named scenario: what it is called, what it may be given, what it does; and how one is run to its report.
// It must not know any scenario: those are in scenarios/, listed by scenarios.ts.

import { COMMAND } from '../package-files.ts'
import type { ProcessObserver } from './process.ts'
import {
  type BroadcastFigures,
  broadcastFigures,
  histogramOf,
  type ScenarioReport,
  type SendFigures,
  sendFigures,
} from './report.ts'
import { Stage, type StageOptions, type StageTick, type Steps } from './stage.ts'

/** What a scenario may be told beside nodes and seed. */
export const SCENARIO_PARAMETERS = ['fraction', 'faultSeconds'] as const

/** One of {@link SCENARIO_PARAMETERS}. `fraction`: a share, 0 to 1. `faultSeconds`: how long the fault lasts. */
export type ScenarioParameter = (typeof SCENARIO_PARAMETERS)[number]

/** A parameter of one scenario. */
export interface ParameterSpec {
  /** What it is the share of, or the length of. */
  readonly what: string
  readonly fallback: number
}

/** What a run of a scenario works with. */
export interface Play {
  readonly stage: Stage
  /** How many nodes are there at the beginning. */
  readonly nodes: number
  readonly parameters: Readonly<Record<ScenarioParameter, number>>
}

/** See the head of the file. */
export interface Scenario {
  readonly name: string
  /** One line for a list. */
  readonly summary: string
  /** What must be for it to pass, for people. */
  readonly criteria: readonly string[]
  /** The parameters that it takes. */
  readonly parameters: Readonly<Partial<Record<ScenarioParameter, ParameterSpec>>>
  /** Why nothing would happen in it, or nobody be left to look at, with so many nodes: a sentence. `undefined`: it would. */
  readonly problemOf?: (nodes: number, parameters: Play['parameters']) => string | undefined
  /** Of the network. */
  readonly network?: Omit<StageOptions, 'seed' | 'codec' | 'observer'>
  /** How much virtual time it takes, roughly: for a progress bar. */
  readonly lastsMs: (nodes: number, parameters: Play['parameters']) => number
  /** Plays it. What must not be it tells the stage, and goes on as long as that makes sense. */
  readonly play: (play: Play) => Steps
}

/** How a scenario is run. */
export interface ScenarioOptions {
  readonly nodes: number
  readonly seed: number
  /** False: nothing is encoded. Default true. */
  readonly codec?: boolean
  /** Default: the scenario's own. */
  readonly parameters?: Readonly<Partial<Record<ScenarioParameter, number>>>
  readonly observer?: ProcessObserver
  /** Sees the stage before the first step: for what tests break on purpose. */
  readonly onStage?: (stage: Stage) => void
}

/** How far a run has come. */
export interface ScenarioTick extends StageTick {
  /** When it will be over, roughly. */
  readonly lastsMs: number
}

/** Less is no network: there is nobody to send to. */
const NODES_MIN = 2

/** Why a scenario cannot be run like this: a sentence for people. `undefined`: it can. */
export function problemOf(
  scenario: Scenario,
  { nodes, parameters }: Pick<ScenarioOptions, 'nodes' | 'parameters'>,
): string | undefined {
  if (nodes < NODES_MIN) return `A scenario needs ${NODES_MIN} nodes at least.`
  return scenario.problemOf?.(nodes, parametersOf(scenario, parameters))
}

/** Runs a scenario to its end. @throws RangeError for what {@link problemOf} speaks against */
export function runScenario(scenario: Scenario, options: ScenarioOptions): ScenarioReport {
  const steps = scenarioSteps(scenario, options)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/**
 * Runs a scenario in small steps, between which whoever drives it may do something else, or give up.
 * @throws RangeError at the first step, for what {@link problemOf} speaks against
 */
export function* scenarioSteps(
  scenario: Scenario,
  options: ScenarioOptions,
): Generator<ScenarioTick, ScenarioReport, void> {
  const { nodes, seed, codec = true, observer, onStage } = options
  const problem = problemOf(scenario, options)
  if (problem !== undefined) throw new RangeError(problem)
  const parameters = parametersOf(scenario, options.parameters)
  const lastsMs = scenario.lastsMs(nodes, parameters)
  const stage = new Stage({ ...scenario.network, seed, codec, observer })
  onStage?.(stage)
  try {
    for (const tick of scenario.play({ stage, nodes, parameters })) yield { ...tick, lastsMs }
    stage.checkAll()
  } catch (error) {
    // An assertion of a machine, or a frame that does not decode: the run cannot go on.
    stage.broken(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  return reportOf(scenario, stage, { ...options, codec, parameters })
}

/** The command that shows a run again. */
export function replayOf(scenario: Scenario, options: ScenarioOptions): string {
  const { nodes, seed, codec = true } = options
  const parameters = parametersOf(scenario, options.parameters)
  const words = [`${COMMAND} sim --scenario ${scenario.name} --nodes ${nodes} --seed ${seed}`]
  if (scenario.parameters.fraction !== undefined) words.push(`--fraction ${parameters.fraction}`)
  if (scenario.parameters.faultSeconds !== undefined) words.push(`--fault-seconds ${parameters.faultSeconds}`)
  if (!codec) words.push('--no-codec')
  return words.join(' ')
}

function parametersOf(
  { parameters }: Scenario,
  given: ScenarioOptions['parameters'] = {},
): Play['parameters'] {
  const of = (key: ScenarioParameter): number => given[key] ?? parameters[key]?.fallback ?? 0
  return { fraction: of('fraction'), faultSeconds: of('faultSeconds') }
}

function reportOf(scenario: Scenario, stage: Stage, options: ScenarioOptions): ScenarioReport {
  const { nodes, seed, codec = true } = options
  const all = parametersOf(scenario, options.parameters)
  const taken = SCENARIO_PARAMETERS.filter((key) => scenario.parameters[key] !== undefined)
  return {
    scenario: scenario.name,
    seed,
    nodes,
    nodesAtEnd: stage.nodes.length,
    codec,
    parameters: Object.fromEntries(taken.map((key) => [key, all[key]])),
    phases: stage.phases,
    convergence: stage.convergence,
    broadcasts: broadcastsOf(stage),
    sends: sendsOf(stage),
    control: Object.fromEntries(stage.control),
    degrees: histogramOf(stage.overlays.map(({ neighbors }) => neighbors.size)),
    figures: stage.figures,
    violations: stage.violations,
    steps: stage.steps,
    replay: replayOf(scenario, options),
  }
}

function broadcastsOf({ casts, meter }: Stage): Record<string, BroadcastFigures> {
  const figures: Record<string, BroadcastFigures> = {}
  for (const [group, made] of Map.groupBy(casts, (cast) => cast.group)) {
    figures[group] = broadcastFigures(
      made.map((cast) => cast.count(meter.payloadFrames(cast.entry.id))),
      new Set(made.map(({ by }) => by)).size,
      made.flatMap(({ latenciesMs }) => latenciesMs),
    )
  }
  return figures
}

function sendsOf({ shots }: Stage): Record<string, SendFigures> {
  const fair = shots.filter(({ isFair }) => isFair)
  const groups = Map.groupBy(fair, (shot) => shot.group)
  return Object.fromEntries([...groups].map(([group, made]) => [group, sendFigures(made)]))
}
