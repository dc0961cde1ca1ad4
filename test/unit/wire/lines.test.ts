// Line mode's grammar: what each line means, and that every mistake gets a line that helps.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeName } from '../../../src/core/messages.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { addressText, type LineCommand, parseAddress } from '../../../src/wire/line-requests.ts'
import { parseLine } from '../../../src/wire/lines.ts'

const node12 = 'node12' as NodeName
const node8 = 'node8' as NodeName
const text = (command: object): object => ({ ...command, form: 'text' })
const json = (command: object): object => ({ ...command, form: 'json' })

function mistakeOf(line: string): string {
  const command: LineCommand = parseLine(line)
  assert.equal(command.type, 'mistake', line)
  return (command as Extract<LineCommand, { type: 'mistake' }>).text
}

test('a direct message', () => {
  const hello = text({ type: 'direct', to: { node: node12 }, msg: 'hello' })
  for (const line of ['@node12 hello', '  @node12   hello  ', '@node12\thello\r\n', '@node12 hello\n']) {
    assert.deepEqual(parseLine(line), hello, line)
  }
  assert.deepEqual(
    parseLine('@node8/guest-3f hello'),
    text({ type: 'direct', to: { node: node8, guest: 'guest-3f' }, msg: 'hello' }),
  )
})

test('blanks and line breaks within a message stay', () => {
  assert.deepEqual(
    parseLine('@node12 a  b\nc'),
    text({ type: 'direct', to: { node: node12 }, msg: 'a  b\nc' }),
  )
  assert.deepEqual(parseLine('a  b\nc'), text({ type: 'broadcast', msg: 'a  b\nc' }))
})

test('a broadcast, with @* or without', () => {
  assert.deepEqual(parseLine('@* hello'), text({ type: 'broadcast', msg: 'hello' }))
  assert.deepEqual(parseLine('hello all'), text({ type: 'broadcast', msg: 'hello all' }))
  for (const msg of ['/peers', '@node12', '{"cmd":"peers"}']) {
    assert.deepEqual(parseLine(`@* ${msg}`), text({ type: 'broadcast', msg }), msg)
  }
})

test('commands', () => {
  for (const type of ['peers', 'who', 'help']) {
    assert.deepEqual(parseLine(`/${type}`), text({ type }))
    assert.deepEqual(parseLine(` /${type.toUpperCase()} `), text({ type }))
  }
  for (const type of ['ping', 'trace']) {
    assert.deepEqual(parseLine(`/${type} node12`), text({ type, to: node12 }))
    assert.deepEqual(parseLine(`/${type} @node12`), text({ type, to: node12 }))
  }
})

test('topics, events, questions and receipts', () => {
  const cases: [line: string, asJson: string, request: object][] = [
    ['/trace *', '{"cmd":"trace","to":"*"}', { type: 'trace', to: '*' }],
    ['/sub news/#', '{"cmd":"subscribe","filter":"news/#"}', { type: 'subscribe', filter: 'news/#' }],
    ['/UNSUB +/a', '{"cmd":"unsubscribe","filter":"+/a"}', { type: 'unsubscribe', filter: '+/a' }],
    ['/events ON', '{"cmd":"events","on":true}', { type: 'events', on: true }],
    ['/events off', '{"cmd":"events","on":false}', { type: 'events', on: false }],
    [
      '/pub a/b  c  d ',
      '{"cmd":"publish","topic":"a/b","msg":"c  d"}',
      { type: 'publish', topic: 'a/b', msg: 'c  d' },
    ],
    [
      '/ask @node12 how much?',
      '{"cmd":"request","to":"node12","msg":"how much?"}',
      { type: 'request', to: node12, msg: 'how much?' },
    ],
    [
      '/all hello all',
      '{"to":"*","msg":"hello all","receipts":true}',
      { type: 'broadcast', msg: 'hello all', receipts: true },
    ],
  ]
  for (const [line, asJson, request] of cases) {
    assert.deepEqual(parseLine(line), text(request))
    assert.deepEqual(parseLine(asJson), json(request))
  }
  // A filter may have blanks in it.
  assert.deepEqual(parseLine('/sub my news/#'), text({ type: 'subscribe', filter: 'my news/#' }))
})

test('how long to try, in JSON', () => {
  for (const [line, request] of [
    ['{"cmd":"ping","to":"node12","deadlineMs":7}', { type: 'ping', to: node12 }],
    ['{"cmd":"trace","to":"node12","deadlineMs":7}', { type: 'trace', to: node12 }],
    ['{"cmd":"trace","to":"*","deadlineMs":7}', { type: 'trace', to: '*' }],
    ['{"cmd":"request","to":"node12","msg":1,"deadlineMs":7}', { type: 'request', to: node12, msg: 1 }],
    ['{"cmd":"history","deadlineMs":7}', { type: 'history' }],
    ['{"cmd":"history","filter":"#","deadlineMs":7}', { type: 'history', filter: '#' }],
    ['{"to":"*","msg":1,"receipts":false,"deadlineMs":7}', { type: 'broadcast', msg: 1 }],
    [
      '{"cmd":"publish","topic":"t","msg":1,"receipts":true,"deadlineMs":7}',
      { type: 'publish', topic: 't', msg: 1, receipts: true },
    ],
  ] as const) {
    assert.deepEqual(parseLine(line), json({ ...request, deadlineMs: 7 }), line)
    assert.match(mistakeOf(line.replace('7', '"7"')), /from 1 to 3600000/)
  }
})

test('nothing', () => {
  for (const line of ['', ' ', '\n', '\t\r\n']) assert.deepEqual(parseLine(line), text({ type: 'nothing' }))
})

test('messages as JSON: any value is a message', () => {
  for (const msg of ['hello', 0, false, [], {}, { a: [1, null] }]) {
    assert.deepEqual(
      parseLine(JSON.stringify({ to: 'node12', msg })),
      json({ type: 'direct', to: { node: node12 }, msg }),
    )
    assert.deepEqual(parseLine(JSON.stringify({ to: '*', msg })), json({ type: 'broadcast', msg }))
  }
  assert.deepEqual(
    parseLine(' {"to":"node8/guest-3f","msg":"hi","deadlineMs":500,"tag":7,"later":true}'),
    json({ type: 'direct', to: { node: node8, guest: 'guest-3f' }, msg: 'hi', deadlineMs: 500, tag: 7 }),
  )
})

test('commands as JSON', () => {
  for (const type of ['peers', 'who', 'help']) {
    assert.deepEqual(parseLine(`{"cmd":"${type}","tag":"a"}`), json({ type, tag: 'a' }))
  }
  for (const type of ['ping', 'trace']) {
    assert.deepEqual(parseLine(`{"cmd":"${type}","to":"node12"}`), json({ type, to: node12 }))
  }
})

test('mistakes in text say what was wrong and what to type', () => {
  const cases: [line: string, ...expected: RegExp[]][] = [
    ['@', /no name/, /Type @node12 hello/],
    ['@ node12 hello', /no name right behind the @/],
    ['@node12', /no message/, /Type @node12 hello$/],
    ['@node8/guest-3f', /no message/, /Type @node8\/guest-3f hello$/],
    ['@*', /no message/, /Type @\* hello$/],
    ['@node12: hello', /"node12:" is not a name/, /Type @node12 hello$/],
    ['@node/ hello', /"node\/" is not a name/],
    ['@a/b/c hello', /"a\/b\/c" is not a name/],
    ['@\u001b[31m hello', /"\\u001b\[31m" is not a name/],
    [`@${'n'.repeat(65)} hello`, /at most 64/],
    ['/', /"\/" is no command/, /\/help/],
    ['/peer', /"\/peer" is no command/, /Type \/peers/],
    ['/peers all', /Nothing goes behind \/peers/],
    ['/ping', /Type \/ping node12$/],
    ['/trace', /Type \/trace node12$/],
    ['/ping node8/guest-3f', /Type \/ping node8$/],
    ['/ping node12 now', /"node12 now" is not a name/],
    ['/trace node8/guest-3f', /Type \/trace node8$/],
    ['/trace * now', /"\* now" is not a name/],
    ['/sub', /Type \/sub news\/#$/],
    ['/unsub', /Type \/unsub news\/#$/],
    ['/sub a/#/b', /"a\/#\/b" is no topic filter/, /Type \/sub news\/#$/],
    [`/sub ${'t'.repeat(129)}`, /at most 128 bytes/],
    ['/pub', /Type \/pub news\/today hello$/],
    ['/pub a/+ hello', /"a\/\+" is no topic \(.*without \+ and #/],
    ['/pub a/b', /no message. Type \/pub a\/b hello$/],
    ['/events', /Type \/events on .*\/events off$/],
    ['/events maybe', /Type \/events on/],
    ['/ask', /Whom\? Type \/ask node12 hello$/],
    ['/ask node12', /no question. Type \/ask node12 hello$/],
    ['/ask node8/guest-3f hello', /That is a guest. Type \/ask node8 hello$/],
    ['/ask n@de hello', /"n@de" is not a name.*Type \/ask node12 hello$/],
    ['/all', /no message. Type \/all hello$/],
    ['/quit', /Ctrl-C/],
  ]
  for (const [line, ...expected] of cases) {
    const answer = mistakeOf(line)
    assert.equal(parseLine(line).form, 'text')
    for (const part of expected) assert.match(answer, part)
  }
})

test('mistakes in JSON', () => {
  const cases: [line: string, expected: RegExp][] = [
    ['{', /not JSON: .*position/],
    ['{"to":"node12","msg":"hello"', /not JSON/],
    ['{}', /"to" is missing.*Type \{"to"/],
    ['{"msg":"hello"}', /"to" is missing/],
    ['{"to":"node12"}', /"msg" is missing/],
    ['{"to":"node12","msg":null}', /"msg" is missing/],
    ['{"to":"node12","msg":""}', /"msg" is missing/],
    ['{"to":"node 12","msg":"hello"}', /"to" must be the name of a node.*not "node 12"/],
    ['{"to":12,"msg":"hello"}', /not a number/],
    ['{"to":["node12"],"msg":"hello"}', /not a list/],
    ['{"cmd":"pears"}', /"cmd" must be "peers", .*"watch" or "seen"$/],
    ['{"cmd":"constructor"}', /"cmd" must be/],
    ['{"cmd":"events"}', /"on" must be true or false. Type \{"cmd":"events","on":true\}/],
    ['{"cmd":"events","on":"yes"}', /"on" must be/],
    ['{"cmd":"watch"}', /"on" must be true or false. Type \{"cmd":"watch","on":true\}/],
    ['{"to":"node12","msg":1,"traceparent":"00-1"}', /"traceparent" must be one of W3C Trace Context/],
    ['{"cmd":"seen","atMs":"now"}', /"atMs" must be that of the last line. Type \{"cmd":"seen"/],
    ['{"to":"*","msg":1,"traceparent":7}', /"traceparent" must be/],
    ['{"cmd":"subscribe"}', /"filter" is missing. Type \{"cmd":"subscribe"/],
    ['{"cmd":"unsubscribe","filter":7}', /"filter" must be a topic filter.*not a number/],
    ['{"cmd":"history","filter":"#/a"}', /"filter" must be a topic filter.*not "#\/a"/],
    ['{"cmd":"publish","msg":1}', /"topic" is missing/],
    ['{"cmd":"publish","topic":"a/#","msg":1}', /"topic" must be a topic.*not "a\/#"/],
    ['{"cmd":"publish","topic":"a"}', /"msg" is missing. Type \{"cmd":"publish"/],
    ['{"cmd":"publish","topic":"a","msg":[1e999]}', /too large/],
    ['{"cmd":"publish","topic":"a","msg":1,"receipts":1}', /"receipts" must be true or false/],
    ['{"cmd":"request","to":"node12"}', /"msg" is missing. Type \{"cmd":"request"/],
    ['{"cmd":"request","to":"*","msg":1}', /"to" must be the name/],
    ['{"to":"node12","msg":1,"receipts":true}', /"receipts" must be left out for one node/],
    ['{"cmd":7}', /"cmd" must be/],
    ['{"cmd":7}', /"cmd" must be/],
    ['{"cmd":"ping"}', /Type \{"cmd":"ping","to":"node12"\}/],
    ['{"cmd":"ping","to":"node8/guest-3f"}', /"to" must be/],
    ['{"to":"node12","msg":"hello","tag":[]}', /"tag" must be/],
    ['{"to":"node12","msg":"hello","tag":1e999}', /"tag" must be/],
    [`{"cmd":"who","tag":"${'t'.repeat(129)}"}`, /"tag" must be/],
    ['{"to":"node12","msg":[1e999]}', /too large/],
    ...['0', '1.5', '3600001', '"5"'].map((ms): [string, RegExp] => [
      `{"to":"node12","msg":"x","deadlineMs":${ms}}`,
      /from 1 to 3600000/,
    ]),
  ]
  for (const [line, expected] of cases) {
    assert.match(mistakeOf(line), expected)
    assert.equal(parseLine(line).form, 'json')
  }
  // A program can tell which line was wrong when its tag can be read.
  assert.equal(parseLine('{"tag":3}').tag, 3)
})

test('a line at the limit passes, one byte over it does not', () => {
  const atLimit = 'é'.repeat(LIMITS.lineBytesMax / 2)
  for (const end of ['', '\n', '\r\n']) {
    assert.deepEqual(parseLine(atLimit + end), text({ type: 'broadcast', msg: atLimit }))
    assert.match(mistakeOf(`${atLimit}.${end}`), /65537 bytes, at most 65536/)
  }
  assert.equal(parseLine(`{"to":"*","msg":"${atLimit}"}`).form, 'json')
})

test('a message may have as many levels as a payload, and no more', () => {
  const nested = (levels: number): string => `{"to":"*","msg":${'['.repeat(levels)}${']'.repeat(levels)}}`
  assert.equal(parseLine(nested(LIMITS.jsonDepthMax)).type, 'broadcast')
  assert.match(mistakeOf(nested(LIMITS.jsonDepthMax + 1)), /deeper than 100 levels/)
  assert.match(mistakeOf(nested(30_000)), /deeper than 100 levels/)
})

test('addresses', () => {
  assert.deepEqual(parseAddress('node12'), { node: node12 })
  assert.deepEqual(parseAddress('node8/guest-3f'), { node: node8, guest: 'guest-3f' })
  assert.equal(addressText({ node: node8, guest: 'guest-3f' }), 'node8/guest-3f')
  for (const bad of ['', '/', 'a/', '/a', 'a/b/c', 'a b', '*', 'é']) {
    assert.equal(parseAddress(bad), undefined, bad)
  }
})
