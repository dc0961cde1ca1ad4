// What people and programs look at: lists and pictures made from the core's directory. Reads, and changes nothing.

import type { PeerRecord } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { Topology, TopologyNode } from '../http/node-host.ts'
import type { PeerInfo } from './events.ts'

/** A record as programs see it. */
export function peerInfo({ name, url, tags }: Pick<PeerRecord, 'name' | 'url' | 'tags'>): PeerInfo {
  return {
    name,
    ...(url === undefined ? {} : { url }),
    kind: 'node',
    ...(tags === undefined ? {} : { tags }),
  }
}

/**
 * The peers that have joined and not left, without the node itself: exactly those that the events have told. One whose
 * last link is just being replaced stays listed until the grace is over.
 */
export function joinedPeers(overlay: Overlay): PeerInfo[] {
  const peers: PeerInfo[] = []
  for (const { record, joined } of overlay.directory.entries) if (joined) peers.push(peerInfo(record))
  return peers
}

/** All known nodes and the links between them, and the plain HTTP peers. */
export function topologyOf(overlay: Overlay, httpPeers: readonly PeerInfo[]): Topology {
  const self = overlay.self.name
  const nodes: TopologyNode[] = []
  const links: [string, string][] = []
  for (const entry of overlay.directory.entries) {
    const { record, reachable } = entry
    const state = record.state === 'leaving' ? 'leaving' : reachable ? 'up' : 'unreachable'
    nodes.push({ ...peerInfo(record), state, incarnation: record.incarnation, links: record.links })
    for (const { record: other } of overlay.directory.edges(entry)) {
      if (record.name < other.name) links.push([record.name, other.name])
    }
  }
  for (const peer of httpPeers) nodes.push({ ...peer, state: 'up', incarnation: 0, links: [] })
  return { self, nodes, links }
}
