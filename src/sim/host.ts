// A process's place in the medium: what the process is given to dial, send and close with, and what it is fed.
// It must not know what a message means.
//
// 1. Nothing is fed from within a call of this class but `send-refused`, nor anything after {@link Host.crash}.
// 2. Whatever a host has is gone when the last of its links is: nothing of it stays in the medium.
// 3. Nothing is fed while the process stands still but what answers its own calls; it comes in the same order after.

import type { Effect } from '../core/events.ts'
import type { LinkId } from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'
import type { Dial } from './dial.ts'
import { End, type FrameObserver, type LinkEvent } from './end.ts'
import type { Happening } from './event-queue.ts'
import { parcelOf } from './parcel.ts'
import type { Fabric, Load, Machine, Pipe } from './pipe.ts'
import { Traffic } from './traffic.ts'

/** How a host is set up. */
export interface HostOptions {
  /** Where it can be dialled; no two hosts have the same. Absent: nowhere. */
  readonly url?: string
  /** Takes what happens on the host's links. */
  readonly feed: (event: LinkEvent) => void
}

/** What a host needs of its medium. */
export interface HostMedium {
  readonly fabric: Fabric
  readonly onFrame: FrameObserver | undefined
  /** Starts a dial that ends in a call of `onConnected` or in `dial-failed`. */
  dial(host: Host, url: string, feed: (event: LinkEvent) => void): Dial
  /** The host cannot be dialled any more, and forgets its URL. */
  unlist(host: Host): void
  /** Nothing is left of the host. */
  remove(host: Host): void
}

/** How a process ends without a word. */
export interface CrashOptions {
  /** Whether the machine lives on and closes the connections of the process. Default true; else they only go silent. */
  readonly isTold?: boolean
  /** Whether what the process has sent and nobody has read is lost. Default: drawn for each link. */
  readonly isLost?: boolean
}

/** See the head of the file. */
export class Host implements Machine, Happening {
  readonly name: string
  readonly url: string | undefined
  readonly traffic = new Traffic()
  /** Of the partition; what is on another one is out of reach. */
  side = 0
  /** A machine that lets no dial in, and says nothing. */
  isFirewalled = false
  readonly #medium: HostMedium
  #feed: (event: LinkEvent) => void
  readonly #ends = new Map<LinkId, End>()
  readonly #dials = new Set<Dial>()
  #phase: 'runs' | 'ends' | 'gone' = 'runs'
  #lastLink = 0
  /** What has arrived and was not read yet: empty unless the process is slow or paused. */
  #inbox: { readonly pipe: Pipe; readonly load: Load }[] = []
  /** What happened on links while the process stood still, until it is told: before what has arrived on them. */
  #untold: LinkEvent[] = []
  #isReading = false
  #readBytesPerMs: number | undefined
  #isPaused = false
  #pausedToMs = 0
  #afterPause: Happening[] = []

  constructor(name: string, medium: HostMedium, { url, feed }: HostOptions) {
    this.name = name
    this.url = url
    this.#medium = medium
    this.#feed = feed
  }

  /** Whether the process is there: false after a crash, and when all that {@link end} left is gone. */
  get isGone(): boolean {
    return this.#phase === 'gone'
  }

  /** The ends of connections, those included that are not open yet or any more. */
  get ends(): IterableIterator<End> {
    return this.#ends.values()
  }

  /** How many connections there are. */
  get linkCount(): number {
    return this.#ends.size
  }

  /** Bytes that wait on all links. */
  get queuedBytes(): number {
    let bytes = 0
    for (const end of this.#ends.values()) bytes += end.out.queuedBytes
    return bytes
  }

  /** Bytes that wait on one link; 0 when it is not open. */
  queuedBytesOf(link: LinkId): number {
    return this.#ends.get(link)?.out.queuedBytes ?? 0
  }

  /** The open links whose lane for broadcasts is more than half full. */
  crowded(): { readonly link: LinkId; readonly sentBytes: number }[] {
    return [...this.#ends].flatMap(([link, { isOpen, out }]) =>
      isOpen && out.isCrowded ? { link, sentBytes: out.sentBytes } : [],
    )
  }

  /** Whether the process stands still. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  // What the process does.

  /** Carries out a `dial` effect. */
  dial(url: string): void {
    if (this.#phase === 'runs') this.#dials.add(this.#medium.dial(this, url, this.#tell))
  }

  /** Carries out a `send` effect: one encoding, however many links. */
  send({ links, message, lane }: Extract<Effect, { type: 'send' }>): void {
    const parcel = parcelOf(message, this.#medium.fabric.codec)
    for (const link of links) {
      const end = this.#ends.get(link)
      if (end === undefined || !end.isOpen || end.out.put(parcel, lane)) continue
      this.#tell({ type: 'send-refused', link, message })
    }
  }

  /** Carries out a `close` effect. */
  close(link: LinkId, reason: Reason): void {
    this.#ends.get(link)?.close(reason, this.#medium.fabric)
  }

  /**
   * The process leaves: takes no more dials, gives up its own, and closes what it has not closed itself, as links that it
   * was not told of because it stood still. The host is gone with its last link.
   */
  end(): void {
    if (this.#phase !== 'runs') return
    this.#phase = 'ends'
    this.#medium.unlist(this)
    this.#cancelDials()
    for (const end of [...this.#ends.values()]) {
      if (end.isDialling) end.abandon(true, true)
      else end.close('shutting-down', this.#medium.fabric)
    }
    this.#goIfEmpty()
  }

  // What befalls it.

  /** The process is gone from one moment to the next. */
  crash({ isTold = true, isLost }: CrashOptions = {}): void {
    if (this.#phase === 'gone') return
    if (this.#phase === 'runs') this.#medium.unlist(this)
    this.#phase = 'gone'
    this.#cancelDials()
    const { rng } = this.#medium.fabric
    for (const end of [...this.#ends.values()]) end.abandon(isTold, isLost ?? rng.chance(0.5))
    for (const { pipe } of this.#inbox) pipe.discard()
    this.#inbox = []
    this.#go()
  }

  /** The process stands still: it is told nothing, it reads nothing, and {@link afterPause} holds its timers. */
  pause(ms: number): void {
    const { queue } = this.#medium.fabric
    const toMs = queue.nowMs + ms
    if (this.#isPaused && toMs <= this.#pausedToMs) return
    this.#isPaused = true
    this.#pausedToMs = toMs
    queue.planAt(toMs, () => {
      if (this.#pausedToMs === toMs) this.resume()
    })
  }

  /** Ends a pause before its time. Without effect when there is none. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    if (this.#untold.length === 0) this.#goOn()
    else this.#medium.fabric.queue.plan(0, () => this.#tellUntold())
  }

  /** The process reads at most this much in a second; `undefined`: as much as comes. */
  slow(bytesPerS: number | undefined): void {
    this.#readBytesPerMs = bytesPerS === undefined ? undefined : bytesPerS / 1_000
    if (bytesPerS !== undefined) return
    // What it is in the middle of would still take as long as at the rate of before.
    this.#isReading = false
    this.#readOn()
  }

  /** What is due while the process stands still happens when it goes on, behind what has arrived meanwhile. */
  afterPause(what: Happening): void {
    this.#afterPause.push(what)
  }

  // What the medium does.

  /** Makes an end of a connection. */
  addEnd(other: Host, dialed: string | undefined): End {
    const end = new End(
      {
        host: this,
        other,
        link: ++this.#lastLink as LinkId,
        feed: this.#tell,
        onFrame: this.#medium.onFrame,
        onEnded: this.#forget,
      },
      dialed,
    )
    this.#ends.set(end.link, end)
    return end
  }

  /** A connection that somebody else dialled is open. */
  accepted(end: End): void {
    this.#tell({ type: 'link-open', link: end.link })
  }

  /** A dial has ended, in whichever way. */
  dialEnded(dial: Dial): void {
    this.#dials.delete(dial)
  }

  arrived(pipe: Pipe, load: Load): void {
    if (this.#phase === 'gone') pipe.discard()
    else if (this.#inbox.length === 0 && this.#readBytesPerMs === undefined && !this.#isBehind)
      pipe.read(load)
    else {
      this.#inbox.push({ pipe, load })
      this.#readOn()
    }
  }

  /** Reads one bundle of what has arrived. */
  happen(): void {
    this.#isReading = false
    if (this.#isPaused) return
    const next = this.#inbox.shift()
    if (next === undefined) return
    next.pipe.read(next.load)
    this.#readOn()
    if (this.#inbox.length === 0) this.#catchUp()
  }

  #readOn(): void {
    const front = this.#inbox[0]
    if (front === undefined || this.#isReading || this.#isBehind) return
    this.#isReading = true
    const rate = this.#readBytesPerMs
    this.#medium.fabric.queue.plan(rate === undefined ? 0 : front.load.bytes / rate, this)
  }

  /** Whether the process has not been told all that happened on its links. */
  get #isBehind(): boolean {
    return this.#isPaused || this.#untold.length > 0
  }

  #tellUntold(): void {
    if (this.#isPaused || this.#untold.length === 0) return
    for (const event of this.#untold.splice(0)) this.#tell(event)
    this.#goOn()
  }

  #goOn(): void {
    this.#readOn()
    if (this.#inbox.length === 0 || this.#readBytesPerMs !== undefined) this.#catchUp()
  }

  #catchUp(): void {
    const { queue } = this.#medium.fabric
    for (const what of this.#afterPause.splice(0)) queue.plan(0, what)
  }

  readonly #tell = (event: LinkEvent): void => {
    if (this.#phase === 'gone') return
    // One that leaves has to do with the ends of its links only, and waits for them.
    const isHeld = this.#isBehind && this.#phase === 'runs' && event.type !== 'send-refused'
    if (isHeld) this.#untold.push(event)
    else this.#feed(event)
  }

  readonly #forget = (end: End): void => {
    this.#ends.delete(end.link)
    // The process is to be told of the end of its last link first.
    if (this.#phase === 'ends') this.#medium.fabric.queue.plan(0, () => this.#goIfEmpty())
  }

  #cancelDials(): void {
    for (const dial of [...this.#dials]) dial.cancel()
  }

  #goIfEmpty(): void {
    if (this.#phase !== 'ends' || this.#ends.size > 0) return
    for (const { pipe } of this.#inbox) pipe.discard()
    this.#inbox = []
    this.#go()
  }

  /** The other ends of its links may refer to the host for a while, and must not keep the process in memory. */
  #go(): void {
    this.#phase = 'gone'
    this.#untold = []
    this.#afterPause = []
    this.#feed = () => {}
    this.#medium.remove(this)
  }
}
