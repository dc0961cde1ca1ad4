// The bootstrap dies and comes back empty. Those that are in run on; those that came meanwhile join when it is back.

import { isConverged, isEveryoneReached, isOneComponent } from '../look.ts'
import {
  expectAll,
  gather,
  keepBroadcasting,
  keepSending,
  measure,
  originsOf,
  quietMs,
  settle,
  warmUp,
} from '../measurement.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const REGISTERED_WITHIN_MS = 10_000
const HEALED_WITHIN_MS = 10_000
/** After the return: the largest backoff of a registration, a dial, and the spreading of the news. */
const BACK_WITHIN_MS = 15_000
/** So many crash while there is no bootstrap, and half as many come. */
const CRASHING = 0.1

/** See the head of the file. */
export const bootstrapOutage: Scenario = {
  name: 'bootstrap-outage',
  summary: 'the bootstrap is away for a while, and comes back knowing nobody',
  criteria: [
    `meanwhile everything goes on, and when ${100 * CRASHING} % crash the others heal within ${HEALED_WITHIN_MS / 1_000} s`,
    `within ${BACK_WITHIN_MS / 1_000} s after its return everybody is registered, and those that came meanwhile are in`,
  ],
  parameters: { faultSeconds: { what: 'how long the bootstrap is away', fallback: 60 } },
  network: { bootstrap: true },
  lastsMs: (nodes, { faultSeconds }) => quietMs(nodes) + faultSeconds * 1_000 + 20_000,
  *play({ stage, nodes, parameters: { faultSeconds } }) {
    if (!(yield* gather(stage, nodes))) return
    yield* stage.until('everybody is registered', () => isRegistered(stage), {
      withinMs: REGISTERED_WITHIN_MS,
    })
    yield* warmUp(stage, originsOf(stage))

    stage.phase('fault')
    const order = stage.rng.shuffled(stage.nodes)
    const crashing = order.slice(0, Math.round(nodes * CRASHING))
    const staying = order.slice(crashing.length)
    const fromMs = stage.nowMs
    stage.net.crashBootstrap()
    const load = { nodes: () => staying, origins: staying, group: 'without a bootstrap' }
    const stops = [
      keepBroadcasting(stage, { ...load, everyMs: 1_000 }),
      keepSending(stage, { ...load, everyMs: 100 }),
    ]
    yield* stage.run(2_000)
    for (const node of crashing) stage.crash(node)
    yield* stage.until(
      'without a bootstrap the survivors are one component, and reach each other',
      (overlays) => isOneComponent(overlays) && isEveryoneReached(overlays),
      { withinMs: HEALED_WITHIN_MS },
    )
    const coming = Math.max(1, Math.ceil(crashing.length / 2))
    for (let count = 1; count <= coming; count++) stage.start(`node${nodes + count}`)
    yield* stage.run(Math.max(0, fromMs + faultSeconds * 1_000 - stage.nowMs))

    stage.phase('recovery')
    stage.net.startBootstrap()
    const isBack = yield* stage.until(
      'everybody is registered, and knows everybody',
      (overlays) => isConverged(overlays) && isRegistered(stage),
      { withinMs: BACK_WITHIN_MS },
    )
    for (const stop of stops) stop()
    if (!isBack) return
    yield* settle(stage)
    expectAll(stage, 'without a bootstrap')
    const origins = originsOf(stage)
    yield* warmUp(stage, origins)
    yield* measure(stage, origins)
  },
}

function isRegistered(stage: Stage): boolean {
  return stage.nodes.every(({ process }) => stage.net.isRegistered(process.name))
}
