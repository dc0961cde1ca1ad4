// Who answers for what was broadcast before, where nobody is named: the nearest keeper, another one where that cannot, and
// a keeper itself where there is no other.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Conversation } from '../../../src/node/conversation.ts'
import { insideOf } from '../../../src/node/inside.ts'
import { createTestNetwork } from '../../../src/testing/test-network.ts'

const valuesOf = (answer: { readonly messages: readonly { readonly value: unknown }[] }): unknown[] =>
  answer.messages.map(({ value }) => value)

test('the only keeper asks itself: alone at once, else when it knows that there is no other', async () => {
  await using net = createTestNetwork()
  const [keeper] = await net.start(['keeper'], { history: 3 })
  await net.settled()
  const startMs = net.nowMs
  assert.deepEqual(await keeper.history('#'), { status: 'complete', from: 'keeper', messages: [] })
  assert.equal(net.nowMs, startMs)
  assert.equal((await keeper.history('#', { signal: AbortSignal.abort() })).status, 'failed')
  const [a] = await net.start(['a'])
  await net.settled()
  const kept = () => insideOf(keeper).conversation.inspect().history.kept
  await a.publish('t', 1, { sender: 'probe' })
  await net.until(() => kept().get('t') === 1)
  await keeper.publish('t', new Uint8Array([2]))
  await a.broadcast('no topic')
  await net.until(() => kept().get('') === 1)
  const own = await keeper.history('t')
  assert.deepEqual(own, await keeper.history('t', { from: 'keeper' }))
  assert.deepEqual(valuesOf(own), [1, new Uint8Array([2])])
  assert.deepEqual(valuesOf(await keeper.history()), ['no topic'])
})

test('of two keepers one asks the other', async () => {
  await using net = createTestNetwork()
  const [old] = await net.start(['old'], { history: 3 })
  await net.start(['a'])
  await net.settled()
  await old.publish('t', 1)
  await net.settled()
  const [late] = await net.start(['late'], { history: 3 })
  assert.deepEqual(valuesOf(await late.history('t')), [1])
})

test('one that says that it keeps them and does not is no obstacle: the next one is asked', async () => {
  await using net = createTestNetwork()
  const [a, liar] = await net.start(['a', 'liar'])
  await net.settled()
  // Another implementation may have the tag for its own purposes.
  const { setTags } = insideOf(liar).conversation as Conversation
  setTags.call(insideOf(liar).conversation, ['history'])
  await net.settled()
  const failed = await a.history('t')
  assert.deepEqual(failed.status === 'failed' && [failed.reason, failed.at], ['handler-failed', 'liar'])
  // It is learned of after the other, so that the other is asked first.
  const [keeper] = await net.start(['keeper'], { history: 3 })
  await net.settled()
  await liar.publish('t', 1)
  await net.until(() => insideOf(keeper).conversation.inspect().history.kept.get('t') === 1)
  const answer = await a.history('t')
  assert.deepEqual([answer.status === 'complete' && answer.from, valuesOf(answer)], ['keeper', [1]])
  const [other] = await net.start(['other'], { history: 3 })
  assert.deepEqual(valuesOf(await other.history('t')), [1])
})

test('the tag of keepers is theirs', async () => {
  await using net = createTestNetwork()
  const [a] = await net.start(['a'])
  const refused = { code: 'invalid-option', message: /history is the tag of nodes that keep broadcasts/ }
  await assert.rejects(net.createNode({ name: 'b', tags: ['history'] }), refused)
  assert.throws(() => {
    a.tags = ['worker', 'history']
  }, refused)
})
