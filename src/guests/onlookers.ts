// The guests that watch the overlay as a whole: the topology page, and programs like it. The node is asked for it as long
// as one of them is here. Whoever does not read fast enough misses lines, and is shown all of it again later: this must
// neither fill memory nor send a guest away, nor take the node's time for what nobody can read. It must not know sockets.

import { watchedLine } from './answers.ts'
import type { GuestHost, OverlayWatch } from './guest-host.ts'
import type { WatchedLine } from './overlay-lines.ts'
import { SharedLine } from './shared-line.ts'

/** A guest, as far as it can be shown something. */
export interface Onlooker {
  readonly id: string
  /** What it has not read, in bytes. */
  readonly unreadBytes: number
  show(line: SharedLine): boolean
}

/** With more unread, a guest misses lines. */
const UNREAD_BYTES_MAX = 262_144
/** With less unread, a guest that has missed some is shown all of it again. */
const CAUGHT_UP_BYTES = 16_384

/** Of the messages that the node receives, those who watch are shown so many a second. */
const MESSAGES_PER_S = 20

/** See the head of the file. */
export class Onlookers {
  readonly #host: Pick<GuestHost, 'watchOverlay'>
  /** Whether each has missed something. */
  readonly #onlookers = new Map<Onlooker, boolean>()
  #watch: OverlayWatch | undefined
  #messages = 0
  #messagesSinceMs = 0

  constructor(host: Pick<GuestHost, 'watchOverlay'>) {
    this.#host = host
  }

  /** A guest watches from now on, or does not any more. It is shown all that is known first. */
  watch(guest: Onlooker, on: boolean): void {
    if (on === this.#onlookers.has(guest)) return
    if (on) {
      this.#watch ??= this.#host.watchOverlay((line) => this.#show(line))
      this.#onlookers.set(guest, false)
      guest.show(new SharedLine(watchedLine(this.#watch.all())))
      return
    }
    this.#onlookers.delete(guest)
    if (this.#onlookers.size > 0) return
    this.#watch?.end()
    this.#watch = undefined
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
    for (const [guest, hasMissed] of this.#onlookers) {
      if (guest.id === butId || hasMissed || guest.unreadBytes > UNREAD_BYTES_MAX) continue
      if (guest.show(line)) shown++
    }
    return shown
  }

  #hasRoom(): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#messagesSinceMs >= 1_000) {
      this.#messagesSinceMs = nowMs
      this.#messages = 0
    }
    return ++this.#messages <= MESSAGES_PER_S
  }

  #show(line: WatchedLine): void {
    const shared = new SharedLine(watchedLine(line))
    let all: SharedLine | undefined
    for (const [guest, hasMissed] of this.#onlookers) {
      if (hasMissed) {
        if (guest.unreadBytes > CAUGHT_UP_BYTES || this.#watch === undefined) continue
        all ??= new SharedLine(watchedLine(this.#watch.all()))
        this.#onlookers.set(guest, false)
        guest.show(all)
        // What has changed is in it.
        if (line.event !== 'overlay-change') guest.show(shared)
      } else if (guest.unreadBytes > UNREAD_BYTES_MAX) this.#onlookers.set(guest, true)
      else guest.show(shared)
    }
  }
}
