// A swarm that finds nothing proves nothing: each bug of a list is planted, and has to be found within a few seeds, which
// are clean without it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runSwarm, type SwarmOptions } from '../../src/sim/swarm.ts'
import { BROADCAST_CANARIES } from './canaries/broadcasts.ts'
import { DELIVERY_CANARIES } from './canaries/delivery.ts'
import { MEMBERSHIP_CANARIES } from './canaries/membership.ts'

/** Within so many seeds every bug is found. */
const SEEDS_MAX = 50

const CANARIES = [...DELIVERY_CANARIES, ...MEMBERSHIP_CANARIES, ...BROADCAST_CANARIES]

const clean = new Set<number>()

/** Nothing is found in this seed when no bug is planted. */
function checkClean(seed: number, options: SwarmOptions): void {
  if (options.change === undefined && clean.has(seed)) return
  assert.deepEqual(runSwarm(seed, options).violations, [], `seed ${seed} without a bug`)
  if (options.change === undefined) clean.add(seed)
}

test('there are enough of them', () => {
  assert.ok(CANARIES.length >= 12)
  assert.equal(new Set(CANARIES.map(({ name }) => name)).size, CANARIES.length)
})

for (const { name, found, plant, change } of CANARIES) {
  const options = change === undefined ? {} : { change }
  test(`found: ${name}`, (t) => {
    const first: string[] = []
    const uproot = plant()
    try {
      while (first.length < SEEDS_MAX && !found.test(first.at(-1) ?? '')) {
        const [violation] = runSwarm(1 + first.length, options).violations
        first.push(violation?.what ?? 'nothing')
      }
    } finally {
      uproot()
    }
    assert.match(first.at(-1) ?? '', found, `not within ${SEEDS_MAX} seeds: ${first.join('; ')}`)
    t.diagnostic(`seed ${first.length}: ${first.at(-1)}`)
    for (const index of first.keys()) checkClean(1 + index, options)
  })
}
