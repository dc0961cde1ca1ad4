// Requests under faults, in test networks: whose answer is whose, and who need not answer any more.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { insideOf } from '../../../src/node/inside.ts'
import { createTestNetwork } from '../../../src/testing/test-network.ts'
import { VirtualTimers } from '../../../src/testing/virtual-timers.ts'

test('an answer to a run that is gone is not taken for one to the next', async () => {
  await using net = createTestNetwork()
  const [a, b] = await net.start(['a', 'b'])
  await net.settled()
  const first = Promise.withResolvers<string>()
  const asked: unknown[] = []
  b.handle(({ value }) => {
    asked.push(value)
    return value === 'first' ? first.promise : new Promise(() => {})
  })
  void a.request('b', 'first', { deadlineMs: 60_000 })
  await net.until(() => asked.length === 1)
  net.crash('a')
  const again = await net.restart('a')
  await net.settled()
  const second = again.request('b', 'second', { deadlineMs: 5_000 })
  await net.until(() => asked.length === 2)
  first.resolve('of the first')
  const answer = await second
  assert.deepEqual([answer.status, 'reason' in answer && answer.reason], ['failed', 'expired'])
})

test('a receipt for a run that is gone does not count for the next', async () => {
  await using net = createTestNetwork({ seed: 1, latencyMs: 10, config: { windowMessagesMax: 1 } })
  const [a, b] = await net.start(['a', 'b'])
  await net.settled()
  const got: unknown[] = []
  b.on('message', ({ value }) => {
    got.push(value)
    // It is on its way when a crashes, and the receipt waits behind it, for whoever has the name then.
    if (value === 'first') void b.send('a', 'so I hear')
  })
  void a.broadcast('first', { receipts: true })
  await net.until(() => got.length === 1)
  net.crash('a')
  const again = await net.restart('a')
  await net.until(() => again.peers().length === 1)
  net.slow('b', 10)
  const answer = await again.broadcast('second', { receipts: true, deadlineMs: 1_000 })
  assert.deepEqual(got, ['first'])
  assert.deepEqual(answer.status === 'sent' && answer.receipts, [])
})

test('who asks for more than a message can carry is told so at once', async () => {
  await using net = createTestNetwork()
  const [a, b] = await net.start(['a', 'b'])
  await net.settled()
  b.handle(() => new Uint8Array(2 ** 21))
  const sinceMs = net.nowMs
  const answer = await a.request('b', 'everything')
  assert.ok(net.nowMs - sinceMs < 1_000)
  assert.equal(answer.status === 'failed' && answer.reason, 'handler-failed')
  assert.match(answer.status === 'failed' ? (answer.error ?? '') : '', /too large: 20971\d\d bytes/)
})

test('nothing listens to a signal any more when its request is answered, also by the node itself', async () => {
  await using net = createTestNetwork()
  const [a, b] = await net.start(['a', 'b'])
  await net.settled()
  b.handle(() => 'well')
  const { signal } = new AbortController()
  assert.equal((await a.request('b', 'how are you?', { signal })).status, 'answered')
  assert.equal((await a.request('a', 'how am I?', { signal })).status, 'failed')
  a.handle(() => 'well')
  assert.equal((await a.request('a', 'how am I?', { signal })).status, 'answered')
  assert.equal((await a.history('#', { from: 'b', signal })).status, 'failed')
  await net.advance(1_000)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a question does not arrive once its asker was told that it failed', async () => {
  await using net = createTestNetwork()
  const [a, b] = await net.start(['a', 'b'])
  await net.settled()
  const asked: unknown[] = []
  b.handle(({ value }) => {
    asked.push(value)
    return null
  })
  net.partition(['a'], ['b'])
  const giveUp = new AbortController()
  const request = a.request('b', 'are you there?', { deadlineMs: 120_000, signal: giveUp.signal })
  await net.until(() => a.peers().length === 0)
  await net.advance(2_000)
  giveUp.abort()
  const answer = await request
  assert.equal(answer.status === 'failed' && answer.reason, 'cancelled')
  net.heal()
  await net.settled()
  await net.advance(30_000)
  assert.deepEqual(asked, [])
})

test('a question that did not arrive before a crash goes to the next run, as a message does', async () => {
  await using net = createTestNetwork()
  const [a, b] = await net.start(['a', 'b', 'c'])
  b.handle(() => 'of the first run')
  await net.settled()
  const left: string[] = []
  a.on('peer-leave', ({ name }) => left.push(name))
  net.crash('b')
  await net.advance(500)
  const [sent, request] = [a.send('b', 'a message'), a.request('b', 'a question')]
  await net.until(() => left.length === 1)
  const again = await net.restart('b')
  again.handle(() => 'of the next run')
  assert.equal((await sent).status, 'delivered')
  const answer = await request
  assert.equal(answer.status === 'answered' && answer.value, 'of the next run')
})

test('a question to a node that is gone and does not come back ends at its deadline', async () => {
  await using net = createTestNetwork()
  const [a] = await net.start(['a', 'b'])
  await net.settled()
  net.crash('b')
  const sinceMs = net.nowMs
  const answer = await a.request('b', 'are you there?', { deadlineMs: 5_000 })
  assert.equal(answer.status, 'failed')
  const tookMs = net.nowMs - sinceMs
  assert.ok(tookMs <= 5_050, `${tookMs} ms`)
})

/** A network in which `asker` has asked `b` so often what it does not answer, each with a deadline of ten minutes. */
async function askedInVain(count: number) {
  const net = createTestNetwork()
  const [asker, b, c] = await net.start(['asker', 'b', 'c'])
  const signals: AbortSignal[] = []
  b.handle(({ value, signal }) => {
    if (value === 'quick') return 'at once'
    signals.push(signal)
    return new Promise(() => {})
  })
  await net.settled()
  const { signal, ...giveUp } = withAbort()
  const asked = Array.from({ length: count }, (_, n) =>
    asker.request('b', n, { deadlineMs: 600_000, signal }),
  )
  return { net, asker, b, c, signals, asked, ...giveUp }
}

function withAbort() {
  const controller = new AbortController()
  return { signal: controller.signal, giveUp: () => controller.abort() }
}

test('an asker that crashes holds no places; before that, others are answered as well', async () => {
  const { net, b, c, signals } = await askedInVain(6_000)
  await using _ = net
  // More than one asker may have: the rest was turned away.
  await net.until(() => signals.length === 5_000)
  assert.equal((await c.request('b', 'quick')).status, 'answered')
  net.crash('asker')
  await net.until(() => signals.every(({ aborted }) => aborted))
  assert.equal(insideOf(b).conversation.inspect().answering, 0)
})

test('what an asker gives up before its deadline ends at the receiver as well, and counts as nothing', async () => {
  const { net, asker, b, signals, asked, giveUp } = await askedInVain(100)
  await using _ = net
  await net.until(() => signals.length === 100)
  // Until the questions are acknowledged.
  await net.advance(1_000)
  const counted = () => [asker.stats().sent.direct, b.stats().received.direct]
  const before = counted()
  giveUp()
  await net.until(() => signals.every(({ aborted }) => aborted))
  for (const answer of await Promise.all(asked)) {
    assert.equal(answer.status === 'failed' && answer.reason, 'cancelled')
  }
  assert.equal(insideOf(b).conversation.inspect().answering, 0)
  await net.advance(1_000)
  assert.deepEqual(counted(), before)
  assert.deepEqual(b.drops().expired, undefined)
})

test('a history larger than the queues is given all the same, in its order', async () => {
  await using net = createTestNetwork({ config: { queueMessagesMax: 2, windowMessagesMax: 1 } })
  await net.start(['keeper'], { history: 50 })
  const [writer] = await net.start(['writer'])
  await net.settled()
  for (let count = 0; count < 40; count++) await writer.publish('news', count)
  await net.advance(1_000)
  const [late] = await net.start(['late'])
  await net.settled()
  const answer = await late.history('news', { from: 'keeper' })
  assert.equal(answer.status, 'complete')
  assert.deepEqual(
    answer.messages.map(({ value }) => value),
    Array.from({ length: 40 }, (_, count) => count),
  )
})

test('answers wait for room where the queue is small', async () => {
  await using net = createTestNetwork({ config: { queueMessagesMax: 2, windowMessagesMax: 1 } })
  const [a, b, c] = await net.start(['a', 'b', 'c'])
  await net.settled()
  const due = Promise.withResolvers<void>()
  c.handle(async ({ value }) => {
    await due.promise
    return value
  })
  const asked = [a, b].flatMap((asker) => [1, 2, 3].map((question) => asker.request('c', question)))
  await net.advance(500)
  for (let more = 4; more <= 6; more++) asked.push(a.request('c', more))
  await net.advance(500)
  due.resolve()
  const answers = await Promise.all(asked)
  assert.deepEqual(
    answers.map((answer) => answer.status === 'answered' && answer.value),
    [1, 2, 3, 1, 2, 3, 4, 5, 6],
  )
})

test('a node may crash while it waits for an answer', async (t) => {
  await using net = createTestNetwork()
  const [a, b] = await net.start(['a', 'b'])
  await net.settled()
  b.handle(() => new Promise(() => {}))
  void a.request('b', 'a long one', { deadlineMs: 10_000 })
  await net.advance(100)
  const { prototype } = VirtualTimers
  const wait = t.mock.method(prototype, 'wait')
  net.crash('a')
  // It went round for ever: that it was told that its time was over made it wait anew.
  wait.mock.mockImplementation(async () => {
    assert.fail('a process that is gone waits for something')
  })
  await net.advance(20_000)
  assert.equal(wait.mock.callCount(), 0)
})
