// Broadcasts with receipts, topics, and what comes to those who come later, on virtual time.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { NodeMessage } from '../../../src/index.ts'
import type { Conversation } from '../../../src/node/conversation.ts'
import { HANDING_ON_BYTES, seal } from '../../../src/node/envelope.ts'
import { insideOf } from '../../../src/node/inside.ts'
import { askPast } from '../../../src/node/past.ts'
import { createTestNetwork } from '../../../src/testing/test-network.ts'
import { LIMITS } from '../../../src/wire/limits.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'] as const

/** After so long what a node says of itself is known everywhere. */
const PUBLISHED_MS = 1_000

/** Twelve nodes, so that not all are neighbors, at rest. */
async function twelve(t: TestContext, options = {}) {
  const net = createTestNetwork(options)
  t.after(() => net.close())
  const nodes = await net.start(NAMES)
  await net.settled()
  return { net, nodes }
}

describe('a node that is alone', { concurrency: true }, () => {
  test('a broadcast waits for the first link until its own deadline, or until it is given up', async (t) => {
    const net = createTestNetwork()
    t.after(() => net.close())
    const [a] = await net.start(['a'])
    const startMs = net.nowMs
    const failed = { status: 'failed', reason: 'no-route', at: 'a' }
    assert.deepEqual(await a.broadcast(1, { deadlineMs: 300, receipts: true }), failed)
    assert.equal(net.nowMs - startMs, 300)
    const giveUp = new AbortController()
    const { signal } = giveUp
    const given = a.publish('t', 2, { signal })
    giveUp.abort()
    assert.deepEqual(await given, { ...failed, reason: 'cancelled' })
    assert.deepEqual(await a.broadcast(3, { signal }), { ...failed, reason: 'cancelled' })
    const waiting = a.broadcast(4, { receipts: true })
    const [b] = await net.start(['b'])
    const got: unknown[] = []
    b.on('message', ({ value }) => got.push(value))
    const sent = await waiting
    assert.deepEqual(sent.status === 'sent' && [sent.reached, sent.of, sent.missing], [1, 1, []])
    assert.deepEqual(got, [4], 'and nothing of what was given up')
  })

  test('its own listeners get what it publishes at once, and once', async (t) => {
    const net = createTestNetwork()
    t.after(() => net.close())
    const [a] = await net.start(['a'])
    const got: unknown[] = []
    a.subscribe('t/+', ({ value }) => got.push(value))
    const waiting = a.publish('t/1', 'alone')
    assert.deepEqual(got, ['alone'])
    await net.start(['b'])
    const sent = await waiting
    assert.deepEqual(sent.status === 'sent' && sent.listeners, 0)
    await net.settled()
    assert.deepEqual(got, ['alone'])
    await a.publish('t/2', 'not alone')
    assert.deepEqual(got, ['alone', 'not alone'])
    await a.close()
    await a.publish('t/3', 'closed')
    assert.deepEqual(got, ['alone', 'not alone'])
  })
})

describe('receipts', { concurrency: true }, () => {
  test('who does not want to wait any more learns who has it', async (t) => {
    const { net, nodes } = await twelve(t)
    const [a] = nodes
    net.pause('c', 5_000)
    const giveUp = new AbortController()
    const startMs = net.nowMs
    const answering = a.broadcast(1, { receipts: true, signal: giveUp.signal })
    // What others have to get around it is asked for anew, and sent again, within this time.
    await net.advance(3_000)
    giveUp.abort()
    const answer = await answering
    assert.deepEqual(answer.status === 'sent' && [answer.reached, answer.missing], [10, ['c']])
    assert.ok(net.nowMs - startMs < 4_000)
  })

  test('all peers have it, and each says how', async (t) => {
    const { nodes } = await twelve(t)
    const [a] = nodes
    const ids: (string | undefined)[] = []
    nodes[3].on('message', ({ id }) => ids.push(id))
    const answer = await a.broadcast('to all', { receipts: true })
    assert.ok(answer.status === 'sent')
    const { reached, of, missing, receipts = [] } = answer
    assert.deepEqual([reached, of, missing], [11, 11, []])
    assert.deepEqual(new Set(receipts.map(({ name }) => name)), new Set(NAMES.slice(1)))
    for (const { name, hops, via, tookMs } of receipts) {
      assert.ok(tookMs > 0 && tookMs < 500)
      const from = receipts.find((other) => other.name === via)
      assert.equal(hops, via === 'a' ? 1 : (from?.hops ?? Number.NaN) + 1, `${name} got it from ${via}`)
    }
    assert.deepEqual(ids, [answer.id])
  })

  test('those who are gone or stand still are missing, at the deadline or when it is known', async (t) => {
    const { net, nodes } = await twelve(t)
    const [a] = nodes
    net.pause('c', 5_000)
    const startMs = net.nowMs
    const answer = await a.broadcast(1, { receipts: true, deadlineMs: 4_000 })
    assert.ok(answer.status === 'sent')
    assert.deepEqual([answer.reached, answer.of, answer.missing], [10, 11, ['c']])
    assert.ok(net.nowMs - startMs >= 4_000)
    await net.advance(6_000)
    await net.settled()
    net.crash('d')
    const second = await a.broadcast(2, { receipts: true, deadlineMs: 30_000 })
    assert.ok(second.status === 'sent')
    assert.deepEqual(second.missing, ['d'])
    const newcomer = await net.createNode({ name: 'newcomer' })
    const third = await newcomer.broadcast(3, { receipts: true, deadlineMs: 2_000 })
    assert.ok(third.status === 'sent' && (third.reached ?? 0) > 0, 'it went to somebody, who says so')
  })

  test('what fails to go out is waited for no longer', async (t) => {
    const { nodes } = await twelve(t)
    const [a] = nodes
    assert.deepEqual(await a.broadcast('x'.repeat(2_000_000), { receipts: true }), {
      status: 'failed',
      reason: 'too-large',
      at: 'a',
    })
    const pending = a.broadcast(1, { receipts: true, deadlineMs: 60_000 })
    void a.close()
    const answer = await pending
    assert.ok(answer.status === 'sent' && (answer.reached ?? 99) <= 11)
  })
})

describe('topics', { concurrency: true }, () => {
  test('those who listen are told, once, and the publisher knows how many there are', async (t) => {
    const { net, nodes } = await twelve(t)
    const [a, b, c, d] = nodes
    const heard: [string, unknown][] = []
    const listen = (node: (typeof nodes)[number], filter: string) =>
      node.subscribe(filter, ({ topic, value }) => heard.push([`${node.name} ${filter} ${topic}`, value]))
    listen(b, 'sensors/+/temp')
    const end = listen(b, 'sensors/+/temp')
    listen(c, 'sensors/#')
    listen(d, 'sensors/1/humidity')
    listen(a, '#')
    await net.advance(PUBLISHED_MS)
    const plain: unknown[] = []
    b.on('message', ({ value }) => plain.push(value))
    const answer = await a.publish('sensors/1/temp', 21.5, { receipts: true })
    assert.ok(answer.status === 'sent')
    assert.deepEqual([answer.listeners, answer.reached, answer.of, answer.missing], [2, 2, 2, []])
    assert.deepEqual(
      new Set(heard.map(([who]) => who)),
      new Set(['b sensors/+/temp sensors/1/temp', 'c sensors/# sensors/1/temp', 'a # sensors/1/temp']),
    )
    assert.equal(heard.length, 4, 'both listeners of b')
    heard.length = 0
    end()
    end()
    const nobody = await b.publish('nobody/here', 1)
    assert.ok(nobody.status === 'sent' && nobody.listeners === 1, 'a listens to everything')
    await c.publish('sensors/2/temp', { deep: [1] }, { sender: 'probe' })
    await net.until(() => heard.length === 4)
    assert.deepEqual(plain, [], 'topics are not for those who listen to messages')
    const records = a.topology().nodes
    assert.equal(records.length, 12)
  })

  test('what a node listens to is in its record no more when it ends that, and comes back with a restart', async (t) => {
    const { net, nodes } = await twelve(t)
    const [a, b] = nodes
    const end = b.subscribe('x/+', () => {})
    await net.advance(PUBLISHED_MS)
    const listeners = async () => {
      const answer = await a.publish('x/1', 1)
      return answer.status === 'sent' ? answer.listeners : undefined
    }
    assert.equal(await listeners(), 1)
    end()
    await net.advance(PUBLISHED_MS)
    assert.equal(await listeners(), 0)
    b.subscribe('x/1', () => {})
    await net.advance(PUBLISHED_MS)
    assert.equal(await listeners(), 1)
    net.crash('b')
    await net.settled()
    assert.equal(await listeners(), 0)
  })

  test('a listener that subscribes, ends, or throws does not disturb the others', async (t) => {
    const { net, nodes } = await twelve(t)
    const [a, b] = nodes
    const heard: string[] = []
    const end = b.subscribe('t', () => {
      heard.push('first')
      end()
      b.subscribe('t', () => heard.push('third'))
    })
    b.subscribe('t', () => heard.push('second'))
    await a.publish('t', 1)
    await net.until(() => heard.length === 2)
    await a.publish('t', 2)
    await net.until(() => heard.length === 4)
    assert.deepEqual(heard, ['first', 'second', 'second', 'third'])
  })

  test('misuse is a typed error at once', async (t) => {
    const { nodes } = await twelve(t)
    const [a] = nodes
    for (const topic of ['', 'a/+', '#', 'a\n', 'x'.repeat(129), 5 as never]) {
      assert.throws(() => a.publish(topic, 1), { code: 'invalid-topic' })
    }
    for (const filter of ['', 'a#', 'a/#/b', '+a', undefined as never]) {
      assert.throws(() => a.subscribe(filter, () => {}), { code: 'invalid-topic' })
    }
    assert.throws(() => a.subscribe('a', 5 as never), { code: 'invalid-option' })
    assert.throws(() => a.publish('a', Number.NaN), { code: 'invalid-payload' })
    for (let count = 0; count < 64; count++) a.subscribe(`t/${count}`, () => {})
    a.subscribe('t/1', () => {})
    assert.throws(() => a.subscribe('one more', () => {}), { code: 'invalid-topic' })
  })
})

describe('what was broadcast before', { concurrency: true }, () => {
  test('a node that comes later gets the last ones of each topic, in order, and knows that it has all', async (t) => {
    const net = createTestNetwork()
    t.after(() => net.close())
    const [keeper, b] = await net.start(['keeper', 'b'], { history: 3 })
    const [c] = await net.start(['c'])
    await net.settled()
    assert.deepEqual(keeper.tags, [])
    for (let count = 1; count <= 5; count++) {
      await c.publish('log/a', count)
      await b.publish('log/b', `b${count}`, { sender: 'probe' })
      await c.broadcast({ count })
    }
    await keeper.publish('own', new Uint8Array([1, 2]))
    await net.settled()
    const late = await net.createNode({ name: 'late' })
    await net.settled()
    const values = (messages: readonly NodeMessage[]) => messages.map(({ topic, value }) => [topic, value])
    const logs = await late.history('log/#', { from: 'keeper' })
    assert.ok(logs.status === 'complete')
    assert.equal(logs.from, 'keeper')
    const byTopic = Map.groupBy(logs.messages, ({ topic }) => topic)
    assert.deepEqual(values([...(byTopic.get('log/a') ?? []), ...(byTopic.get('log/b') ?? [])]), [
      ['log/a', 3],
      ['log/a', 4],
      ['log/a', 5],
      ['log/b', 'b3'],
      ['log/b', 'b4'],
      ['log/b', 'b5'],
    ])
    const [first] = byTopic.get('log/a') ?? []
    assert.deepEqual([first?.from, first?.past, first?.broadcast], ['c', true, true])
    assert.match(first?.id ?? '', /^c\/\d+\/\d+$/)
    assert.equal(byTopic.get('log/b')?.[0]?.sender, 'probe')
    const plain = await late.history()
    assert.deepEqual(
      values(plain.messages),
      [3, 4, 5].map((count) => [undefined, { count }]),
    )
    const own = await late.history('own', { from: 'keeper' })
    assert.deepEqual(values(own.messages), [['own', new Uint8Array([1, 2])]])
    const nothing = await late.history('nothing')
    assert.deepEqual([nothing.status, nothing.messages], ['complete', []])
  })

  test('the largest that can be broadcast can be handed on; what is larger is refused, or not kept', async (t) => {
    const net = createTestNetwork()
    t.after(() => net.close())
    const long = 'a'.repeat(64)
    const [keeper] = await net.start(['keeper'], { history: 10 })
    const [a, late] = await net.start([long, 'late'])
    await net.settled()
    const headersBytes = 3 + JSON.stringify({ topic: 't' }).length
    const largest = LIMITS.payloadBytesMax - HANDING_ON_BYTES - 1 - headersBytes + 1
    const failed = { status: 'failed', reason: 'too-large', at: long }
    assert.deepEqual(await a.publish('t', new Uint8Array(largest + 1)), failed)
    assert.equal((await a.publish('t', new Uint8Array(largest))).status, 'sent')
    // The same for a long label, of which the headers are full.
    const label = 'x'.repeat(LIMITS.headersBytesMax - HANDING_ON_BYTES - '{"sender":"","topic":"t"}'.length)
    assert.deepEqual(await a.publish('t', 1, { sender: `${label}x` }), failed)
    assert.equal((await a.publish('t', 1, { sender: label })).status, 'sent')
    // Another implementation may broadcast more than that.
    const { casting } = insideOf(a).conversation as Conversation
    casting.tell(seal(new Uint8Array(LIMITS.payloadBytesMax - 100), { topic: 't' }))
    casting.tell(seal('forged', { topic: 't', sender: `${label}xx` }))
    assert.equal((await a.publish('t', 'after')).status, 'sent')
    await net.until(() => insideOf(keeper).conversation.inspect().history.kept.get('t') === 3)
    assert.equal(keeper.drops()['too-large'], 2)
    const answer = await late.history('t')
    assert.ok(answer.status === 'complete', JSON.stringify(answer))
    assert.deepEqual(
      answer.messages.map(({ value, sender, from }) => [
        value instanceof Uint8Array ? value.length : value,
        sender?.length,
        from,
      ]),
      [
        [largest, undefined, long],
        [1, label.length, long],
        ['after', undefined, long],
      ],
    )
  })

  test('what is kept is what was broadcast, whatever listeners do with what they were told', async (t) => {
    const net = createTestNetwork()
    t.after(() => net.close())
    const [keeper, b, late] = await net.start(['keeper', 'b', 'late'], { history: 10 })
    await net.settled()
    const spoil = ({ value }: NodeMessage): void => {
      if (value instanceof Uint8Array) value.fill(9)
      else Object.assign(value as object, { count: () => 1n })
    }
    for (const node of [keeper, b]) {
      node.subscribe('t', spoil)
      node.on('message', spoil)
    }
    for (const node of [b, keeper]) {
      await node.publish('t', { count: 1 })
      await node.publish('t', new Uint8Array([1, 2]))
      await node.broadcast({ count: 2 })
      await net.advance(PUBLISHED_MS)
    }
    const topic = await late.history('t', { from: 'keeper' })
    assert.equal(topic.status, 'complete')
    assert.deepEqual(
      topic.messages.map(({ value }) => value),
      [{ count: 1 }, new Uint8Array([1, 2]), { count: 1 }, new Uint8Array([1, 2])],
    )
    const plain = await late.history(undefined, { from: 'keeper' })
    assert.deepEqual(
      plain.messages.map(({ value }) => value),
      [{ count: 2 }, { count: 2 }],
    )
  })

  test('who keeps nothing says so, and where nobody does it is told', async (t) => {
    const { net, nodes } = await twelve(t)
    const [a] = nodes
    assert.deepEqual(await a.history('#'), {
      status: 'failed',
      reason: 'unknown-peer',
      at: 'a',
      messages: [],
    })
    assert.deepEqual(await a.history('#', { from: 'b' }), {
      status: 'failed',
      reason: 'handler-failed',
      at: 'b',
      error: 'this node keeps no broadcasts',
      messages: [],
    })
    assert.throws(() => a.history('a#'), { code: 'invalid-topic' })
    assert.throws(() => a.history('a', { from: 'no name' }), { code: 'invalid-name' })
    await assert.rejects(net.createNode({ name: 'x', history: -1 }), { code: 'invalid-option' })
  })

  test('an answer that makes no sense is a failure, and the configured deadline counts', async (t) => {
    const asking = {
      ask: () => Promise.resolve({ status: 'answered', from: 'b', value: null, hops: 1, rttMs: 1 }),
    }
    const seeking = { find: () => Promise.resolve({ name: 'b', leftMs: 1 }) }
    const parts = { name: 'a', overlay: {}, asking, seeking, deadlineMs: 1 } as never
    const { status, messages } = await askPast(parts, '#', { from: 'b' })
    assert.deepEqual([status, messages], ['failed', []])
    const net = createTestNetwork({ config: { deadlineMs: 700 } })
    t.after(() => net.close())
    const [a, keeper] = await net.start(['a', 'keeper'], { history: 1 })
    await net.settled()
    net.pause(keeper.name, 60_000)
    const startMs = net.nowMs
    const answer = await a.history('#', { from: 'keeper' })
    assert.deepEqual([answer.status, net.nowMs - startMs < 1_000], ['failed', true])
  })

  test('thousands of them come, and those that are broadcast meanwhile can be told apart', async (t) => {
    const net = createTestNetwork()
    t.after(() => net.close())
    const [, b] = await net.start(['keeper', 'b'], { history: 5_000 })
    await net.settled()
    for (let count = 0; count < 3_000; count++) void b.publish('t', count)
    await net.settled()
    const late = await net.createNode({ name: 'late' })
    await net.settled()
    const live: (string | undefined)[] = []
    late.subscribe('t', ({ id }) => live.push(id))
    const asked = late.history('t', { from: 'keeper' })
    for (let count = 0; count < 100; count++) void b.publish('t', `live ${count}`)
    const answer = await asked
    await net.until(() => live.length === 100)
    assert.ok(answer.status === 'complete' && answer.messages.length >= 3_000)
    const ids = new Set([...answer.messages.map(({ id }) => id), ...live])
    assert.equal(ids.size, 3_100)
  })
})

describe('the way to a node', { concurrency: true }, () => {
  test('is the one that a message takes, with the links on it', async (t) => {
    const { net, nodes } = await twelve(t)
    const [a] = nodes
    // Each link has measured its round trip by then.
    await net.advance(5_000)
    for (const { name } of nodes.slice(1)) {
      const answer = await a.trace(name)
      assert.ok(answer.status === 'traced', JSON.stringify(answer))
      const sent = await a.send(name, 1)
      assert.ok(sent.status === 'delivered' && sent.hops === answer.path.length - 1)
      assert.deepEqual([answer.path[0], answer.path.at(-1)], ['a', name])
      for (const [index, hop] of answer.hops.entries()) {
        assert.equal(hop.node, answer.path[index])
        assert.equal(hop.next, answer.path[index + 1])
        assert.ok((hop.rttMs ?? 0) > 0 && hop.queuedBytes === 0)
      }
    }
    assert.deepEqual(await a.trace('a'), { status: 'traced', path: ['a'], hops: [] })
  })

  test('ends where nobody knows further', async (t) => {
    const { net, nodes } = await twelve(t)
    const [a] = nodes
    const nobody = await a.trace('nobody')
    assert.deepEqual(nobody, { status: 'failed', reason: 'unknown-peer', at: 'a', hops: [{ node: 'a' }] })
    net.pause('c', 60_000)
    const stuck = await a.trace('c', { deadlineMs: 2_000 })
    assert.equal(stuck.status, 'traced', 'the way to it does not ask it')
    assert.throws(() => a.trace('no name'), { code: 'invalid-name' })
  })
})
