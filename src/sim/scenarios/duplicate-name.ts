// A second process claims a name that is taken, in three ways: at the bootstrap, in the overlay without a bootstrap, and
// on the other side of a split. One of the two stays, and never none.

import { isConverged } from '../look.ts'
import { gather, measure, originsOf, quietMs, warmUp } from '../measurement.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage, StageNode, Steps } from '../stage.ts'

const DECIDED_WITHIN_MS = 10_000
/** How long the network is split. */
const SPLIT_MS = 30_000
/** How many names are claimed; one node more, and somebody else is there to broadcast. */
const CLAIMED = 4
const NODES_MIN = CLAIMED + 1
/** As long after that nothing may change any more. */
const STEADY_MS = 10_000

/** See the head of the file. */
export const duplicateName: Scenario = {
  name: 'duplicate-name',
  summary: 'a second process claims a name: at the bootstrap, without one, and on the other side of splits',
  criteria: [
    'the bootstrap refuses the second process; where it cannot, one of the two keeps the name, and the other one stops',
    `within ${DECIDED_WITHIN_MS / 1_000} s exactly one is left, all directories are equal, and it stays so`,
    'nobody else stops',
  ],
  parameters: {},
  problemOf: (nodes) =>
    nodes < NODES_MIN
      ? `duplicate-name needs ${NODES_MIN} nodes at least: four names are claimed.`
      : undefined,
  network: { bootstrap: true },
  lastsMs: (nodes) => quietMs(nodes) + 2 * SPLIT_MS + 7 * STEADY_MS,
  *play({ stage, nodes }) {
    if (!(yield* gather(stage, nodes))) return
    const origins = originsOf(stage).slice(0, nodes - CLAIMED)
    yield* warmUp(stage, origins)
    const others = stage.rng.shuffled(stage.nodes.filter((node) => !origins.includes(node)))
    const [first, second, third, fourth] = others as [StageNode, StageNode, StageNode, StageNode]

    stage.phase('at the bootstrap')
    const refused = twin(stage, first)
    yield* decided(stage, {
      what: 'the bootstrap has refused the second process',
      between: [first, refused],
      goes: refused,
    })

    stage.phase('without a bootstrap')
    stage.net.crashBootstrap()
    const later = twin(stage, second)
    introduce(
      stage,
      later,
      stage.nodes.filter((node) => node !== second),
    )
    yield* decided(stage, {
      what: 'without a bootstrap one has the name',
      between: [second, later],
    })

    stage.phase('beyond a split')
    const beyond = yield* twinBeyondSplit(stage, third)
    yield* decided(stage, {
      what: 'after the split one has the name',
      between: [third, beyond],
    })

    stage.phase('beyond a split, with a bootstrap')
    stage.net.startBootstrap()
    yield* stage.run(STEADY_MS)
    const registered = yield* twinBeyondSplit(stage, fourth)
    yield* decided(stage, {
      what: 'after the split one has the name, and is registered',
      between: [fourth, registered],
      isRegistered: true,
    })
    yield* measure(
      stage,
      origins.filter((origin) => stage.isUp(origin)),
    )
  },
}

/** Starts a second process of a node's name. */
function twin(stage: Stage, { name }: StageNode): StageNode {
  return stage.start(`${name}-twin`, { claims: name })
}

/** Gives a node some others to dial, as its configuration would. */
function introduce(stage: Stage, node: StageNode, others: readonly StageNode[]): void {
  const contacts = stage.rng.shuffled(others).slice(0, 3)
  const urls = contacts.map(({ process }) => ({ url: `ws://${process.name}:5000/` }))
  node.process.feed({ type: 'contacts', contacts: urls })
}

/** Starts a second process of a node's name on the other side of a split, and ends the split. */
function* twinBeyondSplit(stage: Stage, first: StageNode): Steps<StageNode> {
  const order = stage.rng.shuffled(stage.nodes.filter((node) => node !== first))
  const side = order.slice(0, order.length >> 1)
  stage.net.partition([], [...side.map(({ process }) => process.name), `${first.name}-twin`])
  yield* stage.run(SPLIT_MS)
  const second = twin(stage, first)
  introduce(stage, second, side)
  yield* stage.run(STEADY_MS)
  if (!stage.isUp(first) || !stage.isUp(second))
    stage.broken('one of two stopped that cannot know of each other')
  stage.net.heal()
  return second
}

/** What there is to be decided. */
interface Decision {
  readonly what: string
  readonly between: readonly [StageNode, StageNode]
  /** Who has to go. Default: either, as they hear of each other when both outbid what they take for dead (P2). */
  readonly goes?: StageNode
  /** Whether the other has to be registered then. */
  readonly isRegistered?: boolean
}

/** Waits until one of the two is gone and all know that, and looks whether it stays so. */
function* decided(stage: Stage, { what, between, goes, isRegistered = false }: Decision): Steps {
  const others = stage.nodes.filter((node) => !between.includes(node))
  const left = (): StageNode[] => between.filter((node) => stage.isUp(node))
  const isKept = (): boolean =>
    !isRegistered || left().every(({ process }) => stage.net.isRegistered(process.name))
  yield* stage.until(what, (overlays) => left().length < 2 && isKept() && isConverged(overlays), {
    withinMs: DECIDED_WITHIN_MS,
  })
  yield* stage.run(STEADY_MS)
  if (left().length !== 1) stage.broken(`${what}: ${left().length} of the two are left`)
  if (goes !== undefined && stage.isUp(goes)) stage.broken(`${what}: ${goes.label} is still there`)
  for (const node of others) if (!stage.isUp(node)) stage.broken(`${what}: ${node.label} stopped`)
}
