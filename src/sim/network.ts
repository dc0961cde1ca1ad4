// A simulated overlay: processes that run the production core on a medium, perhaps a bootstrap, and everything that can
// be done to them, in virtual time. Everything random comes from one seed, so a run can be replayed to the byte.
// It must not know protocol rules, nor reach into a machine.

import type { RegistrationTimes } from '../bootstrap/registration.ts'
import type { RegistryConfig } from '../bootstrap/registry-config.ts'
import type { CoreConfig } from '../core/config.ts'
import type { Input, Notification } from '../core/events.ts'
import { type Contact, type NodeName, parseNodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import { Rng } from '../core/rng.ts'
import { EventQueue } from './event-queue.ts'
import type { CrashOptions, Host } from './host.ts'
import { type CutOptions, Medium, type MediumOptions } from './medium.ts'
import { type ProcessObserver, SimProcess } from './process.ts'
import { SimBootstrap, SimRegistrant } from './rendezvous.ts'
import type { Amount } from './traffic.ts'

/** How a simulated network is set up. */
export interface SimOptions extends MediumOptions {
  readonly seed: number
  /** Contacts that a starting node is given when there is no bootstrap. Default 16. */
  readonly contacts?: number
  readonly config?: Partial<CoreConfig>
  /** Whether nodes find each other by a bootstrap. Default false: each is given random running ones as contacts. */
  readonly bootstrap?: boolean
  readonly registry?: Partial<RegistryConfig>
  readonly registration?: Partial<RegistrationTimes>
  /** Whether {@link SimNetwork.notices} are kept; a long run of many nodes takes them by `observer`. Default true. */
  readonly keepNotices?: boolean
  readonly observer?: ProcessObserver
}

/** How one node is set up. */
export interface SimNodeOptions {
  /** False for a node that cannot be dialled, as one without a listening port. Default true. */
  readonly dialable?: boolean
  /** Start time of the run; larger than at the last start unless a test wants a clock that went back. */
  readonly incarnation?: number
  /** How far the machine's date is ahead of the others'; behind when negative. Default 0. */
  readonly dateOffsetMs?: number
  /** How fast its clock runs. Default 1. */
  readonly clockRate?: number
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

interface Running {
  readonly process: SimProcess
  readonly registrant: SimRegistrant | undefined
  readonly contact: Contact | undefined
}

/** The date at the start of a run. */
const EPOCH_MS = 1_000_000

const BOOTSTRAP = { name: 'bootstrap', url: 'ws://bootstrap:5000/' }

/** See the head of the file. */
export class SimNetwork {
  readonly #options: SimOptions
  readonly #rng: Rng
  readonly #queue = new EventQueue()
  readonly #medium: Medium
  readonly #running = new Map<string, Running>()
  readonly #setUps = new Map<string, SimNodeOptions>()
  readonly #notices: SimNotice[] = []
  #bootstrap: SimBootstrap | undefined
  #lastId = 0
  #starts = 0

  constructor(options: SimOptions) {
    this.#options = options
    this.#rng = new Rng(options.seed)
    this.#medium = new Medium(this.#queue, new Rng(this.#rng.uint32()), options)
    if (options.bootstrap) this.startBootstrap()
  }

  /** What carries the messages, with the counters and the rarer faults. */
  get medium(): Medium {
    return this.#medium
  }

  /** Virtual time in ms. */
  get nowMs(): number {
    return this.#queue.nowMs
  }

  /** Frames and bytes that were sent so far, by message type: a frame to two links counts twice. */
  get sent(): ReadonlyMap<string, Amount> {
    return this.#medium.traffic.byType()
  }

  /** Everything that any node told its application so far, in order. */
  get notices(): readonly SimNotice[] {
    return this.#notices
  }

  /** The names of the nodes that run. */
  get names(): string[] {
    return [...this.#running.keys()]
  }

  /** The bootstrap that runs, if there is one. */
  get bootstrap(): SimBootstrap | undefined {
    return this.#bootstrap
  }

  /** A running process. @throws TypeError when it does not run. */
  process(name: string): SimProcess {
    return this.#find(name).process
  }

  /** The core of a running node. */
  overlay(name: string): Overlay {
    return this.process(name).overlay
  }

  /** Whether a bootstrap has this running node registered. */
  isRegistered(name: string): boolean {
    return this.#find(name).registrant?.isRegistered ?? false
  }

  // Processes come and go.

  /** Starts a node, which registers with the bootstrap, or is given some random running nodes as contacts. */
  start(name: string, options: SimNodeOptions = {}): void {
    const claimed = parseNodeName(options.claims ?? name)
    if (claimed === undefined || this.#running.has(name)) throw new TypeError(`cannot start ${name}`)
    this.#setUps.set(name, options)
    const url = options.dialable === false ? undefined : `ws://${name}:5000/`
    const contacts = this.#contacts()
    const process = this.#process(name, claimed, url)
    process.feed({ type: 'start' })
    const registrant = this.#options.bootstrap ? this.#register(process) : undefined
    const contact = url === undefined ? undefined : { name: claimed, url }
    this.#running.set(name, { process, registrant, contact })
    if (registrant === undefined) process.feed({ type: 'contacts', contacts })
  }

  /** Ends a process without a word. */
  crash(name: string, options?: CrashOptions): void {
    const { process, registrant } = this.#find(name)
    this.#running.delete(name)
    process.crash(options)
    registrant?.crash(options)
  }

  /** A node leaves as it should. @throws TypeError while it stands still */
  leave(name: string): void {
    const { process, registrant } = this.#find(name)
    process.leave()
    this.#running.delete(name)
    registrant?.leave()
  }

  /** Starts a node again, set up as it was but for `options` and its incarnation; crashes it first when it still runs. */
  restart(name: string, options: SimNodeOptions = {}): void {
    if (this.#running.has(name)) this.crash(name)
    const { incarnation, ...before } = this.#setUps.get(name) ?? {}
    this.start(name, { ...before, ...options })
  }

  /** The bootstrap starts, and knows nobody. */
  startBootstrap(): void {
    if (this.#bootstrap !== undefined) throw new TypeError('a bootstrap runs already')
    const config = this.#options.registry
    this.#bootstrap = new SimBootstrap(this.#medium, { ...BOOTSTRAP, seed: this.#rng.uint32(), config })
  }

  /** The bootstrap is gone without a word. */
  crashBootstrap(options?: CrashOptions): void {
    if (this.#bootstrap === undefined) throw new TypeError('no bootstrap runs')
    this.#bootstrap.crash(options)
    this.#bootstrap = undefined
  }

  // Faults

  /** Cuts the network into sides: what crosses waits. Nodes that are not named are on the first side. */
  partition(...sides: readonly (readonly string[])[]): void {
    this.#medium.partition(sides)
  }

  /** Ends the partition. */
  heal(): void {
    this.#medium.heal()
  }

  /** Breaks the link between two nodes, as a reset connection does. */
  cut(a: string, b: string, options?: CutOptions): void {
    this.#medium.cut(a, b, options)
  }

  /** What one node sends to another on their present link vanishes, and neither is told. */
  silence(from: string, to: string): void {
    this.#medium.silence(from, to)
  }

  /** The present link between two nodes goes silent in both directions, and neither is told. */
  halfOpen(a: string, b: string): void {
    this.#medium.halfOpen(a, b)
  }

  /** A process stands still for a while, its timers too. */
  pause(name: string, ms: number): void {
    for (const host of this.#hosts(name)) host.pause(ms)
  }

  /** A process reads at most this much in a second; `undefined`: as much as comes. */
  slow(name: string, bytesPerS: number | undefined): void {
    for (const host of this.#hosts(name)) host.slow(bytesPerS)
  }

  /** Dials fail with this probability from now on. */
  failDials(probability: number): void {
    this.#medium.failDials(probability)
  }

  /** Nobody gets an answer from this node any more when dialling it; or again. */
  firewall(name: string, isFirewalled: boolean): void {
    for (const host of this.#hosts(name)) host.isFirewalled = isFirewalled
  }

  // What applications do

  /** Sends a direct message; the outcome comes as a notice with the id that is returned. */
  send(from: string, to: string, payload: Uint8Array, deadlineMs?: number): number {
    const id = ++this.#lastId
    const input = { type: 'send', id, to: to as NodeName, payload } as const
    this.feed(from, deadlineMs === undefined ? input : { ...input, deadlineMs })
    return id
  }

  /** Broadcasts. */
  broadcast(from: string, payload: Uint8Array): number {
    const id = ++this.#lastId
    this.feed(from, { type: 'broadcast', id, payload })
    return id
  }

  /** Hands a node an input of any kind. */
  feed(name: string, input: Input): void {
    this.process(name).feed(input)
  }

  // Time

  /** Lets time pass. */
  run(ms: number): void {
    this.#queue.runTo(this.nowMs + ms)
  }

  /** Runs the next event, whenever that is; false when there is none. */
  step(): boolean {
    return this.#queue.step()
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

  #find(name: string): Running {
    const running = this.#running.get(name)
    if (running === undefined) throw new TypeError(`${name} does not run`)
    return running
  }

  #hosts(name: string): Host[] {
    const { process, registrant } = this.#find(name)
    return registrant === undefined ? [process.host] : [process.host, registrant.host]
  }

  #process(name: string, claimed: NodeName, url: string | undefined): SimProcess {
    const { config, observer, keepNotices = true } = this.#options
    const { incarnation, dateOffsetMs = 0, clockRate } = this.#setUps.get(name) as SimNodeOptions
    const dateMs = EPOCH_MS + Math.floor(this.nowMs) + dateOffsetMs
    const identity = {
      name: claimed,
      incarnation: incarnation ?? Math.max(1, dateMs + this.#starts),
      instance: `run-${++this.#starts}`,
      ...(url === undefined ? {} : { url }),
    }
    return new SimProcess(this.#medium, {
      ...observer,
      name,
      identity,
      seed: this.#rng.uint32(),
      config,
      clockRate,
      onNotice: (process, notification) => {
        if (keepNotices) this.#notices.push({ atMs: this.nowMs, node: name, notification })
        observer?.onNotice?.(process, notification)
      },
    })
  }

  #register(process: SimProcess): SimRegistrant {
    return new SimRegistrant(this.#medium, {
      name: process.name,
      urls: [BOOTSTRAP.url],
      hello: () => process.overlay.hello(),
      seed: this.#rng.uint32(),
      times: this.#options.registration,
      onContacts: (contacts) => process.feed({ type: 'contacts', contacts }),
      onNameTaken: (detail) => this.#nameTaken(process, detail),
    })
  }

  /** The bootstrap refuses the name: as a node, the process tells so and leaves. */
  #nameTaken(process: SimProcess, detail: string): void {
    process.tell({ type: 'stopped', reason: 'name-taken', detail })
    if (this.#running.get(process.name)?.process === process) this.leave(process.name)
  }

  /** Some random running nodes that can be dialled, none twice. */
  #contacts(): Contact[] {
    const listed: Contact[] = []
    if (this.#options.bootstrap) return listed
    for (const { contact } of this.#running.values()) if (contact !== undefined) listed.push(contact)
    const count = Math.min(this.#options.contacts ?? 16, listed.length)
    // The first steps of a shuffle: only what is taken is drawn.
    for (let place = 0; place < count; place++) {
      const other = this.#rng.between(place, listed.length - 1)
      const swap = listed[place] as Contact
      listed[place] = listed[other] as Contact
      listed[other] = swap
    }
    return listed.slice(0, count)
  }
}
