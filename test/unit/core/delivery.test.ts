// Sends, through the one door: the ladder from the best way to the deadline, and how each ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { Effect } from '../../../src/core/events.ts'
import type { Bounce, Direct } from '../../../src/core/messages.ts'
import { Wired } from '../../support/core-pair.ts'
import {
  ackOf,
  bounceOf,
  bytes,
  delivered,
  directOf,
  dropped,
  failed,
  helloOf,
  INCARNATION,
  linkId,
  messagesOf,
  nodeName,
  noticesOf,
  Rig,
  type RigOptions,
  recordOf,
  recordsOf,
  sent,
  timer,
  told,
  unsettledOf,
  urlOf,
  withoutTimers,
} from '../../support/core-rig.ts'

const { deadlineMs, retransmitInitialMs, routesIntervalMs, unknownPeerWaitMs } = CORE_DEFAULTS

/** a between b on link 1 and c on link 2, and d behind both; nothing closes for silence. */
function diamond(options: RigOptions = {}): Rig {
  const a = Rig.started('a', { ...options, config: { heartbeatsMissedMax: 1_000, ...options.config } })
  a.befriend(1, 'b', ['d'])
  a.befriend(2, 'c', ['d'])
  a.hear(2, recordsOf(recordOf('d', ['b', 'c'])))
  a.wait(5_000)
  return a
}

const send = (a: Rig, id: number, to: string, deadlineMs?: number): Effect[] => {
  const input = { type: 'send', id, to: nodeName(to), payload: bytes(String(id)) } as const
  return a.take(deadlineMs === undefined ? input : { ...input, deadlineMs })
}

/** The message of the send with this id as it goes out. */
const out = (link: number, id: number, to: string, fields: Partial<Direct> = {}): Effect =>
  sent([link], directOf('a', to, String(id), { sequence: id, ...fields }), 'direct')

/** Where direct messages went, in order. */
const ways = (effects: readonly Effect[]): number[] =>
  messagesOf(effects, 'direct').flatMap(({ links }) => [...links])

const outcomes = (effects: readonly Effect[]): Effect[] =>
  seen(effects).filter((effect) => effect.type === 'notify' && effect.notification.type === 'outcome')

/** All but timers; outcomes do not say which message it was. */
const seen = (effects: readonly Effect[]): Effect[] =>
  withoutTimers(effects).map((effect) =>
    effect.type === 'notify' && effect.notification.type === 'outcome'
      ? told({ ...effect.notification, sentAs: undefined })
      : effect,
  )

/** Lets time pass; what goes out meanwhile comes back with this bounce. */
function waitBouncing(a: Rig, ms: number, bounce: Bounce): Effect[] {
  const effects: Effect[] = []
  const endMs = a.nowMs + ms
  while (a.nowMs < endMs) {
    const step = a.wait(Math.min(endMs, a.nextTimerMs ?? endMs) - a.nowMs)
    effects.push(...step)
    for (const link of ways(step)) effects.push(...a.hear(link, bounce))
  }
  return effects
}

test('from a send to its outcome, at both ends and the relay between them', () => {
  const net = new Wired()
  const [a, r, z] = [net.add('a'), net.add('r'), net.add('z')]
  net.connect(a, r)
  net.connect(r, z)
  net.wait(1_000)
  for (const effects of net.effects.values()) effects.splice(0)
  send(a, 1, 'z')
  net.carry()
  const { payload } = directOf('a', 'z', '1')
  const mine = seen(net.effects.get(a) ?? [])
  assert.deepEqual(mine, [out(messageLink(mine), 1, 'z'), delivered(1, 2, 0)])
  assert.deepEqual(
    messagesOf(net.effects.get(r) ?? [], 'direct').map(({ message }) => message.hops),
    [2],
  )
  assert.deepEqual(noticesOf(net.effects.get(z) ?? [], 'message'), [
    { type: 'message', from: 'a', payload, hops: 2, broadcast: false },
  ])
  assert.equal(unsettledOf(a.overlay), 0)
})

const messageLink = (effects: readonly Effect[]): number => messagesOf(effects, 'direct')[0]?.links[0] ?? 0

test('a message to a neighbor goes out at once, and is told as delivered with its hops and round trip', () => {
  const a = diamond()
  assert.deepEqual(send(a, 1, 'b'), [
    out(1, 1, 'b'),
    timer({ kind: 'delivery', token: 3 }, retransmitInitialMs),
  ])
  assert.equal(unsettledOf(a.overlay), 1)
  a.wait(30)
  assert.deepEqual(seen(a.hear(1, ackOf('b', 'a', 2))), [delivered(1, 1, 30)])
  assert.deepEqual(a.hear(1, ackOf('b', 'a', 2)), [], 'once')
  assert.equal(unsettledOf(a.overlay), 0)
  assert.deepEqual(outcomes(a.wait(60_000)), [])
})

test('what the other end holds for later is told as delivered when it has handed it over', () => {
  const a = diamond()
  for (let id = 1; id <= 4; id++) send(a, id, 'b')
  assert.deepEqual(seen(a.hear(1, ackOf('b', 'a', 2, { ranges: [[3, 4]], ackedHops: 3 }))), [
    delivered(1, 3, 0),
  ])
  assert.deepEqual(seen(a.hear(1, ackOf('b', 'a', 5))), [
    delivered(2, 1, 0),
    delivered(3, 1, 0),
    delivered(4, 1, 0),
  ])
})

test('what the other end holds is not sent again, neither in time nor when its link breaks', () => {
  const a = diamond()
  for (let id = 1; id <= 2; id++) send(a, id, 'd')
  const [first] = ways(send(a, 3, 'd'))
  a.hear(first!, ackOf('d', 'a', 1, { ranges: [[2, 4]] }))
  const again = messagesOf(a.wait(1_500), 'direct')
  assert.deepEqual([...new Set(again.map(({ message }) => message.sequence))], [1])
  const [last] = again.at(-1)!.links
  a.take({ type: 'link-closed', link: last!, reason: 'link-lost' })
  const moved = messagesOf(a.wait(routesIntervalMs), 'direct').map(({ message }) => message.sequence)
  assert.deepEqual(moved, [1])
})

test('a message that three later ones have overtaken is sent again at once, and only once', () => {
  const a = diamond()
  for (let id = 1; id <= 6; id++) send(a, id, 'b')
  const sequences = (...ranges: [number, number][]): number[] =>
    messagesOf(a.hear(1, ackOf('b', 'a', 1, { ranges })), 'direct').map(({ message }) => message.sequence)
  assert.deepEqual(sequences([2, 3], [4, 5]), [], 'two may be a matter of the ways')
  assert.deepEqual(sequences([2, 3], [4, 6]), [1])
  assert.deepEqual(sequences([2, 3], [4, 7]), [3])
  assert.deepEqual(sequences([2, 3], [4, 7]), [])
})

test('when a message is given up, the other end is told at once, by the lowest one that it holds behind it', () => {
  const a = diamond()
  send(a, 1, 'b', 300)
  send(a, 2, 'b')
  send(a, 3, 'b')
  a.hear(1, ackOf('b', 'a', 1, { ranges: [[2, 4]] }))
  a.wait(299)
  assert.deepEqual(seen(a.wait(1)), [failed(1, 'expired', 'a'), out(1, 2, 'b', { floor: 2 })])
  assert.deepEqual(seen(a.hear(1, ackOf('b', 'a', 1, { ranges: [[2, 4]] }))), [], 'once')
  assert.deepEqual(seen(a.hear(1, ackOf('b', 'a', 4))), [delivered(2, 1, 300), delivered(3, 1, 300)])
})

test('when that is lost it is told again', () => {
  const a = diamond()
  send(a, 1, 'b', 300)
  send(a, 2, 'b')
  a.hear(1, ackOf('b', 'a', 1, { ranges: [[2, 3]] }))
  a.wait(300)
  const again = messagesOf(a.wait(400), 'direct').map(({ message }) => [message.sequence, message.floor])
  assert.deepEqual(again, [[2, 2]], 'after the least timeout, doubled')
})

test('when a message that was given up has messages on their way behind it, those tell', () => {
  const a = diamond()
  send(a, 1, 'b', 300)
  send(a, 2, 'b', 20_000)
  assert.deepEqual(seen(a.wait(300)), [failed(1, 'expired', 'a')])
  const effects = a.hear(1, ackOf('b', 'a', 1, { ranges: [[2, 3]] }))
  assert.deepEqual(seen(effects), [out(1, 2, 'b', { floor: 2 })], 'it waits there, as is heard now')
})

test('what the other end has let go again is sent again', () => {
  const a = diamond()
  for (let id = 1; id <= 3; id++) send(a, id, 'b')
  a.hear(1, ackOf('b', 'a', 1, { ranges: [[2, 4]] }))
  // It has 1 now, and asks for 2, which it was said to hold.
  assert.deepEqual(seen(a.hear(1, ackOf('b', 'a', 2))), [delivered(1, 1, 0)])
  const again = messagesOf(a.wait(retransmitInitialMs), 'direct').map(({ message }) => message.sequence)
  assert.deepEqual([...new Set(again)], [2, 3])
})

test('what is not acknowledged is sent again, after twice the time with each try, and the floor tells what is open', () => {
  const a = diamond({ config: { deadlineMs: 20_000 } })
  send(a, 1, 'b')
  send(a, 2, 'b')
  a.hear(1, ackOf('b', 'a', 1, { ranges: [[2, 3]] }))
  // The timeout is the least one from now on, for a measured round trip of 0.
  const times: number[] = []
  const startMs = a.nowMs
  while (a.nowMs < startMs + 20_000) {
    for (const { links, message } of messagesOf(a.wait(1), 'direct')) {
      // Each time another way than the last: a node on it may stand still and look alive.
      assert.deepEqual([links, message.sequence, message.floor], [[times.length % 2 === 0 ? 2 : 1], 1, 1])
      times.push(a.nowMs - startMs)
    }
  }
  assert.deepEqual(times, [200, 600, 1_400, 3_000, 6_200, 11_200, 16_200])
  send(a, 3, 'b')
  a.wait(0)
  assert.equal(messagesOf(send(a, 4, 'b'), 'direct')[0]?.message.floor, 3, 'what was given up is not open')
})

test('at the deadline a send has expired', () => {
  const a = diamond()
  send(a, 1, 'b', 700)
  assert.deepEqual(outcomes(a.wait(699)), [])
  assert.deepEqual(outcomes(a.wait(1)), [failed(1, 'expired', 'a')])
  send(a, 2, 'b')
  assert.deepEqual(outcomes(a.wait(deadlineMs - 1)), [])
  assert.deepEqual(outcomes(a.wait(1)), [failed(2, 'expired', 'a')])
  assert.deepEqual(a.hear(1, ackOf('b', 'a', 3)), [], 'an acknowledgement that is too late changes nothing')
})

test('a deadline is at most the longest one', () => {
  const a = diamond({ config: { deadlineMaxMs: 2_000 } })
  send(a, 1, 'b', 1e12)
  assert.equal(outcomes(a.wait(2_000)).length, 1)
})

test('the ladder: another way after a bounce, then new routes, then the deadline with the reason it was told', () => {
  const a = diamond()
  const first = ways(send(a, 1, 'd'))
  const second = first[0] === 1 ? 2 : 1
  const from = (name: string) => bounceOf([name, 'a', 'd'], 'no-route')
  const name = (link: number): string => (link === 1 ? 'b' : 'c')
  assert.deepEqual(ways(a.hear(first[0]!, from(name(first[0]!)))), [second], 'the other way, at once')
  assert.deepEqual(ways(a.hear(second, from(name(second)))), [], 'and then it waits')
  a.hear(1, recordsOf(recordOf('b', ['a', 'd'], { version: 3 })))
  assert.equal(ways(a.wait(0)).length, 1, 'for the directory to change')
  const full = bounceOf(['b', 'a', 'd'], 'queue-full')
  const third = a.hear(1, full)
  assert.deepEqual([...ways(third), ...outcomes(third)], [])
  assert.deepEqual(outcomes(waitBouncing(a, deadlineMs, full)), [failed(1, 'queue-full', 'b')])
})

test('what the destination had no room for goes again as soon as what comes before it is handed over', () => {
  const a = diamond()
  for (const id of [1, 2, 3]) send(a, id, 'b')
  const full = (sequence: number) => bounceOf(['b', 'a', 'b'], 'queue-full', { sequence })
  assert.deepEqual(seen(a.hear(1, full(2), full(3))), [])
  const again = a.hear(1, ackOf('b', 'a', 2))
  assert.deepEqual(seen(again), [delivered(1, 1, 0), out(1, 2, 'b', { floor: 2 })])
  assert.deepEqual(seen(a.hear(1, ackOf('b', 'a', 2))), [], 'once')
})

test('the same when that was settled before the destination turned it away', () => {
  const a = diamond()
  for (const id of [1, 2]) send(a, id, 'b')
  const full = bounceOf(['b', 'a', 'b'], 'queue-full', { sequence: 2 })
  assert.deepEqual(seen(a.hear(1, ackOf('b', 'a', 2))), [delivered(1, 1, 0)])
  assert.deepEqual(seen(a.hear(1, full)), [out(1, 2, 'b', { floor: 2 })])
  assert.deepEqual(seen(a.hear(1, full)), [], 'it was told that nothing is missing before it')
})

test('a bounce for something else, or for another run of this node, changes nothing', () => {
  const a = diamond()
  send(a, 1, 'd')
  assert.deepEqual(a.hear(1, bounceOf(['b', 'a', 'd'], 'no-route', { sequence: 9 })), [])
  assert.deepEqual(a.hear(1, bounceOf(['b', 'a', 'e'], 'no-route')), [])
  assert.deepEqual(a.hear(1, bounceOf(['b', 'a', 'd'], 'no-route', { destinationIncarnation: 7 })), [])
})

test('a reason that no send can fail with is told as no-route', () => {
  const a = diamond()
  send(a, 1, 'd')
  const unknown = bounceOf(['c', 'a', 'd'], 'duplicate', { reasonCode: 65_535 })
  for (const link of [1, 2]) a.hear(link, unknown)
  assert.deepEqual(outcomes(waitBouncing(a, deadlineMs, unknown)), [failed(1, 'no-route', 'c')])
})

test('when a link breaks, what went out on it is sent again another way, without waiting for a timeout', () => {
  const a = diamond()
  const [first] = ways(send(a, 1, 'd'))
  a.take({ type: 'link-closed', link: linkId(first!), reason: 'link-lost' })
  assert.deepEqual(ways(a.wait(routesIntervalMs)), [first === 1 ? 2 : 1])
})

test('a link without room leaves the message to its timeout', () => {
  const a = diamond()
  send(a, 1, 'b', 1_500)
  const message = directOf('a', 'b', '1')
  assert.deepEqual(a.take({ type: 'send-refused', link: linkId(1), message }), [])
  const effects = a.wait(1_500)
  assert.deepEqual([ways(effects), outcomes(effects)], [[2], [failed(1, 'expired', 'a')]])
  send(a, 2, 'b', 500)
  assert.deepEqual(
    a.take({ type: 'send-refused', link: linkId(1), message: directOf('a', 'b', '2', { sequence: 2 }) }),
    [],
  )
  assert.deepEqual(outcomes(a.wait(500)), [failed(2, 'queue-full', 'a')])
})

test('what may have arrived is told as expired, whatever was said of its other copies', () => {
  const a = diamond()
  const [first] = ways(send(a, 1, 'd'))
  // Its link breaks behind it: nobody knows whether it has passed. The copy that goes the other way comes back.
  a.take({ type: 'link-closed', link: linkId(first!), reason: 'silent' })
  const other = first === 1 ? (['c', 2] as const) : (['b', 1] as const)
  const back = bounceOf([other[0], 'a', 'd'], 'no-route')
  assert.deepEqual(outcomes(waitBouncing(a, deadlineMs, back)), [failed(1, 'expired', 'a')])
  const [second] = ways(send(a, 2, 'd'))
  assert.equal(second, other[1])
  const backAgain = bounceOf([other[0], 'a', 'd'], 'no-route', { sequence: 2 })
  a.hear(other[1], backAgain)
  assert.deepEqual(outcomes(waitBouncing(a, deadlineMs, backAgain)), [failed(2, 'no-route', other[0])])
})

test('what one copy is refused of, and another may have got through of, is told as expired', () => {
  const a = diamond()
  send(a, 1, 'd')
  a.wait(retransmitInitialMs)
  assert.deepEqual(outcomes(a.hear(1, bounceOf(['d', 'a', 'd'], 'refused'))), [failed(1, 'expired', 'a')])
})

test('a name that nobody knows is waited for as long as a node that has just started learns of others', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  send(a, 1, 'z')
  let learned = 0
  const learn = (): void => {
    a.hear(
      1,
      recordsOf(
        recordOf('b', ['a', `n${++learned}`], { version: 2 + learned }),
        recordOf(`n${learned}`, ['b']),
      ),
    )
  }
  for (let waited = 0; waited < 3; waited++) {
    assert.deepEqual(outcomes(a.wait(unknownPeerWaitMs - 100)), [], `${waited}`)
    learn()
  }
  assert.deepEqual(outcomes(a.wait(unknownPeerWaitMs + 100)), [failed(1, 'unknown-peer', 'a')])
  assert.deepEqual(outcomes(send(a, 2, 'y')), [failed(2, 'unknown-peer', 'a')], 'from then on at once')
  for (let waited = 0; waited < 20; waited++) {
    a.wait(unknownPeerWaitMs / 2)
    learn()
  }
  assert.deepEqual(outcomes(send(a, 3, 'x')), [failed(3, 'unknown-peer', 'a')], 'it is no newcomer any more')
})

test('a send that its application gives up fails at once, wherever it is, and those behind it go on', () => {
  const a = diamond({ config: { windowMessagesMax: 1 } })
  for (const id of [1, 2, 3]) send(a, id, 'b')
  assert.deepEqual(outcomes(a.take({ type: 'cancel', id: 2 })), [failed(2, 'cancelled', 'a')], 'waiting')
  const effects = seen(a.take({ type: 'cancel', id: 1 }))
  assert.deepEqual(
    effects,
    [failed(1, 'cancelled', 'a'), out(1, 3, 'b', { sequence: 2, floor: 2 })],
    'on its way',
  )
  assert.deepEqual(a.take({ type: 'cancel', id: 1 }), [], 'it has ended')
})

test('a known node without a route is waited for', () => {
  const a = diamond()
  a.hear(1, recordsOf(recordOf('e', ['d'])))
  a.wait(100)
  assert.deepEqual(seen(send(a, 1, 'e')), [])
  send(a, 2, 'e', 500)
  assert.deepEqual(outcomes(a.wait(500)), [failed(2, 'no-route', 'a')])
  a.hear(1, recordsOf(recordOf('d', ['b', 'c', 'e'], { version: 3 })))
  assert.equal(ways(a.wait(0)).length, 1)
})

test('a name that nobody knows fails at once', () => {
  assert.deepEqual(seen(send(diamond(), 1, 'nobody')), [failed(1, 'unknown-peer', 'a')])
})

test('a name that nobody knows is waited for after the first link, and after what is learned of others', () => {
  const a = Rig.started('a')
  send(a, 1, 'late')
  send(a, 2, 'nobody')
  send(a, 3, 'nobody', 500)
  assert.deepEqual(outcomes(a.wait(500)), [failed(3, 'no-route', 'a')], 'without a link nobody can say')
  a.befriend(1, 'b', ['late'])
  a.hear(1, recordsOf(recordOf('late', ['b'])))
  const learnedMs = a.nowMs
  assert.deepEqual(ways(a.wait(100)), [1])
  a.hear(1, ackOf('late', 'a', 2))
  // A timer that is due earlier must not make it forget.
  send(a, 4, 'late', 100)
  a.wait(100)
  assert.deepEqual(outcomes(a.wait(learnedMs + unknownPeerWaitMs - 1 - a.nowMs)), [])
  assert.deepEqual(outcomes(a.wait(1 + routesIntervalMs)), [failed(2, 'unknown-peer', 'a')])
})

test('a node that is leaving has left: what is on its way and what waits fails', () => {
  const a = diamond({ config: { windowMessagesMax: 1 } })
  send(a, 1, 'd')
  send(a, 2, 'd')
  a.hear(1, recordsOf(recordOf('d', [], { version: 3, state: 'leaving' })))
  assert.deepEqual(outcomes(a.wait(0)), [failed(1, 'peer-left', 'a'), failed(2, 'peer-left', 'a')])
  assert.deepEqual(seen(send(a, 3, 'd')), [failed(3, 'peer-left', 'a')])
})

test('beyond the window sends wait; beyond the queue they fail', () => {
  const a = diamond({ config: { windowMessagesMax: 2, queueMessagesMax: 1 } })
  const effects = [1, 2, 3, 4].flatMap((id) => seen(send(a, id, 'b')))
  assert.deepEqual(effects, [out(1, 1, 'b'), out(1, 2, 'b', { floor: 1 }), failed(4, 'queue-full', 'a')])
  assert.deepEqual(seen(a.hear(1, ackOf('b', 'a', 2))), [delivered(1, 1, 0), out(1, 3, 'b', { floor: 2 })])
})

test('what has waited for the window until its deadline has not arrived, and the way was not to blame', () => {
  const a = diamond({ config: { windowMessagesMax: 1 } })
  send(a, 1, 'd', 60_000)
  send(a, 2, 'd', 500)
  assert.deepEqual(outcomes(a.wait(500)), [failed(2, 'queue-full', 'a')])
})

const RUN_2 = { incarnation: INCARNATION + 1, instance: 'd-2' }
const bounceOfRun2 = (sequence: number) =>
  bounceOf(['d', 'a', 'd'], 'peer-left', { originIncarnation: RUN_2.incarnation, sequence })

test('a message that was sent once and comes back from a new run goes to that run', () => {
  const a = diamond()
  send(a, 1, 'd')
  const [effect] = seen(a.hear(1, bounceOfRun2(1)))
  assert.deepEqual(
    messagesOf([effect!], 'direct')[0]?.message,
    directOf('a', 'd', '1', {
      destinationIncarnation: RUN_2.incarnation,
      sequence: 2,
      floor: 2,
    }),
  )
  const ack = ackOf('d', 'a', 3, { originIncarnation: RUN_2.incarnation })
  assert.deepEqual(seen(a.hear(1, ack)), [delivered(1, 1, 0)])
})

test('what is sent to a node whose new run was heard is for that run, also before its record comes', () => {
  const a = diamond()
  const hello = directOf('d', 'a', 'hello', {
    hops: 2,
    originIncarnation: RUN_2.incarnation,
    destinationIncarnation: a.overlay.self.incarnation,
  })
  a.hear(1, hello)
  const [sentFirst] = messagesOf(send(a, 1, 'd'), 'direct')
  assert.equal(sentFirst?.message.destinationIncarnation, RUN_2.incarnation)
  const record = recordOf('d', ['b', 'c'], { ...RUN_2, version: 2 })
  assert.deepEqual(outcomes([...a.hear(1, recordsOf(record)), ...a.wait(routesIntervalMs)]), [])
  const ack = ackOf('d', 'a', 2, { originIncarnation: RUN_2.incarnation })
  assert.equal(outcomes(a.hear(1, ack)).length, 1)
})

test('the next run of a node that has left is heard before its record comes: what is sent to it waits for that', () => {
  const a = diamond()
  a.hear(1, recordsOf(recordOf('d', [], { version: 3, state: 'leaving' })))
  const hello = directOf('d', 'a', 'hello', {
    hops: 2,
    originIncarnation: RUN_2.incarnation,
    destinationIncarnation: a.overlay.self.incarnation,
  })
  a.hear(1, hello)
  assert.deepEqual(outcomes(send(a, 1, 'd')), [])
  const came = a.hear(1, recordsOf(recordOf('d', ['b', 'c'], { ...RUN_2, version: 2 })))
  assert.equal(messagesOf([...came, ...a.wait(routesIntervalMs)], 'direct').length, 1)
  const never = diamond({ config: { heartbeatMs: 1_000, heartbeatsMissedMax: 8 } })
  never.hear(1, recordsOf(recordOf('d', [], { version: 3, state: 'leaving' })))
  never.hear(1, hello)
  assert.deepEqual(outcomes(send(never, 1, 'd', 60_000)), [])
  assert.deepEqual(outcomes(never.wait(8_010)), [failed(1, 'peer-left', 'a')], 'it does not wait for ever')
})

test('what waits for a record sets no timer that never runs out, also before the first link counts', () => {
  const a = Rig.started('a')
  a.take({ type: 'link-open', link: linkId(1), dialed: urlOf('b') })
  const hello = directOf('d', 'a', 'hello', {
    hops: 2,
    originIncarnation: RUN_2.incarnation,
    destinationIncarnation: a.overlay.self.incarnation,
  })
  const left = recordOf('d', [], { version: 3, state: 'leaving' })
  const effects = [...a.hear(1, helloOf('b'), recordsOf(left), hello), ...send(a, 1, 'd')]
  for (const effect of effects) {
    if (effect.type === 'timer') assert.ok(Number.isFinite(effect.afterMs), JSON.stringify(effect.timer))
  }
  assert.deepEqual(outcomes(effects), [])
})

test('a message that was sent twice may have reached the run that is gone', () => {
  const a = diamond()
  send(a, 1, 'd')
  assert.equal(ways(a.wait(retransmitInitialMs)).length, 1)
  assert.deepEqual(outcomes(a.hear(1, bounceOfRun2(1))), [failed(1, 'peer-left', 'd')])
})

test('who was heard a moment ago is not unknown: the answer waits for its record', () => {
  const [heartbeatMs, heartbeatsMissedMax] = [1_000, 8]
  const a = diamond({ config: { unknownPeerWaitMs: 100, heartbeatMs, heartbeatsMissedMax } })
  a.hear(1, directOf('x', 'a', 'hello', { hops: 2, destinationIncarnation: a.overlay.self.incarnation }))
  assert.deepEqual(outcomes(send(a, 1, 'x', 60_000)), [])
  assert.deepEqual(outcomes(a.wait(1_000)), [])
  const came = a.hear(1, recordsOf(recordOf('x', ['b']), recordOf('b', ['a', 'd', 'x'], { version: 9 })))
  assert.equal(messagesOf([...came, ...a.wait(routesIntervalMs)], 'direct').length, 1)
  a.hear(1, directOf('y', 'a', 'hello', { hops: 2, destinationIncarnation: a.overlay.self.incarnation }))
  assert.deepEqual(outcomes(send(a, 2, 'y', 60_000)), [])
  const waitedMs = heartbeatMs * heartbeatsMissedMax
  assert.deepEqual(outcomes(a.wait(waitedMs + 10)), [failed(2, 'unknown-peer', 'a')], 'nor for ever')
})

test('when the record of a new run comes, what was sent to the earlier one has an unknown end; what waits goes on', () => {
  const a = diamond({ config: { windowMessagesMax: 1 } })
  send(a, 1, 'd')
  send(a, 2, 'd')
  a.hear(1, recordsOf(recordOf('d', ['b', 'c'], RUN_2)))
  const effects = a.wait(0)
  assert.deepEqual(outcomes(effects), [failed(1, 'peer-left', 'a')])
  assert.deepEqual(
    messagesOf(effects, 'direct').map(({ message }) => [message.sequence, message.destinationIncarnation]),
    [[2, RUN_2.incarnation]],
  )
  assert.deepEqual(seen(a.hear(1, ackOf('d', 'a', 3))), [
    dropped('stale-incarnation', 'acknowledgement of d'),
  ])
})

test('an acknowledgement for another run of this node is not ours', () => {
  const a = diamond()
  send(a, 1, 'd')
  assert.deepEqual(a.hear(1, ackOf('d', 'a', 2, { destinationIncarnation: 7 })), [
    dropped('stale-incarnation', 'acknowledgement of d'),
  ])
  assert.deepEqual(a.hear(1, ackOf('stranger', 'a', 2)), [
    dropped('stale-incarnation', 'acknowledgement of stranger'),
  ])
})

test('after a bounce from the destination that its program does not take a message, the send has failed', () => {
  const a = diamond()
  send(a, 1, 'd')
  assert.deepEqual(seen(a.hear(1, bounceOf(['d', 'a', 'd'], 'refused'))), [failed(1, 'queue-full', 'd')])
})

test('numbers go on where they were after a peer was forgotten: its window may remember them', () => {
  const a = diamond()
  for (const id of [1, 2]) {
    send(a, id, 'b')
    a.hear(1, ackOf('b', 'a', id + 1))
  }
  a.take({ type: 'link-closed', link: linkId(1), reason: 'link-lost' })
  a.hear(2, recordsOf(recordOf('d', ['c'], { version: 9 })))
  a.wait(CORE_DEFAULTS.forgetMs + 60_000)
  assert.equal(a.overlay.directory.get(nodeName('b')), undefined, 'forgotten')
  a.befriend(3, 'b')
  assert.deepEqual(seen(send(a, 3, 'b')), [out(3, 3, 'b', { floor: 3 })])
})

/** What outcomes say they were sent as, in order. */
const numbers = (effects: readonly Effect[]): unknown[] =>
  noticesOf(effects, 'outcome').map(({ id, sentAs }) => [id, sentAs])

const numbered = (destination: string, sequence: number) => ({
  destination,
  incarnation: INCARNATION,
  sequence,
})

test('an outcome says as which message it went out: what travels has the same number', () => {
  const a = diamond({ config: { windowMessagesMax: 1, queueMessagesMax: 1 } })
  const [first] = messagesOf(send(a, 1, 'b'), 'direct')
  const { destination, originIncarnation, sequence } = first?.message ?? assert.fail('it goes out')
  assert.deepEqual(numbered(destination, sequence), numbered('b', 1))
  assert.equal(originIncarnation, INCARNATION)
  a.hear(1, ackOf('b', 'a', 2))
  // Numbers are those of a pair, so that the destination belongs to them.
  const ofD = send(a, 2, 'd', 500)
  assert.equal(messagesOf(ofD, 'direct')[0]?.message.sequence, 1)
  assert.deepEqual(numbers(a.wait(500)), [[2, numbered('d', 1)]], 'also of one that failed')
  send(a, 3, 'b')
  send(a, 4, 'b')
  assert.deepEqual(numbers(send(a, 5, 'b')), [[5, undefined]], 'it has not gone out')
  assert.deepEqual(numbers(a.take({ type: 'cancel', id: 4 })), [[4, undefined]], 'nor has this one')
  assert.deepEqual(numbers(a.hear(1, ackOf('b', 'a', 3))), [[3, numbered('b', 2)]])
})

test('what a node sends to itself is numbered as well', () => {
  const a = diamond()
  assert.deepEqual(numbers(send(a, 1, 'a')), [[1, numbered('a', 1)]])
  assert.deepEqual(numbers(send(a, 2, 'a')), [[2, numbered('a', 2)]])
})
