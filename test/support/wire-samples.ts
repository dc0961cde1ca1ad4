// One message of each type, with fixed values: what the golden file of the wire is made of.

import type { Message, NodeName } from '../../src/core/messages.ts'
import type { JsonValue } from '../../src/wire/payload.ts'

const name = (text: string): NodeName => text as NodeName
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const routed = {
  hopsLeft: 15,
  hops: 1,
  destination: name('node12'),
  destinationIncarnation: 1_767_225_612_012,
  origin: name('node8'),
  originIncarnation: 1_767_225_608_008,
} as const

const node8 = {
  name: name('node8'),
  incarnation: 1_767_225_608_008,
  instance: 'V1StGXR8_Z5jdHi6B-myT',
  version: 3,
  state: 'up',
  url: 'ws://node8:5000',
  links: [name('node1'), name('node12')],
} as const

const leaving = {
  name: name('browser.7'),
  incarnation: 1_767_225_607_007,
  instance: 'Uakgb_J5m9g-0JDMbcJqL',
  version: 258,
  state: 'leaving',
  links: [],
} as const

const worker = {
  ...node8,
  version: 4,
  tags: ['worker', 'gpu'],
  topics: ['sensors/+/temp', 'log/#'],
} as const

/** By what it shows: a message of each type, and its variants. */
export const MESSAGE_SAMPLES: Readonly<Record<string, Message>> = {
  hello: {
    type: 'hello',
    protocol: 1,
    role: 'node',
    name: name('node8'),
    incarnation: 1_767_225_608_008,
    instance: 'V1StGXR8_Z5jdHi6B-myT',
    url: 'ws://node8:5000',
    linkless: true,
  },
  heartbeat: {
    type: 'heartbeat',
    clock: 4_294_967_295,
    echo: 305_419_896,
    heldUs: 1_234_567,
    hash: { high: 0x01234567, low: 0x89abcdef },
  },
  records: { type: 'records', records: [node8, leaving] },
  'records with tags and topics': { type: 'records', records: [worker] },
  digest: {
    type: 'digest',
    after: 'node1',
    upTo: '',
    entries: [
      { name: name('node12'), incarnation: 1_767_225_612_012, version: 9 },
      { name: name('node8'), incarnation: 1_767_225_608_008, version: 3 },
    ],
  },
  want: { type: 'want', names: [name('node12'), name('node8')] },
  'gossip of a payload': {
    type: 'gossip',
    kind: 'payload',
    hopsLeft: 14,
    hops: 2,
    origin: name('node8'),
    incarnation: 1_767_225_608_008,
    sequence: 66_051,
    payload: new Uint8Array([1, ...bytes('Hello all')]),
  },
  'gossip of a record': {
    type: 'gossip',
    kind: 'record',
    hopsLeft: 15,
    hops: 1,
    origin: name('node8'),
    incarnation: 1_767_225_608_008,
    sequence: 1,
    payload: new Uint8Array(0),
    record: node8,
  },
  ihave: {
    type: 'ihave',
    ranges: [
      {
        kind: 'payload',
        origin: name('node8'),
        incarnation: 1_767_225_608_008,
        first: 66_051,
        behindLast: 66_054,
        hops: 3,
      },
      {
        kind: 'record',
        origin: name('node12'),
        incarnation: 1_767_225_612_012,
        first: 7,
        behindLast: 8,
        hops: 2,
      },
    ],
  },
  graft: {
    type: 'graft',
    ranges: [
      {
        kind: 'payload',
        origin: name('node8'),
        incarnation: 1_767_225_608_008,
        first: 66_052,
        behindLast: 66_053,
      },
    ],
  },
  prune: { type: 'prune', origins: [name('node8')] },
  'catch-up': { type: 'catch-up', withinMs: 61_500 },
  direct: {
    ...routed,
    type: 'direct',
    sequence: 1_000,
    floor: 996,
    payload: new Uint8Array([1, ...bytes('Hello node12')]),
  },
  ack: {
    ...routed,
    type: 'ack',
    cumulative: 997,
    ranges: [
      [999, 1_001],
      [1_257, 1_258],
    ],
    ackedHops: 2,
  },
  bounce: { ...routed, type: 'bounce', reasonCode: 4041, failedDestination: name('node30'), sequence: 7 },
  welcome: {
    type: 'welcome',
    contacts: [{ name: name('node1'), url: 'ws://node1:5000' }],
    httpPeers: [{ name: name('flask'), kind: 'http', url: 'http://flask:5000' }],
    registered: 30,
  },
  'peer-events': {
    type: 'peer-events',
    joined: [{ name: name('node30'), kind: 'node', url: 'ws://node30:5000' }],
    left: [{ name: name('node3'), reason: 'unreachable' }],
    registered: 29,
  },
}

/** A payload's value and headers. */
export interface PayloadSample {
  readonly value: JsonValue | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** By what it shows: application payloads. */
export const PAYLOAD_SAMPLES: Readonly<Record<string, PayloadSample>> = {
  bytes: { value: Uint8Array.of(0, 127, 128, 255) },
  text: { value: 'Grüße 👋' },
  json: { value: { hello: 'there', list: [1, 2.5, null, true] } },
  'a lone surrogate': { value: '\ud800' },
  'text with headers': { value: 'hi', headers: { 'content-type': 'text/plain' } },
}
