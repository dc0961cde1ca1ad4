// The invariants about who can be reached, against plain searches: the directory's edges, tree and hash, what was told of
// peers, and the routes. Part of invariants.ts, with the same rules: nothing is changed, nothing is computed for it.

import type { CoreConfig } from './config.ts'
import type { Entry } from './directory.ts'
import { recordHash } from './hash.ts'
import type { DirectoryView, LinksView, Moment, OverlayView } from './invariants.ts'
import type { NodeName } from './messages.ts'
import { NEIGHBORS_MAX } from './routing.ts'

/** D2, D3, D6 and V1 to V3. */
export function checkDirectory(directory: DirectoryView, links: LinksView): string[] {
  const entries = [...directory.entries]
  const bySlot = new Map(entries.map((entry) => [entry.slot, entry]))
  const broken: string[] = []
  if (bySlot.size !== directory.size) broken.push('D2: two nodes share a slot')
  for (const entry of entries) broken.push(...checkEdges(entry, directory, links))
  const reached = distancesFrom(directory.own.slot, (slot) => directory.adjacency.of(slot))
  for (const entry of entries) {
    const { slot, reachable, record } = entry
    if (reachable !== reached.has(slot)) {
      broken.push(
        `D6: ${record.name} ${reachable ? 'counts as reachable' : 'is reachable'} against the edges`,
      )
    }
    broken.push(...checkParent(entry, directory))
  }
  const reachable = entries.filter((entry) => entry.reachable)
  if (reachable.length !== directory.reachableCount) {
    broken.push(`D6: ${reachable.length} reachable, counted as ${directory.reachableCount}`)
  }
  let [high, low] = [0, 0]
  for (const { record } of reachable) {
    const hash = recordHash(record.name, record.incarnation, record.version)
    high = (high ^ hash.high) >>> 0
    low = (low ^ hash.low) >>> 0
  }
  if (high !== directory.hash.high || low !== directory.hash.low) {
    broken.push('D3: the hash is not that of the reachable records')
  }
  return broken
}

/** The edges of one node are those of the records, or of the links where this node is an end. */
function checkEdges(entry: Entry, directory: DirectoryView, links: LinksView): string[] {
  const { name } = entry.record
  const broken: string[] = []
  const edges = directory.adjacency.of(entry.slot)
  const slots = new Set(edges)
  if (slots.size !== edges.length) broken.push(`V3: ${name} has an edge twice`)
  if (slots.has(entry.slot)) broken.push(`V3: ${name} has an edge to itself`)
  for (const slot of slots) {
    if (!directory.adjacency.has(slot, entry.slot)) broken.push(`V3: an edge of ${name} has one end`)
  }
  for (const other of edgesByRecords(entry, directory, links)) {
    if (!slots.delete(other.slot)) broken.push(`D2: an edge is missing, ${name} to ${other.record.name}`)
  }
  if (slots.size > 0) broken.push(`D2: ${name} has ${slots.size} edges too many`)
  return broken
}

/** The nodes to which this one must have an edge. */
function edgesByRecords(entry: Entry, directory: DirectoryView, { neighbors }: LinksView): Set<Entry> {
  const { own } = directory
  const { name, links, state } = entry.record
  const others = new Set<Entry>()
  if (entry !== own && state !== 'up') return others
  for (const neighbor of entry === own ? neighbors.keys() : links) {
    const other = directory.get(neighbor)
    if (other === undefined || other === entry || other === own || other.record.state !== 'up') continue
    if (entry === own || other.record.links.includes(name)) others.add(other)
  }
  if (entry !== own && neighbors.has(name)) others.add(own)
  return others
}

function checkParent(entry: Entry, directory: DirectoryView): string[] {
  const { name } = entry.record
  const parent = directory.parent(entry)
  if (parent === undefined) {
    return entry.reachable && entry !== directory.own ? [`V2: ${name} is reachable without a parent`] : []
  }
  if (!directory.adjacency.has(entry.slot, parent.slot)) return [`V2: ${name} has no edge to its parent`]
  let at: Entry | undefined = parent
  for (let steps = 0; at !== undefined && at !== directory.own; steps++) {
    if (steps > directory.size) return [`V2: the parents of ${name} go in a circle`]
    at = directory.parent(at)
  }
  return at === undefined ? [`V2: the parents of ${name} do not lead here`] : []
}

/** D4, D5 and H2: what time has made due was told and forgotten. */
export function checkTold(directory: DirectoryView, config: CoreConfig, { nowMs, lateMs }: Moment): string[] {
  const { routesIntervalMs, unreachableGraceMs, forgetMs } = config
  const tellMs = routesIntervalMs + lateMs
  const broken: string[] = []
  for (const entry of directory.entries) {
    if (entry === directory.own) continue
    const { record, reachable, joined, sinceMs } = entry
    const ageMs = nowMs - sinceMs
    if (reachable && !joined && ageMs > tellMs) broken.push(`H2: ${record.name} has come and was not told`)
    if (reachable) continue
    if (joined && ageMs > unreachableGraceMs + tellMs)
      broken.push(`D5: ${record.name} is gone and was not told`)
    if (ageMs > forgetMs + tellMs) broken.push(`D5: ${record.name} was not forgotten`)
  }
  return broken
}

/** R1 and R3, while the routes are not out of date; more neighbors than routes can hold are not looked at. */
export function checkRoutes(
  { isStale, routes }: OverlayView['routes'],
  directory: DirectoryView,
  { neighbors }: LinksView,
): string[] {
  if (isStale || neighbors.size > NEIGHBORS_MAX) return []
  const own = directory.own.slot
  const ways = [...neighbors.keys()].flatMap((name) => {
    const entry = directory.get(name)
    if (entry === undefined || entry.record.state === 'leaving') return []
    const next = (slot: number): number[] => directory.adjacency.of(slot).filter((other) => other !== own)
    return [{ name, distances: distancesFrom(entry.slot, next) }]
  })
  const broken: string[] = []
  for (const entry of directory.entries) {
    if (entry === directory.own) continue
    const { slot, record } = entry
    const found = ways.flatMap(({ name, distances }) => {
      const distance = distances.get(slot)
      return distance === undefined ? [] : [{ name, distance: distance + 1 }]
    })
    const shortest = Math.min(...found.map(({ distance }) => distance))
    const isSame = routes.distance(slot) === (found.length === 0 ? 0 : shortest)
    if (!isSame)
      broken.push(`R1: ${record.name} is ${shortest} links away, by the routes ${routes.distance(slot)}`)
    if (routes.hasDetour(slot) !== found.length > 1) {
      broken.push(`R1: ${found.length} neighbors lead to ${record.name}, detour: ${routes.hasDetour(slot)}`)
    }
    const best = found.filter(({ distance }) => distance === shortest).map(({ name }) => name)
    const taken = firstHops(routes, directory.own.record.name, entry)
    if (best.length !== taken.size || !best.every((name) => taken.has(name))) {
      broken.push(
        `R1: first hops to ${record.name} are ${best.join(' ')}, by the routes ${[...taken].join(' ')}`,
      )
    }
  }
  return broken
}

/** All first hops that the routes would consider as best: the ones they ask about before they choose. */
function firstHops(
  routes: OverlayView['routes']['routes'],
  origin: NodeName,
  destination: Entry,
): ReadonlySet<NodeName> {
  const asked = new Set<NodeName>()
  routes.nextHop(origin, destination, ({ name }) => {
    asked.add(name)
    return true
  })
  return asked
}

/** Links to travel from `start` to everything that a path leads to: the plain search. */
function distancesFrom(start: number, next: (slot: number) => Iterable<number>): ReadonlyMap<number, number> {
  const found = new Map([[start, 0]])
  for (const [at, distance] of found) {
    for (const other of next(at)) if (!found.has(other)) found.set(other, distance + 1)
  }
  return found
}
