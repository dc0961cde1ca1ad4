// Announcements wait for each other, for a short time and in a bounded number.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Announceable, Announcing } from '../../../src/core/announcing.ts'
import { RANGES_MAX } from '../../../src/core/broadcast-ranges.ts'
import type { Effect } from '../../../src/core/events.ts'
import type { AnnouncedRange } from '../../../src/core/messages.ts'
import { Rng } from '../../../src/core/rng.ts'
import { Turn } from '../../../src/core/turn.ts'
import { gossipOf, INCARNATION, linkId, nodeName, sent, timer } from '../../support/core-rig.ts'

// So short that it is not drawn.
const DELAY_MS = 1
const [L1, L2] = [linkId(1), linkId(2)]

const range = (first: number, behindLast: number, hops = 1): AnnouncedRange => ({
  ...{ kind: 'payload', origin: nodeName('z'), incarnation: INCARNATION, first, behindLast, hops },
})
const ihave = (link: number, ...ranges: AnnouncedRange[]): Effect => sent([link], { type: 'ihave', ranges })
const armed = (token: number): Effect => timer({ kind: 'announce', token }, DELAY_MS)
const z = (sequence: number, fields: Partial<Announceable> = {}): Announceable => ({
  ...gossipOf('z', sequence, ''),
  ...fields,
})

function rig() {
  const turn = new Turn()
  turn.begin(0)
  return {
    turn,
    announcing: new Announcing({ announceDelayMs: DELAY_MS, optimizeHops: 2 }, new Rng(1), turn),
  }
}

test('what is added within the delay goes out together, on each link by itself, under one timer', () => {
  const { turn, announcing } = rig()
  announcing.add(L1, z(1))
  turn.begin(0.5)
  announcing.add(L1, z(2))
  announcing.add(L1, z(4))
  announcing.add(L2, z(4, { hops: 2 }))
  assert.deepEqual([...announcing.waiting.keys()], [L1, L2])
  assert.deepEqual(turn.effects, [], 'the timer is armed')
  turn.begin(1)
  announcing.due(1)
  assert.deepEqual(turn.effects, [ihave(1, range(1, 3), range(4, 5)), ihave(2, range(4, 5, 2))])
  assert.equal(announcing.waiting.size, 0)
})

test('the timer is armed again by the next one, and a stale one does nothing', () => {
  const { turn, announcing } = rig()
  announcing.add(L1, z(1))
  assert.deepEqual(turn.effects, [armed(1)])
  announcing.due(1)
  turn.begin(30)
  announcing.add(L1, z(2))
  assert.deepEqual(turn.effects, [armed(2)])
  turn.begin(31)
  announcing.due(1)
  assert.deepEqual(turn.effects, [])
  announcing.due(2)
  announcing.due(2)
  assert.deepEqual(turn.effects, [ihave(1, range(2, 3))])
})

test('broadcasts that travelled differently far are told apart', () => {
  const { turn, announcing } = rig()
  announcing.add(L1, z(1))
  announcing.add(L1, z(2, { hops: 2 }))
  announcing.add(L1, z(3, { kind: 'record', hops: 2 }))
  announcing.flush(L1)
  const record = { ...range(3, 4, 2), kind: 'record' as const }
  assert.deepEqual(turn.effects.slice(1), [ihave(1, range(1, 2), range(2, 3, 2), record)])
  announcing.flush(L1)
  assert.equal(turn.effects.length, 2, 'nothing is said twice')
})

test('a full list goes out at once, and the rest in its time', () => {
  const { turn, announcing } = rig()
  for (let i = 1; i < RANGES_MAX; i++) announcing.add(L1, z(2 * i))
  assert.deepEqual(turn.effects, [armed(1)])
  announcing.add(L1, z(2 * RANGES_MAX))
  assert.equal(announcing.waiting.size, 0)
  assert.deepEqual(
    turn.effects[1],
    ihave(1, ...Array.from({ length: RANGES_MAX }, (_, i) => range(2 * i + 2, 2 * i + 3))),
  )
  announcing.add(L1, z(2 * RANGES_MAX + 2))
  announcing.due(1)
  assert.deepEqual(turn.effects.slice(2), [ihave(1, range(2 * RANGES_MAX + 2, 2 * RANGES_MAX + 3))])
})

test('who announces a broadcast itself is not told of it, unless it would gain by this way', () => {
  const { turn, announcing } = rig()
  for (const link of [L1, L2]) for (const sequence of [1, 2, 4]) announcing.add(link, z(sequence))
  announcing.heard(L1, range(1, 4))
  announcing.heard(L1, { ...range(4, 5), incarnation: INCARNATION + 1 })
  announcing.heard(L1, { ...range(4, 5), kind: 'record' })
  announcing.heard(L1, { ...range(4, 5), origin: nodeName('y') })
  assert.deepEqual(
    [...announcing.waiting.values()].map(({ count }) => count),
    [1, 2],
  )
  announcing.heard(L1, range(4, 5, 4))
  assert.equal(announcing.waiting.get(L1)?.count, 1, 'it has it over 3 links, and 1 leads from here')
  announcing.heard(L1, range(4, 5, 3))
  announcing.heard(L2, range(2, 5))
  announcing.due(1)
  assert.deepEqual(turn.effects.slice(1), [ihave(2, range(1, 3))], 'it may lack the first one')
})

test('nothing is announced on a link that is gone', () => {
  const { turn, announcing } = rig()
  announcing.add(L1, z(1))
  announcing.add(L2, z(1))
  announcing.linkDown(L1)
  assert.deepEqual([...announcing.waiting.keys()], [L2])
  announcing.due(1)
  assert.deepEqual(turn.effects, [armed(1), ihave(2, range(1, 2))])
})
