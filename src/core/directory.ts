// The directory: the newest record of every node that is known, and which of them can be reached.
// It must not decide what to dial, publish or route; it answers what is known.
//
// D1  for each name the record held is the newest seen, by (incarnation, instance, version): merging is commutative,
//     associative and idempotent
// D2  an edge exists between two nodes when both records list each other and neither is leaving
// D3  `hash` is the XOR of the record hashes of exactly the reachable nodes, this one included
// D6  a node is reachable when a path of edges leads to it from here, where the own edges are the links that are up to
//     nodes that are not leaving, whatever the records list. That holds after every call
//
// Link-state records: OSPF (RFC 2328 section 13.1, which of two instances is newer) and OLSR (RFC 3626).

import type { Adjacency } from './adjacency.ts'
import { Announcements, type MembershipChange } from './announcements.ts'
import { assert } from './assert.ts'
import { recordHash } from './hash.ts'
import type { DirectoryHash, NodeName, PeerRecord } from './messages.ts'
import type { Rng } from './rng.ts'
import { SpanningTree } from './spanning-tree.ts'

/** One node, as the directory knows it. Only the directory changes it. */
export interface Entry {
  /** Small dense number, so that routing can work in arrays. Reused after the entry is forgotten. */
  readonly slot: number
  readonly record: PeerRecord
  readonly reachable: boolean
  /** When `reachable` last changed. */
  readonly sinceMs: number
  /** Whether the application was told `peer-join`. */
  readonly joined: boolean
}

type MutableEntry = { -readonly [K in keyof Entry]: Entry[K] }

/** What became of a record that was merged. */
export type MergeResult = 'newer' | 'same' | 'older' | 'full'

/** The directory's part of the configuration. */
export interface DirectoryConfig {
  readonly directoryNodesMax: number
  readonly unreachableGraceMs: number
  readonly forgetMs: number
}

/** Which of two records of one name is newer: positive when `a` is. */
export function compareRecords(a: PeerRecord, b: PeerRecord): number {
  if (a.incarnation !== b.incarnation) return a.incarnation - b.incarnation
  if (a.instance !== b.instance) return a.instance > b.instance ? 1 : -1
  return a.version - b.version
}

const NO_NAMES: readonly NodeName[] = []

/** The nodes to which this one may have edges. */
function listedBy({ state, links }: PeerRecord): readonly NodeName[] {
  return state === 'leaving' ? NO_NAMES : links
}

/** How long an unreachable record is held at least, also when the directory is full. */
const EVICTABLE_MS = 3_000

/** What there is to be looked at. */
export type DirectoryView = Pick<
  Directory,
  'entries' | 'size' | 'reachableCount' | 'get' | 'edges' | 'adjacency' | 'parent' | 'own' | 'hash'
>

/** See the head of the file. */
export class Directory {
  readonly #config: DirectoryConfig
  readonly #entries = new Map<NodeName, MutableEntry>()
  readonly #slots: (MutableEntry | undefined)[] = []
  readonly #freeSlots: number[] = []
  readonly #neighbors = new Set<NodeName>()
  readonly #tree: SpanningTree
  readonly #announcements: Announcements
  /** Unreachable entries, the longest gone first. */
  readonly #fading = new Set<MutableEntry>()
  readonly #own: MutableEntry
  #nowMs = 0
  #reachableCount = 1
  #hashHigh = 0
  #hashLow = 0

  /** @param own the first record of the node that holds this directory. */
  constructor(own: PeerRecord, config: DirectoryConfig) {
    this.#config = config
    this.#announcements = new Announcements(config.unreachableGraceMs)
    this.#own = this.#newEntry(own)
    this.#own.reachable = true
    this.#tree = new SpanningTree(this.#own.slot, (slot) => this.#flip(slot))
    this.#toggleHash(this.#own)
  }

  /** This node's own entry. */
  get own(): Entry {
    return this.#own
  }

  /** All entries, this node's included. */
  get entries(): IterableIterator<Entry> {
    return this.#entries.values()
  }

  get size(): number {
    return this.#entries.size
  }

  /** Reachable nodes, this one included. */
  get reachableCount(): number {
    return this.#reachableCount
  }

  /** One past the largest slot in use. */
  get slotsEnd(): number {
    return this.#slots.length
  }

  /** See D3. */
  get hash(): DirectoryHash {
    return { high: this.#hashHigh, low: this.#hashLow }
  }

  get(name: NodeName): Entry | undefined {
    return this.#entries.get(name)
  }

  /** Whether {@link tell} may have something to say. */
  get hasNews(): boolean {
    return this.#announcements.hasNews
  }

  /** A link to this node is up: the way to it does not depend on what its record lists. */
  neighborUp(name: NodeName, nowMs: number): void {
    this.#nowMs = nowMs
    this.#neighbors.add(name)
    const entry = this.#entries.get(name)
    if (entry?.record.state === 'up') this.#tree.connect(this.#own.slot, entry.slot)
  }

  /** The link to this node is gone. */
  neighborDown(name: NodeName, nowMs: number): void {
    this.#nowMs = nowMs
    this.#neighbors.delete(name)
    const slot = this.#entries.get(name)?.slot
    if (slot !== undefined) this.#tree.disconnect(this.#own.slot, slot)
  }

  /** Takes over a new version of this node's own record. */
  replaceOwn(record: PeerRecord): void {
    assert(compareRecords(record, this.#own.record) > 0, 'an own record must be newer than the last')
    this.#store(this.#own, record)
  }

  /** Keeps the record when it is newer than what is known of that name. Not for this node's own name. */
  merge(record: PeerRecord, nowMs: number): MergeResult {
    assert(record.name !== this.#own.record.name, 'the own record is replaced, not merged')
    this.#nowMs = nowMs
    const known = this.#entries.get(record.name)
    if (known === undefined) {
      if (this.#entries.size >= this.#config.directoryNodesMax && !this.#evict()) return 'full'
      const entry = this.#newEntry(record)
      this.#fading.add(entry)
      this.#announcements.changed(entry)
      this.#tree.add(entry.slot)
      this.#moveEdges(entry, NO_NAMES)
      return 'newer'
    }
    const order = compareRecords(record, known.record)
    if (order <= 0) return order === 0 ? 'same' : 'older'
    if (record.instance !== known.record.instance) this.#announcements.restarted(known)
    const before = listedBy(known.record)
    this.#store(known, record)
    if (record.state === 'leaving') this.#announcements.changed(known)
    this.#moveEdges(known, before)
    return 'newer'
  }

  /** The entries that share an edge (D2) with this one, in the order of its record. Computed anew by each call. */
  edges(of: Entry): Entry[] {
    const edges: Entry[] = []
    if (of.record.state === 'leaving') return edges
    for (const name of of.record.links) {
      const other = this.#entries.get(name)
      if (other === undefined || other === of || other.record.state === 'leaving') continue
      if (other.record.links.includes(of.record.name) && !edges.includes(other)) edges.push(other)
    }
    return edges
  }

  /** The edges of paths from here (D6), between slots: those of {@link edges}, but for this node the neighbors'. */
  get adjacency(): Pick<Adjacency, 'at' | 'degree' | 'has' | 'of'> {
    return this.#tree.edges
  }

  /** The entry through which this one was last found reachable; `undefined` for the own one and unreachable ones. */
  parent(of: Entry): Entry | undefined {
    const slot = this.#tree.parent(of.slot)
    return slot === undefined ? undefined : this.#slots[slot]
  }

  /** What the application is to be told at once. */
  tell(): MembershipChange[] {
    return this.#announcements.tell()
  }

  /** What time alone has changed: peers gone after the grace, records forgotten. */
  expire(nowMs: number): { changes: MembershipChange[]; forgotten: NodeName[] } {
    const changes = this.#announcements.expire(nowMs)
    const forgotten: NodeName[] = []
    for (const entry of this.#fading) {
      if (nowMs - entry.sinceMs < this.#config.forgetMs) break
      this.#forget(entry)
      forgotten.push(entry.record.name)
    }
    return { changes, forgotten }
  }

  /** When {@link expire} will have something to do; `undefined` while nothing fades. */
  nextExpiryMs(): number | undefined {
    const tellMs = this.#announcements.nextExpiryMs()
    for (const { sinceMs } of this.#fading) {
      return Math.min(tellMs ?? Number.POSITIVE_INFINITY, sinceMs + this.#config.forgetMs)
    }
    return tellMs
  }

  /**
   * Some random entries that pass `accept`, each at most once. Looks at every entry of a small directory, and at a
   * bounded number of random ones in a large one.
   */
  sample(rng: Rng, countMax: number, accept: (entry: Entry) => boolean): Entry[] {
    const tries = 64
    const drawn =
      this.#entries.size <= tries
        ? rng.shuffled([...this.#entries.values()])
        : new Set(Array.from({ length: tries }, () => rng.pick(this.#slots)))
    const found: Entry[] = []
    for (const entry of drawn) {
      if (found.length === countMax) break
      if (entry !== undefined && entry !== this.#own && accept(entry)) found.push(entry)
    }
    return found
  }

  /** The entries that are unreachable now, the longest gone first. */
  unreachable(): IterableIterator<Entry> {
    return this.#fading.values()
  }

  #newEntry(record: PeerRecord): MutableEntry {
    const slot = this.#freeSlots.pop() ?? this.#slots.length
    const entry = { slot, record, reachable: false, sinceMs: this.#nowMs, joined: false }
    this.#slots[slot] = entry
    this.#entries.set(record.name, entry)
    return entry
  }

  #store(entry: MutableEntry, record: PeerRecord): void {
    if (entry.reachable) this.#toggleHash(entry)
    entry.record = record
    if (entry.reachable) this.#toggleHash(entry)
  }

  /**
   * Its edges follow what the records say now; the own ones follow the links. What the record before listed as well is as
   * it was: only the rest is looked at, because nodes of a large overlay are seldom in the processor's cache. What comes
   * is taken in before what goes, so that who only moves stays reached.
   */
  #moveEdges({ record, slot }: MutableEntry, before: readonly NodeName[]): void {
    const now = listedBy(record)
    const own = this.#own.slot
    for (const name of now) {
      if (before.includes(name)) continue
      const other = this.#entries.get(name)
      if (other === undefined || other.slot === own) continue
      if (listedBy(other.record).includes(record.name)) this.#tree.connect(slot, other.slot)
    }
    if (record.state === 'leaving') this.#tree.disconnect(slot, own)
    else if (this.#neighbors.has(record.name)) this.#tree.connect(slot, own)
    for (const name of before) {
      if (now.includes(name)) continue
      const other = this.#entries.get(name)
      if (other !== undefined && other.slot !== own) this.#tree.disconnect(slot, other.slot)
    }
  }

  /** The tree has found or lost the way to this slot. */
  #flip(slot: number): void {
    const entry = this.#slots[slot] as MutableEntry
    entry.reachable = !entry.reachable
    entry.sinceMs = this.#nowMs
    this.#reachableCount += entry.reachable ? 1 : -1
    this.#toggleHash(entry)
    if (entry.reachable) this.#fading.delete(entry)
    else this.#fading.add(entry)
    this.#announcements.changed(entry)
  }

  /** The hash of one record is not kept: it costs less to compute than to keep for each of many nodes. */
  #toggleHash({ record: { name, incarnation, version } }: Entry): void {
    const { high, low } = recordHash(name, incarnation, version)
    this.#hashHigh = (this.#hashHigh ^ high) >>> 0
    this.#hashLow = (this.#hashLow ^ low) >>> 0
  }

  /** Makes room by forgetting one unreachable record that the application no longer counts on. */
  #evict(): boolean {
    for (const entry of this.#fading) {
      // What has just been learned would be news again at once, and be passed on for ever.
      if (this.#nowMs - entry.sinceMs < EVICTABLE_MS) break
      if (entry.joined) continue
      this.#forget(entry)
      return true
    }
    return false
  }

  #forget(entry: MutableEntry): void {
    this.#fading.delete(entry)
    this.#announcements.forget(entry)
    this.#tree.isolate(entry.slot)
    this.#entries.delete(entry.record.name)
    this.#slots[entry.slot] = undefined
    this.#freeSlots.push(entry.slot)
  }
}
