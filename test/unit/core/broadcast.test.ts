// Broadcasts, through the one door: handed over once, pushed on to all others, and kept until there is a link.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { Effect } from '../../../src/core/events.ts'
import type { BroadcastRange, Gossip, Graft, IHave, Prune } from '../../../src/core/messages.ts'
import type { SendFailure } from '../../../src/core/reasons.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { Wired } from '../../support/core-pair.ts'
import {
  bytes,
  dropped,
  gossipOf,
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

const { deadlineMs, firstBroadcastsMax, heartbeatMs, seenSequencesMax } = CORE_DEFAULTS
/** So short that it is not drawn. */
const announceDelayMs = 1
const { forgetMs, graftAfterMs, graftAgainMs } = CORE_DEFAULTS

/** A broadcast is handed over that came first from this neighbor. */
const heard = (from: string, text: string, [sequence, via, hops = 1]: readonly [number, string, number?]) =>
  told({
    type: 'message',
    from: nodeName(from),
    payload: bytes(text),
    hops,
    broadcast: true,
    spread: { incarnation: INCARNATION, sequence, via: nodeName(via) },
  })
const answer = (id: number, neighbors: number, end: SendFailure | number) =>
  told({
    type: 'broadcast-sent',
    id,
    neighbors,
    ...(typeof end === 'number' ? { sentAs: { incarnation: INCARNATION, sequence: end } } : { failure: end }),
  })

const rangeOf = (
  origin: string,
  first: number,
  behindLast: number,
  fields: Partial<BroadcastRange> = {},
) => ({
  ...({ kind: 'payload', origin: nodeName(origin), incarnation: INCARNATION, first, behindLast } as const),
  ...fields,
})
const ihaveOf = (hops: number, ...ranges: BroadcastRange[]): IHave => ({
  type: 'ihave',
  ranges: ranges.map((range) => ({ ...range, hops })),
})
const graftOf = (...ranges: BroadcastRange[]): Graft => ({ type: 'graft', ranges })
const pruneOf = (origin: string): Prune => ({ type: 'prune', origins: [nodeName(origin)] })
/** Every frame that was sent can be written. */
const checkWritable = (effects: readonly Effect[]): void => {
  for (const effect of effects) if (effect.type === 'send') encodeFrame(effect.message)
}

/** A node with three neighbors, who have joined by it: new trees are eager on all three links. */
function trio(): Rig {
  const a = Rig.started('a', { config: { announceDelayMs } })
  for (const [i, name] of ['b', 'c', 'd'].entries()) a.befriend(i + 1, name, [], { linkless: true })
  return a
}

test('a broadcast goes out to every neighbor, as one message', () => {
  const a = trio()
  // Three versions of the own record went before.
  assert.deepEqual(a.take({ type: 'broadcast', id: 7, payload: bytes('hi') }), [
    sent([1, 2, 3], gossipOf('a', 4, 'hi'), 'broadcast'),
    answer(7, 3, 4),
  ])
})

test('a new one is handed over and pushed on, but not back; a second copy is not', () => {
  const a = trio()
  assert.deepEqual(a.hear(2, gossipOf('z', 1, 'hi', { hops: 3, hopsLeft: 9 })), [
    sent([1, 3], gossipOf('z', 1, 'hi', { hops: 4, hopsLeft: 8 }), 'broadcast'),
    heard('z', 'hi', [1, 'c', 3]),
  ])
  assert.deepEqual(a.hear(1, gossipOf('z', 1, 'hi')), [
    dropped('duplicate', 'broadcast 1 of z', 1),
    sent([1], pruneOf('z')),
  ])
})

test('nobody has to push to a node what it has said itself', () => {
  const a = trio()
  assert.deepEqual(a.hear(1, gossipOf('a', 2, 'mine')), [
    dropped('duplicate', 'broadcast 2 of this node', 1),
    sent([1], pruneOf('a')),
  ])
  assert.deepEqual(a.hear(2, recordGossip(a.overlay.self, 3)), [sent([2], pruneOf('a'))])
})

test('what is announced under the own name is looked at when this node has not said it', () => {
  const a = trio()
  assert.deepEqual(a.hear(1, ihaveOf(1, rangeOf('a', 1, 4))), [])
  const unsaid = rangeOf('a', 1, 11)
  assert.deepEqual(a.hear(1, ihaveOf(1, unsaid)), [sent([1], graftOf({ ...unsaid, first: 10 }))])
  a.hear(1, gossipOf('a', 10, 'forged'))
  assert.deepEqual(a.hear(1, ihaveOf(1, unsaid)), [], 'seen, and gone on behind it')
  const earlier = rangeOf('a', 99, 100, { incarnation: INCARNATION - 1, kind: 'record' })
  assert.deepEqual(a.hear(1, ihaveOf(1, earlier, rangeOf('a', 99, 99))), [])
  const later = { ...earlier, incarnation: INCARNATION + 1 }
  assert.deepEqual(a.hear(1, ihaveOf(1, later)), [sent([1], graftOf(later))])
})

test('a relay passes on the bytes that came, and keeps none of the bundle that they came in', () => {
  const a = trio()
  const bundle = bytes('before the frame: hi')
  const raw = bundle.subarray(7)
  const payload = bundle.subarray(-2)
  const [push] = messagesOf(a.hear(1, { ...gossipOf('z', 1, ''), payload, raw }), 'gossip')
  assert.deepEqual(push?.message.raw, raw)
  assert.deepEqual(push?.message.payload, payload)
  assert.notEqual(push?.message.raw?.buffer, bundle.buffer)
  assert.equal(push?.message.payload.buffer, push?.message.raw?.buffer)
})

test('order does not matter, and what the window has left behind counts as seen', () => {
  const a = trio()
  const take = (sequence: number) => noticesOf(a.hear(1, gossipOf('z', sequence, '')), 'message').length
  assert.deepEqual([5, 3, 4, 5, 1].map(take), [1, 1, 1, 0, 1])
  assert.equal(take(seenSequencesMax + 5), 1)
  assert.deepEqual([2, 5].map(take), [0, 0], 'too old to tell')
  assert.deepEqual([6, seenSequencesMax + 4].map(take), [1, 1], 'not seen, and still in the window')
})

test('a later run of an origin starts anew, and its earlier run is not listened to any more', () => {
  const a = trio()
  a.hear(1, gossipOf('z', 1, 'first run'))
  const later = { incarnation: INCARNATION + 1 }
  assert.deepEqual(noticesOf(a.hear(1, gossipOf('z', 1, 'second run', later)), 'message').length, 1)
  assert.deepEqual(a.hear(1, gossipOf('z', 2, 'a ghost')), [
    dropped('stale-incarnation', 'broadcast 2 of z', 1),
  ])
})

test('one that has travelled far enough is handed over, and goes no further', () => {
  const a = trio()
  assert.deepEqual(a.hear(1, gossipOf('z', 1, 'hi', { hops: 64, hopsLeft: 0 })), [
    dropped('hops-exceeded', 'broadcast 1 of z', 1),
    heard('z', 'hi', [1, 'b', 64]),
  ])
  const [push] = messagesOf(a.hear(1, gossipOf('z', 2, '', { hops: 255, hopsLeft: 1 })), 'gossip')
  assert.equal(push?.message.hops, 255, 'the count stops where its byte ends')
})

test('what a newcomer says first goes the way of the broadcasts of its neighbor, and is announced elsewhere', () => {
  const a = trio()
  a.hear(1, gossipOf('z', 1, ''))
  a.hear(2, pruneOf('z'))
  const first = recordGossip(recordOf('y', ['nobody', 'z']), 1, { hops: 2 })
  const pushed = messagesOf(a.hear(1, first), 'gossip')
  assert.deepEqual(
    pushed.map(({ links }) => links),
    [[3]],
  )
  assert.deepEqual(withoutTimers(a.wait(announceDelayMs)), [
    sent([2], ihaveOf(3, rangeOf('y', 1, 2, { kind: 'record' }))),
  ])
  const stranger = recordGossip(recordOf('x', ['nobody']), 1)
  assert.deepEqual(messagesOf(a.hear(1, stranger), 'gossip')[0]?.links, [2, 3], 'of whom nothing is known')
})

test('of origins of whom nothing is known a node pushes on the links by which somebody has joined', () => {
  const a = Rig.started('a', { config: { announceDelayMs } })
  a.befriend(1, 'b')
  a.befriend(2, 'c')
  a.befriend(3, 'd', [], { linkless: true })
  const pushed = (origin: string): unknown =>
    messagesOf(a.hear(1, gossipOf(origin, 1, '')), 'gossip').map(({ links }) => links)
  assert.deepEqual(pushed('z'), [[3]])
  a.take({ type: 'link-closed', link: linkId(2), reason: 'link-lost' })
  a.befriend(4, 'e', [], { linkless: true })
  assert.deepEqual(pushed('y'), [[3, 4]], 'a later link may have the bit of one that is gone')
})

test('a newcomer wants pushes on the first of its links only, whatever the others were told', () => {
  const a = Rig.started('a')
  a.take({ type: 'link-open', link: linkId(1), dialed: 'ws://b:5000/' })
  a.take({ type: 'link-open', link: linkId(2), dialed: 'ws://c:5000/' })
  const all: Prune = { type: 'prune', origins: [] }
  assert.deepEqual(messagesOf(a.hear(1, helloOf('b')), 'prune'), [])
  assert.deepEqual(messagesOf(a.hear(2, helloOf('c')), 'prune'), [{ links: [linkId(2)], message: all }])
  a.take({ type: 'link-open', link: linkId(3), dialed: 'ws://d:5000/' })
  assert.deepEqual(messagesOf(a.hear(3, helloOf('d')), 'prune'), [], 'who knows that it has others')
})

test('who is asked to push nothing pushes what it broadcasts itself, and nothing else', () => {
  const a = trio()
  a.hear(1, gossipOf('z', 1, ''))
  assert.deepEqual(a.hear(3, { type: 'prune', origins: [] }), [])
  const links = (effects: Effect[]): unknown => messagesOf(effects, 'gossip')[0]?.links
  assert.deepEqual(links(a.hear(1, gossipOf('z', 2, ''))), [2])
  assert.deepEqual(links(a.hear(1, gossipOf('y', 1, ''))), [2], 'nor of an origin that is heard of later')
  assert.deepEqual(links(a.take({ type: 'broadcast', id: 1, payload: bytes('') })), [1, 2, 3], 'its own')
})

test('a record is pushed on before payloads, and learned', () => {
  const a = trio()
  const record = recordOf('z', ['b'])
  const effects = a.hear(1, recordGossip(record, 1))
  assert.deepEqual(effects[0], sent([2, 3], recordGossip(record, 1, { hops: 2, hopsLeft: 62 })))
  assert.deepEqual(noticesOf(effects, 'message'), [])
  assert.deepEqual(a.overlay.directory.get(nodeName('z'))?.record, record)
})

test('what is broadcast before the first link waits for it', () => {
  const a = Rig.started('a')
  assert.deepEqual(a.take({ type: 'broadcast', id: 1, payload: bytes('one') }), [])
  assert.deepEqual(a.take({ type: 'broadcast', id: 2, payload: bytes('two') }), [])
  // Until the other end has said something a crossed dial may still end the link.
  assert.deepEqual(messagesOf(a.meet(1, 'b'), 'gossip'), [])
  const effects = a.hear(1, recordsOf(recordOf('b', ['a'])))
  assert.deepEqual(
    effects.filter(
      (effect) =>
        (effect.type === 'send' && effect.message.type === 'gossip') ||
        (effect.type === 'notify' && effect.notification.type === 'broadcast-sent'),
    ),
    [
      sent([1], gossipOf('a', 1, 'one'), 'broadcast'),
      answer(1, 1, 1),
      sent([1], gossipOf('a', 2, 'two'), 'broadcast'),
      answer(2, 1, 2),
    ],
  )
})

test('what waits is limited in number and in time', () => {
  const a = Rig.started('a')
  for (let id = 1; id <= firstBroadcastsMax; id++) {
    assert.deepEqual(a.take({ type: 'broadcast', id, payload: bytes('') }), [])
  }
  assert.deepEqual(a.take({ type: 'broadcast', id: 0, payload: bytes('') }), [answer(0, 0, 'queue-full')])
  const ended = noticesOf(a.wait(deadlineMs + heartbeatMs), 'broadcast-sent')
  assert.deepEqual(
    ended.map(({ id }) => id),
    Array.from({ length: firstBroadcastsMax }, (_, i) => i + 1),
  )
  for (const { failure } of ended) assert.equal(failure, 'no-route')
  assert.deepEqual(noticesOf(a.meet(1, 'b'), 'broadcast-sent'), [])
})

test('what waits can be given up, with the reason that it is given; what does not wait is not touched', () => {
  const a = Rig.started('a')
  for (const id of [1, 2, 3]) a.take({ type: 'broadcast', id, payload: bytes(`${id}`) })
  assert.deepEqual(a.take({ type: 'withdraw', id: 2, reason: 'cancelled' }), [answer(2, 0, 'cancelled')])
  assert.deepEqual(a.take({ type: 'withdraw', id: 2, reason: 'no-route' }), [])
  const gone = noticesOf([...a.meet(1, 'b'), ...a.hear(1, recordsOf(recordOf('b', ['a'])))], 'broadcast-sent')
  assert.deepEqual(
    gone.map(({ id }) => id),
    [1, 3],
  )
  assert.deepEqual(a.take({ type: 'withdraw', id: 1, reason: 'no-route' }), [])
})

test('what waits when the node leaves has failed', () => {
  const a = Rig.started('a')
  a.take({ type: 'broadcast', id: 1, payload: bytes('') })
  assert.deepEqual(noticesOf(a.take({ type: 'leave' }), 'broadcast-sent'), [
    { type: 'broadcast-sent', id: 1, neighbors: 0, failure: 'shutting-down' },
  ])
})

test('what a link has no room for is counted, and announced there instead as long as it is kept', () => {
  const a = trio()
  const [push] = messagesOf(a.hear(2, gossipOf('z', 1, 'hi')), 'gossip')
  const refused = a.take({ type: 'send-refused', link: linkId(1), message: push!.message })
  assert.deepEqual(refused[0], dropped('queue-full', 'push of broadcast 1 of z', 1))
  assert.deepEqual(a.wait(announceDelayMs), [sent([1], ihaveOf(2, rangeOf('z', 1, 2)))])
  assert.deepEqual(a.take({ type: 'send-refused', link: linkId(1), message: gossipOf('y', 1, '') }), [
    dropped('queue-full', 'push of broadcast 1 of y', 1),
  ])
  a.take({ type: 'link-closed', link: linkId(1), reason: 'link-lost' })
  const late = a.take({ type: 'send-refused', link: linkId(1), message: push!.message })
  assert.deepEqual(late, [dropped('queue-full', 'push of broadcast 1 of z', 1)], 'nor on a link that is gone')
})

test('a record that a link has no room for is announced there too: the directory has what it says', () => {
  const a = trio()
  const [push] = messagesOf(a.hear(2, recordGossip(recordOf('z', ['b']), 1)), 'gossip')
  a.take({ type: 'send-refused', link: linkId(1), message: push!.message })
  const range = rangeOf('z', 1, 2, { kind: 'record' })
  assert.deepEqual(withoutTimers(a.wait(announceDelayMs)), [sent([1], ihaveOf(2, range))])
  assert.deepEqual(a.hear(1, graftOf(range)), [
    sent([1], recordGossip(recordOf('z', ['b']), 1, { hops: 2, hopsLeft: 62 })),
  ])
})

test('a full link is neither pushed to over and over nor forgotten: each time it announces once', () => {
  const a = trio()
  const [push] = messagesOf(a.hear(2, gossipOf('z', 1, 'hi')), 'gossip')
  const refuse = () => a.take({ type: 'send-refused', link: linkId(1), message: push!.message })
  for (let round = 0; round < 3; round++) {
    refuse()
    assert.deepEqual(a.wait(announceDelayMs), [sent([1], ihaveOf(2, rangeOf('z', 1, 2)))])
    assert.deepEqual(a.hear(1, graftOf(rangeOf('z', 1, 2))), [sent([1], push!.message, 'broadcast')])
  }
  assert.deepEqual(messagesOf(a.wait(heartbeatMs * 2), 'ihave'), [])
})

// Lazy links.

test('who has pruned is told a little later what there is, and gets what it asks for, and pushes from then on', () => {
  const a = trio()
  assert.deepEqual(a.hear(1, pruneOf('z')), [])
  assert.deepEqual(a.hear(3, pruneOf('y')), [], 'nobody has heard of it')
  const onward = (sequence: number) => gossipOf('z', sequence, 'hi', { hops: 2, hopsLeft: 62 })
  a.hear(2, gossipOf('z', 1, ''))
  a.hear(1, pruneOf('z'))
  const effects = a.hear(2, gossipOf('z', 2, 'hi'))
  assert.deepEqual(withoutTimers(effects), [sent([3], onward(2), 'broadcast'), heard('z', 'hi', [2, 'c'])])
  a.hear(2, gossipOf('z', 3, 'hi'))
  assert.deepEqual(a.wait(announceDelayMs), [sent([1], ihaveOf(2, rangeOf('z', 2, 4)))])
  assert.deepEqual(a.hear(1, graftOf(rangeOf('z', 3, 6))), [sent([1], onward(3), 'broadcast')])
  assert.deepEqual(a.hear(2, gossipOf('z', 4, 'hi'))[0], sent([1, 3], onward(4), 'broadcast'))
})

test('a graft of no broadcast asks for pushes only', () => {
  const a = trio()
  a.hear(2, gossipOf('z', 1, 'hi'))
  a.hear(1, pruneOf('z'))
  assert.deepEqual(a.hear(1, graftOf(rangeOf('z', 1, 1))), [])
  assert.equal(messagesOf(a.hear(2, gossipOf('z', 2, 'hi')), 'gossip')[0]?.links.length, 2)
})

test('what is announced is asked for when no push comes in time, and then where it was announced next', () => {
  const a = trio()
  a.hear(1, gossipOf('z', 1, ''))
  assert.deepEqual(withoutTimers(a.hear(2, ihaveOf(2, rangeOf('z', 1, 4)))), [])
  assert.deepEqual(a.hear(3, ihaveOf(2, rangeOf('z', 3, 4))), [])
  a.hear(1, gossipOf('z', 2, ''))
  assert.deepEqual(messagesOf(a.wait(graftAfterMs), 'graft'), [
    { links: [2], message: graftOf(rangeOf('z', 3, 4)) },
  ])
  assert.deepEqual(messagesOf(a.wait(graftAgainMs), 'graft'), [
    { links: [3], message: graftOf(rangeOf('z', 3, 4)) },
  ])
  a.hear(3, gossipOf('z', 3, ''))
  assert.deepEqual(noticesOf(a.wait(10_000), 'drop'), [], 'nothing was missed')
})

test('what is announced is asked for at once where nobody would push it', () => {
  const a = trio()
  const graft = (link: number, first: number) => [sent([link], graftOf(rangeOf('z', first, first + 1)))]
  assert.deepEqual(withoutTimers(a.hear(2, ihaveOf(2, rangeOf('z', 1, 2)))), graft(2, 1), 'a new origin')
  a.hear(2, gossipOf('z', 1, '', { hops: 2 }))
  assert.deepEqual(withoutTimers(a.hear(2, ihaveOf(2, rangeOf('z', 2, 3)))), graft(2, 2), 'by the parent')
  a.take({ type: 'link-closed', link: linkId(2), reason: 'link-lost' })
  assert.deepEqual(withoutTimers(a.hear(3, ihaveOf(2, rangeOf('z', 3, 4)))), graft(3, 3), 'without a parent')
  assert.deepEqual(withoutTimers(a.hear(1, ihaveOf(2, rangeOf('z', 4, 5)))), [], 'link 3 was asked to push')
})

test('a way that is much shorter takes the place of the parent, whether it is announced before or after', () => {
  const a = trio()
  const change = (to: number, from: number) => [
    sent([to], graftOf(rangeOf('z', 1, 1, { incarnation: 0 }))),
    sent([from], pruneOf('z')),
  ]
  a.hear(1, gossipOf('z', 1, '', { hops: 6, hopsLeft: 20 }))
  assert.deepEqual(withoutTimers(a.hear(2, ihaveOf(5, rangeOf('z', 1, 2)))), [])
  assert.deepEqual(withoutTimers(a.hear(2, ihaveOf(4, rangeOf('z', 1, 2)))), change(2, 1))
  a.hear(3, ihaveOf(2, rangeOf('z', 2, 3)))
  const effects = a.hear(2, gossipOf('z', 2, '', { hops: 4, hopsLeft: 20 }))
  assert.deepEqual(withoutTimers(effects).slice(-2), change(3, 2))
})

test('holes of any number are asked for in frames that can be written', () => {
  const a = trio()
  for (let sequence = 2; sequence <= 1_024; sequence += 2) a.hear(1, gossipOf('z', sequence, ''))
  const atOnce = a.hear(1, ihaveOf(1, rangeOf('z', 1, 1_025)))
  checkWritable(atOnce)
  const asked = messagesOf(atOnce, 'graft').map(({ message }) => message.ranges.length)
  assert.deepEqual(asked, [256, 256])
  a.hear(2, ihaveOf(1, ...Array.from({ length: 256 }, (_, i) => rangeOf(`x${i}`, 1, 2))))
  a.hear(2, ihaveOf(1, ...Array.from({ length: 256 }, (_, i) => rangeOf(`y${i}`, 1, 2))))
  a.hear(3, ihaveOf(1, ...Array.from({ length: 256 }, (_, i) => rangeOf(`x${i}`, 1, 2))))
  a.hear(3, ihaveOf(1, ...Array.from({ length: 256 }, (_, i) => rangeOf(`y${i}`, 1, 2))))
  const later = a.wait(graftAgainMs)
  checkWritable(later)
  assert.deepEqual(
    messagesOf(later, 'graft').map(({ message }) => message.ranges.length),
    [256, 256],
  )
})

// Records.

test('the newest record answers for older ones, with the hops that it has left', () => {
  const a = trio()
  const record = recordOf('z', ['b'], { version: 7 })
  a.hear(1, recordGossip(record, 5, { hops: 240, hopsLeft: 9 }))
  const answer = a.hear(2, graftOf(rangeOf('z', 4, 6, { kind: 'record' })))
  assert.deepEqual(answer, [sent([2], recordGossip(record, 5, { hops: 241, hopsLeft: 8 }))])
  checkWritable(answer)
  const none = [rangeOf('z', 6, 7), rangeOf('z', 5, 5), rangeOf('z', 1, 9, { incarnation: INCARNATION + 1 })]
  for (const range of none) assert.deepEqual(a.hear(2, graftOf({ ...range, kind: 'record' })), [])
})

test('an older record that comes late does not take the place of the newest', () => {
  const a = trio()
  const record = recordOf('z', ['b'], { version: 7 })
  a.hear(1, recordGossip(record, 5))
  a.hear(1, recordGossip(recordOf('z', [], { version: 6 }), 3))
  const answer = a.hear(2, graftOf(rangeOf('z', 5, 6, { kind: 'record' })))
  assert.deepEqual(answer, [sent([2], recordGossip(record, 5, { hops: 2, hopsLeft: 62 }))])
  assert.deepEqual(withoutTimers(a.hear(1, ihaveOf(1, rangeOf('z', 1, 6, { kind: 'record' })))), [])
})

test('this node answers for its own record', () => {
  const a = trio()
  const record = a.overlay.self
  const range = rangeOf('a', 1, 2, { kind: 'record' })
  assert.deepEqual(a.hear(1, graftOf(range)), [sent([1], recordGossip(record, 3))])
})

// Runs of an origin.

test('what was announced of an earlier run is not missed when a later one broadcasts', () => {
  const a = trio()
  a.hear(1, gossipOf('z', 1, ''))
  a.hear(2, ihaveOf(2, rangeOf('z', 2, 4)))
  a.hear(1, gossipOf('z', 1, '', { incarnation: INCARNATION + 1 }))
  const effects = a.wait(10_000)
  assert.deepEqual(noticesOf(effects, 'drop'), [])
  assert.deepEqual(messagesOf(effects, 'graft'), [])
  assert.deepEqual(a.hear(2, ihaveOf(2, rangeOf('z', 4, 5))), [], 'nor asked for any more')
})

test('what was seen of an origin is remembered longer than its record: others may keep its broadcasts longer', () => {
  const a = trio()
  a.hear(1, recordsOf(recordOf('b', ['a', 'z']), recordOf('z', ['b'])))
  a.hear(1, gossipOf('z', 1, 'hi'))
  a.hear(1, recordsOf(recordOf('b', ['a'], { version: 3 })))
  for (let ms = 0; ms < forgetMs + 10_000; ms += heartbeatMs) {
    for (const link of [1, 2, 3]) a.hear(link, recordsOf())
    a.wait(heartbeatMs)
  }
  assert.equal(a.overlay.directory.get(nodeName('z')), undefined)
  assert.deepEqual(withoutTimers(a.hear(2, ihaveOf(2, rangeOf('z', 1, 2)))), [])
  assert.deepEqual(noticesOf(a.hear(2, gossipOf('z', 1, 'hi')), 'message'), [])
})

// New links.

test('what came before a link did is announced there when its other end asks, once, origin by origin', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const take = (origin: string, sequence: number) => a.hear(1, gossipOf(origin, sequence, ''))
  take('z', 1)
  a.wait(1_000)
  for (const sequence of [2, 3, 4]) for (const origin of ['z', 'y']) take(origin, sequence)
  a.wait(1_000)
  a.befriend(2, 'c')
  a.befriend(3, 'd')
  const catchUp = { type: 'catch-up', withinMs: 1_500 } as const
  assert.deepEqual(withoutTimers(a.hear(2, catchUp)), [
    sent([2], ihaveOf(2, rangeOf('z', 2, 5), rangeOf('y', 2, 5))),
  ])
  assert.deepEqual(a.hear(2, catchUp), [dropped('duplicate', 'catch-up', 2)])
  assert.deepEqual(withoutTimers(a.hear(3, { ...catchUp, withinMs: 900 })), [])
})

test('a catch-up reaches back from the hello that it follows, however long it has been on its way', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.hear(1, gossipOf('z', 1, ''))
  a.wait(100)
  a.meet(2, 'c')
  a.meet(3, 'd')
  for (const link of [4, 5]) a.take({ type: 'link-open', link: linkId(link), dialed: urlOf(`n${link}`) })
  a.wait(500)
  for (const link of [4, 5]) a.hear(link, helloOf(`n${link}`))
  a.wait(500)
  const asked = (link: number, withinMs: number) =>
    withoutTimers(a.hear(link, { type: 'catch-up', withinMs }))
  for (const [exact, tooShort] of [
    [2, 3],
    [4, 5],
  ] as const) {
    assert.deepEqual(asked(exact, 100), [sent([exact], ihaveOf(2, rangeOf('z', 1, 2)))])
    assert.deepEqual(asked(tooShort, 99), [], 'what is older than that was not asked for')
  }
})

test('every new link is asked what came before it: all since the start where the ends were apart, else the latest', () => {
  const a = Rig.started('a')
  const asked = (effects: readonly Effect[]) =>
    messagesOf(effects, 'catch-up').map(({ message }) => message.withinMs)
  a.wait(100_000)
  assert.deepEqual(asked(a.meet(1, 'b')), [100_000], 'the first link')
  a.hear(1, recordsOf(recordOf('b', ['a', 'c'], { version: 9 }), recordOf('c', ['b'])))
  assert.deepEqual(asked(a.meet(2, 'c')), [100_000], 'reached only now')
  a.hear(2, recordsOf(recordOf('c', ['a', 'b'], { version: 9 })))
  for (let i = 0; i < 20; i++) {
    for (const link of [1, 2]) a.hear(link, recordsOf())
    a.wait(heartbeatMs)
  }
  a.take({ type: 'link-closed', link: linkId(2), reason: 'link-lost' })
  assert.deepEqual(asked(a.meet(3, 'c')), [30_000], 'there was a way all the time')
  assert.deepEqual(asked(a.meet(4, 'd', { linkless: true })), [140_000], 'the other end had no link')
})

// Hostile neighbors.

test('announcements of more than there is room for are counted once a range', () => {
  const a = trio()
  const { missingMax } = CORE_DEFAULTS
  const huge = ihaveOf(1, ...Array.from({ length: 256 }, (_, i) => rangeOf(`x${i}`, 1, 1_025)))
  const effects = a.hear(1, huge)
  checkWritable(effects)
  assert.equal(noticesOf(effects, 'drop').length, 256 - missingMax / 1_024)
  const asked = messagesOf(effects, 'graft').flatMap(({ message }) => message.ranges)
  assert.equal(
    asked.reduce((sum, { first, behindLast }) => sum + behindLast - first, 0),
    missingMax,
  )
})

test('a bundle of grafts gets each broadcast and record at most once or so', () => {
  const a = trio()
  for (let sequence = 1; sequence <= 100; sequence++) a.hear(1, gossipOf('z', sequence, ''))
  a.hear(1, recordGossip(recordOf('z', ['b']), 101))
  const all = new Array(256).fill(rangeOf('z', 1, 1_025))
  const records = new Array(256).fill(rangeOf('z', 1, 1_025, { kind: 'record' }))
  const effects = a.hear(2, graftOf(...all), graftOf(...records), graftOf(...all))
  assert.ok(effects.length < 110, `${effects.length} effects`)
  assert.equal(a.hear(2, graftOf(rangeOf('z', 1, 101))).length, 100, 'what is asked for once is sent')
})

test('trees of nodes that nobody knows are not grown by what only concerns trees', () => {
  const a = trio()
  assert.deepEqual(a.hear(1, pruneOf('x'), graftOf(rangeOf('x', 1, 9)), pruneOf('a')), [])
  a.hear(1, graftOf(rangeOf('a', 1, 1)))
  const gossip: Gossip = gossipOf('a', 4, 'hi')
  assert.deepEqual(
    a.take({ type: 'broadcast', id: 1, payload: bytes('hi') })[0],
    sent([1, 2, 3], gossip, 'broadcast'),
  )
})

test('what a full cache announces to one who missed all of it can be waited for', () => {
  const net = new Wired()
  const [a, b] = [net.add('a'), net.add('b')]
  net.wait(1_000)
  a.meet(99, 'x')
  const count = 4_000
  for (let sequence = 1; sequence <= count; sequence++) {
    for (const origin of ['x', 'y', 'z']) a.hear(99, gossipOf(origin, sequence, ''))
  }
  net.connect(a, b)
  net.wait(1_000)
  const effects = net.effects.get(b) ?? []
  assert.equal(noticesOf(effects, 'message').length, 3 * count)
  assert.deepEqual(noticesOf(effects, 'drop'), [])
})
