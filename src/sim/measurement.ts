// What most scenarios are made of: nodes start and find each other, a quiet network is measured, broadcasts must reach
// everybody and sends be delivered.
// It must not know what a scenario does in between.

import { CORE_DEFAULTS } from '../core/config.ts'
import type { NodeName } from '../core/messages.ts'
import { isConverged } from './look.ts'
import { LOOK_MS, type Stage, type StageNode, type Steps } from './stage.ts'
import type { Shot } from './traffic-log.ts'

/** How long apart nodes start, unless the start is what is looked at. */
const START_GAP_MS = 5
/** Within what time they know each other then; more than a second for every hundred of them is a lot. */
const START_WITHIN_MS = 15_000
/** How long a network is left alone after that. */
const REST_MS = 5_000
/** Nodes that broadcast, how often each does so before it is measured and while it is, and how long apart. */
const ORIGINS = 20
const WARM_ROUNDS = 5
const ROUNDS = 3
const BROADCAST_GAP_MS = 100
const SENDS = 400
const SEND_GAP_MS = 10
/** How long an idle network is watched. */
const IDLE_MS = 20_000
/** Until a broadcast is everywhere: links, relays, a graft or two. */
const ARRIVAL_MS = 5_000

/** The virtual time that {@link gather} and {@link measure} take together, roughly. */
export function quietMs(nodes: number): number {
  const broadcasts = Math.min(ORIGINS, nodes) * (WARM_ROUNDS + ROUNDS) * BROADCAST_GAP_MS
  return nodes * START_GAP_MS + REST_MS + broadcasts + 2 * ARRIVAL_MS + IDLE_MS + SENDS * SEND_GAP_MS
}

/** How many of these a share is. */
export function shareOf(nodes: number, fraction: number): number {
  return Math.round(nodes * fraction)
}

/** For scenarios whose fault hits a share of the nodes: a sentence, unless it hits somebody and leaves at least so many. */
export function shareProblem(nodes: number, fraction: number, leaves: number): string | undefined {
  const hit = shareOf(nodes, fraction)
  const left = nodes - hit
  const given = `Of ${nodes} nodes a fraction of ${fraction} is ${hit}`
  if (hit === 0) return `${given}: nobody is hit. Give more nodes, or a larger fraction.`
  if (left >= leaves) return undefined
  return `${given}, which leaves ${left}, and ${leaves} must be left. Give more nodes, or a smaller fraction.`
}

/** What nodes of a scenario are named: as in {@link namesOf}, or the second process of such a name. */
export const SCENARIO_NAMES = /^node[1-9]\d*(-twin)?$/

/** `node1` to `node<count>`. */
export function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `node${index + 1}`)
}

/** The nodes start and find each other. False: they do not. */
export function* gather(stage: Stage, nodes: number): Steps<boolean> {
  stage.phase('start')
  for (const name of namesOf(nodes)) {
    stage.start(name)
    yield* stage.run(START_GAP_MS)
  }
  return yield* stage.until('all know each other', isConverged, { withinMs: START_WITHIN_MS })
}

/** Nodes that broadcast: some, in an order of their own. */
export function originsOf(stage: Stage): StageNode[] {
  return stage.rng.shuffled(stage.nodes).slice(0, ORIGINS)
}

/** The network rests, and the trees of these origins take shape. What they broadcast has to arrive meanwhile, too. */
export function* warmUp(stage: Stage, origins: readonly StageNode[]): Steps {
  stage.phase('warm-up')
  yield* stage.run(REST_MS)
  yield* broadcasts(stage, { origins, rounds: WARM_ROUNDS, group: 'warm-up' })
  yield* stage.run(ARRIVAL_MS)
  expectAll(stage, 'warm-up')
}

/** Measures a quiet network: idle, broadcasts of these origins, sends between any two. All of them have to arrive. */
export function* measure(stage: Stage, origins: readonly StageNode[]): Steps {
  stage.phase('measurement')
  yield* stage.metered('idle', stage.run(IDLE_MS))
  yield* stage.metered('with traffic', traffic(stage, origins))
  yield* settle(stage)
  expectAll(stage, 'measured')
}

function* traffic(stage: Stage, origins: readonly StageNode[]): Steps {
  yield* broadcasts(stage, { origins, rounds: ROUNDS, group: 'measured' })
  yield* stage.run(ARRIVAL_MS)
  for (let count = 0; count < SENDS; count++) {
    sendBetween(stage, stage.nodes, 'measured')
    yield* stage.run(SEND_GAP_MS)
  }
}

/** Each of these broadcasts, in rounds; one that is gone does not. */
export function* broadcasts(
  stage: Stage,
  { origins, rounds, group }: { origins: readonly StageNode[]; rounds: number; group: string },
): Steps {
  for (let round = 0; round < rounds; round++) {
    for (const origin of origins) {
      if (!stage.isUp(origin)) continue
      stage.broadcast(origin, group)
      yield* stage.run(BROADCAST_GAP_MS)
    }
  }
}

/** One of these broadcasts every so often, in turns, until what is returned is called. */
export function keepBroadcasting(
  stage: Stage,
  { origins, everyMs, group }: { origins: readonly StageNode[]; everyMs: number; group: string },
): () => void {
  let turn = 0
  return stage.often(everyMs, () => {
    const origin = origins[turn++ % origins.length]
    if (origin !== undefined && stage.isUp(origin)) stage.broadcast(origin, group)
  })
}

/** Somebody sends to somebody every so often, until what is returned is called. */
export function keepSending(
  stage: Stage,
  { nodes, everyMs, group }: { nodes: () => readonly StageNode[]; everyMs: number; group: string },
): () => void {
  return stage.often(everyMs, () => sendBetween(stage, nodes(), group))
}

/** One of these sends to another one that it knows; nothing happens when the two drawn are not such. */
export function sendBetween(stage: Stage, nodes: readonly StageNode[], group: string): void {
  const by = stage.rng.pick(nodes)
  const to = stage.rng.pick(nodes)
  if (by === undefined || to === undefined || by === to || !stage.isUp(by) || !stage.isUp(to)) return
  const known = by.process.overlay.directory.get(to.name as NodeName)?.record
  if (known?.instance === to.process.overlay.self.instance) stage.send(by, to, group)
}

/** Lets everything arrive that was sent, and every send be answered. */
export function* settle(stage: Stage): Steps {
  const untilMs = stage.nowMs + CORE_DEFAULTS.deadlineMs + ARRIVAL_MS
  const isOpen = ({ outcome, by }: Shot): boolean => outcome === undefined && stage.isUp(by)
  yield* stage.run(ARRIVAL_MS)
  while (stage.nowMs < untilMs && stage.shots.some(isOpen)) yield* stage.run(LOOK_MS)
}

/**
 * All broadcasts and sends of a group between nodes that were up all through have arrived; else that is a violation.
 * @param alone those that had nobody to broadcast to: they may be told so. Default: nobody.
 */
export function expectAll(stage: Stage, group: string, alone: readonly StageNode[] = []): void {
  expectHeard(stage, group)
  expectTaken(stage, group, alone)
  expectDelivered(stage, group)
}

function expectTaken(stage: Stage, group: string, alone: readonly StageNode[]): void {
  const casts = stage.casts.filter((cast) => cast.group === group && cast.isFair)
  const failed = casts.filter(({ hasFailed, by }) => hasFailed && !alone.includes(by))
  const [first] = failed
  if (first === undefined) return
  stage.broken(
    `${failed.length} of ${casts.length} broadcasts (${group}) were told as failed; the first one is ` +
      `of ${first.by.label} at ${first.atMs.toFixed(0)} ms`,
  )
}

function expectHeard(stage: Stage, group: string): void {
  const casts = stage.casts.filter((cast) => cast.group === group)
  const lacking = casts.filter(({ missing }) => missing.length > 0)
  const [first] = lacking
  if (first === undefined) return
  const { by, atMs, missing } = first
  const some = missing.slice(0, 3).map(({ label }) => label)
  const pairs = lacking.reduce((sum, cast) => sum + cast.missing.length, 0)
  stage.broken(
    `${lacking.length} of ${casts.length} broadcasts (${group}) have not reached everybody, ${pairs} deliveries lack; ` +
      `the first one, of ${by.label} at ${atMs.toFixed(0)} ms, lacks ${missing.length}: ${some.join(', ')}`,
  )
}

function expectDelivered(stage: Stage, group: string): void {
  const shots = stage.shots.filter((shot) => shot.group === group && shot.isFair)
  const failed = shots.filter(({ outcome }) => outcome !== 'delivered')
  const [first] = failed
  if (first === undefined) return
  const { by, to, atMs, outcome } = first
  stage.broken(
    `${failed.length} of ${shots.length} sends (${group}) are not delivered; the first one, ` +
      `${by.label} to ${to.label} at ${atMs.toFixed(0)} ms: ${outcome ?? 'no outcome'}`,
  )
}
