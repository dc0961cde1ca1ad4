// This node's own record: when a new version is published, and who keeps a name that two processes claim.
// It must not know how a record travels (broadcast.ts) nor close links.
//
// P1  the own record lists exactly the neighbors, at the latest `publishIntervalMs` after a change
// P2  of two live processes with one name the later run keeps it and the other stops. A run that has just started
//     outbids whatever others left behind, but only for `takeoverMs`, and later each other run once: it may be dead, and
//     its record have been kept where this run was not known. Two cannot outbid each other for ever.
//     A run stops only for one that is later than it is itself at that moment: two never stop for each other, nor one for
//     what a bootstrap still says of another that has just stopped for it
// P3  a claim is not answered while a version is due: of two processes that outbid each other each does it once for each
//     version that the other publishes, whatever older records of theirs still go round
// P4  a later run of this name of which others know by its messages is outbid as one is of which they have the record: what
//     this run sends is else taken for old. Its broadcasts tell, and acknowledgements for it of whom this run has written
//     to. A settled run waits for the record, which decides (P2)
// P5  a node that is away has published that it leaves, and nothing since. It comes back under a raised incarnation, as a
//     run that has just started; a run that has left is no reason to stop

import type { CoreConfig } from './config.ts'
import { compareRecords, type Directory } from './directory.ts'
import type { Profile } from './events.ts'
import { hashPair } from './hash.ts'
import { isLaterRun, type Links } from './links.ts'
import type { LinkId, PeerRecord } from './messages.ts'
import type { Turn } from './turn.ts'

/**
 * Versions have 32 bits on the wire and incarnations 48: what is at the end of either cannot be outbid. A version from
 * the upper half was forged, and is outbid by an incarnation, so that a run never comes to the end: at four versions a
 * second the lower half lasts 17 years.
 */
const VERSION_MAX = 0x7fff_ffff
const INCARNATION_MAX = 2 ** 48 - 2

/**
 * How far a run outbids another at most: incarnations are ms, so the next start of the node is above it a while later.
 * Larger: two runs of a name have the same remainder more seldom.
 */
const RAISE_MAX = 16_384

/**
 * No run has an incarnation above this one, as ms, for 4,000 years: what is said to be above it by less than a record was
 * forged, and would bring a run near the end of the numbers at once.
 */
const OVERHEARD_MAX = 2 ** 47

/** How many other runs a settled one outbids: more than ever were started while it was cut off from a part of the overlay. */
const OUTBID_MAX = 16

/** What follows from a record that somebody has under this node's name. */
export type OwnRecordVerdict = 'ignored' | 'answered' | 'raised' | 'lost'

/** See the head of the file. */
export class Presence {
  readonly #config: CoreConfig
  readonly #directory: Directory
  readonly #links: Links
  readonly #turn: Turn
  #token = 0
  #dueMs: number | undefined
  #publishedMs = Number.NEGATIVE_INFINITY
  #firstLinkMs: number | undefined
  #profile: Pick<PeerRecord, 'tags' | 'topics'> = {}
  /** The other runs that this one has outbid since it has settled. */
  readonly #outbid = new Set<string>()
  /** The latest run of this name that others know by its messages, while that is later than this one, and since when. */
  #overheard: { readonly incarnation: number; readonly sinceMs: number } | undefined
  #overheardOutbid = 0
  /** When a run without a link was first refused for a later one. */
  #firstOutdoneMs: number | undefined
  /** When an earlier run was last met. */
  #outdidMs = Number.NEGATIVE_INFINITY

  constructor(config: CoreConfig, directory: Directory, links: Links, turn: Turn) {
    this.#config = config
    this.#directory = directory
    this.#links = links
    this.#turn = turn
  }

  /** The links have changed: a new version follows, together with what else changes meanwhile. */
  changed(): void {
    const { nowMs } = this.#turn
    if (this.#links.neighbors.size > 0) this.#firstLinkMs ??= nowMs
    if (this.isAway) return
    if (this.#dueMs !== undefined) return
    const { publishDelayMs, publishIntervalMs } = this.#config
    this.#dueMs = Math.max(nowMs + publishDelayMs, this.#publishedMs + publishIntervalMs)
    this.#turn.timerAt({ kind: 'publish', token: ++this.#token }, this.#dueMs)
  }

  /** What the application says of the node from now on: a new version follows. */
  setProfile({ tags, topics }: Profile): void {
    this.#profile = {
      ...(tags.length === 0 ? {} : { tags }),
      ...(topics.length === 0 ? {} : { topics }),
    }
    this.changed()
  }

  /** The timer `publish`: the record to broadcast; `undefined` for a stale timer. */
  due(token: number): PeerRecord | undefined {
    return token === this.#token && this.#dueMs !== undefined ? this.next('up') : undefined
  }

  /** Makes the next version of the own record. */
  next(state: PeerRecord['state']): PeerRecord {
    const own = this.#directory.own.record
    this.#dueMs = undefined
    this.#publishedMs = this.#turn.nowMs
    const links = state === 'up' ? [...this.#links.neighbors.keys()] : []
    const { tags: _, topics: __, ...rest } = own
    const record: PeerRecord = { ...rest, version: own.version + 1, state, links, ...this.#profile }
    this.#directory.replaceOwn(record)
    return record
  }

  /**
   * The other end of a link has preferred a later run to this one. True when this one is to stop. A run that has just been
   * started tries again first: the other link may be that of its own predecessor, which is dead and not noticed yet.
   */
  outdone(): boolean {
    const { nowMs } = this.#turn
    if (this.#firstLinkMs !== undefined) return this.#isSettled
    this.#firstOutdoneMs ??= nowMs
    const { heartbeatMs, heartbeatsMissedMax, takeoverMs } = this.#config
    return nowMs - this.#firstOutdoneMs > takeoverMs + heartbeatMs * (heartbeatsMissedMax + 1)
  }

  /** An earlier run of this name was met, and stops for this one. */
  outdid(): void {
    this.#outdidMs = this.#turn.nowMs
  }

  /** Whether that was a moment ago: whoever speaks for the other does not know yet that it has stopped. */
  get hasOutdone(): boolean {
    return this.#turn.nowMs - this.#outdidMs < this.#config.takeoverMs
  }

  /** Whether this run has had links for longer than a run that has just started may outbid others. */
  get #isSettled(): boolean {
    const { nowMs } = this.#turn
    return nowMs - (this.#firstLinkMs ?? nowMs) > this.#config.takeoverMs
  }

  /** Goes on under the next incarnation, or under this one when that is above it; `lost` when there is none. */
  raise(atLeast = 0, state = this.#directory.own.record.state): 'raised' | 'lost' {
    const own = this.#directory.own.record
    if (own.incarnation > INCARNATION_MAX) return 'lost'
    const incarnation = Math.max(own.incarnation + 1, Math.min(atLeast, INCARNATION_MAX))
    this.#directory.replaceOwn({ ...own, incarnation, state })
    this.changed()
    return 'raised'
  }

  /** Whether this run has said that it leaves. */
  get isAway(): boolean {
    return this.#directory.own.record.state === 'leaving'
  }

  /** The node goes on after it has left (P5). */
  back(incarnation: number): 'raised' | 'lost' {
    this.#firstLinkMs = undefined
    this.#firstOutdoneMs = undefined
    this.#outbid.clear()
    this.#overheardOutbid = 0
    return this.raise(incarnation, 'up')
  }

  /** A broadcast of this name and incarnation has come, or an acknowledgement for it (P4). True: this run goes on above it. */
  overhear(incarnation: number): boolean {
    const { incarnation: own } = this.#directory.own.record
    if (incarnation <= own || incarnation > OVERHEARD_MAX) return false
    // Of each later one the record has as long to come.
    if (incarnation > (this.#overheard?.incarnation ?? 0)) {
      this.#overheard = { incarnation, sinceMs: this.#turn.nowMs }
    }
    return !this.#isSettled && this.outbidOverheard(0)
  }

  /** Goes on above a run of which no record has come for so long; true when there was one. */
  outbidOverheard(afterMs = this.#config.heartbeatMs): boolean {
    const overheard = this.#overheard
    if (overheard === undefined) return false
    if (overheard.incarnation <= this.#directory.own.record.incarnation) {
      this.#overheard = undefined
      return false
    }
    if (this.#turn.nowMs - overheard.sinceMs < afterMs) return false
    this.#overheard = undefined
    // Another process that sends and is outbid may do the same: it ends.
    if (this.#isSettled && this.#overheardOutbid++ >= OUTBID_MAX) return false
    this.#outbidRun(overheard.incarnation)
    return true
  }

  /** When the next version is due, for the check of P1; `undefined` while none is. */
  get dueMs(): number | undefined {
    return this.#dueMs
  }

  /** Somebody has a record under this node's name: an echo, what an earlier run left behind, or another process. */
  claimed(record: PeerRecord, cameFrom: LinkId): OwnRecordVerdict {
    const own = this.#directory.own.record
    if (record.instance === own.instance) return this.#echo(record, own, cameFrom)
    const detail = `incarnation ${record.incarnation}, own ${own.incarnation}`
    this.#turn.drop('own-record', `${record.name}: ${detail}`, cameFrom)
    if (!isLaterRun(record, own)) return this.#answer(cameFrom)
    if (record.incarnation > INCARNATION_MAX || !this.#mayOutbid(record)) return 'lost'
    this.#outbidRun(record.incarnation)
    return 'raised'
  }

  /** Whether this run need not take another for alive: who is outbid and comes back with a still later record is. */
  #mayOutbid({ instance, state }: PeerRecord): boolean {
    if (!this.#isSettled || state === 'leaving') return true
    if (this.#outbid.has(instance) || this.#outbid.size === OUTBID_MAX) return false
    this.#outbid.add(instance)
    return true
  }

  /** Goes on above another run, and tells everybody. */
  #outbidRun(incarnation: number): void {
    this.#directory.replaceOwn({ ...this.#directory.own.record, incarnation: this.#above(incarnation) })
    this.changed()
  }

  /**
   * An incarnation with which this run outbids another: the next one with a remainder that each run has for itself. Two
   * that outbid each other dozens of times would else come to the same number some day, and what one has sent be taken
   * for what the other has.
   */
  #above(incarnation: number): number {
    const remainder = hashPair(this.#directory.own.record.instance, '') % RAISE_MAX
    const next = incarnation - (incarnation % RAISE_MAX) + remainder
    return Math.min(next > incarnation ? next : next + RAISE_MAX, INCARNATION_MAX + 1)
  }

  /**
   * A record of this very run. Nobody else may make versions of it: one that is newer than the own was forged or
   * damaged, and so was one of the own version that says something else; only a still newer one puts that right
   * everywhere (OSPF, RFC 2328 section 13.4).
   */
  #echo(record: PeerRecord, own: PeerRecord, cameFrom: LinkId): OwnRecordVerdict {
    const order = compareRecords(record, own)
    if (order === 0 && wordOf(record) === wordOf(own)) return 'ignored'
    if (order < 0) return this.#answer(cameFrom)
    this.#turn.drop('own-record', `${record.name}: version ${record.version}, own ${own.version}`, cameFrom)
    const { incarnation, version } = record
    if (incarnation > INCARNATION_MAX) return 'lost'
    if (order > 0) {
      const isRaised = version >= VERSION_MAX
      const next = isRaised ? { incarnation: incarnation + 1, version: 0 } : { incarnation, version }
      this.#directory.replaceOwn({ ...own, ...next })
    }
    this.changed()
    return this.#directory.own.record.incarnation === own.incarnation ? 'answered' : 'raised'
  }

  /** Nothing is sent when a version is due anyway (P3): it goes to everybody. */
  #answer(cameFrom: LinkId): 'answered' {
    if (this.#dueMs === undefined) {
      this.#turn.send([cameFrom], { type: 'records', records: [this.#directory.own.record] })
    }
    return 'answered'
  }
}

/** All that a run can change in its record, to be compared. */
function wordOf({ state, url, links, tags = [], topics = [] }: PeerRecord): string {
  return JSON.stringify([state, url, links, tags, topics])
}
