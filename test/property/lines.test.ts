// Line mode, whatever is typed: there is always an answer, mistakes can be shown as they are, and what a line says
// arrives as it was meant.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { NodeName } from '../../src/core/messages.ts'
import { addressText, type LineCommand, parseAddress } from '../../src/wire/line-requests.ts'
import { parseLine } from '../../src/wire/lines.ts'
import { encodePayload } from '../../src/wire/payload.ts'
import { printable } from '../../src/wire/printable.ts'
import { isTopic, isTopicFilter } from '../../src/wire/topics.ts'
import { jsonValue, nodeName } from '../support/arbitraries.ts'

const RUNS = { numRuns: 1_000 }

const address = fc
  .tuple(nodeName, fc.option(nodeName, { nil: undefined }))
  .map(([node, guest]) => (guest === undefined ? { node } : { node, guest: guest as string }))

/** Text that begins and ends with something that is not blank. */
const words = fc
  .string({ unit: 'binary', minLength: 1 })
  .filter((text) => text.trim() === text && text !== '')

/** What people nearly type: pieces of the grammar in any order. */
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom('@', '/', '*', '{', '}', '"', ':', ',', ' ', '\n', '"to"', '"msg"', '"cmd"', '"tag"'),
      fc.constantFrom('peers', 'who', 'ping', 'trace', 'help', 'null', '1e999', '[', ']', '\\u0000'),
      fc.constantFrom('sub', 'unsub', 'pub', 'events', 'on', 'ask', 'all', '#', '+', '"topic"', '"filter"'),
      nodeName,
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

const COMMANDS = [
  ...['peers', 'who', 'help', 'ping', 'trace', 'request', 'publish', 'subscribe', 'unsubscribe'],
  ...['history', 'events'],
]

const topicText = fc
  .array(fc.constantFrom('a', 'b', '+', '#', '', ' '), { maxLength: 4 })
  .map((levels) => levels.join('/'))

/** A JSON object with the keys that count, and anything in them. */
const jsonLine = fc
  .record(
    {
      to: fc.oneof(address.map(addressText), fc.constant('*'), jsonValue),
      msg: jsonValue,
      cmd: fc.oneof(fc.constantFrom(...COMMANDS), jsonValue),
      tag: fc.oneof(fc.integer(), fc.string(), jsonValue),
      deadlineMs: fc.oneof(fc.integer(), jsonValue),
      receipts: fc.oneof(fc.boolean(), jsonValue),
      topic: fc.oneof(topicText, jsonValue),
      filter: fc.oneof(topicText, jsonValue),
      on: fc.oneof(fc.boolean(), jsonValue),
    },
    { requiredKeys: [] },
  )
  .map((fields) => JSON.stringify(fields))

function checkAnswer(command: LineCommand, line: string): void {
  const isJson = line.trim().startsWith('{')
  assert.equal(command.form, isJson ? 'json' : 'text')
  if (!isJson) assert.equal('tag' in command, false)
  if (command.type === 'mistake') {
    assert.equal(command.text, printable(command.text), 'can be shown as it is')
    assert.ok(command.text.length < 700, 'repeats only the beginning of what was typed')
    assert.match(command.text, /Type|must be|too large|deeper|at most|Ctrl-C/)
  }
  if (command.type === 'direct') assert.deepEqual(parseAddress(addressText(command.to)), command.to)
  // What is understood can be sent.
  if ('msg' in command) encodePayload(command.msg)
  if (command.type === 'publish') assert.ok(isTopic(command.topic))
  if ('filter' in command && command.filter !== undefined) assert.ok(isTopicFilter(command.filter))
}

test('any text gets an answer', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary', size: 'medium' }), nearly, jsonLine)
  fc.assert(
    fc.property(anything, (line) => checkAnswer(parseLine(line), line)),
    RUNS,
  )
})

test('a text line of text reaches whom it names', () => {
  const blanks = fc.string({ unit: fc.constantFrom(' ', '\t'), minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(address, words, blanks, (to, msg, blank) => {
      const direct = parseLine(`@${addressText(to)}${blank}${msg}${blank}`)
      assert.deepEqual(direct, { type: 'direct', to, msg, form: 'text' })
      assert.deepEqual(parseLine(`@*${blank}${msg}`), { type: 'broadcast', msg, form: 'text' })
    }),
    RUNS,
  )
})

test('a JSON line is carried out as it says', () => {
  const content = jsonValue.filter((value) => value !== null && value !== '')
  const tag = fc.oneof(fc.integer(), fc.string({ minLength: 1, maxLength: 128 }))
  fc.assert(
    fc.property(address, content, tag, (to, msg, mark) => {
      const line = JSON.stringify({ tag: mark, to: addressText(to), msg })
      // As a reader of JSON gets it: -0 is 0 there.
      const expected = (JSON.parse(line) as { msg: unknown }).msg
      assert.deepEqual(parseLine(line), { type: 'direct', to, msg: expected, form: 'json', tag: mark })
    }),
    RUNS,
  )
})

test('names come through', () => {
  fc.assert(
    fc.property(nodeName, (to: NodeName) => {
      assert.deepEqual(parseLine(`/ping ${to}`), { type: 'ping', to, form: 'text' })
      assert.deepEqual(parseLine(`/trace ${to}`), { type: 'trace', to, form: 'text' })
      assert.deepEqual(parseLine(JSON.stringify({ cmd: 'ping', to })), { type: 'ping', to, form: 'json' })
      assert.deepEqual(parseAddress(to), { node: to })
    }),
    RUNS,
  )
})
