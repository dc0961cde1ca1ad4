// The swarm: past failures, as many new seeds as fit into the time, and that a run can be replayed.
// HEARSAY_SWARM_SECONDS: how long both swarms look for new failures, half of it each, 20 unless told. HEARSAY_SEED: that
// one seed instead.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../src/core/rng.ts'
import { runSwarm } from '../../src/sim/swarm.ts'
import type { SwarmNet } from '../../src/sim/swarm-net.ts'
import {
  drawPlan,
  FAULT_KINDS,
  type FaultKind,
  SWARM_NAMES,
  SWARM_NODES_MAX,
  type SwarmPlan,
} from '../../src/sim/swarm-plan.ts'
import { PAST } from './past-failures.ts'

const SECONDS = Number(process.env.HEARSAY_SWARM_SECONDS ?? 20) / 2
const SEED = process.env.HEARSAY_SEED

/** Runs a seed, which has to be without violations, and with the names that are said of its processes. */
function check(seed: number): void {
  const names = new Set<string>()
  const onNet = (net: SwarmNet): void => {
    net.observer = { onHandled: ({ name }) => names.add(name) }
  }
  const { plan, violations, replay } = runSwarm(seed, { onNet })
  const kinds = [...plan.kinds].join(' ')
  const lines = violations.map(({ atMs, what }) => `  at ${atMs.toFixed(1)} ms: ${what}`)
  assert.equal(
    violations.length,
    0,
    `seed ${plan.seed}, ${plan.nodes} nodes, ${kinds}\n${lines.join('\n')}\n${replay}`,
  )
  for (const name of names) assert.match(name, SWARM_NAMES)
}

test('a run can be replayed to the byte, and another seed gives another run', () => {
  const [first, again, other] = [runSwarm(7), runSwarm(7), runSwarm(8)]
  const { restMs, steps, digest, tookMs } = first
  assert.deepEqual([again.restMs, again.steps, again.digest, again.tookMs], [restMs, steps, digest, tookMs])
  assert.notEqual(other.digest, digest)
})

test('seeds draw all sizes, and every kind of fault with and without every other', () => {
  const plans = Array.from({ length: 400 }, (_, seed) => drawPlan(seed))
  for (const { nodes, undialable } of plans) {
    assert.ok(nodes >= 5 && nodes <= SWARM_NODES_MAX, `${nodes} nodes`)
    assert.ok(undialable <= nodes / 2, `${undialable} of ${nodes} cannot be dialled`)
  }
  assert.ok(new Set(plans.map(({ nodes }) => nodes)).size > 30)
  for (const kind of FAULT_KINDS) {
    for (const other of FAULT_KINDS) {
      const both = plans.filter(({ kinds }) => kinds.has(kind) && kinds.has(other))
      assert.ok(both.length > 0, `${kind} with ${other}`)
      if (kind === other) continue
      const alone = plans.filter(({ kinds }) => kinds.has(kind) && !kinds.has(other))
      assert.ok(alone.length > 0, `${kind} without ${other}`)
    }
  }
})

for (const { seed, story, programs } of PAST) {
  if (!programs) test(`seed ${seed}: ${story}`, () => check(seed))
}

test('of two processes of one name one is left, whether they meet at a bootstrap or by a configured peer', () => {
  for (const seed of [1_000_000, 1_000_006, 1_000_102]) {
    const kinds = new Set<FaultKind>(['duplicate-name', 'partition', 'one-way-partition'])
    const change = (plan: SwarmPlan): SwarmPlan => ({ ...plan, hasBootstrap: true, namesPeers: true, kinds })
    assert.deepEqual(runSwarm(seed, { change }).violations, [], `seed ${seed}`)
  }
})

if (SEED !== undefined) test(`seed ${SEED}`, () => check(Number(SEED)))
else {
  test(`new seeds for ${SECONDS} s`, () => {
    const base = new Rng(Date.now()).uint32()
    console.log(`swarm: seeds from ${base}`)
    const untilMs = performance.now() + SECONDS * 1_000
    let count = 0
    for (; performance.now() < untilMs; count++) check(base + count)
    console.log(`swarm: ${count} seeds from ${base}, none with a violation`)
  })
}
