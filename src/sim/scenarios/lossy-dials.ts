// Many dials come to nothing: some are refused, some are never answered.

import { isConverged, isEveryoneReached, isOneComponent } from '../look.ts'
import { measure, namesOf, originsOf, quietMs, warmUp } from '../measurement.ts'
import type { Scenario } from '../scenario.ts'

const START_GAP_MS = 5
/** With half of the dials lost somebody needs ten of them to register, and one that is never answered takes 5 s. */
const KNOWN_WITHIN_MS = 60_000
const HEALED_WITHIN_MS = 20_000
/** So many crash while dials fail. */
const CRASHING = 0.2

/** See the head of the file. */
export const lossyDials: Scenario = {
  name: 'lossy-dials',
  summary: 'a share of all dials comes to nothing, from the first start on',
  criteria: [
    `within ${KNOWN_WITHIN_MS / 1_000} s everybody knows everybody`,
    `when ${100 * CRASHING} % have crashed, the others are one network again within ${HEALED_WITHIN_MS / 1_000} s`,
    'then every broadcast reaches every node, and every send is delivered',
  ],
  parameters: { fraction: { what: 'share of the dials that fail', fallback: 0.5 } },
  network: { bootstrap: true },
  lastsMs: (nodes) => quietMs(nodes) + 25_000,
  *play({ stage, nodes, parameters: { fraction } }) {
    stage.phase('start')
    stage.net.failDials(fraction)
    const fromMs = stage.nowMs
    for (const name of namesOf(nodes)) {
      stage.start(name)
      yield* stage.run(START_GAP_MS)
    }
    const isKnown = yield* stage.until('everybody knows everybody', isConverged, {
      withinMs: KNOWN_WITHIN_MS,
      fromMs,
    })
    if (!isKnown) return

    stage.phase('fault')
    for (const node of stage.rng.shuffled(stage.nodes).slice(0, Math.round(nodes * CRASHING)))
      stage.crash(node)
    const isHealed = yield* stage.until(
      'the survivors are one component, and reach each other',
      (overlays) => isOneComponent(overlays) && isEveryoneReached(overlays),
      { withinMs: HEALED_WITHIN_MS },
    )
    if (!isHealed) return
    yield* stage.until('all directories are equal', isConverged, { withinMs: HEALED_WITHIN_MS })
    const origins = originsOf(stage)
    yield* warmUp(stage, origins)
    yield* measure(stage, origins)
  },
}
