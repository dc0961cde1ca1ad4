// The book of a run: what processes were asked to send and broadcast, what they were told, and what of it does not add up.
// It must not know how anything travels, nor look into a machine.
//
//  1. Nothing is handed over that was not sent, nor to anybody but its destination, nor twice.
//  2. What one run sends to another is handed over in the order in which it was sent.
//  3. Every send ends in one outcome, at the latest when its deadline has passed. `delivered` is told after the message
//     was handed over by a run of its destination, and by nobody else.
//  4. No message travels more links than the limit.
//  5. A broadcast is handed over at most once by a run, never by its origin, and not at all when it has failed, neither
//     before that is told nor after. It is answered once, in time.
//  6. A peer is told as come and as gone in turns, and so is each link.
//  7. After `left` and `stopped` a run tells nothing any more.

import type { Notification, Outcome } from '../core/events.ts'
import type { LeaveReason, LinkId } from '../core/messages.ts'

/** One run of a process, from its start to its end. */
export interface Run {
  /** For people: the process, and which start of it. */
  readonly label: string
  /** The name that it has in the overlay. */
  readonly name: string
}

/** What the ledger has to know of the configuration. */
export interface LedgerLimits {
  readonly hopsMax: number
  readonly broadcastHopsMax: number
  /** Within what time a broadcast is answered. */
  readonly broadcastAnswerMs: number
  /** How much later than its deadline a send may be settled: timers are whole ms. */
  readonly lateMs: number
  readonly isOrdered: boolean
}

/** A send in the book. */
export interface SendEntry {
  readonly id: number
  readonly by: Run
  readonly to: string
  readonly dueMs: number
  outcome: Outcome | undefined
  handedOverBy: Run | undefined
  /** Whether its sender has given it up. */
  isCancelled: boolean
}

/** A broadcast in the book. */
export interface BroadcastEntry {
  readonly id: number
  readonly by: Run
  readonly dueMs: number
  state: 'open' | 'sent' | 'failed'
  readonly handedOverBy: Set<Run>
}

interface RunEntry {
  isOver: boolean
  /** How late its answers may be. */
  lateMs: number
  readonly peers: Set<string>
  /** Why it told a peer as gone the last time. */
  readonly departures: Map<string, LeaveReason>
  readonly links: Map<LinkId, string>
  /** Sends and broadcasts of this run without an answer. */
  readonly open: Set<SendEntry | BroadcastEntry>
  /** The last number that was handed over, by run that sent it. */
  readonly lastFrom: Map<Run, number>
}

/** Bytes in the smallest payload that the ledger can make. */
export const LEDGER_PAYLOAD_BYTES = 4

/** See the head of the file. */
export class Ledger {
  readonly #limits: LedgerLimits
  readonly #onBroken: (what: string) => void
  readonly #runs = new Map<Run, RunEntry>()
  readonly #sends = new Map<number, SendEntry>()
  readonly #broadcasts = new Map<number, BroadcastEntry>()
  #lastId = 0

  /** @param onBroken told of everything that does not add up. */
  constructor(limits: LedgerLimits, onBroken: (what: string) => void) {
    this.#limits = limits
    this.#onBroken = onBroken
  }

  /** All sends, by id. */
  get sends(): ReadonlyMap<number, SendEntry> {
    return this.#sends
  }

  /** All broadcasts, by id. */
  get broadcasts(): ReadonlyMap<number, BroadcastEntry> {
    return this.#broadcasts
  }

  /** A process was started. */
  started(run: Run): void {
    this.#runs.set(run, {
      isOver: false,
      lateMs: this.#limits.lateMs,
      peers: new Set(),
      departures: new Map(),
      links: new Map(),
      open: new Set(),
      lastFrom: new Map(),
    })
  }

  /** A process is about to send. Returns the id, which is also what the payload has to begin with. */
  send(by: Run, to: string, dueMs: number): SendEntry {
    const entry: SendEntry = {
      id: ++this.#lastId,
      by,
      to,
      dueMs,
      outcome: undefined,
      handedOverBy: undefined,
      isCancelled: false,
    }
    this.#sends.set(entry.id, entry)
    this.#runs.get(by)?.open.add(entry)
    return entry
  }

  /** A process is about to broadcast. */
  broadcast(by: Run, nowMs: number): BroadcastEntry {
    const dueMs = nowMs + this.#limits.broadcastAnswerMs
    const entry: BroadcastEntry = { id: ++this.#lastId, by, dueMs, state: 'open', handedOverBy: new Set() }
    this.#broadcasts.set(entry.id, entry)
    this.#runs.get(by)?.open.add(entry)
    return entry
  }

  /** A process stands still: its timers are late by as much. */
  pausedFor(run: Run, ms: number): void {
    const entry = this.#runs.get(run)
    if (entry !== undefined) entry.lateMs += ms
  }

  /** A run has told something. */
  told(run: Run, notification: Notification, nowMs: number): void {
    const entry = this.#runs.get(run)
    if (entry === undefined) return
    const isAnswer = notification.type === 'outcome' || notification.type === 'broadcast-sent'
    if (entry.isOver && !isAnswer) this.#broken(run, `told ${notification.type} after its end`)
    switch (notification.type) {
      case 'message':
        if (notification.broadcast) this.#broadcastHandedOver(run, notification)
        else this.#handedOver(run, entry, notification)
        break
      case 'outcome':
        this.#settled(run, entry, notification, nowMs)
        break
      case 'broadcast-sent':
        this.#answered(run, entry, notification, nowMs)
        break
      case 'peer-join':
        if (entry.peers.has(notification.peer.name)) this.#broken(run, `${notification.peer.name} came twice`)
        entry.peers.add(notification.peer.name)
        entry.departures.delete(notification.peer.name)
        break
      case 'peer-leave':
        if (!entry.peers.delete(notification.name)) {
          this.#broken(run, `${notification.name} left (${notification.reason}) and was not there`)
        }
        entry.departures.set(notification.name, notification.reason)
        break
      case 'neighbor-up':
        if ([...entry.links.values()].includes(notification.name)) {
          this.#broken(run, `a second link with ${notification.name}`)
        }
        entry.links.set(notification.link, notification.name)
        break
      case 'neighbor-down':
        if (entry.links.get(notification.link) !== notification.name) {
          this.#broken(run, `a link with ${notification.name} went down and was not up`)
        }
        entry.links.delete(notification.link)
        break
      case 'left':
      case 'stopped':
        entry.isOver = true
    }
  }

  /** The process is gone: what it has not answered it never will. @param isGraceful whether it had to answer before. */
  ended(run: Run, isGraceful: boolean): void {
    const entry = this.#runs.get(run)
    if (entry === undefined) return
    if (isGraceful) for (const { id } of entry.open) this.#broken(run, `ended without an answer to ${id}`)
    this.#runs.delete(run)
  }

  /** Why a run told a peer as gone; `undefined` while it is there. */
  departure(run: Run, peer: string): LeaveReason | undefined {
    return this.#runs.get(run)?.departures.get(peer)
  }

  /** Looks for what is overdue. */
  check(nowMs: number): void {
    for (const [run, { open, lateMs }] of this.#runs) {
      for (const entry of open) {
        if (nowMs <= entry.dueMs + lateMs) continue
        open.delete(entry)
        this.#broken(run, `${entry.id} was to be answered at ${entry.dueMs.toFixed(1)}`)
      }
    }
  }

  #handedOver(run: Run, entry: RunEntry, message: Extract<Notification, { type: 'message' }>): void {
    const id = idOf(message.payload)
    const send = this.#sends.get(id)
    if (send === undefined || message.from !== send.by.name || run.name !== send.to) {
      this.#broken(run, `was handed ${id} of ${message.from}, which nobody sent there`)
      return
    }
    if (send.handedOverBy !== undefined) {
      this.#broken(run, `was handed ${id} of ${message.from}, as ${send.handedOverBy.label} was before`)
    }
    send.handedOverBy = run
    if (message.hops > this.#limits.hopsMax) this.#broken(run, `${id} travelled ${message.hops} links`)
    const last = entry.lastFrom.get(send.by) ?? 0
    if (this.#limits.isOrdered && id < last)
      this.#broken(run, `was handed ${id} of ${send.by.label} behind ${last}`)
    entry.lastFrom.set(send.by, Math.max(id, last))
  }

  #settled(run: Run, entry: RunEntry, told: Extract<Notification, { type: 'outcome' }>, nowMs: number): void {
    const { id, outcome } = told
    const send = this.#sends.get(id)
    if (send === undefined || send.by !== run) {
      this.#broken(run, `told an outcome of ${id}, which it did not send`)
      return
    }
    entry.open.delete(send)
    if (send.outcome !== undefined) this.#broken(run, `told a second outcome of ${id}`)
    send.outcome = outcome
    if (nowMs > send.dueMs + entry.lateMs) {
      this.#broken(run, `told the outcome of ${id} at ${nowMs.toFixed(1)}, due at ${send.dueMs.toFixed(1)}`)
    }
    if (outcome.status === 'failed') {
      const { reason } = outcome
      if (reason === 'cancelled' && !send.isCancelled)
        this.#broken(run, `told ${id} as cancelled, and nobody had`)
      return
    }
    if (send.handedOverBy === undefined) this.#broken(run, `told ${id} as delivered, and it was not`)
    if (outcome.hops > this.#limits.hopsMax) this.#broken(run, `${id} travelled ${outcome.hops} links`)
  }

  #broadcastHandedOver(run: Run, message: Extract<Notification, { type: 'message' }>): void {
    const id = idOf(message.payload)
    const broadcast = this.#broadcasts.get(id)
    if (broadcast === undefined || message.from !== broadcast.by.name) {
      this.#broken(run, `was handed broadcast ${id} of ${message.from}, which nobody made`)
      return
    }
    const { by, handedOverBy, state } = broadcast
    if (by === run) this.#broken(run, `was handed its own broadcast ${id}`)
    if (handedOverBy.has(run)) this.#broken(run, `was handed broadcast ${id} of ${by.label} twice`)
    if (state === 'failed') this.#broken(run, `was handed broadcast ${id} of ${by.label}, which had failed`)
    handedOverBy.add(run)
    const { broadcastHopsMax } = this.#limits
    if (message.hops > broadcastHopsMax) this.#broken(run, `broadcast ${id} travelled ${message.hops} links`)
  }

  #answered(
    run: Run,
    entry: RunEntry,
    told: Extract<Notification, { type: 'broadcast-sent' }>,
    nowMs: number,
  ): void {
    const broadcast = this.#broadcasts.get(told.id)
    if (broadcast === undefined || broadcast.by !== run) {
      this.#broken(run, `answered broadcast ${told.id}, which it did not make`)
      return
    }
    if (broadcast.state !== 'open') this.#broken(run, `answered broadcast ${told.id} twice`)
    broadcast.state = told.failure === undefined ? 'sent' : 'failed'
    entry.open.delete(broadcast)
    const [heardBy] = broadcast.handedOverBy
    if (told.failure !== undefined && heardBy !== undefined) {
      this.#broken(
        run,
        `told broadcast ${told.id} as failed (${told.failure}), which ${heardBy.label} had got`,
      )
    }
    if (nowMs > broadcast.dueMs + entry.lateMs) {
      this.#broken(
        run,
        `answered broadcast ${told.id} at ${nowMs.toFixed(1)}, due at ${broadcast.dueMs.toFixed(1)}`,
      )
    }
  }

  #broken(run: Run, what: string): void {
    this.#onBroken(`${run.label} ${what}`)
  }
}

/** A payload that the ledger can tell from all others. @param bytes its size, at least {@link LEDGER_PAYLOAD_BYTES}. */
export function payloadOf(id: number, bytes: number): Uint8Array {
  const payload = new Uint8Array(Math.max(bytes, LEDGER_PAYLOAD_BYTES))
  new DataView(payload.buffer).setUint32(0, id)
  return payload
}

/** The id in a payload; -1 when it has none. */
export function idOf(payload: Uint8Array): number {
  if (payload.length < LEDGER_PAYLOAD_BYTES) return -1
  return new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(0)
}
