// A peer's record in bytes: behind a length, so that fields that a later version adds at its end are skipped.
// It must not judge a record (who may publish it, whether it is newer): that is core/directory's business.

import type { NodeName, PeerRecord } from '../core/messages.ts'
import type { ByteReader } from './byte-reader.ts'
import { type ByteWriter, nameSize, utf8Size } from './byte-writer.ts'
import { RECORD_STATES } from './frames.ts'
import { LIMITS } from './limits.ts'
import { RecordCache } from './record-cache.ts'
import { TextCache } from './text-cache.ts'
import { isTag, isTopicFilter } from './topics.ts'
import { isInstance, isPeerUrl } from './validate.ts'
import { WireError } from './wire-error.ts'

// incarnation, version, state, and the lengths of instance, url and links
const FIXED_BYTES = 6 + 4 + 1 + 1 + 2 + 1

const ASCII = /^[ -~]+$/
const cache = new RecordCache()
const instances = new TextCache((text) => (isInstance(text) ? text : undefined), LIMITS.instanceCharsMax)
/** Longer URLs, and those with other letters, are read anew each time. */
const urls = new TextCache((text) => (ASCII.test(text) && isPeerUrl(text) ? text : undefined), 128)

/**
 * Size of a record with its length prefix.
 * @throws {@link WireError} when a field is over its limit or breaks its syntax.
 */
export function recordSize(record: PeerRecord): number {
  if (!isInstance(record.instance)) {
    throw new WireError(
      'invalid',
      'record.instance',
      `expected 1 to ${LIMITS.instanceCharsMax} ASCII characters`,
    )
  }
  if (record.url !== undefined && !isPeerUrl(record.url)) {
    throw new WireError('invalid', 'record.url', 'expected a ws, wss, http or https URL')
  }
  if (record.links.length > LIMITS.linksListedMax) {
    throw new WireError('too-large', 'record.links', `expected at most ${LIMITS.linksListedMax}`)
  }
  let size = 2 + nameSize(record.name, 'record.name') + FIXED_BYTES + record.instance.length
  if (record.url !== undefined) size += utf8Size(record.url)
  for (const link of record.links) size += nameSize(link, 'record.links')
  return size + profileSize(record)
}

/** Tags and topics are at the end, and are left out where there are none: older versions wrote nothing there. */
function profileSize({ tags = [], topics = [] }: PeerRecord): number {
  if (tags.length === 0 && topics.length === 0) return 0
  if (tags.length > LIMITS.tagsMax) {
    throw new WireError('too-large', 'record.tags', `expected at most ${LIMITS.tagsMax}`)
  }
  if (topics.length > LIMITS.topicFiltersMax) {
    throw new WireError('too-large', 'record.topics', `expected at most ${LIMITS.topicFiltersMax}`)
  }
  let size = 2
  for (const tag of tags) {
    if (!isTag(tag)) throw new WireError('invalid', 'record.tags', 'expected the syntax of a node name')
    size += nameSize(tag, 'record.tags')
  }
  for (const filter of topics) {
    if (!isTopicFilter(filter)) throw new WireError('invalid', 'record.topics', 'expected a topic filter')
    size += 1 + utf8Size(filter)
  }
  return size
}

/** Writes a record of which {@link recordSize} was computed before, with its length prefix. */
export function writeRecord(writer: ByteWriter, record: PeerRecord): void {
  writer.u16(recordSize(record) - 2, 'record')
  writer.name(record.name)
  writer.u48(record.incarnation, 'record.incarnation')
  writer.u32(record.version, 'record.version')
  writer.u8(RECORD_STATES.indexOf(record.state), 'record.state')
  writer.u8(record.instance.length, 'record.instance')
  writer.text(record.instance, record.instance.length)
  const url = record.url ?? ''
  const urlSize = utf8Size(url)
  writer.u16(urlSize, 'record.url')
  writer.text(url, urlSize)
  writer.u8(record.links.length, 'record.links')
  for (const link of record.links) writer.name(link)
  const { tags = [], topics = [] } = record
  if (tags.length === 0 && topics.length === 0) return
  writer.u8(tags.length, 'record.tags')
  for (const tag of tags) writer.name(tag)
  writer.u8(topics.length, 'record.topics')
  for (const filter of topics) {
    const size = utf8Size(filter)
    writer.u8(size, 'record.topics')
    writer.text(filter, size)
  }
}

/** Reads a record with its length prefix. What is wrong with it is in the reader's `failure`. */
export function readRecord(reader: ByteReader): PeerRecord {
  const size = reader.u16('record')
  if (size > LIMITS.recordBytesMax) reader.fail('record', `expected at most ${LIMITS.recordBytesMax} bytes`)
  const left = reader.end - reader.offset
  if (size > left) reader.fail('record', `expected ${size} bytes, got ${left}`)
  const frameEnd = reader.end
  const recordEnd = Math.min(reader.offset + size, frameEnd)
  reader.end = recordEnd
  const { bytes, offset: start } = reader
  const name = reader.name('record.name')
  const known = cache.find(name, bytes, start, recordEnd)
  const record = known ?? readFields(reader, name)
  if (known === undefined && reader.failure === undefined) cache.keep(record, bytes, start, recordEnd)
  reader.end = frameEnd
  // Trailing bytes belong to a later version. After a failure the rest stays unread.
  reader.offset = reader.failure === undefined ? recordEnd : frameEnd
  return record
}

/** Reads what is behind the name. */
function readFields(reader: ByteReader, name: NodeName): PeerRecord {
  const incarnation = reader.u48('record.incarnation')
  const version = reader.u32('record.version')
  const state = RECORD_STATES[reader.u8('record.state')]
  if (state === undefined) reader.fail('record.state', 'expected 0 (up) or 1 (leaving)')
  const instance = reader.cached(instances, 'record.instance', reader.u8('record.instance')) ?? ''
  if (instance === '') {
    reader.fail('record.instance', `expected 1 to ${LIMITS.instanceCharsMax} printable ASCII characters`)
  }
  const url = readUrl(reader)
  const linkCount = reader.count('record.links', reader.u8('record.links'), LIMITS.linksListedMax)
  // Made at its full length: one that grows has room for many more, for as long as the record is known.
  const links = Array.from<NodeName>({ length: linkCount })
  for (let i = 0; i < linkCount; i++) links[i] = reader.name('record.links')
  const record = { name, incarnation, instance, version, state: state ?? 'up', links }
  const profile = reader.offset === reader.end ? undefined : readProfile(reader)
  // One literal each: properties that are added later are kept apart from the object.
  if (url === '') return { ...record, ...profile }
  if (profile === undefined) return { name, incarnation, instance, version, state: record.state, url, links }
  return { ...record, url, ...profile }
}

function readUrl(reader: ByteReader): string {
  const length = reader.u16('record.url')
  const known = length === 0 ? undefined : reader.cached(urls, 'record.url', length)
  if (known !== undefined) return known
  const url = reader.text('record.url', length)
  if (url !== '' && !isPeerUrl(url)) reader.fail('record.url', 'expected a ws, wss, http or https URL')
  return url
}

/** Nothing is left in a record without tags and topics: then there is none to read. */
function readProfile(reader: ByteReader): Pick<PeerRecord, 'tags' | 'topics'> {
  const tagCount = reader.count('record.tags', reader.u8('record.tags'), LIMITS.tagsMax)
  const tags: string[] = []
  for (let i = 0; i < tagCount; i++) tags.push(reader.name('record.tags'))
  const topicCount = reader.count('record.topics', reader.u8('record.topics'), LIMITS.topicFiltersMax)
  const topics: string[] = []
  for (let i = 0; i < topicCount; i++) {
    const filter = reader.text('record.topics', reader.u8('record.topics'))
    if (!isTopicFilter(filter)) reader.fail('record.topics', 'expected a topic filter')
    topics.push(filter)
  }
  return { ...(tags.length === 0 ? {} : { tags }), ...(topics.length === 0 ? {} : { topics }) }
}
