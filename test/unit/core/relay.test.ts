// Messages on their way to somebody else, through the one door.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { Ack, Bounce, Direct } from '../../../src/core/messages.ts'
import {
  ackOf,
  bounceOf,
  bytes,
  directOf,
  dropped,
  linkId,
  messagesOf,
  nodeName,
  Rig,
  recordOf,
  recordsOf,
  sent,
} from '../../support/core-rig.ts'

const { heartbeatMs, hopsMax } = CORE_DEFAULTS
const hopsLeft = hopsMax - 1

/** r between b on link 1 and c on link 2; d is behind c, e behind both. */
function relay(): Rig {
  const r = Rig.started('r')
  r.befriend(1, 'b', ['e'])
  r.befriend(2, 'c', ['d', 'e'])
  r.hear(2, recordsOf(recordOf('d', ['c']), recordOf('e', ['b', 'c'])))
  r.wait(100)
  return r
}

const fromRelay = (bounce: Bounce): Bounce => ({ ...bounce, origin: nodeName('r'), hopsLeft, hops: 1 })

test('a message is passed on with one hop less, in the lane of its kind', () => {
  const r = relay()
  const hops = { hops: 4, hopsLeft: 7 }
  const on = { hops: 5, hopsLeft: 6 }
  assert.deepEqual(r.hear(1, directOf('b', 'd', 'hi', hops)), [
    sent([2], directOf('b', 'd', 'hi', on), 'direct'),
  ])
  assert.deepEqual(r.hear(1, ackOf('b', 'd', 3, hops)), [sent([2], ackOf('b', 'd', 3, on))])
  const bounce = (fields: Partial<Bounce>) => bounceOf(['b', 'd', 'x'], 'no-route', fields)
  assert.deepEqual(r.hear(1, bounce(hops)), [sent([2], bounce(on))])
})

test('a message for a neighbor goes straight to it, with the bytes that came', () => {
  const r = relay()
  const raw = bytes('the frame')
  const message = directOf('b', 'c', 'hi', { raw })
  assert.deepEqual(r.hear(1, message), [
    sent([2], directOf('b', 'c', 'hi', { raw, hopsLeft: hopsLeft - 1, hops: 2 }), 'direct'),
  ])
})

test('a message never goes back where it came from', () => {
  const r = relay()
  const [passed] = r.hear(2, directOf('x', 'd', ''))
  const around = sent([1], directOf('x', 'd', '', { hopsLeft: 14, hops: 2 }), 'direct')
  assert.deepEqual(passed, around, 'b leads there by way of e')
  r.hear(1, recordsOf(recordOf('b', ['r'], { version: 3 })))
  r.wait(100)
  assert.deepEqual(r.hear(2, directOf('x', 'd', '')), [
    dropped('no-route', 'message 1 from x to d', 2),
    sent([2], fromRelay(bounceOf(['r', 'x', 'd'], 'no-route'))),
  ])
})

/** The neighbors of `r` send their heartbeats, each with an echo or without. */
function beat(r: Rig, links: readonly number[], echoes: readonly number[]): void {
  const [beat] = messagesOf(r.wait(heartbeatMs), 'heartbeat')
  const clock = beat?.message.clock ?? 0
  const hash = r.overlay.directory.hash
  for (const link of links) {
    r.hear(link, { type: 'heartbeat', clock: 7, echo: echoes.includes(link) ? clock : 0, heldUs: 0, hash })
  }
}

test('a message goes around a node on whose link no echo comes, and by no way that leads back to it', () => {
  const r = Rig.started('r')
  r.befriend(1, 'b', ['c'])
  r.befriend(2, 'c', ['b', 'e'])
  r.befriend(3, 'd', ['f'])
  r.hear(2, recordsOf(recordOf('e', ['c', 'f']), recordOf('f', ['d', 'e'])))
  r.wait(100)
  const way = () => messagesOf(r.hear(1, directOf('b', 'e', '')), 'direct')[0]?.links[0] ?? 0
  assert.equal(way(), 2)
  beat(r, [1, 2, 3], [1, 2, 3])
  for (let beats = 0; beats < 3; beats++) beat(r, [1, 2, 3], [1, 3])
  assert.equal(way(), 3, 'longer, and the second best leads over c as well')
  assert.equal(messagesOf(r.hear(1, directOf('b', 'c', '')), 'direct')[0]?.links[0], 2, 'to c itself')
  const travelled = (hops: number) => {
    const [passed] = messagesOf(
      r.hear(1, directOf('b', 'e', '', { hops, hopsLeft: hopsMax - hops })),
      'direct',
    )
    return passed?.links[0]
  }
  assert.equal(travelled(5), 3, 'three links on')
  assert.equal(travelled(6), 2, 'what has gone around for long ends where it would have gone')
})

test('a message goes around a link on which no echo comes, if there is another way', () => {
  const r = Rig.started('r')
  r.befriend(1, 'b')
  r.befriend(2, 'c', ['e'])
  r.befriend(3, 'd', ['e'])
  r.hear(2, recordsOf(recordOf('e', ['c', 'd'])))
  r.wait(100)
  const way = () => messagesOf(r.hear(1, directOf('b', 'e', '')), 'direct')[0]?.links[0] ?? 0
  const best = way()
  const other = 5 - best
  const links = [1, 2, 3]
  beat(r, links, links)
  for (let beats = 0; beats < 2; beats++) {
    beat(r, links, [1, other])
    assert.equal(way(), best, `${beats + 1} missed: one may still be held at the other end`)
  }
  beat(r, links, [1, other])
  assert.equal(way(), other)
  for (let beats = 0; beats < 3; beats++) beat(r, links, [1])
  assert.equal(way(), best, 'the best way again when none is better')
  beat(r, links, [1, best])
  assert.equal(way(), best)
})

test('a message without hops left is bounced', () => {
  const r = relay()
  assert.deepEqual(r.hear(1, directOf('b', 'd', '', { hopsLeft: 0, hops: 16 })), [
    dropped('hops-exceeded', 'from b', 1),
    dropped('no-route', 'message 1 from b to d', 1),
    sent([1], fromRelay(bounceOf(['r', 'b', 'd'], 'no-route'))),
  ])
})

test('an answer that cannot go on is dropped, and counted', () => {
  const r = relay()
  const lost: readonly (Ack | Bounce)[] = [
    ackOf('b', 'nobody', 3),
    bounceOf(['b', 'nobody', 'x'], 'no-route'),
  ]
  for (const message of lost) {
    assert.deepEqual(r.hear(1, message), [dropped('no-route', `${message.type} for nobody`, 1)])
    assert.deepEqual(r.hear(1, { ...message, hopsLeft: 0 }), [dropped('hops-exceeded', 'from b', 1)])
  }
})

test('a message for a name that nobody knows is bounced along the link it came over', () => {
  const r = relay()
  assert.deepEqual(r.hear(1, directOf('far', 'nobody', '', { sequence: 9, floor: 2 })), [
    dropped('no-route', 'message 9 from far to nobody', 1),
    sent([1], fromRelay(bounceOf(['r', 'far', 'nobody'], 'no-route', { sequence: 9 }))),
  ])
})

test('a link that has gone is not taken, before the routes are new', () => {
  const r = relay()
  const message: Direct = directOf('x', 'e', '')
  r.meet(3, 'x')
  const taken = (): unknown => {
    const [effect] = r.hear(3, { ...message })
    return effect?.type === 'send' ? effect.links[0] : undefined
  }
  const first = taken()
  assert.ok(first === 1 || first === 2)
  r.take({ type: 'link-closed', link: linkId(first), reason: 'link-lost' })
  assert.equal(taken(), first === 1 ? 2 : 1)
})

test("a link without room for somebody else's message bounces it to its origin", () => {
  const r = relay()
  const message = directOf('b', 'd', 'hi', { hops: 2, hopsLeft: 14 })
  assert.deepEqual(r.take({ type: 'send-refused', link: linkId(2), message }), [
    dropped('queue-full', 'message 1 from b to d'),
    sent([1], fromRelay(bounceOf(['r', 'b', 'd'], 'queue-full'))),
  ])
})

test('a look at ways from outside of a turn takes no timer from who needs one', () => {
  const r = relay()
  // Routes are computed, and f is not in them.
  r.hear(1, directOf('b', 'd', 'hi'))
  r.hear(2, recordsOf(recordOf('f', ['d'])))
  assert.equal(r.overlay.wayTo(nodeName('f'), nodeName('r')), undefined)
  const effects = r.take({ type: 'send', id: 1, to: nodeName('f'), payload: bytes('hi') })
  assert.ok(effects.some((effect) => effect.type === 'timer' && effect.timer.kind === 'routes'))
})
