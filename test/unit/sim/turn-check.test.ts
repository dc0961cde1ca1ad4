// What is looked at in one turn of a node: nothing is found in what nodes do, and each broken rule is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Effect, Input } from '../../../src/core/events.ts'
import type { BroadcastRange, Gossip, Message } from '../../../src/core/messages.ts'
import { checkTurn } from '../../../src/sim/turn-check.ts'
import {
  directOf,
  gossipOf,
  INCARNATION,
  linkId,
  messagesOf,
  nodeName,
  Rig,
  recordGossip,
  recordOf,
  sent,
} from '../../support/core-rig.ts'

const received = (messages: readonly Message[]): Input => ({
  ...{ type: 'received', link: linkId(1), messages },
})
const check = (came: Message, ...effects: Effect[]): string[] =>
  checkTurn(nodeName('r'), received([came]), effects)

test('what a relay does is as it has to be', () => {
  const r = Rig.started('r')
  r.befriend(1, 'a')
  r.befriend(2, 'b', ['r'])
  // It has got one from elsewhere, and wants those that come after it pushed.
  r.hear(1, gossipOf('a', 1, 'first'))
  r.hear(2, {
    type: 'graft',
    ranges: [{ kind: 'payload', origin: nodeName('a'), incarnation: INCARNATION, first: 1, behindLast: 1 }],
  })
  for (const message of [directOf('a', 'b', 'hi'), gossipOf('a', 2, 'hi')]) {
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

test('a message that comes in twice at once, by two ways, goes on twice', () => {
  const [short, long] = [
    directOf('a', 'b', 'hi', { hopsLeft: 13, hops: 3 }),
    directOf('a', 'b', 'hi', { hopsLeft: 6, hops: 10 }),
  ]
  const onward = [
    { ...short, hopsLeft: 12, hops: 4 },
    { ...long, hopsLeft: 5, hops: 11 },
  ]
  const checkBoth = (...effects: Effect[]) => checkTurn(nodeName('r'), received([short, long]), effects)
  assert.deepEqual(checkBoth(...onward.map((message) => sent([2], message))), [])
  assert.equal(checkBoth(sent([2], { ...long, hopsLeft: 4, hops: 11 })).length, 1)
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

test('a broadcast goes back as often as it was asked for, whatever came behind the question', () => {
  const isBack = ['B1: broadcast 7 of a goes back to where it came from']
  const range = { origin: nodeName('a'), incarnation: INCARNATION, first: 7, behindLast: 8 }
  const payload = { ...range, kind: 'payload' } as const
  const record = { ...range, kind: 'record' } as const
  const checkAsked = (ranges: BroadcastRange[], came: Gossip, ...links: number[][]): string[] => {
    const onward = { ...came, hopsLeft: 62, hops: 2 }
    const effects = links.map((to) => sent(to, onward))
    return checkTurn(nodeName('r'), received([{ type: 'graft', ranges }, came]), effects)
  }
  const came = gossipOf('a', 7, 'hi')
  assert.deepEqual(checkAsked([payload], came, [1], [2]), [])
  assert.deepEqual(checkAsked([payload], came, [1], [1]), isBack)
  assert.deepEqual(checkAsked([payload], came, [1, 2]), isBack, 'no answer goes to two')
  for (const other of [{ first: 8, behindLast: 9 }, { first: 6, behindLast: 7 }, { behindLast: 7 }]) {
    assert.deepEqual(checkAsked([{ ...payload, ...other }], came, [1]), isBack)
  }
  assert.deepEqual(checkAsked([{ ...payload, incarnation: 1 }], came, [1]), isBack)
  assert.deepEqual(checkAsked([record], came, [1]), isBack)
  const newest = recordGossip(recordOf('a', ['b']), 7)
  assert.deepEqual(checkAsked([{ ...record, first: 5, behindLast: 6 }, record], newest, [1], [1]), [])
  assert.deepEqual(checkAsked([{ ...record, first: 8, behindLast: 9 }], newest, [1]), isBack)
})

test('what a node answers to a graft that came together with the broadcast is as it has to be', () => {
  const r = Rig.started('r')
  r.befriend(1, 'a')
  r.befriend(2, 'b', ['r'])
  r.hear(2, gossipOf('z', 1, 'hi', { hopsLeft: 60, hops: 4 }))
  const range = { kind: 'payload', origin: nodeName('z'), incarnation: INCARNATION } as const
  const graft = { type: 'graft', ranges: [{ ...range, first: 1, behindLast: 2 }] } as const
  const messages = [graft, gossipOf('z', 1, 'hi', { hopsLeft: 59, hops: 5 })]
  const effects = r.hear(1, ...messages)
  assert.equal(messagesOf(effects, 'gossip').length, 1)
  assert.deepEqual(checkTurn(nodeName('r'), received(messages), effects), [])
})
