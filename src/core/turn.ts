// One turn of the core: the time at which an input is worked off, and the effects that it has so far. All machines of
// one overlay share it, so that effects come out in the order in which they were decided; and how far behind the process is.
// It must not decide anything.

import type { Effect, Lane, Notification, Timer } from './events.ts'
import type { LinkId, Message } from './messages.ts'
import { Pace } from './pace.ts'
import type { Reason } from './reasons.ts'

/** See the head of the file. */
export class Turn {
  /** How far the process is behind. */
  readonly pace = new Pace()
  #nowMs = 0
  #number = 0
  #effects: Effect[] = []

  /** The time of this turn, in ms. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Counts the turns. */
  get number(): number {
    return this.#number
  }

  /** Begins a turn; what the last one collected belongs to its caller. */
  begin(nowMs: number): void {
    this.#nowMs = nowMs
    this.#number++
    this.#effects = []
  }

  /** What the turn has decided so far, in order. */
  get effects(): Effect[] {
    return this.#effects
  }

  /** Sends one message on each of these links. */
  send(links: readonly LinkId[], message: Message, lane: Lane = 'control'): void {
    if (links.length > 0) this.#effects.push({ type: 'send', links, message, lane })
  }

  /** Opens a connection. */
  dial(url: string): void {
    this.#effects.push({ type: 'dial', url })
  }

  /** Closes a connection. */
  close(link: LinkId, reason: Reason): void {
    this.#effects.push({ type: 'close', link, reason })
  }

  /** Asks for a timer at `dueMs`, in whole ms from now; a time that has passed gives 0. */
  timerAt(timer: Timer, dueMs: number): void {
    this.#effects.push({ type: 'timer', timer, afterMs: Math.max(0, Math.ceil(dueMs - this.#nowMs)) })
  }

  /** Tells the application. */
  notify(notification: Notification): void {
    this.#effects.push({ type: 'notify', notification })
  }

  /** Tells that something was not used or not passed on, and why. */
  drop(reason: Reason, detail: string, link?: LinkId): void {
    this.notify({ type: 'drop', reason, detail, ...(link === undefined ? {} : { link }) })
  }
}
