// Time in a test network: stands still, unless a promise of the network is pending. While one is, event after event
// happens at once, however far apart in virtual time, and between two events the program gets its turn.
// Must not know nodes or links.
//
// 1. Nothing happens while no promise is pending: the program can take its time, and look at a state that stands still.
// 2. Between two events all continuations of promises run, with all that they wait for in turn (a macrotask).
// 3. No promise stays pending for ever: where nothing is planned any more, or too much time has passed, it rejects.
//    Except those that are forgotten, because who waits for them does not exist any more.

import type { EventQueue } from '../sim/event-queue.ts'
import type { Complain } from './complaint.ts'

/** The real one, also for a program that mocks the timers of its process. */
const afterThis = setImmediate

/** A promise that has been given out. */
interface Pending {
  readonly what: string
  readonly sinceMs: number
  readonly endMs: number
  readonly fail: (error: Error) => void
  readonly owner: object | undefined
  readonly look: (() => boolean) | undefined
  readonly why: (() => string) | undefined
}

/** How a promise may be pending. */
export interface PendingOptions {
  /** For people: `send() of a`. */
  readonly what: string
  /** How long, in virtual time. `Infinity` for what ends by itself. */
  readonly limitMs: number
  /** Whose promise it is, for {@link Flow.failOf} and {@link Flow.forgetOf}. */
  readonly owner?: object
  /** Called between events while the promise is pending; true: it has settled the promise. Must not throw. */
  readonly look?: () => boolean
  /** Why it is still pending, for the error that ends it. */
  readonly why?: () => string
}

/** See the head of the file. */
export class Flow {
  readonly #queue: EventQueue
  readonly #complain: Complain
  readonly #pending = new Set<Pending>()
  /** Those of them that are looked at between events. */
  readonly #watched = new Set<Pending>()
  /** No promise reaches its limit before this time. */
  #limitAtMs = Number.POSITIVE_INFINITY
  #isGoing = false

  constructor(queue: EventQueue, complain: Complain) {
    this.#queue = queue
    this.#complain = complain
  }

  /** Promises that are pending. */
  get size(): number {
    return this.#pending.size
  }

  /** Gives out a promise that settles as `promise` does; time flows until then. */
  whilePending<T>(promise: Promise<T>, options: PendingOptions): Promise<T> {
    const given = Promise.withResolvers<T>()
    const pending = this.#add(options, given.reject)
    promise.then(
      (value) => {
        if (this.#remove(pending)) given.resolve(value)
      },
      (error) => {
        if (this.#remove(pending)) given.reject(error)
      },
    )
    return given.promise
  }

  /** Everything that is pending rejects with this error. */
  fail(error: Error): void {
    for (const pending of [...this.#pending]) this.#fail(pending, error)
  }

  /** The promises of one owner reject with this error. */
  failOf(owner: object, error: Error): void {
    for (const pending of [...this.#pending]) if (pending.owner === owner) this.#fail(pending, error)
  }

  /** The promises of one owner are never settled: whoever waits for them is gone, too. */
  forgetOf(owner: object): void {
    for (const pending of [...this.#pending]) if (pending.owner === owner) this.#remove(pending)
  }

  #add({ what, limitMs, owner, look, why }: PendingOptions, fail: (error: Error) => void): Pending {
    const sinceMs = this.#queue.nowMs
    const pending = { what, sinceMs, endMs: sinceMs + limitMs, fail, owner, look, why }
    this.#pending.add(pending)
    if (look !== undefined) this.#watched.add(pending)
    this.#limitAtMs = Math.min(this.#limitAtMs, pending.endMs)
    this.#go()
    return pending
  }

  /** False: it was not pending any more. */
  #remove(pending: Pending): boolean {
    this.#watched.delete(pending)
    return this.#pending.delete(pending)
  }

  #fail(pending: Pending, error: Error): void {
    this.#remove(pending)
    pending.fail(error)
  }

  #go(): void {
    if (this.#isGoing) return
    this.#isGoing = true
    afterThis(() => this.#turn())
  }

  /** One event, at most. What a look or an error has settled is the program's turn, before anything else happens. */
  #turn(): void {
    this.#isGoing = false
    if (this.#pending.size === 0) return
    if (!this.#look() && !this.#failLate()) this.#step()
    if (this.#pending.size > 0) this.#go()
  }

  #look(): boolean {
    let isSettled = false
    for (const { look } of [...this.#watched]) if (look?.() === true) isSettled = true
    return isSettled
  }

  /** Looks only when one may be late: many can be pending. */
  #failLate(): boolean {
    const nextMs = this.#queue.nextMs
    if (nextMs === undefined || nextMs <= this.#limitAtMs) return false
    let hasFailed = false
    this.#limitAtMs = Number.POSITIVE_INFINITY
    for (const pending of [...this.#pending]) {
      if (nextMs <= pending.endMs) this.#limitAtMs = Math.min(this.#limitAtMs, pending.endMs)
      else {
        hasFailed = true
        this.#giveUp(
          pending,
          `still pending after ${Math.round(pending.endMs - pending.sinceMs)} ms of virtual time`,
        )
      }
    }
    return hasFailed
  }

  #step(): void {
    try {
      if (this.#queue.step()) return
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause)
      this.fail(this.#complain('broken', `the network broke: ${text}`, cause))
      return
    }
    for (const pending of [...this.#pending]) {
      this.#giveUp(pending, 'pending, and nothing is planned that could settle it')
    }
  }

  #giveUp(pending: Pending, how: string): void {
    const why = pending.why === undefined ? '' : `: ${pending.why()}`
    this.#fail(pending, this.#complain('never-settles', `${pending.what} is ${how}${why}`))
  }
}
