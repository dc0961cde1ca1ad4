// What broadcast remembers of each origin: which of its broadcasts have come, its tree, and its newest record; and where
// this node's own numbers are. Broadcast and its parts read and change it.
// It must not know links, nor send.
//
// X1  of each origin one run is remembered, the latest that was heard; how many origins: T1 (origin-table.ts)

import type { Tree } from './broadcast-trees.ts'
import type { Directory } from './directory.ts'
import type { Gossip, NodeName, PeerRecord } from './messages.ts'
import { OriginTable } from './origin-table.ts'
import { SequenceWindow } from './sequence-window.ts'

const NO_BYTES = new Uint8Array(0)

/** As which broadcast the newest record of an origin goes on: the directory has what it says. */
export type RecordBroadcast = Pick<Gossip, 'sequence' | 'hopsLeft' | 'hops'>

/** What is remembered of one run of another node. */
export interface Origin {
  readonly incarnation: number
  readonly seen: SequenceWindow
  readonly tree: Tree
  /** Its newest record that came as a broadcast. */
  record: RecordBroadcast | undefined
}

/** This node as an origin. */
export interface OwnOrigin {
  readonly tree: Tree
  record: RecordBroadcast | undefined
  /** The number of its last broadcast, or of a forged one behind that. */
  sequence: number
}

/** What is told upward, and who makes trees. */
export interface OriginsParts {
  readonly directory: Directory
  readonly newTree: (origin: NodeName, like?: Tree) => Tree
  /** A run was heard for the first time: what was remembered of an earlier one is gone. */
  readonly onNewRun: (origin: NodeName, incarnation: number) => void
}

/** See the head of the file. */
export class BroadcastOrigins {
  readonly own: OwnOrigin
  readonly #seenMax: number
  readonly #parts: OriginsParts
  readonly #others: OriginTable<Origin>

  constructor(config: { seenSequencesMax: number; directoryNodesMax: number }, parts: OriginsParts) {
    const { directory, newTree } = parts
    this.#seenMax = config.seenSequencesMax
    this.#parts = parts
    this.#others = new OriginTable(directory, config.directoryNodesMax)
    this.own = { tree: newTree(directory.own.record.name), record: undefined, sequence: 0 }
  }

  /** How many there are beside this node. */
  get size(): number {
    return this.#others.size
  }

  /** What is remembered of another node. */
  get(name: NodeName): Origin | undefined {
    return this.#others.get(name)
  }

  /** What is remembered of any node, this one as well. */
  find(name: NodeName): Pick<Origin, 'tree' | 'record'> | undefined {
    return name === this.#parts.directory.own.record.name ? this.own : this.#others.get(name)
  }

  /** The other nodes. */
  [Symbol.iterator](): MapIterator<[NodeName, Origin]> {
    return this.#others[Symbol.iterator]()
  }

  /** The trees of the other nodes. */
  *trees(): Generator<Tree> {
    for (const [, { tree }] of this.#others) yield tree
  }

  /** The run that made this broadcast, remembered from now on; `undefined` when a later one was heard. */
  runOf({ origin: name, incarnation, record }: Gossip): Origin | undefined {
    const { newTree, onNewRun } = this.#parts
    const known = this.#others.get(name)
    if (known !== undefined && incarnation <= known.incarnation) {
      return incarnation === known.incarnation ? known : undefined
    }
    const seen = new SequenceWindow(this.#seenMax)
    const tree = newTree(name, record === undefined ? undefined : this.#treeOfNeighbor(record))
    const origin = { incarnation, seen, tree, record: undefined }
    this.#others.set(name, origin)
    onNewRun(name, incarnation)
    return origin
  }

  /** The tree of the node that published this record, as it is or as it would begin. */
  treeFor(record: PeerRecord): Tree {
    const known = this.find(record.name)?.tree
    return known ?? this.#parts.newTree(record.name, this.#treeOfNeighbor(record))
  }

  /** The tree of the first neighbor of a node that has one. */
  #treeOfNeighbor({ links }: PeerRecord): Tree | undefined {
    for (const name of links) {
      const tree = this.find(name)?.tree
      if (tree !== undefined) return tree
    }
    return undefined
  }

  /** Takes a broadcast of this run for seen; true when it was not. */
  markSeen({ sequence }: Gossip, { seen }: Origin): boolean {
    // What lies further back than the window was missed for good: the window moves on with the origin.
    seen.skipTo(sequence - this.#seenMax + 1)
    return seen.add(sequence) === 'new'
  }
}

/** The broadcast that carries this record. */
export function gossipOf(record: PeerRecord, { sequence, hopsLeft, hops }: RecordBroadcast): Gossip {
  const id = { origin: record.name, incarnation: record.incarnation, sequence, hopsLeft, hops }
  return { type: 'gossip', kind: 'record', ...id, payload: NO_BYTES, record }
}
