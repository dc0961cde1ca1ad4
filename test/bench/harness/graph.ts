// Overlays made up for measuring the core: nodes with random links, and their records as links end and begin. The same
// each time.
// It must not measure.

import { type NodeName, type PeerRecord, parseNodeName } from '../../../src/core/messages.ts'
import { Rng } from '../../../src/core/rng.ts'

const INCARNATION = 1_795_438_603_746

/** The name of a node by its index. */
export const named = (index: number): NodeName => parseNodeName(`node${index}`) as NodeName

/** Nodes with random links, as sets of neighbors by index. The links of node 0 stay. */
export class Graph {
  /** By index: the neighbors. */
  readonly links: Set<number>[]
  readonly #versions: number[]
  readonly #rng = new Rng(1)

  /** @param links of each node, on average */
  constructor(size: number, links: number) {
    this.links = Array.from({ length: size }, () => new Set())
    this.#versions = this.links.map(() => 1)
    while (this.links[0]!.size < links) this.#link(0, this.#someone)
    for (let left = (size * links) / 2 - links; left > 0; left--) this.begin()
  }

  get #someone(): number {
    return this.#rng.between(1, this.links.length - 1)
  }

  /** A link begins between two nodes that have none; returns both. */
  begin(): [number, number] {
    for (;;) {
      const [a, b] = [this.#someone, this.#someone]
      if (a === b || this.links[a]!.has(b)) continue
      this.#link(a, b)
      return [a, b]
    }
  }

  /** A link ends; returns both. */
  end(): [number, number] {
    for (;;) {
      const a = this.#someone
      const b = this.#rng.pick([...this.links[a]!])
      if (b === undefined || b === 0) continue
      this.links[a]!.delete(b)
      this.links[b]!.delete(a)
      return [a, b]
    }
  }

  #link(a: number, b: number): void {
    this.links[a]!.add(b)
    this.links[b]!.add(a)
  }

  /** The record that this node publishes now. */
  record(index: number): PeerRecord {
    const links = [...this.links[index]!].map(named)
    const version = ++this.#versions[index]!
    const url = `ws://127.0.0.1:${5_001 + index}/`
    return {
      name: named(index),
      incarnation: INCARNATION,
      instance: `i${index}`,
      version,
      state: 'up',
      url,
      links,
    }
  }
}
