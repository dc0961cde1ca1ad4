// What carries messages between hosts: links with delays and bandwidth in virtual time, and everything that can go wrong
// with them. All randomness comes from one generator, so that a run can be replayed to the byte.
// It must not know protocol rules, nor what runs on a host.

import type { Lane } from '../core/events.ts'
import type { Rng } from '../core/rng.ts'
import { type Delay, drawMs } from './delay.ts'
import { Dial, type DialFate } from './dial.ts'
import type { End, FrameObserver, LinkEvent } from './end.ts'
import type { EventQueue, Happening } from './event-queue.ts'
import { Host, type HostMedium, type HostOptions } from './host.ts'
import { Bundler } from './parcel.ts'
import { type Fabric, type Machine, Pipe } from './pipe.ts'
import { Traffic } from './traffic.ts'

/** How a medium is set up. */
export interface MediumOptions {
  /** One-way latency of a link, drawn once for each direction. Default uniform, 1 to 20 ms. */
  readonly latency?: Delay
  /** Drawn for each bundle on top of that; nothing is overtaken for it. Default none. */
  readonly jitter?: Delay
  /** What each direction of a link carries in a second. Default: whatever comes. */
  readonly bytesPerS?: number
  /** False: nothing is encoded and decoded, sizes are estimates. Faster, and the wire is not tested. Default true. */
  readonly codec?: boolean
  /** The probability that a dial fails for no reason: half of these are refused, half never answered. Default 0. */
  readonly dialFailure?: number
  /** When a dial is given up. Default 5,000 ms, as net/dialer. */
  readonly dialTimeoutMs?: number
  /** What may wait on each lane of a link. Default {@link LANE_BYTES_MAX}. */
  readonly laneBytesMax?: number
  /** What the socket may hold that the operating system has not taken. Default 256 KiB, as net/link. */
  readonly socketBytesMax?: number
  /** What the operating systems of both ends hold together on one direction of a link. Default 256 KiB. */
  readonly kernelBytesMax?: number
  /** A socket that makes no progress for this long ends its link as `stalled`. Default 10,000 ms, as net/link. */
  readonly progressTimeoutMs?: number
  /** How long the closing handshake may take. Default 1,000 ms, as net/link. */
  readonly closeTimeoutMs?: number
  /** Sees each message when it is delivered. */
  readonly onFrame?: FrameObserver
}

/** What may wait on each lane: that of net/link-options. A test compares them. */
export const LANE_BYTES_MAX: Readonly<Record<Lane, number>> = {
  control: 4_194_304,
  direct: 8_388_608,
  broadcast: 4_194_304,
}

function lanesOf(bytesMax: number | undefined): Readonly<Record<Lane, number>> {
  return bytesMax === undefined
    ? LANE_BYTES_MAX
    : { control: bytesMax, direct: bytesMax, broadcast: bytesMax }
}

const LATENCY: Delay = { kind: 'uniform', minMs: 1, maxMs: 20 }
const KIB = 1_024

/** How a link is cut. */
export interface CutOptions {
  /** Whether what is on its way is lost; else it arrives first. Default true. */
  readonly isLost?: boolean
}

/** How the network falls apart. */
export interface PartitionOptions {
  /** What a later side sends to an earlier one still gets through. Default false. */
  readonly isOneWay?: boolean
}

/** See the head of the file. */
export class Medium implements HostMedium, Happening {
  readonly queue: EventQueue
  readonly fabric: Fabric
  readonly onFrame: FrameObserver | undefined
  readonly #options: MediumOptions
  readonly #rng: Rng
  readonly #hosts = new Set<Host>()
  readonly #byUrl = new Map<string, Host>()
  readonly #sides = new Map<string, number>()
  #isOneWay = false
  #dialFailure: number
  #turn: Pipe[] = []

  constructor(queue: EventQueue, rng: Rng, options: MediumOptions = {}) {
    this.queue = queue
    this.#rng = rng
    this.#options = options
    this.onFrame = options.onFrame
    this.#dialFailure = options.dialFailure ?? 0
    const { bytesPerS } = options
    this.fabric = {
      queue,
      rng,
      traffic: new Traffic(),
      codec: options.codec ?? true,
      bundler: new Bundler(),
      isWatched: options.onFrame !== undefined,
      jitter: options.jitter,
      bytesPerMs: bytesPerS === undefined ? undefined : bytesPerS / 1_000,
      laneBytesMax: lanesOf(options.laneBytesMax),
      socketBytesMax: options.socketBytesMax ?? 256 * KIB,
      kernelBytesMax: options.kernelBytesMax ?? 256 * KIB,
      progressTimeoutMs: options.progressTimeoutMs ?? 10_000,
      closeTimeoutMs: options.closeTimeoutMs ?? 1_000,
      held: new Set(),
      isSplit: false,
      inFlight: 0,
      turnOf: (pipe) => this.#turnOf(pipe),
      isBlocked: (from, to) => this.#isBlocked(from as Host, to as Host),
    }
  }

  /** What all hosts have sent, those that are gone included. */
  get traffic(): Traffic {
    return this.fabric.traffic
  }

  /** Bundles and signs of connections that are on their way, or have arrived and were not read yet. */
  get inFlight(): number {
    return this.fabric.inFlight
  }

  /** Bytes that wait at all hosts. */
  get queuedBytes(): number {
    let bytes = 0
    for (const host of this.#hosts) bytes += host.queuedBytes
    return bytes
  }

  /** Every host of which something is left. */
  get hosts(): ReadonlySet<Host> {
    return this.#hosts
  }

  /** The host that was added last under this name; `undefined` when nothing of it is left. */
  find(name: string): Host | undefined {
    return [...this.#hosts].findLast((host) => host.name === name)
  }

  /**
   * Adds a host.
   * @param name for faults and observers; a host whose process was started again has the same one.
   * @throws TypeError when another host has the URL.
   */
  host(name: string, options: HostOptions): Host {
    const { url } = options
    if (url !== undefined && this.#byUrl.has(url)) throw new TypeError(`${url} is another host's`)
    const host = new Host(name, this, options)
    host.side = this.#sides.get(name) ?? 0
    this.#hosts.add(host)
    if (url !== undefined) this.#byUrl.set(url, host)
    return host
  }

  // Faults

  /**
   * Cuts the network into sides; hosts that are not named are on the first. What crosses waits, as TCP has it, and comes
   * through when the network is whole again, unless the link is gone by then.
   */
  partition(sides: readonly (readonly string[])[], { isOneWay = false }: PartitionOptions = {}): void {
    this.#isOneWay = isOneWay
    this.#sides.clear()
    sides.forEach((names, side) => {
      for (const name of names) this.#sides.set(name, side)
    })
    this.fabric.isSplit = this.#sides.size > 0
    for (const host of this.#hosts) host.side = this.#sides.get(host.name) ?? 0
    for (const pipe of [...this.fabric.held]) pipe.release()
  }

  /** Ends a partition. */
  heal(): void {
    this.partition([])
  }

  /** Whether anything connects two hosts: a link, or one that is being made or closed. */
  isConnected(a: string, b: string): boolean {
    return this.#between(a, b).length > 0 || this.#between(b, a).length > 0
  }

  /** Breaks what connects two hosts, as a reset does; both are told after the latency. */
  cut(a: string, b: string, { isLost = true }: CutOptions = {}): void {
    for (const end of this.#between(a, b)) end.out.breakOff(isLost)
    for (const end of this.#between(b, a)) end.out.breakOff(isLost)
  }

  /** What is sent from one host to another on the links that there are now vanishes, and neither is told. */
  silence(from: string, to: string): void {
    for (const end of this.#between(from, to)) end.out.silence()
  }

  /** The links between two hosts only go silent, in both directions. */
  halfOpen(a: string, b: string): void {
    this.silence(a, b)
    this.silence(b, a)
  }

  /** From now on dials fail with this probability. */
  failDials(probability: number): void {
    this.#dialFailure = probability
  }

  // What hosts do

  dial(host: Host, url: string, feed: (event: LinkEvent) => void): Dial {
    const latency = this.#options.latency ?? LATENCY
    return new Dial({
      queue: this.queue,
      fate: this.#fate(),
      thereMs: drawMs(latency, this.#rng),
      backMs: drawMs(latency, this.#rng),
      timeoutMs: this.#options.dialTimeoutMs ?? 5_000,
      probe: () => this.#probe(host, url),
      connect: () => this.#connect(host, url),
      onFailed: () => feed({ type: 'dial-failed', url }),
      onEnded: (dial) => host.dialEnded(dial),
    })
  }

  unlist(host: Host): void {
    if (host.url !== undefined) this.#byUrl.delete(host.url)
  }

  remove(host: Host): void {
    this.#hosts.delete(host)
  }

  /** The turn ends: what it has put on links leaves. */
  happen(): void {
    const pipes = this.#turn
    this.#turn = []
    for (const pipe of pipes) pipe.endTurn()
  }

  #turnOf(pipe: Pipe): void {
    if (this.#turn.length === 0) this.queue.atTurnEnd(this)
    this.#turn.push(pipe)
  }

  #fate(): DialFate {
    if (this.#dialFailure === 0 || !this.#rng.chance(this.#dialFailure)) return 'goes-on'
    return this.#rng.chance(0.5) ? 'refused' : 'unanswered'
  }

  #probe(from: Host, url: string): 'listens' | 'refused' | 'unanswered' {
    const to = this.#byUrl.get(url)
    if (to === undefined) return 'refused'
    const isReached = !to.isFirewalled && !this.#isBlocked(from, to) && !this.#isBlocked(to, from)
    return isReached ? 'listens' : 'unanswered'
  }

  /** Two ends and the pipes between them. The acceptance travels to the end that dialled. */
  #connect(from: Host, url: string): End {
    const to = this.#byUrl.get(url) as Host
    const dialed = from.addEnd(to, url)
    const accepted = to.addEnd(from, undefined)
    const there = this.#pipe(from, to, { sender: dialed, reader: accepted })
    const back = this.#pipe(to, from, { sender: accepted, reader: dialed })
    dialed.join(there, back)
    accepted.join(back, there)
    back.sign('open')
    to.accepted(accepted)
    return dialed
  }

  #pipe(from: Machine, to: Machine, { sender, reader }: { sender: End; reader: End }): Pipe {
    return new Pipe(this.fabric, {
      from,
      to,
      latencyMs: drawMs(this.#options.latency ?? LATENCY, this.#rng),
      sender,
      reader,
    })
  }

  #isBlocked(from: Host, to: Host): boolean {
    return this.#isOneWay ? from.side < to.side : from.side !== to.side
  }

  /** The ends at one host of the connections with another. */
  #between(at: string, other: string): End[] {
    const found: End[] = []
    for (const host of this.#hosts) {
      if (host.name !== at) continue
      for (const end of host.ends) if (end.other.name === other) found.push(end)
    }
    return found
  }
}
