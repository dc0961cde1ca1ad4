// Receipts of broadcasts: who is waited for, and who is missing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../../src/core/rng.ts'
import type { Note } from '../../../src/node/envelope.ts'
import { ReceiptBook } from '../../../src/node/receipts.ts'

const note = (from: string, number: number): Note =>
  ({ from, number, value: { hops: 1, via: 'a' }, hops: 1, headers: {} }) as unknown as Note

test('when the node is away nobody is waited for any more, but for what has not gone out', async () => {
  const book = new ReceiptBook(() => 0, { hasEnded: false, wait: () => new Promise(() => {}) }, new Rng(1))
  const out = book.expect(['b', 'c'], 1_000)
  book.sent(out.number, [])
  book.got(note('b', out.number))
  const waiting = book.expect(['b'], 1_000)
  book.away()
  assert.deepEqual((await out.receipts).missing, ['c'])
  assert.equal(book.size, 1)
  book.sent(waiting.number, [])
  book.got(note('b', waiting.number))
  assert.deepEqual((await waiting.receipts).missing, [])
})

test('who was gone while the broadcast waited for a link, and is back, counts once', async () => {
  const book = new ReceiptBook(() => 0, { hasEnded: false, wait: () => new Promise(() => {}) }, new Rng(1))
  const { number, receipts } = book.expect(['b', 'c'], 1_000)
  book.peerLeft('b')
  book.sent(number, ['b', 'c', 'd'])
  for (const name of ['b', 'c', 'd']) assert.ok(book.got(note(name, number)))
  const { receipts: come, missing } = await receipts
  assert.deepEqual(
    come.map(({ name }) => name),
    ['b', 'c', 'd'],
  )
  assert.deepEqual(missing, [])
})

test('nothing is settled before it has gone out, though all who were waited for are gone', async () => {
  const book = new ReceiptBook(() => 0, { hasEnded: false, wait: () => new Promise(() => {}) }, new Rng(1))
  const { number, receipts } = book.expect(['b'], 1_000)
  book.peerLeft('b')
  assert.equal(book.size, 1)
  book.sent(number, ['b'])
  assert.ok(book.got(note('b', number)))
  assert.deepEqual((await receipts).missing, [])
})
