// What a frame from a stranger may not be, and what the decoder says about it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Direct, NodeName } from '../../../src/core/messages.ts'
import { decodeFrame } from '../../../src/wire/decode.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { FRAME_TYPES } from '../../../src/wire/frames.ts'
import { frameOf, ROUTED_FIELDS, shortString, uint, utf8 } from '../../support/frame-bytes.ts'

function detailOf(frame: Uint8Array): string {
  const result = decodeFrame(frame)
  assert.ok(!result.ok, 'the frame was accepted')
  return result.detail
}

const NAME_EXPECTED = 'expected a node name: [A-Za-z0-9][A-Za-z0-9._-]{0,63}'

test('less than a header is no frame', () => {
  for (let size = 0; size < 4; size++) {
    assert.equal(detailOf(new Uint8Array(size)), `header: expected 4 bytes, got ${size}`)
  }
})

test('a type that this version does not know is a message of its own, whatever follows', () => {
  const known = new Set<number>(Object.values(FRAME_TYPES))
  for (let code = 0; code < 256; code++) {
    if (known.has(code)) continue
    assert.deepEqual(decodeFrame(frameOf(code, [1, 2, 3])), { ok: true, message: { type: 'unknown', code } })
  }
})

test('names are checked', () => {
  const bad = ['', '.a', '-a', '_a', 'a b', 'a/b', 'a\n', 'é', 'n'.repeat(65), 'n'.repeat(255), '\0']
  for (const name of bad) {
    assert.equal(
      detailOf(frameOf(FRAME_TYPES.want, uint(1, 2), shortString(name))),
      `want: names: ${NAME_EXPECTED}`,
    )
    const direct = frameOf(FRAME_TYPES.direct, shortString(name), shortString('a'), new Array(20).fill(1))
    assert.equal(detailOf(direct), `direct: destination: ${NAME_EXPECTED}`)
  }
  for (const name of ['a', '9', 'A.b_c-d', 'n'.repeat(64)]) {
    assert.ok(decodeFrame(frameOf(FRAME_TYPES.want, uint(1, 2), shortString(name))).ok)
  }
})

test('a name that ends behind the frame', () => {
  const frame = frameOf(FRAME_TYPES.direct, [6, ...utf8('nod')])
  assert.equal(detailOf(frame), 'direct: destination: expected 6 bytes, got 3')
})

test('bytes behind the end of a frame of fixed layout', () => {
  const ack = [...uint(1, 6), 1, 0]
  const bounce = [...uint(4041, 2), ...shortString('c'), ...uint(1, 6)]
  for (const [type, body] of [
    [FRAME_TYPES.heartbeat, new Array(20).fill(0)],
    [FRAME_TYPES.records, uint(0, 2)],
    [FRAME_TYPES.digest, [0, 0, 0, 0]],
    [FRAME_TYPES.want, uint(0, 2)],
    [FRAME_TYPES.ihave, uint(0, 2)],
    [FRAME_TYPES.graft, uint(0, 2)],
    [FRAME_TYPES.prune, [...uint(1, 2), ...shortString('a')]],
    [FRAME_TYPES['catch-up'], uint(0, 4)],
    [FRAME_TYPES.ack, [...ROUTED_FIELDS, ...ack]],
    [FRAME_TYPES.bounce, [...ROUTED_FIELDS, ...bounce]],
  ] as const) {
    assert.ok(decodeFrame(frameOf(type, body)).ok)
    assert.match(
      detailOf(frameOf(type, body, [0])),
      /: end: expected the end of the frame, got 1 more bytes$/,
    )
  }
})

test('flags and hops of frames that are not relayed are not looked at', () => {
  const frame = frameOf(FRAME_TYPES.want, uint(0, 2))
  frame.set([0xff, 0xff, 0xff], 1)
  assert.deepEqual(decodeFrame(frame), { ok: true, message: { type: 'want', names: [] } })
})

test('flags without a meaning are ignored in relayed frames, and kept by the relay', () => {
  const frame = frameOf(FRAME_TYPES.gossip, shortString('a'), uint(1, 6), uint(1, 6), [9])
  frame[1] = 0xfe
  const result = decodeFrame(frame)
  assert.ok(result.ok && result.message.type === 'gossip')
  assert.equal(result.message.kind, 'payload')
  assert.equal(encodeFrame({ ...result.message, hops: 2, hopsLeft: 14 })[1], 0xfe)
})

test('a digest is in ascending order, without doubles, within its range', () => {
  const entry = (name: string) => [...shortString(name), ...uint(1, 6), ...uint(1, 4)]
  const digest = (after: string, upTo: string, ...names: string[]) =>
    frameOf(
      FRAME_TYPES.digest,
      shortString(after),
      shortString(upTo),
      uint(names.length, 2),
      names.flatMap(entry),
    )
  assert.ok(decodeFrame(digest('a', 'c', 'b', 'c')).ok)
  assert.ok(decodeFrame(digest('', '', 'A', 'a', 'b')).ok)
  const order = 'digest: entries: expected names in ascending order within the range'
  assert.equal(detailOf(digest('', '', 'b', 'a')), order)
  assert.equal(detailOf(digest('', '', 'b', 'b')), order)
  assert.equal(detailOf(digest('b', '', 'b')), order)
  assert.equal(detailOf(digest('', 'b', 'c')), order)
  assert.equal(detailOf(digest('b', 'a')), 'digest: upTo: expected a name behind "after"')
  assert.equal(detailOf(digest('b', 'b')), 'digest: upTo: expected a name behind "after"')
  assert.match(detailOf(digest('.', '')), /after: expected a node name/)
})

test('ranges of an ack ascend with a gap before each, and end within 48 bits', () => {
  const ack = (cumulative: number, ...ranges: [number, number][]) =>
    frameOf(
      FRAME_TYPES.ack,
      ROUTED_FIELDS,
      uint(cumulative, 6),
      [2, ranges.length],
      ranges.flatMap(([gap, length]) => [...uint(gap, 2), ...uint(length, 2)]),
    )
  const result = decodeFrame(ack(10, [1, 2], [3, 65_535]))
  assert.ok(result.ok && result.message.type === 'ack')
  assert.deepEqual(result.message.ranges, [
    [11, 13],
    [16, 65_551],
  ])
  assert.match(detailOf(ack(10, [0, 1])), /ranges: expected a gap and a length of at least 1/)
  assert.match(detailOf(ack(10, [1, 0])), /ranges: expected a gap and a length of at least 1/)
  assert.ok(decodeFrame(ack(2 ** 48 - 3, [1, 1])).ok)
  assert.match(detailOf(ack(2 ** 48 - 3, [1, 2])), /ranges: expected an end up to 281474976710655/)
})

test('ranges of broadcasts: kind, name, first, and an end within 48 bits', () => {
  const range = (fields: { kind?: number; origin?: string; first?: number; count?: number } = {}) => {
    const { kind = 0, origin = 'a', first = 1, count = 1 } = fields
    return [kind, ...shortString(origin), ...uint(7, 6), ...uint(first, 6), ...uint(count, 2)]
  }
  const graft = (...ranges: number[][]) => frameOf(FRAME_TYPES.graft, uint(ranges.length, 2), ranges.flat())
  const result = decodeFrame(graft(range({ kind: 1, first: 2 ** 48 - 2 }), range({ count: 0 })))
  assert.ok(result.ok && result.message.type === 'graft')
  const named = { origin: 'a', incarnation: 7 }
  assert.deepEqual(result.message.ranges, [
    { kind: 'record', ...named, first: 2 ** 48 - 2, behindLast: 2 ** 48 - 1 },
    { kind: 'payload', ...named, first: 1, behindLast: 1 },
  ])
  assert.equal(detailOf(graft(range({ kind: 2 }))), 'graft: ranges.kind: expected 0 or 1')
  assert.equal(detailOf(graft(range({ origin: '' }))), `graft: ranges.origin: ${NAME_EXPECTED}`)
  assert.match(detailOf(graft(range({ first: 0 }))), /graft: ranges.first: expected 1 to 281474976710654/)
  assert.equal(
    detailOf(graft(range({ first: 2 ** 48 - 2, count: 2 }))),
    'graft: ranges: expected an end up to 281474976710655',
  )
  assert.match(detailOf(graft(range().slice(0, -1))), /graft: ranges.count: expected 2 bytes, got 1/)
  const ihave = (...body: number[][]) => frameOf(FRAME_TYPES.ihave, uint(1, 2), ...body)
  assert.ok(decodeFrame(ihave(range(), [255])).ok)
  assert.match(detailOf(ihave(range())), /ihave: ranges.hops: expected 1 bytes, got 0/)
})

test('a record: state, lengths, UTF-8, and room to grow', () => {
  const record = (parts: { state?: number; instance?: number[]; url?: number[]; more?: number[] }) => {
    const { state = 0, instance = shortString('i'), url = uint(0, 2), more = [] } = parts
    return [...shortString('a'), ...uint(1, 6), ...uint(1, 4), state, ...instance, ...url, 0, ...more]
  }
  const records = (...bodies: number[][]) =>
    frameOf(
      FRAME_TYPES.records,
      uint(bodies.length, 2),
      bodies.flatMap((body) => [...uint(body.length, 2), ...body]),
    )
  const plain = { name: 'a', incarnation: 1, instance: 'i', version: 1, state: 'up', links: [] }
  assert.deepEqual(decodeFrame(records(record({ more: [0, 0, 1, 2, 3] }), record({ state: 1 }))), {
    ok: true,
    message: { type: 'records', records: [plain, { ...plain, state: 'leaving' }] },
  })
  const profile = [1, ...shortString('worker'), 2, ...shortString('a/+'), ...shortString('#')]
  assert.deepEqual(decodeFrame(records(record({ more: profile }))), {
    ok: true,
    message: { type: 'records', records: [{ ...plain, tags: ['worker'], topics: ['a/+', '#'] }] },
  })
  assert.match(
    detailOf(records(record({ more: [1, ...shortString('-')] }))),
    /record.tags: expected a node name/,
  )
  assert.match(
    detailOf(records(record({ more: [0, 1, ...shortString('a+')] }))),
    /record.topics: expected a topic/,
  )
  assert.match(
    detailOf(records(record({ more: [0, 2, ...shortString('a')] }))),
    /record.topics: expected 1 bytes/,
  )
  assert.match(detailOf(records(record({ more: [17] }))), /record.tags: expected at most 16, got 17/)
  assert.match(detailOf(records(record({ more: [0, 65] }))), /record.topics: expected at most 64, got 65/)
  assert.equal(
    detailOf(records(record({ state: 2 }))),
    'records: record.state: expected 0 (up) or 1 (leaving)',
  )
  assert.match(
    detailOf(records(record({ instance: [2, 0xc3, 0x28] }))),
    /record.instance: expected 1 to 64 printable/,
  )
  assert.match(detailOf(records(record({ instance: [2, 0x20, 0x20] }))), /record.instance: expected/)
  assert.match(detailOf(records(record({ url: [...uint(2, 2), 0xff, 0xff] }))), /record.url: expected UTF-8/)
  assert.match(
    detailOf(records(record({ url: [...uint(11, 2), ...utf8('javascript:')] }))),
    /record.url: expected a ws/,
  )
  // A field that reaches behind its record must not read on into the next one.
  assert.match(
    detailOf(records(record({ url: uint(20, 2) }), record({}))),
    /record.url: expected 20 bytes, got 1/,
  )
  assert.match(
    detailOf(frameOf(FRAME_TYPES.records, uint(1, 2), uint(90, 2), record({}))),
    /record: expected 90 bytes/,
  )
})

test('a broadcast record ends with its frame', () => {
  const body = [...shortString('a'), ...uint(1, 6), ...uint(1, 4), 0, ...shortString('i'), ...uint(0, 2), 0]
  const gossip = (...more: number[]) => {
    const front = [...shortString('a'), ...uint(1, 6), ...uint(1, 6), ...uint(body.length, 2)]
    const frame = frameOf(FRAME_TYPES.gossip, front, body, more)
    frame[1] = 1
    return frame
  }
  const result = decodeFrame(gossip())
  assert.ok(result.ok && result.message.type === 'gossip')
  assert.equal(result.message.record?.name, 'a')
  assert.equal(result.message.payload.length, 0)
  assert.match(detailOf(gossip(0)), /gossip: end: expected the end of the frame/)
})

test('JSON bodies: every key is checked, unknown ones are ignored', () => {
  const good = { protocol: 1, role: 'node', name: 'a', incarnation: 1, instance: 'i', linkless: true }
  const hello = (body: unknown) => frameOf(FRAME_TYPES.hello, utf8(JSON.stringify(body)))
  const expected = { ok: true, message: { type: 'hello', ...good } }
  assert.deepEqual(decodeFrame(hello({ ...good, later: [1], type: 'welcome', raw: 'x' })), expected)
  const { linkless: _, ...withoutLinkless } = good
  assert.deepEqual(decodeFrame(hello(withoutLinkless)), {
    ok: true,
    message: { type: 'hello', ...good, linkless: false },
  })
  for (const [change, detail] of [
    [{ protocol: 1.5 }, 'protocol: expected an integer from 0 to 65535'],
    [{ protocol: undefined }, 'protocol: expected an integer from 0 to 65535'],
    [{ role: 'guest' }, 'role: expected "node" or "bootstrap"'],
    [{ name: 'a b' }, `name: ${NAME_EXPECTED}`],
    [{ name: 7 }, `name: ${NAME_EXPECTED}`],
    [{ incarnation: '1' }, 'incarnation: expected an integer from 0 to 281474976710655'],
    [{ incarnation: -1 }, 'incarnation: expected an integer from 0 to 281474976710655'],
    [{ instance: 'é' }, 'instance: expected 1 to 64 printable ASCII characters without blanks'],
    [{ url: 'ftp://a' }, 'url: expected a ws, wss, http or https URL of at most 2048 bytes'],
    [{ url: null }, 'url: expected a ws, wss, http or https URL of at most 2048 bytes'],
    [{ linkless: 1 }, 'linkless: expected true or false'],
  ] as const) {
    assert.equal(detailOf(hello({ ...good, ...change })), `hello: ${detail}`)
  }
  for (const body of [null, [], 'x', 1]) {
    assert.equal(detailOf(hello(body)), 'hello: body: expected a JSON object')
  }
  assert.equal(detailOf(frameOf(FRAME_TYPES.hello, utf8('{"protocol":1'))), 'hello: body: expected JSON')
  assert.equal(detailOf(frameOf(FRAME_TYPES.hello)), 'hello: body: expected JSON')
  assert.equal(detailOf(frameOf(FRAME_TYPES.hello, [0xff])), 'hello: body: expected UTF-8')
})

test('JSON lists say which element is wrong', () => {
  const welcome = (body: unknown) => frameOf(FRAME_TYPES.welcome, utf8(JSON.stringify(body)))
  assert.deepEqual(decodeFrame(welcome({ registered: 0 })), {
    ok: true,
    message: { type: 'welcome', contacts: [], httpPeers: [], registered: 0 },
  })
  const contact = { name: 'a', url: 'ws://a' }
  assert.equal(
    detailOf(welcome({ registered: 0, contacts: [contact, { name: 'b' }] })),
    'welcome: contacts[1].url: expected a ws, wss, http or https URL of at most 2048 bytes',
  )
  assert.equal(
    detailOf(welcome({ registered: 0, contacts: [contact, null] })),
    'welcome: contacts[1]: expected a JSON object',
  )
  assert.equal(
    detailOf(welcome({ registered: 0, httpPeers: { length: 1 } })),
    'welcome: httpPeers: expected an array of at most 256 objects',
  )
  const events = frameOf(
    FRAME_TYPES['peer-events'],
    utf8(JSON.stringify({ left: [{ name: 'a', reason: 'bored' }] })),
  )
  assert.equal(detailOf(events), 'peer-events: left[0].reason: expected "left" or "unreachable"')
})

test('peer-events need not say how many are registered', () => {
  const events = (body: object) => frameOf(FRAME_TYPES['peer-events'], utf8(JSON.stringify(body)))
  const none = { type: 'peer-events', joined: [], left: [] }
  assert.deepEqual(decodeFrame(events({})), { ok: true, message: none })
  assert.deepEqual(decodeFrame(events({ registered: 7 })), { ok: true, message: { ...none, registered: 7 } })
  for (const registered of [-1, 1.5, '7', null, 2 ** 32]) {
    const detail = 'peer-events: registered: expected an integer from 0 to 4294967295'
    assert.equal(detailOf(events({ registered })), detail)
  }
})

test('a body cannot reach into the prototypes', () => {
  const hello = '{"__proto__":{"protocol":1,"role":"node","name":"a","incarnation":1,"instance":"i"}}'
  assert.match(detailOf(frameOf(FRAME_TYPES.hello, utf8(hello))), /protocol: expected/)
  assert.equal(({} as Record<string, unknown>).protocol, undefined)
})

test('payload and raw are views into the frame, plain ones even of a Buffer', () => {
  const frame = frameOf(FRAME_TYPES.direct, ROUTED_FIELDS, uint(1, 6), uint(0, 2), [1, 2, 3])
  const larger = Buffer.concat([Buffer.from([9, 9]), frame, Buffer.from([9])])
  const result = decodeFrame(larger.subarray(2, 2 + frame.length))
  assert.ok(result.ok && result.message.type === 'direct')
  const { payload, raw } = result.message
  assert.deepEqual(payload, Uint8Array.of(1, 2, 3))
  assert.deepEqual(raw, frame)
  larger[2 + frame.length - 1] = 77
  assert.equal(payload[2], 77)
})

test('the decoder keeps nothing of a bad frame for the next one', () => {
  const good = frameOf(FRAME_TYPES.direct, ROUTED_FIELDS, uint(7, 6), uint(2, 2), [1])
  const expected: Omit<Direct, 'raw'> = {
    type: 'direct',
    hopsLeft: 15,
    hops: 1,
    destination: 'b' as NodeName,
    destinationIncarnation: 1,
    origin: 'a' as NodeName,
    originIncarnation: 2,
    sequence: 7,
    floor: 5,
    payload: Uint8Array.of(1),
  }
  for (let size = 0; size < good.length - 1; size++) {
    assert.equal(decodeFrame(good.subarray(0, size)).ok, false)
    assert.deepEqual(decodeFrame(good), { ok: true, message: { ...expected, raw: good } })
  }
})
