// What the page knows: takes the lines of the feed in, keeps the overlay, its timeline, the ways of messages and the sends
// of this page, and says what has changed. It must not touch the DOM.

import type { TrafficLine, WatchLine } from '../../guests/overlay-lines.ts'
import type { FeedState } from './feed.ts'
import { Lag } from './lag.ts'
import type { ErrorLine, FeedLine, MessageLine, OutcomeLine } from './lines.ts'
import { OverlayModel, type OverlayState } from './overlay-model.ts'
import { type Trail, Trails } from './paths.ts'
import { postedSteps } from './posted.ts'
import { Sends, type Sent } from './sends.ts'
import { Timeline } from './timeline.ts'
import { TrafficHistory } from './traffic-history.ts'
import { ageText, eventText, many, nodesText, outcomeText } from './wording.ts'

/** What the page has to say of itself. */
export type Phase =
  | { readonly is: 'connecting' }
  /** Connected, and the overlay has not come yet. */
  | { readonly is: 'loading' }
  /** A bootstrap that has nobody to watch. */
  | { readonly is: 'waiting'; readonly text: string }
  /** The node does not let itself be watched. */
  | { readonly is: 'refused'; readonly text: string }
  | { readonly is: 'alone' }
  | { readonly is: 'live' }
  /** What comes is so far behind what happens that it is not live. */
  | { readonly is: 'behind'; readonly behindMs: number }
  /** Connected, and nothing has come for so long that it may not be live. */
  | { readonly is: 'quiet'; readonly quietMs: number }
  /** Not connected; another attempt comes, or is under way. */
  | { readonly is: 'lost'; readonly feed: Exclude<FeedState, { readonly is: 'open' }> }

/** Who is told of changes. */
export interface StoreListener {
  onPhase(): void
  onStructure(): void
  onReports(): void
  onTraffic(line: TrafficLine): void
  onEvents(): void
  onSends(): void
}

/** Broadcasts of one second that are told in the timeline. */
const BROADCASTS_PER_S = 3

/** Broadcasts are told in the timeline once each, and direct messages only when they end. */
export class Store {
  readonly model = new OverlayModel()
  readonly timeline = new Timeline()
  readonly trails = new Trails()
  readonly history = new TrafficHistory()
  readonly sends = new Sends()
  readonly #listener: StoreListener
  readonly #lag = new Lag()
  #feed: FeedState = { is: 'connecting', attempt: 0 }
  #quietMs = 0
  #waiting: string | undefined
  /** Who is watched, by the last line that said so. */
  #watched = ''
  #awaySinceMs: number | undefined
  #refused: string | undefined
  #offsetMs = 0
  #lastTraffic: TrafficLine | undefined
  #notedS = 0
  #noted = 0

  constructor(listener: StoreListener) {
    this.#listener = listener
  }

  /** What the page has to say of itself. */
  get phase(): Phase {
    const feed = this.#feed
    if (feed.is === 'connecting' && feed.attempt <= 1 && !this.model.isKnown) return { is: 'connecting' }
    if (feed.is !== 'open') return { is: 'lost', feed }
    if (this.#refused !== undefined) return { is: 'refused', text: this.#refused }
    if (this.#waiting !== undefined) return { is: 'waiting', text: this.#waiting }
    if (!this.model.isKnown) return { is: 'loading' }
    if (this.#quietMs > 0) return { is: 'quiet', quietMs: this.#quietMs }
    const { behindMs } = this.#lag
    if (behindMs > 0) return { is: 'behind', behindMs }
    // Who has left or cannot be reached is no company.
    const { self, nodes } = this.model.state
    const hasCompany = [...nodes.values()].some(({ name, state }) => state === 'up' && name !== self)
    return { is: hasCompany ? 'live' : 'alone' }
  }

  /** The watched node's clock, in ms since 1970, as what is shown has it: behind where that is. */
  get nowMs(): number {
    return Date.now() + this.#offsetMs
  }

  /** The newest `traffic` line. */
  get lastTraffic(): TrafficLine | undefined {
    return this.#lastTraffic
  }

  /** The overlay at a moment, or now. */
  stateAt(momentMs: number | undefined): OverlayState {
    return momentMs === undefined ? this.model.state : this.timeline.stateAt(momentMs)
  }

  /** The message that a send of this page was, once a step of it was seen. */
  trailOf({ traceparent, from }: Sent): Trail | undefined {
    return this.trails.byTraceparent(traceparent, from)
  }

  /** Nodes that a broadcast of this page has reached; `undefined` for all others, and before its outcome. */
  wholeOf({ kind, origin, traceparent }: Trail): number | undefined {
    if (kind === 'direct' || traceparent === undefined) return undefined
    const sent = this.sends.list.find((each) => each.traceparent === traceparent && each.from === origin)
    return sent?.outcome?.reached ?? sent?.outcome?.of
  }

  /** The connection has changed. */
  passTo(feed: FeedState): void {
    const before = this.#feed
    this.#feed = feed
    this.#quietMs = 0
    if (feed.is === 'lost' && before.is === 'open') {
      this.#note('feed', `connection lost: ${feed.why}`)
      this.#loseSends()
    }
    if (feed.is === 'open') {
      this.#lag.reset()
      this.#waiting = undefined
      this.#refused = undefined
      if (this.model.isKnown) this.#note('feed', 'connected again')
    }
    this.#listener.onPhase()
  }

  /** Nothing has come for so long where a line should have, in ms; 0: it has. */
  passQuiet(quietMs: number): void {
    if (quietMs === this.#quietMs) return
    this.#quietMs = quietMs
    this.#listener.onPhase()
  }

  /** Nobody looks at the page, and nothing is watched from now on; or it is watched again. */
  passAway(isAway: boolean): void {
    if (isAway) {
      this.#awaySinceMs = Date.now()
      return
    }
    if (this.#awaySinceMs === undefined) return
    const lastedMs = Date.now() - this.#awaySinceMs
    this.#awaySinceMs = undefined
    this.#note('feed', `not watched for ${ageText(lastedMs)}: the page was hidden`)
    this.#listener.onEvents()
  }

  /** Takes in a line. */
  take(line: FeedLine): void {
    if ('atMs' in line) this.#clock(line)
    switch (line.event) {
      case 'overlay':
      case 'overlay-change':
        this.#takeOverlay(line)
        break
      case 'reports':
        this.model.applyReports(line)
        this.timeline.recordReports(this.model.state)
        this.#listener.onReports()
        break
      case 'traffic':
        this.#takeTraffic(line)
        break
      case 'watch':
        this.#takeWatch(line)
        break
      case 'outcome':
        this.#takeOutcome(line)
        break
      case 'error':
        this.#takeError(line)
        break
      case 'message':
        this.#takeMessage(line)
    }
  }

  #clock(line: FeedLine & { readonly atMs: number }): void {
    const { atMs } = line
    const wasMs = this.timeline.toMs
    const wasBehindMs = this.#lag.behindMs
    this.#lag.heard(atMs, performance.now())
    if (this.#lag.behindMs !== wasBehindMs) this.#listener.onPhase()
    // Steps of a few ms are the way of the line; only a real difference between two clocks is taken over.
    const offsetMs = atMs - Date.now()
    if (Math.abs(offsetMs - this.#offsetMs) > 250) this.#offsetMs = offsetMs
    if (!this.timeline.restartAt(atMs)) return
    this.history.restart()
    this.model.restartAt(atMs)
    if (!this.model.isKnown) return
    const { state } = this.model
    this.timeline.record(atMs, { self: state.self, nodes: [], gone: [], linksUp: [], linksDown: [] }, state)
    if (line.event === 'overlay' && line.self !== state.self) return
    this.#note('feed', `the clock of ${state.self} went back by ${ageText(wasMs - atMs)}`)
    this.#listener.onEvents()
  }

  #takeOverlay(line: FeedLine & { event: 'overlay' | 'overlay-change' }): void {
    const wasKnown = this.model.isKnown
    const applied = this.model.apply(line)
    if (applied === undefined) return
    const { state } = this.model
    this.#passToNode(state.self)
    this.timeline.record(line.atMs, applied.change, state)
    if (!wasKnown) {
      this.#note(
        'feed',
        `${nodesText(state.nodes.values())}, ${many(state.links.size, 'link')} seen by ${state.self}`,
      )
    }
    for (const event of applied.events) {
      if (event.kind === 'watching' && !wasKnown) continue
      const { kind, node, peer } = event
      this.timeline.note({
        kind,
        atMs: line.atMs,
        text: eventText(event),
        node,
        ...(peer === undefined ? {} : { peer }),
      })
    }
    this.#waiting = undefined
    this.#listener.onStructure()
    if (applied.events.length > 0 || !wasKnown) this.#listener.onEvents()
    this.#listener.onPhase()
  }

  #takeTraffic(line: TrafficLine): void {
    this.#lastTraffic = line
    this.timeline.passTo(line.atMs)
    this.history.add(line)
    const seen = new Set<string>()
    for (const step of line.steps) {
      const isNew = step.kind === 'broadcast' && !seen.has(step.id) && this.trails.get(step.id) === undefined
      seen.add(step.id)
      if (!isNew || !this.#isWorthNoting(line.atMs)) continue
      const { origin, id } = step
      this.timeline.note({
        kind: 'broadcast',
        atMs: line.atMs,
        text: `broadcast of ${origin}`,
        node: origin,
        messageId: id,
      })
    }
    const steps = this.trails.add(line.steps, line.atMs)
    this.#listener.onTraffic({ ...line, steps })
    this.#listener.onEvents()
    if (this.sends.areSome) this.#listener.onSends()
  }

  // A busy overlay has hundreds of broadcasts a second, and the list is for what somebody might want to look at.
  #isWorthNoting(atMs: number): boolean {
    const atS = Math.floor(atMs / 1_000)
    if (atS !== this.#notedS) [this.#notedS, this.#noted] = [atS, 0]
    return this.#noted++ < BROADCASTS_PER_S
  }

  #takeWatch(line: WatchLine): void {
    this.#waiting = line.waiting
    if (line.waiting !== undefined) this.#loseSends()
    else if (line.node !== undefined) this.#passToNode(line.node)
    this.#listener.onPhase()
  }

  // A bootstrap sends over the node that it watches: with another one, nobody knows how the sends of the old one end.
  #passToNode(node: string): void {
    if (this.#watched !== '' && this.#watched !== node) {
      this.#loseSends()
      this.#lag.reset()
    }
    this.#watched = node
  }

  #loseSends(): void {
    if (this.sends.lose()) this.#listener.onSends()
  }

  #takeOutcome(line: OutcomeLine): void {
    const sent = this.sends.end(line)
    if (sent === undefined) return
    this.#takePosted(sent)
    const trail = this.trailOf(sent)
    this.timeline.note({
      kind: 'outcome',
      atMs: this.nowMs,
      text: `to ${sent.to === '*' ? 'everyone' : sent.to}: ${outcomeText(line)}`,
      ...(trail === undefined ? {} : { messageId: trail.id }),
      ...(sent.to === '*' ? {} : { node: sent.to }),
    })
    this.#listener.onSends()
    this.#listener.onEvents()
  }

  #takePosted(sent: Sent): void {
    const posted = postedSteps(sent, this.model.state.nodes)
    if (posted.length === 0) return
    const atMs = this.nowMs
    const steps = this.trails.add(posted, atMs)
    this.#listener.onTraffic({ event: 'traffic', atMs, oneIn: 1, leftOut: 0, steps })
  }

  #takeError(line: ErrorLine): void {
    if (line.tag !== undefined && this.sends.fail(line.tag, line.text)) {
      this.#listener.onSends()
      return
    }
    this.#note('feed', `the node says: ${line.text}`)
    if (!this.model.isKnown && this.#feed.is === 'open') this.#refused = line.text
    this.#listener.onPhase()
    this.#listener.onEvents()
  }

  #takeMessage(line: MessageLine): void {
    const text = line.text.length > 200 ? `${line.text.slice(0, 199)}…` : line.text
    this.#note('message', `${line.from}${line.topic === undefined ? '' : ` on ${line.topic}`}: ${text}`)
    this.#listener.onEvents()
  }

  #note(kind: 'feed' | 'message', text: string): void {
    this.timeline.note({ kind, atMs: this.nowMs, text })
  }
}
