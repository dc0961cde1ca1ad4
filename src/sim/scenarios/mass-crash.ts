// A share of all nodes crashes in one moment.

import { isConverged, isEveryoneReached, isOneComponent } from '../look.ts'
import {
  expectAll,
  gather,
  keepBroadcasting,
  measure,
  originsOf,
  quietMs,
  settle,
  shareOf,
  shareProblem,
  warmUp,
} from '../measurement.ts'
import type { Scenario } from '../scenario.ts'

/** Within what time the survivors are one network again, and know the same of each other. */
const HEALED_WITHIN_MS = 10_000
const EQUAL_WITHIN_MS = 20_000
/** How long it is broadcast after that, at least. */
const STEADY_MS = 4_000

/** See the head of the file. */
export const massCrash: Scenario = {
  name: 'mass-crash',
  summary: 'a share of the nodes crashes at once, and the others must be one network again',
  criteria: [
    `within ${HEALED_WITHIN_MS / 1_000} s links connect all survivors, and each reaches all others and nobody else`,
    'from that moment on every broadcast reaches every survivor',
    `within ${EQUAL_WITHIN_MS / 1_000} s all directories are equal; then every send is delivered`,
  ],
  parameters: { fraction: { what: 'share of the nodes that crash', fallback: 0.5 } },
  problemOf: (nodes, { fraction }) => shareProblem(nodes, fraction, 2),
  lastsMs: (nodes) => quietMs(nodes) + 15_000,
  *play({ stage, nodes, parameters }) {
    if (!(yield* gather(stage, nodes))) return
    const order = stage.rng.shuffled(stage.nodes)
    const crashing = order.slice(0, shareOf(nodes, parameters.fraction))
    const survivors = order.slice(crashing.length)
    const origins = survivors.slice(0, originsOf(stage).length)
    yield* warmUp(stage, origins)

    stage.phase('fault')
    const fromMs = stage.nowMs
    for (const node of crashing) stage.crash(node)

    stage.phase('recovery')
    const isHealed = yield* stage.until(
      'the survivors are one component, and reach each other',
      (overlays) => isOneComponent(overlays) && isEveryoneReached(overlays),
      { withinMs: HEALED_WITHIN_MS, fromMs },
    )
    if (!isHealed) return
    const stop = keepBroadcasting(stage, { origins, everyMs: 100, group: 'after recovery' })
    const isEqual = yield* stage.until('all directories are equal', isConverged, {
      withinMs: EQUAL_WITHIN_MS,
      fromMs,
    })
    if (!isEqual) return
    yield* stage.run(STEADY_MS)
    stop()
    yield* settle(stage)
    expectAll(stage, 'after recovery')
    yield* measure(stage, origins)
  },
}
