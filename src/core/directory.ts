// The directory: the newest record of every node that is known, and which of them can be reached.
// It must not decide what to dial, publish or route; it answers what is known. Reachability comes in from routing.
//
// D1  for each name the record held is the newest seen, by (incarnation, instance, version): merging is commutative,
//     associative and idempotent
// D2  an edge exists between two nodes when both records list each other and neither is leaving
// D3  `hash` is the XOR of the record hashes of exactly the reachable nodes, this one included
// D4  every peer is told as joined at most once before it is told as gone, and the other way round
//
// Link-state records: OSPF (RFC 2328 section 13.1, which of two instances is newer) and OLSR (RFC 3626).

import { assert } from './assert.ts'
import { recordHash } from './hash.ts'
import type { DirectoryHash, LeaveReason, NodeName, PeerRecord } from './messages.ts'
import type { Rng } from './rng.ts'

/** One node, as the directory knows it. Only the directory changes it. */
export interface Entry {
  /** Small dense number, so that routing can work in arrays. Reused after the entry is forgotten. */
  readonly slot: number
  readonly record: PeerRecord
  readonly hash: DirectoryHash
  readonly reachable: boolean
  /** When `reachable` last changed. */
  readonly sinceMs: number
  /** Whether the application was told `peer-join`. */
  readonly joined: boolean
}

type MutableEntry = { -readonly [K in keyof Entry]: Entry[K] } & { edges: readonly Entry[] | undefined }

/** What became of a record that was merged. */
export type MergeResult = 'newer' | 'same' | 'older' | 'full'

/** A change that the application is told. */
export type MembershipChange =
  | { readonly type: 'peer-join'; readonly peer: PeerRecord }
  | { readonly type: 'peer-leave'; readonly name: NodeName; readonly reason: LeaveReason }

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

/** Why a run is gone whose last record is this one. */
function leaveReasonOf(record: PeerRecord): LeaveReason {
  return record.state === 'leaving' ? 'left' : 'unreachable'
}

/** How long an unreachable record is held at least, also when the directory is full. */
const EVICTABLE_MS = 3_000

/** See the head of the file. */
export class Directory {
  readonly #config: DirectoryConfig
  readonly #entries = new Map<NodeName, MutableEntry>()
  readonly #slots: (MutableEntry | undefined)[] = []
  readonly #freeSlots: number[] = []
  /** Unreachable entries and restarted ones: all that time alone can change. */
  readonly #fading = new Set<MutableEntry>()
  readonly #restarted = new Map<MutableEntry, LeaveReason>()
  #own: MutableEntry
  #reachableCount = 1
  #hashHigh = 0
  #hashLow = 0

  /** @param own the first record of the node that holds this directory. */
  constructor(own: PeerRecord, config: DirectoryConfig) {
    this.#config = config
    this.#own = this.#insert(own, 0)
    this.#own.reachable = true
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

  /** Takes over a new version of this node's own record. */
  replaceOwn(record: PeerRecord): void {
    assert(compareRecords(record, this.#own.record) > 0, 'an own record must be newer than the last')
    this.#store(this.#own, record)
  }

  /** Keeps the record when it is newer than what is known of that name. Not for this node's own name. */
  merge(record: PeerRecord, nowMs: number): MergeResult {
    assert(record.name !== this.#own.record.name, 'the own record is replaced, not merged')
    const entry = this.#entries.get(record.name)
    if (entry === undefined) {
      if (this.#entries.size >= this.#config.directoryNodesMax && !this.#evict(nowMs)) return 'full'
      this.#fading.add(this.#insert(record, nowMs))
      return 'newer'
    }
    const order = compareRecords(record, entry.record)
    if (order <= 0) return order === 0 ? 'same' : 'older'
    if (entry.joined && record.instance !== entry.record.instance) {
      if (!this.#restarted.has(entry)) this.#restarted.set(entry, leaveReasonOf(entry.record))
    }
    this.#store(entry, record)
    return 'newer'
  }

  /** The entries that share an edge (D2) with this one. */
  edges(of: Entry): readonly Entry[] {
    const entry = of as MutableEntry
    entry.edges ??= this.#computeEdges(entry)
    return entry.edges
  }

  /**
   * Takes over which nodes can be reached, and returns what the application is to be told at once.
   * @param reached whether a path leads to the entry in this slot.
   */
  applyReachability(reached: (slot: number) => boolean, nowMs: number): MembershipChange[] {
    const changes: MembershipChange[] = []
    for (const [entry, reason] of this.#restarted) this.#tellGone(entry, reason, changes)
    this.#restarted.clear()
    for (const entry of this.#entries.values()) {
      if (entry === this.#own) continue
      const reachable = reached(entry.slot)
      if (reachable !== entry.reachable) this.#setReachable(entry, reachable, nowMs)
      if (reachable && !entry.joined) {
        entry.joined = true
        changes.push({ type: 'peer-join', peer: entry.record })
      } else if (!reachable && entry.joined && entry.record.state === 'leaving') {
        this.#tellGone(entry, 'left', changes)
      }
    }
    return changes
  }

  /** What time alone has changed: peers gone after the grace, records forgotten. */
  expire(nowMs: number): { changes: MembershipChange[]; forgotten: NodeName[] } {
    const changes: MembershipChange[] = []
    const forgotten: NodeName[] = []
    for (const entry of this.#fading) {
      const goneMs = nowMs - entry.sinceMs
      if (entry.joined && goneMs >= this.#config.unreachableGraceMs)
        this.#tellGone(entry, 'unreachable', changes)
      if (goneMs < this.#config.forgetMs) continue
      this.#forget(entry)
      forgotten.push(entry.record.name)
    }
    return { changes, forgotten }
  }

  /** When {@link expire} will have something to do; `undefined` while nothing fades. */
  nextExpiryMs(): number | undefined {
    let earliest: number | undefined
    for (const entry of this.#fading) {
      const due = entry.sinceMs + (entry.joined ? this.#config.unreachableGraceMs : this.#config.forgetMs)
      if (earliest === undefined || due < earliest) earliest = due
    }
    return earliest
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

  #insert(record: PeerRecord, nowMs: number): MutableEntry {
    const slot = this.#freeSlots.pop() ?? this.#slots.length
    const hash = recordHash(record.name, record.incarnation, record.version)
    const entry = { slot, record, hash, reachable: false, sinceMs: nowMs, joined: false, edges: undefined }
    this.#slots[slot] = entry
    this.#entries.set(record.name, entry)
    this.#forgetEdges(record.links)
    return entry
  }

  #store(entry: MutableEntry, record: PeerRecord): void {
    if (entry.reachable) this.#toggleHash(entry)
    this.#forgetEdges(entry.record.links)
    entry.record = record
    entry.hash = recordHash(record.name, record.incarnation, record.version)
    entry.edges = undefined
    this.#forgetEdges(record.links)
    if (entry.reachable) this.#toggleHash(entry)
  }

  #computeEdges(entry: MutableEntry): Entry[] {
    const edges: Entry[] = []
    if (entry.record.state === 'leaving') return edges
    for (const name of entry.record.links) {
      const other = this.#entries.get(name)
      if (other === undefined || other === entry || other.record.state === 'leaving') continue
      if (other.record.links.includes(entry.record.name)) edges.push(other)
    }
    return edges
  }

  #forgetEdges(names: readonly NodeName[]): void {
    for (const name of names) {
      const entry = this.#entries.get(name)
      if (entry !== undefined) entry.edges = undefined
    }
  }

  #setReachable(entry: MutableEntry, reachable: boolean, nowMs: number): void {
    entry.reachable = reachable
    entry.sinceMs = nowMs
    this.#reachableCount += reachable ? 1 : -1
    this.#toggleHash(entry)
    if (reachable) this.#fading.delete(entry)
    else this.#fading.add(entry)
  }

  #tellGone(entry: MutableEntry, reason: LeaveReason, changes: MembershipChange[]): void {
    if (!entry.joined) return
    entry.joined = false
    changes.push({ type: 'peer-leave', name: entry.record.name, reason })
  }

  #toggleHash(entry: Entry): void {
    this.#hashHigh = (this.#hashHigh ^ entry.hash.high) >>> 0
    this.#hashLow = (this.#hashLow ^ entry.hash.low) >>> 0
  }

  /** Makes room by forgetting one unreachable record that the application no longer counts on. */
  #evict(nowMs: number): boolean {
    for (const entry of this.#fading) {
      // What has just been learned would be news again at once, and be passed on for ever.
      if (entry.joined || nowMs - entry.sinceMs < EVICTABLE_MS) continue
      this.#forget(entry)
      return true
    }
    return false
  }

  #forget(entry: MutableEntry): void {
    this.#fading.delete(entry)
    this.#restarted.delete(entry)
    this.#entries.delete(entry.record.name)
    this.#slots[entry.slot] = undefined
    this.#freeSlots.push(entry.slot)
    this.#forgetEdges(entry.record.links)
  }
}
