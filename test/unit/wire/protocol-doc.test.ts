// docs/PROTOCOL.md against the code: its tables, its test vectors, its examples.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { recordHash } from '../../../src/core/hash.ts'
import type { NodeName } from '../../../src/core/messages.ts'
import { REASONS } from '../../../src/core/reasons.ts'
import { decodeFrame } from '../../../src/wire/decode.ts'
import { FRAME_TYPES, HEADER_BYTES } from '../../../src/wire/frames.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { parseLine } from '../../../src/wire/lines.ts'
import { PAYLOAD_KINDS } from '../../../src/wire/payload.ts'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const doc = read('docs/PROTOCOL.md')

/** The cells of the table with this head, without backquotes. */
function table(head: string): string[][] {
  const lines = doc.split('\n')
  const start = lines.indexOf(head)
  assert.ok(start >= 0, `docs/PROTOCOL.md has no table "${head}"`)
  const rows: string[][] = []
  for (let i = start + 2; lines[i]?.startsWith('|'); i++) {
    rows.push(
      lines[i]!.slice(2, -2)
        .split(' | ')
        .map((cell) => cell.replaceAll('`', '')),
    )
  }
  return rows
}

test('the table of reasons', () => {
  assert.deepEqual(
    table('| code | reason | dial again | what happened |'),
    Object.entries(REASONS).map(([reason, { closeCode, reconnect, text }]) => [
      String(closeCode),
      reason,
      reconnect ? 'yes' : 'no',
      text,
    ]),
  )
})

test('the table of limits', () => {
  assert.deepEqual(
    table('| limit | value | of what |').map(([name, value]) => [name, Number(value)]),
    Object.entries(LIMITS),
  )
})

test('the table of frame types', () => {
  assert.deepEqual(
    table('| type | name | relayed | layout |').map(([code, name]) => [name, Number(code)]),
    Object.entries(FRAME_TYPES),
  )
})

test('the table of payload kinds', () => {
  assert.deepEqual(
    table('| kind | content |').map(([kind]) => Number(kind)),
    Object.values(PAYLOAD_KINDS),
  )
})

test('the table of headers', () => {
  const [, body = ''] =
    /export interface EnvelopeHeaders \{\n(.*?)\n\}/s.exec(read('src/node/envelope.ts')) ?? []
  const names = [...body.matchAll(/readonly (\w+)\?: string/g)].map(([, name]) => name)
  assert.ok(names.length > 10)
  assert.deepEqual(
    table('| header | in | meaning |')
      .map(([name]) => name)
      .sort(),
    names.sort(),
  )
})

test('the table of line mode: each JSON line means the same as its text', () => {
  const rows = table('| text | JSON | answer |')
  assert.ok(rows.length > 10)
  for (const [text = '', json = ''] of rows) {
    const { form: _, ...asJson } = parseLine(json.replace(' and so on', ''))
    assert.notEqual(asJson.type, 'mistake', json)
    const [first = ''] = text.split(', ')
    if (first === '–') continue
    const { form: __, ...asText } = parseLine(first)
    assert.deepEqual(asText, asJson)
  }
})

test('the test vectors of the hash', () => {
  const rows = table('| name | incarnation | version | high | low |')
  assert.ok(rows.length > 0)
  for (const [name, incarnation, version, high, low] of rows) {
    assert.deepEqual(recordHash(name as NodeName, Number(incarnation), Number(version)), {
      high: Number.parseInt(high!, 16),
      low: Number.parseInt(low!, 16),
    })
  }
})

const codeBlocks = [...doc.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, text]) => ({
  language,
  text,
}))

test('every example in hexadecimal is a golden one, and every binary frame type has one', () => {
  const golden = JSON.parse(read('test/golden/frames.golden.json')) as {
    frames: Record<string, { hex: string }>
    bundle: { hex: string }
  }
  const examples = codeBlocks
    .flatMap(({ text }) => text!.split('\n\n'))
    .map((text) => text.replaceAll(/\s/g, ''))
    .filter((text) => /^[0-9a-f]{16,}$/.test(text))
  const expected = Object.entries(golden.frames)
    .filter(([name]) => !['hello', 'welcome', 'peer-events'].includes(name))
    .map(([, { hex }]) => hex)
  assert.deepEqual(examples.toSorted(), [...expected, golden.bundle.hex].toSorted())
})

test('every JSON body is accepted', () => {
  const bodies = codeBlocks.filter(({ language }) => language === 'json').map(({ text }) => text!)
  const types = [FRAME_TYPES.hello, FRAME_TYPES.welcome, FRAME_TYPES['peer-events']]
  assert.equal(bodies.length, types.length)
  bodies.forEach((body, i) => {
    const bytes = new TextEncoder().encode(body)
    const frame = new Uint8Array(HEADER_BYTES + bytes.length)
    frame[0] = types[i]!
    frame.set(bytes, HEADER_BYTES)
    const result = decodeFrame(frame)
    assert.ok(result.ok, result.ok ? '' : result.detail)
    for (const key of Object.keys(JSON.parse(body) as object)) assert.ok(key in result.message, key)
  })
})

test('every link inside the page leads somewhere', () => {
  const headings = [...doc.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  )
  for (const [, anchor] of doc.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(headings.includes(anchor!), anchor)
})
