// The application envelope: its form, what is refused at the sender, and what is refused at the receiver.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { decodePayload, encodePayload, type JsonValue } from '../../../src/wire/payload.ts'
import { utf8 } from '../../support/frame-bytes.ts'

test('strings are text, bytes are bytes, the rest is JSON', () => {
  assert.deepEqual(encodePayload('hé'), Uint8Array.of(1, 0x68, 0xc3, 0xa9))
  assert.deepEqual(encodePayload(Uint8Array.of(7, 8)), Uint8Array.of(0, 7, 8))
  assert.deepEqual(encodePayload([1]), Uint8Array.of(2, ...utf8('[1]')))
  assert.deepEqual(encodePayload(null), Uint8Array.of(2, ...utf8('null')))
  assert.deepEqual(encodePayload(''), Uint8Array.of(1))
  assert.deepEqual(encodePayload('x', {}), Uint8Array.of(1, 0x78))
  assert.deepEqual(encodePayload('x', { a: 'b' }), Uint8Array.of(0x81, 0, 9, ...utf8('{"a":"b"}'), 0x78))
})

test('a lone surrogate has no UTF-8: such a string travels as JSON and comes back the same', () => {
  for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800', '😀\ud83d']) {
    const encoded = encodePayload(text)
    assert.equal(encoded[0], 2)
    assert.deepEqual(decodePayload(encoded), { ok: true, value: text })
  }
  assert.equal(encodePayload('😀')[0], 1)
})

test('text of any size and script', () => {
  for (const text of [
    '\ufeffbom',
    '\0',
    'x'.repeat(255),
    'x'.repeat(256),
    'x'.repeat(257),
    'é'.repeat(300),
    '日本😀',
  ]) {
    assert.deepEqual(decodePayload(encodePayload(text)), { ok: true, value: text })
  }
})

/** With a `toJSON` that `Object.entries` does not show, and that gives nothing. */
function hiding<T extends object>(value: T): T {
  return Object.defineProperty(value, 'toJSON', { value: () => undefined })
}

test('what JSON would change or lose in silence is refused, with the place', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  for (const [value, message] of [
    [undefined, /^payload: expected a JSON value or a Uint8Array, got undefined$/],
    [() => 1, /^payload: expected a JSON value or a Uint8Array, got function$/],
    [Symbol('s'), /^payload: .* got symbol$/],
    [1n, /^payload: JSON has no BigInt; send it as a string$/],
    [Number.NaN, /^payload: JSON has no NaN$/],
    [{ a: [1, Number.POSITIVE_INFINITY] }, /^payload\.a\[1\]: JSON has no Infinity$/],
    [{ a: { b: 2n } }, /^payload\.a\.b: JSON has no BigInt/],
    [[1, undefined], /^payload\[1\]: .* got undefined$/],
    [new Array(2), /^payload\[0\]: .* got undefined$/],
    [{ a: () => 1 }, /^payload\.a: .* got function$/],
    [new Date(0), /^payload: JSON has no Date/],
    [{ when: new Date(0) }, /^payload\.when: JSON has no Date/],
    [new Map(), /^payload: JSON has no Map/],
    [{ bytes: new Uint8Array(2) }, /^payload\.bytes: JSON has no Uint8Array/],
    [new (class Point {})(), /^payload: JSON has no Point/],
    [Object.assign([1], { toJSON: () => 'evil' }), /^payload\.toJSON: JSON would have what it gives/],
    [[hiding([1])], /^payload\[0\]\.toJSON: /],
    [{ a: hiding({}) }, /^payload\.a\.toJSON: /],
    [{ toJSON: () => 1 }, /^payload\.toJSON: /],
    [cycle, /100 levels, or a cycle$/],
  ] as const) {
    assert.throws(() => encodePayload(value as unknown as JsonValue), {
      name: 'WireError',
      code: 'invalid',
      message,
    })
  }
})

test('a toJSON that is no function is a key as any other', () => {
  assert.deepEqual(decodePayload(encodePayload({ toJSON: 5 })), { ok: true, value: { toJSON: 5 } })
})

test('a key that holds undefined is left out, as JSON does', () => {
  const encoded = encodePayload({ a: 1, b: undefined } as unknown as JsonValue)
  assert.deepEqual(decodePayload(encoded), { ok: true, value: { a: 1 } })
})

test('plain objects without a prototype and of another realm', () => {
  assert.deepEqual(decodePayload(encodePayload(Object.assign(Object.create(null), { a: 1 }))), {
    ok: true,
    value: { a: 1 },
  })
  const foreign = runInNewContext('({ a: [1, { b: 2 }] })') as JsonValue
  assert.deepEqual(decodePayload(encodePayload(foreign)), { ok: true, value: { a: [1, { b: 2 }] } })
})

test('headers are strings', () => {
  assert.throws(() => encodePayload('x', { a: 1 } as unknown as Record<string, string>), {
    code: 'invalid',
    field: 'headers.a',
  })
  assert.deepEqual(decodePayload(encodePayload('x', { a: '\ud800', '': 'ü' })), {
    ok: true,
    value: 'x',
    headers: { a: '\ud800', '': 'ü' },
  })
})

test('a payload that is none', () => {
  const headers = (json: string) => Uint8Array.of(0x81, 0, json.length, ...utf8(json))
  for (const [bytes, detail] of [
    [Uint8Array.of(), 'payload: expected at least 1 byte, got nothing'],
    [Uint8Array.of(3), 'payload: a kind that this version does not know: 0x03'],
    [Uint8Array.of(0x11), 'payload: a kind that this version does not know: 0x11'],
    [Uint8Array.of(0x81), 'headers: expected 2 bytes of size, got 0'],
    [Uint8Array.of(0x81, 0), 'headers: expected 2 bytes of size, got 1'],
    [Uint8Array.of(0x81, 0, 3, 1), 'headers: expected 3 bytes, got 1'],
    [headers('[]'), 'headers: expected a JSON object of strings'],
    [headers('{"a":1}'), 'headers: expected a JSON object of strings'],
    [headers('{"a":'), 'headers: expected a JSON object of strings'],
    [headers('null'), 'headers: expected a JSON object of strings'],
    [Uint8Array.of(1, 0xff), 'content: expected UTF-8'],
    [Uint8Array.of(1, 0xed, 0xa0, 0x80), 'content: expected UTF-8'],
    [Uint8Array.of(2, 0xff), 'content: expected UTF-8'],
    [Uint8Array.of(2), 'content: expected JSON'],
    [Uint8Array.of(2, ...utf8('{')), 'content: expected JSON'],
  ] as const) {
    assert.deepEqual(decodePayload(bytes), { ok: false, detail })
  }
})
