// Broadcasts faster than the links: none of those that are told as sent is lost, and those that cannot wait are told so.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BroadcastAnswer, TrySendAnswer } from '../../../src/index.ts'
import { insideOf } from '../../../src/node/inside.ts'
import { meshed, names, type RecordedNode, startNode, until } from '../../support/node-rig.ts'

const PAYLOAD = 'x'.repeat(20_000)

/** One who broadcasts, and three who listen. */
async function startFour(t: Parameters<typeof startNode>[0]): Promise<[RecordedNode, ...RecordedNode[]]> {
  const origin = await startNode(t, 'origin')
  const others = await Promise.all(names('n', 3).map((name) => startNode(t, name, { peers: [origin.url] })))
  await meshed([origin, ...others])
  await Promise.all([origin, ...others].map(({ node }) => node.settled()))
  return [origin, ...others]
}

const countOf = (answers: readonly BroadcastAnswer[], how: string): number =>
  answers.filter((answer) => (answer.status === 'failed' ? answer.reason : answer.status) === how).length

describe('broadcasts faster than the links', () => {
  test('made one after the other all arrive', async (t) => {
    const [origin, ...others] = await startFour(t)
    const count = 600
    for (let made = 0; made < count; made++) {
      assert.equal((await origin.node.broadcast(PAYLOAD)).status, 'sent')
    }
    await until('all have all', () => others.every(({ messages }) => messages.length === count))
    for (const { node } of others) assert.equal(node.drops().missed, undefined)
  })

  test('made all at once arrive as far as they are told as sent; the others have no place to wait', async (t) => {
    const [origin, ...others] = await startFour(t)
    const answers = await Promise.all(Array.from({ length: 1_500 }, () => origin.node.broadcast(PAYLOAD)))
    const sent = countOf(answers, 'sent')
    assert.ok(sent >= 400 && sent < 1_500, `${sent} sent`)
    assert.equal(countOf(answers, 'queue-full'), 1_500 - sent)
    await until('all have what was sent', () => others.every(({ messages }) => messages.length === sent))
    for (const { node } of others) assert.equal(node.drops().missed, undefined)
    assert.equal(insideOf(origin.node).conversation.inspect().casts, 0)
  })

  test('made in a listener are held up as all others', async (t) => {
    const [origin, ...others] = await startFour(t)
    const made = new Promise<BroadcastAnswer[]>((resolve) => {
      origin.node.on('message', () =>
        resolve(Promise.all(Array.from({ length: 1_500 }, () => origin.node.broadcast(PAYLOAD)))),
      )
    })
    assert.equal((await (others[0] as RecordedNode).node.send('origin', 'go')).status, 'delivered')
    const sent = countOf(await made, 'sent')
    assert.ok(sent < 1_500, 'some have no place to wait')
    await until('all have what was sent', () => others.every(({ messages }) => messages.length === sent))
  })

  test('made before the first link are bounded in bytes, and none is lost that is told as sent', async (t) => {
    const origin = await startNode(t, 'origin')
    const made = Promise.all(Array.from({ length: 1_500 }, () => origin.node.broadcast(PAYLOAD)))
    const other = await startNode(t, 'n1', { peers: [origin.url] })
    const answers = await made
    const sent = countOf(answers, 'sent')
    assert.ok(sent >= 400 && sent < 1_500, `${sent} sent`)
    assert.equal(countOf(answers, 'queue-full'), 1_500 - sent)
    await until('it has what was sent', () => other.messages.length === sent)
  })

  test('that wait can be given up, and end with the node', async (t) => {
    const [origin] = await startFour(t)
    const stop = new AbortController()
    const options = { deadlineMs: 3_600_000 }
    const first = Promise.all(Array.from({ length: 200 }, () => origin.node.broadcast(PAYLOAD, options)))
    const cancelled = origin.node.broadcast('cancelled', { ...options, signal: stop.signal })
    const last = origin.node.broadcast('last', options)
    stop.abort()
    const failed = { status: 'failed', at: 'origin' }
    assert.deepEqual(await cancelled, { ...failed, reason: 'cancelled' })
    await origin.node.close()
    assert.deepEqual(await last, { ...failed, reason: 'shutting-down' })
    assert.ok(countOf(await first, 'sent') > 0)
    assert.equal(insideOf(origin.node).conversation.inspect().casts, 0)
  })
})

test('trySend says that the queue is full in a listener, too', async (t) => {
  const a = await startNode(t, 'a')
  const b = await startNode(t, 'b', { peers: [a.url] })
  await meshed([a, b])
  const tried = new Promise<TrySendAnswer[]>((resolve) => {
    a.node.on('message', () => resolve(Array.from({ length: 20_000 }, () => a.node.trySend('b', 1))))
  })
  assert.equal((await b.node.send('a', 'go')).status, 'delivered')
  const accepted = (await tried).filter(({ status }) => status === 'accepted')
  assert.ok(accepted.length < 20_000, 'not all have room')
  const outcomes = await Promise.all(accepted.map((one) => (one.status === 'accepted' ? one.outcome : one)))
  assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['delivered']))
})

test('broadcasts that are made in a listener leave no timers', async (t) => {
  const a = await startNode(t, 'a')
  const b = await startNode(t, 'b', { peers: [a.url] })
  await meshed([a, b])
  const timers = (): number => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length
  const before = timers()
  const made = new Promise<BroadcastAnswer[]>((resolve) => {
    a.node.on('message', () => {
      const options = { deadlineMs: 3_600_000 }
      resolve(Promise.all(Array.from({ length: 500 }, (_, index) => a.node.broadcast(index, options))))
    })
  })
  assert.equal((await b.node.send('a', 'go')).status, 'delivered')
  assert.equal(countOf(await made, 'sent'), 500)
  assert.ok(timers() < before + 50, `${timers()} timers, ${before} before`)
})
