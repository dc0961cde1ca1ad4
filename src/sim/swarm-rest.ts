// Whether a swarm has come to rest as it should: every name has one process, all have the same directory, links connect
// all of them and are known at both ends, and nobody has more than allowed. Whether everybody is registered, and knows how many
// are, comes later: the bootstrap has its own patience.
// It must not change anything.

import type { NodeName } from '../core/messages.ts'
import type { SwarmNet, SwarmNode } from './swarm-net.ts'

/** What is not yet as it has to be when nothing strikes any more; `undefined` when all is. */
export function convergenceProblem(net: SwarmNet): string | undefined {
  const { nodes } = net
  const byName = new Map(nodes.map((node) => [node.name, node]))
  return (
    nameProblem(nodes) ??
    directoryProblem(nodes) ??
    profileProblem(nodes) ??
    linkProblem(net, byName) ??
    pieceProblem(byName)
  )
}

/** Who is not registered, or was told another number of others than there are. */
export function registrationProblem({ nodes }: SwarmNet): string | undefined {
  for (const { label, registrant } of nodes) {
    if (registrant === undefined) continue
    const { isRegistered, others } = registrant
    if (!isRegistered) return `${label} is not registered`
    if (others !== nodes.length - 1) return `${label} was told of ${others} others of ${nodes.length - 1}`
  }
  return undefined
}

/** Two live processes do not keep one name. */
function nameProblem(nodes: readonly SwarmNode[]): string | undefined {
  const seen = new Map<string, SwarmNode>()
  for (const node of nodes) {
    const other = seen.get(node.name)
    if (other !== undefined) return `${other.label} and ${node.label} have one name`
    seen.set(node.name, node)
  }
  return undefined
}

function directoryProblem(nodes: readonly SwarmNode[]): string | undefined {
  const [first] = nodes
  if (first === undefined) return undefined
  const wanted = first.process.overlay.directory.hash
  for (const { label, process } of nodes) {
    const { directory } = process.overlay
    if (directory.reachableCount !== nodes.length) {
      return `${label} reaches ${directory.reachableCount} of ${nodes.length}`
    }
    const { high, low } = directory.hash
    if (high !== wanted.high || low !== wanted.low) {
      return `the directories of ${first.label} and ${label} differ`
    }
  }
  return undefined
}

/** Everybody knows what each says of itself. */
function profileProblem(nodes: readonly SwarmNode[]): string | undefined {
  for (const { name, label, profile } of nodes) {
    const said = textOf(profile?.tags, profile?.topics)
    for (const other of nodes) {
      const record = other.process.overlay.directory.get(name as NodeName)?.record
      const heard = textOf(record?.tags, record?.topics)
      if (heard !== said) return `${label} says ${said}, and ${other.label} has ${heard}`
    }
  }
  return undefined
}

function textOf(tags: readonly string[] = [], topics: readonly string[] = []): string {
  return `${tags.join(' ')} | ${topics.join(' ')}`
}

function linkProblem(net: SwarmNet, byName: ReadonlyMap<string, SwarmNode>): string | undefined {
  const { linksMax, linksHardMax } = net.plan.config
  // Behind few that can be dialled, those that cannot be need more than a node would take by itself.
  const most = net.plan.undialable * 3 > net.plan.nodes ? linksHardMax : linksMax
  for (const { label, name, process } of byName.values()) {
    const { neighbors } = process.overlay
    if (neighbors.size > most) return `${label} has ${neighbors.size} links`
    for (const neighbor of neighbors.keys()) {
      const back = byName.get(neighbor)?.process.overlay.neighbors
      if (!back?.has(name as NodeName)) return `${neighbor} does not know its link with ${label}`
    }
  }
  return undefined
}

/** Links lead from any node to all others. */
function pieceProblem(byName: ReadonlyMap<string, SwarmNode>): string | undefined {
  const [start] = byName.keys()
  if (start === undefined) return undefined
  const found = new Set([start])
  for (const name of found) {
    for (const next of byName.get(name)?.process.overlay.neighbors.keys() ?? []) found.add(next)
  }
  return found.size === byName.size
    ? undefined
    : `links from ${start} lead to ${found.size} of ${byName.size}`
}
