// A process that runs the production core on a host: the one effect loop of the simulator.
// It must not know protocol rules, nor reach into a machine.
//
// 1. Inputs are handled one after the other, each with all its effects.
// 2. After the end no input has an effect, and nothing in the medium or the queue refers to the process any more.

import type { CoreConfig } from '../core/config.ts'
import type { Effect, Input, Notification, Timer } from '../core/events.ts'
import { type Identity, Overlay } from '../core/overlay.ts'
import type { EventQueue, Happening } from './event-queue.ts'
import type { CrashOptions, Host } from './host.ts'
import type { Medium } from './medium.ts'

/** Sees what a process does. */
export interface ProcessObserver {
  /** What the process tells its application. */
  readonly onNotice?: (process: SimProcess, notification: Notification) => void
  /** An input has been handled, and its effects carried out. For checks after every step. */
  readonly onHandled?: (process: SimProcess, input: Input, effects: readonly Effect[]) => void
}

/** How a process is set up. */
export interface ProcessOptions extends ProcessObserver {
  /** What the network calls the process; the overlay may call it otherwise. */
  readonly name: string
  readonly identity: Identity
  /** Of the core's generator. */
  readonly seed: number
  readonly config?: Partial<CoreConfig> | undefined
  /** How fast the process's own clock runs: 1.001 gains a millisecond in a second. Default 1. */
  readonly clockRate?: number | undefined
}

/** A timer of the core that is running. */
class CoreTimer implements Happening {
  readonly process: SimProcess
  readonly timer: Timer
  readonly dueMs: number

  constructor(process: SimProcess, timer: Timer, dueMs: number) {
    this.process = process
    this.timer = timer
    this.dueMs = dueMs
  }

  happen(): void {
    this.process.expired(this)
  }
}

/** See the head of the file. */
export class SimProcess {
  readonly name: string
  readonly overlay: Overlay
  readonly host: Host
  readonly #queue: EventQueue
  readonly #observer: ProcessObserver
  readonly #startMs: number
  readonly #clockRate: number
  readonly #inputs: Input[] = []
  #isHandling = false
  #isRunning = true
  #pendingTimers = 0

  /** @throws TypeError when another process has the URL. */
  constructor(medium: Medium, options: ProcessOptions) {
    const { name, identity, seed, config } = options
    this.name = name
    this.#queue = medium.queue
    this.#observer = options
    this.#startMs = medium.queue.nowMs
    this.#clockRate = options.clockRate ?? 1
    this.host = medium.host(name, {
      ...(identity.url === undefined ? {} : { url: identity.url }),
      feed: (event) => this.feed(event),
    })
    this.overlay = new Overlay(identity, seed, config)
  }

  /** The clock that the core sees: begins with the process, and runs as fast as it was told. */
  get nowMs(): number {
    return (this.#queue.nowMs - this.#startMs) * this.#clockRate
  }

  /** False after {@link leave} and {@link crash}. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Timers of the core that have not run out. */
  get pendingTimers(): number {
    return this.#pendingTimers
  }

  /** Hands the core an input; one that comes while another is handled waits for its turn. */
  feed(input: Input): void {
    if (!this.#isRunning) return
    if (this.host.isPaused) {
      this.host.afterPause({ happen: () => this.feed(input) })
      return
    }
    if (this.#isHandling) {
      this.#inputs.push(input)
      return
    }
    this.#isHandling = true
    try {
      this.#handle(input)
      // What an observer or a full lane adds meanwhile; a crash in the middle ends it.
      for (let next = this.#next(); next !== undefined; next = this.#next()) this.#handle(next)
    } finally {
      this.#isHandling = false
    }
  }

  /** Tells the application something that does not come from the core. */
  tell(notification: Notification): void {
    this.#observer.onNotice?.(this, notification)
  }

  /** The process leaves the overlay as it should, and ends. @throws TypeError while it stands still: it cannot. */
  leave(): void {
    if (this.host.isPaused) throw new TypeError(`${this.name} stands still, and cannot leave`)
    this.feed({ type: 'leave' })
    this.#end()
    this.host.end()
  }

  /** The process is gone from one moment to the next. */
  crash(options?: CrashOptions): void {
    this.#end()
    this.host.crash(options)
  }

  /** A timer of this process has run out. */
  expired(expired: CoreTimer): void {
    if (!this.#isRunning) return
    if (this.host.isPaused) {
      this.host.afterPause(expired)
      return
    }
    this.#pendingTimers--
    // What it waited for while the process stood still.
    const lateMs = this.#queue.nowMs - expired.dueMs
    this.feed({ type: 'timer', timer: expired.timer, ...(lateMs > 0 && { lateMs }) })
  }

  #next(): Input | undefined {
    return this.#isRunning ? this.#inputs.shift() : undefined
  }

  #handle(input: Input): void {
    const effects = this.overlay.handle(input, this.nowMs)
    for (const effect of effects) this.#carryOut(effect)
    this.#observer.onHandled?.(this, input, effects)
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.host.send(effect)
        break
      case 'dial':
        this.host.dial(effect.url)
        break
      case 'close':
        this.host.close(effect.link, effect.reason)
        break
      case 'timer':
        this.#startTimer(effect.timer, effect.afterMs)
        break
      case 'notify':
        this.tell(effect.notification)
    }
  }

  #startTimer(timer: Timer, afterMs: number): void {
    if (!this.#isRunning) return
    this.#pendingTimers++
    // A clock that does not run at 1 has moments between ticks: a µs more, so that it is never early.
    const waitMs = this.#clockRate === 1 ? afterMs : afterMs / this.#clockRate + 0.001
    this.#queue.plan(waitMs, new CoreTimer(this, timer, this.#queue.nowMs + waitMs))
  }

  #end(): void {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#inputs.length = 0
    this.#pendingTimers = 0
    this.#queue.remove((what) => what instanceof CoreTimer && what.process === this)
  }
}
