// The [MSG] line: what it looks like, and what it never can contain.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { messageLine } from '../../../src/http/message-line.ts'
import type { JsonValue } from '../../../src/wire/payload.ts'
import { printable } from '../../../src/wire/printable.ts'

/** Written with code points, so that this file holds none of them. */
const of = (...codes: number[]): string => String.fromCharCode(...codes)

const FORBIDDEN_RANGES = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x061c, 0x061c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
] as const

function isForbidden(code: number): boolean {
  return FORBIDDEN_RANGES.some(([from, to]) => code >= from && code <= to)
}

/** Texts with far more trouble in them than ordinary ones have. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...FORBIDDEN_RANGES.flat().map((code) => of(code))),
    fc.integer({ min: 0, max: 0xffff }).map((code) => of(code)),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('\\', '\\n', 'u001b', '"', ': '),
  ),
})

describe('the line', () => {
  test('is the one of the classroom contract', () => {
    assert.equal(messageLine('node12', 'Hello node8'), '[MSG] From node12: Hello node8')
  })

  test('leaves printable text of every language as it is', () => {
    const text = 'C:\\new "quoted" – Grüße, 你好, שלום, 👩‍👩‍👧‍👦 %s {}'
    assert.equal(messageLine('Zoë', text), `[MSG] From Zoë: ${text}`)
  })

  test('writes other JSON values as compact JSON', () => {
    const values: [JsonValue, string][] = [
      [{ a: [1, null, 'x y'] }, '{"a":[1,null,"x y"]}'],
      [[], '[]'],
      [0, '0'],
      [false, 'false'],
      [null, 'null'],
    ]
    for (const [value, text] of values) assert.equal(messageLine('a', value), `[MSG] From a: ${text}`)
  })

  test('writes bytes as base64, with a mark', () => {
    assert.equal(messageLine('a', Buffer.from('hi\n')), '[MSG] From a: base64:aGkK')
    assert.equal(messageLine('a', new Uint8Array([9, 1, 2, 9]).subarray(1, 3)), '[MSG] From a: base64:AQI=')
    assert.equal(messageLine('a', new Uint8Array()), '[MSG] From a: base64:')
  })

  test('cannot be forged, coloured or turned round', () => {
    const cases: [string, string][] = [
      ['x\n[MSG] From admin: y', 'x\\n[MSG] From admin: y'],
      ['a\r\tb', 'a\\r\\tb'],
      [`${of(0x1b)}[31mred`, '\\u001b[31mred'],
      [`${of(0x9b)}31mred`, '\\u009b31mred'],
      [of(0x7f, 0x00, 0x85), '\\u007f\\u0000\\u0085'],
      [of(0x2028, 0x2029), '\\u2028\\u2029'],
      [of(0x202e, 0x2066, 0x200f), '\\u202e\\u2066\\u200f'],
      [`${of(0xd800)}x${of(0xdc00)}`, '\\ud800x\\udc00'],
    ]
    for (const [text, written] of cases) {
      assert.equal(messageLine('a', text), `[MSG] From a: ${written}`)
      assert.equal(messageLine(text, 'b'), `[MSG] From ${written}: b`)
    }
    assert.equal(messageLine('a', { b: of(0x85, 0x202e) }), '[MSG] From a: {"b":"\\u0085\\u202e"}')
  })

  test('survives a value that JSON.stringify does not', () => {
    let deep: JsonValue = []
    for (let i = 0; i < 200_000; i++) deep = [deep]
    assert.equal(messageLine('a', deep), '[MSG] From a: (unprintable)')
  })
})

describe('for all senders and messages', () => {
  test('the line is well-formed text without anything forbidden', () => {
    fc.assert(
      fc.property(anyText, fc.oneof(anyText, fc.jsonValue(), fc.uint8Array()), (sender, msg) => {
        const line = messageLine(sender, msg as JsonValue)
        assert.ok(line.isWellFormed())
        for (let i = 0; i < line.length; i++)
          assert.ok(!isForbidden(line.charCodeAt(i)), JSON.stringify(line))
      }),
    )
  })

  test('a JSON value other than a string can be read back from the line', () => {
    const value = fc.jsonValue({ noUnicodeString: false }).filter((v) => typeof v !== 'string')
    fc.assert(
      fc.property(value, (msg) => {
        const text = messageLine('a', msg as JsonValue).slice('[MSG] From a: '.length)
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(msg)))
      }),
    )
  })

  test('text without backslashes can be read back: different texts give different lines', () => {
    const text = anyText.map((t) => t.replaceAll('\\', '/'))
    fc.assert(
      fc.property(text, (original) => {
        const unescaped = printable(original).replace(/\\(?:([nrt])|u([0-9a-f]{4}))/g, (_, short, hex) =>
          short === undefined ? of(Number.parseInt(hex, 16)) : { n: '\n', r: '\r', t: '\t' }[short as 'n'],
        )
        assert.equal(unescaped, original)
      }),
    )
  })

  test('escaping twice changes nothing', () => {
    fc.assert(fc.property(anyText, (text) => assert.equal(printable(printable(text)), printable(text))))
  })
})
