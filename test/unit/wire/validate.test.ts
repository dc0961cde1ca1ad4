// What counts as a peer's URL and as an instance.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isInstance, isPeerUrl } from '../../../src/wire/validate.ts'

test('URLs of peers', () => {
  for (const url of [
    'ws://node1:5000',
    'wss://a.example/overlay?x=1&y=%20',
    'http://127.0.0.1:5000/',
    'https://[::1]:5000',
    'ws://bücher.example',
    "http://a/it's",
    'ws://a/?q=`\\',
  ]) {
    assert.equal(isPeerUrl(url), true, url)
  }
})

test('what is none', () => {
  for (const url of [
    '',
    'node1:5000',
    'ws://',
    'ftp://a',
    'javascript://a',
    'WS://a',
    ' ws://a',
    'ws://a b',
    'ws://a\n',
    'ws://a\r\nforged line',
    'ws://a\t',
    'ws://a\u0085',
    'ws://a\u2028',
    'ws://a\u202ecba',
    'ws://a\ud800',
    'ws://a"',
    'ws://a<script>',
  ]) {
    assert.equal(isPeerUrl(url), false, JSON.stringify(url))
  }
})

test('instances', () => {
  assert.equal(isInstance('V1StGXR8_Z5jdHi6B-myT'), true)
  assert.equal(isInstance('~!'), true)
  for (const text of ['', ' ', 'a b', 'a\n', 'é', '\u007f', 'i'.repeat(65)])
    assert.equal(isInstance(text), false)
})
