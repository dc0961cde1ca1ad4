// Routes: for every node the neighbors through which the shortest paths lead, and a way around through another one.
// It must not look at messages or send anything, nor know when it is time (routes-on-demand.ts). Computed as a whole from
// the directory's edges; never changed in part.
//
// R1  a neighbor is a first hop towards a node when a shortest path of edges begins with it
// R2  a pair (origin, destination) takes the same one of several first hops as long as the routes stay, and different
//     pairs spread over them
// R3  no path leads through this node, nor through one that is to be gone around
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

/** Stands for a second first hop where none is wanted: larger than every neighbor index. */
const CLOSED = 255

/**
 * What is to be visited by a search: a slot, and the neighbor (index + 1) through which it was found. Each slot is there
 * at most twice. All searches share it, because one ends before another begins.
 */
let queuedSlots = new Int32Array(256)
let queuedHops = new Uint8Array(256)

/** See the head of the file. */
export class Routes {
  #neighbors: readonly Neighbor[] = []
  /** By slot: links to travel; 0: not reached. */
  #distances = new Int32Array(0)
  /** By slot: the set of first hops of shortest paths, a bit for each neighbor. */
  #firstHops = new Int32Array(0)
  /** By slot: two different first hops, the better one first, as neighbor index + 1; 0: none. */
  #nearest = new Uint8Array(0)
  #second = new Uint8Array(0)

  /** Work of the last computation in edges looked at: what its cost is estimated by. */
  edgesVisited = 0

  /**
   * Computes all routes anew.
   * @param neighbors at most {@link NEIGHBORS_MAX}; further ones are not used.
   * @param around slots of nodes that no path is to lead through, nor to.
   */
  compute(directory: Directory, neighbors: readonly Neighbor[], around: readonly number[] = []): void {
    this.#neighbors = neighbors.slice(0, NEIGHBORS_MAX)
    this.#clear(directory.slotsEnd)
    const starts = this.#enqueue(directory)
    // Closed to both visits, so that the search need not ask for them at each edge (R3).
    const closed = [directory.own.slot, ...around]
    for (const slot of closed) {
      this.#distances[slot] = -1
      this.#second[slot] = CLOSED
    }
    this.#search(directory, starts)
    for (const slot of closed) {
      this.#distances[slot] = 0
      this.#second[slot] = 0
    }
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

  #clear(slots: number): void {
    if (this.#distances.length < slots) {
      // Some room, or each node that joins would make them anew.
      const room = slots + (slots >> 2)
      this.#distances = new Int32Array(room)
      this.#firstHops = new Int32Array(room)
      this.#nearest = new Uint8Array(room)
      this.#second = new Uint8Array(room)
    } else {
      this.#distances.fill(0)
      this.#firstHops.fill(0)
      this.#nearest.fill(0)
      this.#second.fill(0)
    }
    if (queuedSlots.length < slots * 2) {
      queuedSlots = new Int32Array(slots * 4)
      queuedHops = new Uint8Array(slots * 4)
    }
  }

  /** Where the search begins: the neighbors. Returns how many there are. */
  #enqueue(directory: Directory): number {
    let count = 0
    this.#neighbors.forEach(({ name }, index) => {
      const entry = directory.get(name)
      if (entry === undefined || entry.record.state === 'leaving') return
      this.#distances[entry.slot] = 1
      this.#firstHops[entry.slot] = 1 << index
      this.#nearest[entry.slot] = index + 1
      queuedSlots[count] = entry.slot
      queuedHops[count++] = index + 1
    })
    return count
  }

  /**
   * A breadth-first search that visits each node twice, the second time through another neighbor. The first visit is on
   * a shortest path, and when it is worked off all other shortest paths to that node have been found too.
   */
  #search({ adjacency }: Directory, starts: number): void {
    const [distances, firstHops, nearest, second] = [
      this.#distances,
      this.#firstHops,
      this.#nearest,
      this.#second,
    ]
    let [end, edgesVisited] = [starts, 0]
    for (let head = 0; head < end; head++) {
      const slot = queuedSlots[head] as number
      const via = queuedHops[head] as number
      const degree = adjacency.degree(slot)
      edgesVisited += degree
      const isFirst = nearest[slot] === via
      const distance = (distances[slot] as number) + 1
      const hops = firstHops[slot] as number
      for (let i = 0; i < degree; i++) {
        const next = adjacency.at(slot, i)
        if (isFirst) {
          if (distances[next] === 0) {
            distances[next] = distance
            firstHops[next] = hops
            nearest[next] = via
            queuedSlots[end] = next
            queuedHops[end++] = via
            continue
          }
          if (distances[next] === distance) firstHops[next] = (firstHops[next] as number) | hops
        }
        if (second[next] !== 0 || nearest[next] === via) continue
        second[next] = via
        queuedSlots[end] = next
        queuedHops[end++] = via
      }
    }
    this.edgesVisited = edgesVisited
  }
}
