// What the tests of the library build on: nodes and bootstraps on loopback and free ports, with a record of what each
// node told its program; whole overlays, on sockets or in memory; waiting for a condition. Everything that is opened here
// is closed after the test. It uses only what the package exports, and holds no assertions about the library.

import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Bootstrap,
  type BootstrapOptions,
  CORE_DEFAULTS,
  type CoreConfig,
  createBootstrap,
  createNode,
  type Node,
  type NodeMessage,
  type NodeOptions,
} from '../../src/index.ts'
import { createTestNetwork, type StartOptions, type TestNetwork } from '../../src/testing/test-network.ts'

/** Waits until `look` gives something that is true, and returns it; fails with `what` after the deadline. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | null,
  deadlineMs = 10_000,
): Promise<T> {
  const endMs = performance.now() + deadlineMs
  for (;;) {
    const found = look()
    if (found) return found
    if (performance.now() > endMs) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`)
    await delay(2)
  }
}

/** A node, and what it has told its program, in order. */
export class RecordedNode {
  readonly node: Node
  readonly messages: NodeMessage[] = []
  /** Names. */
  readonly joined: string[] = []
  /** `name reason`. */
  readonly left: string[] = []
  /** Names of neighbors, as their links came up. */
  readonly up: string[] = []
  /** `name reason`, as links went down. */
  readonly down: string[] = []
  readonly stopped: string[] = []

  constructor(node: Node) {
    this.node = node
    node.on('message', (message) => this.messages.push(message))
    node.on('peer-join', ({ name }) => this.joined.push(name))
    node.on('peer-leave', ({ name, reason }) => this.left.push(`${name} ${reason}`))
    node.on('neighbor-up', ({ name }) => this.up.push(name))
    node.on('neighbor-down', ({ name, reason }) => this.down.push(`${name} ${reason}`))
    node.on('stopped', ({ reason }) => this.stopped.push(reason))
  }

  get name(): string {
    return this.node.name
  }

  /** Where it is dialled. */
  get url(): string {
    return `ws://127.0.0.1:${this.node.port}`
  }

  /** Where it is asked. */
  get http(): string {
    return `http://127.0.0.1:${this.node.port}`
  }

  /** The values received, in order. */
  get values(): unknown[] {
    return this.messages.map(({ value }) => value)
  }

  get peerNames(): string[] {
    return this.node
      .peers()
      .map(({ name }) => name)
      .sort()
  }

  get neighborNames(): string[] {
    return this.node
      .neighbors()
      .map(({ name }) => name)
      .sort()
  }

  /** Waits until exactly these are its peers. */
  async knows(...names: string[]): Promise<void> {
    const wanted = names.sort().join()
    await until(`${this.name} knows ${wanted}`, () => this.peerNames.join() === wanted).catch((error) => {
      throw new Error(`${error.message}; it knows ${this.peerNames.join()}`)
    })
  }

  /** Waits until it has received a message with this value, and returns the message. */
  got(value: unknown): Promise<NodeMessage> {
    return until(`${this.name} gets ${JSON.stringify(value)}`, () =>
      this.messages.find((message) => message.value === value),
    )
  }
}

/** A node on loopback and a free port, closed after the test. */
export async function startNode(
  t: TestContext,
  name: string,
  options: NodeOptions = {},
): Promise<RecordedNode> {
  const node = await createNode({ name, host: '127.0.0.1', ...options })
  t.after(() => node.close())
  return new RecordedNode(node)
}

/** A bootstrap on loopback and a free port, closed after the test. */
export async function startBootstrap(t: TestContext, options: BootstrapOptions = {}): Promise<Bootstrap> {
  const bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1', ...options })
  t.after(() => bootstrap.close())
  return bootstrap
}

/**
 * Nodes that have found each other through one bootstrap: every one knows all others, and is linked to all unless
 * there are too many of them, or `config` says otherwise.
 */
export async function startOverlay(
  t: TestContext,
  bootstrap: Bootstrap,
  names: readonly string[],
  options: NodeOptions = {},
): Promise<RecordedNode[]> {
  const nodes = await Promise.all(
    names.map((name) => startNode(t, name, { bootstrap: [bootstrap.url], ...options })),
  )
  await allKnowAll(nodes)
  if (options.config === undefined && names.length <= CORE_DEFAULTS.meshNodesMax) await meshed(nodes)
  return nodes
}

/** Nodes in a test network that has settled, and what they tell from then on. */
export async function startInMemory(
  t: TestContext,
  names: readonly string[],
  options: StartOptions = {},
): Promise<{ net: TestNetwork; nodes: RecordedNode[] }> {
  const net = createTestNetwork()
  t.after(() => net.close())
  const started = await net.start(names, options)
  await net.settled()
  return { net, nodes: started.map((node) => new RecordedNode(node)) }
}

/** Waits until all of them see the links that there are: until then a message may take another way than the next one. */
export async function agreed(nodes: readonly RecordedNode[]): Promise<void> {
  const seenBy = ({ node }: RecordedNode): string => {
    const links = node.topology().links.map((pair) => pair.toSorted().join('-'))
    return links.toSorted().join(' ')
  }
  const ownOf = ({ node }: RecordedNode): string[] =>
    node.neighbors().map(({ name }) => [node.name, name].toSorted().join('-'))
  await until('all see the links that there are', () => {
    const there = [...new Set(nodes.flatMap(ownOf))].toSorted().join(' ')
    return nodes.every((node) => seenBy(node) === there)
  })
}

/** Waits until each of these nodes has a link to each other one. */
export async function meshed(nodes: readonly RecordedNode[]): Promise<void> {
  await until('everyone is linked to everyone', () =>
    nodes.every(({ node }) => node.neighbors().length === nodes.length - 1),
  )
}

/** Waits until each of these nodes has exactly the others as peers. */
export async function allKnowAll(nodes: readonly RecordedNode[]): Promise<void> {
  for (const { name, knows } of nodes.map((node) => ({ name: node.name, knows: node.knows.bind(node) }))) {
    await knows(...nodes.map((other) => other.name).filter((other) => other !== name))
  }
}

/** `prefix1` to `prefix<count>`. */
export function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)
}

/** So few links that a dozen nodes cannot all be neighbors: messages need relays. */
export const SPARSE: Partial<CoreConfig> = { meshNodesMax: 2, linksAim: 2, linksMin: 2, linksMax: 3 }
