// Two or three overlays wired by hand: what one sends waits on its wire until the test carries it over, so a test
// decides what arrives, in which order, and what is lost.
// It must not know protocol rules; nobody dials unless the test connects.

import type { Effect } from '../../src/core/events.ts'
import type { LinkId, Message } from '../../src/core/messages.ts'
import type { Reason } from '../../src/core/reasons.ts'
import { linkId, Rig, type RigOptions } from './core-rig.ts'

/** What waits on a wire. */
type Parcel =
  | { readonly type: 'open'; readonly dialed?: string }
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'closed'; readonly reason: Reason }

/** One direction of a connection. */
export interface Wire {
  readonly from: Rig
  /** The sender's number of the link. */
  readonly fromLink: LinkId
  readonly to: Rig
  /** The receiver's number of the link. */
  readonly toLink: LinkId
  readonly waiting: Parcel[]
  /** False after the receiver has heard that the connection is gone. */
  isOpen: boolean
}

/** See the head of the file. */
export class Wired {
  readonly rigs: Rig[] = []
  readonly wires: Wire[] = []
  /** Everything that each node has said, in order. */
  readonly effects = new Map<Rig, Effect[]>()
  readonly #isCarried: (message: Message) => boolean
  #lastLink = 0

  /** @param isCarried false for messages that are lost on every wire. */
  constructor(isCarried: (message: Message) => boolean = () => true) {
    this.#isCarried = isCarried
  }

  /** Adds a node that runs and cannot be dialled, so that it has the links that the test gives it. */
  add(name: string, options: RigOptions = {}): Rig {
    const rig = new Rig(name, { url: null, ...options })
    this.rigs.push(rig)
    this.effects.set(rig, [])
    rig.onEffects = (effects) => {
      this.effects.get(rig)?.push(...effects)
      for (const effect of effects) this.#post(rig, effect)
    }
    rig.nowMs = this.rigs[0]?.nowMs ?? 0
    rig.take({ type: 'start' })
    return rig
  }

  /** One node dials another. Both ends hear of it when their first parcel is carried over. */
  connect(dialer: Rig, acceptor: Rig): { there: Wire; back: Wire } {
    const ends = [linkId(++this.#lastLink), linkId(++this.#lastLink)] as const
    const there = wire(dialer, ends[0], acceptor, ends[1])
    const back = wire(acceptor, ends[1], dialer, ends[0])
    there.waiting.push({ type: 'open' })
    back.waiting.push({ type: 'open', dialed: `ws://${acceptor.name}:5000/` })
    this.wires.push(there, back)
    return { there, back }
  }

  /** The wires on which something waits. */
  get busy(): Wire[] {
    return this.wires.filter((wire) => wire.waiting.length > 0)
  }

  /** Carries over the first parcel of this wire. */
  carryOne(wire: Wire): void {
    const parcel = wire.waiting.shift()
    if (parcel === undefined || !wire.isOpen) return
    const { to, toLink: link } = wire
    if (parcel.type === 'open') {
      const { dialed } = parcel
      to.take(dialed === undefined ? { type: 'link-open', link } : { type: 'link-open', link, dialed })
    } else if (parcel.type === 'message') {
      to.take({ type: 'received', link, messages: [parcel.message] })
    } else {
      wire.isOpen = false
      to.take({ type: 'link-closed', link, reason: parcel.reason })
    }
  }

  /** Carries over everything, until nobody has anything to say. */
  carry(): void {
    for (let wire = this.busy[0]; wire !== undefined; wire = this.busy[0]) this.carryOne(wire)
  }

  /** Breaks the link between two nodes: what is on its way is lost. */
  cut(a: Rig, b: Rig): void {
    for (const wire of this.wires) {
      const isBetween = (wire.from === a && wire.to === b) || (wire.from === b && wire.to === a)
      if (isBetween && wire.isOpen) wire.waiting.splice(0, Infinity, { type: 'closed', reason: 'link-lost' })
    }
    this.carry()
  }

  /** Lets time pass for all, carrying over what is said at once. */
  wait(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (;;) {
      this.carry()
      const dueMs = Math.min(...this.rigs.map((rig) => rig.nextTimerMs ?? Infinity))
      const nextMs = Math.min(dueMs, untilMs)
      for (const rig of this.rigs) rig.wait(Math.max(0, nextMs - rig.nowMs))
      if (dueMs > untilMs) break
    }
    this.carry()
  }

  get #nowMs(): number {
    return this.rigs[0]?.nowMs ?? 0
  }

  #post(rig: Rig, effect: Effect): void {
    if (effect.type === 'send') {
      if (!this.#isCarried(effect.message)) return
      for (const link of effect.links) {
        this.#wireOf(rig, link)?.waiting.push({ type: 'message', message: effect.message })
      }
    } else if (effect.type === 'close') this.#close(rig, effect.link, effect.reason)
  }

  /** The end that closes hears of nothing more; the other end hears what was said before, then the end. */
  #close(rig: Rig, link: LinkId, reason: Reason): void {
    const there = this.#wireOf(rig, link)
    if (there === undefined) return
    there.waiting.push({ type: 'closed', reason })
    const back = this.wires.find((wire) => wire.to === rig && wire.toLink === link)
    if (back?.isOpen) back.waiting.splice(0, Infinity, { type: 'closed', reason })
  }

  #wireOf(rig: Rig, link: LinkId): Wire | undefined {
    return this.wires.find((wire) => wire.from === rig && wire.fromLink === link)
  }
}

function wire(from: Rig, fromLink: LinkId, to: Rig, toLink: LinkId): Wire {
  return { from, fromLink, to, toLink, waiting: [], isOpen: true }
}
