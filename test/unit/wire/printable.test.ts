// Nothing that somebody else wrote can forge a line or steer a terminal.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { base64, printable, printableValue } from '../../../src/wire/printable.ts'

test('what is unsafe is escaped as in JSON, all else stays', () => {
  assert.equal(printable('a\nb\r\tc\u001b[2J\u007f\u009b'), 'a\\nb\\r\\tc\\u001b[2J\\u007f\\u009b')
  assert.equal(printable('\u2028\u202e\ud800'), '\\u2028\\u202e\\ud800')
  assert.equal(printable('Grüße, C:\\n 👋'), 'Grüße, C:\\n 👋')
})

test('values', () => {
  assert.equal(printableValue('a\nb'), 'a\\nb')
  assert.equal(printableValue({ a: ['\u009b', null] }), '{"a":["\\u009b",null]}')
  assert.equal(printableValue(new Uint8Array([0, 255])), 'base64:AP8=')
  let deep: [] | [unknown] = []
  for (let i = 0; i < 1_000_000; i++) deep = [deep]
  assert.equal(printableValue(deep as []), '(unprintable)')
})

test('a JSON text means the same after it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, key) => {
      const json = JSON.stringify({ [key]: value })
      assert.deepEqual(JSON.parse(printable(json)), JSON.parse(json))
    }),
  )
})

test('base64 is that of Node.js, at every length and over several chunks', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(0, 8_190, 16_384), (bytes, before) => {
      const all = new Uint8Array(before + bytes.length)
      all.set(bytes, before)
      assert.equal(base64(all), Buffer.from(all).toString('base64'))
    }),
  )
})
