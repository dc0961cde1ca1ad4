// The application envelope: every value and every string comes out exactly as it went in.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decodePayload,
  encodePayload,
  headersSizeOf,
  type JsonValue,
  withHeaders,
} from '../../src/wire/payload.ts'
import { jsonValue, payload } from '../support/arbitraries.ts'

const RUNS = { numRuns: 1_000 }

// Any 16-bit units, so lone surrogates too.
const anyString = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0xd83d, 0xde00, 0xfeff, 0, 0xdfff)), {
    maxLength: 80,
  })
  .map((units) => String.fromCharCode(...units))

const headers = fc.dictionary(anyString, anyString, { maxKeys: 5, noNullPrototype: true })

function roundTrip(value: JsonValue | Uint8Array, withHeaders?: Record<string, string>): unknown {
  const result = decodePayload(encodePayload(value, withHeaders))
  assert.ok(result.ok, result.ok ? '' : result.detail)
  if (withHeaders !== undefined) assert.deepEqual(result.headers ?? {}, withHeaders)
  return result.value
}

test('every string comes back with the same units, lone surrogates too', () => {
  fc.assert(
    fc.property(anyString, (text) => {
      assert.equal(roundTrip(text), text)
    }),
    RUNS,
  )
})

test('every JSON value comes back equal', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      assert.deepEqual(roundTrip(value), value)
    }),
    RUNS,
  )
})

test('bytes come back the same, as a plain Uint8Array', () => {
  fc.assert(
    fc.property(payload, (bytes) => {
      assert.deepEqual(roundTrip(bytes), bytes)
      assert.deepEqual(roundTrip(Buffer.from(bytes)), bytes)
    }),
    RUNS,
  )
})

test('a payload under other headers is the same value', () => {
  fc.assert(
    fc.property(fc.oneof(payload, anyString, jsonValue), headers, headers, (value, before, after) => {
      const sealed = encodePayload(value, before)
      const text = JSON.stringify(before)
      assert.equal(headersSizeOf(sealed), text === '{}' ? 0 : Buffer.byteLength(text))
      const other = withHeaders(sealed, after)
      assert.deepEqual(decodePayload(other), { ...decodePayload(encodePayload(value, after)) })
      assert.deepEqual(sealed, encodePayload(value, before), 'and the first one is as it was')
    }),
    RUNS,
  )
})

test('headers travel beside any value', () => {
  fc.assert(
    fc.property(fc.oneof(payload, anyString, jsonValue), headers, (value, headers) => {
      assert.deepEqual(roundTrip(value, headers), value)
    }),
    RUNS,
  )
})

test('random bytes decode to a value or to what is wrong with them', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        payload,
        fc.tuple(fc.constantFrom(0, 1, 2, 0x80, 0x81, 0x82), payload).map(([a, b]) => Uint8Array.of(a, ...b)),
      ),
      (bytes) => {
        const result = decodePayload(bytes)
        if (!result.ok) assert.match(result.detail, /^(payload|headers|content)/)
        else assert.deepEqual(roundTrip(result.value), result.value)
      },
    ),
    RUNS,
  )
})
