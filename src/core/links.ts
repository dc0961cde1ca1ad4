// The links of a node: from an open connection through hello to a neighbor, kept alive by heartbeats, until it ends.
// It must not decide whom to dial (dialing.ts) nor know records and routes; what changes is returned as events.
//
// K1  at most one link is up with each neighbor, and both ends choose the same one of two
// K2  nothing but a hello is accepted on a link that is not up
// K3  a link on which nothing was heard for `heartbeatsMissedMax` intervals is closed, once as many heartbeats of this end
//     have passed since: a process that is behind has them late, and reads late
// K4  who dials is let in while there are fewer than `linksHardMax` links; above `linksMax` only nodes that nothing else
//     leads to are, and then a link that can be spared is trimmed
//
// Symmetric active views and priority joins: HyParView (Leitão, Pereira, Rodrigues, DSN 2007, sections 4.1 to 4.3).

import type { CoreConfig } from './config.ts'
import {
  type DirectoryHash,
  type Heartbeat,
  type Hello,
  type LinkId,
  type NodeName,
  PROTOCOL_VERSION,
} from './messages.ts'
import type { Reason } from './reasons.ts'
import type { Rng } from './rng.ts'
import type { Turn } from './turn.ts'

/** One connection. Only {@link Links} changes it. */
export interface LinkState {
  readonly id: LinkId
  /** The address that this node dialled; absent when the other end dialled. */
  readonly dialed: string | undefined
  /** Who is at the other end; absent until the hello was accepted. */
  readonly peer: Hello | undefined
  /**
   * Whether the other end has accepted the link as well: the end that dialled knows it from the hello that answers its
   * own, the other one from whatever comes next. Until then a crossed dial may still end it.
   */
  readonly isConfirmed: boolean
  /** The incarnation that this node's hello on this link told; absent until it was sent. */
  readonly toldIncarnation: number | undefined
  /** Whether that hello said that this node had no link. */
  readonly toldLinkless: boolean
  /** When this node's hello was sent on this link; absent until it was. */
  readonly toldMs: number | undefined
  /** Smoothed round trip; `undefined` before the first measurement. */
  readonly rttMs: number | undefined
  /** When something was last heard on it. */
  readonly heardMs: number
  /** When the newest heartbeat was sent that the other end has echoed; `undefined` before the first echo. */
  readonly echoedMs: number | undefined
}

type MutableLink = { -readonly [K in keyof LinkState]: LinkState[K] } & {
  /** The neighbor's last clock and when it came, to be echoed. */
  peerClock: number
  /** Times that {@link Links.closeSilent} has passed since something was heard. */
  silentTimes: number
  peerClockMs: number
}

/** What became of a hello, or of a link. */
export type LinkEvent =
  | { readonly type: 'up'; readonly link: LinkState; readonly peer: Hello }
  | { readonly type: 'down'; readonly link: LinkState; readonly peer: Hello; readonly reason: Reason }
  /** A live process at the other end claims this node's own name. */
  | { readonly type: 'name-conflict'; readonly link: LinkState; readonly peer: Hello }
  /** A dial of ours came to an end: accepted, or not. */
  | { readonly type: 'dial-ended'; readonly url: string; readonly reason: Reason | 'accepted' }

/** Smoothing factor of the round trip: RFC 6298 section 2, alpha. */
const RTT_GAIN = 1 / 8
/** No measurement is shorter than the link, and those of a process that is just starting are much longer. */
const RTT_GAIN_DOWN = 1 / 2

/** Heartbeat intervals after which an echo is overdue: two are normal, and half a one is for the way there and back. */
const ECHO_INTERVALS_MAX = 2.5

/** See the head of the file. */
export class Links {
  readonly #config: CoreConfig
  readonly #rng: Rng
  readonly #turn: Turn
  readonly #links = new Map<LinkId, MutableLink>()
  readonly #neighbors = new Map<NodeName, MutableLink>()

  constructor(config: CoreConfig, rng: Rng, turn: Turn) {
    this.#config = config
    this.#rng = rng
    this.#turn = turn
  }

  /** The links that are up, by neighbor, in the order in which they came up. */
  get neighbors(): ReadonlyMap<NodeName, LinkState> {
    return this.#neighbors
  }

  /** Every connection that is open, up or not. */
  get all(): IterableIterator<LinkState> {
    return this.#links.values()
  }

  get(link: LinkId): LinkState | undefined {
    return this.#links.get(link)
  }

  /** The link's state when it is up. */
  up(link: LinkId): (LinkState & { readonly peer: Hello }) | undefined {
    const state = this.#links.get(link)
    return state?.peer === undefined ? undefined : (state as LinkState & { peer: Hello })
  }

  /** A connection was opened. The end that dialled speaks first. @param own this node's hello as it would be sent now. */
  opened(link: LinkId, dialed: string | undefined, own: Hello): void {
    const { nowMs } = this.#turn
    const state = {
      id: link,
      dialed,
      peer: undefined,
      isConfirmed: dialed !== undefined,
      toldIncarnation: dialed === undefined ? undefined : own.incarnation,
      toldLinkless: dialed !== undefined && own.linkless,
      toldMs: dialed === undefined ? undefined : nowMs,
      rttMs: undefined,
      heardMs: nowMs,
      echoedMs: undefined,
    }
    this.#links.set(link, { ...state, peerClock: 0, peerClockMs: 0, silentTimes: 0 })
    if (dialed !== undefined) this.#turn.send([link], own)
    const waiting = this.#links.size - this.#neighbors.size
    if (dialed === undefined && waiting > this.#config.helloPendingMax) this.close(link, 'full')
    else this.#turn.timerAt({ kind: 'hello', link }, nowMs + this.#config.helloTimeoutMs)
  }

  /** The time for a hello is over. */
  helloTimeout(link: LinkId): LinkEvent[] {
    const state = this.#links.get(link)
    return state === undefined || state.peer !== undefined ? [] : this.close(link, 'hello-timeout')
  }

  /** Something arrived on this link. */
  heard(link: LinkId): void {
    const state = this.#links.get(link)
    if (state === undefined) return
    state.heardMs = this.#turn.nowMs
    state.silentTimes = 0
  }

  /**
   * Judges a hello: the link is up, or closed with a reason.
   * @param own this node's hello as it would be sent now.
   * @param isStranger whether no path leads to the peer: the link may join two parts of the overlay.
   */
  hello(link: LinkId, peer: Hello, own: Hello, isStranger: boolean): LinkEvent[] {
    const state = this.#links.get(link)
    if (state === undefined) return []
    if (state.peer !== undefined) return this.close(link, 'protocol-error')
    const refusal = this.#refusal(state, peer, own, isStranger)
    if (refusal === 'name-taken') return [{ type: 'name-conflict', link: state, peer }]
    if (refusal !== undefined) return this.close(link, refusal)
    const events: LinkEvent[] = []
    const old = this.#neighbors.get(peer.name)
    if (old?.peer !== undefined) {
      events.push(...this.close(old.id, this.#isSameRun(old.peer, peer) ? 'crossed-dial' : 'replaced'))
    }
    state.peer = peer
    this.#neighbors.set(peer.name, state)
    if (state.dialed === undefined) {
      this.#turn.send([link], own)
      state.toldIncarnation = own.incarnation
      state.toldLinkless = own.linkless
      state.toldMs = this.#turn.nowMs
    } else events.push({ type: 'dial-ended', url: state.dialed, reason: 'accepted' })
    events.push({ type: 'up', link: state, peer })
    return events
  }

  /** Something other than a hello came on a link that is up; true when that is the first such frame of an accepted link. */
  confirm(state: LinkState): boolean {
    if (state.isConfirmed) return false
    ;(state as MutableLink).isConfirmed = true
    return true
  }

  /** Closes a link from this end. */
  close(link: LinkId, reason: Reason): LinkEvent[] {
    if (!this.#links.has(link)) return []
    this.#turn.close(link, reason)
    return this.closed(link, reason)
  }

  /** A link is gone. */
  closed(link: LinkId, reason: Reason): LinkEvent[] {
    const state = this.#links.get(link)
    if (state === undefined) return []
    this.#links.delete(link)
    const events: LinkEvent[] = []
    if (state.peer !== undefined) {
      this.#neighbors.delete(state.peer.name)
      events.push({ type: 'down', link: state, peer: state.peer, reason })
    } else if (state.dialed !== undefined) events.push({ type: 'dial-ended', url: state.dialed, reason })
    return events
  }

  /** The heartbeat for one link that is up. */
  heartbeat(state: LinkState, hash: DirectoryHash): Heartbeat {
    const { nowMs } = this.#turn
    const link = state as MutableLink
    const heldUs = link.peerClock === 0 ? 0 : toUint32((nowMs - link.peerClockMs) * 1_000)
    return { type: 'heartbeat', clock: clockUs(nowMs), echo: link.peerClock, heldUs, hash }
  }

  /** Takes in a heartbeat: the round trip, and what to echo. */
  heartbeatReceived(state: LinkState, heartbeat: Heartbeat): void {
    const { nowMs } = this.#turn
    const link = state as MutableLink
    link.peerClock = heartbeat.clock
    link.peerClockMs = nowMs
    if (heartbeat.echo === 0) return
    const rttMs = toUint32(clockUs(nowMs) - heartbeat.echo - heartbeat.heldUs) / 1_000
    // An echo of another run, or rubbish: no round trip is longer than the time in which silence closes the link.
    if (rttMs > this.#config.heartbeatMs * this.#config.heartbeatsMissedMax) return
    link.echoedMs = Math.max(link.echoedMs ?? 0, nowMs - rttMs - heartbeat.heldUs / 1_000)
    const before = link.rttMs ?? rttMs
    link.rttMs = before + (rttMs < before ? RTT_GAIN_DOWN : RTT_GAIN) * (rttMs - before)
  }

  /**
   * Whether what is sent on a link that is up reaches the other end late, if at all: it reads slowly, stands still, or
   * the link is dead in this direction. An echo follows at the latest with the second heartbeat after it.
   */
  lags({ echoedMs }: LinkState): boolean {
    return (
      echoedMs !== undefined && this.#turn.nowMs - echoedMs > this.#config.heartbeatMs * ECHO_INTERVALS_MAX
    )
  }

  /** Closes the links that have been silent for too long (K3). To be called with each heartbeat. */
  closeSilent(): LinkEvent[] {
    const { heartbeatMs, heartbeatsMissedMax } = this.#config
    const silenceMs = heartbeatMs * heartbeatsMissedMax
    const events: LinkEvent[] = []
    for (const link of [...this.#neighbors.values()]) {
      const isSilent =
        ++link.silentTimes >= heartbeatsMissedMax && this.#turn.nowMs - link.heardMs >= silenceMs
      if (isSilent) events.push(...this.close(link.id, 'silent'))
    }
    return events
  }

  /**
   * Closes one link when there are more than `linksMax`: with a random neighbor that can be spared.
   * @param isSpare whether another way leads to the neighbor: the only one is never closed.
   */
  trim(isSpare: (name: NodeName) => boolean): LinkEvent[] {
    if (this.#neighbors.size <= this.#config.linksMax) return []
    const spare = [...this.#neighbors].filter(([name]) => isSpare(name))
    const victim = this.#rng.pick(spare)
    return victim === undefined ? [] : this.close(victim[1].id, 'trimmed')
  }

  /** Why this hello cannot be accepted; `undefined` when it can. */
  #refusal(state: LinkState, peer: Hello, own: Hello, isStranger: boolean): Reason | undefined {
    // Who takes this node for a bootstrap may have a link with it as well, which must not give way.
    if (peer.role !== 'node' || peer.registers) return 'wrong-role'
    if (peer.protocol !== PROTOCOL_VERSION) return 'unsupported-protocol'
    if (peer.name === own.name) return peer.instance === own.instance ? 'self' : 'name-taken'
    const old = this.#neighbors.get(peer.name)
    if (old?.peer !== undefined) return this.#refusalOfSecond(old, state, peer, own)
    if (state.dialed !== undefined || this.#neighbors.size < this.#config.linksMax) return undefined
    const isNeeded = peer.linkless || isStranger
    return isNeeded && this.#neighbors.size < this.#config.linksHardMax ? undefined : 'full'
  }

  /** Of two links with one peer one stays: that of the newer run, else the one that the smaller name dialled. */
  #refusalOfSecond(old: MutableLink, state: LinkState, peer: Hello, own: Hello): Reason | undefined {
    const before = old.peer as Hello
    if (!this.#isSameRun(before, peer)) return isLaterRun(peer, before) ? undefined : 'outdated'
    const crossed = (old.dialed === undefined) !== (state.dialed === undefined)
    // Dialled twice from the same end: that end had lost the first, so the second stands.
    if (!crossed) return undefined
    const smallerDialed = state.dialed !== undefined ? own.name < peer.name : peer.name < own.name
    return smallerDialed ? undefined : 'crossed-dial'
  }

  #isSameRun(a: Hello, b: Hello): boolean {
    return a.instance === b.instance
  }
}

/** Whether `a` is a later run of a node than `b` (directory invariant D1, without the version). */
export function isLaterRun(
  a: { readonly incarnation: number; readonly instance: string },
  b: { readonly incarnation: number; readonly instance: string },
): boolean {
  return a.incarnation === b.incarnation ? a.instance > b.instance : a.incarnation > b.incarnation
}

/** The heartbeat clock: µs modulo 2^32, without the 0 that means "none". */
function clockUs(nowMs: number): number {
  return toUint32(nowMs * 1_000) || 1
}

/** `>>>` alone would lose the high bits of numbers above 2^53 / 2^21; this keeps the low 32 bits of whole numbers. */
function toUint32(value: number): number {
  return Math.floor(value) >>> 0
}
