// An overlay that is not there: nodes, links, figures and messages by a seed, as lines for those who watch. It knows no
// sockets; fake-overlay-feed.ts brings them. Made for the topology page, in development and in tests.

import { Rng } from '../../src/core/rng.ts'
import type {
  MessageStep,
  NodeReport,
  OverlayChangeLine,
  OverlayLine,
  ReportsLine,
  SeenLink,
  SeenNode,
} from '../../src/guests/overlay-lines.ts'

/** Links that each node has, as hearsay aims at. */
const DEGREE = 6
/** Up to so many nodes everyone links to everyone. */
const FULL_MAX = 8

/** How the overlay is at the start. */
export interface FakeOverlayOptions {
  readonly nodes: number
  /** One node in each state, beside those that are up. */
  readonly hasAllStates?: boolean
  readonly seed?: number
}

interface Way {
  readonly via: string
  readonly hops: number
}

/** The overlay. */
export class FakeOverlay {
  readonly self = 'node1'
  readonly #rng: Rng
  readonly #nodes = new Map<string, SeenNode>()
  readonly #neighbors = new Map<string, Set<string>>()
  #named = 0
  #messages = 0

  constructor({ nodes, hasAllStates = false, seed = 1 }: FakeOverlayOptions) {
    this.#rng = new Rng(seed)
    for (let index = 0; index < nodes; index++) this.#add('up')
    this.#wire()
    if (hasAllStates) {
      this.#set({
        name: 'flask1',
        kind: 'http',
        state: 'up',
        url: 'http://flask1:8000',
        incarnation: 0,
        version: 0,
      })
      this.#set({
        name: 'flask2',
        kind: 'http',
        state: 'unreachable',
        url: 'http://flask2:8000',
        incarnation: 0,
        version: 0,
      })
      this.#add('joining', 'late')
      this.#add('unreachable', 'crashed')
      this.#add('leaving', 'going')
      this.#link('going', 'node2')
      this.#link('going', 'node3')
    }
  }

  /** All names of nodes that are up and have links. */
  get up(): string[] {
    return [...this.#nodes.values()]
      .filter(({ kind, state }) => kind === 'node' && state === 'up')
      .map(({ name }) => name)
  }

  /** All names of plain HTTP peers that are up. */
  get http(): string[] {
    return [...this.#nodes.values()]
      .filter(({ kind, state }) => kind === 'http' && state === 'up')
      .map(({ name }) => name)
  }

  /** A number below `bound`. */
  below(bound: number): number {
    return this.#rng.below(bound)
  }

  /** All that is known. */
  line(atMs: number): OverlayLine {
    return { event: 'overlay', atMs, self: this.self, nodes: [...this.#nodes.values()], links: this.#links() }
  }

  /** One more node, linked to some. */
  join(atMs: number): OverlayChangeLine {
    const name = this.#add('up')
    const others = this.up.filter((other) => other !== name)
    const linksUp: SeenLink[] = []
    for (let count = 0; count < DEGREE && others.length > 0; count++) {
      const [other] = others.splice(this.#rng.below(others.length), 1)
      if (other !== undefined) linksUp.push(this.#link(name, other))
    }
    return change(atMs, { nodes: [this.#nodes.get(name) as SeenNode], linksUp })
  }

  /** A node goes; `leaving` says so, `unreachable` does not. */
  leave(atMs: number, name: string, state: 'leaving' | 'unreachable'): OverlayChangeLine {
    const linksDown = this.#links().filter((link) => link.includes(name))
    for (const [a, b] of linksDown) this.#unlink(a, b)
    const node = this.#nodes.get(name)
    if (node === undefined) return change(atMs, {})
    this.#set({ ...node, state, version: node.version + 1 })
    return change(atMs, { nodes: [this.#nodes.get(name) as SeenNode], linksDown })
  }

  /** A node is forgotten. */
  forget(atMs: number, name: string): OverlayChangeLine {
    const linksDown = this.#links().filter((link) => link.includes(name))
    for (const [a, b] of linksDown) this.#unlink(a, b)
    this.#nodes.delete(name)
    return change(atMs, { gone: [name], linksDown })
  }

  /** What all nodes say of themselves. */
  reports(atMs: number): ReportsLine {
    const reports = this.up.map((node) => this.#report(node))
    return { event: 'reports', atMs, everyMs: 2_000, reports }
  }

  /** The steps of a direct message over a shortest path; none where there is no way. */
  direct(origin: string, destination: string, traceparent?: string): MessageStep[] {
    const ways = this.#ways(origin)
    if (!ways.has(destination)) return []
    const id = `${origin}/1/${++this.#messages}/${destination}`
    const steps: MessageStep[] = []
    for (let at = destination; at !== origin; ) {
      const way = ways.get(at) as Way
      const rest = { id, origin, destination, at, via: way.via, hops: way.hops, bytes: 64 }
      steps.unshift({ kind: 'direct', ...rest, ...(traceparent === undefined ? {} : { traceparent }) })
      at = way.via
    }
    return steps
  }

  /** The steps of a broadcast over a tree of shortest paths. */
  broadcast(origin: string, traceparent?: string): MessageStep[] {
    const id = `${origin}/1/${++this.#messages}`
    return [...this.#ways(origin)]
      .filter(([at]) => at !== origin)
      .map(([at, { via, hops }]) => ({
        kind: 'broadcast',
        id,
        origin,
        at,
        via,
        hops,
        bytes: 128,
        ...(traceparent === undefined ? {} : { traceparent }),
      }))
  }

  /** Whether a node is known, in whatever state. */
  node(name: string): SeenNode | undefined {
    return this.#nodes.get(name)
  }

  /** The neighbors of a node. */
  neighbors(name: string): number {
    return this.#neighbors.get(name)?.size ?? 0
  }

  #ways(origin: string): Map<string, Way> {
    const ways = new Map<string, Way>([[origin, { via: origin, hops: 0 }]])
    const queue = [origin]
    for (const at of queue) {
      const hops = (ways.get(at)?.hops ?? 0) + 1
      for (const next of this.#neighbors.get(at) ?? []) {
        if (ways.has(next)) continue
        ways.set(next, { via: at, hops })
        queue.push(next)
      }
    }
    return ways
  }

  #report(node: string): NodeReport {
    const busy = this.#rng.below(4)
    const links = [...(this.#neighbors.get(node) ?? [])].map((to) => ({
      to,
      rttMs: 0.4 + this.#rng.below(400) / 100 + (this.#rng.below(20) === 0 ? 40 : 0),
      queuedBytes: this.#rng.below(30) === 0 ? 800 * 4 ** this.#rng.below(5) : 0,
      messagesPerS: busy === 0 ? this.#rng.below(300) / 3 : this.#rng.below(40) / 10,
      bytesPerS: 200 + this.#rng.below(4_000),
    }))
    return {
      node,
      sent: { delivered: 1_200 + this.#rng.below(500), 'no-route': this.#rng.below(3) },
      received: { direct: 1_100 + this.#rng.below(500), broadcast: 310 },
      relayed: 5_000 + this.#rng.below(2_000),
      dropped: this.#rng.below(3) === 0 ? { 'queue-full': 1 + this.#rng.below(9), expired: 2 } : {},
      links,
    }
  }

  #wire(): void {
    const names = [...this.#nodes.keys()]
    if (names.length <= FULL_MAX) {
      for (const a of names) for (const b of names) if (a < b) this.#link(a, b)
      return
    }
    // A ring keeps all connected; random links make the rest of the degree.
    for (const [index, name] of names.entries()) this.#link(name, names[(index + 1) % names.length] as string)
    for (const name of names) {
      for (let tries = 0; tries < 40 && this.neighbors(name) < DEGREE - 1; tries++) {
        const other = names[this.#rng.below(names.length)] as string
        if (other !== name && this.neighbors(other) < DEGREE + 1) this.#link(name, other)
      }
    }
  }

  #add(state: SeenNode['state'], called?: string): string {
    const index = called === undefined ? ++this.#named : 0
    const name = called ?? `node${index}`
    const tags = index % 5 === 0 ? ['zone-b', 'sensor'] : ['zone-a']
    const topics = index % 7 === 0 ? ['weather/#'] : []
    this.#set({
      name,
      kind: 'node',
      state,
      url: `ws://${name}:5000`,
      tags,
      topics,
      incarnation: 1_790_000_000_000 + index * 1_000,
      version: 3 + this.#rng.below(20),
    })
    return name
  }

  #set(node: SeenNode): void {
    this.#nodes.set(node.name, node)
    if (!this.#neighbors.has(node.name)) this.#neighbors.set(node.name, new Set())
  }

  #link(a: string, b: string): SeenLink {
    this.#neighbors.get(a)?.add(b)
    this.#neighbors.get(b)?.add(a)
    return a < b ? [a, b] : [b, a]
  }

  #unlink(a: string, b: string): void {
    this.#neighbors.get(a)?.delete(b)
    this.#neighbors.get(b)?.delete(a)
  }

  #links(): SeenLink[] {
    const links: SeenLink[] = []
    for (const [a, others] of this.#neighbors) for (const b of others) if (a < b) links.push([a, b])
    return links
  }
}

/** A change line; what is not given has not changed. */
export function change(atMs: number, parts: Partial<OverlayChangeLine>): OverlayChangeLine {
  return { event: 'overlay-change', nodes: [], gone: [], linksUp: [], linksDown: [], ...parts, atMs }
}

/** A node that is up; what is not given is as of one that has just started. */
export function seenNode(name: string, more: Partial<SeenNode> = {}): SeenNode {
  return { name, kind: 'node', state: 'up', incarnation: 1, version: 1, ...more }
}
