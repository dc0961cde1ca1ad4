// What people and programs look at: lists and pictures made from the core's directory. Reads, and changes nothing.

import type { NodeName, PeerRecord } from '../core/messages.ts'
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

/**
 * The links that are up as far as anybody here can know, the smaller name first: both ends list them, and something leads to one
 * of these. Two nodes that died together list their link until they are forgotten, since nobody is left who could say that it has ended.
 */
export function linksOf(directory: Pick<Overlay['directory'], 'entries' | 'edges'>): [NodeName, NodeName][] {
  const links: [NodeName, NodeName][] = []
  for (const entry of directory.entries) {
    const { name } = entry.record
    for (const other of directory.edges(entry)) {
      if (name < other.record.name && (entry.reachable || other.reachable))
        links.push([name, other.record.name])
    }
  }
  return links
}

/** All known nodes and the links between them, and the plain HTTP peers; of those that have taken the place of a node, these. */
export function topologyOf(overlay: Overlay, httpPeers: readonly PeerInfo[]): Topology {
  const self = overlay.self.name
  const nodes: TopologyNode[] = []
  const replaced = new Set(httpPeers.map(({ name }) => name))
  for (const { record, reachable } of overlay.directory.entries) {
    if (replaced.has(record.name)) continue
    const state = record.state === 'leaving' ? 'leaving' : reachable ? 'up' : 'unreachable'
    nodes.push({ ...peerInfo(record), state, incarnation: record.incarnation, links: record.links })
  }
  for (const peer of httpPeers) nodes.push({ ...peer, state: 'up', incarnation: 0, links: [] })
  return { self, nodes, links: linksOf(overlay.directory) }
}
