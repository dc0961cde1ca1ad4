// How nodes of a test network find each other: the network itself is their bootstrap, always there and within reach.
// There is no HTTP, and there are no guests.

import type { Contact } from '../core/messages.ts'
import type { DoorsHandlers, NodeDoors } from '../node/world.ts'

/** The network, as one node's doors see it. */
export interface Rendezvous {
  /** Other nodes that this one may dial first. */
  readonly contacts: () => readonly Contact[]
  /** Whether no other node runs. */
  readonly isAlone: () => boolean
  /** Calls this soon, and not from within the call. */
  readonly soon: (call: () => void) => void
  /** The node begins to leave. */
  readonly onLeave: () => void
  /** The node has ended. */
  readonly onClosed: () => void
}

/** See the head of the file. */
export class VirtualDoors implements NodeDoors {
  /** Told to programs that ask for it; nobody listens there. */
  readonly port: number | undefined
  readonly listenerStats = undefined
  readonly httpRefused = 0
  readonly #rendezvous: Rendezvous
  #handlers: DoorsHandlers | undefined
  #isOpen = false

  constructor(port: number | undefined, rendezvous: Rendezvous) {
    this.port = port
    this.#rendezvous = rendezvous
  }

  /** Whether the network has introduced the node to the others. */
  get registered(): boolean {
    return this.#isOpen
  }

  get isAlone(): boolean {
    return this.#rendezvous.isAlone()
  }

  open(handlers: DoorsHandlers): void {
    this.#handlers = handlers
    this.#rendezvous.soon(() => {
      if (this.#handlers === undefined) return
      this.#isOpen = true
      this.introduce(this.#rendezvous.contacts())
    })
  }

  /** Names others to the node, before it leaves. Never called from within a call of the node. */
  introduce(contacts: readonly Contact[]): void {
    if (this.#isOpen && contacts.length > 0) this.#handlers?.onContacts(contacts)
  }

  /** There are no guests: what is for one comes back to the node as not delivered. */
  deliver(): boolean {
    return false
  }

  async leave(): Promise<void> {
    this.#shut()
    this.#rendezvous.onLeave()
  }

  async close(): Promise<void> {
    this.#rendezvous.onClosed()
  }

  /** The node is gone from one moment to the next. */
  crash(): void {
    this.#shut()
  }

  #shut(): void {
    this.#isOpen = false
    this.#handlers = undefined
  }
}
