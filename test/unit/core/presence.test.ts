// The own record, through the one door: when it is published, and who keeps a name that somebody else claims.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { PeerRecord } from '../../../src/core/messages.ts'
import type { Reason } from '../../../src/core/reasons.ts'
import {
  ackOf,
  bytes,
  dropped,
  failed,
  gossipOf,
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
  urlOf,
  withoutTimers,
} from '../../support/core-rig.ts'

const { heartbeatMs, heartbeatsMissedMax, publishDelayMs, publishIntervalMs, takeoverMs } = CORE_DEFAULTS

/** The records that a node has published. */
const published = (effects: Parameters<typeof messagesOf>[0]): (PeerRecord | undefined)[] =>
  messagesOf(effects, 'gossip').map(({ message }) => message.record)

test('links that come up together make one version', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  a.wait(publishDelayMs - 1)
  a.meet(2, 'c')
  const sends = a.wait(1).filter(({ type }) => type === 'send')
  assert.deepEqual(sends, [sent([1, 2], recordGossip(recordOf('a', ['b', 'c']), 1))])
})

test('what the application says of the node is in its record from the next version on', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  a.wait(publishDelayMs)
  a.wait(publishIntervalMs)
  const profile = { tags: ['worker'], topics: ['a/#'] }
  assert.deepEqual(published(a.take({ type: 'profile', profile })), [])
  const [record] = published(a.wait(publishDelayMs))
  assert.deepEqual(record, recordOf('a', ['b'], { version: 3, ...profile }))
  a.wait(publishIntervalMs)
  a.take({ type: 'profile', profile: { tags: [], topics: [] } })
  assert.deepEqual(published(a.wait(publishDelayMs)), [recordOf('a', ['b'], { version: 4 })])
})

test('changes within the interval are published together at its end', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  assert.equal(published(a.wait(publishDelayMs)).length, 1)
  a.meet(2, 'c')
  a.wait(100)
  a.take({ type: 'link-closed', link: a.overlay.neighbors.get(nodeName('b'))!.id, reason: 'link-lost' })
  assert.deepEqual(published(a.wait(publishIntervalMs - 101)), [])
  assert.deepEqual(published(a.wait(1)), [recordOf('a', ['c'], { version: 3 })])
  assert.deepEqual(published(a.wait(2_000)), [], 'nothing has changed since')
  a.meet(3, 'd')
  assert.deepEqual(published(a.wait(publishDelayMs)), [recordOf('a', ['c', 'd'], { version: 4 })])
})

test('an outdated record of this run is answered with the newest', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  assert.deepEqual(a.hear(1, recordsOf(recordOf('a', [], { version: 1 }))), [
    sent([1], recordsOf(recordOf('a', ['b']))),
  ])
  assert.deepEqual(a.hear(1, recordsOf(recordOf('a', ['b']))), [], 'its echo is not')
  const prune = sent([1], { type: 'prune', origins: [nodeName('a')] })
  assert.deepEqual(a.hear(1, recordGossip(recordOf('a', ['b']), 1)), [prune], 'nor that of the broadcast')
})

test('a forged newer record of this run is outbid', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.befriend(2, 'c')
  const forged = recordOf('a', [], { version: 70, state: 'leaving' })
  const effects = a.hear(2, recordsOf(forged))
  assert.deepEqual(withoutTimers(effects), [dropped('own-record', 'a: version 70, own 3', 2)])
  assert.deepEqual(published(a.wait(publishIntervalMs)), [recordOf('a', ['b', 'c'], { version: 71 })])
})

test('a forged record with the version of the own one is outbid, and its echo is not', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.wait(publishIntervalMs)
  const own = a.overlay.self
  assert.deepEqual(a.hear(1, recordsOf({ ...own })), [])
  for (const forged of [
    { ...own, links: [] },
    { ...own, tags: ['liar'] },
  ]) {
    const { version } = a.overlay.self
    const effects = a.hear(1, recordsOf({ ...forged, version }))
    assert.deepEqual(withoutTimers(effects), [
      dropped('own-record', `a: version ${version}, own ${version}`, 1),
    ])
    const [record] = published(a.wait(publishIntervalMs))
    assert.deepEqual(record, { ...own, version: version + 1 })
  }
})

test('a forged incarnation of this run is taken over, and its version outbid', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.hear(1, recordsOf(recordOf('a', [], { incarnation: 5_000, version: 4 })))
  assert.deepEqual(published(a.wait(publishIntervalMs)), [
    recordOf('a', ['b'], { incarnation: 5_000, version: 5 }),
  ])
})

test('a forged version from the upper half is outbid by an incarnation', () => {
  for (const version of [2 ** 31 - 1, 2 ** 32 - 4, 2 ** 32 - 1]) {
    const a = Rig.started('a')
    a.befriend(1, 'b')
    a.hear(1, recordsOf(recordOf('a', [], { version })))
    assert.deepEqual(published(a.wait(publishIntervalMs)), [
      recordOf('a', ['b'], { incarnation: 1_001, version: 1 }),
    ])
  }
})

test('what an earlier run left behind is answered with the newest record', () => {
  const a = Rig.started('a', { incarnation: 2_000, instance: 'a-2' })
  a.befriend(1, 'b')
  const own = recordOf('a', ['b'], { incarnation: 2_000, instance: 'a-2' })
  assert.deepEqual(a.hear(1, recordsOf(recordOf('a', ['c'], { version: 80 }))), [
    dropped('own-record', 'a: incarnation 1000, own 2000', 1),
    sent([1], recordsOf(own)),
  ])
})

test('a node whose clock went back raises its incarnation above the record of its last run', () => {
  const a = Rig.started('a', { incarnation: 7, instance: 'a-2' })
  a.befriend(1, 'b')
  const last = recordOf('a', ['c'], { version: 80 })
  assert.deepEqual(withoutTimers(a.hear(1, recordsOf(last))), [
    dropped('own-record', 'a: incarnation 1000, own 7', 1),
  ])
  const { incarnation } = a.overlay.self
  assert.ok(incarnation > INCARNATION)
  assert.equal(a.overlay.hello().incarnation, incarnation)
  assert.deepEqual(published(a.wait(publishIntervalMs)), [
    recordOf('a', ['b'], { incarnation, instance: 'a-2', version: 3 }),
  ])
  const [gossip] = messagesOf(a.take({ type: 'broadcast', id: 1, payload: bytes('') }), 'gossip')
  assert.equal(gossip?.message.incarnation, incarnation)
})

test('two runs that outbid the same record do not come to one incarnation, but stay near it', () => {
  const raised = ['a-2', 'a-3', 'a-4'].map((instance) => {
    const a = Rig.started('a', { incarnation: 7, instance })
    a.meet(1, 'b')
    a.hear(1, recordsOf(recordOf('a', ['c'], { version: 80 })))
    return a.overlay.self.incarnation
  })
  assert.equal(new Set(raised).size, 3, `${raised}`)
  for (const incarnation of raised)
    assert.ok(incarnation > INCARNATION && incarnation <= INCARNATION + 16_384)
})

test('however often two runs outbid each other, they never come to one incarnation', () => {
  const [b, c] = ['a-2', 'a-3'].map((instance) => {
    const rig = Rig.started('a', { incarnation: 7, instance })
    rig.meet(1, 'b')
    return rig
  }) as [Rig, Rig]
  // A third one leaves older and newer records behind, and each hears of another one.
  for (let count = 0; count < 20_000; count++) {
    const incarnation = Math.max(b.overlay.self.incarnation, c.overlay.self.incarnation)
    b.hear(1, recordsOf(recordOf('a', [], { instance: 'a-4', incarnation: incarnation + 1 })))
    c.hear(1, recordsOf(recordOf('a', [], { instance: 'a-4', incarnation: incarnation + 8 })))
    assert.notEqual(b.overlay.self.incarnation, c.overlay.self.incarnation)
  }
})

test('two runs that outbid each other in turn do not meet, whoever began', () => {
  const rivals = ['a-2', 'a-3'].map((instance) => {
    const a = Rig.started('a', { instance })
    a.meet(1, 'b')
    return a
  })
  const [first, second] = rivals as [Rig, Rig]
  const seen = new Set<number>()
  for (let round = 0; round < 6; round++) {
    const [x, y] = [first.overlay.self, second.overlay.self]
    // What each had published reaches the other when both have gone on already.
    first.hear(1, recordsOf(y))
    second.hear(1, recordsOf(x))
    for (const { incarnation } of [first.overlay.self, second.overlay.self]) seen.add(incarnation)
    assert.notEqual(first.overlay.self.incarnation, second.overlay.self.incarnation, `round ${round}`)
  }
  assert.ok(seen.size >= 6)
})

test('a run that has just started outbids one of which only broadcasts are left', () => {
  const a = Rig.started('a', { incarnation: 7, instance: 'a-2' })
  a.meet(1, 'b')
  a.hear(1, gossipOf('a', 5, 'of the last run'))
  const { incarnation } = a.overlay.self
  assert.ok(incarnation > INCARNATION)
  const [gossip] = messagesOf(a.take({ type: 'broadcast', id: 1, payload: bytes('') }), 'gossip')
  assert.equal(gossip?.message.incarnation, incarnation, 'it is not taken for an old one')
})

test('a run that has just started outbids one that others know only by what it sent to them', () => {
  const a = Rig.started('a', { incarnation: 7, instance: 'a-2' })
  a.meet(1, 'b')
  const ack = ackOf('b', 'a', 5, { destinationIncarnation: INCARNATION })
  a.hear(1, ack)
  assert.equal(a.overlay.self.incarnation, 7, 'nothing was sent there: anybody could say so')
  a.take({ type: 'send', id: 1, to: nodeName('b'), payload: bytes('') })
  a.hear(1, ack)
  assert.ok(a.overlay.self.incarnation > INCARNATION)
})

test('a settled run waits whether the record comes of which it has heard broadcasts', () => {
  const settled = () => {
    const a = Rig.started('a', { incarnation: 7, instance: 'a-2' })
    a.befriend(1, 'b')
    for (let waitedMs = 0; waitedMs <= takeoverMs; waitedMs += heartbeatMs) {
      a.hear(1, { type: 'heartbeat', clock: 1, echo: 0, heldUs: 0, hash: { high: 0, low: 0 } })
      a.wait(heartbeatMs)
    }
    a.hear(1, gossipOf('a', 5, 'of another run'))
    assert.equal(a.overlay.self.incarnation, 7)
    return a
  }
  const alone = settled()
  alone.wait(2 * heartbeatMs)
  assert.ok(alone.overlay.self.incarnation > INCARNATION)
  const claimed = settled()
  claimed.hear(1, recordsOf(recordOf('a', ['b'])))
  const { incarnation } = claimed.overlay.self
  assert.ok(incarnation > INCARNATION)
  claimed.wait(2 * heartbeatMs)
  assert.equal(claimed.overlay.self.incarnation, incarnation, 'it has been outbid once')
})

test('of each later run that is overheard the record has as long to come', () => {
  const a = Rig.started('a', { incarnation: 7, instance: 'a-2' })
  a.befriend(1, 'b')
  const heartbeat = { type: 'heartbeat', clock: 1, echo: 0, heldUs: 0, hash: { high: 0, low: 0 } } as const
  for (let waitedMs = 0; waitedMs <= takeoverMs; waitedMs += heartbeatMs) {
    a.hear(1, heartbeat)
    a.wait(heartbeatMs)
  }
  a.hear(1, gossipOf('a', 5, ''))
  a.wait(heartbeatMs - 1)
  a.hear(1, gossipOf('a', 6, '', { incarnation: 90_000 }))
  a.wait(1)
  assert.equal(a.overlay.self.incarnation, 7)
  a.hear(1, heartbeat)
  a.wait(2 * heartbeatMs)
  assert.ok(a.overlay.self.incarnation > 90_000)
})

test('what no run can have as its incarnation brings none to the end of the numbers', () => {
  const a = Rig.started('a', { incarnation: 7, instance: 'a-2' })
  a.meet(1, 'b')
  a.hear(1, gossipOf('a', 5, '', { incarnation: 2 ** 48 - 2 }))
  assert.equal(a.overlay.self.incarnation, 7)
})

test('two runs that hear broadcasts of each other do not outbid each other for ever', () => {
  const a = Rig.started('a', { incarnation: 7, instance: 'a-2' })
  a.befriend(1, 'b')
  a.wait(takeoverMs + 1)
  const seen = new Set<number>()
  for (let count = 0; count < 100; count++) {
    const { incarnation } = a.overlay.self
    seen.add(incarnation)
    a.hear(1, gossipOf('a', 5, '', { incarnation: incarnation + 1 }))
    a.wait(2 * heartbeatMs)
  }
  assert.equal(seen.size, 17)
})

test('an incarnation is not raised beyond what the wire can carry', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  a.hear(1, recordsOf(recordOf('a', [], { incarnation: 2 ** 48 - 2, instance: 'a-2' })))
  assert.equal(a.overlay.self.incarnation, 2 ** 48 - 1)
})

test('what others have of a node waits for the version that is due, so that two runs cannot outbid each other at once', () => {
  const a = Rig.started('a', { incarnation: 7, instance: 'a-2' })
  a.befriend(1, 'b')
  a.befriend(2, 'c')
  const other = recordOf('a', ['c'], { version: 80 })
  const told = [a.hear(1, recordsOf(other)), a.hear(2, recordsOf(other)), a.wait(publishDelayMs - 1)].flat()
  const { incarnation } = a.overlay.self
  assert.ok(incarnation > INCARNATION)
  assert.deepEqual(messagesOf(told, 'records'), [])
  assert.deepEqual(published(a.wait(1)), [
    recordOf('a', ['b', 'c'], { incarnation, instance: 'a-2', version: 4 }),
  ])
  assert.equal(
    messagesOf(a.hear(2, recordsOf(other)), 'records').length,
    1,
    'it is published, and was missed',
  )
})

test('a neighbor tells such a node at once', () => {
  const b = Rig.started('b')
  b.befriend(1, 'c', ['a'])
  const last = recordOf('a', ['c'], { version: 80 })
  b.hear(1, recordsOf(last))
  const effects = b.meet(2, 'a', { incarnation: 7, instance: 'a-2' })
  assert.deepEqual(
    messagesOf(effects, 'records').map(({ links, message }) => [links, message.records]),
    [[[2], [last]]],
  )
})

test('a neighbor passes a later run on before it lists it, so that the earlier one does not look alive', () => {
  const b = Rig.started('b')
  b.befriend(1, 'c', ['a'])
  b.hear(1, recordsOf(recordOf('a', ['b', 'c'])))
  const effects = b.meet(2, 'a', { incarnation: 2_000, instance: 'a-2' })
  const first = recordOf('a', ['b'], { incarnation: 2_000, instance: 'a-2', version: 0 })
  assert.deepEqual(
    messagesOf(effects, 'records').map(({ links, message }) => [links, message.records]),
    [[[1], [first]]],
  )
})

test('what was in flight under the incarnation that is given up has an unknown end', () => {
  const a = Rig.started('a', { incarnation: 7, instance: 'a-2' })
  a.befriend(1, 'b')
  a.take({ type: 'send', id: 1, to: nodeName('b'), payload: bytes('') })
  const effects = a.hear(1, recordsOf(recordOf('a', [], { version: 80 })))
  assert.deepEqual(withoutTimers(effects), [
    dropped('own-record', 'a: incarnation 1000, own 7', 1),
    failed(1, 'expired', 'a', { destination: nodeName('b'), incarnation: 7, sequence: 1 }),
  ])
})

test('a later record of another process is outbid, within the time for it as often as it comes', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  for (const waitMs of [0, takeoverMs]) {
    a.wait(waitMs)
    const incarnation = a.overlay.self.incarnation + 3_000
    const effects = a.hear(1, recordsOf(recordOf('a', [], { incarnation, instance: 'a-2' })))
    assert.deepEqual(noticesOf(effects, 'stopped'), [])
    assert.ok(a.overlay.self.incarnation > incarnation)
  }
})

test('later it is outbid once, for its process may be dead; when it comes back with a later one the name is lost', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  a.wait(takeoverMs + 1)
  const hear = (incarnation: number, instance: string) =>
    noticesOf(a.hear(1, recordsOf(recordOf('a', [], { incarnation, instance }))), 'stopped').length
  assert.equal(hear(3_000, 'a-2'), 0)
  assert.ok(a.overlay.self.incarnation > 3_000)
  assert.equal(hear(3_000, 'a-2'), 0, 'what still goes round of it')
  assert.equal(hear(20_000, 'a-3'), 0, 'another run, dead as well')
  assert.equal(hear(40_000, 'a-2'), 1)
})

test('a run does not outbid others for ever, however many come', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  a.wait(takeoverMs + 1)
  let others = 0
  let stopped = 0
  while (stopped === 0 && others < 100) {
    const other = recordOf('a', [], { incarnation: 1e6 * ++others, instance: `a-${others + 1}` })
    stopped = noticesOf(a.hear(1, recordsOf(other)), 'stopped').length
  }
  assert.equal(others, 17)
})

test('who tells of a run that is not the last one known is shown the last one', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.befriend(2, 'c')
  const last = recordOf('d', ['e'], { incarnation: 5_000, instance: 'd-2', state: 'leaving' })
  a.hear(2, recordsOf(last))
  const earlier = recordOf('d', ['b'], { version: 80 })
  assert.deepEqual(withoutTimers(a.hear(1, recordsOf(earlier))), [sent([1], recordsOf(last))])
  assert.deepEqual(
    withoutTimers(a.hear(1, recordsOf({ ...last, version: 1 }))),
    [],
    'not for an old version of it',
  )
})

test('the time for taking a name over begins with the first link', () => {
  const a = Rig.started('a')
  a.wait(60_000)
  a.meet(1, 'b')
  const effects = a.hear(1, recordsOf(recordOf('a', [], { incarnation: 3_000, instance: 'a-2' })))
  assert.deepEqual(noticesOf(effects, 'stopped'), [])
})

test('of two runs with one start time the instance decides', () => {
  const a = Rig.started('a', { instance: 'm' })
  a.meet(1, 'b')
  a.wait(takeoverMs + 1)
  const incarnationAfter = (instance: string) => {
    a.hear(1, recordsOf(recordOf('a', [], { instance })))
    return a.overlay.self.incarnation
  }
  assert.equal(incarnationAfter('l'), INCARNATION)
  assert.ok(incarnationAfter('n') > INCARNATION)
})

/** The link of this number is closed at the other end; whether that stops the node. */
const stopsAtClose = (a: Rig, link: number, reason: Reason): boolean =>
  noticesOf(a.take({ type: 'link-closed', link: linkId(link), reason }), 'stopped').length === 1

test('a link that goes to a later run stops the node when it has had links for longer than it may outbid', () => {
  for (const [waitMs, stops] of [
    [takeoverMs, false],
    [takeoverMs + 1, true],
  ] as const) {
    const a = Rig.started('a')
    a.meet(1, 'b')
    a.wait(waitMs)
    assert.equal(stopsAtClose(a, 1, 'replaced'), stops, `after ${waitMs} ms`)
  }
})

test('a link that goes to a run which this one has outbid since does not stop it', () => {
  const a = Rig.started('a')
  a.meet(1, 'b')
  a.meet(2, 'c')
  a.hear(1, recordsOf(recordOf('a', [], { incarnation: 3_000, instance: 'a-2' })))
  a.meet(3, 'd')
  for (let heard = 0; heard <= takeoverMs; heard += heartbeatMs) {
    a.wait(heartbeatMs)
    for (const link of [1, 2, 3]) a.hear(link, recordsOf())
  }
  assert.equal(stopsAtClose(a, 1, 'replaced'), false)
  assert.equal(stopsAtClose(a, 2, 'outdated'), false)
  assert.equal(stopsAtClose(a, 3, 'replaced'), true, 'd was told the incarnation of today')
})

test('a run that nobody lets in, because a later one has all the links, stops in the end', () => {
  const a = Rig.started('a')
  let link = 0
  const isRefusedAndStops = (): boolean => {
    a.take({ type: 'link-open', link: linkId(++link), dialed: urlOf('b') })
    return stopsAtClose(a, link, 'outdated')
  }
  assert.equal(isRefusedAndStops(), false)
  // The other links may be those of its predecessor, which is dead: they are noticed as silent by then.
  a.wait(heartbeatMs * (heartbeatsMissedMax + 1))
  assert.equal(isRefusedAndStops(), false)
  a.wait(takeoverMs + 1)
  assert.equal(isRefusedAndStops(), true)
})

test('an incarnation at the end of its range cannot be outbid', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const effects = a.hear(1, recordsOf(recordOf('a', [], { incarnation: 2 ** 48 - 1, instance: 'a-2' })))
  assert.equal(noticesOf(effects, 'stopped').length, 1)
})

test('numbers forged to their end raise the incarnation; at the end of that too the node stops', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.hear(1, recordsOf(recordOf('a', [], { incarnation: 2 ** 48 - 3, version: 2 ** 31 })))
  const forge = () =>
    a.hear(1, gossipOf('a', 2 ** 47 + 1, 'forged', { incarnation: a.overlay.self.incarnation }))
  assert.deepEqual(noticesOf(forge(), 'stopped'), [])
  assert.equal(a.overlay.self.incarnation, 2 ** 48 - 1)
  assert.equal(noticesOf(forge(), 'stopped').length, 1)
  assert.equal(a.overlay.self.incarnation, 2 ** 48 - 1)
})

test('a record of this node is never passed on', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.befriend(2, 'c')
  const forged = recordGossip(recordOf('a', [], { version: 70 }), 500)
  const effects = a.hear(1, forged)
  assert.deepEqual(messagesOf(effects, 'gossip'), [])
  assert.deepEqual(noticesOf(effects, 'drop'), [
    { type: 'drop', reason: 'own-record', detail: 'a: version 70, own 3', link: 1 },
  ])
  assert.equal(noticesOf(effects, 'message').length, 0)
})
