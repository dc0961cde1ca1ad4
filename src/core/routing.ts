// Routes: for every node the neighbors through which the shortest paths lead, and a way around through another one.
// It must not look at messages or send anything. Computed as a whole from the directory's edges; never changed in part.
//
// R1  a neighbor is a first hop towards a node when a shortest path of edges begins with it
// R2  a pair (origin, destination) takes the same one of several first hops as long as the routes stay, and different
//     pairs spread over them
// R3  no path leads through this node
//
// Breadth-first search is Dijkstra's with equal costs (OSPF, RFC 2328 section 16); the second first hop is what
// IP fast reroute calls a loop-free alternate, without its guarantee: hopsLeft bounds what a stale view may do.

import type { Directory, Entry } from './directory.ts'
import { hashPair } from './hash.ts'
import type { LinkId, NodeName } from './messages.ts'

/** A neighbor at the time the routes were computed. */
export interface Neighbor {
  readonly name: NodeName
  readonly link: LinkId
}

/** Bits of an unsigned 32-bit set that a JavaScript number can hold without a sign. */
export const NEIGHBORS_MAX = 31

/** See the head of the file. */
export class Routes {
  #neighbors: readonly Neighbor[] = []
  /** By slot: links to travel; 0: not reached. */
  #distances = new Uint16Array(0)
  /** By slot: the set of first hops of shortest paths, a bit for each neighbor. */
  #firstHops = new Uint32Array(0)
  /** By slot: two different first hops, the better one first, as neighbor index + 1; 0: none. */
  #nearest = new Uint8Array(0)
  #second = new Uint8Array(0)

  /** Work of the last computation in edges looked at: what its cost is estimated by. */
  edgesVisited = 0

  /** Computes all routes anew. @param neighbors at most {@link NEIGHBORS_MAX}; further ones are not used. */
  compute(directory: Directory, neighbors: readonly Neighbor[]): void {
    this.#neighbors = neighbors.slice(0, NEIGHBORS_MAX)
    const slots = directory.slotsEnd
    this.#distances = new Uint16Array(slots)
    this.#firstHops = new Uint32Array(slots)
    this.#nearest = new Uint8Array(slots)
    this.#second = new Uint8Array(slots)
    this.edgesVisited = 0
    const starts = this.#neighbors.map((neighbor) => directory.get(neighbor.name))
    this.#findShortest(directory, starts)
    this.#findSecond(directory, starts)
  }

  /** Links to travel to the node in this slot; 0 when no path leads there. */
  distance(slot: number): number {
    return this.#distances[slot] ?? 0
  }

  /** Whether paths lead to the node in this slot through two different neighbors. */
  hasDetour(slot: number): boolean {
    return (this.#second[slot] ?? 0) !== 0
  }

  /**
   * The neighbor to hand a message to: one of the best that `usable` accepts, else a second best, else `undefined`.
   * @param usable false for a neighbor whose link is gone, from whom the message came, or who refused it.
   */
  nextHop(
    origin: NodeName,
    destination: Entry,
    usable: (neighbor: Neighbor) => boolean,
  ): Neighbor | undefined {
    const best: Neighbor[] = []
    let bits = this.#firstHops[destination.slot] ?? 0
    for (let index = 0; bits !== 0; index++, bits >>>= 1) {
      const neighbor = this.#neighbors[index]
      if ((bits & 1) === 1 && neighbor !== undefined && usable(neighbor)) best.push(neighbor)
    }
    if (best.length === 1) return best[0]
    if (best.length > 1) return best[hashPair(origin, destination.record.name) % best.length]
    for (const index of [this.#nearest[destination.slot] ?? 0, this.#second[destination.slot] ?? 0]) {
      const neighbor = this.#neighbors[index - 1]
      if (neighbor !== undefined && usable(neighbor)) return neighbor
    }
    return undefined
  }

  #findShortest(directory: Directory, starts: readonly (Entry | undefined)[]): void {
    const own = directory.own.slot
    const queue: Entry[] = []
    starts.forEach((entry, index) => {
      if (entry === undefined || entry.record.state === 'leaving') return
      this.#distances[entry.slot] = 1
      this.#firstHops[entry.slot] = (1 << index) >>> 0
      queue.push(entry)
    })
    for (let head = 0; head < queue.length; head++) {
      const entry = queue[head] as Entry
      const distance = (this.#distances[entry.slot] as number) + 1
      const firstHops = this.#firstHops[entry.slot] as number
      const edges = directory.edges(entry)
      this.edgesVisited += edges.length
      for (const next of edges) {
        if (next.slot === own) continue
        const known = this.#distances[next.slot] as number
        if (known === 0) {
          this.#distances[next.slot] = distance
          this.#firstHops[next.slot] = firstHops
          queue.push(next)
        } else if (known === distance) {
          this.#firstHops[next.slot] = ((this.#firstHops[next.slot] as number) | firstHops) >>> 0
        }
      }
    }
  }

  /** A breadth-first search that visits each node twice, the second time through another neighbor. */
  #findSecond(directory: Directory, starts: readonly (Entry | undefined)[]): void {
    const own = directory.own.slot
    const queue: { entry: Entry; via: number }[] = []
    const visit = (entry: Entry, via: number): void => {
      const nearest = this.#nearest[entry.slot]
      if (nearest === 0) this.#nearest[entry.slot] = via
      else if (nearest !== via && this.#second[entry.slot] === 0) this.#second[entry.slot] = via
      else return
      queue.push({ entry, via })
    }
    starts.forEach((entry, index) => {
      if (entry !== undefined && entry.record.state !== 'leaving') visit(entry, index + 1)
    })
    for (let head = 0; head < queue.length; head++) {
      const { entry, via } = queue[head] as { entry: Entry; via: number }
      for (const next of directory.edges(entry)) if (next.slot !== own) visit(next, via)
    }
  }
}
