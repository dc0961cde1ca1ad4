// What receivers of the benchmarks count: only what has come whole, once, of this round, and in order where that is promised.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PAYLOAD_BYTES_MIN, stampedPayload, Tally } from '../../bench/processes/stamps.ts'

const BYTES = 64

function tally(isOrdered: boolean, messages = 3): Tally {
  let clockMs = 100
  const one = new Tally(() => clockMs++)
  one.expect({ round: 7, messages, bytes: BYTES, isOrdered, keepsTimes: !isOrdered })
  return one
}

const payload = (index: number, round = 7, bytes = BYTES) => stampedPayload(bytes, round, index)

test('what comes as it was sent is counted, until it is complete', async () => {
  const one = tally(true)
  for (const index of [0, 1]) one.take(payload(index))
  assert.equal(one.isComplete, false)
  one.take(payload(2))
  assert.equal(one.isComplete, true)
  assert.equal(await one.completed(), 100)
})

test('the smallest payload is two stamps', () => {
  const one = new Tally(() => 0)
  one.expect({ round: 1, messages: 1, bytes: PAYLOAD_BYTES_MIN, isOrdered: true })
  one.take(stampedPayload(PAYLOAD_BYTES_MIN, 1, 0))
  assert.equal(one.isComplete, true)
})

test('without order each one counts once, and when it came is kept', () => {
  const one = tally(false)
  for (const index of [2, 0]) one.take(payload(index))
  assert.throws(() => one.take(payload(2)), /message 2 came twice/)
  one.take(payload(1))
  assert.deepEqual([...one.timesMs], [101, 102, 100])
})

test('in order nothing may be missing, come twice or too early', () => {
  assert.throws(() => tally(true).take(payload(1)), /expected message 0, got 1/)
  const one = tally(true)
  one.take(payload(0))
  assert.throws(() => one.take(payload(0)), /expected message 1, got 0/)
})

test('another size, another round, a number beyond the last, and a torn payload', () => {
  for (const isOrdered of [true, false]) {
    assert.throws(() => tally(isOrdered).take(payload(0, 7, BYTES + 1)), /expected 64 bytes, got 65/)
    assert.throws(() => tally(isOrdered).take(payload(0, 6)), /expected round 7, got 6/)
    assert.throws(() => tally(isOrdered).take(payload(3)), /message 3 of 3/)
    const torn = payload(0)
    torn[BYTES - 1] = 1
    assert.throws(() => tally(isOrdered).take(torn), /expected round 7/)
  }
  assert.throws(() => new Tally(() => 0).take(payload(0)), /before the round/)
})

test('a new round begins at nothing', () => {
  const one = tally(true, 1)
  one.take(payload(0))
  one.expect({ round: 8, messages: 1, bytes: BYTES, isOrdered: true })
  assert.equal(one.count, 0)
  assert.throws(() => one.take(payload(0)), /expected round 8, got 7/)
})
