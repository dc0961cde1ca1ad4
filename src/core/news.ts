// News: what follows from a record, whatever brought it: a broadcast, the anti-entropy, the hello of a neighbor. One of
// another node goes to the directory, one under this node's own name to the machine that guards it.
// It must not hold the rules of merging (directory.ts) or of who keeps a name (presence.ts), nor pass on broadcasts.
//
// N1  a record that came outside of a broadcast is passed on only when it was news here, and not to where it came from;
//     one that was not published by its node (digests.ts) only when it tells of a new run. A
//     process that is behind (pace.ts) passes it on where the broadcasts of its node are pushed, and not on all links, but
//     for one that tells of a new run: whoever is left out finds that with its heartbeats (digests.ts)
// N2  whatever raises the own incarnation, nothing that is in flight under the old one is sent again (delivery.ts)

import type { Broadcast } from './broadcast.ts'
import type { Coalescing } from './coalescing.ts'
import type { Delivery } from './delivery.ts'
import { isPublished } from './digests.ts'
import type { Directory } from './directory.ts'
import { isLaterRun, type Links } from './links.ts'
import type { LinkId, PeerRecord } from './messages.ts'
import type { Presence } from './presence.ts'
import type { Reach } from './reach.ts'
import type { Turn } from './turn.ts'

/** What is told of news, and what is told upward. */
export interface NewsParts {
  readonly turn: Turn
  readonly broadcast: Pick<Broadcast, 'pushedOn'>
  readonly coalescing: Pick<Coalescing, 'mayGo' | 'passOn'>
  readonly directory: Pick<Directory, 'get' | 'own'>
  readonly links: Pick<Links, 'neighbors'>
  readonly reach: Pick<Reach, 'learn'>
  readonly presence: Pick<Presence, 'back' | 'claimed' | 'outbidOverheard' | 'overhear' | 'raise'>
  readonly delivery: Pick<Delivery, 'incarnationRaised'>
  /** Another run keeps this node's name: this one has to stop, at once. */
  readonly onNameLost: (detail: string) => void
}

/** See the head of the file. */
export class News {
  readonly #parts: NewsParts

  constructor(parts: NewsParts) {
    this.#parts = parts
  }

  /**
   * Takes in records that came outside of a broadcast: what is news would else travel one link in several heartbeats.
   * Whose last run is known here as a later one than the run that is told has been started with an older clock: who tells
   * it is shown that record, and so is in the end the run itself, which outbids it (presence.ts). It would else be dead
   * here until the last one is forgotten.
   */
  records(records: readonly PeerRecord[], cameFrom: LinkId): void {
    const { broadcast, coalescing, directory, links, turn } = this.#parts
    const news: PeerRecord[] = []
    const runs: PeerRecord[] = []
    const later: PeerRecord[] = []
    for (const record of records) {
      const before = directory.get(record.name)?.record ?? record
      const isNews = this.learn(record, cameFrom)
      const isOtherRun = before.instance !== record.instance || before.incarnation !== record.incarnation
      if (isNews && isOtherRun) runs.push(record)
      else if (isNews && isPublished(record)) news.push(record)
      const known = directory.get(record.name)?.record ?? record
      if (known.instance !== record.instance && known !== directory.own.record) later.push(known)
    }
    if (later.length > 0) turn.send([cameFrom], { type: 'records', records: later })
    if (news.length + runs.length === 0) return
    const others = [...links.neighbors.values()].flatMap(({ id }) => (id === cameFrom ? [] : [id]))
    if (!turn.pace.isBehind || coalescing.mayGo()) coalescing.passOn(others, [...news, ...runs])
    else {
      if (runs.length > 0) coalescing.passOn(others, runs)
      for (const record of news) coalescing.passOn(broadcast.pushedOn(record, cameFrom), [record])
    }
  }

  /** Takes in a record, from wherever; true when it is news of another node. */
  learn(record: PeerRecord, cameFrom: LinkId): boolean {
    const { delivery, directory, onNameLost, presence, reach } = this.#parts
    if (record.name !== directory.own.record.name) return reach.learn(record, cameFrom)
    const verdict = presence.claimed(record, cameFrom)
    if (verdict === 'raised') delivery.incarnationRaised()
    else if (verdict === 'lost') {
      onNameLost(`a later run of ${record.name} (incarnation ${record.incarnation}) is in the overlay`)
    }
    return false
  }

  /**
   * Takes in the record of a neighbor's run, as its hello tells it. Two runs of it must not be mixed up: that a run which
   * is gone listed this node would make it look alive.
   */
  neighborRun(record: PeerRecord, link: LinkId): void {
    const { directory, reach, turn } = this.#parts
    const known = directory.get(record.name)?.record
    if (known === undefined || known.instance === record.instance) reach.learn(record, link)
    else if (isLaterRun(record, known)) this.records([record], link)
    else turn.send([link], { type: 'records', records: [known] })
  }

  /** The numbers of this incarnation are used up by forgeries: goes on under the next one. False when the node stops for it. */
  raiseIncarnation(): boolean {
    return this.#hasRaised(this.#parts.presence.raise(), 'broadcasts were forged under')
  }

  /** The node goes on after it has left. */
  back(incarnation: number): void {
    this.#hasRaised(this.#parts.presence.back(incarnation), 'it has left under')
  }

  #hasRaised(verdict: ReturnType<Presence['raise']>, why: string): boolean {
    const { delivery, directory, onNameLost } = this.#parts
    if (verdict === 'lost') onNameLost(`${why} the last incarnation of ${directory.own.record.name}`)
    else delivery.incarnationRaised()
    return verdict !== 'lost'
  }

  /** A broadcast of this name and incarnation has come, or an acknowledgement for it: see Presence, P4. */
  overheard(incarnation: number): void {
    const { delivery, presence } = this.#parts
    if (presence.overhear(incarnation)) delivery.incarnationRaised()
  }

  /** To be called with each heartbeat: what was overheard and has no record is outbid. */
  heartbeat(): void {
    const { delivery, presence } = this.#parts
    if (presence.outbidOverheard()) delivery.incarnationRaised()
  }
}
