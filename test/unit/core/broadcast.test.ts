// Broadcasts, through the one door: handed over once, pushed on to all others, and kept until there is a link.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { SendFailure } from '../../../src/core/reasons.ts'
import {
  bytes,
  dropped,
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
  told,
} from '../../support/core-rig.ts'

const { announceDelayMs, deadlineMs, firstBroadcastsMax, heartbeatMs, seenSequencesMax } = CORE_DEFAULTS

const heard = (from: string, text: string, hops = 1) =>
  told({ type: 'message', from: nodeName(from), payload: bytes(text), hops, broadcast: true })
const answer = (id: number, neighbors: number, failure?: SendFailure) =>
  told({ type: 'broadcast-sent', id, neighbors, ...(failure === undefined ? {} : { failure }) })

/** A node with three neighbors. */
function trio(): Rig {
  const a = Rig.started('a')
  for (const [i, name] of ['b', 'c', 'd'].entries()) a.befriend(i + 1, name)
  return a
}

test('a broadcast goes out to every neighbor, as one message', () => {
  const a = trio()
  // Three versions of the own record went before.
  assert.deepEqual(a.take({ type: 'broadcast', id: 7, payload: bytes('hi') }), [
    sent([1, 2, 3], gossipOf('a', 4, 'hi'), 'broadcast'),
    answer(7, 3),
  ])
})

test('a new one is handed over and pushed on, but not back; a second copy is not', () => {
  const a = trio()
  assert.deepEqual(a.hear(2, gossipOf('z', 1, 'hi', { hops: 3, hopsLeft: 9 })), [
    sent([1, 3], gossipOf('z', 1, 'hi', { hops: 4, hopsLeft: 8 }), 'broadcast'),
    heard('z', 'hi', 3),
  ])
  assert.deepEqual(a.hear(1, gossipOf('z', 1, 'hi')), [
    dropped('duplicate', 'broadcast 1 of z', 1),
    sent([1], { type: 'prune', origins: [nodeName('z')] }),
  ])
  assert.deepEqual(a.hear(1, gossipOf('a', 2, 'mine')), [dropped('duplicate', 'broadcast 2 of this node', 1)])
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
    heard('z', 'hi', 64),
  ])
  const [push] = messagesOf(a.hear(1, gossipOf('z', 2, '', { hops: 255, hopsLeft: 1 })), 'gossip')
  assert.equal(push?.message.hops, 255, 'the count stops where its byte ends')
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
      answer(1, 1),
      sent([1], gossipOf('a', 2, 'two'), 'broadcast'),
      answer(2, 1),
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
  const range = {
    kind: 'payload',
    origin: nodeName('z'),
    incarnation: INCARNATION,
    first: 1,
    behindLast: 2,
  } as const
  assert.deepEqual(a.wait(announceDelayMs), [sent([1], { type: 'ihave', ranges: [{ ...range, hops: 2 }] })])
  assert.deepEqual(a.take({ type: 'send-refused', link: linkId(1), message: gossipOf('y', 1, '') }), [
    dropped('queue-full', 'push of broadcast 1 of y', 1),
  ])
  a.take({ type: 'link-closed', link: linkId(1), reason: 'link-lost' })
  const late = a.take({ type: 'send-refused', link: linkId(1), message: push!.message })
  assert.deepEqual(late, [dropped('queue-full', 'push of broadcast 1 of z', 1)], 'nor on a link that is gone')
})
