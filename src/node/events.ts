// What a node tells its program, typed. A minimal emitter: a listener that throws is the program's bug and surfaces
// as an uncaught exception, after the node's own work of that moment is done.

import type { LeaveReason } from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'
import { HearsayError } from '../errors.ts'
import type { JsonValue } from '../wire/payload.ts'

/** A message that this node received. */
export interface NodeMessage {
  /** The node that sent it; for `via: 'http'` the label that whoever posted it chose. */
  readonly from: string
  /** The label that the sender gave itself, when it differs from `from`. */
  readonly sender?: string
  /** A JSON value, or the bytes. */
  readonly value: JsonValue | Uint8Array
  /** Links travelled; 0 for `via: 'http'`. */
  readonly hops: number
  /** Whether it was sent to all. */
  readonly broadcast: boolean
  readonly via: 'overlay' | 'http'
  /** Of a broadcast: which one it is, `origin/incarnation/sequence`. */
  readonly id?: string
  /** Of a broadcast about a topic. */
  readonly topic?: string
  /** The trace that it belongs to (W3C Trace Context, section 3.2), if its sender gave one. */
  readonly traceparent?: string
  /** It was broadcast before this node asked for it, and is handed on by one that has kept it. */
  readonly past?: true
}

/** A peer as programs see it. */
export interface PeerInfo {
  readonly name: string
  /** Where it can be dialled; absent: nowhere. */
  readonly url?: string
  /** `node`: a member of the overlay; `http`: takes messages by `POST /message` only. */
  readonly kind: 'node' | 'http'
  /** What the node says that it is for; absent: nothing. */
  readonly tags?: readonly string[]
}

/** The events of a node and what comes with each. */
export interface NodeEvents {
  readonly message: NodeMessage
  readonly 'peer-join': PeerInfo
  readonly 'peer-leave': {
    readonly name: string
    readonly kind: PeerInfo['kind']
    readonly reason: LeaveReason
  }
  readonly 'neighbor-up': { readonly name: string }
  readonly 'neighbor-down': { readonly name: string; readonly reason: Reason }
  /** The node has ended by itself and is closed: its name belongs to another process. */
  readonly stopped: { readonly reason: 'name-taken'; readonly detail: string }
}

type Listener<T> = (event: T) => void

/** All kinds, for callers without types. */
const KINDS: Readonly<Record<keyof NodeEvents, true>> = {
  message: true,
  'peer-join': true,
  'peer-leave': true,
  'neighbor-up': true,
  'neighbor-down': true,
  stopped: true,
}

/** See the head of the file. */
export class Emitter {
  /** The lists are never changed but replaced, so that one can be walked through while listeners come and go. */
  readonly #listeners = new Map<keyof NodeEvents, readonly Listener<never>[]>()

  /**
   * Calls `listener` at each event of this kind from now on, in the order in which listeners came; the function returned
   * ends that. Either takes effect with the next event when it is done by a listener.
   * @throws HearsayError `invalid-option` for a kind that there is not, or no function
   */
  on<K extends keyof NodeEvents>(kind: K, listener: Listener<NodeEvents[K]>): () => void {
    if (!Object.hasOwn(KINDS, kind)) {
      const kinds = Object.keys(KINDS).join(', ')
      throw new HearsayError(
        'invalid-option',
        `on: there is no event ${JSON.stringify(kind)}; there are ${kinds}`,
      )
    }
    if (typeof listener !== 'function') throw new HearsayError('invalid-option', 'on: expected a function')
    // Wrapped, so that one function may listen twice and each subscription ends by itself.
    const subscription: Listener<NodeEvents[K]> = (event) => listener(event)
    this.#listeners.set(kind, [...(this.#listeners.get(kind) ?? []), subscription])
    return () => {
      const others = this.#listeners.get(kind)?.filter((other) => other !== subscription)
      this.#listeners.set(kind, others ?? [])
    }
  }

  /** Calls every listener of this kind. Never throws. */
  emit<K extends keyof NodeEvents>(kind: K, event: NodeEvents[K]): void {
    for (const listener of this.#listeners.get(kind) ?? []) {
      try {
        ;(listener as Listener<NodeEvents[K]>)(event)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  /** Nobody is called any more. */
  clear(): void {
    this.#listeners.clear()
  }
}
