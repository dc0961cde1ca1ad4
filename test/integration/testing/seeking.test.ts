// Whoever has a tag, or keeps broadcasts, is waited for by a node that has just started, in test networks.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestNetwork } from '../../../src/testing/test-network.ts'

test('the first thing that a node does is to ask those of whom it knows only what they are for', async () => {
  await using net = createTestNetwork({ seed: 3 })
  const [worker] = await net.start(['worker'], { tags: ['gpu'], history: 5 })
  const got: unknown[] = []
  worker.on('message', ({ value }) => got.push(value))
  worker.handle(({ value }) => `${value} is done`)
  await worker.publish('news', 'of before', { deadlineMs: 1 })
  await net.start(['between'])
  const a = await net.createNode({ name: 'a' })
  const [sent, answered, past] = await Promise.all([
    a.send({ tag: 'gpu' }, 'a job'),
    a.request({ tag: 'gpu' }, 'another'),
    a.history('#'),
  ])
  assert.equal(sent.status, 'delivered')
  assert.deepEqual(got, ['a job'])
  assert.ok(answered.status === 'answered' && answered.value === 'another is done')
  assert.ok(past.status === 'complete' && past.from === 'worker')
})

test('nobody is waited for longer than a node needs to learn who there is', async () => {
  await using net = createTestNetwork({ config: { unknownPeerWaitMs: 2_000 } })
  const [a] = await net.start(['a', 'b'])
  const failed = { status: 'failed', reason: 'unknown-peer', at: 'a' }
  assert.deepEqual(await a.send({ tag: 'gpu' }, 1), failed)
  assert.ok(net.nowMs > 2_000 && net.nowMs < 4_000, `${net.nowMs}`)
  const sinceMs = net.nowMs
  assert.deepEqual(await a.request({ tag: 'gpu' }, 1), failed)
  assert.deepEqual(await a.history('#'), { ...failed, messages: [] })
  assert.equal(net.nowMs, sinceMs, 'later it is known that nobody is there')
})

test('nor beyond the deadline, the signal, or the end of the node', async () => {
  await using net = createTestNetwork()
  const [a] = await net.start(['a'])
  const failed = (reason: string) => ({ status: 'failed', reason, at: 'a' })
  assert.deepEqual(await a.send({ tag: 'gpu' }, 1, { deadlineMs: 300 }), failed('no-route'))
  assert.equal(net.nowMs, 300)
  const stop = new AbortController()
  const given = a.request({ tag: 'gpu' }, 1, { signal: stop.signal })
  await net.advance(110)
  stop.abort()
  assert.deepEqual(await given, failed('cancelled'))
  assert.equal(net.nowMs, 410, 'at once')
  const open = [a.send({ tag: 'gpu' }, 1), a.request({ tag: 'gpu' }, 1), a.history('#')]
  await a.close()
  for (const answer of await Promise.all(open))
    assert.equal(answer.status === 'failed' && answer.reason, 'shutting-down')
})
