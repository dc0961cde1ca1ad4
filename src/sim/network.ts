// A network in memory: nodes that run the production core and exchange really encoded frames, over links with latency,
// in virtual time. Everything random comes from one seed, so a run can be replayed to the byte.
// It must not know protocol rules, nor reach into a machine.

import type { CoreConfig } from '../core/config.ts'
import type { Effect, Input, Notification } from '../core/events.ts'
import { type Contact, type NodeName, parseNodeName } from '../core/messages.ts'
import { Overlay } from '../core/overlay.ts'
import { Rng } from '../core/rng.ts'
import { EventQueue } from './event-queue.ts'
import type { Host } from './host.ts'
import { Medium, type MediumOptions } from './medium.ts'
import type { Amount } from './traffic.ts'

/** How a simulated network is set up. */
export interface SimOptions extends MediumOptions {
  readonly seed: number
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

/** One running process. */
interface SimNode {
  /** What the network calls the process; the overlay may call it otherwise. */
  readonly process: string
  readonly name: NodeName
  readonly url: string | undefined
  readonly overlay: Overlay
  readonly host: Host
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
  readonly #medium: Medium
  readonly #notices: SimNotice[] = []
  #lastId = 0
  #starts = 0
  constructor(options: SimOptions) {
    this.#options = options
    this.#rng = new Rng(options.seed)
    this.#medium = new Medium(this.#queue, new Rng(this.#rng.uint32()), options)
  }

  /** Frames and bytes that were sent so far, by message type: a frame to two links counts twice. */
  get sent(): ReadonlyMap<string, Amount> {
    return this.#medium.traffic.byType()
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
    const host = this.#medium.host(name, {
      ...(url === undefined ? {} : { url }),
      feed: (event) => this.#feed(node, event),
    })
    const node: SimNode = {
      process: name,
      name: parsed,
      url,
      overlay,
      host,
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
    node.host.crash()
  }

  /** A node leaves as it should. */
  leave(name: string): void {
    const node = this.#node(name)
    this.#feed(node, { type: 'leave' })
    node.isRunning = false
    node.host.end()
    this.#nodes.delete(name)
  }

  /** Cuts the network into sides: what crosses is lost in silence. Nodes that are not named stay on side 0. */
  partition(...sides: readonly (readonly string[])[]): void {
    this.#medium.partition(sides)
  }

  /** Ends the partition. */
  heal(): void {
    this.#medium.heal()
  }

  /** Breaks the link between two nodes, as a reset connection does. */
  cut(a: string, b: string): void {
    this.#medium.cut(a, b)
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
      case 'send':
        node.host.send(effect)
        break
      case 'dial':
        node.host.dial(effect.url)
        break
      case 'close':
        node.host.close(effect.link, effect.reason)
        break
      case 'timer':
        this.#queue.plan(effect.afterMs, () => this.#feed(node, { type: 'timer', timer: effect.timer }))
        break
      case 'notify':
        this.#notices.push({ atMs: this.nowMs, node: node.process, notification: effect.notification })
    }
  }
}
