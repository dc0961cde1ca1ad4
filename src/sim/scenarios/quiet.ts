// A network in which nothing goes wrong, measured.

import { gather, measure, originsOf, quietMs, warmUp } from '../measurement.ts'
import type { Scenario } from '../scenario.ts'

/** See the head of the file. */
export const quiet: Scenario = {
  name: 'quiet',
  summary: 'nothing goes wrong: what broadcasts, sends and the overlay itself cost',
  criteria: ['every broadcast reaches every node', 'every send is delivered'],
  parameters: {},
  lastsMs: quietMs,
  *play({ stage, nodes }) {
    if (!(yield* gather(stage, nodes))) return
    const origins = originsOf(stage)
    yield* warmUp(stage, origins)
    yield* measure(stage, origins)
  },
}
