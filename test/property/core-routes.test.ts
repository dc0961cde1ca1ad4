// Ways against plain searches: routes that are computed again, and messages between nodes whose views are of equal or of
// different ages.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CORE_DEFAULTS } from '../../src/core/config.ts'
import { Directory } from '../../src/core/directory.ts'
import type { LinkState } from '../../src/core/links.ts'
import type { LinkId, NodeName, PeerRecord, RoutedMessage } from '../../src/core/messages.ts'
import { Relay } from '../../src/core/relay.ts'
import { RoutesOnDemand } from '../../src/core/routes-on-demand.ts'
import { Routes } from '../../src/core/routing.ts'
import { Turn } from '../../src/core/turn.ts'
import { directOf, nodeName, recordOf } from '../support/core-rig.ts'
import { distancesFrom } from '../support/reference-search.ts'

const RUNS = { numRuns: Number(process.env.HEARSAY_RUNS ?? 300) }

const SIZE = 9
const named = (i: number): NodeName => nodeName(`n${i}`)

/** A graph and how it came about: a set of pairs for each age, the last one as it is now. */
const history = fc
  .array(fc.array(fc.tuple(fc.nat({ max: SIZE - 1 }), fc.nat({ max: SIZE - 1 })), { maxLength: 12 }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((changes) => {
    const links = Array.from({ length: SIZE }, () => new Set<number>())
    return changes.map((pairs) => {
      for (const [a, b] of pairs) {
        if (a === b) continue
        const isLinked = links[a]?.has(b)
        for (const [from, to] of [
          [a, b],
          [b, a],
        ] as const) {
          if (isLinked) links[from]?.delete(to)
          else links[from]?.add(to)
        }
      }
      return links.map((neighbors) => [...neighbors])
    })
  })
type Links = readonly (readonly number[])[]

/** What one node knows: its own links are those that are there, and the records of the others are of some age. */
function viewOf(self: number, now: Links, graphOf: (other: number) => Links) {
  const record = (i: number, links: Links): PeerRecord => recordOf(`n${i}`, (links[i] ?? []).map(named))
  const directory = new Directory(record(self, now), CORE_DEFAULTS)
  for (let i = 0; i < SIZE; i++) if (i !== self) directory.merge(record(i, graphOf(i)), 0)
  const neighbors = new Map<NodeName, LinkState>()
  for (const i of now[self] ?? []) {
    neighbors.set(named(i), { id: i as LinkId } as LinkState)
    directory.neighborUp(named(i), 0)
  }
  return { directory, neighbors }
}

interface Relaying {
  readonly relay: Relay
  readonly turn: Turn
}

function relayOf(...view: Parameters<typeof viewOf>): Relaying {
  const { directory, neighbors } = viewOf(...view)
  const turn = new Turn()
  const routes = new RoutesOnDemand(0, { directory, links: { neighbors, lags: () => false }, turn })
  routes.changed()
  return { relay: new Relay(directory, { neighbors, lags: () => false }, routes, turn), turn }
}

/** Sends a message by the relays' own rules; links are numbered by the node they lead to. Returns how it ended. */
function travel(
  relays: readonly Relaying[],
  from: number,
  to: number,
): { end: 'delivered' | 'no-route' | 'hops-exceeded'; path: number[] } {
  const path = [from]
  const first = relays[from]?.relay.way(named(from), named(to))
  if (first === undefined) return { end: 'no-route', path }
  let message: RoutedMessage = directOf(`n${from}`, `n${to}`, '', {
    hopsLeft: CORE_DEFAULTS.hopsMax - 1,
    hops: 1,
  })
  for (let [at, cameFrom] = [Number(first), from]; ; ) {
    path.push(at)
    assert.ok(path.length - 1 <= CORE_DEFAULTS.hopsMax, 'more links than a message may travel')
    assert.equal(message.hops, path.length - 1)
    if (at === to) return { end: 'delivered', path }
    const { relay, turn } = relays[at] as Relaying
    turn.begin(0)
    const failure = relay.forward(message, cameFrom as LinkId)
    if (failure !== undefined) return { end: failure, path }
    const [effect] = turn.effects
    assert.ok(effect?.type === 'send')
    message = effect.message as RoutedMessage
    const next = Number(effect.links[0])
    assert.notEqual(next, cameFrom, 'never back')
    cameFrom = at
    at = next
  }
}

test('routes that are computed again are those of a first computation', () => {
  fc.assert(
    fc.property(history, (graphs) => {
      const again = new Routes()
      for (const graph of graphs) {
        const { directory, neighbors } = viewOf(0, graph, () => graph)
        const list = [...neighbors].map(([name, { id }]) => ({ name, link: id }))
        const first = new Routes()
        first.compute(directory, list)
        again.compute(directory, list)
        for (const entry of directory.entries) {
          assert.equal(again.distance(entry.slot), first.distance(entry.slot))
          assert.equal(again.hasDetour(entry.slot), first.hasDetour(entry.slot))
          for (const except of [undefined, ...list]) {
            const hop = (routes: Routes) => routes.nextHop(named(0), entry, (at) => at !== except)
            assert.equal(hop(again), hop(first))
          }
        }
      }
    }),
    RUNS,
  )
})

test('with equal views a message travels the shortest way, or there is none', () => {
  fc.assert(
    fc.property(history, (ages) => {
      const now = ages.at(-1) ?? []
      const relays = Array.from({ length: SIZE }, (_, i) => relayOf(i, now, () => now))
      for (let from = 0; from < SIZE; from++) {
        const distances = distancesFrom(from, (at) => now[at] ?? [])
        for (let to = 0; to < SIZE; to++) {
          if (from === to) continue
          const { end, path } = travel(relays, from, to)
          const distance = distances.get(to)
          assert.equal(end, distance === undefined ? 'no-route' : 'delivered')
          assert.equal(path.length - 1, distance ?? 0)
        }
      }
    }),
    RUNS,
  )
})

test('whatever the ages of their views, relays bring a message to an end within the limit of hops', () => {
  const ages = fc.array(fc.nat(), { minLength: SIZE * SIZE, maxLength: SIZE * SIZE })
  fc.assert(
    fc.property(history, ages, fc.boolean(), (graphs, ages, isPerRecord) => {
      const now = graphs.at(-1) ?? []
      const graphOf = (self: number, other: number): Links =>
        graphs[(ages[self * SIZE + (isPerRecord ? other : 0)] ?? 0) % graphs.length] ?? now
      const relays = Array.from({ length: SIZE }, (_, i) => relayOf(i, now, (other) => graphOf(i, other)))
      for (let from = 0; from < SIZE; from++) {
        for (let to = 0; to < SIZE; to++) {
          if (from === to) continue
          const { end, path } = travel(relays, from, to)
          if (end === 'hops-exceeded') assert.equal(path.length - 1, CORE_DEFAULTS.hopsMax)
          for (let i = 1; i < path.length; i++) {
            assert.ok(now[path[i - 1] ?? -1]?.includes(path[i] ?? -1), 'only over links that are there')
          }
        }
      }
    }),
    RUNS,
  )
})

test('a message that stale views send in a circle ends when it has travelled as far as it may', () => {
  // 0, 1 and 2 are linked to each other, and each knows from long ago that the next one is linked to 3.
  const triangle = [[1, 2], [0, 2], [0, 1], []]
  const relays = [0, 1, 2].map((self) => {
    const next = (self + 1) % 3
    const past = triangle.map((links, i) => (i === next ? [...links, 3] : i === 3 ? [next] : links))
    return relayOf(self, triangle, () => past)
  })
  const { end, path } = travel(relays, 0, 3)
  assert.equal(end, 'hops-exceeded')
  assert.deepEqual(path.slice(0, 5), [0, 1, 2, 0, 1])
  assert.equal(path.length - 1, CORE_DEFAULTS.hopsMax)
})
