// Nodes come and go all the time, while the others work.

import { isConverged } from '../look.ts'
import {
  expectAll,
  gather,
  keepSending,
  measure,
  originsOf,
  quietMs,
  settle,
  warmUp,
} from '../measurement.ts'
import type { Scenario } from '../scenario.ts'

/** Within what time the last ones to come and go are known everywhere. */
const EQUAL_WITHIN_MS = 10_000
const BROADCAST_EVERY_MS = 1_000
const SEND_EVERY_MS = 100

/** See the head of the file. */
export const churn: Scenario = {
  name: 'churn',
  summary:
    'a share of the nodes is replaced each minute: half of them leave, half of them crash, new ones come',
  criteria: [
    'every broadcast reaches every node that was up all through it',
    'every send between two such nodes is delivered',
    `within ${EQUAL_WITHIN_MS / 1_000} s after the last replacement all directories are equal`,
  ],
  parameters: {
    fraction: { what: 'share of the nodes that is replaced each minute', fallback: 0.1 },
    faultSeconds: { what: 'how long nodes are replaced', fallback: 600 },
  },
  network: { bootstrap: true },
  problemOf: (nodes, { fraction, faultSeconds }) =>
    nodes * fraction * faultSeconds < 60
      ? `In ${faultSeconds} s not one of ${nodes} nodes is replaced: give more nodes, a larger fraction, or a longer time.`
      : undefined,
  lastsMs: (nodes, { faultSeconds }) => quietMs(nodes) + faultSeconds * 1_000 + 15_000,
  *play({ stage, nodes, parameters: { fraction, faultSeconds } }) {
    if (!(yield* gather(stage, nodes))) return
    yield* warmUp(stage, originsOf(stage))

    stage.phase('fault')
    let next = nodes
    let replaced = 0
    const replace = (): void => {
      const gone = stage.rng.pick(stage.nodes)
      if (gone === undefined) return
      if (replaced++ % 2 === 0) stage.crash(gone)
      else stage.leave(gone)
      stage.start(`node${++next}`)
    }
    const stops = [
      stage.often(60_000 / (nodes * fraction), replace),
      stage.often(BROADCAST_EVERY_MS, () => {
        const by = stage.rng.pick(stage.nodes)
        if (by !== undefined) stage.broadcast(by, 'during the churn')
      }),
      keepSending(stage, { nodes: () => stage.nodes, everyMs: SEND_EVERY_MS, group: 'during the churn' }),
    ]
    yield* stage.metered('during the churn', stage.run(faultSeconds * 1_000))
    for (const stop of stops) stop()
    stage.figure('replaced', replaced, 'nodes')

    stage.phase('recovery')
    yield* stage.until('all directories are equal', isConverged, { withinMs: EQUAL_WITHIN_MS })
    yield* settle(stage)
    expectAll(stage, 'during the churn')
    const last = originsOf(stage)
    yield* warmUp(stage, last)
    yield* measure(stage, last)
  },
}
