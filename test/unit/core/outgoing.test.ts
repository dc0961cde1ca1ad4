// One destination's queue, window and timeouts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS, type CoreConfig } from '../../../src/core/config.ts'
import { Outgoing } from '../../../src/core/outgoing.ts'
import { newPending, type Pending } from '../../../src/core/send-queue.ts'
import { linkId, nodeName } from '../../support/core-rig.ts'

const { retransmitInitialMs, retransmitMaxMs, retransmitMinMs } = CORE_DEFAULTS

const outgoing = (config: Partial<CoreConfig> = {}): Outgoing =>
  new Outgoing(nodeName('b'), { ...CORE_DEFAULTS, ...config })

const pending = (id: number, size = 1, deadlineMs = 10_000): Pending =>
  newPending(id, new Uint8Array(size), deadlineMs)

/** Everything that the window has room for, sent once at this time. */
function sendAll(of: Outgoing, nowMs = 0): number[] {
  const ids: number[] = []
  for (let next = of.next(); next !== undefined; next = of.next()) {
    of.sent(next, linkId(1), nowMs)
    ids.push(next.id)
  }
  return ids
}

const ids = (settled: readonly Pending[]): number[] => settled.map(({ id }) => id)

test('messages leave in order, each with the next number', () => {
  const of = outgoing()
  for (const id of [11, 12, 13]) assert.ok(of.enqueue(pending(id)))
  assert.equal(of.queued, 3)
  assert.deepEqual(sendAll(of), [11, 12, 13])
  assert.deepEqual(
    [...of.inFlight.values()].map(({ id, sequence }) => [id, sequence]),
    [
      [11, 1],
      [12, 2],
      [13, 3],
    ],
  )
  assert.deepEqual([of.queued, of.isIdle], [0, false])
})

test('the window bounds what is on its way, in messages and in bytes', () => {
  const byCount = outgoing({ windowMessagesMax: 2 })
  for (const id of [1, 2, 3]) byCount.enqueue(pending(id))
  assert.deepEqual(sendAll(byCount), [1, 2])
  assert.deepEqual(ids(byCount.acknowledge(2, [], 10)), [1])
  assert.deepEqual(sendAll(byCount), [3])

  const byBytes = outgoing({ windowBytesMax: 100 })
  for (const [id, size] of [
    [1, 60],
    [2, 60],
    [3, 500],
  ] as const)
    byBytes.enqueue(pending(id, size))
  assert.deepEqual(sendAll(byBytes), [1])
  byBytes.acknowledge(2, [], 10)
  assert.deepEqual(sendAll(byBytes), [2])
  byBytes.acknowledge(3, [], 20)
  assert.deepEqual(sendAll(byBytes), [3], 'one larger than the window goes alone')
})

test('the window does not run ahead of the oldest message without an answer', () => {
  const of = outgoing({ windowMessagesMax: 3 })
  for (const id of [1, 2, 3, 4, 5]) of.enqueue(pending(id))
  assert.deepEqual(sendAll(of), [1, 2, 3])
  for (const sequence of [2, 3]) of.remove(of.inFlight.get(sequence)!)
  assert.equal(of.floor, 1)
  assert.deepEqual(sendAll(of), [], 'the receiver tells only three apart')
  of.acknowledge(2, [], 10)
  assert.equal(of.floor, 4)
  assert.deepEqual(sendAll(of), [4, 5])
})

test('the queue is bounded in messages and in bytes', () => {
  const byCount = outgoing({ queueMessagesMax: 2 })
  assert.deepEqual(
    [1, 2, 3].map((id) => byCount.enqueue(pending(id))),
    [true, true, false],
  )
  const byBytes = outgoing({ queueBytesMax: 100 })
  assert.deepEqual(
    [500, 1].map((size, id) => byBytes.enqueue(pending(id, size))),
    [true, false],
    'a large one fits alone',
  )
  sendAll(byBytes)
  assert.equal(byBytes.enqueue(pending(3, 100)), true, 'what is on its way does not count')
})

test('an acknowledgement settles what was handed over, once, and notes what is held', () => {
  const of = outgoing()
  for (let id = 1; id <= 8; id++) of.enqueue(pending(id))
  sendAll(of)
  const held = (): number[] => [...of.inFlight.values()].flatMap(({ id, isHeld }) => (isHeld ? [id] : []))
  assert.deepEqual(
    ids(
      of.acknowledge(
        3,
        [
          [5, 6],
          [7, 9],
        ],
        10,
      ),
    ),
    [1, 2],
  )
  assert.deepEqual(held(), [5, 7, 8])
  assert.deepEqual(
    ids(
      of.acknowledge(
        3,
        [
          [5, 6],
          [7, 9],
        ],
        20,
      ),
    ),
    [],
  )
  assert.deepEqual(ids(of.acknowledge(6, [[7, 9]], 30)), [3, 4, 5])
  assert.equal(of.floor, 6)
  assert.deepEqual(held(), [7, 8], 'an acknowledgement need not name all that is held')
  of.acknowledge(6, [], 40)
  assert.deepEqual(held(), [7, 8])
  of.acknowledge(7, [], 50)
  assert.deepEqual(held(), [], 'but one that asks for what was held is believed')
})

test('what is held has no timeout, but for the lowest', () => {
  const of = outgoing()
  for (const id of [1, 2, 3]) of.enqueue(pending(id, 1, 100_000))
  sendAll(of)
  of.acknowledge(1, [[2, 4]], 50)
  const again = (): number[] => ids([...of.inFlight.values()].filter((message) => of.goesAgain(message)))
  assert.deepEqual(again(), [1])
  assert.equal(of.nextDueMs(), retransmitInitialMs, 'as it was when they were sent')
  of.remove(of.lowest!)
  assert.deepEqual(again(), [2], 'that tells the receiver of the floor')
  assert.ok(of.isStuck)
  of.announceFloor()
  assert.equal(of.isStuck, false)
})

test('the round trip is that of the newest message that an acknowledgement tells of, held or handed over', () => {
  const of = outgoing()
  for (const id of [1, 2]) of.enqueue(pending(id))
  sendAll(of, 0)
  of.acknowledge(1, [[2, 3]], 40)
  assert.equal(of.rttMs, 40)
  of.inFlight.get(1)!.sends = 2
  assert.deepEqual(ids(of.acknowledge(3, [], 5_000)), [1, 2])
  assert.equal(of.rttMs, 40, 'how long 2 was held says nothing')
})

test('what was overtaken by three is lost, as far as is told', () => {
  const of = outgoing()
  for (let id = 1; id <= 10; id++) of.enqueue(pending(id))
  sendAll(of)
  const overtaken = (...ranges: [number, number][]): number[] => {
    of.acknowledge(1, ranges, 10)
    return ids(of.overtaken(ranges))
  }
  assert.deepEqual(overtaken([3, 5]), [])
  assert.deepEqual(overtaken([3, 6]), [1, 2])
  assert.deepEqual(overtaken([3, 6], [7, 10]), [6], 'each once')
  of.inFlight.get(10)!.sends = 2
  assert.deepEqual(
    overtaken([11, 2 ** 48 - 1]),
    [],
    'what went again has its timeout; beyond the last there is nothing',
  )
})

test('an acknowledgement of what was never sent, up to the end of all numbers, settles only what was', () => {
  const of = outgoing()
  of.enqueue(pending(1))
  sendAll(of)
  assert.deepEqual(ids(of.acknowledge(2 ** 48 - 1, [[2 ** 47, 2 ** 48 - 1]], 10)), [1])
  of.enqueue(pending(2))
  assert.deepEqual(sendAll(of), [2])
})

test('before a measurement the timeout is the initial one, and it doubles with each try', () => {
  const of = outgoing()
  of.enqueue(pending(1))
  const message = of.next()
  assert.ok(message !== undefined)
  const timeouts = [1, 2, 3, 4, 5, 20].map(
    (sends) => of.retransmitMs({ ...message, sends, sentMs: 100 }) - 100,
  )
  assert.deepEqual(timeouts, [
    retransmitInitialMs,
    2_000,
    4_000,
    retransmitMaxMs,
    retransmitMaxMs,
    retransmitMaxMs,
  ])
})

test('the timeout follows the measured round trip, within its bounds', () => {
  const of = outgoing()
  const measure = (rttMs: number): void => {
    of.enqueue(pending(1))
    sendAll(of, 1_000)
    of.acknowledge(of.floor + 1, [], 1_000 + rttMs)
  }
  measure(100)
  assert.deepEqual([of.rttMs, of.timeoutMs], [100, 100 + 4 * 50], 'RFC 6298, rule 2.2')
  measure(180)
  assert.deepEqual([of.rttMs, of.timeoutMs], [110, 110 + 4 * (37.5 + 20)], 'and rule 2.3')
  for (let i = 0; i < 100; i++) measure(1)
  assert.equal(of.timeoutMs, retransmitMinMs)
  for (let i = 0; i < 100; i++) measure(60_000)
  assert.equal(of.timeoutMs, retransmitMaxMs)
})

test('a message that was sent twice is not measured (Karn)', () => {
  const of = outgoing()
  of.enqueue(pending(1))
  const message = of.next()
  assert.ok(message !== undefined)
  message.sends = 2
  assert.deepEqual(ids(of.acknowledge(2, [], 5_000)), [1])
  assert.equal(of.rttMs, undefined)
})

test('what is past its deadline is taken out, wherever it is', () => {
  const of = outgoing({ windowMessagesMax: 2 })
  for (const [id, deadlineMs] of [
    [1, 500],
    [2, 100],
    [3, 100],
    [4, 500],
    [5, 100],
  ] as const)
    of.enqueue(pending(id, 1, deadlineMs))
  sendAll(of)
  assert.equal(of.nextDueMs(), 100)
  assert.deepEqual(ids(of.expire(99)), [])
  assert.deepEqual(ids(of.expire(100)), [2, 3, 5])
  assert.deepEqual([of.inFlight.size, of.queued], [1, 1])
  assert.equal(of.nextDueMs(), 500)
  assert.deepEqual(ids(of.expire(500)), [1, 4])
  assert.equal(of.nextDueMs(), undefined)
  assert.ok(of.isIdle)
})

test('a message that is put back leaves first, under a new number', () => {
  const of = outgoing({ windowMessagesMax: 2 })
  for (const id of [1, 2, 3]) of.enqueue(pending(id))
  sendAll(of)
  const first = of.inFlight.get(1)
  assert.ok(first !== undefined)
  of.requeue(first)
  assert.equal(first.sends, 0)
  assert.deepEqual(sendAll(of), [1], 'only the place that it left is free')
  assert.deepEqual(
    [...of.inFlight.values()].map(({ id, sequence }) => [id, sequence]),
    [
      [2, 2],
      [1, 3],
    ],
  )
})

test('a long queue keeps its order and its count while it drains', () => {
  const of = outgoing({ windowMessagesMax: 1 })
  const order: number[] = []
  for (let id = 0; id < 1_000; id++) of.enqueue(pending(id))
  for (let settled = sendAll(of); settled.length > 0; settled = sendAll(of)) {
    order.push(...settled)
    assert.equal(of.queued, 1_000 - order.length)
    if (order.length % 3 === 0) of.enqueue(pending(10_000 + order.length))
    if (order.length > 900) break
    of.acknowledge(of.floor + 1, [], 1)
    if (order.length % 3 === 0)
      of.drainQueue().forEach((message) => void (message.id < 10_000 && of.enqueue(message)))
  }
  assert.deepEqual(
    order,
    Array.from({ length: order.length }, (_, i) => i),
  )
})

test('everything can be taken out', () => {
  const of = outgoing({ windowMessagesMax: 2 })
  for (const id of [1, 2, 3]) of.enqueue(pending(id))
  sendAll(of)
  assert.deepEqual(ids(of.drainQueue()), [3])
  assert.deepEqual(ids(of.drainInFlight()), [1, 2])
  assert.ok(of.isIdle)
})
