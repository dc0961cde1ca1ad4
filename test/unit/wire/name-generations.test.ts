// What is in use stays, and what is not does not pile up.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NameGenerations } from '../../../src/wire/name-generations.ts'

/** Asks for a name as a cache does; whether it was known. */
function use(kept: NameGenerations<string, number>, name: string): boolean {
  if (kept.get(name) !== undefined) return true
  kept.set(name, 1)
  return false
}

test('names that come once do not pile up, and those in use are known all the time', () => {
  const kept = new NameGenerations<string, number>()
  const living = Array.from({ length: 30 }, (_, i) => `living${i}`)
  for (const name of living) use(kept, name)
  for (let i = 0; i < 100_000; i++) {
    assert.equal(use(kept, `passing${i}`), false)
    assert.ok(use(kept, living[i % living.length] ?? ''))
  }
  assert.ok(kept.size <= 512, `${kept.size} names are kept`)
})

test('as many are kept as are in use', () => {
  for (const count of [100, 1_000, 10_000]) {
    const kept = new NameGenerations<string, number>()
    let unknown = 0
    for (let round = 0; round < 20; round++) {
      unknown = 0
      for (let i = 0; i < count; i++) if (!use(kept, `node${i}`)) unknown++
    }
    assert.equal(unknown, 0, `${unknown} of ${count} had been forgotten in the last round`)
  }
})

test('when fewer are in use, fewer are kept', () => {
  const kept = new NameGenerations<string, number>()
  for (let round = 0; round < 10; round++) for (let i = 0; i < 10_000; i++) use(kept, `node${i}`)
  for (let i = 0; i < 200_000; i++) use(kept, `passing${i}`)
  assert.ok(kept.size <= 512, `${kept.size} names are kept`)
})
