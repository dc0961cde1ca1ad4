// Some processes read far more slowly than the others send, and the others must not feel it.

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
import { percentilesOf } from '../report.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage, StageNode, Steps } from '../stage.ts'

/** What a slow process reads in a second: less than comes. */
const BYTES_PER_S = 1_000
const BROADCAST_EVERY_MS = 100
const SEND_EVERY_MS = 20
/** How long the others take to find ways around the slow ones. */
const ADAPT_MS = 10_000
/** How much longer anything may take then: nine in ten, and all but one in a hundred. */
const P90_FACTOR = 1.25
const P99_FACTOR = 2
/** How long the network is watched before. */
const BEFORE_MS = 20_000

/** See the head of the file. */
export const slowPeer: Scenario = {
  name: 'slow-peer',
  summary: `some processes read ${BYTES_PER_S} bytes a second, and the others must not feel it`,
  criteria: [
    'every broadcast reaches every other node, and every send between others is delivered',
    `after ${ADAPT_MS / 1_000} s the others' p90 is at most ${P90_FACTOR} times, their p99 at most ${P99_FACTOR} times what it was before`,
  ],
  parameters: {
    fraction: { what: 'share of the nodes that are slow, at least one', fallback: 0.02 },
    faultSeconds: { what: 'how long they are slow', fallback: 40 },
  },
  problemOf: (nodes, { fraction }) =>
    nodes < 3
      ? 'slow-peer needs 3 nodes at least: one that is slow, and two others.'
      : shareProblem(nodes, Math.max(fraction, 1 / nodes), 2),
  lastsMs: (nodes, { faultSeconds }) => quietMs(nodes) + faultSeconds * 1_000 + BEFORE_MS + 20_000,
  *play({ stage, nodes, parameters: { fraction, faultSeconds } }) {
    if (!(yield* gather(stage, nodes))) return
    const slow = stage.rng.shuffled(stage.nodes).slice(0, Math.max(1, shareOf(nodes, fraction)))
    const others = stage.nodes.filter((node) => !slow.includes(node))
    const origins = stage.rng.shuffled(others).slice(0, originsOf(stage).length)
    for (const node of slow) stage.ignored.add(node)
    yield* warmUp(stage, origins)
    yield* work(stage, { origins, others, ms: BEFORE_MS, group: 'before' })

    stage.phase('fault')
    for (const node of slow) stage.net.slow(node.process.name, BYTES_PER_S)
    yield* work(stage, { origins, others, ms: ADAPT_MS, group: 'first slow' })
    yield* work(stage, { origins, others, ms: faultSeconds * 1_000, group: 'slow' })
    compare(stage)

    stage.phase('recovery')
    for (const node of slow) stage.net.slow(node.process.name, undefined)
    stage.ignored.clear()
    yield* settle(stage)
    for (const group of ['before', 'first slow', 'slow']) expectAll(stage, group)
    yield* measure(stage, origins)
  },
}

/** Everybody but the slow ones broadcasts and sends for a while. */
function* work(
  stage: Stage,
  load: { origins: readonly StageNode[]; others: readonly StageNode[]; ms: number; group: string },
): Steps {
  const { origins, others, ms, group } = load
  const stops = [
    keepBroadcasting(stage, { origins, everyMs: BROADCAST_EVERY_MS, group }),
    keepSending(stage, { nodes: () => others, everyMs: SEND_EVERY_MS, group }),
  ]
  yield* stage.run(ms)
  for (const stop of stops) stop()
}

function compare(stage: Stage): void {
  const ofCasts = (group: string): number[] =>
    stage.casts.filter((cast) => cast.group === group).flatMap(({ latenciesMs }) => latenciesMs)
  const ofShots = (group: string): number[] =>
    stage.shots.flatMap(({ group: of, arrival }) => (of === group && arrival ? [arrival.latencyMs] : []))
  for (const [what, of] of [
    ['broadcasts', ofCasts],
    ['sends', ofShots],
  ] as const) {
    const before = percentilesOf(of('before'))
    const slow = percentilesOf(of('slow'))
    for (const [key, factor] of [
      ['p90', P90_FACTOR],
      ['p99', P99_FACTOR],
    ] as const) {
      if (slow[key] <= factor * before[key]) continue
      stage.broken(
        `${key} of ${what}: ${before[key].toFixed(1)} ms before, ${slow[key].toFixed(1)} ms beside slow peers`,
      )
    }
  }
}
