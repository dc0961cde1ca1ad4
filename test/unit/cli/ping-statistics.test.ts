import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PingStatistics } from '../../../src/cli/ping-statistics.ts'

test('counts and round trips', () => {
  const statistics = new PingStatistics()
  assert.equal(new PingStatistics().roundTrip, undefined)
  assert.match(statistics.text('n', 0), /^--- n ping statistics ---\n0 sent, 0 answered, 0 % lost, 0\.0 s$/)
  for (let i = 1; i <= 5; i++) assert.equal(statistics.send(), i)
  for (const ms of [2, 4, 4, 6]) statistics.answer(ms)
  const trip = statistics.roundTrip
  assert.deepEqual([trip?.minMs, trip?.avgMs, trip?.maxMs], [2, 4, 6])
  assert.ok(Math.abs((trip?.mdevMs ?? 0) - Math.SQRT2) < 1e-9)
  assert.equal(
    statistics.text('n', 4_040),
    '--- n ping statistics ---\n5 sent, 4 answered, 20 % lost, 4.0 s\nround trip min/avg/max/mdev = 2.0/4.0/6.0/1.4 ms',
  )
  const { event, sent, answered } = statistics.json('n')
  assert.deepEqual([event, sent, answered], ['statistics', 5, 4])
  statistics.answerLate()
  assert.match(statistics.text('n', 4_040), /^5 sent, 4 answered, 1 too late, 20 % lost, 4\.0 s$/m)
  assert.equal(statistics.json('n').late, 1)
})
