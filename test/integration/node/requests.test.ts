// Requests and their answers, on virtual time: an answer comes, or the reason why none does, always once.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { JsonValue, Node } from '../../../src/index.ts'
import { insideOf } from '../../../src/node/inside.ts'
import { createTestNetwork } from '../../../src/testing/test-network.ts'

/** A network of four that has come to rest. */
async function four(t: TestContext) {
  const net = createTestNetwork()
  t.after(() => net.close())
  const nodes = await net.start(['a', 'b', 'c', 'd'])
  await net.settled()
  return { net, nodes }
}

/** What is not of the way. */
const essence = (answer: Awaited<ReturnType<Node['request']>>) => {
  if (answer.status === 'failed') return answer
  const { status, from, value } = answer
  return { status, from, value }
}

describe('requests', { concurrency: true }, () => {
  test('an answer is what the handler gives, whatever JSON or bytes it is, at once or later', async (t) => {
    const { net, nodes } = await four(t)
    const [a, b] = nodes
    const sleep = net.sleepOf('b')
    b.handle(async ({ value, from, hops, sender, withinMs }) => {
      if (value === 'late') await sleep(700)
      if (value === 'nothing') return undefined
      if (value === 'bytes') return new Uint8Array([1, 2, 3])
      return { echo: value as JsonValue, from, hops, sender: sender ?? null, withinMs }
    })
    const ask = async (value: string, options = {}) => essence(await a.request('b', value, options))
    const echo = { from: 'a', hops: 1, sender: null, withinMs: 10_000 }
    assert.deepEqual(await ask('x'), { status: 'answered', from: 'b', value: { echo: 'x', ...echo } })
    assert.deepEqual(await ask('nothing'), { status: 'answered', from: 'b', value: null })
    assert.deepEqual(await ask('bytes'), { status: 'answered', from: 'b', value: new Uint8Array([1, 2, 3]) })
    const [late, soon] = [a.request('b', 'late'), a.request('b', 'soon', { sender: 'me', deadlineMs: 900 })]
    const order: string[] = []
    for (const [name, promise] of [
      ['late', late],
      ['soon', soon],
    ] as const) {
      void promise.then(() => order.push(name))
    }
    const answer = await late
    assert.ok(answer.status === 'answered' && answer.rttMs >= 700 && answer.rttMs < 800)
    assert.deepEqual(essence(await soon), {
      status: 'answered',
      from: 'b',
      value: { echo: 'soon', from: 'a', hops: 1, sender: 'me', withinMs: 900 },
    })
    assert.deepEqual(order, ['soon', 'late'])
    assert.deepEqual([a.drops().expired, b.drops().expired], [undefined, undefined])
  })

  test('no handler is an answer and no time-out; what a handler throws travels back', async (t) => {
    const { net, nodes } = await four(t)
    const [a, b] = nodes
    const startMs = net.nowMs
    assert.deepEqual(await a.request('b', 1), {
      status: 'failed',
      reason: 'no-handler',
      at: 'b',
      error: 'the receiver takes no requests',
    })
    assert.ok(net.nowMs - startMs < 100)
    const end = b.handle(() => {
      throw new Error('out of cheese')
    })
    const failed = { status: 'failed', reason: 'handler-failed', at: 'b' } as const
    assert.deepEqual(await a.request('b', 1), { ...failed, error: 'out of cheese' })
    assert.throws(() => b.handle(() => null), { code: 'invalid-option' })
    end()
    b.handle(() => Promise.reject(new Error('y'.repeat(5_000))))
    assert.deepEqual(await a.request('b', 1), { ...failed, error: 'y'.repeat(1_000) })
  })

  test('an answer that no message can carry is told to both', async (t) => {
    const { nodes } = await four(t)
    const [a, b] = nodes
    b.handle((request) => (request.value === 'large' ? 'x'.repeat(2_000_000) : (Number.NaN as number)))
    const answer = await a.request('b', 1)
    assert.ok(answer.status === 'failed' && answer.reason === 'handler-failed')
    assert.match(answer.error ?? '', /JSON has no NaN/)
    const large = await a.request('b', 'large')
    assert.ok(large.status === 'failed' && large.reason === 'handler-failed')
    assert.match(large.error ?? '', /too large: 20000\d\d bytes/)
    assert.equal(b.drops()['too-large'], 1)
  })

  test('who is gone, unknown, silent or the node itself', async (t) => {
    const { net, nodes } = await four(t)
    const [a, b, c] = nodes
    assert.deepEqual(await a.request('nobody', 1), { status: 'failed', reason: 'unknown-peer', at: 'a' })
    b.handle(() => new Promise(() => {}))
    const startMs = net.nowMs
    assert.deepEqual(await a.request('b', 1, { deadlineMs: 3_000 }), {
      status: 'failed',
      reason: 'expired',
      at: 'a',
    })
    assert.ok(net.nowMs - startMs >= 3_000 && net.nowMs - startMs < 3_100)
    const [left, crashed] = [a.request('b', 1), a.request('c', 1)]
    c.handle(() => new Promise(() => {}))
    await net.advance(50)
    net.crash('c')
    void b.close()
    assert.deepEqual(await left, { status: 'failed', reason: 'peer-left', at: 'a' })
    assert.deepEqual(await crashed, { status: 'failed', reason: 'peer-left', at: 'a' })
    a.handle(({ from }) => `hello ${from}`)
    assert.deepEqual(essence(await a.request('a', 1)), { status: 'answered', from: 'a', value: 'hello a' })
  })

  test('it can be given up, and is when the node closes', async (t) => {
    const { net, nodes } = await four(t)
    const [a, b] = nodes
    const signals: AbortSignal[] = []
    b.handle(({ signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    const giveUp = new AbortController()
    const [first, second] = [a.request('b', 1, { signal: giveUp.signal }), a.request('b', 2)]
    await net.until(() => signals.length === 2)
    giveUp.abort()
    assert.deepEqual(await first, { status: 'failed', reason: 'cancelled', at: 'a' })
    assert.deepEqual(await a.request('b', 3, { signal: giveUp.signal }), {
      status: 'failed',
      reason: 'cancelled',
      at: 'a',
    })
    void a.close()
    assert.deepEqual(await second, { status: 'failed', reason: 'shutting-down', at: 'a' })
    void b.close()
    await net.until(() => signals.every(({ aborted }) => aborted))
  })

  test("a handler is told when its asker waits no more, and is in nobody's way", async (t) => {
    const { net, nodes } = await four(t)
    const [a, b, c, d] = nodes
    const signals = new Map<string, AbortSignal>()
    b.handle(({ from, signal }) => {
      signals.set(from, signal)
      return new Promise(() => {})
    })
    const answering = () => insideOf(b).conversation.inspect().answering
    const isAborted = (name: string) => signals.get(name)?.aborted
    void c.request('b', 2, { deadlineMs: 60_000 })
    void d.request('b', 3, { deadlineMs: 60_000 })
    const first = a.request('b', 1, { deadlineMs: 500 })
    await net.until(() => signals.size === 3)
    assert.equal(answering(), 3)
    await first
    await net.advance(100)
    assert.deepEqual(['a', 'c', 'd'].map(isAborted), [true, false, false])
    assert.deepEqual([answering(), b.drops().expired], [2, 1])
    void c.close()
    await net.until(() => isAborted('c') === true)
    assert.equal(isAborted('d'), false)
    net.crash('d')
    await net.until(() => isAborted('d') === true)
  })

  test('the answer of another node, or a late one, changes nothing', async (t) => {
    const { net, nodes } = await four(t)
    const [a, b] = nodes
    const { promise, resolve } = Promise.withResolvers<string>()
    b.handle(() => promise)
    const answer = await a.request('b', 1, { deadlineMs: 200 })
    assert.equal(answer.status, 'failed')
    resolve('too late')
    await net.until(() => a.drops().expired === 1)
  })

  test('misuse is a typed error at once', async (t) => {
    const { nodes } = await four(t)
    const [a] = nodes
    assert.throws(() => a.request('no name', 1), { code: 'invalid-name' })
    assert.throws(() => a.request('b', Number.NaN), { code: 'invalid-payload' })
    assert.throws(() => a.request('b', 1, { deadlineMs: 0 }), { code: 'invalid-option' })
    assert.throws(() => a.handle('x' as never), { code: 'invalid-option' })
  })
})

describe('tags', { concurrency: true }, () => {
  test('a send to a tag goes to any one that has it, each in turn, and not to those that are gone', async (t) => {
    const net = createTestNetwork()
    t.after(() => net.close())
    const [a] = await net.start(['a'], { tags: ['worker'] })
    const workers = await net.start(['w1', 'w2', 'w3'], { tags: ['worker', 'gpu', 'worker'] })
    await net.settled()
    const to: string[] = []
    for (const worker of workers) {
      assert.deepEqual(worker.tags, ['worker', 'gpu'])
      worker.on('message', () => to.push(worker.name))
      worker.handle(() => worker.name)
    }
    assert.deepEqual(
      new Map(a.peers().map(({ name, tags }) => [name, tags])),
      new Map(workers.map(({ name }) => [name, ['worker', 'gpu']])),
    )
    for (let count = 0; count < 6; count++) {
      assert.equal((await a.send({ tag: 'worker' }, count)).status, 'delivered')
    }
    assert.deepEqual(to, ['w1', 'w2', 'w3', 'w1', 'w2', 'w3'])
    const answer = await a.request({ tag: 'gpu' }, 1)
    assert.ok(answer.status === 'answered' && answer.value === 'w1')
    await workers[1].close()
    workers[2].tags = ['retired']
    await net.settled()
    for (let count = 0; count < 2; count++) await a.send({ tag: 'worker' }, count)
    assert.deepEqual(to.slice(6), ['w1', 'w1'])
    assert.deepEqual(await a.send({ tag: 'nothing' }, 1), {
      status: 'failed',
      reason: 'unknown-peer',
      at: 'a',
    })
    assert.deepEqual(a.trySend({ tag: 'nothing' }, 1), { status: 'failed', reason: 'unknown-peer', at: 'a' })
    assert.throws(
      () => {
        a.tags = ['no tag']
      },
      { code: 'invalid-option' },
    )
  })
})

describe('trySend', { concurrency: true }, () => {
  test('says at once whether there is room, and the outcome comes later', async (t) => {
    const net = createTestNetwork({ config: { windowMessagesMax: 2, queueMessagesMax: 3 } })
    t.after(() => net.close())
    const [a, b] = await net.start(['a', 'b'])
    await net.settled()
    const values: unknown[] = []
    b.on('message', ({ value }) => values.push(value))
    const answers = [1, 2, 3, 4, 5, 6, 7].map((value) => a.trySend('b', value))
    assert.deepEqual(
      answers.map((answer) => (answer.status === 'accepted' ? 'accepted' : answer.reason)),
      ['accepted', 'accepted', 'accepted', 'accepted', 'accepted', 'queue-full', 'queue-full'],
    )
    for (const answer of answers) {
      if (answer.status === 'accepted') assert.equal((await answer.outcome).status, 'delivered')
    }
    assert.deepEqual(values, [1, 2, 3, 4, 5])
    assert.equal(a.trySend('b', 8).status, 'accepted')
    assert.deepEqual(a.trySend('b', 'x'.repeat(2_000_000)), {
      status: 'failed',
      reason: 'too-large',
      at: 'a',
    })
  })

  test('a send that is given up fails at once, and those behind it arrive', async (t) => {
    const net = createTestNetwork({ config: { windowMessagesMax: 1 } })
    t.after(() => net.close())
    const [a, b] = await net.start(['a', 'b'])
    await net.settled()
    const values: unknown[] = []
    b.on('message', ({ value }) => values.push(value))
    const giveUp = new AbortController()
    const { signal } = giveUp
    const sends = [a.send('b', 1), a.send('b', 2, { signal }), a.send('b', 3)]
    giveUp.abort()
    assert.deepEqual(
      (await Promise.all(sends)).map(({ status }) => status),
      ['delivered', 'failed', 'delivered'],
    )
    assert.deepEqual(values, [1, 3])
  })
})

/** What a sender is told of a program that does not take its messages. */
const QUEUE_FULL_AT_B = { status: 'failed', reason: 'queue-full', at: 'b' }

test('a signal is one, for whatever takes it', async (t) => {
  const { nodes } = await four(t)
  const [a] = nodes
  const options = { signal: {} as AbortSignal }
  const refused = { name: 'HearsayError', code: 'invalid-option', message: /signal/ }
  for (const call of [
    () => a.send('b', 1, options),
    () => a.trySend('b', 1, options),
    () => a.request('b', 1, options),
    () => a.broadcast(1, options),
    () => a.publish('t', 1, options),
    () => a.history('t', options),
  ])
    await assert.rejects(async () => call(), refused)
})

describe('messages as a stream', { concurrency: true }, () => {
  test('what is delivered was taken: a burst at a reader that stands still ends as queue-full beyond its buffer', async (t) => {
    const { net, nodes } = await four(t)
    const [a, b, c] = nodes
    const stream = b.messages({ bufferMax: 100 })
    const burst = (from: Node) =>
      Promise.all(Array.from({ length: 1_000 }, (_, n) => from.send('b', `${from.name} ${n}`)))
    const outcomes = (await Promise.all([burst(a), burst(c)])).flat()
    const delivered = outcomes.filter(({ status }) => status === 'delivered')
    assert.equal(delivered.length, 100)
    for (const outcome of outcomes) {
      if (outcome.status === 'failed') assert.deepEqual(outcome, QUEUE_FULL_AT_B)
    }
    const order = new Map<string, number>()
    for (let taken = 0; taken < 100; taken++) {
      const { value: message } = await stream.next()
      const [name = '', n] = String(message?.value).split(' ')
      assert.ok(Number(n) > (order.get(name) ?? -1), `${name} ${n} in order`)
      order.set(name, Number(n))
    }
    assert.equal((await a.send('b', 'there is room again')).status, 'delivered')
    assert.equal((await stream.next()).value?.value, 'there is room again')
    await net.settled()
  })

  test('a reader that stands still can ask, answer, and be asked for; its own sends and broadcasts say what became of them', async (t) => {
    const { net, nodes } = await four(t)
    const [a, b] = nodes
    const stream = b.messages({ bufferMax: 1 })
    a.handle(({ value }) => `a says ${value}`)
    b.handle(({ value }) => `b says ${value}`)
    await a.send('b', 1)
    assert.deepEqual(await a.send('b', 2), QUEUE_FULL_AT_B)
    assert.deepEqual(await b.send('b', 3), QUEUE_FULL_AT_B)
    const answered = [await b.request('a', 4), await a.request('b', 5)]
    assert.deepEqual(
      answered.map((answer) => answer.status === 'answered' && answer.value),
      ['a says 4', 'b says 5'],
    )
    const all = await a.broadcast(6, { receipts: true, deadlineMs: 1_000 })
    assert.deepEqual(all.status === 'sent' && all.missing, ['b'])
    assert.equal(b.deliver({ sender: 'curl', msg: 7 }), false)
    await stream.return()
    assert.equal((await a.send('b', 8)).status, 'delivered')
    assert.equal(b.deliver({ sender: 'curl', msg: 9 }), true)
    await net.settled()
  })

  test('they wait to be taken, in order, and end when the node is closed', async (t) => {
    const { net, nodes } = await four(t)
    const [a, b] = nodes
    const stream = b.messages()
    for (const value of [1, 2, 3]) await a.send('b', value)
    const values: unknown[] = []
    const reading = (async () => {
      for await (const { value } of stream) values.push(value)
    })()
    await net.until(() => values.length === 3)
    await a.send('b', 4)
    void b.close()
    await reading
    assert.deepEqual(values, [1, 2, 3, 4])
    for await (const _ of b.messages()) assert.fail('the node is closed')
  })

  test('what nobody takes is bounded and counted; a loop that is left wants no more', async (t) => {
    const { net, nodes } = await four(t)
    const [a, b] = nodes
    const stream = b.messages({ bufferMax: 2 })
    for (const value of [1, 2]) assert.equal((await a.send('b', value)).status, 'delivered')
    for (const value of [3, 4]) assert.deepEqual(await a.send('b', value), QUEUE_FULL_AT_B)
    assert.equal(b.drops()['queue-full'], 2)
    for await (const { value } of stream) {
      assert.equal(value, 1)
      break
    }
    assert.equal(b.drops()['queue-full'], 3, 'the second one was acknowledged, and nobody has seen it')
    await a.send('b', 5)
    assert.equal(b.drops()['queue-full'], 3)
    assert.deepEqual(await stream.next(), { done: true, value: undefined })
    assert.throws(() => b.messages({ bufferMax: 0 }), { code: 'invalid-option' })
    await net.settled()
  })
})
