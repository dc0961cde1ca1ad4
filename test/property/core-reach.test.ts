// Who can be reached, against plain searches: the spanning tree, and the directory's records and links as they come and go.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CORE_DEFAULTS } from '../../src/core/config.ts'
import { Directory, type Entry } from '../../src/core/directory.ts'
import { recordHash } from '../../src/core/hash.ts'
import type { NodeName, PeerRecord } from '../../src/core/messages.ts'
import { SpanningTree } from '../../src/core/spanning-tree.ts'
import { nodeName, recordOf } from '../support/core-rig.ts'
import { distancesFrom } from '../support/reference-search.ts'

const RUNS = { numRuns: Number(process.env.HEARSAY_RUNS ?? 300) }

test('a spanning tree reaches what a search reaches, whatever edges come and go', () => {
  const size = 24
  const slot = fc.nat({ max: size - 1 })
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('connect'), a: slot, b: slot }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('disconnect'), a: slot, b: slot }) },
    // What a search below an orphan is for: edges of the tree go.
    { weight: 4, arbitrary: fc.record({ do: fc.constant('cut'), a: slot }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('set'), a: slot, wanted: fc.array(slot, { maxLength: 4 }) }),
    },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const reached = new Set<number>([0])
      const tree = new SpanningTree(0, (slot, isReached) => {
        assert.notEqual(reached.has(slot), isReached, 'told once')
        if (isReached) reached.add(slot)
        else reached.delete(slot)
      })
      for (let slot = 1; slot < size; slot++) tree.add(slot)
      const edges = Array.from({ length: size }, () => new Set<number>())
      const set = (a: number, b: number, isThere: boolean): void => {
        for (const [from, to] of [
          [a, b],
          [b, a],
        ] as const) {
          if (isThere && a !== b) edges[from]?.add(to)
          else edges[from]?.delete(to)
        }
      }
      for (const step of steps) {
        if ('wanted' in step) {
          const wanted = new Set(step.wanted.filter((other) => other !== step.a))
          for (const other of edges[step.a] ?? []) if (!wanted.has(other)) set(step.a, other, false)
          for (const other of wanted) set(step.a, other, true)
          tree.isolate(step.a)
          for (const other of wanted) tree.connect(step.a, other)
        } else {
          const b = 'b' in step ? step.b : tree.parent(step.a)
          if (b === undefined) continue
          set(step.a, b, step.do === 'connect')
          if (step.do === 'connect') tree.connect(step.a, b)
          else tree.disconnect(step.a, b)
        }
        const expected = distancesFrom(0, (at) => edges[at] ?? [])
        for (let slot = 0; slot < size; slot++) {
          assert.deepEqual(new Set(tree.edges.of(slot)), edges[slot])
          assert.equal(tree.edges.degree(slot), edges[slot]?.size, 'no doubles')
          assert.equal(tree.reaches(slot), expected.has(slot), `slot ${slot}`)
          assert.equal(reached.has(slot), expected.has(slot))
          checkPath(slot, (at) => tree.parent(at), { root: 0, isReached: expected.has(slot), size })
          const parent = tree.parent(slot)
          if (parent !== undefined) assert.ok(edges[slot]?.has(parent), 'a parent is an edge away')
        }
      }
    }),
    RUNS,
  )
})

/** Parents lead from what is reached to the root, and there are none else. */
function checkPath<T>(
  from: T,
  parent: (at: T) => T | undefined,
  { root, isReached, size }: { root: T; isReached: boolean; size: number },
): void {
  let at = from
  for (let steps = 0; ; steps++) {
    assert.ok(steps < size, 'parents go in a circle')
    const next = parent(at)
    if (next === undefined) break
    at = next
  }
  if (isReached) assert.equal(at, root)
  else assert.equal(at, from, 'no parent without a path')
}

const PEERS = Array.from({ length: 12 }, (_, i) => `n${i}`)

/** What nodes do: each keeps its links, makes versions and incarnations, and mostly publishes what it has. */
class Peer {
  readonly links = new Set<string>()
  #version = 1
  #incarnation = 1
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  record(state: PeerRecord['state'] = 'up'): PeerRecord {
    const [version, incarnation] = [this.#version++, this.#incarnation]
    return recordOf(this.#name, [...this.links], { state, version, incarnation, instance: `i${incarnation}` })
  }

  restart(): void {
    this.links.clear()
    this.#version = 0
    this.#incarnation++
  }
}

const index = fc.nat({ max: PEERS.length - 1 })
const life = fc.oneof(
  // Who publishes: with one end only the other one still has, or has not, what the first one says.
  {
    weight: 12,
    arbitrary: fc.record({
      toggle: index,
      with: fc.nat({ max: PEERS.length }),
      tell: fc.constantFrom('both', 'first', 'nobody'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ linkUp: index }) },
  { weight: 2, arbitrary: fc.record({ linkDown: index }) },
  { weight: 1, arbitrary: fc.record({ leave: index }) },
  { weight: 1, arbitrary: fc.record({ restart: index }) },
  { weight: 1, arbitrary: fc.record({ again: index }) },
  { weight: 1, arbitrary: fc.record({ listed: fc.subarray(PEERS) }) },
  { weight: 1, arbitrary: fc.record({ waitMs: fc.constantFrom(1, 999, 5_000, 600_000) }) },
)

test('the directory reaches what a search over records and links reaches, and its hash is that of their records', () => {
  fc.assert(
    fc.property(fc.array(life, { maxLength: 120, size: 'max' }), fc.boolean(), (steps, isTight) => {
      const own = new Peer('own')
      const config = { ...CORE_DEFAULTS, directoryNodesMax: isTight ? 8 : 100 }
      const directory = new Directory(own.record(), config)
      const peers = new Map(PEERS.map((name) => [name, new Peer(name)]))
      const neighbors = new Set<NodeName>()
      let nowMs = 0
      const publish = (name: string, state?: PeerRecord['state']): void => {
        const record = peers.get(name)?.record(state)
        if (record !== undefined) directory.merge(record, nowMs)
      }
      for (const step of steps) {
        nowMs++
        if ('toggle' in step) {
          const [a, b] = [PEERS[step.toggle] ?? '', ['own', ...PEERS][step.with] ?? '']
          const isLinked = peers.get(a)?.links.has(b)
          for (const [from, to] of a === b
            ? []
            : ([
                [a, b],
                [b, a],
              ] as const)) {
            if (isLinked) peers.get(from)?.links.delete(to)
            else peers.get(from)?.links.add(to)
          }
          if (step.tell !== 'nobody') publish(a)
          if (step.tell === 'both') publish(b)
        } else if ('linkUp' in step) {
          const name = nodeName(PEERS[step.linkUp] ?? '')
          neighbors.add(name)
          directory.neighborUp(name, nowMs)
        } else if ('linkDown' in step) {
          const name = nodeName(PEERS[step.linkDown] ?? '')
          neighbors.delete(name)
          directory.neighborDown(name, nowMs)
        } else if ('leave' in step) publish(PEERS[step.leave] ?? '', 'leaving')
        else if ('restart' in step) {
          peers.get(PEERS[step.restart] ?? '')?.restart()
          publish(PEERS[step.restart] ?? '')
        } else if ('again' in step) publish(PEERS[step.again] ?? '')
        else if ('listed' in step) {
          own.links.clear()
          for (const name of step.listed) own.links.add(name)
          directory.replaceOwn(own.record())
        } else nowMs += step.waitMs
        if (nowMs % 2 === 0) directory.tell()
        directory.expire(nowMs)
        checkDirectory(directory, neighbors)
      }
    }),
    RUNS,
  )
})

/** D2, D3 and D6 by plain searches. */
function checkDirectory(directory: Directory, neighbors: ReadonlySet<NodeName>): void {
  const entries = [...directory.entries]
  const isUp = (entry: Entry): boolean => entry.record.state === 'up'
  const isEdge = (a: Entry, b: Entry): boolean => {
    if (a === b || !isUp(a) || !isUp(b)) return false
    if (a === directory.own || b === directory.own) {
      return neighbors.has((a === directory.own ? b : a).record.name)
    }
    return a.record.links.includes(b.record.name) && b.record.links.includes(a.record.name)
  }
  const next = (at: Entry): Entry[] => entries.filter((other) => isEdge(at, other))
  const expected = distancesFrom<Entry>(directory.own, next)
  let [high, low] = [0, 0]
  for (const entry of entries) {
    const isReached = expected.has(entry)
    const { name, incarnation, version } = entry.record
    assert.equal(entry.reachable, isReached, name)
    const parent = directory.parent(entry)
    if (parent !== undefined) assert.ok(isEdge(entry, parent), 'a parent is an edge away')
    const of = { root: directory.own, isReached, size: entries.length }
    checkPath(entry, (at) => directory.parent(at), of)
    const slots = next(entry).map(({ slot }) => slot)
    assert.deepEqual([...directory.adjacency.of(entry.slot)].sort(), slots.sort())
    if (!isReached) continue
    const hash = recordHash(name, incarnation, version)
    ;[high, low] = [(high ^ hash.high) >>> 0, (low ^ hash.low) >>> 0]
  }
  assert.deepEqual(directory.hash, { high, low })
  assert.equal(directory.reachableCount, expected.size)
}
