// Every limit of the wire format, in one place. They are part of the protocol: all nodes must agree on them, so
// none can be configured. What a node may turn for itself is in core/config.
// docs/PROTOCOL.md has the same table; a test compares the two.

const KIB = 1_024
const MIB = 1_048_576

/** The limits. `…BytesMax` counts bytes, `…CharsMax` characters, a bare `…Max` is a count or the largest value. */
export const LIMITS = {
  /** One WebSocket message; `ws` calls it `maxPayload`. A larger one is closed with 1009 (RFC 6455 section 7.4.1). */
  messageBytesMax: MIB,
  /** A bundle is filled up to this size. A frame that is larger by itself goes alone. Measured: design section 5. */
  bundleBytesMax: 64 * KIB,
  /** One frame: what is left of a message beside a length prefix of 3 bytes. */
  frameBytesMax: MIB - 3,
  /** Application bytes in one frame: a message less 1 KiB for prefix, header and routing fields (157 bytes today). */
  payloadBytesMax: MIB - KIB,
  /** Largest incarnation: an unsigned 48-bit number. As ms since 1970 that is the year 10889. */
  incarnationMax: 2 ** 48 - 1,
  /** Largest sequence: one below what 48 bits hold, so that "the one behind it" can be written in an ack. */
  sequenceMax: 2 ** 48 - 2,
  /** Largest version of a record: an unsigned 32-bit number. */
  versionMax: 2 ** 32 - 1,
  /** Largest `sequence - floor` of a direct message, and largest gap and length of an acked range: 16 bits. */
  spanMax: 2 ** 16 - 1,
  /** Largest `hopsLeft + hops` of a relayed frame: what one lowers and the other raises always fits in a byte. */
  hopsSumMax: 255,
  /** A node's instance: printable ASCII without blanks. nanoid makes 21 characters. */
  instanceCharsMax: 64,
  /** A URL, as UTF-8. Scheme, host, port and a path need far less; every known peer's URL is kept in memory. */
  urlBytesMax: 2 * KIB,
  /** Neighbors that one record lists: 8 times what a node accepts by default. */
  linksListedMax: 64,
  /** Tags in one record. */
  tagsMax: 16,
  /** One tag: it has the syntax of a node name. */
  tagCharsMax: 64,
  /** Topic filters in one record: everybody keeps the records of all nodes. */
  topicFiltersMax: 64,
  /** One topic or topic filter, as UTF-8. */
  topicBytesMax: 128,
  /** One encoded record, fields of later versions included; today's largest is 15,650 bytes. */
  recordBytesMax: 16 * KIB - 1,
  /** Records in one `records` frame: 64 of the largest fit in a frame. */
  recordsPerFrameMax: 64,
  /** Entries in one digest: about a bundle's worth of them. */
  digestEntriesMax: 1_024,
  /** Names in one `want`: all that one digest can name. */
  wantNamesMax: 1_024,
  /** Ranges in one `ihave` or `graft`, and origins in one `prune`: 256 of them stay below 8 KiB with names of ordinary length. */
  broadcastRangesMax: 256,
  /** Broadcasts in one such range, so that what one frame makes its receiver do is bounded. */
  broadcastRangeMax: 1_024,
  /** Ranges above the cumulative number in one ack. RFC 9000 section 13.2.3 asks for a limit; quic-go's is 32 too. */
  ackRangesMax: 32,
  /** JSON body of a hello. The other end is a stranger still. */
  helloBytesMax: 8 * KIB,
  /** Contacts in one welcome. */
  contactsMax: 64,
  /** Plain HTTP peers in one welcome. */
  httpPeersMax: 256,
  /** Entries of each list (`joined`, `left`) in one `peer-events`. */
  peerEventsMax: 256,
  /** JSON of the headers in an application payload. */
  headersBytesMax: 8 * KIB,
  /** Levels of arrays and objects in an application payload, so that no reader's stack overflows. */
  jsonDepthMax: 100,
  /** One line in line mode, as UTF-8, without its line break. */
  lineBytesMax: 64 * KIB,
} as const
