// What is held back in a storm, and when it goes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Coalescing } from '../../../src/core/coalescing.ts'
import type { Effect } from '../../../src/core/events.ts'
import type { LinkId } from '../../../src/core/messages.ts'
import { Turn } from '../../../src/core/turn.ts'
import { linkId, recordGossip, recordOf, recordsOf, sent, timer } from '../../support/core-rig.ts'

const INTERVAL_MS = 10
const BURST = 8
const [P, Q] = [linkId(1), linkId(2)]

/** `at` runs a turn and returns its effects. */
function rig(intervalMs = INTERVAL_MS) {
  const turn = new Turn()
  const gone = new Set<LinkId>()
  const links = { up: (link: LinkId) => (gone.has(link) ? undefined : ({} as never)) }
  const coalescing = new Coalescing(intervalMs, links, turn)
  const at = (nowMs: number, act: () => void): Effect[] => {
    turn.begin(nowMs)
    act()
    return turn.effects
  }
  const push = (nowMs: number, sequence: number): Effect[] =>
    at(nowMs, () => coalescing.push([P, Q], gossip(sequence)))
  const spend = (nowMs: number): void => {
    for (let turns = 0; turns < BURST; turns++) assert.equal(push(nowMs, turns).length, 1)
  }
  return { coalescing, gone, at, push, spend }
}

const gossip = (sequence: number) => recordGossip(recordOf('a', []), sequence)
const coalesce = (token: number, afterMs: number): Effect => timer({ kind: 'coalesce', token }, afterMs)

test('a few turns go at once, and all of one turn', () => {
  const { at, coalescing, spend } = rig()
  spend(0)
  const turn = at(INTERVAL_MS, () => {
    for (const sequence of [1, 2]) coalescing.push([P], gossip(sequence))
  })
  assert.deepEqual(turn, [sent([P], gossip(1)), sent([P], gossip(2))])
})

test('what comes beyond that goes together, in its order, on the links that still live', () => {
  const { at, coalescing, gone, push, spend } = rig()
  spend(0)
  assert.deepEqual(push(4, 1), [coalesce(1, 6)])
  assert.deepEqual(push(5, 2), [])
  gone.add(Q)
  const due = at(10, () => assert.equal(coalescing.due(1), true))
  assert.deepEqual(due, [sent([P], gossip(1)), sent([P], gossip(2))])
  assert.deepEqual(push(12, 3), [coalesce(2, 8)], 'and the next waits again')
})

test('after a rest a few turns go at once again', () => {
  const { push, spend } = rig()
  spend(0)
  spend(BURST * INTERVAL_MS)
  assert.deepEqual(push(BURST * INTERVAL_MS, 1), [coalesce(1, INTERVAL_MS)])
})

test('of the records that wait for a link the newest of each name goes, in messages of 64', () => {
  const { at, coalescing, gone, spend } = rig()
  const named = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => recordOf(`n${from + index}`, []))
  spend(0)
  at(1, () => coalescing.passOn([P, Q], [recordOf('n1', [], { version: 2 })]))
  at(2, () => coalescing.passOn([P], [recordOf('n1', [], { version: 3 }), ...named(2, 70)]))
  at(3, () => coalescing.linkDown(Q))
  gone.add(Q)
  assert.deepEqual(
    at(10, () => coalescing.due(1)),
    [
      sent([P], recordsOf(recordOf('n1', [], { version: 3 }), ...named(2, 65))),
      sent([P], recordsOf(...named(65, 70))),
    ],
  )
})

test('a stale timer does nothing', () => {
  const { at, coalescing, push, spend } = rig()
  assert.equal(coalescing.due(0), false)
  spend(0)
  push(1, 1)
  assert.equal(coalescing.due(0), false)
  at(10, () => assert.equal(coalescing.due(1), true))
  assert.equal(coalescing.due(1), false)
})

test('without an interval nothing is held back', () => {
  const { push } = rig(0)
  for (let sequence = 1; sequence <= 100; sequence++) assert.equal(push(0, sequence).length, 1)
})
