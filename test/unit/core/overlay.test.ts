// The one door: the order of effects from start to end, and what is answered before and after.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import {
  bytes,
  closed,
  delivered,
  dialed,
  directOf,
  dropped,
  failed,
  gossipOf,
  helloOf,
  INCARNATION,
  linkId,
  messagesOf,
  nodeName,
  Rig,
  recordGossip,
  recordOf,
  recordsOf,
  sent,
  timer,
  told,
  unsettledOf,
  urlOf,
  withoutTimers,
} from '../../support/core-rig.ts'

const { heartbeatMs, healIntervalMs, helloTimeoutMs, publishDelayMs, takeoverMs, unknownPeerWaitMs } =
  CORE_DEFAULTS

/** @param to to whom it had gone out, as the first message; absent: it had not */
const shutDown = (id: number, to?: string, incarnation = INCARNATION) =>
  to === undefined
    ? failed(id, 'shutting-down', 'a')
    : failed(id, 'shutting-down', 'a', { destination: nodeName(to), incarnation, sequence: 1 })

test('a run that another one has just stopped for does not stop for what a bootstrap still says of that one', () => {
  const a = Rig.started('a', { incarnation: 2_000, instance: 'a-2' })
  a.take({ type: 'link-open', link: linkId(1), dialed: urlOf('b') })
  a.hear(1, helloOf('a'))
  a.take({ type: 'link-closed', link: linkId(1), reason: 'name-taken' })
  assert.equal(a.overlay.hello().linkless, false)
  a.wait(takeoverMs)
  assert.equal(a.overlay.hello().linkless, true, 'it would have left by now')
})

test('a bootstrap is told of a link as soon as the other end may know of this run', () => {
  const a = Rig.started('a')
  assert.equal(a.overlay.hello().linkless, true)
  a.take({ type: 'link-open', link: linkId(2) })
  assert.equal(a.overlay.hello().linkless, true, 'who has dialled it has not heard of it')
  a.take({ type: 'link-open', link: linkId(1), dialed: urlOf('b') })
  assert.equal(a.overlay.hello().linkless, false, 'it has said hello there')
  a.take({ type: 'link-closed', link: linkId(1), reason: 'full' })
  assert.equal(a.overlay.hello().linkless, true)
  a.hear(2, helloOf('c'))
  assert.equal(a.overlay.hello().linkless, false)
})

test('from start to the first neighbor', () => {
  const a = new Rig('a')
  assert.deepEqual(a.take({ type: 'start' }), [
    timer({ kind: 'heartbeat' }, heartbeatMs),
    timer({ kind: 'links', token: 1 }, 0),
  ])
  assert.deepEqual(a.take({ type: 'contacts', contacts: [{ name: nodeName('b'), url: urlOf('b') }] }), [])
  assert.deepEqual(a.wait(0), [dialed(urlOf('b')), timer({ kind: 'links', token: 2 }, 250)])
  assert.deepEqual(a.take({ type: 'link-open', link: linkId(1), dialed: urlOf('b') }), [
    sent([1], helloOf('a', { linkless: true })),
    timer({ kind: 'hello', link: linkId(1) }, helloTimeoutMs),
  ])
  const { hash } = a.overlay.directory
  assert.deepEqual(a.hear(1, helloOf('b')), [
    timer({ kind: 'links', token: 3 }, 0),
    told({ type: 'neighbor-up', name: nodeName('b'), link: linkId(1) }),
    timer({ kind: 'reachability', token: 1 }, 0),
    sent([1], { type: 'heartbeat', clock: 1, echo: 0, heldUs: 0, hash }),
    timer({ kind: 'publish', token: 1 }, publishDelayMs),
    sent([1], { type: 'catch-up', withinMs: 0 }),
  ])
  assert.deepEqual(a.wait(0), [
    timer({ kind: 'links', token: 4 }, healIntervalMs),
    told({ type: 'peer-join', peer: recordOf('b', ['a'], { version: 0 }) }),
    timer({ kind: 'delivery', token: 1 }, unknownPeerWaitMs),
    timer({ kind: 'links', token: 5 }, 0),
    timer({ kind: 'links', token: 6 }, healIntervalMs),
  ])
  assert.deepEqual(a.wait(publishDelayMs), [sent([1], recordGossip(recordOf('a', ['b']), 1))])
})

test('the node that is dialled answers the hello, and is ready in the same turn', () => {
  const a = Rig.started('a')
  a.wait(0)
  assert.deepEqual(a.take({ type: 'link-open', link: linkId(1) }), [
    timer({ kind: 'hello', link: linkId(1) }, helloTimeoutMs),
  ])
  const { hash } = a.overlay.directory
  assert.deepEqual(a.hear(1, helloOf('b')), [
    sent([1], helloOf('a', { linkless: true })),
    told({ type: 'neighbor-up', name: nodeName('b'), link: linkId(1) }),
    timer({ kind: 'reachability', token: 1 }, 0),
    sent([1], { type: 'heartbeat', clock: 1, echo: 0, heldUs: 0, hash }),
    timer({ kind: 'publish', token: 1 }, publishDelayMs),
    sent([1], { type: 'catch-up', withinMs: 0 }),
    timer({ kind: 'links', token: 3 }, 0),
  ])
})

test('a node that leaves says so before it closes its links, and then nothing any more', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.befriend(2, 'c', ['d'])
  a.take({ type: 'link-open', link: linkId(3) })
  a.take({ type: 'send', id: 1, to: nodeName('c'), payload: bytes('on its way') })
  a.take({ type: 'send', id: 2, to: nodeName('d'), payload: bytes('too') })
  const { version } = a.overlay.self
  const last = recordOf('a', [], { version: version + 1, state: 'leaving' })
  assert.deepEqual(a.take({ type: 'leave' }), [
    sent([1, 2], recordGossip(last, 3)),
    shutDown(1, 'c'),
    // For it no way is known.
    shutDown(2),
    closed(1, 'left'),
    closed(2, 'left'),
    closed(3, 'left'),
    told({ type: 'left' }),
  ])
  assert.deepEqual(a.hear(1, gossipOf('b', 1, 'too late')), [])
  assert.deepEqual(a.take({ type: 'link-closed', link: linkId(1), reason: 'left' }), [])
  assert.deepEqual(a.take({ type: 'contacts', contacts: [{ url: urlOf('b') }] }), [])
  assert.deepEqual(a.take({ type: 'leave' }), [])
  assert.deepEqual(a.wait(60_000), [], 'all timers are stale')
  assert.deepEqual(a.take({ type: 'link-open', link: linkId(4), dialed: urlOf('b') }), [
    closed(4, 'shutting-down'),
  ])
  assert.deepEqual(a.take({ type: 'send', id: 3, to: nodeName('b'), payload: bytes('') }), [shutDown(3)])
  assert.deepEqual(a.take({ type: 'broadcast', id: 4, payload: bytes('') }), [
    told({ type: 'broadcast-sent', id: 4, neighbors: 0, failure: 'shutting-down' }),
  ])
})

test('before the start nothing is sent', () => {
  const a = new Rig('a')
  assert.deepEqual(a.take({ type: 'send', id: 1, to: nodeName('b'), payload: bytes('') }), [shutDown(1)])
  assert.deepEqual(a.take({ type: 'contacts', contacts: [{ url: urlOf('b') }] }), [])
})

test('a second start changes nothing', () => {
  assert.deepEqual(Rig.started('a').take({ type: 'start' }), [])
})

test('a frame of an unknown type is ignored, and counted', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  assert.deepEqual(a.hear(1, { type: 'unknown', code: 77 }), [dropped('unknown-frame', 'type 77', 1)])
})

test('what only a bootstrap may say closes the link', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const effects = a.hear(1, { type: 'peer-events', joined: [], left: [] }, gossipOf('b', 1, 'behind it'))
  assert.deepEqual(withoutTimers(effects), [
    dropped('protocol-error', 'peer-events from a node', 1),
    closed(1, 'protocol-error'),
    told({ type: 'neighbor-down', name: nodeName('b'), link: linkId(1), reason: 'protocol-error' }),
  ])
})

test('what was in front of a mistake in a bundle is acknowledged all the same', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['c'])
  a.befriend(2, 'c', ['b'])
  const effects = a.hear(
    1,
    directOf('c', 'a', 'by way of b', { hops: 2 }),
    { type: 'peer-events', joined: [], left: [] },
    gossipOf('b', 1, 'behind it'),
  )
  assert.deepEqual(
    messagesOf(effects, 'ack').map(({ links, message }) => [links, message.cumulative]),
    [[[2], 2]],
  )
})

test('the record of somebody else in a broadcast closes the link', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.befriend(2, 'c')
  const forged = recordGossip(recordOf('c', [], { version: 99 }), 1, { origin: nodeName('b') })
  assert.deepEqual(withoutTimers(a.hear(1, forged)), [
    dropped('not-an-origin', 'b published the record of c', 1),
    closed(1, 'not-an-origin'),
    told({ type: 'neighbor-down', name: nodeName('b'), link: linkId(1), reason: 'not-an-origin' }),
  ])
  assert.equal(a.overlay.directory.get(nodeName('c'))?.record.version, 2, 'and is not believed')
})

test('a name of another process that came later, and is alive, stops the node', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.wait(10_000)
  const later = recordOf('a', ['c'], { incarnation: 2_000_000, instance: 'a-2' })
  a.befriend(2, 'c')
  a.hear(2, recordsOf({ ...later, incarnation: 2_000 }))
  a.wait(1_000)
  const { incarnation } = a.overlay.self
  a.take({ type: 'send', id: 1, to: nodeName('c'), payload: bytes('') })
  assert.deepEqual(a.hear(2, recordsOf(later), gossipOf('c', 1, 'behind it')), [
    dropped('own-record', `a: incarnation 2000000, own ${incarnation}`, 2),
    shutDown(1, 'c', incarnation),
    closed(2, 'name-taken'),
    told({
      type: 'stopped',
      reason: 'name-taken',
      detail: 'a later run of a (incarnation 2000000) is in the overlay',
    }),
  ])
  assert.deepEqual(a.take({ type: 'send', id: 2, to: nodeName('c'), payload: bytes('') }), [shutDown(2)])
})

test('a timer that is stale is a no-op', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.wait(unknownPeerWaitMs + 500)
  for (const kind of ['links', 'publish', 'reachability', 'directory', 'delivery'] as const) {
    for (const token of [0, 1, 9_999]) {
      assert.deepEqual(a.take({ type: 'timer', timer: { kind, token } }), [], `${kind} ${token}`)
    }
  }
  assert.deepEqual(a.take({ type: 'timer', timer: { kind: 'hello', link: linkId(1) } }), [])
  assert.deepEqual(a.take({ type: 'timer', timer: { kind: 'hello', link: linkId(9) } }), [])
})

test('a send to itself is handed over at once', () => {
  const a = Rig.started('a')
  assert.deepEqual(a.take({ type: 'send', id: 1, to: nodeName('a'), payload: bytes('me') }), [
    told({ type: 'message', from: nodeName('a'), payload: bytes('me'), hops: 0, broadcast: false }),
    delivered(1, 0, 0, { destination: nodeName('a'), incarnation: INCARNATION, sequence: 1 }),
  ])
  assert.equal(unsettledOf(a.overlay), 0)
})
