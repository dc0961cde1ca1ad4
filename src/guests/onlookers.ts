// The guests that watch the overlay as a whole: the topology page, and programs like it. The node is asked for it as long
// as one of them is here. Whoever does not read fast enough misses lines, and is shown all of it again later: this must
// neither fill memory nor send a guest away, nor take the node's time for what nobody can read. It must not know sockets.

import { watchedLine } from './answers.ts'
import type { GuestHost, OverlayWatch } from './guest-host.ts'
import type { WatchedLine } from './overlay-lines.ts'
import { SharedLine } from './shared-line.ts'
import { WatchPace } from './watch-pace.ts'

/** A guest, as far as it can be shown something. */
export interface Onlooker {
  readonly id: string
  /** What it has not read, in bytes. */
  readonly unreadBytes: number
  show(line: SharedLine): boolean
}

/** With more unread, a guest misses lines: what the kernel holds comes on top of it. */
const UNREAD_BYTES_MAX = 65_536
/** With less unread, one that does not say what it has seen is shown what it has missed. */
const CAUGHT_UP_BYTES = 16_384

/** Of the messages that the node receives, those who watch are shown so many a second. */
const MESSAGES_PER_S = 20

/** See the head of the file. */
export class Onlookers {
  readonly #host: Pick<GuestHost, 'watchOverlay'>
  readonly #nowMs: () => number
  readonly #onlookers = new Map<Onlooker, WatchPace>()
  #watch: OverlayWatch | undefined
  /** The time of the newest line. */
  #atMs = 0
  #messages = 0
  #messagesSinceMs = 0

  /** @param nowMs a clock that only goes on, in ms */
  constructor(host: Pick<GuestHost, 'watchOverlay'>, nowMs = () => performance.now()) {
    this.#host = host
    this.#nowMs = nowMs
  }

  /** A guest watches from now on, or does not any more. It is shown all that is known first. */
  watch(guest: Onlooker, on: boolean): void {
    if (on === this.#onlookers.has(guest)) return
    if (on) {
      this.#watch ??= this.#host.watchOverlay((line) => this.#show(line))
      const pace = new WatchPace()
      this.#onlookers.set(guest, pace)
      this.#showAll(guest, pace)
      return
    }
    this.#onlookers.delete(guest)
    if (this.#onlookers.size > 0) return
    this.#watch?.end()
    this.#watch = undefined
  }

  /** A guest has seen the lines up to those of `atMs`. Without effect where it does not watch. */
  seen(guest: Onlooker, atMs: number): void {
    const pace = this.#onlookers.get(guest)
    if (pace === undefined) return
    const { isBehind } = pace
    pace.seen(atMs, this.#nowMs())
    if (isBehind) this.#catchUp(guest, pace)
  }

  /** Whether a guest watches. */
  has(guest: Onlooker): boolean {
    return this.#onlookers.has(guest)
  }

  /**
   * Shows a message that the node received to those who watch and keep up, as long as there are not too many of them: a busy
   * node would have all its time go into lines. `butId`: one who is not shown it. Returns how many have seen it.
   */
  showMessage(make: () => SharedLine, butId: string | undefined): number {
    if (this.#onlookers.size === 0 || !this.#hasRoom()) return 0
    const line = make()
    let shown = 0
    for (const [guest, pace] of this.#onlookers) {
      if (guest.id === butId || pace.isBehind || guest.unreadBytes > UNREAD_BYTES_MAX) continue
      if (guest.show(line)) shown++
    }
    return shown
  }

  #hasRoom(): boolean {
    const nowMs = this.#nowMs()
    if (nowMs - this.#messagesSinceMs >= 1_000) {
      this.#messagesSinceMs = nowMs
      this.#messages = 0
    }
    return ++this.#messages <= MESSAGES_PER_S
  }

  #show(line: WatchedLine): void {
    if (line.event === 'watch') return
    this.#atMs = line.atMs
    const nowMs = this.#nowMs()
    const shared = new SharedLine(watchedLine(line))
    for (const [guest, pace] of this.#onlookers) {
      if (guest.unreadBytes > UNREAD_BYTES_MAX) pace.fallBehind()
      if (pace.look(nowMs)) {
        pace.miss(line)
        this.#catchUp(guest, pace)
      } else {
        guest.show(shared)
        pace.shown(line.atMs, nowMs)
      }
    }
  }

  #showAll(guest: Onlooker, pace: WatchPace): void {
    const all = this.#watch?.all()
    if (all === undefined) return
    guest.show(new SharedLine(watchedLine(all)))
    pace.shown(all.atMs, this.#nowMs())
  }

  /** Shows one who is behind the next part of what it has missed, where it has taken the one before. */
  #catchUp(guest: Onlooker, pace: WatchPace): void {
    if (!pace.hasSeenAll) return
    if (guest.unreadBytes > (pace.saysSo ? UNREAD_BYTES_MAX : CAUGHT_UP_BYTES)) return
    if (pace.hasMissedChange) {
      pace.takeChange()
      this.#showAll(guest, pace)
      if (pace.saysSo) return
    }
    for (const line of pace.takePart(this.#atMs)) {
      guest.show(new SharedLine(watchedLine(line)))
      pace.shown(line.atMs, this.#nowMs())
    }
  }
}
