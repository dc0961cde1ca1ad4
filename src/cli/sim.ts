// `hearsay sim`: simulated networks in virtual time. A named scenario with its report, or a swarm of seeds under random
// faults. It must not know what is simulated: that is src/sim.

import { command } from './command.ts'
import { type CliContext, usageError } from './context.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { OptionValues } from './options.ts'
import { simScenario } from './sim-scenario.ts'
import { simSwarm } from './sim-swarm.ts'

const SIM_OPTIONS = [
  'scenario',
  'nodes',
  'fraction',
  'faultSeconds',
  'noCodec',
  'list',
  'swarm',
  'programs',
  'seed',
  'seeds',
  'seconds',
  'jobs',
  'trace',
  'traceNode',
  'traceFile',
  'json',
] as const

/** What the command was given. */
export type SimValues = OptionValues<(typeof SIM_OPTIONS)[number]>

/** The command. */
export const sim = command({
  name: 'sim',
  summary: 'Simulate networks in virtual time, with faults, and check them',
  details:
    'Runs the real protocol on a simulated network in virtual time; everything random comes from one seed. ' +
    '--scenario runs a named scenario, and reports what it measured. --swarm runs many small networks under ' +
    `random faults. The exit code is ${EXIT.failure} when something was not as it must be; how to see it again is printed.`,
  positionals: [],
  options: SIM_OPTIONS,
  examples: [
    ['sim --list', 'the scenarios'],
    ['sim --scenario mass-crash --nodes 200 --fraction 0.7', '140 of 200 nodes crash at once'],
    ['sim --swarm --seconds 60', 'as many seeds as fit into a minute'],
    ['sim --swarm --programs --seeds 100', 'the same with programs on the nodes, that use all there is'],
    ['sim --swarm --seed 42 --trace --trace-node n3', 'one seed again, and all that n3 does in it'],
  ],
  async run(values, _words, context) {
    if (values.programs && !values.swarm) throw usageError('--programs is for --swarm: give both.')
    if (values.list) return await list(context, values.json)
    if (values.swarm && values.scenario !== undefined) {
      throw usageError('--scenario and --swarm are two different things; leave one out.')
    }
    if (values.swarm) return await simSwarm(values, context)
    if (values.scenario === undefined) {
      throw usageError(`Say what to simulate: --scenario with a name, or --swarm. ${await namesText()}`)
    }
    return await simScenario({ ...values, scenario: values.scenario }, context)
  },
})

async function namesText(): Promise<string> {
  const { SCENARIOS } = await import('../sim/scenarios.ts')
  return `The scenarios are ${SCENARIOS.map(({ name }) => name).join(', ')}.`
}

async function list(context: CliContext, isJson: boolean): Promise<ExitCode> {
  const { SCENARIOS } = await import('../sim/scenarios.ts')
  if (isJson) {
    const all = SCENARIOS.map(({ name, summary, criteria, parameters }) => ({
      name,
      summary,
      criteria,
      parameters,
    }))
    context.stdout.write(`${JSON.stringify(all)}\n`)
    return EXIT.ok
  }
  const { scenarioText } = await import('./sim-text.ts')
  context.stdout.write(`${SCENARIOS.map(scenarioText).join('\n\n')}\n`)
  return EXIT.ok
}
