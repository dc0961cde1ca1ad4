// As canaries.test.ts, for the swarm of programs: each bug of a list is planted, and has to be found within a few seeds,
// which are clean without it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProgramsOptions, runPrograms } from '../../src/programs/swarm.ts'
import { PROGRAM_CANARIES } from './canaries/programs.ts'

/** Within so many seeds every bug is found. */
const SEEDS_MAX = 30

const clean = new Set<number>()

/** Nothing is found in this seed when no bug is planted. */
async function checkClean(seed: number, options: ProgramsOptions): Promise<void> {
  if (options.change === undefined && clean.has(seed)) return
  assert.deepEqual((await runPrograms(seed, options)).violations, [], `seed ${seed} without a bug`)
  if (options.change === undefined) clean.add(seed)
}

test('there are enough of them', () => {
  assert.ok(PROGRAM_CANARIES.length >= 10)
  assert.equal(new Set(PROGRAM_CANARIES.map(({ name }) => name)).size, PROGRAM_CANARIES.length)
})

for (const { name, found, plant, change } of PROGRAM_CANARIES) {
  const options = change === undefined ? {} : { change }
  test(`found: ${name}`, async (t) => {
    const first: string[] = []
    const uproot = plant()
    try {
      while (first.length < SEEDS_MAX && !found.test(first.at(-1) ?? '')) {
        const { violations } = await runPrograms(1 + first.length, options)
        first.push(violations[0]?.what ?? 'nothing')
      }
    } finally {
      uproot()
    }
    assert.match(first.at(-1) ?? '', found, `not within ${SEEDS_MAX} seeds: ${first.join('; ')}`)
    t.diagnostic(`seed ${first.length}: ${first.at(-1)}`)
    for (const index of first.keys()) await checkClean(1 + index, options)
  })
}
