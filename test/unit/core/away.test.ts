// A node whose process is about to stand still: it has left for all others, and goes on when it is back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { Effect } from '../../../src/core/events.ts'
import {
  ackOf,
  bytes,
  closed,
  dialed,
  directOf,
  helloOf,
  INCARNATION,
  linkId,
  messagesOf,
  nodeName,
  noticesOf,
  Rig,
  recordGossip,
  recordOf,
  recordsOf,
  sent,
  told,
  urlOf,
  withoutTimers,
} from '../../support/core-rig.ts'

const { deadlineMs, heartbeatMs, publishDelayMs, publishIntervalMs, takeoverMs } = CORE_DEFAULTS

const send = (id: number, to: string, more: object = {}) =>
  ({ type: 'send', id, to: nodeName(to), payload: bytes(`${id}`), ...more }) as const

/** Its neighbor is linked again, by a dial of this node. */
function meetAgain(a: Rig, link: number, name: string): Effect[] {
  a.take({ type: 'link-open', link: linkId(link), dialed: urlOf(name) })
  return a.hear(link, helloOf(name), recordsOf(recordOf(name, [a.name], { version: 9 })))
}

test('it says that it leaves, closes its links, and does nothing more until it is back', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.take({ type: 'link-open', link: linkId(2) })
  const left = recordOf('a', [], { version: 3, state: 'leaving' })
  assert.deepEqual(withoutTimers(a.take({ type: 'away' })), [
    sent([1], recordGossip(left, 2)),
    closed(1, 'left'),
    told({ type: 'neighbor-down', name: nodeName('b'), link: linkId(1), reason: 'left' }),
    closed(2, 'left'),
  ])
  assert.deepEqual(a.take({ type: 'away' }), [], 'it has said so')
  a.take({ type: 'profile', profile: { tags: ['page'], topics: [] } })
  const rival = { name: nodeName('a'), url: urlOf('elsewhere') }
  a.take({ type: 'contacts', contacts: [rival, { url: urlOf('c') }] })
  a.take({ type: 'awake' })
  const effects = withoutTimers(a.wait(10 * heartbeatMs))
  assert.deepEqual(
    effects.filter(({ type }) => type !== 'notify'),
    [],
  )
  assert.deepEqual(
    noticesOf(effects, 'peer-leave').map(({ name }) => name),
    ['b'],
  )
})

test('who dials it meanwhile is told that it has left, and so is whom it had dialled itself', () => {
  const a = Rig.started('a')
  a.take({ type: 'contacts', contacts: [{ url: urlOf('b') }] })
  assert.deepEqual(withoutTimers(a.wait(0)), [dialed(urlOf('b'))])
  a.take({ type: 'away' })
  assert.deepEqual(a.take({ type: 'link-open', link: linkId(1), dialed: urlOf('b') }), [closed(1, 'left')])
  assert.deepEqual(a.hear(1, helloOf('b')), [])
  assert.deepEqual(a.take({ type: 'link-open', link: linkId(2) }), [closed(2, 'left')])
  a.take({ type: 'back', incarnation: 0 })
  assert.deepEqual(withoutTimers(a.wait(0)), [dialed(urlOf('b'))], 'no address waits')
})

test('it goes on as a run that has just started, above all that was there before', () => {
  for (const [date, incarnation] of [
    [7_000, 7_000],
    [0, INCARNATION + 1],
  ] as const) {
    const a = Rig.started('a')
    a.befriend(1, 'b')
    a.take({ type: 'profile', profile: { tags: ['page'], topics: ['a/#'] } })
    a.take({ type: 'away' })
    a.wait(60_000)
    a.take({ type: 'back', incarnation: date })
    assert.deepEqual(withoutTimers(a.wait(0)), [dialed(urlOf('b'))])
    assert.equal(a.overlay.hello().linkless, true)
    const effects = meetAgain(a, 3, 'b')
    assert.deepEqual(noticesOf(effects, 'neighbor-up').length, 1)
    assert.deepEqual(
      messagesOf(effects, 'catch-up').map(({ message }) => message.withinMs),
      [a.nowMs],
      'and asks for all broadcasts since its first start',
    )
    const [record] = messagesOf(a.wait(publishDelayMs), 'gossip').map(({ message }) => message.record)
    const profile = { tags: ['page'], topics: ['a/#'] }
    assert.deepEqual(record, recordOf('a', ['b'], { incarnation, version: 4, ...profile }))
  }
})

test('back without having been away is being awake', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const { self } = a.overlay
  a.take({ type: 'back', incarnation: 7_000 })
  assert.equal(a.overlay.self, self)
})

test('what was in flight fails, for its acknowledgement cannot come, and what waits goes out when it is back', () => {
  const a = Rig.started('a', { config: { windowMessagesMax: 1 } })
  a.befriend(1, 'b')
  a.take(send(1, 'b'))
  a.take(send(2, 'b', { deadlineMs: 30_000 }))
  assert.deepEqual(
    noticesOf(a.take({ type: 'away' }), 'outcome').map(({ id, outcome }) => [id, outcome]),
    [[1, { status: 'failed', reason: 'expired', at: 'a' }]],
  )
  a.take(send(3, 'new', { deadlineMs: 30_000 }))
  a.take({ type: 'broadcast', id: 4, payload: bytes('4') })
  assert.deepEqual(noticesOf(a.wait(5_000), 'outcome'), [])
  a.take({ type: 'back', incarnation: 7_000 })
  const met = meetAgain(a, 2, 'b')
  const waited = [...met, ...a.wait(100)]
  assert.deepEqual(
    messagesOf(waited, 'direct').map(({ message }) => [message.originIncarnation, message.payload]),
    [[7_000, bytes('2')]],
  )
  assert.deepEqual(
    noticesOf(waited, 'broadcast-sent').map(({ id, sentAs }) => [id, sentAs?.incarnation]),
    [[4, 7_000]],
  )
  const ack = ackOf('b', 'a', 3, { destinationIncarnation: 7_000 })
  assert.deepEqual(
    noticesOf(a.hear(2, ack), 'outcome').map(({ id, outcome }) => [id, outcome.status]),
    [[2, 'delivered']],
  )
  a.hear(2, recordsOf(recordOf('b', ['a', 'new'], { version: 10 }), recordOf('new', ['b'])))
  const [first] = messagesOf(a.wait(1_000), 'direct').map(({ message }) => message.destination)
  assert.equal(first, 'new', 'who came meanwhile is not unknown')
})

test('what waits for too long fails, as without a link', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.take({ type: 'away' })
  a.take(send(1, 'b'))
  a.take({ type: 'broadcast', id: 2, payload: bytes('2') })
  const effects = a.wait(deadlineMs + heartbeatMs)
  assert.deepEqual(
    noticesOf(effects, 'outcome').map(({ outcome }) => outcome.status === 'failed' && outcome.reason),
    ['no-route'],
  )
  assert.deepEqual(
    noticesOf(effects, 'broadcast-sent').map(({ failure }) => failure),
    ['no-route'],
  )
})

test('what is meant for the run that was is refused, and what comes twice is handed over once', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  assert.equal(noticesOf(a.hear(1, directOf('b', 'a', 'first')), 'message').length, 1)
  a.take({ type: 'away' })
  a.take({ type: 'back', incarnation: 7_000 })
  meetAgain(a, 2, 'b')
  const again = a.hear(2, directOf('b', 'a', 'first'))
  assert.deepEqual(noticesOf(again, 'message'), [])
  assert.equal(messagesOf(again, 'bounce').length, 1)
  const next = directOf('b', 'a', 'next', { destinationIncarnation: 7_000, sequence: 2, floor: 2 })
  assert.equal(noticesOf(a.hear(2, next), 'message').length, 1)
})

test('it does not stop for a run that took its links over and has left', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.wait(takeoverMs + 1)
  a.take({ type: 'away' })
  assert.deepEqual(a.take({ type: 'link-closed', link: linkId(1), reason: 'replaced' }), [])
  // Its clock was ahead of this one's.
  const rival = recordOf('a', [], { incarnation: 9_000, instance: 'a-2', state: 'leaving' })
  a.take({ type: 'back', incarnation: 7_000 })
  meetAgain(a, 2, 'b')
  a.hear(2, recordsOf(rival))
  a.wait(publishIntervalMs)
  assert.ok(a.overlay.self.incarnation > 9_000)
  assert.equal(a.overlay.isRunning, true)
})

test('nobody stops for a run that has left, however often it is later', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  for (let heard = 0; heard <= takeoverMs; heard += heartbeatMs) {
    a.wait(heartbeatMs)
    a.hear(1, recordsOf())
  }
  for (const incarnation of [100_000, 200_000, 300_000]) {
    const left = recordOf('a', [], { incarnation, instance: 'a-2', state: 'leaving' })
    assert.deepEqual(noticesOf(a.hear(1, recordsOf(left)), 'stopped'), [])
    assert.ok(a.overlay.self.incarnation > incarnation)
    a.wait(publishIntervalMs)
  }
  const alive = recordOf('a', ['c'], { incarnation: 400_000, instance: 'a-2' })
  a.hear(1, recordsOf(alive))
  a.wait(publishIntervalMs)
  const later = a.hear(1, recordsOf({ ...alive, incarnation: 500_000 }))
  assert.equal(noticesOf(later, 'stopped').length, 1, 'one that lives has the name')
})

test('it may leave for good while it is away, and stops where no incarnation is left', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.take({ type: 'away' })
  assert.deepEqual(a.take({ type: 'leave' }), [told({ type: 'left' })])
  assert.deepEqual(a.take({ type: 'back', incarnation: 7_000 }), [])
  const b = Rig.started('b', { incarnation: 2 ** 48 - 1 })
  b.take({ type: 'away' })
  assert.equal(noticesOf(b.take({ type: 'back', incarnation: 7_000 }), 'stopped').length, 1)
})
