// What guests have asked to be told: messages of topics, and nodes that come and go. The node listens once for all of
// them, as long as one of them wants it. It must not know sockets, nor what a guest types.
//
// 1. The node listens to a filter exactly as long as a guest who asked for it is here.
// 2. A guest is shown a message once, however many of its filters are for it.
// 3. Guests together listen to at most `FILTERS_MAX` different filters: a node has 64, and its program needs some.

import { received } from './answers.ts'
import type { GuestHost, ReceivedMessage } from './guest-host.ts'
import { SharedLine } from './shared-line.ts'
import { peerEvent } from './topic-answers.ts'

/** Filters of one guest. */
const GUEST_FILTERS_MAX = 16
/** Different filters of all guests of a node. */
const FILTERS_MAX = 32

/** A guest, as far as something can be shown to it. */
export interface Listener {
  /** False: the guest is on its way out. */
  show(line: SharedLine): boolean
}

/** `isNew`: the guest did not listen to it before. Otherwise one sentence that says why it does not. */
export type Subscribed = { readonly isNew: boolean } | { readonly error: string }

interface Topic {
  readonly listeners: Set<Listener>
  readonly end: () => void
}

/** See the head of the file. */
export class Audience {
  readonly #host: GuestHost
  readonly #onShown: (guests: number) => void
  readonly #topics = new Map<string, Topic>()
  readonly #watchers = new Set<Listener>()
  #endWatch: (() => void) | undefined
  /** The message that is being shown, and who has seen it. */
  #current:
    | { readonly message: ReceivedMessage; readonly line: SharedLine; readonly seen: Set<Listener> }
    | undefined

  /** @param onShown counts guests that were shown a message. */
  constructor(host: GuestHost, onShown: (guests: number) => void) {
    this.#host = host
    this.#onShown = onShown
  }

  /** The filters that a guest has asked for. */
  filtersOf(guest: Listener): string[] {
    return [...this.#topics].flatMap(([filter, { listeners }]) => (listeners.has(guest) ? [filter] : []))
  }

  /** A guest listens to a filter from now on. */
  subscribe(guest: Listener, filter: string): Subscribed {
    const topic = this.#topics.get(filter)
    if (topic?.listeners.has(guest)) return { isNew: false }
    if (this.filtersOf(guest).length >= GUEST_FILTERS_MAX) {
      return {
        error: `You listen to ${GUEST_FILTERS_MAX} filters, and more do not go. Type /unsub and one of them`,
      }
    }
    if (topic !== undefined) {
      topic.listeners.add(guest)
      return { isNew: true }
    }
    if (this.#topics.size >= FILTERS_MAX) {
      return {
        error: `The guests of ${this.#host.name} listen to ${FILTERS_MAX} filters, and more do not go. Type a filter with a wildcard, or connect to another node`,
      }
    }
    const listeners = new Set([guest])
    const subscription = this.#host.subscribe(filter, (message) => this.#show(message, listeners))
    if (!subscription.ok) return { error: subscription.error }
    this.#topics.set(filter, { listeners, end: subscription.end })
    return { isNew: true }
  }

  /** A guest does not listen to a filter any more; false: it did not. */
  unsubscribe(guest: Listener, filter: string): boolean {
    const topic = this.#topics.get(filter)
    if (!topic?.listeners.delete(guest)) return false
    if (topic.listeners.size === 0) {
      this.#topics.delete(filter)
      topic.end()
    }
    return true
  }

  /** Whether a guest is told of nodes that come and go. */
  watch(guest: Listener, on: boolean): void {
    if (on) this.#watchers.add(guest)
    else this.#watchers.delete(guest)
    if (this.#watchers.size === 0) {
      this.#endWatch?.()
      this.#endWatch = undefined
    } else {
      this.#endWatch ??= this.#host.watch((event) => {
        const line = new SharedLine(peerEvent(event))
        for (const watcher of this.#watchers) watcher.show(line)
      })
    }
  }

  /** A guest is gone. */
  leave(guest: Listener): void {
    for (const filter of this.filtersOf(guest)) this.unsubscribe(guest, filter)
    this.watch(guest, false)
  }

  #show(message: ReceivedMessage, listeners: ReadonlySet<Listener>): void {
    if (this.#current?.message !== message) {
      this.#current = { message, line: new SharedLine(received(message)), seen: new Set() }
    }
    const { line, seen } = this.#current
    let shown = 0
    for (const listener of listeners) {
      if (seen.has(listener)) continue
      seen.add(listener)
      if (listener.show(line)) shown++
    }
    this.#onShown(shown)
  }
}
