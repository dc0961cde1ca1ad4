// All that a node says and hears for its program: the parts for sends, broadcasts, requests, topics, receipts, history
// and traces, put together. Composition only: what each does is in its own file.

import type { Input, Notification } from '../core/events.ts'
import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { Reason } from '../core/reasons.ts'
import { Rng } from '../core/rng.ts'
import type { ReceivedMessage } from '../guests/guest-host.ts'
import { Answering } from './answering.ts'
import { Asking } from './asking.ts'
import { Casting } from './casting.ts'
import type { EffectLoop } from './effect-loop.ts'
import type { NodeMessage } from './events.ts'
import { History, type HistoryView } from './history.ts'
import type { HttpPeerList } from './http-peer-list.ts'
import { Inbox } from './inbox.ts'
import { HISTORY_TAG, type MemberSettings } from './member-options.ts'
import { askPast, type HistoryAnswer, type HistoryOptions, pastAnswerer } from './past.ts'
import { ReceiptBook } from './receipts.ts'
import { Reporting } from './reporting.ts'
import { Seeking } from './seeking.ts'
import { Sending } from './sending.ts'
import type { Sightings } from './sightings.ts'
import type { NodeStats } from './stats.ts'
import { Subscriptions } from './subscriptions.ts'
import type { Tally } from './tally.ts'
import { Tracing } from './tracing.ts'
import type { Watching, WatchingParts } from './watching.ts'
import type { NodeLinks, NodeTimers, NodeWorld, PlainHttpPeers } from './world.ts'

/** What the node gives to its conversation. */
export interface ConversationParts {
  readonly settings: MemberSettings
  readonly overlay: Overlay
  readonly world: Pick<NodeWorld, 'nowMs' | 'run' | 'wallMs'>
  readonly timers: Pick<NodeTimers, 'hasEnded' | 'wait'>
  readonly links: Pick<NodeLinks, 'crowded' | 'queuedBytes' | 'receivedBytes'>
  /** The posts to plain HTTP peers. */
  readonly posts: PlainHttpPeers
  readonly httpPeers: HttpPeerList
  readonly tally: Tally
  readonly sightings: Sightings
  readonly stats: () => NodeStats
  readonly feed: (input: Input) => void
  readonly waitingFor: EffectLoop['waitingFor']
  readonly isAlone: () => boolean
  /** Whether a bootstrap has this node registered. */
  readonly isRegistered: () => boolean
  readonly onMessage: (message: NodeMessage) => boolean
  readonly toGuests: (message: ReceivedMessage) => boolean
  readonly drop: (reason: Reason, detail: string) => void
}

/** Who waits for what, and what is kept: see {@link Conversation.inspect}. Bare numbers are counts. */
export interface ConversationView {
  /** Questions of this node without an answer. */
  readonly asked: number
  /** Sends, questions and histories for which a node is looked for. */
  readonly seeking: number
  /** Questions of others that are being answered. */
  readonly answering: number
  /** Broadcasts whose receipts are waited for. */
  readonly awaited: number
  /** Messages without an outcome. */
  readonly sends: number
  /** Broadcasts that have not gone out. */
  readonly casts: number
  readonly subscriptions: number
  readonly history: HistoryView
  /** Nodes that this one reports to. */
  readonly reportedTo: number
}

/** See the head of the file. */
export class Conversation {
  readonly sending: Sending
  readonly casting: Casting
  readonly asking: Asking
  readonly answering: Answering
  readonly subscriptions: Subscriptions
  readonly tracing: Tracing
  readonly #parts: ConversationParts
  readonly #receipts: ReceiptBook
  readonly #seeking: Seeking
  readonly #inbox: Inbox
  readonly #history: History
  readonly #reporting: Reporting
  #tags: readonly string[]
  #watching: Watching | undefined

  constructor(parts: ConversationParts) {
    const { settings, overlay, world, timers, links } = parts
    const nowMs = () => world.nowMs()
    const rng = new Rng(world.run.seed)
    this.#parts = parts
    this.#tags = settings.tags
    this.#history = new History(settings.history)
    this.#receipts = new ReceiptBook(nowMs, timers, rng)
    this.subscriptions = new Subscriptions(() => this.#tellProfile())
    this.#seeking = new Seeking({ overlay, nowMs, timers })
    this.sending = new Sending({ ...parts, seeking: this.#seeking })
    const { sending } = this
    this.casting = new Casting({
      ...parts,
      sending,
      nowMs,
      receipts: this.#receipts,
      onCast: (cast, isTold) => this.#inbox.own(settings.name, cast, isTold),
      onWaiting: (payload) => this.#inbox.own(settings.name, { payload }, false),
    })
    this.asking = new Asking({
      ...settings,
      sending,
      nowMs,
      timers,
      rng,
      tally: parts.tally,
      sightings: parts.sightings,
    })
    this.tracing = new Tracing({
      name: settings.name,
      overlay,
      links,
      asking: this.asking,
      sending,
      nowMs,
    })
    const about = { route: this.tracing.answer, history: pastAnswerer(this.#history) }
    this.answering = new Answering({ ...settings, ...parts, sending, about, nowMs })
    this.#reporting = new Reporting({
      ...parts,
      name: settings.name,
      sending,
      nowMs,
      rng,
      toOwn: (told) => this.#watching?.take(settings.name, told),
    })
    this.#inbox = new Inbox({
      ...parts,
      reporting: this.#reporting,
      watching: { reported: (from, value) => this.#watching?.reported(from, value) ?? false },
      sending,
      asking: this.asking,
      answering: this.answering,
      receipts: this.#receipts,
      subscriptions: this.subscriptions,
      history: this.#history,
      logger: settings.logger,
    })
  }

  /** The node runs: its record says from now on what it is for. */
  start(): void {
    if (this.#tags.length > 0 || this.#history.perTopic > 0) this.#tellProfile()
  }

  /** When to give up what has no deadline of its own, in ms. */
  get deadlineMs(): number {
    return this.#parts.settings.deadlineMs
  }

  /** As a guest or an HTTP client wants it, who may ask for up to an hour: no longer than this node tries. */
  patienceOf<T extends { readonly deadlineMs?: number }>(options: T): T {
    const { deadlineMs } = options
    const { deadlineMaxMs } = this.#parts.settings
    return deadlineMs === undefined || deadlineMs <= deadlineMaxMs
      ? options
      : { ...options, deadlineMs: deadlineMaxMs }
  }

  /** What the node is for, without the tag that hearsay gives it itself. */
  get tags(): readonly string[] {
    return this.#tags
  }

  /** @param tags checked. */
  setTags(tags: readonly string[]): void {
    this.#tags = tags
    this.#tellProfile()
  }

  /** A message of the overlay has come. */
  received(notification: Extract<Notification, { type: 'message' }>): void {
    this.#inbox.take(notification)
  }

  /** Asks for broadcasts of before. */
  past(filter: string | undefined, options: HistoryOptions): Promise<HistoryAnswer> {
    const { isAlone, isRegistered, overlay, settings, world } = this.#parts
    const parts = {
      ...settings,
      overlay,
      asking: this.asking,
      seeking: this.#seeking,
      kept: this.#history,
      isKnownAlone: () => isRegistered() && isAlone(),
      nowMs: () => world.nowMs(),
    }
    return askPast(parts, filter, options)
  }

  /** Lets the overlay be watched, by whoever `make` makes of what that takes. Once. */
  letWatch(make: (parts: WatchingParts) => Watching): Watching {
    const { httpPeers, overlay, settings, timers, world } = this.#parts
    const nowMs = () => world.nowMs()
    this.#watching = make({
      name: settings.name,
      overlay,
      casting: this.casting,
      timers,
      nowMs,
      wallMs: () => world.wallMs(),
      httpPeers: () => httpPeers.listed,
      askOwn: (call) => this.#reporting.asked(settings.name, call),
    })
    return this.#watching
  }

  /** A peer is gone. */
  peerLeft(name: NodeName): void {
    // Told also of one that was started again.
    const entry = this.#parts.overlay.directory.get(name)
    this.answering.peerLeft(name, entry?.reachable ? entry.record.incarnation : undefined)
    this.asking.peerLeft(name)
    this.#receipts.peerLeft(name)
  }

  /** The node says good-bye, and may come back: what others would have said to it until now does not come any more. */
  away(): void {
    this.asking.away()
    this.#receipts.away()
  }

  /** For checks: what must be bounded while the node runs, and nothing when it has ended. */
  inspect(): ConversationView {
    return {
      asked: this.asking.size,
      seeking: this.#seeking.size,
      answering: this.answering.size,
      awaited: this.#receipts.size,
      sends: this.sending.size,
      casts: this.casting.size,
      subscriptions: this.subscriptions.size,
      history: this.#history.inspect(),
      reportedTo: this.#reporting.size,
    }
  }

  /** The node leaves: nobody waits any more. */
  end(): void {
    this.sending.end()
    this.casting.end()
    this.answering.end()
    this.asking.end()
    this.#seeking.end()
    this.#receipts.end()
    this.#watching?.end()
    this.#reporting.end()
  }

  #tellProfile(): void {
    const tags = this.#history.perTopic > 0 ? [...this.#tags, HISTORY_TAG] : this.#tags
    this.#parts.feed({ type: 'profile', profile: { tags, topics: this.subscriptions.filters } })
  }
}
