// How far a simulated network has come: whether links connect all nodes, whether everyone reaches everyone, whether all
// know the same. Nothing here looks at every pair of nodes unless the counts say that it may be so.
// It must not change anything.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'

/** Whether links lead from any node to all others. */
export function isOneComponent(overlays: readonly Overlay[]): boolean {
  return componentOf(overlays).size === overlays.length
}

/** The nodes that links lead to from the first one, that one included. */
export function componentOf(overlays: readonly Overlay[]): Set<NodeName> {
  const byName = new Map(overlays.map((overlay) => [overlay.self.name, overlay]))
  const [first] = byName.keys()
  const found = new Set(first === undefined ? [] : [first])
  for (const name of found) {
    for (const next of byName.get(name)?.neighbors.keys() ?? []) if (byName.has(next)) found.add(next)
  }
  return found
}

/** Whether every node has a path to all of these by what it knows, and to no others. */
export function isEveryoneReached(overlays: readonly Overlay[]): boolean {
  const count = overlays.length
  if (!overlays.every(({ directory }) => directory.reachableCount === count)) return false
  if (isSameHash(overlays)) return true
  const names = overlays.map(({ self }) => self.name)
  return overlays.every(({ directory }) => names.every((name) => directory.get(name)?.reachable))
}

/** Whether everyone reaches everyone, and all have the same records of each other. */
export function isConverged(overlays: readonly Overlay[]): boolean {
  return (
    overlays.every(({ directory }) => directory.reachableCount === overlays.length) && isSameHash(overlays)
  )
}

/** For people: who does not reach all, and what links such nodes have. */
export function describeReach(overlays: readonly Overlay[]): string {
  const count = overlays.length
  const odd = overlays.filter(({ directory }) => directory.reachableCount !== count)
  const some = odd.slice(0, 3).map(({ self, directory, neighbors }) => {
    const links = [...neighbors.keys()].join(' ')
    return `${self.name} reaches ${directory.reachableCount}, links: ${links || 'none'}`
  })
  const connected = componentOf(overlays).size
  return `links connect ${connected} of ${count}; ${odd.length} do not reach ${count}${some.map((one) => `; ${one}`).join('')}`
}

function isSameHash(overlays: readonly Overlay[]): boolean {
  const first = overlays[0]?.directory.hash
  return overlays.every(({ directory: { hash } }) => hash.high === first?.high && hash.low === first.low)
}
