// The swarm of programs: past failures, as many new seeds as fit into its half of the time, and that a run can be replayed.
// HEARSAY_SWARM_SECONDS: how long both swarms look for new failures, 20 unless told. HEARSAY_SEED: that one seed instead.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../src/core/rng.ts'
import { ACT_KINDS, drawPlan, FAULT_KINDS, NODES_MAX, PROGRAM_NAMES } from '../../src/programs/plan.ts'
import { runPrograms } from '../../src/programs/swarm.ts'
import { FILTERS, isFor, TOPICS } from '../../src/programs/topics.ts'
import { PAST } from './past-failures.ts'

const SECONDS = Number(process.env.HEARSAY_SWARM_SECONDS ?? 20) / 2
const SEED = process.env.HEARSAY_SEED

/** Runs a seed, which has to be without violations, and with the names that are said of its nodes. */
async function check(seed: number): Promise<void> {
  const names = new Set<string>()
  const { plan, violations, replay } = await runPrograms(seed, {
    onPrograms: ({ book }) => {
      book.observer = ({ name }) => names.add(name)
    },
  })
  const kinds = [...plan.faults, ...plan.acts].join(' ')
  const lines = violations.map(({ atMs, what }) => `  at ${atMs.toFixed(1)} ms: ${what}`)
  assert.equal(
    violations.length,
    0,
    `seed ${plan.seed}, ${plan.nodes} nodes, ${kinds}\n${lines.join('\n')}\n${replay}`,
  )
  for (const name of names) assert.match(name, PROGRAM_NAMES)
}

test('a run can be replayed to the byte, and another seed gives another run', async () => {
  const [first, again, other] = [await runPrograms(4), await runPrograms(4), await runPrograms(3)]
  const { restMs, steps, operations, digest, tookMs } = first
  assert.deepEqual(
    [again.restMs, again.steps, again.operations, again.digest, again.tookMs],
    [restMs, steps, operations, digest, tookMs],
  )
  assert.ok(operations > 100, `${operations} operations`)
  assert.notEqual(other.digest, digest)
})

test('the command that shows a run again says that it is one of programs', async () => {
  const { replay } = await runPrograms(4, { change: (plan) => ({ ...plan, safetyMs: 1_000 }) })
  assert.equal(replay, 'npm run -s hearsay -- sim --swarm --programs --seed 4')
})

test('seeds draw all sizes, and every kind of fault and act with and without every other', () => {
  const plans = Array.from({ length: 400 }, (_, seed) => drawPlan(seed))
  for (const { nodes, undialable } of plans) {
    assert.ok(nodes >= 5 && nodes <= NODES_MAX, `${nodes} nodes`)
    assert.ok(undialable <= nodes / 2, `${undialable} of ${nodes} cannot be dialled`)
  }
  assert.ok(new Set(plans.map(({ nodes }) => nodes)).size > 25)
  const drawn = plans.map(({ faults, acts }) => new Set<string>([...faults, ...acts]))
  const kinds = [...FAULT_KINDS, ...ACT_KINDS]
  for (const kind of kinds) {
    for (const other of kinds) {
      assert.ok(
        drawn.some((all) => all.has(kind) && all.has(other)),
        `${kind} with ${other}`,
      )
      const alone = drawn.some((all) => all.has(kind) && !all.has(other))
      assert.ok(kind === other || alone, `${kind} without ${other}`)
    }
  }
})

test('the model of topics knows the examples of the standard (MQTT 5.0, section 4.7)', () => {
  const player = 'sport/tennis/player1'
  for (const topic of [player, `${player}/ranking`, `${player}/score/wimbledon`])
    assert.ok(isFor(`${player}/#`, topic), topic)
  assert.ok(isFor('sport/#', 'sport'))
  assert.ok(isFor('sport/tennis/+', player))
  assert.ok(!isFor('sport/tennis/+', `${player}/ranking`))
  assert.ok(!isFor('sport/+', 'sport'))
  assert.ok(isFor('sport/+', 'sport/'))
  assert.ok(isFor('+/+', '/finance') && isFor('/+', '/finance') && !isFor('+', '/finance'))
  assert.ok(!isFor('#', '$SYS/monitor') && !isFor('+/monitor', '$SYS/monitor'))
  assert.ok(isFor('$SYS/#', '$SYS/monitor'))
  // Each topic has listeners and others, else nothing is found of it.
  for (const topic of TOPICS) {
    const count = FILTERS.filter((filter) => isFor(filter, topic)).length
    assert.ok(count > 0 && count < FILTERS.length, `${topic}: ${count}`)
  }
})

for (const { seed, story, programs } of PAST) {
  if (programs) test(`seed ${seed}: ${story}`, () => check(seed))
}

if (SEED !== undefined) test(`seed ${SEED}`, () => check(Number(SEED)))
else {
  test(`new seeds for ${SECONDS} s`, async () => {
    const base = new Rng(Date.now()).uint32() >>> 1
    console.log(`swarm of programs: seeds from ${base}`)
    const untilMs = performance.now() + SECONDS * 1_000
    let count = 0
    for (; performance.now() < untilMs; count++) await check(base + count)
    console.log(`swarm of programs: ${count} seeds from ${base}, none with a violation`)
  })
}
