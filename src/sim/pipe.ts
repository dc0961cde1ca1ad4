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
import { type Bundle, bundleOf, type Parcel } from './parcel.ts'
import type { Traffic } from './traffic.ts'

/** What can travel: a bundle, or a sign of the connection itself. */
export type Sign =
  /** The other end has accepted the dial. */
  | { readonly kind: 'open' }
  | { readonly kind: 'bundle'; readonly bundle: Bundle; readonly sizes: readonly number[] }
  /** A close frame. */
  | { readonly kind: 'close'; readonly reason: Reason }
  /** The answer to one. */
  | { readonly kind: 'closed' }
  /** The connection was reset, or its process is gone. */
  | { readonly kind: 'broken' }

/** Something on its way. */
export interface Load {
  readonly sign: Sign
  readonly bytes: number
  /** When it arrives at the other end's machine. */
  dueMs: number
  next: Load | undefined
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
  /** Drawn for each bundle, on top of the link's latency. */
  readonly jitter: Delay | undefined
  readonly bytesPerMs: number | undefined
  readonly laneBytesMax: number
  readonly socketBytesMax: number
  readonly kernelBytesMax: number
  readonly progressTimeoutMs: number
  readonly closeTimeoutMs: number
  /** Pipes in which something waits for a way through. */
  readonly held: Set<Pipe>
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
  /** What is read. */
  readonly onRead: (sign: Sign) => void
  /** The socket has made no progress for {@link Fabric.progressTimeoutMs}. */
  readonly onStalled: () => void
}

/** Linux's least retransmission timeout (RFC 6298 asks for 1 s, which nobody does); doubles each time. */
const RETRANSMIT_MS = 200

/** See the head of the file. */
export class Pipe implements Happening {
  readonly #fabric: Fabric
  readonly #ends: PipeEnds
  readonly #outbox: Outbox
  /** Handed over, and not taken by the operating system yet. */
  #socket: Load[] = []
  #socketBytes = 0
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
    this.#outbox = new Outbox(fabric.laneBytesMax)
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
    return this.#outbox.bytes + this.#socketBytes
  }

  /** Puts a parcel on a lane. False: no room. */
  put(parcel: Parcel, lane: Lane): boolean {
    if (!this.#isWhole) return true
    if (!this.#outbox.push(lane, parcel)) return false
    if (!this.#isInTurn) {
      this.#isInTurn = true
      this.#fabric.turnOf(this)
    }
    return true
  }

  /** Hands over what the turn has put in. */
  endTurn(): void {
    this.#isInTurn = false
    this.#handOver()
  }

  /** Sends a sign behind everything that has been handed over; the lanes are left out. */
  sign(sign: Sign): void {
    if (this.#isWhole) this.#write({ sign, bytes: 0, dueMs: 0, next: undefined })
  }

  /** As {@link sign}, and nothing more after it. */
  finish(sign: Sign): void {
    this.#outbox.clear()
    this.sign(sign)
    this.#isWhole = false
  }

  /** What waits on the control lane goes, then a close frame, and nothing after it. */
  close(reason: Reason): void {
    if (!this.#isWhole) return
    for (;;) {
      const parcels = this.#outbox.take(LIMITS.bundleBytesMax, ['control'])
      if (parcels.length === 0) break
      this.#write(this.#loadOf(parcels))
    }
    this.finish({ kind: 'close', reason })
  }

  /** Nothing that is put in from now on leaves, nor what waits. What is on its way arrives. */
  sever(): void {
    this.#isWhole = false
    this.#outbox.clear()
    this.#socket = []
    this.#socketBytes = 0
  }

  /** As {@link sever}, and the other end is told, behind what is on its way unless that is lost. */
  breakOff(isLost: boolean): void {
    this.sever()
    if (isLost) this.drain()
    this.#depart({ sign: { kind: 'broken' }, bytes: 0, dueMs: 0, next: undefined })
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
    if (this.#held > 0 || this.#isSilent || this.#fabric.isBlocked(from, to)) {
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
    this.#ends.onRead(load.sign)
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

  #handOver(): void {
    while (this.#outbox.bytes > 0 && this.#socketBytes < this.#fabric.socketBytesMax) {
      this.#write(this.#loadOf(this.#outbox.take(LIMITS.bundleBytesMax)))
    }
  }

  #loadOf(parcels: readonly Parcel[]): Load {
    const { traffic } = this.#fabric
    const own = this.#ends.from.traffic
    let bytes = 0
    for (const parcel of parcels) {
      bytes += parcel.bytes
      traffic.count(parcel.code, parcel.bytes)
      own.count(parcel.code, parcel.bytes)
    }
    traffic.bundles++
    own.bundles++
    const sizes = parcels.map((parcel) => parcel.bytes)
    return { sign: { kind: 'bundle', bundle: bundleOf(parcels), sizes }, bytes, dueMs: 0, next: undefined }
  }

  #write(load: Load): void {
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
      else this.#ends.onStalled()
    })
  }
}
