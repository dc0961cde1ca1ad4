// A network in memory: nodes that run the production core and exchange really encoded frames, over links with latency,
// in virtual time. Everything random comes from one seed, so a run can be replayed to the byte.
// It must not know protocol rules, nor reach into a machine.

import type { CoreConfig } from '../core/config.ts'
import type { Effect, Input, Notification } from '../core/events.ts'
import { type Contact, type LinkId, type Message, type NodeName, parseNodeName } from '../core/messages.ts'
import { Overlay } from '../core/overlay.ts'
import type { Reason } from '../core/reasons.ts'
import { Rng } from '../core/rng.ts'
import { decodeBundle, encodeBundle } from '../wire/bundle.ts'
import { encodeFrame } from '../wire/encode.ts'
import { EventQueue } from './event-queue.ts'

/** How a simulated network is set up. */
export interface SimOptions {
  readonly seed: number
  /** One-way latency of a link, drawn once for each direction. Default 1 to 20 ms. */
  readonly latencyMs?: readonly [min: number, max: number]
  /** How long a dial to where nobody answers takes. Default 2,000 ms. */
  readonly dialTimeoutMs?: number
  /** Contacts that a starting node is given, as a bootstrap would. Default 16. */
  readonly contacts?: number
  readonly config?: Partial<CoreConfig>
}

/** How one node is set up. */
export interface SimNodeOptions {
  /** False for a node that cannot be dialled, as one without a listening port. Default true. */
  readonly dialable?: boolean
  /** Start time of the run; larger than at the last start unless a test wants a clock that went back. */
  readonly incarnation?: number
  /** The name that the process claims in the overlay. Default: its own, which no other process of the network has. */
  readonly claims?: string
}

/** Something that a node told its application, and when. */
export interface SimNotice {
  readonly atMs: number
  /** The process, as it was started. */
  readonly node: string
  readonly notification: Notification
}

/** One end of a connection. */
interface End {
  readonly node: SimNode
  readonly link: LinkId
  readonly latencyMs: number
  other: End | undefined
  isOpen: boolean
}

/** One running process. */
interface SimNode {
  /** What the network calls the process; the overlay may call it otherwise. */
  readonly process: string
  readonly name: NodeName
  readonly url: string | undefined
  readonly overlay: Overlay
  readonly ends: Map<LinkId, End>
  readonly inputs: Input[]
  isHandling: boolean
  isRunning: boolean
}

/** See the head of the file. */
export class SimNetwork {
  readonly #options: SimOptions
  readonly #rng: Rng
  readonly #queue = new EventQueue()
  readonly #nodes = new Map<string, SimNode>()
  readonly #sides = new Map<string, number>()
  readonly #notices: SimNotice[] = []
  #lastId = 0
  #starts = 0
  /** Frames and bytes that were sent, by message type: a frame to two links counts twice. */
  readonly sent = new Map<Message['type'], { frames: number; bytes: number }>()

  constructor(options: SimOptions) {
    this.#options = options
    this.#rng = new Rng(options.seed)
  }

  get nowMs(): number {
    return this.#queue.nowMs
  }

  /** Everything that any node told its application so far, in order. */
  get notices(): readonly SimNotice[] {
    return this.#notices
  }

  /** The names of the nodes that run. */
  get names(): string[] {
    return [...this.#nodes.keys()]
  }

  /** The core of a running node. */
  overlay(name: string): Overlay {
    return this.#node(name).overlay
  }

  /** Starts a node and gives it some random running nodes as contacts. */
  start(name: string, options: SimNodeOptions = {}): void {
    const parsed = parseNodeName(options.claims ?? name)
    if (parsed === undefined || this.#nodes.has(name)) throw new TypeError(`cannot start ${name}`)
    const url = options.dialable === false ? undefined : `ws://${name}:5000/`
    const identity = {
      name: parsed,
      incarnation: options.incarnation ?? 1_000_000 + Math.floor(this.nowMs) + this.#starts,
      instance: `run-${++this.#starts}`,
    }
    const overlay = new Overlay(
      url === undefined ? identity : { ...identity, url },
      this.#rng.uint32(),
      this.#options.config,
    )
    const node = {
      process: name,
      name: parsed,
      url,
      overlay,
      ends: new Map(),
      inputs: [],
      isHandling: false,
      isRunning: true,
    }
    const contacts = this.#contacts()
    this.#nodes.set(name, node)
    this.#feed(node, { type: 'start' })
    this.#feed(node, { type: 'contacts', contacts })
  }

  /** Ends a process without a word. Its links break. */
  crash(name: string): void {
    const node = this.#node(name)
    node.isRunning = false
    this.#nodes.delete(name)
    for (const end of node.ends.values()) this.#breakOff(end, 'link-lost')
  }

  /** A node leaves as it should. */
  leave(name: string): void {
    const node = this.#node(name)
    this.#feed(node, { type: 'leave' })
    node.isRunning = false
    this.#nodes.delete(name)
  }

  /** Cuts the network into sides: what crosses is lost in silence. Nodes that are not named stay on side 0. */
  partition(...sides: readonly (readonly string[])[]): void {
    this.#sides.clear()
    sides.forEach((names, side) => {
      for (const name of names) this.#sides.set(name, side)
    })
  }

  /** Ends the partition. */
  heal(): void {
    this.#sides.clear()
  }

  /** Breaks the link between two nodes, as a reset connection does. */
  cut(a: string, b: string): void {
    for (const end of this.#node(a).ends.values()) {
      if (end.other?.node.process === b) this.#breakOff(end, 'link-lost', true)
    }
  }

  /** Sends a direct message; the outcome comes as a notice with the id that is returned. */
  send(from: string, to: string, payload: Uint8Array, deadlineMs?: number): number {
    const id = ++this.#lastId
    const input = { type: 'send', id, to: to as NodeName, payload } as const
    this.#feed(this.#node(from), deadlineMs === undefined ? input : { ...input, deadlineMs })
    return id
  }

  /** Broadcasts. */
  broadcast(from: string, payload: Uint8Array): number {
    const id = ++this.#lastId
    this.#feed(this.#node(from), { type: 'broadcast', id, payload })
    return id
  }

  /** Hands a node an input of any kind. */
  feed(name: string, input: Input): void {
    this.#feed(this.#node(name), input)
  }

  /** Lets time pass. */
  run(ms: number): void {
    this.#queue.runTo(this.nowMs + ms)
  }

  /** Lets time pass until `isSo`, looked at every 10 ms, and returns how long that took; `undefined`: not within `maxMs`. */
  runUntil(isSo: () => boolean, maxMs: number): number | undefined {
    const startMs = this.nowMs
    while (!isSo()) {
      if (this.nowMs - startMs >= maxMs) return undefined
      this.run(10)
    }
    return this.nowMs - startMs
  }

  #node(name: string): SimNode {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new TypeError(`${name} does not run`)
    return node
  }

  #contacts(): Contact[] {
    const running = [...this.#nodes.values()].flatMap(({ name, url }) =>
      url === undefined ? [] : [{ name, url }],
    )
    return this.#rng.shuffled(running).slice(0, this.#options.contacts ?? 16)
  }

  #feed(node: SimNode, input: Input): void {
    if (!node.isRunning) return
    node.inputs.push(input)
    if (node.isHandling) return
    node.isHandling = true
    for (let next = node.inputs.shift(); next !== undefined; next = node.inputs.shift()) {
      for (const effect of node.overlay.handle(next, this.nowMs)) this.#carryOut(node, effect)
    }
    node.isHandling = false
  }

  #carryOut(node: SimNode, effect: Effect): void {
    switch (effect.type) {
      case 'send': {
        const frame = encodeFrame(effect.message)
        for (const link of effect.links) this.#transmit(node.ends.get(link), effect.message.type, frame)
        break
      }
      case 'dial':
        this.#dial(node, effect.url)
        break
      case 'close': {
        const end = node.ends.get(effect.link)
        if (end !== undefined) this.#breakOff(end, effect.reason, true)
        break
      }
      case 'timer':
        this.#queue.plan(effect.afterMs, () => this.#feed(node, { type: 'timer', timer: effect.timer }))
        break
      case 'notify':
        this.#notices.push({ atMs: this.nowMs, node: node.process, notification: effect.notification })
    }
  }

  #transmit(end: End | undefined, type: Message['type'], frame: Uint8Array): void {
    if (end === undefined || !end.isOpen) return
    const count = this.sent.get(type) ?? { frames: 0, bytes: 0 }
    this.sent.set(type, { frames: count.frames + 1, bytes: count.bytes + frame.length })
    // A copy: the next relay patches the bytes that it received.
    const bytes = encodeBundle([frame])
    this.#queue.plan(end.latencyMs, () => {
      const other = end.other
      if (other === undefined || !other.isOpen || this.#isCut(end.node, other.node)) return
      const { messages, error } = decodeBundle(bytes)
      if (error !== undefined) throw new Error(`the codec does not read what it wrote: ${error}`)
      this.#feed(other.node, { type: 'received', link: other.link, messages })
    })
  }

  #dial(node: SimNode, url: string): void {
    const latencyMs = this.#latency()
    this.#queue.plan(latencyMs * 2, () => {
      const target = [...this.#nodes.values()].find((other) => other.url === url)
      if (target === undefined) this.#feed(node, { type: 'dial-failed', url })
      else if (this.#isCut(node, target)) {
        const restMs = this.#options.dialTimeoutMs ?? 2_000
        this.#queue.plan(restMs, () => this.#feed(node, { type: 'dial-failed', url }))
      } else if (node.isRunning) this.#connect(node, target, url, latencyMs)
    })
  }

  #connect(node: SimNode, target: SimNode, url: string, latencyMs: number): void {
    const end: End = { node, link: ++this.#lastId as LinkId, latencyMs, other: undefined, isOpen: true }
    const link = ++this.#lastId as LinkId
    const other: End = { node: target, link, latencyMs: this.#latency(), other: end, isOpen: true }
    end.other = other
    node.ends.set(end.link, end)
    target.ends.set(other.link, other)
    this.#feed(target, { type: 'link-open', link: other.link })
    this.#feed(node, { type: 'link-open', link: end.link, dialed: url })
  }

  /** Ends a connection at this end; the other end hears of it after what is on its way. */
  #breakOff(end: End, reason: Reason, tellOwner = false): void {
    if (!end.isOpen) return
    end.isOpen = false
    end.node.ends.delete(end.link)
    if (tellOwner)
      this.#queue.plan(0, () => this.#feed(end.node, { type: 'link-closed', link: end.link, reason }))
    this.#queue.plan(end.latencyMs, () => {
      const other = end.other
      if (other === undefined || !other.isOpen || this.#isCut(end.node, other.node)) return
      other.isOpen = false
      other.node.ends.delete(other.link)
      this.#feed(other.node, { type: 'link-closed', link: other.link, reason })
    })
  }

  #isCut(a: SimNode, b: SimNode): boolean {
    return (this.#sides.get(a.process) ?? 0) !== (this.#sides.get(b.process) ?? 0)
  }

  #latency(): number {
    const [min, max] = this.#options.latencyMs ?? [1, 20]
    return this.#rng.between(min * 1_000, max * 1_000) / 1_000
  }
}
