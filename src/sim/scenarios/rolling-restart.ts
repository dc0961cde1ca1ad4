// One node after the other leaves and comes back, as in the roll-out of a new version.

import { isConverged } from '../look.ts'
import {
  expectAll,
  gather,
  keepSending,
  measure,
  originsOf,
  quietMs,
  settle,
  shareOf,
  shareProblem,
  warmUp,
} from '../measurement.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage, StageNode } from '../stage.ts'

/** How long a process is away. */
const AWAY_MS = 1_000
/** As long after its return nobody may take a node for gone, but for the news of its leaving that come late. */
const NEWS_MS = 5_000
const BACK_WITHIN_MS = 10_000
const BROADCAST_EVERY_MS = 1_000
const SEND_EVERY_MS = 100

/** See the head of the file. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  summary: 'one node after the other leaves, and is back a second later under its name',
  criteria: [
    `within ${BACK_WITHIN_MS / 1_000} s after the last return everybody knows everybody`,
    'nobody is told as gone who was not away, nor as unreachable who has left',
    'every broadcast reaches every node that was up all through it; every send between two such nodes is delivered',
  ],
  parameters: {
    fraction: { what: 'share of the nodes that are restarted', fallback: 0.99 },
    faultSeconds: { what: 'time from the first restart to the last', fallback: 60 },
  },
  network: { bootstrap: true },
  problemOf: (nodes, { fraction }) => shareProblem(nodes, fraction, 0),
  lastsMs: (nodes, { faultSeconds }) => quietMs(nodes) + faultSeconds * 1_000 + 15_000,
  *play({ stage, nodes, parameters: { fraction, faultSeconds } }) {
    if (!(yield* gather(stage, nodes))) return
    yield* warmUp(stage, originsOf(stage))

    stage.phase('fault')
    const restarting = stage.rng.shuffled(stage.nodes).slice(0, shareOf(nodes, fraction))
    const leaves = watchLeaves(stage)
    const stops = [
      stage.often(BROADCAST_EVERY_MS, () => {
        const by = stage.rng.pick(stage.nodes)
        if (by !== undefined) stage.broadcast(by, 'during the restarts')
      }),
      keepSending(stage, { nodes: () => stage.nodes, everyMs: SEND_EVERY_MS, group: 'during the restarts' }),
    ]
    for (const node of restarting) {
      leaves.away(node)
      stage.leave(node)
      stage.net.medium.queue.plan(AWAY_MS, () => stage.start(node.process.name))
      yield* stage.run((faultSeconds * 1_000) / restarting.length)
    }
    yield* stage.run(AWAY_MS)

    stage.phase('recovery')
    const isBack = yield* stage.until('everybody knows everybody', isConverged, { withinMs: BACK_WITHIN_MS })
    for (const stop of stops) stop()
    if (!isBack) return
    yield* settle(stage)
    leaves.stop()
    expectAll(stage, 'during the restarts')
    const origins = originsOf(stage)
    yield* warmUp(stage, origins)
    yield* measure(stage, origins)
  },
}

/** Sees who is told as gone, and whether rightly. */
function watchLeaves(stage: Stage): { away: (node: StageNode) => void; stop: () => void } {
  const awayMs = new Map<string, number>()
  let wrong = 0
  const stop = stage.watch(({ label }, told) => {
    if (told.type !== 'peer-leave') return
    const sinceMs = stage.nowMs - (awayMs.get(told.name) ?? Number.NEGATIVE_INFINITY)
    if (sinceMs <= AWAY_MS + NEWS_MS && told.reason === 'left') return
    wrong++
    const when = Number.isFinite(sinceMs) ? `${sinceMs.toFixed(0)} ms after it left` : 'which was never away'
    stage.broken(`${label} tells ${told.name} as gone (${told.reason}), ${when}`)
  })
  return {
    away: (node) => awayMs.set(node.name, stage.nowMs),
    stop: () => {
      stop()
      stage.figure('told as gone wrongly', wrong, 'times')
    },
  }
}
