// Random members of the protocol's vocabulary for property tests: everything that they make can be encoded.
// Values lean towards the ends of their ranges, where the mistakes are.

import fc from 'fast-check'
import type {
  Ack,
  Bounce,
  BroadcastRange,
  CatchUp,
  Contact,
  Digest,
  Direct,
  Gossip,
  Graft,
  Heartbeat,
  Hello,
  IHave,
  ListedPeer,
  Message,
  NodeName,
  PeerEvents,
  PeerRecord,
  Prune,
  Records,
  Routed,
  Want,
  Welcome,
} from '../../src/core/messages.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import type { JsonValue } from '../../src/wire/payload.ts'

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A node name: mostly short and similar ones, as they are in practice, and any other that the syntax allows. */
export const nodeName: fc.Arbitrary<NodeName> = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((i) => `node${i}` as NodeName),
  fc
    .tuple(
      fc.constantFrom(...ALPHANUMERIC),
      fc.string({ unit: fc.constantFrom(...ALPHANUMERIC, '.', '_', '-'), maxLength: 63, size: 'max' }),
    )
    .map(([first, rest]) => `${first}${rest}` as NodeName),
)

/** An integer from `min` to `max`, both ends likely. */
export function integerUpTo(max: number, min = 0): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(min, max),
    fc.integer({ min, max: Math.min(max, min + 300) }),
    fc.maxSafeInteger().map((n) => min + (Math.abs(n) % (max - min + 1))),
  )
}

/** An incarnation of a node. */
export const incarnation = integerUpTo(LIMITS.incarnationMax)
/** A sequence of a direct message or a broadcast. */
export const sequence = integerUpTo(LIMITS.sequenceMax, 1)
/** An unsigned 32-bit number. */
export const u32 = integerUpTo(0xffff_ffff)
/** An unsigned 8-bit number. */
export const u8 = integerUpTo(0xff)

/** A node's instance: printable ASCII. */
export const instance = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), {
    minLength: 1,
    maxLength: LIMITS.instanceCharsMax,
    size: 'max',
  })
  .map((codes) => String.fromCharCode(...codes))

/** A URL that a peer may have. */
export const peerUrl = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((i) => `ws://node${i}:5000`),
  fc.webUrl({ validSchemes: ['ws', 'wss', 'http', 'https'], size: 'small' }),
  fc
    .string({ unit: fc.constantFrom('a', 'é', '日', '😀'), minLength: 1, maxLength: 40 })
    .map((host) => `wss://${host}/`),
)

/** Application bytes. */
export const payload = fc.uint8Array({ maxLength: 300, size: 'max' })

/** A record with all kinds of fields, the optional ones absent at times. */
export const peerRecord: fc.Arbitrary<PeerRecord> = fc
  .record(
    {
      name: nodeName,
      incarnation,
      instance,
      version: u32,
      state: fc.constantFrom('up', 'leaving'),
      url: peerUrl,
      links: fc.array(nodeName, { maxLength: LIMITS.linksListedMax }),
    },
    { requiredKeys: ['name', 'incarnation', 'instance', 'version', 'state', 'links'], noNullPrototype: true },
  )
  .map((record) => record as PeerRecord)

/** A directory's hash. */
export const directoryHash = fc.record({ high: u32, low: u32 }, { noNullPrototype: true })

/** A hello. */
export const hello: fc.Arbitrary<Hello> = fc
  .record(
    {
      type: fc.constant('hello'),
      protocol: fc.integer({ min: 0, max: 0xffff }),
      role: fc.constantFrom('node', 'bootstrap'),
      name: nodeName,
      incarnation,
      instance,
      url: peerUrl,
      linkless: fc.boolean(),
      registers: fc.constant(true),
    },
    {
      requiredKeys: ['type', 'protocol', 'role', 'name', 'incarnation', 'instance', 'linkless'],
      noNullPrototype: true,
    },
  )
  .map((message) => message as Hello)

/** A heartbeat. */
export const heartbeat: fc.Arbitrary<Heartbeat> = fc.record(
  { type: fc.constant('heartbeat'), clock: u32, echo: u32, heldUs: u32, hash: directoryHash },
  { noNullPrototype: true },
)

/** Records outside of a broadcast. */
export const records: fc.Arbitrary<Records> = fc.record(
  { type: fc.constant('records'), records: fc.array(peerRecord, { maxLength: 5 }) },
  { noNullPrototype: true },
)

/** A digest whose entries are sorted and within its range. */
export const digest: fc.Arbitrary<Digest> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(nodeName, incarnation, u32), { selector: ([name]) => name, maxLength: 20 }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([rows, fromStart, toEnd]) => {
    const sorted = rows
      .map(([name, incarnation, version]) => ({ name, incarnation, version }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    const after = fromStart ? '' : (sorted.shift()?.name ?? '')
    return { type: 'digest', after, upTo: toEnd ? '' : (sorted.at(-1)?.name ?? ''), entries: sorted }
  })

/** A want. */
export const want: fc.Arbitrary<Want> = fc.record(
  { type: fc.constant('want'), names: fc.array(nodeName, { maxLength: 20 }) },
  { noNullPrototype: true },
)

/** `hopsLeft` and `hops` of a relayed frame. */
export const hopsPair = u8.chain((hops) =>
  fc.integer({ min: 0, max: LIMITS.hopsSumMax - hops }).map((hopsLeft) => ({ hops, hopsLeft })),
)

/** A broadcast of an application payload or of a record, as its origin makes it (without `raw`). */
export const gossip: fc.Arbitrary<Gossip> = fc
  .tuple(hopsPair, nodeName, incarnation, sequence, fc.oneof(payload, peerRecord))
  .map(([hops, origin, incarnation, sequence, content]) =>
    content instanceof Uint8Array
      ? { type: 'gossip', kind: 'payload', ...hops, origin, incarnation, sequence, payload: content }
      : {
          type: 'gossip',
          kind: 'record',
          ...hops,
          origin,
          incarnation,
          sequence,
          payload: new Uint8Array(0),
          record: content,
        },
  )

const broadcastRange: fc.Arbitrary<BroadcastRange> = fc
  .tuple(fc.constantFrom('payload' as const, 'record' as const), nodeName, incarnation, sequence)
  .chain(([kind, origin, incarnation, first]) =>
    integerUpTo(Math.min(LIMITS.broadcastRangeMax, LIMITS.sequenceMax + 1 - first)).map((count) => ({
      kind,
      origin,
      incarnation,
      first,
      behindLast: first + count,
    })),
  )

/** Announcements of broadcasts. */
export const ihave: fc.Arbitrary<IHave> = fc
  .array(fc.tuple(broadcastRange, u8), { maxLength: 8 })
  .map((ranges) => ({ type: 'ihave', ranges: ranges.map(([range, hops]) => ({ ...range, hops })) }))

/** A request for broadcasts. */
export const graft: fc.Arbitrary<Graft> = fc
  .array(broadcastRange, { maxLength: 8 })
  .map((ranges) => ({ type: 'graft', ranges }))

const prune: fc.Arbitrary<Prune> = fc
  .array(nodeName, { maxLength: 8 })
  .map((origins) => ({ type: 'prune', origins }))
const catchUp: fc.Arbitrary<CatchUp> = u32.map((withinMs) => ({ type: 'catch-up', withinMs }))

const routed: fc.Arbitrary<Routed> = fc
  .tuple(hopsPair, nodeName, incarnation, nodeName, incarnation)
  .map(([hops, destination, destinationIncarnation, origin, originIncarnation]) => ({
    ...hops,
    destination,
    destinationIncarnation,
    origin,
    originIncarnation,
  }))

/** A direct message, as its origin makes it (without `raw`). */
export const direct: fc.Arbitrary<Direct> = fc
  .tuple(routed, sequence, integerUpTo(LIMITS.spanMax), payload)
  .map(([front, sequence, span, payload]) => ({
    ...front,
    type: 'direct',
    sequence,
    floor: Math.max(1, sequence - span),
    payload,
  }))

const gapAndLength = fc.tuple(integerUpTo(LIMITS.spanMax, 1), integerUpTo(LIMITS.spanMax, 1))

/** An acknowledgement, as its origin makes it (without `raw`). */
export const ack: fc.Arbitrary<Ack> = fc
  .tuple(routed, incarnation, u8, fc.array(gapAndLength, { maxLength: LIMITS.ackRangesMax }))
  .map(([front, cumulative, ackedHops, gaps]) => {
    const ranges: (readonly [number, number])[] = []
    let end = cumulative
    for (const [gap, length] of gaps) {
      if (end + gap + length > LIMITS.sequenceMax + 1) break
      ranges.push([end + gap, end + gap + length])
      end += gap + length
    }
    return { ...front, type: 'ack', cumulative, ackedHops, ranges }
  })

/** A bounce, as its origin makes it (without `raw`). */
export const bounce: fc.Arbitrary<Bounce> = fc
  .tuple(routed, integerUpTo(0xffff), nodeName, sequence)
  .map(([front, reasonCode, failedDestination, sequence]) => ({
    ...front,
    type: 'bounce',
    reasonCode,
    failedDestination,
    sequence,
  }))

/** A contact. */
export const contact: fc.Arbitrary<Contact> = fc.record(
  { name: nodeName, url: peerUrl },
  { noNullPrototype: true },
)

/** A member as the bootstrap lists it. */
export const listedPeer: fc.Arbitrary<ListedPeer> = fc
  .record(
    { name: nodeName, kind: fc.constantFrom('node', 'http'), url: peerUrl },
    { requiredKeys: ['name', 'kind'], noNullPrototype: true },
  )
  .map((peer) => peer as ListedPeer)

/** A welcome. */
export const welcome: fc.Arbitrary<Welcome> = fc.record(
  {
    type: fc.constant('welcome'),
    contacts: fc.array(contact, { maxLength: 8 }),
    httpPeers: fc.array(listedPeer, { maxLength: 8 }),
    registered: u32,
  },
  { noNullPrototype: true },
)

/** Membership changes. */
export const peerEvents: fc.Arbitrary<PeerEvents> = fc
  .record(
    {
      type: fc.constant('peer-events'),
      joined: fc.array(listedPeer, { maxLength: 8 }),
      left: fc.array(
        fc.record(
          { name: nodeName, reason: fc.constantFrom('left', 'unreachable') },
          { noNullPrototype: true },
        ),
        { maxLength: 8 },
      ),
      registered: u32,
    },
    { requiredKeys: ['type', 'joined', 'left'], noNullPrototype: true },
  )
  .map((events) => events as PeerEvents)

/** A message that is relayed, as its origin makes it (without `raw`). */
export const relayedMessage: fc.Arbitrary<Direct | Ack | Bounce | Gossip> = fc.oneof(
  direct,
  ack,
  bounce,
  gossip,
)

/** Any message that can be encoded. */
export const message: fc.Arbitrary<Message> = fc.oneof(
  relayedMessage,
  ihave,
  graft,
  prune,
  catchUp,
  hello,
  heartbeat,
  records,
  digest,
  want,
  welcome,
  peerEvents,
)

/** A JSON value that comes back equal: without -0, which JSON writes as 0. */
export const jsonValue: fc.Arbitrary<JsonValue> = fc
  .jsonValue({ maxDepth: 6, stringUnit: 'binary' })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue)
