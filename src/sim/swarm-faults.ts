// What befalls a swarm: each kind of fault as something that can be done to it at any moment, and how all of it ends.
// It must not decide when, nor judge what comes of it.

import type { Rng } from '../core/rng.ts'
import { hostsOf, type SwarmNet, type SwarmNode } from './swarm-net.ts'
import { type FaultKind, SWARM_NODES_MAX, SWARM_SEEDS } from './swarm-plan.ts'

/** Fewer than this are not left running. */
const NODES_KEPT = 3
/** As a fault lasts at most; the last ones end with the safety phase. */
const LAST_MS = 12_000

/** See the head of the file. */
export class SwarmFaults {
  readonly #net: SwarmNet
  readonly #rng: Rng
  readonly #kinds: readonly FaultKind[]
  /** Processes that are down and come back, and those that are gone for good. */
  readonly #down = new Set<string>()
  readonly #gone = new Set<string>()
  #isPartitioned = false
  #hasRolled = false
  #isOver = false
  #extra = 0

  constructor(net: SwarmNet, rng: Rng) {
    this.#net = net
    this.#rng = rng
    this.#kinds = [...net.plan.kinds]
  }

  /** One fault, of a kind that this run has. */
  strike(): void {
    const kind = this.#rng.pick(this.#kinds)
    const node = this.#rng.pick(this.#net.nodes)
    if (kind === undefined || node === undefined) return
    this.#strike(kind, node)
  }

  /** All faults end, and who is to come back does. */
  calm(): void {
    this.#isOver = true
    const { medium, plan } = this.#net
    medium.heal()
    medium.failDials(0)
    if (plan.hasBootstrap) this.#net.startBootstrap()
    for (const host of this.#net.nodes.flatMap(hostsOf)) {
      host.isFirewalled = false
      host.slow(undefined)
      // Else somebody who stands still looks well until it is missed, and is gone once the network is at rest.
      host.resume()
    }
    for (const process of this.#down) this.#restart(process)
  }

  #strike(kind: FaultKind, node: SwarmNode): void {
    const { medium } = this.#net
    const { host } = node.process
    switch (kind) {
      case 'bootstrap-outage':
        this.#net.crashBootstrap()
        this.#later(() => {
          if (this.#net.plan.hasBootstrap) this.#net.startBootstrap()
        })
        break
      case 'crash':
        this.#takeDown(node, 'crash')
        break
      case 'leave':
        this.#takeDown(node, 'leave')
        break
      case 'rolling-restart':
        this.#roll()
        break
      case 'start-storm':
        this.#storm()
        break
      case 'duplicate-name':
        this.#duplicate(node)
        break
      case 'cut':
        this.#betweenNeighbors(node, (a, b) => medium.cut(a, b, { isLost: this.#rng.chance(0.5) }))
        break
      case 'half-open':
        this.#betweenNeighbors(node, (a, b) => medium.halfOpen(a, b))
        break
      case 'one-way-silence':
        this.#betweenNeighbors(node, (a, b) => medium.silence(a, b))
        break
      case 'partition':
        this.#partition(false)
        break
      case 'one-way-partition':
        this.#partition(true)
        break
      case 'dial-failures':
        medium.failDials(this.#rng.between(1, 9) / 10)
        this.#later(() => medium.failDials(0))
        break
      case 'firewall':
        host.isFirewalled = true
        this.#later(() => {
          host.isFirewalled = false
        })
        break
      case 'slow-reader':
        this.#slow(node)
        break
      case 'pause':
        this.#net.pause(node, this.#rng.between(10, this.#rng.chance(0.2) ? 10_000 : 1_000))
        break
      case 'older-clock':
        break // how a process comes back
    }
  }

  /** Runs something after a while, unless the faults are over by then: {@link calm} does it for all. */
  #later(run: () => void, ms = this.#rng.between(10, LAST_MS)): void {
    this.#net.queue.plan(ms, () => {
      if (!this.#isOver) run()
    })
  }

  #betweenNeighbors(node: SwarmNode, strike: (a: string, b: string) => void): void {
    const ends = hostsOf(node).flatMap((host) => [...host.ends])
    const end = this.#rng.pick(ends)
    if (end !== undefined) strike(node.process.name, end.other.name)
  }

  #slow(node: SwarmNode): void {
    const bytesPerS = this.#rng.between(500, 50_000)
    const hosts = hostsOf(node)
    for (const host of hosts) host.slow(bytesPerS)
    this.#later(() => {
      for (const host of hosts) host.slow(undefined)
    })
  }

  #partition(isOneWay: boolean): void {
    if (this.#isPartitioned) return
    this.#isPartitioned = true
    const names = this.#rng.shuffled(this.#net.nodes.map(({ process }) => process.name))
    const at = this.#rng.between(1, names.length)
    this.#net.medium.partition([names.slice(at), names.slice(0, at)], { isOneWay })
    this.#later(() => {
      this.#isPartitioned = false
      this.#net.medium.heal()
    })
  }

  /** Ends a process, and mostly starts it again after a while. */
  #takeDown(node: SwarmNode, how: 'crash' | 'leave'): void {
    if (this.#net.nodes.length <= NODES_KEPT) return
    const { name } = node.process
    if (how === 'leave') this.#net.leave(node)
    else this.#net.crash(node, { isTold: this.#rng.chance(0.7), isLost: this.#rng.chance(0.5) })
    if (this.#net.node(name) !== undefined) return
    const isGone = this.#rng.chance(0.3) && !isNamedByConfig(name)
    if (isGone) this.#gone.add(name)
    else {
      this.#down.add(name)
      this.#later(() => this.#restart(name), this.#rng.pick([0, 5, 200, 3_000, LAST_MS]))
    }
  }

  #restart(process: string): void {
    this.#down.delete(process)
    const [, claims] = /^(n\d+)-twin/.exec(process) ?? []
    const hasOlderClock = this.#net.plan.kinds.has('older-clock') && this.#rng.chance(0.5)
    this.#net.start(process, { hasOlderClock, ...(claims === undefined ? {} : { claims }) })
  }

  /** One after the other, as a new version is rolled out. */
  #roll(): void {
    if (this.#hasRolled) return
    this.#hasRolled = true
    const gapMs = this.#rng.between(50, 600)
    const how = this.#rng.chance(0.5) ? 'leave' : 'crash'
    for (const [index, node] of this.#net.nodes.entries()) {
      this.#later(() => {
        if (how === 'leave') this.#net.leave(node)
        else this.#net.crash(node)
        if (this.#net.node(node.process.name) === undefined) this.#restart(node.process.name)
      }, index * gapMs)
    }
  }

  #storm(): void {
    const room = SWARM_NODES_MAX - this.#net.nodes.length - this.#down.size
    const count = Math.min(room, this.#rng.between(1, 10))
    for (let started = 0; started < count; started++) {
      this.#net.start(`n${this.#net.plan.nodes + this.#extra++}`)
    }
  }

  /** A second process of a name that is there, or two of a new one at once: neither has been there for longer. */
  #duplicate(node: SwarmNode): void {
    if (this.#net.nodes.length >= SWARM_NODES_MAX) return
    const isNew = this.#rng.chance(0.5) || isNamedByConfig(node.name)
    const claims = isNew ? `n${this.#net.plan.nodes + this.#extra++}` : node.name
    const hasOlderClock = this.#net.plan.kinds.has('older-clock') && this.#rng.chance(0.5)
    this.#net.start(`${claims}-twin${++this.#extra}`, { claims, hasOlderClock })
    if (isNew) this.#later(() => this.#net.start(claims), this.#rng.between(0, 100))
  }
}

/** The places that everybody's configuration names are always there or come back: somebody may know no others. */
function isNamedByConfig(name: string): boolean {
  return SWARM_SEEDS.includes(name)
}
