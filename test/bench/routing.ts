// What it costs a node to know who can be reached, and by which way: one computation of all routes, and one change of a
// record, in overlays of random links.
//
//   node test/bench/routing.ts [--sizes 1000,10000] [--links 6] [--changes 20000] [--rounds 30] [--core DIR] [--json]
//
// `--core` names the core of another version (its directory with `routing.ts`), whose routes are measured beside these.
// A change is half of what happens when a link ends or begins: one end publishes its new record. Changes come as in an
// overlay under churn: a random link ends, another one begins.

import { parseArgs } from 'node:util'
import { CORE_DEFAULTS } from '../../src/core/config.ts'
import { Directory } from '../../src/core/directory.ts'
import type { LinkId } from '../../src/core/messages.ts'
import { type Neighbor, Routes } from '../../src/core/routing.ts'
import { Graph, named } from './harness/graph.ts'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,10000' },
    links: { type: 'string', default: '6' },
    changes: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '30' },
    core: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? 0

function time(run: () => void): number {
  const startedMs = performance.now()
  run()
  return performance.now() - startedMs
}

/** A directory of this graph, as node 0 has it, and its neighbors. */
function known(graph: Graph, of: typeof Directory): { directory: Directory; neighbors: Neighbor[] } {
  const config = { ...CORE_DEFAULTS, directoryNodesMax: 1_000_000 }
  const directory = new of(graph.record(0), config)
  for (let i = 1; i < graph.links.length; i++) directory.merge(graph.record(i), 0)
  const neighbors = [...graph.links[0]!].map((i) => ({ name: named(i), link: i as LinkId }))
  return { directory, neighbors }
}

/** Median ms of one computation of all routes. */
function routesMs(graph: Graph, parts: { Directory: typeof Directory; Routes: typeof Routes }): number {
  const { directory, neighbors } = known(graph, parts.Directory)
  const routes = new parts.Routes()
  const times: number[] = []
  for (let i = 0; i < Number(values.rounds); i++) times.push(time(() => routes.compute(directory, neighbors)))
  return median(times)
}

/** Steps to node 0 in the tree of who is reached through whom. */
function depths(directory: Directory): { mean: number; max: number } {
  let [sum, max, count] = [0, 0, 0]
  for (const entry of directory.entries) {
    let depth = 0
    for (let at = directory.parent(entry); at !== undefined; at = directory.parent(at)) depth++
    ;[sum, max, count] = [sum + depth, Math.max(max, depth), count + 1]
  }
  return { mean: sum / count, max }
}

/** What a change of one record costs, and how deep the tree is after all of them. */
function changesUs(graph: Graph) {
  const { directory } = known(graph, Directory)
  for (const i of graph.links[0]!) directory.neighborUp(named(i), 0)
  const count = Number(values.changes)
  const before = depths(directory)
  let spentMs = 0
  let largestMs = 0
  for (let i = 0; i < count; i += 4) {
    for (const [a, b] of [graph.end(), graph.begin()]) {
      for (const index of [a, b]) {
        const record = graph.record(index)
        const ms = time(() => directory.merge(record, i))
        spentMs += ms
        largestMs = Math.max(largestMs, ms)
      }
    }
  }
  return { meanUs: (spentMs / count) * 1_000, largestMs, before, after: depths(directory) }
}

/** The worst case: all of the overlay is behind one link, which goes and comes back. */
function bridgeMs(size: number): { fallsMs: number; comesMs: number } {
  const graph = new Graph(size, 6)
  const { directory } = known(graph, Directory)
  const only = named(1)
  directory.neighborUp(only, 0)
  const comesMs: number[] = []
  const fallsMs: number[] = []
  for (let i = 0; i < Number(values.rounds); i++) {
    fallsMs.push(time(() => directory.neighborDown(only, 0)))
    comesMs.push(time(() => directory.neighborUp(only, 0)))
  }
  return { fallsMs: median(fallsMs), comesMs: median(comesMs) }
}

for (const size of values.sizes.split(',').map(Number)) {
  const graph = new Graph(size, Number(values.links))
  const edges = graph.links.reduce((sum, { size }) => sum + size, 0) / 2
  const ms = routesMs(graph, { Directory, Routes })
  let otherMs: number | undefined
  if (values.core !== undefined) {
    const { Directory: OtherDirectory } = await import(`${values.core}/directory.ts`)
    const { Routes: OtherRoutes } = await import(`${values.core}/routing.ts`)
    otherMs = routesMs(graph, { Directory: OtherDirectory, Routes: OtherRoutes })
  }
  const change = changesUs(graph)
  const bridge = bridgeMs(size)
  if (values.json) console.log(JSON.stringify({ size, edges, routesMs: ms, otherMs, change, bridge }))
  else {
    const other = otherMs === undefined ? '' : `, the other core ${otherMs.toFixed(2)} ms`
    console.log(`${size} nodes, ${edges} edges`)
    console.log(`  all routes            ${ms.toFixed(2)} ms${other}`)
    console.log(
      `  a record changes      ${change.meanUs.toFixed(2)} µs on average, ${change.largestMs.toFixed(2)} ms at most`,
    )
    const [before, after] = [change.before, change.after].map(
      ({ mean, max }) => `${mean.toFixed(1)} on average and ${max} at most`,
    )
    console.log(`  depth of the tree     ${before}; after ${values.changes} changes ${after}`)
    console.log(
      `  the only link falls   ${bridge.fallsMs.toFixed(2)} ms; comes back ${bridge.comesMs.toFixed(2)} ms`,
    )
  }
}
