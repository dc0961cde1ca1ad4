// One direction of a connection, as TCP makes it: everything arrives once and in order, or the connection breaks. Lanes,
// what the socket holds, what the operating systems of both ends hold, and the way in between with its delays.
// It must not know what either end does with what arrives.
//
// 1. What a turn puts in leaves together at the end of that turn, in the order of the lanes.
// 2. Nothing overtakes anything that has left, nor is anything lost while the pipe is whole.
// 3. `Fabric.inFlight` counts exactly what has left and was not read or lost.

import type { Lane } from '../core/events.ts'
import type { Reason } from '../core/reasons.ts'
import type { Rng } from '../core/rng.ts'
import { LIMITS } from '../wire/limits.ts'
import { type Delay, drawMs } from './delay.ts'
import type { EventQueue, Happening } from './event-queue.ts'
import { Outbox } from './outbox.ts'
import type { Bundle, Bundler, Parcel } from './parcel.ts'
import type { Traffic } from './traffic.ts'

/** What can travel, beside bundles: signs of the connection itself. */
export type Sign =
  /** The other end has accepted the dial. */
  | 'open'
  /** A close frame. */
  | 'close'
  /** The answer to one. */
  | 'closed'
  /** The connection was reset, or its process is gone. */
  | 'broken'

/** Something on its way. */
export interface Load {
  readonly kind: Sign | 'bundle'
  readonly bytes: number
  /** Of a bundle. */
  readonly bundle: Bundle
  /** Of a bundle, if somebody looks: the sizes of its frames. */
  readonly sizes: readonly number[]
  /** Of a close frame. */
  readonly reason: Reason
  /** When it arrives at the other end's machine. */
  dueMs: number
  next: Load | undefined
}

const NO_BUNDLE: Bundle = []
const NO_SIZES: readonly number[] = []

function loadOfSign(kind: Sign, reason: Reason): Load {
  return { kind, bytes: 0, bundle: NO_BUNDLE, sizes: NO_SIZES, reason, dueMs: 0, next: undefined }
}

/** The machine at one end. */
export interface Machine {
  readonly traffic: Traffic
  /** Takes what has arrived, and calls {@link Pipe.read} with it when the process reads. */
  arrived(pipe: Pipe, load: Load): void
}

/** What all pipes of a medium have in common. */
export interface Fabric {
  readonly queue: EventQueue
  readonly rng: Rng
  readonly traffic: Traffic
  readonly codec: boolean
  readonly bundler: Bundler
  /** Whether somebody wants to know the sizes of the frames in a bundle. */
  readonly isWatched: boolean
  /** Drawn for each bundle, on top of the link's latency. */
  readonly jitter: Delay | undefined
  readonly bytesPerMs: number | undefined
  readonly laneBytesMax: Readonly<Record<Lane, number>>
  readonly socketBytesMax: number
  readonly kernelBytesMax: number
  readonly progressTimeoutMs: number
  readonly closeTimeoutMs: number
  /** Pipes in which something waits for a way through. */
  readonly held: Set<Pipe>
  /** Whether there is a partition: without one nobody has to be asked. */
  isSplit: boolean
  /** Bundles and signs that have left and were not read yet. */
  inFlight: number
  /** Calls {@link Pipe.endTurn} at the end of this turn. */
  turnOf(pipe: Pipe): void
  /** Whether nothing gets from here to there at present. */
  isBlocked(from: Machine, to: Machine): boolean
}

/** How a pipe is laid. */
export interface PipeEnds {
  readonly from: Machine
  readonly to: Machine
  readonly latencyMs: number
  readonly sender: Sender
  readonly reader: Reader
}

/** The end that sends. */
export interface Sender {
  /** The socket has made no progress for {@link Fabric.progressTimeoutMs}. */
  stalled(): void
}

/** The end that reads. */
export interface Reader {
  take(load: Load): void
}

/** Linux's least retransmission timeout (RFC 6298 asks for 1 s, which nobody does); doubles each time. */
const RETRANSMIT_MS = 200

/** See the head of the file. */
export class Pipe implements Happening {
  readonly #fabric: Fabric
  readonly #ends: PipeEnds
  /** The only parcel of this turn, while nothing else waits: nearly always. */
  #one: Parcel | undefined
  #oneLane: Lane = 'control'
  /** Made when it is needed. */
  #outbox: Outbox | undefined
  /** Handed over, and not taken by the operating system yet. */
  #socket: Load[] = []
  #socketBytes = 0
  #sentBytes = 0
  /** Taken by the operating system, and not read yet. */
  #kernelBytes = 0
  #first: Load | undefined
  #last: Load | undefined
  #lastDueMs = 0
  #sentAllMs = 0
  #progressMs = 0
  #isWatched = false
  #isInTurn = false
  #isWhole = true
  #isRead = true
  #isSilent = false
  /** Arrivals that have not come through, and since when. */
  #held = 0
  #heldSinceMs = 0

  constructor(fabric: Fabric, ends: PipeEnds) {
    this.#fabric = fabric
    this.#ends = ends
  }

  /** Whether what is put in can still come out. The end that sends may not know. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  get from(): Machine {
    return this.#ends.from
  }

  get to(): Machine {
    return this.#ends.to
  }

  /** Bytes that wait on the lanes and in the socket. */
  get queuedBytes(): number {
    return (this.#one?.bytes ?? 0) + (this.#outbox?.bytes ?? 0) + this.#socketBytes
  }

  /** Handed over since the connection was opened. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Whether the lane for broadcasts is more than half full. */
  get isCrowded(): boolean {
    return this.#outbox?.isHalfFull('broadcast') ?? false
  }

  /** Puts a parcel on a lane. False: no room. */
  put(parcel: Parcel, lane: Lane): boolean {
    if (!this.#isWhole) return true
    const isFirst = !this.#isInTurn && this.#socketBytes === 0 && (this.#outbox?.bytes ?? 0) === 0
    if (!isFirst || parcel.bytes > this.#fabric.laneBytesMax[lane]) {
      if (!this.#lanes().push(lane, parcel)) return false
    } else {
      this.#one = parcel
      this.#oneLane = lane
    }
    if (!this.#isInTurn) {
      this.#isInTurn = true
      this.#fabric.turnOf(this)
    }
    return true
  }

  /** Hands over what the turn has put in. */
  endTurn(): void {
    this.#isInTurn = false
    const one = this.#one
    if (one === undefined) {
      this.#handOver()
      return
    }
    this.#one = undefined
    this.#write(this.#loadOfOne(one))
  }

  /** Sends a sign behind everything that has been handed over; the lanes are left out. */
  sign(sign: Sign, reason: Reason = 'link-lost'): void {
    if (this.#isWhole) this.#write(loadOfSign(sign, reason))
  }

  /** As {@link sign}, and nothing more after it. */
  finish(sign: Sign, reason?: Reason): void {
    this.#clearLanes()
    this.sign(sign, reason)
    this.#isWhole = false
  }

  /** What waits on the control lane goes, then a close frame, and nothing after it. */
  close(reason: Reason): void {
    if (!this.#isWhole) return
    for (;;) {
      const parcels = this.#lanes().take(LIMITS.bundleBytesMax, ['control'])
      if (parcels.length === 0) break
      this.#write(this.#loadOf(parcels))
    }
    this.finish('close', reason)
  }

  /** Nothing that is put in from now on leaves, nor what waits. What is on its way arrives. */
  sever(): void {
    this.#isWhole = false
    this.#clearLanes()
    this.#socket = []
    this.#socketBytes = 0
  }

  /** As {@link sever}, and the other end is told, behind what is on its way unless that is lost. */
  breakOff(isLost: boolean): void {
    this.sever()
    if (isLost) this.drain()
    this.#depart(loadOfSign('broken', 'link-lost'))
  }

  /** Nobody reads any more: what is on its way is lost, and so is whatever comes after. */
  stopReading(): void {
    this.sever()
    this.drain()
    this.#isRead = false
  }

  /** What is on its way is lost. */
  drain(): void {
    for (let load = this.#first; load !== undefined; load = load.next) this.#fabric.inFlight--
    this.#first = undefined
    this.#last = undefined
    this.#kernelBytes = 0
    this.#lastDueMs = 0
    this.#sentAllMs = 0
    this.#held = 0
    this.#fabric.held.delete(this)
  }

  /** From now on nothing comes through, and nobody is told. */
  silence(): void {
    this.#isSilent = true
  }

  /** Something arrives. */
  happen(): void {
    const { from, to } = this.#ends
    const load = this.#first
    // What this was planned for is lost, or has come through already.
    if (load === undefined || load.dueMs > this.#fabric.queue.nowMs) return
    if (this.#held > 0 || this.#isSilent || (this.#fabric.isSplit && this.#fabric.isBlocked(from, to))) {
      this.#hold()
      return
    }
    this.#first = load.next
    if (load.next === undefined) this.#last = undefined
    to.arrived(this, load)
  }

  /** The process at the other end reads what has arrived. */
  read(load: Load): void {
    this.discard()
    if (load.bytes > 0) this.#makeRoom(load.bytes)
    this.#ends.reader.take(load)
  }

  /** What has arrived is not read: its process is gone. */
  discard(): void {
    this.#fabric.inFlight--
  }

  /** The way is free again: what could not come through is sent once more, when TCP tries the next time. */
  release(): void {
    if (this.#held === 0 || this.#isSilent || this.#fabric.isBlocked(this.#ends.from, this.#ends.to)) return
    const { queue, held } = this.#fabric
    const outageMs = queue.nowMs - this.#heldSinceMs
    let tryMs = RETRANSMIT_MS
    while (tryMs < outageMs) tryMs = 2 * tryMs + RETRANSMIT_MS
    for (; this.#held > 0; this.#held--) queue.plan(tryMs - outageMs, this)
    held.delete(this)
  }

  #hold(): void {
    if (this.#held++ > 0) return
    this.#heldSinceMs = this.#fabric.queue.nowMs
    this.#fabric.held.add(this)
  }

  /** The lanes, with the one parcel that was kept apart. */
  #lanes(): Outbox {
    this.#outbox ??= new Outbox(this.#fabric.laneBytesMax)
    if (this.#one !== undefined) this.#outbox.push(this.#oneLane, this.#one)
    this.#one = undefined
    return this.#outbox
  }

  #clearLanes(): void {
    this.#one = undefined
    this.#outbox = undefined
  }

  #handOver(): void {
    const { socketBytesMax } = this.#fabric
    while (this.#outbox !== undefined && this.#outbox.bytes > 0 && this.#socketBytes < socketBytesMax) {
      this.#write(this.#loadOf(this.#outbox.take(LIMITS.bundleBytesMax)))
    }
  }

  #loadOf(parcels: readonly Parcel[]): Load {
    let bytes = 0
    for (const parcel of parcels) {
      bytes += parcel.bytes
      this.#count(parcel)
    }
    const sizes = this.#fabric.isWatched ? parcels.map((parcel) => parcel.bytes) : NO_SIZES
    return this.#bundle(this.#fabric.bundler.bundleOf(parcels), bytes, sizes)
  }

  #loadOfOne(parcel: Parcel): Load {
    this.#count(parcel)
    const sizes = this.#fabric.isWatched ? [parcel.bytes] : NO_SIZES
    return this.#bundle(this.#fabric.bundler.bundleOfOne(parcel), parcel.bytes, sizes)
  }

  #bundle(bundle: Bundle, bytes: number, sizes: readonly number[]): Load {
    this.#fabric.traffic.bundles++
    this.#ends.from.traffic.bundles++
    return { kind: 'bundle', bytes, bundle, sizes, reason: 'link-lost', dueMs: 0, next: undefined }
  }

  #count({ code, bytes }: Parcel): void {
    this.#fabric.traffic.count(code, bytes)
    this.#ends.from.traffic.count(code, bytes)
  }

  #write(load: Load): void {
    this.#sentBytes += load.bytes
    if (this.#socket.length === 0 && this.#kernelBytes < this.#fabric.kernelBytesMax) {
      this.#depart(load)
      return
    }
    if (this.#socket.length === 0) this.#progressMs = this.#fabric.queue.nowMs
    this.#socket.push(load)
    this.#socketBytes += load.bytes
    if (!this.#isWatched) this.#watch(this.#fabric.progressTimeoutMs)
  }

  #depart(load: Load): void {
    if (!this.#isRead) return
    const { queue, rng, jitter, bytesPerMs } = this.#fabric
    this.#kernelBytes += load.bytes
    let dueMs = queue.nowMs
    if (bytesPerMs !== undefined) {
      this.#sentAllMs = Math.max(dueMs, this.#sentAllMs) + load.bytes / bytesPerMs
      dueMs = this.#sentAllMs
    }
    dueMs += this.#ends.latencyMs
    if (jitter !== undefined) dueMs += drawMs(jitter, rng)
    if (dueMs < this.#lastDueMs) dueMs = this.#lastDueMs
    this.#lastDueMs = dueMs
    load.dueMs = dueMs
    if (this.#last === undefined) this.#first = load
    else this.#last.next = load
    this.#last = load
    this.#fabric.inFlight++
    queue.planAt(dueMs, this)
  }

  /** The other end has read: the operating system takes more, and the socket too. */
  #makeRoom(bytes: number): void {
    this.#kernelBytes -= bytes
    if (this.#socket.length === 0) return
    this.#progressMs = this.#fabric.queue.nowMs
    let taken = 0
    for (const load of this.#socket) {
      if (this.#kernelBytes >= this.#fabric.kernelBytesMax) break
      this.#socketBytes -= load.bytes
      this.#depart(load)
      taken++
    }
    this.#socket.splice(0, taken)
    this.#handOver()
  }

  /** As net/link does: not moved by each write, it looks when the last progress was. */
  #watch(afterMs: number): void {
    const { queue, progressTimeoutMs } = this.#fabric
    this.#isWatched = true
    queue.plan(afterMs, () => {
      this.#isWatched = false
      if (this.#socket.length === 0 || !this.#isWhole) return
      const restMs = this.#progressMs + progressTimeoutMs - queue.nowMs
      if (restMs > 0) this.#watch(restMs)
      else this.#ends.sender.stalled()
    })
  }
}
