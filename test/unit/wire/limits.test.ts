// Every limit of the wire: what is at the limit passes, what is one over it is refused, in both directions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Direct, Gossip, Hello, Message, NodeName, PeerRecord } from '../../../src/core/messages.ts'
import { decodeBundle, encodeBundle, framedSize } from '../../../src/wire/bundle.ts'
import { decodeFrame } from '../../../src/wire/decode.ts'
import { encodeFrame } from '../../../src/wire/encode.ts'
import { FRAME_TYPES } from '../../../src/wire/frames.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { decodePayload, encodePayload, type JsonValue } from '../../../src/wire/payload.ts'
import { WireError } from '../../../src/wire/wire-error.ts'
import { frameOf, ROUTED_FIELDS, shortString, uint, utf8 } from '../../support/frame-bytes.ts'

const LONG_NAME = 'n'.repeat(64) as NodeName
const LONG_URL = `ws://${'h'.repeat(LIMITS.urlBytesMax - 5)}`

/** `count` names of the longest kind, in ascending order. */
function names(count: number): NodeName[] {
  return Array.from({ length: count }, (_, i) => `n${String(i).padStart(63, '0')}` as NodeName)
}

function record(fields: Partial<PeerRecord> = {}): PeerRecord {
  return { name: LONG_NAME, incarnation: 1, instance: 'i', version: 1, state: 'up', links: [], ...fields }
}

const LARGEST_RECORD = record({
  incarnation: LIMITS.incarnationMax,
  version: LIMITS.versionMax,
  instance: 'i'.repeat(LIMITS.instanceCharsMax),
  url: LONG_URL,
  links: names(LIMITS.linksListedMax),
  tags: names(LIMITS.tagsMax),
  topics: new Array(LIMITS.topicFiltersMax).fill('t'.repeat(LIMITS.topicBytesMax)),
})

function direct(fields: Partial<Direct> = {}): Direct {
  return {
    type: 'direct',
    hopsLeft: 15,
    hops: 1,
    destination: LONG_NAME,
    destinationIncarnation: 1,
    origin: LONG_NAME,
    originIncarnation: 1,
    sequence: 1,
    floor: 1,
    payload: new Uint8Array(0),
    ...fields,
  }
}

function gossip(fields: Partial<Gossip> = {}): Gossip {
  return {
    type: 'gossip',
    kind: 'payload',
    hopsLeft: 15,
    hops: 1,
    origin: LONG_NAME,
    incarnation: 1,
    sequence: 1,
    payload: new Uint8Array(0),
    ...fields,
  }
}

function hello(fields: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    protocol: 1,
    role: 'node',
    name: LONG_NAME,
    incarnation: 1,
    instance: 'i',
    linkless: false,
    ...fields,
  }
}

function passes(message: Message): void {
  const result = decodeFrame(encodeFrame(message))
  assert.ok(result.ok, result.ok ? '' : result.detail)
  const { raw: _, ...rest } = { raw: undefined, ...result.message }
  assert.deepEqual(rest, message)
}

function cannotBeWritten(message: Message, field: RegExp): void {
  assert.throws(
    () => encodeFrame(message),
    (error) => error instanceof WireError && field.test(error.field),
  )
}

function isRefused(frame: Uint8Array, detail: RegExp): void {
  const result = decodeFrame(frame)
  assert.ok(!result.ok, 'the frame was accepted')
  assert.match(result.detail, detail)
}

test('payloadBytesMax: in direct and gossip frames, beside the longest names', () => {
  const payload = new Uint8Array(LIMITS.payloadBytesMax)
  const larger = new Uint8Array(LIMITS.payloadBytesMax + 1)
  for (const make of [direct, gossip]) {
    passes(make({ payload }))
    assert.ok(framedSize(encodeFrame(make({ payload }))) <= LIMITS.messageBytesMax)
    cannotBeWritten(make({ payload: larger }), /payload/)
    isRefused(
      new Uint8Array([...encodeFrame(make({ payload })), 0]),
      /payload: expected at most 1047552 bytes/,
    )
  }
})

test('frameBytesMax and messageBytesMax: the largest frame fills a message exactly', () => {
  const largest = frameOf(0x7f, new Array(LIMITS.frameBytesMax - 4).fill(0))
  assert.equal(decodeFrame(largest).ok, true)
  const bundle = encodeBundle([largest])
  assert.equal(bundle.length, LIMITS.messageBytesMax)
  assert.deepEqual(decodeBundle(bundle), { messages: [{ type: 'unknown', code: 0x7f }] })
  const larger = new Uint8Array(LIMITS.frameBytesMax + 1)
  isRefused(larger, /frame: expected at most 1048573 bytes/)
  assert.throws(() => encodeBundle([larger]), WireError)
  assert.match(decodeBundle(new Uint8Array(LIMITS.messageBytesMax + 1)).error ?? '', /at most 1048576 bytes/)
})

test('incarnationMax, sequenceMax, versionMax', () => {
  passes(direct({ destinationIncarnation: LIMITS.incarnationMax, originIncarnation: LIMITS.incarnationMax }))
  cannotBeWritten(direct({ destinationIncarnation: LIMITS.incarnationMax + 1 }), /destinationIncarnation/)
  cannotBeWritten(direct({ originIncarnation: LIMITS.incarnationMax + 1 }), /originIncarnation/)
  const floor = LIMITS.sequenceMax - 1
  passes(direct({ sequence: LIMITS.sequenceMax, floor }))
  cannotBeWritten(direct({ sequence: LIMITS.sequenceMax + 1, floor }), /sequence/)
  passes(gossip({ sequence: LIMITS.sequenceMax }))
  cannotBeWritten(gossip({ sequence: LIMITS.sequenceMax + 1 }), /sequence/)
  for (const sequence of [0, LIMITS.sequenceMax + 1]) {
    isRefused(
      frameOf(FRAME_TYPES.direct, ROUTED_FIELDS, uint(sequence, 6), uint(0, 2)),
      /direct: sequence: expected 1 to 281474976710654/,
    )
    isRefused(
      frameOf(FRAME_TYPES.gossip, shortString('a'), uint(1, 6), uint(sequence, 6)),
      /gossip: sequence/,
    )
  }
  cannotBeWritten({ type: 'records', records: [record({ version: LIMITS.versionMax + 1 })] }, /version/)
  cannotBeWritten(
    { type: 'records', records: [record({ incarnation: LIMITS.incarnationMax + 1 })] },
    /incarnation/,
  )
  passes(hello({ incarnation: LIMITS.incarnationMax }))
  const body = utf8(JSON.stringify({ ...hello(), incarnation: LIMITS.incarnationMax + 1 }))
  isRefused(
    frameOf(FRAME_TYPES.hello, body),
    /hello: incarnation: expected an integer from 0 to 281474976710655/,
  )
})

test('spanMax: how far the floor is behind the sequence', () => {
  passes(direct({ sequence: 100_000, floor: 100_000 - LIMITS.spanMax }))
  cannotBeWritten(direct({ sequence: 100_000, floor: 100_000 - LIMITS.spanMax - 1 }), /floor/)
  passes(direct({ sequence: 5, floor: 1 }))
  cannotBeWritten(direct({ sequence: 5, floor: 0 }), /floor/)
  cannotBeWritten(direct({ sequence: 5, floor: 6 }), /floor/)
  isRefused(frameOf(FRAME_TYPES.direct, ROUTED_FIELDS, uint(5, 6), uint(5, 2)), /span: expected less than/)
})

test('hopsSumMax: what a relay adds to one side it takes from the other', () => {
  passes(direct({ hopsLeft: 200, hops: 55 }))
  passes(direct({ hopsLeft: 0, hops: 255 }))
  cannotBeWritten(direct({ hopsLeft: 200, hops: 56 }), /hops/)
  cannotBeWritten(direct({ hopsLeft: -1, hops: 56 }), /hops/)
  cannotBeWritten(direct({ hopsLeft: 1.5, hops: 1.5 }), /hops/)
  for (const type of [FRAME_TYPES.direct, FRAME_TYPES.ack, FRAME_TYPES.bounce, FRAME_TYPES.gossip]) {
    const frame = frameOf(type, ROUTED_FIELDS)
    frame[2] = 200
    frame[3] = 56
    isRefused(frame, /hopsLeft \+ hops: expected at most 255, got 256/)
  }
})

test('instanceCharsMax and urlBytesMax', () => {
  passes(hello({ instance: 'i'.repeat(LIMITS.instanceCharsMax), url: LONG_URL }))
  cannotBeWritten(hello({ instance: 'i'.repeat(LIMITS.instanceCharsMax + 1) }), /instance/)
  cannotBeWritten(hello({ instance: '' }), /instance/)
  cannotBeWritten(hello({ url: `${LONG_URL}h` }), /url/)
  const multibyte = `ws://${'é'.repeat((LIMITS.urlBytesMax - 5) / 2)}`
  assert.equal(utf8(multibyte).length, LIMITS.urlBytesMax - 1)
  passes(hello({ url: multibyte }))
  cannotBeWritten(hello({ url: `${multibyte}é` }), /url/)
  for (const [key, value] of [
    ['instance', 'i'.repeat(LIMITS.instanceCharsMax + 1)],
    ['url', `${LONG_URL}h`],
    ['url', `${multibyte}é`],
  ] as const) {
    const body = utf8(JSON.stringify({ ...hello(), [key]: value }))
    isRefused(frameOf(FRAME_TYPES.hello, body), new RegExp(`hello: ${key}: expected`))
  }
})

/** A `records` frame with one record of these fields, lengths taken at their word. */
function recordsFrame(fields: {
  instance?: string
  url?: string
  links?: number
  trailing?: number
}): Uint8Array {
  const { instance = 'i', url = '', links = 0, trailing = 0 } = fields
  const body = [
    ...shortString('a'),
    ...uint(1, 6),
    ...uint(1, 4),
    0,
    ...shortString(instance),
    ...uint(url.length, 2),
    ...utf8(url),
    links,
    ...names(links).flatMap(shortString),
    ...(trailing === 0 ? [] : [0, 0, ...new Array(trailing - 2).fill(0xff)]),
  ]
  return frameOf(FRAME_TYPES.records, uint(1, 2), uint(body.length, 2), body)
}

test('limits inside a record', () => {
  assert.ok(decodeFrame(recordsFrame({ instance: 'i'.repeat(64), url: LONG_URL, links: 64 })).ok)
  isRefused(recordsFrame({ instance: 'i'.repeat(65) }), /record.instance: expected 1 to 64/)
  isRefused(recordsFrame({ instance: '' }), /record.instance: expected 1 to 64/)
  isRefused(recordsFrame({ url: `${LONG_URL}h` }), /record.url: expected/)
  isRefused(recordsFrame({ links: 65 }), /record.links: expected at most 64, got 65/)
  passes({ type: 'records', records: [LARGEST_RECORD] })
  cannotBeWritten({ type: 'records', records: [record({ links: names(65) })] }, /links/)
  cannotBeWritten({ type: 'records', records: [record({ tags: names(17) })] }, /tags/)
  cannotBeWritten({ type: 'records', records: [record({ tags: ['a b'] })] }, /tags/)
  cannotBeWritten({ type: 'records', records: [record({ topics: names(65) })] }, /topics/)
  cannotBeWritten({ type: 'records', records: [record({ topics: ['t'.repeat(129)] })] }, /topics/)
  cannotBeWritten({ type: 'records', records: [record({ url: `${LONG_URL}h` })] }, /url/)
  cannotBeWritten({ type: 'records', records: [record({ instance: 'i'.repeat(65) })] }, /instance/)
  cannotBeWritten({ type: 'records', records: [record({ name: 'n'.repeat(65) as NodeName })] }, /name/)
})

test('recordBytesMax: a record may grow up to it', () => {
  const fixed = 2 + 6 + 4 + 1 + 2 + 2 + 1
  assert.ok(decodeFrame(recordsFrame({ trailing: LIMITS.recordBytesMax - fixed })).ok)
  isRefused(
    recordsFrame({ trailing: LIMITS.recordBytesMax - fixed + 1 }),
    /record: expected at most 16383 bytes/,
  )
})

test('recordsPerFrameMax: as many of the largest records fit in a frame', () => {
  const records = new Array<PeerRecord>(LIMITS.recordsPerFrameMax).fill(LARGEST_RECORD)
  passes({ type: 'records', records })
  cannotBeWritten({ type: 'records', records: [...records, LARGEST_RECORD] }, /records/)
  isRefused(
    frameOf(FRAME_TYPES.records, uint(LIMITS.recordsPerFrameMax + 1, 2)),
    /records: expected at most 64/,
  )
})

test('digestEntriesMax and wantNamesMax: full ones fit in a frame', () => {
  const entries = names(LIMITS.digestEntriesMax).map((name) => ({ name, incarnation: 1, version: 1 }))
  passes({ type: 'digest', after: '', upTo: '', entries })
  const oneMore = [...entries, { name: 'z' as NodeName, incarnation: 1, version: 1 }]
  cannotBeWritten({ type: 'digest', after: '', upTo: '', entries: oneMore }, /entries/)
  isRefused(frameOf(FRAME_TYPES.digest, [0, 0], uint(1_025, 2)), /entries: expected at most 1024, got 1025/)
  passes({ type: 'want', names: names(LIMITS.wantNamesMax) })
  cannotBeWritten({ type: 'want', names: names(LIMITS.wantNamesMax + 1) }, /names/)
  isRefused(frameOf(FRAME_TYPES.want, uint(1_025, 2)), /names: expected at most 1024, got 1025/)
})

test('broadcastRangesMax and broadcastRangeMax: full ones fit in a frame', () => {
  const { broadcastRangesMax, broadcastRangeMax } = LIMITS
  const range = (count: number) =>
    ({ kind: 'record', origin: LONG_NAME, incarnation: 1, first: 9, behindLast: 9 + count }) as const
  const hops = 255
  for (const count of [broadcastRangeMax - 1, broadcastRangeMax]) {
    for (const ranges of [broadcastRangesMax - 1, broadcastRangesMax]) {
      passes({ type: 'graft', ranges: new Array(ranges).fill(range(count)) })
      passes({ type: 'ihave', ranges: new Array(ranges).fill({ ...range(count), hops }) })
    }
  }
  const tooMany = new Array(broadcastRangesMax + 1).fill({ ...range(1), hops })
  const tooLong = [{ ...range(broadcastRangeMax + 1), hops }]
  const one = [0, ...shortString('a'), ...uint(1, 6), ...uint(1, 6)]
  for (const type of ['graft', 'ihave'] as const) {
    cannotBeWritten({ type, ranges: tooMany }, new RegExp(`${type}.ranges`))
    cannotBeWritten({ type, ranges: tooLong }, /range/)
    isRefused(frameOf(FRAME_TYPES[type], uint(257, 2)), /ranges: expected at most 256, got 257/)
    isRefused(
      frameOf(FRAME_TYPES[type], uint(1, 2), one, uint(1_025, 2), [1]),
      /ranges.count: expected at most 1024, got 1025/,
    )
  }
})

test('ackRangesMax', () => {
  const ranges = Array.from({ length: 33 }, (_, i) => [12 + i * 2, 13 + i * 2] as const)
  const ack = { ...direct(), type: 'ack', cumulative: 10, ackedHops: 2 } as const
  const { payload: _p, sequence: _s, floor: _f, ...front } = ack
  passes({ ...front, ranges: ranges.slice(0, LIMITS.ackRangesMax) })
  cannotBeWritten({ ...front, ranges }, /ranges/)
  const range = [...uint(1, 2), ...uint(1, 2)]
  const fields = [...uint(10, 6), 2, 33, ...new Array(33).fill(range).flat()]
  isRefused(frameOf(FRAME_TYPES.ack, ROUTED_FIELDS, fields), /ranges: expected at most 32, got 33/)
})

test('helloBytesMax: unknown keys fit, up to it', () => {
  const padded = (size: number) => {
    const empty = utf8(JSON.stringify({ ...hello(), later: '' })).length
    return frameOf(FRAME_TYPES.hello, utf8(JSON.stringify({ ...hello(), later: 'x'.repeat(size - empty) })))
  }
  assert.ok(decodeFrame(padded(LIMITS.helloBytesMax)).ok)
  isRefused(padded(LIMITS.helloBytesMax + 1), /hello: body: expected at most 8192 bytes/)
})

test('contactsMax, httpPeersMax and peerEventsMax: full ones fit in a frame', () => {
  const contacts = new Array(LIMITS.contactsMax).fill({ name: LONG_NAME, url: LONG_URL })
  const httpPeers = new Array(LIMITS.httpPeersMax).fill({ name: LONG_NAME, kind: 'http', url: LONG_URL })
  const welcome = { type: 'welcome', contacts, httpPeers, registered: 0xffff_ffff } as const
  passes(welcome)
  cannotBeWritten({ ...welcome, contacts: [...contacts, contacts[0]] }, /contacts/)
  cannotBeWritten({ ...welcome, httpPeers: [...httpPeers, httpPeers[0]] }, /httpPeers/)
  const left = new Array(LIMITS.peerEventsMax).fill({ name: LONG_NAME, reason: 'unreachable' })
  const events = { type: 'peer-events', joined: httpPeers, left } as const
  passes(events)
  cannotBeWritten({ ...events, joined: [...httpPeers, httpPeers[0]] }, /joined/)
  cannotBeWritten({ ...events, left: [...left, left[0]] }, /left/)
  const body = (value: object) => utf8(JSON.stringify(value))
  const short = { name: 'a', url: 'ws://a', kind: 'node', reason: 'left' }
  for (const [type, key, max] of [
    ['welcome', 'contacts', LIMITS.contactsMax],
    ['welcome', 'httpPeers', LIMITS.httpPeersMax],
    ['peer-events', 'joined', LIMITS.peerEventsMax],
    ['peer-events', 'left', LIMITS.peerEventsMax],
  ] as const) {
    const list = (size: number) => body({ registered: 1, [key]: new Array(size).fill(short) })
    assert.ok(decodeFrame(frameOf(FRAME_TYPES[type], list(max))).ok)
    isRefused(
      frameOf(FRAME_TYPES[type], list(max + 1)),
      new RegExp(`${type}: ${key}: expected an array of at most ${max}`),
    )
  }
})

test('headersBytesMax', () => {
  const padding = LIMITS.headersBytesMax - JSON.stringify({ h: '' }).length
  const encoded = encodePayload('x', { h: 'v'.repeat(padding) })
  assert.ok(decodePayload(encoded).ok)
  assert.throws(() => encodePayload('x', { h: 'v'.repeat(padding + 1) }), {
    code: 'too-large',
    field: 'headers',
  })
  const over = new Uint8Array([
    0x81,
    ...uint(LIMITS.headersBytesMax + 1, 2),
    ...utf8(JSON.stringify({ h: 'v'.repeat(padding + 1) })),
  ])
  assert.deepEqual(decodePayload(over), {
    ok: false,
    detail: 'headers: expected at most 8192 bytes, got 8193',
  })
})

test('jsonDepthMax', () => {
  const nested = (levels: number) => {
    let value: JsonValue = 1
    for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { k: value }
    return value
  }
  const padded = (levels: number) => [nested(levels), 'x'.repeat(300)]
  assert.ok(decodePayload(encodePayload(padded(LIMITS.jsonDepthMax - 1))).ok)
  assert.throws(() => encodePayload(padded(LIMITS.jsonDepthMax)), { code: 'invalid', message: /100 levels/ })
  const deepest = decodePayload(new Uint8Array([2, ...utf8(JSON.stringify(nested(LIMITS.jsonDepthMax)))]))
  assert.ok(deepest.ok)
  const tooDeep = decodePayload(new Uint8Array([2, ...utf8(JSON.stringify(nested(LIMITS.jsonDepthMax + 1)))]))
  assert.ok(!tooDeep.ok)
  assert.match(tooDeep.detail, /100 levels/)
  const bomb = decodePayload(new Uint8Array([2, ...utf8('['.repeat(200_000) + ']'.repeat(200_000))]))
  assert.equal(bomb.ok, false)
})
