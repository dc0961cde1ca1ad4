// Anti-entropy (design 4.1): two directories compared by digest, so that each end gets what it lacks and nothing else.
// Only records of nodes that can be reached take part, or that may be found reachable at any moment because half of
// their links is still on its way. The record of a node that is gone would otherwise travel in circles, because every
// node forgets it at another time.
//
// Push-pull reconciliation: Demers et al., Epidemic Algorithms for Replicated Database Maintenance (PODC 1987).

import type { Directory, Entry } from './directory.ts'
import type {
  Digest,
  DigestEntry,
  DirectoryHash,
  LinkId,
  NodeName,
  PeerRecord,
  Records,
  Want,
} from './messages.ts'
import type { Turn } from './turn.ts'

/** Entries in one digest: 1,000 of them stay below 64 KiB with names of ordinary length. */
const ENTRIES_MAX = 512
/** Records in one message. */
const RECORDS_MAX = 64
/** Names in one request. */
const NAMES_MAX = 512

/** Differing hashes in a row on a link before digests are sent: what is just travelling as a broadcast has arrived by then. */
const MISMATCHES_MAX = 3

/**
 * How the ends of a link stood to each other before: no path led from one to the other, one had not heard of the other, or
 * neither.
 */
export type LinkEnds = 'apart' | 'unknown' | 'known'

/** As many as a link is taken to have had when it comes up. */
const MISMATCHES_AT_FIRST: Readonly<Record<LinkEnds, number>> = {
  apart: MISMATCHES_MAX - 1,
  unknown: MISMATCHES_MAX - 2,
  known: 0,
}

/** How long an unreachable record still takes part: what is on its way as a broadcast arrives sooner. */
const FRESH_MS = 3_000

/** See the head of the file. */
export class AntiEntropy {
  readonly #directory: Directory
  readonly #turn: Turn
  /** Heartbeats in a row whose hash differed, by link. */
  readonly #mismatches = new Map<LinkId, number>()

  constructor(directory: Directory, turn: Turn) {
    this.#directory = directory
    this.#turn = turn
  }

  /**
   * A link came up. Ends that were apart compare their directories at once, by the first heartbeat. What others lack is
   * mostly on its way as a broadcast: they wait for the second one, or the third.
   */
  linkUp(link: LinkId, ends: LinkEnds): void {
    this.#mismatches.set(link, MISMATCHES_AT_FIRST[ends])
  }

  /** A link is gone. */
  linkDown(link: LinkId): void {
    this.#mismatches.delete(link)
  }

  /** The links of which something is remembered, for the check of memory. */
  get links(): Iterable<LinkId> {
    return this.#mismatches.keys()
  }

  /** Compares the hash of a heartbeat. One end is enough to send digests, and both know which: the smaller name. */
  compare(link: LinkId, neighbor: NodeName, hash: DirectoryHash): void {
    const own = this.#directory.hash
    const isSame = own.high === hash.high && own.low === hash.low
    const mismatches = isSame ? 0 : (this.#mismatches.get(link) ?? 0) + 1
    this.#mismatches.set(link, mismatches % MISMATCHES_MAX)
    if (mismatches < MISMATCHES_MAX || this.#directory.own.record.name > neighbor) return
    for (const digest of digestsOf(this.#directory, this.#turn.nowMs)) this.#turn.send([link], digest)
  }

  /** A neighbor says what it has. */
  digestReceived(link: LinkId, digest: Digest): void {
    for (const answer of answerDigest(this.#directory, digest, this.#turn.nowMs))
      this.#turn.send([link], answer)
  }

  /** A neighbor asks for records. */
  wantReceived(link: LinkId, want: Want): void {
    for (const answer of answerWant(this.#directory, want)) this.#turn.send([link], answer)
  }
}

const byName = (a: { name: string }, b: { name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0

const takesPart = ({ record, reachable, sinceMs }: Entry, nowMs: number): boolean =>
  (reachable || nowMs - sinceMs < FRESH_MS) && isPublished(record)

/**
 * Whether a record is worth telling: what stands for a neighbor until its own record comes, and what a node without links
 * says of itself, helps nobody to reach it. The first record that does is a broadcast, and a moment away.
 */
export function isPublished({ version, state, links }: PeerRecord): boolean {
  return version > 0 && (state === 'leaving' || links.length > 0)
}

/** All that takes part, in digests that together cover every name. */
export function digestsOf(directory: Directory, nowMs: number): Digest[] {
  const entries: DigestEntry[] = []
  for (const entry of directory.entries) {
    const { record } = entry
    if (!takesPart(entry, nowMs)) continue
    entries.push({ name: record.name, incarnation: record.incarnation, version: record.version })
  }
  entries.sort(byName)
  const digests: Digest[] = []
  for (let start = 0; start === 0 || start < entries.length; start += ENTRIES_MAX) {
    const part = entries.slice(start, start + ENTRIES_MAX)
    const isLast = start + ENTRIES_MAX >= entries.length
    const after = start === 0 ? '' : (entries[start - 1]?.name ?? '')
    digests.push({ type: 'digest', after, upTo: isLast ? '' : (part.at(-1)?.name ?? ''), entries: part })
  }
  return digests
}

/** What the sender of this digest lacks, and what it has that is newer than ours. */
export function answerDigest(directory: Directory, digest: Digest, nowMs: number): (Records | Want)[] {
  const theirs = new Set<NodeName>()
  const newer: PeerRecord[] = []
  const wanted: NodeName[] = []
  for (const { name, incarnation, version } of digest.entries) {
    theirs.add(name)
    const record = directory.get(name)?.record
    const order = record === undefined ? -1 : record.incarnation - incarnation || record.version - version
    if (order < 0) wanted.push(name)
    else if (order > 0 && record !== undefined) newer.push(record)
  }
  for (const entry of directory.entries) {
    const { record } = entry
    if (!takesPart(entry, nowMs) || theirs.has(record.name) || record.name <= digest.after) continue
    if (digest.upTo === '' || record.name <= digest.upTo) newer.push(record)
  }
  return [...recordsMessages(newer), ...wantMessages(wanted)]
}

/** The records asked for, as far as they are known. */
export function answerWant(directory: Directory, want: Want): Records[] {
  const records: PeerRecord[] = []
  for (const name of want.names) {
    const entry = directory.get(name)
    if (entry !== undefined) records.push(entry.record)
  }
  return recordsMessages(records)
}

/** Records in messages, of which each is small enough for a frame. */
export function recordsMessages(records: readonly PeerRecord[]): Records[] {
  const messages: Records[] = []
  for (let start = 0; start < records.length; start += RECORDS_MAX) {
    messages.push({ type: 'records', records: records.slice(start, start + RECORDS_MAX) })
  }
  return messages
}

function wantMessages(names: readonly NodeName[]): Want[] {
  const messages: Want[] = []
  for (let start = 0; start < names.length; start += NAMES_MAX) {
    messages.push({ type: 'want', names: names.slice(start, start + NAMES_MAX) })
  }
  return messages
}
