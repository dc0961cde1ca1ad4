// The layout of a frame: type numbers, flags and where each header field is. Constants only; encode.ts and
// decode.ts use them, docs/PROTOCOL.md draws them.
//
//    byte 0     byte 1     byte 2       byte 3     byte 4 …
//   +----------+----------+------------+----------+------------------
//   | type     | flags    | hopsLeft   | hops     | fields, payload
//   +----------+----------+------------+----------+------------------
//
// `hopsLeft` and `hops` are at the same place in every relayed frame, so that a relay writes two bytes and passes
// the rest on as it came. In frames that are not relayed both are sent as 0 and not looked at.
// All numbers are big-endian and unsigned.

/** The first byte of a frame. Numbers are part of the protocol: add, never renumber. */
export const FRAME_TYPES = {
  hello: 0x01,
  heartbeat: 0x02,
  records: 0x10,
  digest: 0x11,
  want: 0x12,
  gossip: 0x20,
  ihave: 0x21,
  graft: 0x22,
  prune: 0x23,
  'catch-up': 0x24,
  // 0x30 to 0x3f are routed hop by hop: all of them begin with the same fields (see ROUTED below).
  direct: 0x30,
  ack: 0x31,
  bounce: 0x32,
  welcome: 0x40,
  'peer-events': 0x41,
} as const

/** Size of the header. */
export const HEADER_BYTES = 4
/** Where the type is. */
export const TYPE_OFFSET = 0
/** Where the flags are. Bits without a meaning are sent as 0 and not looked at. */
export const FLAGS_OFFSET = 1
/** Where a relayed frame says how many more links it may travel after the one it is on. */
export const HOPS_LEFT_OFFSET = 2
/** Where a relayed frame says how many links it has travelled, the one it is on included. */
export const HOPS_OFFSET = 3

/** Flag of a gossip frame: it carries a record of its origin and no payload. */
export const FLAG_RECORD = 0x01

/** Size of a heartbeat: header and five 32-bit numbers. */
export const HEARTBEAT_BYTES = HEADER_BYTES + 5 * 4

/** Size of the two incarnations that follow the two names in a routed frame. */
export const ROUTED_INCARNATIONS_BYTES = 12

/** What a broadcast carries, on the wire. */
export const GOSSIP_KINDS = ['payload', 'record'] as const

/** Size of a line of a graft without its name: kind, incarnation, first sequence, count. A line of an ihave has one more. */
export const RANGE_BYTES = 1 + 6 + 6 + 2

/** A record's state on the wire. */
export const RECORD_STATES = ['up', 'leaving'] as const
