// Texts from bytes: the cache behind it must not show.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NODE_NAME_CHARS_MAX, parseNodeName } from '../../../src/core/messages.ts'
import { TextCache } from '../../../src/wire/text-cache.ts'

const encoder = new TextEncoder()
const names = new TextCache(parseNodeName, NODE_NAME_CHARS_MAX)

function read(text: string): string | undefined {
  const bytes = encoder.encode(`--${text}--`)
  return names.read(bytes, 2, bytes.length - 4)
}

test('more names than the cache has room for, over and over', () => {
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 20_000; i++) assert.equal(read(`node${i}`), `node${i}`)
  }
})

test('names that share a hash are told apart', () => {
  // "Aa" and "BB" have the same polynomial hash with factor 31.
  for (let round = 0; round < 3; round++) {
    for (const text of ['AaAa', 'AaBB', 'BBAa', 'BBBB']) assert.equal(read(text), text)
  }
})

test('a bad name stays bad, before and after a good one of the same slot', () => {
  for (const bad of ['', '.a', 'a/b', 'é', 'n'.repeat(65)]) {
    assert.equal(read(bad), undefined)
    assert.equal(read('good'), 'good')
    assert.equal(read(bad), undefined)
  }
})
