// Whatever JSON a client sends is read as one of the requests, or refused with a sentence.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { flawOf, readJson } from '../../../src/http/json.ts'
import { readMessageRequest } from '../../../src/http/message-request.ts'
import { readRegisterRequest } from '../../../src/http/register-request.ts'
import type { JsonValue } from '../../../src/wire/payload.ts'

const json = fc.jsonValue() as fc.Arbitrary<JsonValue>
const bodyLike = fc.record(
  {
    sender: fc.oneof(json, fc.string()),
    msg: json,
    to: fc.oneof(json, fc.constantFrom('*', 'node1', '')),
    deadlineMs: fc.oneof(json, fc.integer(), fc.double()),
    topic: fc.oneof(json, fc.constantFrom('a/b', 'a/+', '#')),
    receipts: fc.oneof(json, fc.boolean()),
    request: fc.oneof(json, fc.boolean()),
    peer: fc.oneof(json, fc.webUrl()),
    name: fc.oneof(json, fc.integer()),
    __proto__: json,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonValue>

test('no JSON value makes the readers throw', () => {
  fc.assert(
    fc.property(fc.oneof(json, bodyLike), (body) => {
      const message = readMessageRequest(body)
      if (message.kind === 'refused') assert.ok(message.error.length > 0)
      const registration = readRegisterRequest(body)
      if (!registration.ok) assert.ok(registration.error.length > 0)
    }),
  )
})

test('a message is handed on as it was sent', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 64 }), json, (sender, msg) => {
      fc.pre(msg !== null && msg !== '')
      assert.deepEqual(readMessageRequest({ sender, msg }), { kind: 'deliver', sender, msg })
      assert.deepEqual(readMessageRequest({ sender, msg, to: 'n' }), {
        kind: 'send',
        to: 'n',
        message: { sender, msg },
        options: {},
      })
      assert.deepEqual(readMessageRequest({ msg, to: '*' }), {
        kind: 'broadcast',
        message: { msg },
        options: {},
      })
    }),
  )
})

test('a trace goes with whatever is asked for; one that is none is refused', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const sender = 'a'
  const read = readMessageRequest({ sender, msg: 1, traceparent })
  assert.deepEqual(read, { kind: 'deliver', sender, msg: 1, traceparent })
  for (const how of [{ to: 'n' }, { to: 'n', request: true }, { to: '*' }, { topic: 't' }]) {
    const request = readMessageRequest({ msg: 1, traceparent, deadlineMs: 5, ...how })
    assert.deepEqual('options' in request && request.options, { traceparent, deadlineMs: 5 })
    for (const wrong of ['', 'x', 5, `${traceparent}-`, traceparent.toUpperCase()]) {
      const refused = readMessageRequest({ msg: 1, traceparent: wrong, ...how })
      assert.match(refused.kind === 'refused' ? refused.error : '', /^"traceparent" must be one of W3C/)
    }
  }
  assert.deepEqual(readMessageRequest({ sender, msg: 1, traceparent: null }), {
    kind: 'deliver',
    sender,
    msg: 1,
  })
})

test('keys that an object only inherits are missing', () => {
  const read = readJson(Buffer.from('{"__proto__":{"sender":"a","msg":"b","peer":"http://a"}}'))
  assert.ok(read.ok)
  assert.deepEqual(readMessageRequest(read.value), { kind: 'refused', error: 'Missing sender or msg' })
  assert.equal(readRegisterRequest(read.value).ok, false)
})

test('no bytes make the JSON reader throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)), (bytes) => {
      const read = readJson(Buffer.from(bytes))
      if (!read.ok) assert.match(read.error, /^The body is not valid (UTF-8|JSON: )/)
    }),
  )
})

test('depth counts levels of arrays and objects, wherever they are', () => {
  const nested = (levels: number): JsonValue => {
    let value: JsonValue = 1
    for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [1, value, 'x'] : { a: null, b: value }
    return value
  }
  assert.equal(flawOf(nested(100)), undefined)
  assert.equal(flawOf(nested(101)), 'too-deep')
  assert.equal(flawOf('['.repeat(1_000)), undefined)
  assert.equal(flawOf(null), undefined)
  assert.equal(flawOf(JSON.parse('[{"a":[1e999]}]')), 'not-finite')
})
