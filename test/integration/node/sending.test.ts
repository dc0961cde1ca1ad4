// Messages between two neighbors: what arrives and how, how a send ends, and what a caller is told who asks for what
// cannot be. On sockets where those may matter, else in memory.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { HearsayError, type JsonValue } from '../../../src/index.ts'
import { HANDING_ON_BYTES } from '../../../src/node/envelope.ts'
import type { TestNetwork } from '../../../src/testing/test-network.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { type RecordedNode, startInMemory, startNode, until } from '../../support/node-rig.ts'

/** Two neighbors in memory. */
async function pair(t: TestContext): Promise<[RecordedNode, RecordedNode, TestNetwork]> {
  const { net, nodes } = await startInMemory(t, ['a', 'b'])
  const [a, b] = nodes
  assert.ok(a && b)
  return [a, b, net]
}

/** Two neighbors on sockets, without a bootstrap. */
async function pairOnSockets(t: TestContext): Promise<[RecordedNode, RecordedNode]> {
  const b = await startNode(t, 'b')
  const a = await startNode(t, 'a', { peers: [b.url] })
  await Promise.all([a.node.ready(), b.node.ready()])
  return [a, b]
}

const isMisuse = (code: string) => (error: unknown) => error instanceof HearsayError && error.code === code

/** Errors of misuse are thrown at once, or else reject: both are fine for `await`. */
async function misuse(code: string, call: () => unknown, says = /./): Promise<void> {
  await assert.rejects(async () => call(), isMisuse(code))
  await assert.rejects(
    async () => call(),
    ({ message }: Error) => says.test(message),
  )
}

describe('sends between neighbors', { concurrency: true }, () => {
  test('a message is delivered, and the sender is told hops, round trip and id', async (t) => {
    const [a, b] = await pair(t)
    const outcome = await a.node.send('b', { hello: 'there' })
    assert.ok(outcome.status === 'delivered')
    assert.equal(outcome.hops, 1)
    assert.ok(outcome.rttMs > 0 && outcome.rttMs < 5_000)
    assert.match(outcome.id, /^a\/\d+\/\d+\/b$/)
    assert.deepEqual(b.messages, [
      { from: 'a', value: { hello: 'there' }, hops: 1, broadcast: false, via: 'overlay' },
    ])
  })

  test('every value comes out as it went in', async (t) => {
    const [a, b, net] = await pair(t)
    const values: (JsonValue | Uint8Array)[] = [
      null,
      false,
      0,
      -1.5,
      1e308,
      '',
      'Grüße 👋 \u0000 \u2028',
      '\ud800 alone',
      [],
      {},
      { list: [1, 'two', { three: null }], '': '', __proto__key: 1 },
      JSON.parse('{"__proto__":{"polluted":true}}'),
      new Uint8Array(0),
      Uint8Array.of(0, 127, 128, 255),
      Buffer.from('a view').subarray(2, 4),
    ]
    for (const value of values) {
      assert.equal((await a.node.send('b', value)).status, 'delivered')
      await a.node.broadcast(value)
    }
    await net.until(() => b.messages.length === 2 * values.length)
    const direct = b.messages.filter(({ broadcast }) => !broadcast)
    assert.equal(direct.length, values.length)
    for (const [index, value] of values.entries()) {
      const got = direct[index]?.value
      if (value instanceof Uint8Array) {
        assert.ok(got instanceof Uint8Array)
        assert.deepEqual([...got], [...value])
      } else assert.deepEqual(got, value)
    }
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
  })

  test('bytes may be changed as soon as send and broadcast have returned', async (t) => {
    const [a, b] = await pairOnSockets(t)
    const bytes = new Uint8Array(100_000).fill(1)
    const sent = a.node.send('b', bytes)
    const broadcast = a.node.broadcast(bytes)
    bytes.fill(2)
    await Promise.all([sent, broadcast])
    await until('both are there', () => b.messages.length === 2)
    for (const { value } of b.messages) {
      assert.ok(value instanceof Uint8Array && value.length === 100_000 && value.every((byte) => byte === 1))
    }
  })

  test('a sender label travels along, unless it is the name of the node', async (t) => {
    const [a, b, net] = await pair(t)
    await a.node.send('b', 1, { sender: 'Zoë' })
    await a.node.send('b', 2, { sender: 'a' })
    await a.node.broadcast(3, { sender: 'someone else' })
    await net.until(() => b.messages.length === 3)
    assert.deepEqual(
      b.messages.map(({ from, sender, value }) => ({ from, sender, value })),
      [
        { from: 'a', sender: 'Zoë', value: 1 },
        { from: 'a', sender: undefined, value: 2 },
        { from: 'a', sender: 'someone else', value: 3 },
      ],
    )
  })

  test('no two messages have one id, of whichever kind they are', async (t) => {
    const [a, b] = await pair(t)
    const ids = new Set<string>()
    for (let i = 0; i < 10; i++) {
      for (const outcome of [
        await a.node.broadcast(i),
        await a.node.send('b', i),
        await a.node.send('a', i),
        await b.node.send('a', i),
        await a.node.publish('news', i),
      ]) {
        ids.add('id' in outcome ? outcome.id : assert.fail(outcome.reason))
      }
    }
    assert.equal(ids.size, 50)
  })

  test('a message to itself is delivered without a link, a broadcast does not come back', async (t) => {
    const [a, b, net] = await pair(t)
    const outcome = await a.node.send('a', 'note to self')
    assert.ok(outcome.status === 'delivered')
    assert.deepEqual({ ...outcome, id: '' }, { status: 'delivered', id: '', hops: 0, rttMs: 0 })
    assert.match(outcome.id, /^a\/\d+\/1\/a$/)
    assert.deepEqual(a.messages, [
      { from: 'a', value: 'note to self', hops: 0, broadcast: false, via: 'overlay' },
    ])
    await a.node.broadcast('to the others')
    await net.until(() => b.values.includes('to the others'))
    assert.equal((await b.node.send('a', 'last')).status, 'delivered')
    assert.deepEqual(a.values, ['note to self', 'last'])
  })

  test('messages arrive in the order in which they were sent', async (t) => {
    const [a, b] = await pairOnSockets(t)
    const sent = Array.from({ length: 5_000 }, (_, index) => a.node.send('b', index))
    for (const outcome of await Promise.all(sent)) assert.equal(outcome.status, 'delivered')
    assert.deepEqual(
      b.values,
      sent.map((_, index) => index),
    )
  })

  test('a name that nobody has fails as unknown-peer, said by the sender', async (t) => {
    const [a] = await pair(t)
    const outcome = await a.node.send('nobody', 'hi')
    assert.deepEqual(outcome, { status: 'failed', reason: 'unknown-peer', at: 'a' })
  })

  test('the largest message arrives, a byte more is too-large', async (t) => {
    const [a, b] = await pairOnSockets(t)
    // One byte of the payload tells what follows.
    const largest = new Uint8Array(LIMITS.payloadBytesMax - 1).fill(7)
    const tooLarge = new Uint8Array(LIMITS.payloadBytesMax)
    const refused = { status: 'failed', reason: 'too-large', at: 'a' }
    assert.deepEqual(await a.node.send('b', tooLarge), refused)
    assert.deepEqual(await a.node.broadcast(tooLarge), refused)
    assert.equal((await a.node.send('b', largest)).status, 'delivered')
    // Of a broadcast some are left for those who hand it on later.
    const largestForAll = largest.subarray(HANDING_ON_BYTES)
    assert.deepEqual(await a.node.broadcast(largest.subarray(HANDING_ON_BYTES - 1)), refused)
    assert.equal((await a.node.broadcast(largestForAll)).status, 'sent')
    await until('both are there', () => b.messages.length === 2)
    assert.deepEqual(
      b.messages.map(({ value }) => (value as Uint8Array).length),
      [largest.length, largestForAll.length],
    )
    assert.deepEqual([a.down, b.down], [[], []])
  })

  test('more than the queue takes is queue-full, the rest arrives', async (t) => {
    const [a, b] = await pairOnSockets(t)
    const bytes = new Uint8Array(1_000_000)
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => a.node.send('b', bytes)))
    const delivered = outcomes.filter(({ status }) => status === 'delivered').length
    const full = outcomes.filter((outcome) => outcome.status === 'failed' && outcome.reason === 'queue-full')
    assert.equal(delivered + full.length, 30)
    assert.ok(full.length > 0 && delivered >= 16)
    assert.equal(b.messages.length, delivered)
  })

  test('misuse is a typed error at once, and the node goes on', async (t) => {
    const [a, b] = await pair(t)
    const send = a.node.send.bind(a.node) as (...args: unknown[]) => Promise<unknown>
    const broadcast = a.node.broadcast.bind(a.node) as (...args: unknown[]) => Promise<unknown>
    for (const name of ['', 'no spaces', '*', '-a', 'ä', 'x'.repeat(65), undefined, null, 5, {}, ['b']]) {
      await misuse('invalid-name', () => send(name, 'hi'))
    }
    for (const tag of ['', 'a b', 5, undefined]) await misuse('invalid-option', () => send({ tag }, 'hi'))
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    for (const value of [undefined, Number.NaN, 1n, () => {}, Symbol('x'), new Date(), new Map(), cycle]) {
      await misuse('invalid-payload', () => send('b', value))
      await misuse('invalid-payload', () => broadcast(value))
    }
    for (const sender of [5, null, 'x'.repeat(9_000)]) {
      await misuse('invalid-option', () => send('b', 'hi', { sender }), /^sender: /)
      await misuse('invalid-option', () => broadcast('hi', { sender }), /^sender: /)
    }
    for (const receipts of ['yes', 1, null])
      await misuse('invalid-option', () => broadcast('hi', { receipts }), /^receipts: /)
    for (const deadlineMs of [0, -1, 1.5, Number.NaN, '5', null, 3_600_001]) {
      await misuse('invalid-option', () => send('b', 'hi', { deadlineMs }))
    }
    assert.equal((await a.node.send('b', 'fine')).status, 'delivered')
    assert.deepEqual(b.values, ['fine'])
    assert.deepEqual(a.down, [])
  })

  test('options that a call has not are refused by their name, and what are none at all', async (t) => {
    const [a] = await pair(t)
    const node = a.node as unknown as Record<string, (...args: unknown[]) => unknown>
    const calls: Readonly<Record<string, readonly unknown[]>> = {
      send: ['b', 1],
      trySend: ['b', 1],
      request: ['b', 1],
      broadcast: [1],
      publish: ['t', 1],
      history: ['t'],
      trace: ['b'],
      messages: [],
    }
    for (const [name, args] of Object.entries(calls)) {
      const call = async (options: unknown) => node[name]?.(...args, options)
      await misuse('invalid-option', () => call({ deadlineMS: 5 }), /^deadlineMS: there is no such option; /)
      await misuse('invalid-option', () => call({ deadlineMS: undefined }), /^deadlineMS: /)
      for (const options of [null, 5, []])
        await misuse('invalid-option', () => call(options), /^options: expected an object/)
    }
    for (const name of ['send', 'trySend', 'request'])
      await misuse('invalid-option', async () => node[name]?.('b', 1, { receipts: true }), /^receipts: /)
    await misuse('invalid-option', async () => node.trace?.('b', { sender: 'a' }), /^sender: /)
  })

  test('a deadline that passes without a way is no-route', async (t) => {
    const a = await startNode(t, 'a')
    const startMs = performance.now()
    const outcome = await a.node.send('b', 'hi', { deadlineMs: 50 })
    assert.deepEqual(outcome, { status: 'failed', reason: 'no-route', at: 'a' })
    assert.ok(performance.now() - startMs >= 49)
  })
})
