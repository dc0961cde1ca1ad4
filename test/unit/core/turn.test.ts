// One turn: effects in the order in which they were decided, each turn with its own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turn } from '../../../src/core/turn.ts'
import { closed, dialed, dropped, linkId, recordsOf, sent, timer, told } from '../../support/core-rig.ts'

test('effects come out in order, and belong to their turn', () => {
  const turn = new Turn()
  turn.begin(1.5)
  turn.dial('ws://b:5000/')
  turn.send([linkId(1), linkId(2)], recordsOf(), 'broadcast')
  turn.send([linkId(1)], recordsOf())
  turn.close(linkId(1), 'full')
  turn.notify({ type: 'left' })
  turn.drop('duplicate', 'one')
  turn.drop('duplicate', 'two', linkId(3))
  const first = turn.effects
  assert.deepEqual(first, [
    dialed('ws://b:5000/'),
    sent([1, 2], recordsOf(), 'broadcast'),
    sent([1], recordsOf()),
    closed(1, 'full'),
    told({ type: 'left' }),
    dropped('duplicate', 'one'),
    dropped('duplicate', 'two', 3),
  ])
  turn.begin(2)
  assert.deepEqual(turn.effects, [])
  assert.equal(first.length, 7, 'the caller keeps what it was given')
})

test('a message to nobody is no effect', () => {
  const turn = new Turn()
  turn.begin(0)
  turn.send([], recordsOf())
  assert.deepEqual(turn.effects, [])
})

test('timers are whole ms from now and never run out early', () => {
  const turn = new Turn()
  turn.begin(10.3)
  turn.timerAt({ kind: 'heartbeat' }, 12)
  turn.timerAt({ kind: 'heartbeat' }, 10.3)
  turn.timerAt({ kind: 'heartbeat' }, 4)
  assert.deepEqual(turn.effects, [
    timer({ kind: 'heartbeat' }, 2),
    timer({ kind: 'heartbeat' }, 0),
    timer({ kind: 'heartbeat' }, 0),
  ])
})
