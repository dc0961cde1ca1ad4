// Which plain HTTP peers count, beside the nodes that this one knows. A name is one peer: a node, or a plain HTTP peer that
// has taken its place after it was gone, or the other way round. The bootstrap gives a name to one of them only, but what
// it says and what the overlay says come at different times. It must not decide who is there, nor post anything itself.
//
// 1. What is for a name goes to a plain HTTP peer unless a node of that name can be reached.
// 2. A plain HTTP peer is listed, and told as joined, unless a node of that name is: see peer-news.ts.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { PeerInfo } from './events.ts'
import type { PlainHttpPeers } from './world.ts'

/** What is looked at of the nodes. */
export type KnownNodes = Pick<Overlay, 'neighbors'> & {
  readonly directory: Pick<Overlay['directory'], 'get'>
}

/** See the head of the file. */
export class HttpPeerList {
  readonly #registered: Pick<PlainHttpPeers, 'has' | 'list'>
  readonly #nodes: KnownNodes

  /** @param registered all that the bootstraps have named */
  constructor(registered: Pick<PlainHttpPeers, 'has' | 'list'>, nodes: KnownNodes) {
    this.#registered = registered
    this.#nodes = nodes
  }

  /** Those that are peers of this node (2). */
  get listed(): PeerInfo[] {
    return this.#registered.list.filter(({ name }) => !this.#nodes.directory.get(name as NodeName)?.joined)
  }

  /** Those that are posted to (1). For a moment these may be others than those that are listed. */
  get names(): string[] {
    return this.#registered.list.flatMap(({ name }) => (this.has(name) ? [name] : []))
  }

  /** Whether what is for this name is posted (1). */
  has(name: string): boolean {
    const { directory, neighbors } = this.#nodes
    if (!this.#registered.has(name)) return false
    return !directory.get(name as NodeName)?.reachable && !neighbors.has(name as NodeName)
  }
}
