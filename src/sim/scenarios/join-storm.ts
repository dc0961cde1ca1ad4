// All nodes start within a second and find each other at a bootstrap.

import { isConverged, isOneComponent } from '../look.ts'
import { measure, namesOf, originsOf, quietMs, warmUp } from '../measurement.ts'
import type { Scenario } from '../scenario.ts'

const START_MS = 1_000
/** Within what time all know each other and nothing changes any more, from the first start on. */
const SETTLED_WITHIN_MS = 15_000
/** Nothing has changed for this long: settled. */
const STILL_MS = 2_000

/** See the head of the file. */
export const joinStorm: Scenario = {
  name: 'join-storm',
  summary: 'all nodes start within a second, and find each other at a bootstrap',
  criteria: [
    `within ${SETTLED_WITHIN_MS / 1_000} s everybody knows everybody and no record changes any more`,
    'from then on every broadcast reaches every node, and every send is delivered',
  ],
  parameters: {},
  network: { bootstrap: true },
  lastsMs: quietMs,
  *play({ stage, nodes }) {
    stage.phase('start')
    const fromMs = stage.nowMs
    for (const name of namesOf(nodes)) {
      stage.start(name)
      yield* stage.run(START_MS / nodes)
    }
    let last = ''
    let sinceMs = 0
    const isStill = (text: string): boolean => {
      if (text !== last) sinceMs = stage.nowMs
      last = text
      return stage.nowMs - sinceMs >= STILL_MS
    }
    yield* stage.until('everybody knows everybody', isConverged, { withinMs: SETTLED_WITHIN_MS, fromMs })
    const isSettled = yield* stage.until(
      `the same, and nothing has changed for ${STILL_MS / 1_000} s`,
      (overlays) => {
        const hash = overlays[0]?.directory.hash
        const isWhole = isConverged(overlays) && isOneComponent(overlays)
        return isStill(isWhole ? `${hash?.high}:${hash?.low}` : `${stage.nowMs}`)
      },
      { withinMs: SETTLED_WITHIN_MS + STILL_MS, fromMs },
    )
    for (const [kind, bytes] of stage.meter.controlBytes()) {
      stage.figure(`until then received by a node, ${kind}`, bytes / nodes, 'bytes')
    }
    if (!isSettled) return
    const origins = originsOf(stage)
    yield* warmUp(stage, origins)
    yield* measure(stage, origins)
  },
}
