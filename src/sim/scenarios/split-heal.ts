// The network falls into two sides that hear nothing of each other, and becomes whole again.

import { isConverged } from '../look.ts'
import {
  expectAll,
  gather,
  keepBroadcasting,
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
import type { Stage, StageNode, Steps } from '../stage.ts'

/** After the cut has ended, within what time all know the same, and what was broadcast on either side is everywhere. */
const EQUAL_WITHIN_MS = 10_000
const EXCHANGED_WITHIN_MS = 15_000
/** A link on which nothing comes is found after three heartbeats; until then messages take ways that end at the cut. */
const NOTICED_MS = 10_000
/** Somebody on each side broadcasts as often. */
const BROADCAST_EVERY_MS = 2_000
const SEND_EVERY_MS = 200

/** See the head of the file. */
export const splitHeal: Scenario = {
  name: 'split-heal',
  summary: 'two sides hear nothing of each other for a while, then the network has to grow together',
  criteria: [
    `within ${EQUAL_WITHIN_MS / 1_000} s after the cut has ended all directories are equal`,
    `within ${EXCHANGED_WITHIN_MS / 1_000} s what was broadcast on either side during the split has reached everybody`,
    'no broadcast is told as failed during the split, but to a node that is alone on its side',
    `sends on a side are delivered from ${NOTICED_MS / 1_000} s on after the cut has begun, and so is everything after it`,
  ],
  parameters: {
    fraction: { what: 'share of the nodes on the second side', fallback: 0.5 },
    faultSeconds: { what: 'how long the split lasts', fallback: 60 },
  },
  problemOf: (nodes, { fraction }) => shareProblem(nodes, fraction, 1),
  lastsMs: (nodes, { faultSeconds }) => quietMs(nodes) + faultSeconds * 1_000 + 15_000,
  *play({ stage, nodes, parameters: { fraction, faultSeconds } }) {
    if (!(yield* gather(stage, nodes))) return
    const origins = originsOf(stage)
    yield* warmUp(stage, origins)

    stage.phase('fault')
    const order = stage.rng.shuffled(stage.nodes)
    const second = order.slice(0, shareOf(nodes, fraction))
    const sides = [order.slice(second.length), second]
    const splitMs = stage.nowMs
    stage.net.partition(
      [],
      second.map(({ name }) => name),
    )
    const noticedMs = Math.min(NOTICED_MS, faultSeconds * 1_000)
    yield* work(stage, sides, { ms: noticedMs, group: 'before the split is noticed' })
    yield* work(stage, sides, { ms: faultSeconds * 1_000 - noticedMs, group: 'during the split' })

    stage.phase('recovery')
    const fromMs = stage.nowMs
    stage.net.heal()
    const isEqual = yield* stage.until('all directories are equal', isConverged, {
      withinMs: EQUAL_WITHIN_MS,
      fromMs,
    })
    if (!isEqual) return
    const made = stage.casts.filter(({ atMs }) => atMs >= splitMs)
    yield* stage.until(
      'what was broadcast during the split has reached everybody',
      () => made.every(({ missing }) => missing.length === 0),
      { withinMs: EXCHANGED_WITHIN_MS, fromMs },
    )
    yield* settle(stage)
    const alone = sides.flatMap((side) => (side.length === 1 ? side : []))
    expectAll(stage, 'during the split', alone)
    yield* measure(stage, origins)
  },
}

/** On each side it is broadcast and sent for a while. */
function* work(
  stage: Stage,
  sides: readonly (readonly StageNode[])[],
  { ms, group }: { ms: number; group: string },
): Steps {
  const stops = sides.flatMap((side) => [
    keepBroadcasting(stage, { origins: side, everyMs: BROADCAST_EVERY_MS, group }),
    keepSending(stage, { nodes: () => side, everyMs: SEND_EVERY_MS, group }),
  ])
  yield* stage.metered(group, stage.run(ms))
  for (const stop of stops) stop()
}
