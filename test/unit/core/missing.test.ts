// What was announced and has not come: waited for, asked for one after the other, and given up in the end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appendRange, RANGE_MAX } from '../../../src/core/broadcast-ranges.ts'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { BroadcastRange } from '../../../src/core/messages.ts'
import { type BroadcastId, Missing, type Wanted } from '../../../src/core/missing.ts'
import { Turn } from '../../../src/core/turn.ts'
import { dropped, INCARNATION, linkId, nodeName, timer } from '../../support/core-rig.ts'

const { graftAfterMs, graftRecordAfterMs, graftAgainMs } = CORE_DEFAULTS
const [L1, L2, L3] = [linkId(1), linkId(2), linkId(3)]

const id = (sequence: number, fields: Partial<BroadcastId> = {}): BroadcastId => ({
  kind: 'payload',
  origin: nodeName('z'),
  incarnation: INCARNATION,
  sequence,
  ...fields,
})
const range = (first: number, behindLast: number, fields: Partial<BroadcastRange> = {}): BroadcastRange => ({
  kind: 'payload',
  origin: nodeName('z'),
  incarnation: INCARNATION,
  first,
  behindLast,
  ...fields,
})
const graftTimer = (token: number, afterMs: number) => timer({ kind: 'graft', token }, afterMs)
const missed = (sequence: number) => dropped('missed', `broadcast ${sequence} of z`)

/** One table, and a clock that the test moves. */
function rig(config: { missingMax?: number } = {}) {
  const turn = new Turn()
  const missing = new Missing({ ...CORE_DEFAULTS, ...config }, turn)
  turn.begin(0)
  return { turn, missing, announced: announcing(missing), due: running(missing, turn) }
}

/** Announces, and returns what is to be asked for at once. */
const announcing =
  (missing: Missing) =>
  (broadcast: BroadcastId, link: number, isUrgent = false): Wanted => {
    const wanted: Wanted = new Map()
    missing.announced(broadcast, { link: linkId(link), hops: 3 }, isUrgent ? wanted : undefined)
    return wanted
  }

/** Lets the last timer that was asked for run out at this time. */
const running = (missing: Missing, turn: Turn) => {
  let token = 0
  const see = () => {
    for (const effect of turn.effects) {
      if (effect.type === 'timer' && effect.timer.kind === 'graft') token = effect.timer.token
    }
  }
  return (nowMs: number): Wanted => {
    see()
    turn.begin(nowMs)
    const wanted = missing.due(token)
    see()
    return wanted
  }
}

test('a push is waited for, then those who announced it are asked in their order, and in the end it is missed', () => {
  const { turn, missing, announced, due } = rig()
  for (const link of [1, 2, 3, 2]) assert.deepEqual(announced(id(7), link), new Map())
  assert.deepEqual(turn.effects, [graftTimer(1, graftAfterMs)])
  let nowMs = graftAfterMs
  for (const link of [L1, L2, L3]) {
    assert.deepEqual(due(nowMs), new Map([[link, [range(7, 8)]]]))
    nowMs += graftAgainMs
  }
  assert.deepEqual(turn.effects, [graftTimer(4, graftAgainMs + graftAfterMs)], 'the last answer may be late')
  assert.deepEqual(due(nowMs), new Map(), 'this timer has run out in vain')
  assert.equal(missing.size, 1)
  assert.deepEqual(due(nowMs + graftAfterMs), new Map())
  assert.deepEqual(turn.effects, [missed(7)])
  assert.equal(missing.size, 0)
})

test('what comes in time is neither asked for nor missed', () => {
  const { turn, missing, announced, due } = rig()
  announced(id(7), 1)
  announced(id(7), 2)
  assert.deepEqual(missing.received(id(7)), [
    { link: L1, hops: 3 },
    { link: L2, hops: 3 },
  ])
  assert.deepEqual(missing.received(id(7)), [], 'once')
  assert.deepEqual(due(graftAfterMs), new Map())
  assert.deepEqual(turn.effects, [])
  assert.equal(missing.size, 0)
})

test('where nobody would push it is asked for at once, and on others after that', () => {
  const { announced, due } = rig()
  assert.deepEqual(announced(id(7), 1, true), new Map([[L1, [range(7, 8)]]]))
  assert.deepEqual(announced(id(7), 2, true), new Map(), 'it has been asked for')
  assert.deepEqual(due(graftAgainMs), new Map([[L2, [range(7, 8)]]]))
})

test('one who would push it and announces it instead is asked at once, though others were first', () => {
  const { announced, due } = rig()
  announced(id(7), 1)
  announced(id(7), 2)
  assert.deepEqual(announced(id(7), 2, true), new Map([[L2, [range(7, 8)]]]))
  assert.deepEqual(due(graftAgainMs), new Map([[L1, [range(7, 8)]]]))
})

test('one who was asked and announces it again is asked again', () => {
  const { turn, announced, due } = rig()
  announced(id(7), 1, true)
  turn.begin(100)
  assert.deepEqual(announced(id(7), 1, true), new Map(), 'not before its time')
  assert.deepEqual(due(100 + graftAgainMs), new Map([[L1, [range(7, 8)]]]))
})

test('records are waited for less long, and a later one takes the place of those before it', () => {
  const { turn, missing, announced, due } = rig()
  announced(id(1), 1)
  for (const sequence of [2, 3, 5]) announced(id(sequence, { kind: 'record' }), 1)
  assert.deepEqual(turn.effects, [graftTimer(1, graftAfterMs), graftTimer(2, graftRecordAfterMs)])
  assert.deepEqual(missing.received(id(4, { kind: 'record' })), [])
  const record = range(5, 6, { kind: 'record' })
  assert.deepEqual(due(graftRecordAfterMs), new Map([[L1, [record]]]))
  assert.equal(missing.size, 2, 'the payload and the later record')
})

test('a record of an earlier run takes the place of nothing of a later one', () => {
  const { missing, announced } = rig()
  announced(id(1, { kind: 'record', incarnation: INCARNATION + 1 }), 1)
  missing.received(id(9, { kind: 'record' }))
  assert.equal(missing.size, 1)
})

test('of two runs the later one counts', () => {
  const { turn, missing, announced, due } = rig()
  const later = { incarnation: INCARNATION + 1 }
  announced(id(7), 1)
  announced(id(8), 1)
  announced(id(7, later), 2)
  announced(id(7), 3)
  assert.deepEqual(missing.received(id(7)), [], 'not the one that is waited for')
  missing.newRun(nodeName('z'), INCARNATION + 1)
  assert.equal(missing.size, 1)
  assert.deepEqual(due(graftAfterMs), new Map([[L2, [range(7, 8, later)]]]))
  assert.deepEqual(
    turn.effects.filter(({ type }) => type === 'notify'),
    [],
    'nothing was missed',
  )
})

test('nobody is asked on a link that is gone', () => {
  const { turn, missing, announced, due } = rig()
  announced(id(7), 1)
  announced(id(7), 2)
  announced(id(8), 1)
  missing.linkDown(L1)
  assert.deepEqual(due(graftAfterMs), new Map([[L2, [range(7, 8)]]]))
  assert.deepEqual(turn.effects, [graftTimer(2, graftAgainMs + graftAfterMs), missed(8)])
})

test('who was asked has its time to answer when the links of all others are gone', () => {
  const { turn, missing, announced, due } = rig()
  for (const link of [1, 2]) announced(id(7), link)
  assert.deepEqual(due(graftAfterMs), new Map([[L1, [range(7, 8)]]]))
  missing.linkDown(L2)
  assert.deepEqual(due(graftAfterMs + graftAgainMs), new Map())
  assert.equal(missing.size, 1)
  due(graftAfterMs + graftAgainMs + graftAfterMs)
  assert.deepEqual([missing.size, turn.effects], [0, [missed(7)]])
})

test('a forgotten origin is not waited for', () => {
  const { turn, missing, announced, due } = rig()
  announced(id(7), 1)
  announced(id(7, { origin: nodeName('y') }), 1)
  missing.forget(nodeName('z'))
  assert.deepEqual(due(graftAfterMs), new Map([[L1, [range(7, 8, { origin: nodeName('y') })]]]))
  assert.deepEqual(turn.effects, [graftTimer(2, graftAgainMs + graftAfterMs)])
})

test('the table has a limit; what is in it takes further announcements', () => {
  const { missing, announced, due } = rig({ missingMax: 2 })
  announced(id(1), 1)
  announced(id(2), 1)
  assert.equal(missing.announced(id(3), { link: L1, hops: 1 }, undefined), false)
  assert.equal(missing.announced(id(2), { link: L2, hops: 1 }, undefined), true)
  assert.equal(missing.size, 2)
  missing.received(id(1))
  assert.equal(missing.announced(id(3), { link: L1, hops: 1 }, undefined), true)
  assert.deepEqual(due(graftAfterMs), new Map([[L1, [range(2, 4)]]]))
})

test('a stale timer does nothing', () => {
  const { turn, missing, announced } = rig()
  announced(id(1), 1)
  turn.begin(10)
  announced(id(2, { kind: 'record' }), 1)
  assert.deepEqual(turn.effects, [graftTimer(2, graftRecordAfterMs)])
  turn.begin(graftAfterMs)
  assert.deepEqual(missing.due(1), new Map())
  assert.deepEqual(turn.effects, [])
  assert.equal(missing.size, 2)
})

test('ranges grow where one goes on with another, also when origins take turns', () => {
  const ranges: BroadcastRange[] = []
  const y = { origin: nodeName('y') }
  for (let sequence = 1; sequence <= 3; sequence++) {
    appendRange(ranges, range(sequence, sequence + 1))
    appendRange(ranges, range(sequence, sequence + 1, y))
  }
  assert.deepEqual(ranges, [range(1, 4), range(1, 4, y)])
  const apart = [
    range(6, 7),
    range(7, 8, { kind: 'record' }),
    range(7, 8, { incarnation: INCARNATION + 1 }),
    range(4, 4 + RANGE_MAX),
  ]
  for (const other of apart) appendRange(ranges, other)
  assert.deepEqual(ranges, [range(1, 4), range(1, 4, y), ...apart])
})
