// How a member in a browser makes itself known: it registers with bootstraps, and nobody can dial it.
// Composition only.

import type { ClientWorld } from '../bootstrap/client-world.ts'
import type { MemberSettings } from '../node/member-options.ts'
import { Registrations } from '../node/registrations.ts'
import type { DoorsHandlers, NodeDoors } from '../node/world.ts'

/** See the head of the file. */
export class BrowserDoors implements NodeDoors {
  readonly port = undefined
  readonly listenerStats = undefined
  readonly httpRefused = 0
  readonly #settings: MemberSettings
  readonly #world: ClientWorld
  readonly #onClose: () => void
  /** `undefined` before the doors are open, and when the node leaves for good. */
  #handlers: DoorsHandlers | undefined
  #registrations: Registrations | undefined
  #isAway = false

  /** @param onClose the node has ended */
  constructor(settings: MemberSettings, world: ClientWorld, onClose: () => void) {
    this.#settings = settings
    this.#world = world
    this.#onClose = onClose
  }

  get registered(): boolean {
    return this.#registrations?.registered ?? false
  }

  get isAlone(): boolean {
    return this.#registrations?.isAlone ?? true
  }

  open(handlers: DoorsHandlers): void {
    this.#handlers = handlers
    this.#register(handlers, false)
  }

  /** The page was asleep, or without a network, and is back. */
  awake(): void {
    this.#registrations?.hurry()
    this.#handlers?.onAwake()
  }

  /** The page goes into the browser's cache, and may come back: the others are told in this turn, because it is the last one. */
  away(): void {
    if (this.#handlers === undefined) return
    this.#isAway = true
    this.#handlers.onAway()
    void this.#registrations?.leave()
  }

  /** The page is back. */
  back(): void {
    if (this.#handlers === undefined) return
    this.#handlers.onBack()
    if (this.#isAway) this.#register(this.#handlers, true)
    else this.#registrations?.hurry()
    this.#isAway = false
  }

  #register(handlers: DoorsHandlers, wasMember: boolean): void {
    // Plain HTTP peers are no business of a page: it may post only to those that let it.
    const ours = { ...handlers, onHttpPeers: () => {} }
    this.#registrations = new Registrations({ ...this.#settings, wasMember }, ours, this.#world)
  }

  /** There are no guests. */
  deliver(): boolean {
    return false
  }

  async leave(): Promise<void> {
    this.#handlers = undefined
    await this.#registrations?.leave()
  }

  close(): Promise<void> {
    this.#onClose()
    return Promise.resolve()
  }
}
