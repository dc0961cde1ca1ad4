// The test kit's door, and all of a test network that programs see: nodes in memory with the interface of real ones, on
// virtual time, and everything that can happen to them. It must not decide what a node does: the engine of `src/node`
// runs here as it does in production, in a world of its own.

import { Rng } from '../core/rng.ts'
import type { Node } from '../node/node.ts'
import type { NodeOptions } from '../node/options.ts'
import { EventQueue } from '../sim/event-queue.ts'
import { Medium } from '../sim/medium.ts'
import type { TestNetworkErrorCode } from './complaint.ts'
import { Flow } from './flow.ts'
import { showNetwork } from './inside.ts'
import { checkOptions, type TestNetworkOptions, type TestNetworkSettings } from './options.ts'
import { type Member, Roster } from './roster.ts'
import { unsettled } from './settling.ts'

export type { TestNetworkErrorCode } from './complaint.ts'
export type { TestNetworkOptions } from './options.ts'
export type { TestNetwork }

/** Misuse of a test network, or a promise that cannot settle. The message ends with the virtual time and the seed. */
export class TestNetworkError extends Error {
  override readonly name = 'TestNetworkError'
  readonly code: TestNetworkErrorCode

  constructor(code: TestNetworkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Options that nodes which are started together can have in common. */
export type StartOptions = Omit<NodeOptions, 'name' | 'url'>

/** How {@link TestNetwork.until} waits. */
export interface UntilOptions {
  /** What is waited for, for the error. Default: the text of the condition. */
  readonly what?: string
  /** How long, in virtual time. Default: the network's `patienceMs`. */
  readonly limitMs?: number
}

/** How a node crashes. */
export interface CrashOptions {
  /** Nobody is told: the links only go silent, as when a machine loses its power. Default false: they break. */
  readonly silent?: boolean
}

/** How long nothing may have come or gone, as for `settled()` of a node. */
const QUIET_MS = 1_000
/** How often a quiet network is looked at. */
const LOOK_MS = 100

/** Makes a network without nodes. @throws TestNetworkError `invalid-option` */
export function createTestNetwork(options: TestNetworkOptions = {}): TestNetwork {
  return new TestNetwork(checkOptions(options, (text) => new TestNetworkError('invalid-option', text)))
}

/**
 * Nodes in memory, on virtual time. Time stands still unless a promise of the network or of one of its nodes is pending;
 * then it flies from event to event, without any real waiting, and the program gets its turn between two events.
 * Misuse throws a {@link TestNetworkError}, or rejects with it.
 */
class TestNetwork {
  /** Repeats the run. */
  readonly seed: number
  readonly #patienceMs: number
  readonly #queue = new EventQueue()
  readonly #flow: Flow
  readonly #medium: Medium
  readonly #roster: Roster
  #changedMs = 0
  #closed: Promise<void> | undefined

  /** Use {@link createTestNetwork}. */
  constructor({ seed, patienceMs, config, medium }: TestNetworkSettings) {
    const rng = new Rng(seed)
    this.seed = seed
    this.#patienceMs = patienceMs
    this.#medium = new Medium(this.#queue, new Rng(rng.uint32()), medium)
    this.#flow = new Flow(this.#queue, this.#complain)
    this.#roster = new Roster({
      ground: { medium: this.#medium, flow: this.#flow, complain: this.#complain, patienceMs },
      rng,
      config,
      onChange: () => this.#touch(),
    })
    showNetwork(this, { queue: this.#queue, medium: this.#medium, flow: this.#flow, roster: this.#roster })
  }

  /** Virtual time since the network was made, in ms. */
  get nowMs(): number {
    return this.#queue.nowMs
  }

  /** The nodes that run, in the order in which their names were first started. */
  get nodes(): Node[] {
    return this.#roster.running.map(({ node }) => node)
  }

  /** The running node of this name. @throws TestNetworkError `unknown-node` or `not-running`, or `closed` as all calls do */
  node(name: string): Node {
    this.#checkOpen()
    return this.#roster.runningMember(name).node
  }

  // Nodes come and go.

  /**
   * Starts a node: to be given to programs in place of the real `createNode`. All of the node is real but what is outside
   * of it: the network is its one bootstrap, always within reach, so that `health().registered` is true as soon as time
   * flows, and the addresses in `bootstrap` are only checked. `peers` and `url` are addresses in the network, which makes
   * one up for a node without. With `listen: false` it cannot be dialled. `port` is the one asked for, or 5000, and
   * nobody listens there. There are no plain HTTP peers and no guests; `host` and `link` have no effect.
   * Default of `name`: `node1`, `node2` … whichever was never used.
   * @throws HearsayError for options that are wrong; TestNetworkError `name-taken` or `url-taken`
   */
  readonly createNode = async (options: NodeOptions = {}): Promise<Node> => {
    this.#checkOpen()
    const [node] = this.#roster.start([options])
    return node as Node
  }

  /**
   * Starts nodes, all with the same options: those of these names, or so many with the next free names `node1`,
   * `node2` … They do not know each other before time flows: see {@link settled}. Rejects as {@link createNode} does, and
   * has started none then.
   */
  async start<const N extends readonly string[] | number>(
    names: N,
    options: StartOptions = {},
  ): Promise<N extends readonly string[] ? { -readonly [K in keyof N]: Node } : Node[]> {
    this.#checkOpen()
    return this.#roster.start(this.#optionsOfEach(names, options)) as Awaited<
      ReturnType<typeof this.start<N>>
    >
  }

  /**
   * A node's process is gone, without a word to anybody. So is its program, as far as it waits for the node: promises
   * that it was given are never settled. See {@link restart}.
   */
  crash(name: string, { silent = false }: CrashOptions = {}): void {
    this.#checkOpen()
    this.#roster.crash(name, !silent)
  }

  /** Starts a node that was closed or has crashed again, as it was started last. Resolves with the new one. */
  async restart(name: string): Promise<Node> {
    this.#checkOpen()
    return this.#roster.restart(name)
  }

  /** Closes all nodes, and ends the network. What the test waits for meanwhile rejects with `closed`. Always resolves. */
  close(): Promise<void> {
    // Not at once: a listener may call this, in the middle of the work of a node.
    this.#closed ??= Promise.resolve().then(() => this.#end())
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // Time.

  /** Lets time pass. */
  advance(ms: number): Promise<void> {
    this.#checkOpen()
    this.#checkTime('advance', ms)
    const over = new Promise<void>((resolve) => this.#queue.plan(ms, resolve))
    return this.#wait(over, { call: 'advance()', limitMs: Number.POSITIVE_INFINITY })
  }

  /**
   * A way to sleep for the program of a node: what it returns resolves after that much virtual time, and lets none pass
   * by itself. Nobody wakes up whose node has crashed meanwhile, or when the network is closed.
   * @param name of the node, which need not be there yet
   */
  sleepOf(name: string): (ms: number) => Promise<void> {
    return (ms) => {
      this.#checkTime('sleepOf', ms)
      const isAlive = this.#roster.lifeOf(name)
      return new Promise((resolve) =>
        this.#queue.plan(ms, () => {
          if (isAlive() && this.#closed === undefined) resolve()
        }),
      )
    }
  }

  /**
   * Lets time pass until `condition` is true; it is asked between events, so it should be quick, and cannot wait for
   * anything itself. An error that it throws is what the promise rejects with.
   */
  until(condition: () => boolean, { what, limitMs = this.#patienceMs }: UntilOptions = {}): Promise<void> {
    this.#checkOpen()
    this.#checkTime('until', limitMs)
    if (typeof condition !== 'function') {
      throw this.#complain(
        'invalid-option',
        `until: expected a function that gives true or false, not ${condition}`,
      )
    }
    const met = Promise.withResolvers<void>()
    const look = () => {
      try {
        const found: unknown = condition()
        if (found instanceof Promise)
          throw this.#complain('invalid-option', 'until: the condition gave a promise')
        if (!found) return false
        met.resolve()
      } catch (error) {
        met.reject(error)
      }
      return true
    }
    return this.#wait(met.promise, { call: `until(${what ?? condition})`, limitMs, look })
  }

  /**
   * Lets time pass until the network has come to rest: every node has all that it can reach as its peers and no others,
   * all see the same links, and for a second no peer and no link has come or gone. In a partition that is so on each
   * side for itself. What nobody has noticed yet does not count: {@link silence}, {@link pause}.
   */
  settled(): Promise<void> {
    this.#checkOpen()
    const rest = Promise.withResolvers<void>()
    let nextMs = 0
    const look = () => {
      const { nowMs } = this.#queue
      const isDue = nowMs >= Math.max(nextMs, this.#changedMs + QUIET_MS) || this.#roster.isEmpty
      if (!isDue) return false
      nextMs = nowMs + LOOK_MS
      if (this.#unsettled() !== undefined) return false
      rest.resolve()
      return true
    }
    const why = () => this.#unsettled() ?? 'peers or links come and go'
    return this.#wait(rest.promise, { call: 'settled()', limitMs: this.#patienceMs, look, why })
  }

  // What can go wrong.

  /**
   * Cuts the network into sides that cannot reach each other; nodes that are not named are on one more side, together.
   * Takes the place of the partition before. Links across it go silent; what is under way comes through after
   * {@link heal}, if the link still is.
   */
  partition(...sides: readonly (readonly string[])[]): void {
    this.#checkOpen()
    const seen = new Set<string>()
    for (const side of sides) {
      // A list of lists in place of several lists is the likely mistake of callers without types.
      if (!Array.isArray(side) || side.some((name) => typeof name !== 'string')) {
        throw this.#complain('invalid-option', `partition: ${JSON.stringify(side)} is not a list of names`)
      }
      for (const name of side) {
        this.#roster.member(name)
        if (seen.has(name)) throw this.#complain('invalid-option', `partition: ${name} is named twice`)
        seen.add(name)
      }
    }
    this.#medium.partition([[], ...sides])
    this.#touch()
  }

  /** Ends the partition. */
  heal(): void {
    this.#checkOpen()
    this.#medium.heal()
    this.#touch()
  }

  /**
   * Breaks the link between two nodes, as a reset does. What is on its way on it is lost; they may link again.
   * @throws TestNetworkError `no-link`, as not every node is linked to every other: see `neighbors()` of a node
   */
  cut(a: string, b: string): void {
    this.#checkPair('cut', a, b)
    this.#medium.cut(a, b)
    this.#touch()
  }

  /**
   * The link between two nodes that there is now only goes silent: what is sent on it vanishes, and nobody is told.
   * The nodes find out by the heartbeats that they miss, after about 6 s with the default settings.
   * @throws TestNetworkError `no-link`, as {@link cut}
   */
  silence(a: string, b: string): void {
    this.#checkPair('silence', a, b)
    this.#medium.halfOpen(a, b)
    this.#touch()
  }

  /** A running node reads at most this much in a second; `Infinity`: as much as comes. */
  slow(name: string, bytesPerSecond: number): void {
    this.#checkOpen()
    const { world } = this.#roster.runningMember(name)
    if (typeof bytesPerSecond !== 'number' || !(bytesPerSecond > 0)) {
      throw this.#complain('invalid-option', `slow: ${bytesPerSecond} is not a number of bytes above 0`)
    }
    world.host.slow(bytesPerSecond === Number.POSITIVE_INFINITY ? undefined : bytesPerSecond)
  }

  /**
   * A running node stands still for this long, as a process that is stopped: it reads nothing, learns nothing of its links,
   * and its timers wait. Its links stay, and others may make new ones to it. What its program asks of it meanwhile is done all the same.
   */
  pause(name: string, ms: number): void {
    this.#checkOpen()
    const { world } = this.#roster.runningMember(name)
    this.#checkTime('pause', ms)
    world.host.pause(ms)
    this.#touch()
  }

  // Inside.

  readonly #complain = (code: TestNetworkErrorCode, text: string, cause?: unknown): TestNetworkError => {
    const message = `${text} (at ${Math.round(this.#queue.nowMs)} ms, seed ${this.seed})`
    return new TestNetworkError(code, message, cause === undefined ? undefined : { cause })
  }

  #wait(
    promise: Promise<void>,
    how: { call: string; limitMs: number; look?: () => boolean; why?: () => string },
  ): Promise<void> {
    const { call, ...rest } = how
    return this.#flow.whilePending(promise, { what: call, owner: this, ...rest })
  }

  /** What keeps the first side that is not settled from being so. */
  #unsettled(): string | undefined {
    const sides = Map.groupBy(this.#roster.running, ({ world }) => world.host.side)
    for (const members of sides.values()) {
      const why = unsettled(members.map(({ node }) => node))
      if (why !== undefined) return why
    }
    return undefined
  }

  #touch(): void {
    this.#changedMs = this.#queue.nowMs
  }

  #checkPair(call: string, a: string, b: string): void {
    this.#checkOpen()
    const [one, other] = [a, b].map((name) => this.#roster.runningMember(name)) as [Member, Member]
    if (a === b) throw this.#complain('invalid-option', `${call}: ${a} has no link with itself`)
    // One of them may not know yet that theirs has ended: for its program it is there.
    if (this.#medium.isConnected(a, b) || areNeighbors(one, other)) return
    throw this.#complain('no-link', `${call}: there is no link between ${a} and ${b}${whyNoLink(one, other)}`)
  }

  #optionsOfEach(names: readonly string[] | number, options: StartOptions): NodeOptions[] {
    if (typeof names === 'number') {
      if (Number.isInteger(names) && names >= 0) return Array<StartOptions>(names).fill(options)
    } else if (Array.isArray(names)) {
      // What is no object at all is refused as it is, when the node is made.
      return names.map((name) => (typeof options === 'object' && options ? { ...options, name } : options))
    }
    throw this.#complain('invalid-option', `start: expected names of nodes or how many, not ${names}`)
  }

  #checkTime(call: string, ms: number): void {
    if (Number.isFinite(ms) && ms >= 0) return
    throw this.#complain('invalid-option', `${call}: ${ms} is not a time in ms`)
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw this.#complain('closed', 'the network was closed')
  }

  async #end(): Promise<void> {
    this.#flow.failOf(this, this.#complain('closed', 'the network was closed meanwhile'))
    await this.#roster.end()
    this.#flow.fail(this.#complain('closed', 'the network was closed meanwhile'))
  }
}

function areNeighbors(one: Member, other: Member): boolean {
  const has = ({ node }: Member, name: string): boolean => node.neighbors().some((they) => they.name === name)
  return has(one, other.node.name) || has(other, one.node.name)
}

/** What is likely to be behind it that two nodes are not linked. */
function whyNoLink(one: Member, other: Member): string {
  if (one.world.host.side !== other.world.host.side) return ': a partition is between them'
  const linked = [one, other].filter(({ node }) => node.neighbors().length > 0)
  if (linked.length < 2) return ': links are made when time flows, as in settled()'
  const [first] = linked
  const names = first?.node.neighbors().map(({ name }) => name) ?? []
  return `; ${first?.node.name} is linked to ${names.join(', ')}`
}
