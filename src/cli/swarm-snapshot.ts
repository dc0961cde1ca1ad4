// How a swarm is, in one record: what its bootstrap counts, and what its nodes count together.
// It must not ask or log: it adds up what it is given.

import type { BootstrapStats } from '../bootstrap/server.ts'
import type { Node } from '../node/node.ts'

/** Counters, also in objects of counters. */
interface Counters {
  readonly [name: string]: number | Counters | undefined
}

/**
 * The fields of a swarm's `snapshot`: `nodes` and how many of them are `ready`, `links` (each counts at both of its ends), and the sums of
 * all that `stats()` has. @param bootstrap `undefined`: it has ended
 */
export function swarmSnapshot(
  bootstrap: BootstrapStats | undefined,
  nodes: readonly Pick<Node, 'health' | 'stats'>[],
): Readonly<Record<string, unknown>> {
  const health = nodes.map((node) => node.health())
  return {
    nodes: nodes.length,
    ready: health.filter(({ ready }) => ready).length,
    links: health.reduce((sum, { links }) => sum + links, 0),
    ...nodes.map((node) => ({ ...node.stats() }) as unknown as Counters).reduce(sumOf, {}),
    bootstrap,
  }
}

function sumOf(one: Counters, other: Counters): Counters {
  const sum: Record<string, number | Counters | undefined> = { ...one }
  for (const [name, value] of Object.entries(other)) {
    const before = sum[name]
    if (typeof value === 'number') sum[name] = value + (typeof before === 'number' ? before : 0)
    else if (value !== undefined) sum[name] = sumOf(typeof before === 'object' ? before : {}, value)
  }
  return sum
}
