// Messages for this node, through the one door: handed over once and in order, acknowledged together, refused with a
// reason.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import { ACK_RANGES_MAX } from '../../../src/core/incoming.ts'
import type { Ack, Direct } from '../../../src/core/messages.ts'
import { HELD_OVERHEAD_BYTES } from '../../../src/core/reassembly.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import {
  ackOf,
  bounceOf,
  bytes,
  directOf,
  dropped,
  INCARNATION,
  linkId,
  messagesOf,
  nodeName,
  noticesOf,
  Rig,
  recordOf,
  recordsOf,
  sent,
  told,
} from '../../support/core-rig.ts'

const { heartbeatMs, heldMs, windowMessagesMax } = CORE_DEFAULTS

const handed = (from: string, text: string, hops = 1) =>
  told({ type: 'message', from: nodeName(from), payload: bytes(text), hops, broadcast: false })

/** The message with this number. */
const nth = (sequence: number, fields: Partial<Direct> = {}): Direct =>
  directOf('b', 'a', String(sequence), { sequence, ...fields })

const ack = (cumulative: number, fields: Partial<Ack> = {}): Ack => ackOf('a', 'b', cumulative, fields)

function pair(): Rig {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  return a
}

test('a message is handed over and acknowledged in the same turn', () => {
  assert.deepEqual(pair().hear(1, nth(1)), [handed('b', '1'), sent([1], ack(2))])
})

test('one acknowledgement covers all that came together', () => {
  assert.deepEqual(pair().hear(1, nth(1), nth(2), nth(3)), [
    handed('b', '1'),
    handed('b', '2'),
    handed('b', '3'),
    sent([1], ack(4)),
  ])
})

test('an acknowledgement names what came above a gap', () => {
  const a = pair()
  a.hear(1, nth(1), nth(3), nth(4), nth(7))
  assert.deepEqual(
    messagesOf(a.hear(1, nth(9)), 'ack')[0]?.message,
    ack(2, {
      ranges: [
        [3, 5],
        [7, 8],
        [9, 10],
      ],
    }),
  )
  assert.deepEqual(
    messagesOf(a.hear(1, nth(2)), 'ack')[0]?.message,
    ack(5, {
      ranges: [
        [7, 8],
        [9, 10],
      ],
    }),
  )
})

test('an acknowledgement has at most as many ranges as the wire takes; the rest is told later', () => {
  assert.equal(ACK_RANGES_MAX, LIMITS.ackRangesMax)
  const a = pair()
  const odd = Array.from({ length: ACK_RANGES_MAX + 4 }, (_, i) => nth(2 * i + 3))
  const [first] = messagesOf(a.hear(1, ...odd), 'ack')
  assert.equal(first?.message.ranges.length, ACK_RANGES_MAX)
  assert.deepEqual(first?.message.ranges.at(-1), [2 * ACK_RANGES_MAX + 1, 2 * ACK_RANGES_MAX + 2])
  // The four lowest gaps are filled, so that there is room for the last four.
  const filled = Array.from({ length: 4 }, (_, i) => nth(2 * i + 2))
  const [later] = messagesOf(a.hear(1, nth(1), ...filled), 'ack')
  assert.equal(later?.message.ranges.length, ACK_RANGES_MAX)
  assert.deepEqual(later?.message.ranges.at(-1), [2 * ACK_RANGES_MAX + 9, 2 * ACK_RANGES_MAX + 10])
})

test('a second copy is acknowledged again, and not handed over', () => {
  const a = pair()
  a.hear(1, nth(1))
  assert.deepEqual(a.hear(1, nth(1)), [dropped('duplicate', 'message 1 of b', 1), sent([1], ack(2))])
  assert.deepEqual(a.hear(1, nth(2), nth(2)), [
    handed('b', '2'),
    dropped('duplicate', 'message 2 of b', 1),
    sent([1], ack(3)),
  ])
})

test('messages over paths of different length are acknowledged apart, each with its hops', () => {
  const a = pair()
  assert.deepEqual(a.hear(1, nth(1), nth(2, { hops: 3 }), nth(3, { hops: 3 })), [
    handed('b', '1'),
    sent([1], ack(2)),
    handed('b', '2', 3),
    handed('b', '3', 3),
    sent([1], ack(4, { ackedHops: 3 })),
  ])
})

test('origins are acknowledged each for itself, along the way to it', () => {
  const a = pair()
  a.befriend(2, 'c', ['far'])
  a.hear(2, recordsOf(recordOf('far', ['c'])))
  a.wait(100)
  // It came by way of b, and c is nearer to its origin.
  const effects = a.hear(1, directOf('far', 'a', 'x', { hops: 4 }), nth(1))
  assert.deepEqual(effects.slice(2), [sent([2], ackOf('a', 'far', 2, { ackedHops: 4 })), sent([1], ack(2))])
})

test('what came again is acknowledged along the way that it came: the last acknowledgement may be lost on the best one', () => {
  const a = pair()
  a.befriend(2, 'c', ['b'])
  const linksOf = (...messages: Direct[]) =>
    messagesOf(a.hear(2, ...messages), 'ack').map(({ links }) => links)
  assert.deepEqual(linksOf(nth(1, { hops: 2 })), [[1]], 'new, by whatever way')
  assert.deepEqual(linksOf(nth(1, { hops: 2 })), [[2]])
  assert.deepEqual(linksOf(nth(1, { hops: 2 }), nth(2, { hops: 2 })), [[1]])
})

test('an origin that is not known yet is answered along the link its message came over', () => {
  const a = pair()
  const effects = a.hear(1, directOf('stranger', 'a', 'x', { hops: 2 }))
  assert.deepEqual(effects, [
    handed('stranger', 'x', 2),
    sent([1], ackOf('a', 'stranger', 2, { ackedHops: 2 })),
  ])
})

test('what comes early waits for its turn', () => {
  const a = pair()
  assert.deepEqual(a.hear(1, nth(2), nth(4)), [
    sent(
      [1],
      ack(1, {
        ranges: [
          [2, 3],
          [4, 5],
        ],
      }),
    ),
  ])
  assert.equal(a.overlay.held.messages, 2)
  assert.deepEqual(a.hear(1, nth(4)), [
    dropped('duplicate', 'message 4 of b', 1),
    sent(
      [1],
      ack(1, {
        ranges: [
          [2, 3],
          [4, 5],
        ],
      }),
    ),
  ])
  assert.deepEqual(a.hear(1, nth(1)), [
    handed('b', '1'),
    handed('b', '2'),
    sent([1], ack(3, { ranges: [[4, 5]] })),
  ])
  assert.deepEqual(a.hear(1, nth(3)), [handed('b', '3'), handed('b', '4'), sent([1], ack(5))])
  assert.deepEqual(a.overlay.held, { messages: 0, bytes: 0 })
})

test('what waited is told with its own hops, and a copy that was not handed over says nothing of them', () => {
  const a = pair()
  const effects = a.hear(1, nth(2, { hops: 3 }), nth(3, { hops: 3 }), nth(1, { hops: 2 }))
  assert.deepEqual(effects, [
    handed('b', '1', 2),
    sent([1], ack(2, { ackedHops: 2, ranges: [[3, 4]] })),
    handed('b', '2', 3),
    handed('b', '3', 3),
    sent([1], ack(4, { ackedHops: 3 })),
  ])
})

test('what waits is a copy: its bytes are not those of the whole bundle', () => {
  const a = pair()
  const bundle = new Uint8Array(65_536)
  bundle.fill(7, 100, 103)
  a.hear(1, nth(2, { payload: bundle.subarray(100, 103) }))
  bundle.fill(0)
  const { payload } = noticesOf(a.hear(1, nth(1)), 'message')[1] ?? {}
  assert.deepEqual([payload, payload?.buffer.byteLength], [Uint8Array.of(7, 7, 7), 3])
})

test('what waits is bounded in bytes: beyond that it comes back, and what is missing is taken all the same', () => {
  const size = 1_000
  const a = Rig.started('a', { config: { heldBytesMax: 2 * (size + HELD_OVERHEAD_BYTES) } })
  a.befriend(1, 'b')
  a.befriend(2, 'c')
  const large = (origin: string, sequence: number) => directOf(origin, 'a', 'x'.repeat(size), { sequence })
  a.hear(1, large('b', 2))
  a.hear(2, large('c', 2))
  assert.deepEqual(a.hear(1, large('b', 3)), [
    dropped('queue-full', 'message 3 from b to a', 1),
    sent([1], bounceOf(['a', 'b', 'a'], 'queue-full', { sequence: 3 })),
  ])
  assert.equal(noticesOf(a.hear(1, large('b', 1)), 'message').length, 2)
  assert.equal(messagesOf(a.hear(2, large('c', 3)), 'bounce').length, 0, 'there is room again')
})

test('what its sender gave up is not waited for, and not handed over when it was here already', () => {
  const a = pair()
  a.hear(1, nth(2), nth(4), nth(5), nth(7))
  assert.deepEqual(a.hear(1, nth(8, { floor: 4 })), [
    dropped('expired', 'message 2 of b', 1),
    handed('b', '4'),
    handed('b', '5'),
    sent([1], ack(6, { ranges: [[7, 9]] })),
  ])
  // As its sender says it when no other message does: the lowest that is open comes again.
  assert.deepEqual(a.hear(1, nth(7, { floor: 7 })), [
    handed('b', '7'),
    handed('b', '8'),
    dropped('duplicate', 'message 7 of b', 1),
    sent([1], ack(9)),
  ])
})

test('a later run of the origin ends the waiting of the earlier one', () => {
  const a = pair()
  a.hear(1, nth(2), nth(3))
  assert.deepEqual(a.hear(1, nth(1, { originIncarnation: INCARNATION + 1 })), [
    dropped('stale-incarnation', 'message 2 of b'),
    dropped('stale-incarnation', 'message 3 of b'),
    handed('b', '1'),
    sent([1], ack(2, { destinationIncarnation: INCARNATION + 1 })),
  ])
})

test('what waits is let go when nothing comes of its origin any more, and taken when it comes again', () => {
  const a = pair()
  a.hear(1, nth(2))
  a.take({ type: 'link-closed', link: linkId(1), reason: 'link-lost' })
  assert.deepEqual(noticesOf(a.wait(heldMs - heartbeatMs), 'drop'), [])
  assert.deepEqual(noticesOf(a.wait(2 * heartbeatMs), 'drop'), [
    { type: 'drop', reason: 'expired', detail: 'message 2 of b' },
  ])
  assert.deepEqual(a.overlay.held, { messages: 0, bytes: 0 })
  a.befriend(2, 'b')
  assert.deepEqual(messagesOf(a.hear(2, nth(2)), 'ack')[0]?.message, ack(1, { ranges: [[2, 3]] }))
  assert.deepEqual(noticesOf(a.hear(2, nth(1)), 'message').length, 2)
})

test('an origin that goes on repeating what is missing is waited for', () => {
  const a = pair()
  a.hear(1, nth(2))
  for (let ms = 0; ms < 2 * heldMs; ms += 5_000) {
    a.wait(5_000)
    a.hear(1, { type: 'heartbeat', clock: 1, echo: 0, heldUs: 0, hash: { high: 0, low: 0 } }, nth(2))
  }
  assert.equal(a.overlay.held.messages, 1)
})

test('what waits when the node leaves is counted', () => {
  const a = pair()
  a.hear(1, nth(2))
  assert.deepEqual(noticesOf(a.take({ type: 'leave' }), 'drop'), [
    { type: 'drop', reason: 'shutting-down', detail: 'message 2 of b' },
  ])
  assert.deepEqual(a.overlay.held, { messages: 0, bytes: 0 })
})

test('invented origins that make room for each other leave nothing behind', () => {
  const a = Rig.started('a', { config: { directoryNodesMax: 2, heldBytesMax: 1e9 } })
  a.befriend(1, 'b')
  const count = 1_024 + 2 + 10
  const dropped: string[] = []
  for (let i = 0; i < count; i++) {
    const effects = a.hear(1, directOf(`invented${i}`, 'a', 'x', { sequence: 2 }))
    dropped.push(...noticesOf(effects, 'drop').map(({ reason }) => reason))
  }
  assert.deepEqual(
    dropped,
    Array.from({ length: 10 }, () => 'queue-full'),
  )
  assert.equal(a.overlay.held.messages, count - 10)
})

test('the floor moves the window on past what its sender gave up', () => {
  const a = pair()
  assert.deepEqual(messagesOf(a.hear(1, nth(10, { floor: 10 })), 'ack')[0]?.message, ack(11))
  assert.deepEqual(
    noticesOf(a.hear(1, nth(4, { floor: 4 })), 'message'),
    [],
    'what was given up is not handed over late',
  )
})

test('a message beyond the window is refused, and nothing is acknowledged for it', () => {
  const a = pair()
  const sequence = windowMessagesMax + 1
  assert.deepEqual(a.hear(1, nth(sequence)), [
    dropped('queue-full', `message ${sequence} from b to a`, 1),
    sent([1], bounceOf(['a', 'b', 'a'], 'queue-full', { sequence })),
  ])
})

test('a message for an earlier run of this node comes back as peer-left; for any run it is taken', () => {
  const a = pair()
  assert.deepEqual(a.hear(1, nth(1, { destinationIncarnation: INCARNATION - 1 })), [
    dropped('peer-left', 'message 1 from b to a', 1),
    sent([1], bounceOf(['a', 'b', 'a'], 'peer-left')),
  ])
  assert.equal(noticesOf(a.hear(1, nth(1, { destinationIncarnation: 0 })), 'message').length, 1)
})

test('a later run of an origin starts anew; its earlier run is not listened to any more', () => {
  const a = pair()
  a.hear(1, nth(1), nth(2))
  const effects = a.hear(1, nth(1, { originIncarnation: INCARNATION + 1 }))
  assert.deepEqual(effects, [
    handed('b', '1'),
    sent([1], ack(2, { destinationIncarnation: INCARNATION + 1 })),
  ])
  assert.deepEqual(
    a.hear(1, nth(3, { hops: 6 })),
    [
      dropped('stale-incarnation', 'message 3 of b', 1),
      sent([1], ack(2, { destinationIncarnation: INCARNATION + 1 })),
    ],
    'and is told of the later one',
  )
})

test('the latest run of a node is known by its record, and before that comes by its messages', () => {
  const a = pair()
  const { overlay } = a
  const [b, c] = [nodeName('b'), nodeName('c')]
  assert.deepEqual([overlay.runOf(b), overlay.runOf(c)], [INCARNATION, 0])
  a.hear(1, nth(1, { originIncarnation: INCARNATION + 1 }))
  a.hear(1, directOf('c', 'a', 'hello'))
  assert.deepEqual([overlay.runOf(b), overlay.runOf(c)], [INCARNATION + 1, INCARNATION])
  a.hear(1, recordsOf(recordOf('b', ['a'], { incarnation: INCARNATION + 2 })))
  assert.equal(overlay.runOf(b), INCARNATION + 2)
})

test('a message is handed over once, even when its origin was unreachable for longer than records are kept', () => {
  const a = pair()
  a.hear(1, nth(1))
  a.take({ type: 'link-closed', link: linkId(1), reason: 'link-lost' })
  a.wait(CORE_DEFAULTS.forgetMs + 60_000)
  assert.equal(a.overlay.directory.get(nodeName('b')), undefined, 'forgotten')
  a.befriend(2, 'b')
  assert.deepEqual(noticesOf(a.hear(2, nth(1)), 'message'), [])
})

test('an origin that was forgotten is remembered until its longest deadline has passed, and not for ever', () => {
  const a = pair()
  a.hear(1, nth(1))
  a.befriend(2, 'c')
  a.take({ type: 'link-closed', link: linkId(1), reason: 'link-lost' })
  a.wait(CORE_DEFAULTS.forgetMs + CORE_DEFAULTS.deadlineMaxMs)
  // Only the next forgetting of somebody looks at it.
  a.befriend(3, 'd')
  a.take({ type: 'link-closed', link: linkId(3), reason: 'link-lost' })
  a.wait(CORE_DEFAULTS.forgetMs + 60_000)
  a.befriend(4, 'b')
  assert.equal(noticesOf(a.hear(4, nth(1)), 'message').length, 1)
})

test('what the application does not take is refused, early or not, and held up by nothing when it is given up', () => {
  const a = pair()
  const isOne = (payload: Uint8Array, sequence: number) => String(bytes(String(sequence))) === String(payload)
  const refused = (sequence: number) => bounceOf(['a', 'b', 'a'], 'refused', { sequence })
  const notTaken = (sequence: number) => dropped('queue-full', `message ${sequence} from b to a`, 1)
  a.takes = (payload) => !isOne(payload, 1) && !isOne(payload, 3)
  const effects = a.hear(1, nth(1), nth(2), nth(3), nth(4))
  assert.deepEqual(effects, [
    notTaken(1),
    sent([1], refused(1)),
    notTaken(3),
    sent([1], refused(3)),
    sent(
      [1],
      ack(1, {
        ranges: [
          [2, 3],
          [4, 5],
        ],
      }),
    ),
  ])
  // Its origin has given up both, and says so with the next messages.
  assert.deepEqual(a.hear(1, nth(5, { floor: 2 })), [
    handed('b', '2'),
    sent([1], ack(3, { ranges: [[4, 6]] })),
  ])
  assert.deepEqual(a.hear(1, nth(6, { floor: 4 })), [
    handed('b', '4'),
    handed('b', '5'),
    handed('b', '6'),
    sent([1], ack(7)),
  ])
})

test('what was held is refused when the application does not take it any more, and taken when it comes again', () => {
  const a = pair()
  a.hear(1, nth(2))
  a.takes = (payload) => String(payload) !== String(bytes('2'))
  assert.deepEqual(a.hear(1, nth(1)), [
    handed('b', '1'),
    dropped('queue-full', 'message 2 from b to a', 1),
    sent([1], bounceOf(['a', 'b', 'a'], 'refused', { sequence: 2 })),
    sent([1], ack(2)),
  ])
  a.takes = () => true
  assert.deepEqual(a.hear(1, nth(2)), [handed('b', '2'), sent([1], ack(3))])
})

test('what a node sends to itself fails when its application does not take it', () => {
  const a = pair()
  a.takes = () => false
  const effects = a.take({ type: 'send', id: 7, to: nodeName('a'), payload: bytes('x') })
  const outcome = { status: 'failed', reason: 'queue-full', at: nodeName('a') } as const
  assert.deepEqual(effects, [told({ type: 'outcome', id: 7, outcome, sentAs: undefined })])
})
