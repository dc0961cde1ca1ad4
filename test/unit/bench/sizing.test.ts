// How much a round of the benchmarks sends: as much as fills its time, whatever the speed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bench } from '../../bench/harness/bench.ts'
import { sizedRounds } from '../../bench/harness/sizing.ts'

test('both sides are warmed up, and then send as much as their rate asks for', async () => {
  const asked: Record<'fast' | 'slow', number[]> = { fast: [], slow: [] }
  const side = (name: 'fast' | 'slow', rate: number) => async (messages: number) => {
    asked[name].push(messages)
    return rate
  }
  const rounds = await sizedRounds(
    { measureSeconds: 2 },
    { hearsay: side('fast', 100_000), reference: side('slow', 10) },
  )
  assert.equal(await rounds.hearsay(), 100_000)
  assert.equal(await rounds.reference(), 10)
  assert.deepEqual(asked.fast.slice(-2), [100_000, 200_000])
  // However slow it is, a few are sent: one alone says nothing.
  assert.deepEqual(new Set(asked.slow), new Set([500]))
})

test('rounds alternate, hearsay first, and what is shared is measured once', async () => {
  const told: string[] = []
  const bench = new Bench({
    rounds: 2,
    isQuick: true,
    selected: ['start-30', 'idler'],
    onProgress: (text) => told.push(text),
  })
  const order: string[] = []
  const side = (name: string) => async () => order.push(name)
  const results = await bench.alternate({ hearsay: side('hearsay'), reference: side('reference') })
  assert.deepEqual(order, ['hearsay', 'reference', 'hearsay', 'reference'])
  assert.deepEqual(results, [
    { hearsay: 1, reference: 2 },
    { hearsay: 3, reference: 4 },
  ])
  assert.deepEqual(told, ['round 1 of 2', 'round 2 of 2'])
  assert.deepEqual([bench.isSelected('start'), bench.isSelected('idle')], [true, false])
  let made = 0
  const make = async () => ++made
  assert.deepEqual(await Promise.all([bench.shared('a', make), bench.shared('a', make)]), [1, 1])
  assert.equal(await bench.shared('b', make), 2)
})
