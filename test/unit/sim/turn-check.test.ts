// What is looked at in one turn of a node: nothing is found in what nodes do, and each broken rule is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Effect, Input } from '../../../src/core/events.ts'
import type { Message } from '../../../src/core/messages.ts'
import { checkTurn } from '../../../src/sim/turn-check.ts'
import { directOf, gossipOf, linkId, nodeName, Rig, sent } from '../../support/core-rig.ts'

const received = (...messages: Message[]): Input => ({ type: 'received', link: linkId(1), messages })
const check = (came: Message, ...effects: Effect[]): string[] =>
  checkTurn(nodeName('r'), received(came), effects)

test('what a relay does is as it has to be', () => {
  const r = Rig.started('r')
  r.befriend(1, 'a')
  r.befriend(2, 'b', ['r'])
  for (const message of [directOf('a', 'b', 'hi'), gossipOf('a', 1, 'hi')]) {
    const effects = r.hear(1, message)
    assert.ok(effects.some((effect) => effect.type === 'send' && effect.message.type === message.type))
    assert.deepEqual(check(message, ...effects), [])
  }
})

test('messages that go wrong at a relay', () => {
  const came = directOf('a', 'b', 'hi')
  const onward = { ...came, hopsLeft: 14, hops: 2 }
  assert.deepEqual(check(came, sent([2], onward)), [])
  assert.deepEqual(check(came, sent([1], onward)), [
    'Y1: a direct of a for b goes back to where it came from',
  ])
  assert.deepEqual(check(came, sent([2, 3], onward)), ['Y1: a direct of a for b goes 2 ways'])
  assert.deepEqual(check(came, sent([2], { ...onward, sequence: 2 })), [
    'Y1: a direct of a for b is sent and has not come in',
  ])
  for (const hops of [{ hopsLeft: 15 }, { hopsLeft: 16 }, { hops: 1 }, { hops: 3 }]) {
    assert.equal(check(came, sent([2], { ...onward, ...hops })).length, 1)
  }
})

test('broadcasts that go wrong', () => {
  const came = gossipOf('a', 1, 'hi')
  const onward = { ...came, hopsLeft: 62, hops: 2 }
  assert.deepEqual(check(came, sent([2, 3], onward)), [])
  assert.deepEqual(check(came, sent([1, 2], onward)), [
    'B1: broadcast 1 of a goes back to where it came from',
  ])
  assert.deepEqual(check(came, sent([2], came)), [
    'B1: broadcast 1 of a goes on with 63 hops left, and came with 63',
  ])
  assert.deepEqual(check(came, sent([1], { ...onward, sequence: 7 })), [], 'what was asked for')
})

test('who asks for a broadcast in the bundle that brings it gets it back', () => {
  const came = gossipOf('a', 3, 'hi')
  const { kind, origin, incarnation } = came
  const asked = (first: number, behindLast: number): Message => ({
    type: 'graft',
    ranges: [{ kind, origin, incarnation, first, behindLast }],
  })
  const back = sent([1], { ...came, hops: 5, hopsLeft: 59 })
  assert.deepEqual(checkTurn(nodeName('r'), received(asked(3, 4), came), [back]), [])
  for (const other of [asked(1, 3), asked(4, 9)]) {
    assert.equal(checkTurn(nodeName('r'), received(other, came), [back]).length, 1)
  }
})
