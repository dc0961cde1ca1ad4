// Broadcasts that were announced and have not come: how long they are waited for, and who is asked for them.
// It must not know trees or payloads; what it asks for is returned to the broadcast machine.
//
// M1  a broadcast is asked for as long as somebody who has it can be asked, each of them once for each announcement
// M2  at most `missingMax` broadcasts are waited for
// M3  whatever is given up is counted as `missed`, unless a later run of its origin or a later record has taken its
//     place, or the directory has forgotten its origin
//
// Plumtree's missing set and its two timers (Leitão, Pereira, Rodrigues, SRDS 2007, section 3.4; DI-FCUL TR-07-14,
// updated 2019). Deviation from Plumtree: what is announced while no link is known that would push it is asked for at once.

import { appendRange } from './broadcast-ranges.ts'
import type { BroadcastRange, LinkId, NodeName } from './messages.ts'
import type { Turn } from './turn.ts'

/** The parts of the configuration that count here. */
export interface MissingConfig {
  readonly graftAfterMs: number
  readonly graftRecordAfterMs: number
  readonly graftAgainMs: number
  readonly missingMax: number
}

/** Who has a broadcast, and how many links it would have travelled over that link. */
export interface Announcer {
  readonly link: LinkId
  readonly hops: number
}

/** Which broadcast. */
export type BroadcastId = Pick<BroadcastRange, 'kind' | 'origin' | 'incarnation'> & {
  readonly sequence: number
}

interface Entry {
  readonly id: BroadcastId
  announcers: Announcer[]
  dueMs: number
}

/** What to ask for, by the link to ask on. */
export type Wanted = Map<LinkId, BroadcastRange[]>

/** See the head of the file. */
export class Missing {
  readonly #config: MissingConfig
  readonly #turn: Turn
  readonly #byOrigin = new Map<NodeName, Map<number, Entry>>()
  /** Not asked for yet, and asked for and not come: each in the order in which it is due. */
  readonly #waiting = new Set<Entry>()
  readonly #waitingRecords = new Set<Entry>()
  readonly #asked = new Set<Entry>()
  /** Nobody else can be asked: the answer may still be under way. */
  readonly #askedLast = new Set<Entry>()
  readonly #queues = [this.#asked, this.#waitingRecords, this.#waiting, this.#askedLast]
  #token = 0
  #dueMs = Number.POSITIVE_INFINITY

  constructor(config: MissingConfig, turn: Turn) {
    this.#config = config
    this.#turn = turn
  }

  /** How many broadcasts are waited for. */
  get size(): number {
    return this.#waiting.size + this.#waitingRecords.size + this.#asked.size + this.#askedLast.size
  }

  /**
   * Somebody has a broadcast that has not come yet.
   * @param wanted takes what is to be asked for at once; `undefined`: a push is waited for first.
   * @returns false when there is no room for it.
   */
  announced(id: BroadcastId, announcer: Announcer, wanted: Wanted | undefined): boolean {
    const known = this.#byOrigin.get(id.origin)?.get(id.sequence)
    if (known !== undefined && known.id.incarnation === id.incarnation) {
      this.#announcedAgain(known, announcer, wanted)
      return true
    }
    if (known !== undefined && known.id.incarnation > id.incarnation) return true
    if (known !== undefined) this.#delete(known)
    if (this.size >= this.#config.missingMax) return false
    const entry = { id, announcers: [announcer], dueMs: 0 }
    const sequences = this.#byOrigin.get(id.origin)
    if (sequences === undefined) this.#byOrigin.set(id.origin, new Map([[id.sequence, entry]]))
    else sequences.set(id.sequence, entry)
    if (wanted === undefined) this.#wait(entry)
    else this.#ask(entry, wanted)
    return true
  }

  /** A broadcast has come; returns who else has announced it. A record takes the place of all older ones. */
  received({ kind, origin, incarnation, sequence }: BroadcastId): readonly Announcer[] {
    const sequences = this.#byOrigin.get(origin)
    if (sequences === undefined) return []
    const entry = sequences.get(sequence)
    if (kind === 'record') {
      for (const older of sequences.values()) {
        const { id } = older
        if (id.kind === 'record' && id.incarnation === incarnation && id.sequence < sequence)
          this.#delete(older)
      }
    }
    if (entry === undefined || entry.id.incarnation !== incarnation) return []
    this.#delete(entry)
    return entry.announcers
  }

  /** A link is gone: nobody can be asked on it. Where that leaves only who was asked already, the answer has its time. */
  linkDown(link: LinkId): void {
    const { graftAfterMs, graftAgainMs } = this.#config
    for (const entries of this.#queues) {
      for (const entry of entries) {
        const index = entry.announcers.findIndex((announcer) => announcer.link === link)
        if (index === -1) continue
        entry.announcers.splice(index, 1)
        if (entries !== this.#asked || entry.announcers.length > 0) continue
        this.#asked.delete(entry)
        this.#waitForAnswer(entry, this.#askedLast, graftAgainMs + graftAfterMs)
      }
    }
  }

  /** The directory has forgotten this origin. */
  forget(origin: NodeName): void {
    for (const entry of this.#byOrigin.get(origin)?.values() ?? []) this.#delete(entry)
  }

  /** This run of an origin broadcasts: nobody takes anything of an earlier one any more. */
  newRun(origin: NodeName, incarnation: number): void {
    for (const entry of this.#byOrigin.get(origin)?.values() ?? []) {
      if (entry.id.incarnation < incarnation) this.#delete(entry)
    }
  }

  /** The timer `graft`: what is to be asked for now. Nothing for a stale one. */
  due(token: number): Wanted {
    const wanted: Wanted = new Map()
    if (token !== this.#token || this.#dueMs === Number.POSITIVE_INFINITY) return wanted
    const { nowMs } = this.#turn
    this.#dueMs = Number.POSITIVE_INFINITY
    const due: Entry[] = []
    for (const entries of this.#queues) {
      for (const entry of entries) {
        if (entry.dueMs > nowMs) break
        due.push(entry)
      }
    }
    for (const entry of due) this.#ask(entry, wanted)
    this.#armNext()
    return wanted
  }

  #announcedAgain(entry: Entry, announcer: Announcer, wanted: Wanted | undefined): void {
    const { announcers } = entry
    const isNew = !announcers.some(({ link }) => link === announcer.link)
    const isAsked = this.#asked.has(entry) || this.#askedLast.has(entry)
    // Whoever would push it announces it instead: no push is left to be waited for.
    if (wanted !== undefined && !isAsked) {
      entry.announcers = [announcer, ...announcers.filter(({ link }) => link !== announcer.link)]
      this.#ask(entry, wanted)
      return
    }
    if (isNew) announcers.push(announcer)
    if (this.#askedLast.delete(entry)) this.#waitForAnswer(entry, this.#asked, this.#config.graftAgainMs)
  }

  #wait(entry: Entry): void {
    const isRecord = entry.id.kind === 'record'
    entry.dueMs = this.#turn.nowMs + (isRecord ? this.#config.graftRecordAfterMs : this.#config.graftAfterMs)
    ;(isRecord ? this.#waitingRecords : this.#waiting).add(entry)
    this.#arm(entry.dueMs)
  }

  /** Asks the one who announced it first of those who were not asked yet. */
  #ask(entry: Entry, wanted: Wanted): void {
    for (const entries of this.#queues) entries.delete(entry)
    const announcer = entry.announcers.shift()
    if (announcer === undefined) {
      const { origin, sequence } = entry.id
      this.#delete(entry)
      this.#turn.drop('missed', `broadcast ${sequence} of ${origin}`)
      return
    }
    addTo(wanted, announcer.link, entry.id)
    const { graftAfterMs, graftAgainMs } = this.#config
    if (entry.announcers.length > 0) this.#waitForAnswer(entry, this.#asked, graftAgainMs)
    else this.#waitForAnswer(entry, this.#askedLast, graftAgainMs + graftAfterMs)
  }

  #waitForAnswer(entry: Entry, queue: Set<Entry>, ms: number): void {
    entry.dueMs = this.#turn.nowMs + ms
    queue.add(entry)
    this.#arm(entry.dueMs)
  }

  #delete(entry: Entry): void {
    const { origin, sequence } = entry.id
    for (const entries of this.#queues) entries.delete(entry)
    const sequences = this.#byOrigin.get(origin)
    sequences?.delete(sequence)
    if (sequences?.size === 0) this.#byOrigin.delete(origin)
  }

  #armNext(): void {
    for (const entries of this.#queues) {
      for (const { dueMs } of entries) {
        this.#arm(dueMs)
        break
      }
    }
  }

  /** Makes sure that the timer runs out by then. */
  #arm(dueMs: number): void {
    if (this.#dueMs <= dueMs) return
    this.#dueMs = dueMs
    this.#turn.timerAt({ kind: 'graft', token: ++this.#token }, dueMs)
  }
}

function addTo(wanted: Wanted, link: LinkId, { kind, origin, incarnation, sequence }: BroadcastId): void {
  const ranges = wanted.get(link)
  const range: BroadcastRange = { kind, origin, incarnation, first: sequence, behindLast: sequence + 1 }
  if (ranges === undefined) wanted.set(link, [range])
  else appendRange(ranges, range)
}
