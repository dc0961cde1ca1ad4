// The parts of the core against plain models: merging records, windows of sequences, routes, the event queue's order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MembershipChange } from '../../src/core/announcements.ts'
import { CORE_DEFAULTS } from '../../src/core/config.ts'
import { Dialing } from '../../src/core/dialing.ts'
import { compareRecords, Directory } from '../../src/core/directory.ts'
import { recordHash } from '../../src/core/hash.ts'
import type { LinkId, NodeName, PeerRecord } from '../../src/core/messages.ts'
import { Rng } from '../../src/core/rng.ts'
import { Routes } from '../../src/core/routing.ts'
import { SequenceWindow } from '../../src/core/sequence-window.ts'
import { EventQueue } from '../../src/sim/event-queue.ts'
import { nodeName, reachExactly, recordOf } from '../support/core-rig.ts'

const RUNS = { numRuns: 500 }

/** Records of few names and few versions, so that they collide; what a version says is settled by its id. */
const record: fc.Arbitrary<PeerRecord> = fc
  .record({
    name: fc.constantFrom('b', 'c', 'd', 'e'),
    incarnation: fc.integer({ min: 1, max: 3 }),
    instance: fc.constantFrom('x', 'y'),
    version: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ name, ...id }) => {
    const all = ['a', 'b', 'c', 'd', 'e'].filter((other) => other !== name)
    const content = recordHash(nodeName(name + id.instance), id.incarnation, id.version).low
    const links = all.filter((_, i) => (content >> i) & 1)
    return recordOf(name, links, { ...id, state: (content >> 8) % 4 === 0 ? 'leaving' : 'up' })
  })

const own = recordOf('a', ['b', 'c'], { version: 1 })

function directoryOf(records: readonly PeerRecord[]): Directory {
  const directory = new Directory(own, CORE_DEFAULTS)
  for (const record of records) directory.merge(record, 0)
  return directory
}

/** What a directory says, whatever the order in which it learned. */
function contents(directory: Directory): unknown {
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
  return [...directory.entries]
    .map((entry) => ({
      ...entry.record,
      edges: directory
        .edges(entry)
        .map(({ record }) => record.name)
        .sort(),
    }))
    .sort(byName)
}

test('records merge to the same directory in every order, however often they come', () => {
  const orders = fc
    .array(record, { maxLength: 20, size: 'max' })
    .chain((records) =>
      fc.tuple(
        fc.constant(records),
        fc.shuffledSubarray(records, { minLength: records.length }),
        fc.subarray(records),
      ),
    )
  fc.assert(
    fc.property(orders, ([records, shuffled, again]) => {
      const expected = contents(directoryOf(records))
      assert.deepEqual(contents(directoryOf(shuffled)), expected, 'commutative and associative')
      assert.deepEqual(contents(directoryOf([...records, ...again])), expected, 'idempotent')
    }),
    RUNS,
  )
})

test('the newest record of each name is kept, and edges are exactly the mutual listings', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20, size: 'max' }), (records) => {
      const newest = new Map<NodeName, PeerRecord>([[own.name, own]])
      for (const record of records) {
        const known = newest.get(record.name)
        if (known === undefined || compareRecords(record, known) > 0) newest.set(record.name, record)
      }
      const edges = ({ name, links, state }: PeerRecord): string[] =>
        links.filter((to) => {
          const other = newest.get(to)
          return state === 'up' && other?.state === 'up' && other.links.includes(name)
        })
      const expected = [...newest.values()]
        .map((record) => ({ ...record, edges: edges(record).sort() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      assert.deepEqual(contents(directoryOf(records)), expected)
    }),
    RUNS,
  )
})

test('the hash is that of the reachable records, and peers come and go in turns', () => {
  const step = fc.oneof(
    fc.record({ merge: record }),
    fc.record({ linked: fc.subarray(['b', 'c', 'd', 'e']) }),
    fc.record({ waitMs: fc.constantFrom(1, 999, 1_000, 600_000) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const directory = new Directory(own, CORE_DEFAULTS)
      const joined = new Set<string>()
      let nowMs = 0
      const tell = (changes: readonly MembershipChange[]): void => {
        for (const change of changes) {
          if (change.type === 'peer-join') assert.ok(!joined.has(change.peer.name), 'joined twice')
          else assert.ok(joined.has(change.name), 'gone before it joined')
          if (change.type === 'peer-join') joined.add(change.peer.name)
          else joined.delete(change.name)
        }
      }
      for (const step of steps) {
        if ('merge' in step) directory.merge(step.merge, nowMs)
        else if ('waitMs' in step) nowMs += step.waitMs
        else if ('linked' in step) tell(reachExactly(directory, step.linked, nowMs))
        const dueMs = directory.nextExpiryMs()
        if (dueMs !== undefined && dueMs <= nowMs) tell(directory.expire(nowMs).changes)
        assert.ok((directory.nextExpiryMs() ?? Number.POSITIVE_INFINITY) > nowMs, 'nothing is left to expire')
        let [high, low, reachable] = [0, 0, 0]
        for (const entry of directory.entries) {
          if (!entry.reachable) continue
          const { name, incarnation, version } = entry.record
          const hash = recordHash(name, incarnation, version)
          ;[high, low, reachable] = [(high ^ hash.high) >>> 0, (low ^ hash.low) >>> 0, reachable + 1]
        }
        assert.deepEqual(directory.hash, { high, low })
        assert.equal(directory.reachableCount, reachable)
      }
    }),
    RUNS,
  )
})

test('a sequence window does what a set of numbers does', () => {
  const near = fc.integer({ min: 0, max: 200 })
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ add: near }) },
    { weight: 1, arbitrary: fc.record({ skipTo: near }) },
    { weight: 1, arbitrary: fc.record({ far: fc.constantFrom(2 ** 32, 2 ** 48 - 2, 1_000) }) },
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.array(step, { maxLength: 300, size: 'max' }),
      (spanMax, steps) => {
        const window = new SequenceWindow(spanMax)
        assert.equal(window.span % 32, 0)
        assert.ok(window.span >= spanMax)
        const above = new Set<number>()
        let next = 1
        const swallow = (): void => {
          for (const held of [...above]) if (held < next) above.delete(held)
          while (above.delete(next)) next++
        }
        for (const step of steps) {
          if ('skipTo' in step || 'far' in step) {
            const floor = 'far' in step ? step.far : step.skipTo + next - 50
            window.skipTo(floor)
            next = Math.max(next, floor)
          } else {
            const sequence = next + step.add - 50
            const expected =
              sequence < next || above.has(sequence)
                ? 'seen'
                : sequence >= next + window.span
                  ? 'beyond'
                  : 'new'
            assert.equal(window.has(sequence), expected === 'seen')
            assert.equal(window.add(sequence), expected)
            if (expected === 'new') above.add(sequence)
          }
          swallow()
          assert.equal(window.next, next)
          assert.equal(window.held, above.size)
          const around = Array.from({ length: window.span + 2 }, (_, i) => next + i)
          assert.deepEqual(
            around.filter((sequence) => window.has(sequence)),
            [...above].sort((a, b) => a - b),
          )
        }
      },
    ),
    RUNS,
  )
})

/** A random graph around the node `n0`, as a directory that knows all of it, with some edges listed by one end only. */
const graph = fc
  .record({
    size: fc.integer({ min: 2, max: 12 }),
    pairs: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { maxLength: 40, size: 'max' }),
  })
  .map(({ size, pairs }) => {
    const listed = Array.from({ length: size }, () => new Set<number>())
    const edges = Array.from({ length: size }, () => new Set<number>())
    for (const [x, y, isMutual] of pairs) {
      const [a, b] = [x % size, y % size]
      if (a === b) continue
      listed[a]?.add(b)
      if (isMutual) listed[b]?.add(a)
    }
    listed.forEach((to, a) => {
      for (const b of to) if (listed[b]?.has(a)) edges[a]?.add(b)
    })
    return { size, listed, edges }
  })

const named = (index: number): NodeName => nodeName(`n${index}`)

/** Links to travel from `start` to every node, never through `except`; `undefined`: no path. */
function distances(
  edges: readonly ReadonlySet<number>[],
  start: number,
  except?: number,
): (number | undefined)[] {
  const found: (number | undefined)[] = edges.map(() => undefined)
  found[start] = 0
  const queue = [start]
  for (const at of queue) {
    for (const next of edges[at] ?? []) {
      if (next === except || found[next] !== undefined) continue
      found[next] = (found[at] ?? 0) + 1
      queue.push(next)
    }
  }
  return found
}

test('routes are those of a breadth-first search; the next hop is nearer, and the detour never leads back', () => {
  fc.assert(
    fc.property(graph, fc.nat(), ({ size, listed, edges }, someone) => {
      const recordAt = (i: number): PeerRecord => recordOf(`n${i}`, [...(listed[i] ?? [])].map(named))
      const directory = new Directory(recordAt(0), CORE_DEFAULTS)
      for (let i = 1; i < size; i++) directory.merge(recordAt(i), 0)
      const routes = new Routes()
      const neighbors = [...(edges[0] ?? [])].map((i) => ({ name: named(i), link: (i + 100) as LinkId }))
      for (const { name } of neighbors) directory.neighborUp(name, 0)
      routes.compute(directory, neighbors)
      const expected = distances(edges, 0)
      const origin = named(someone % size)
      for (let to = 1; to < size; to++) {
        const entry = directory.get(named(to))
        assert.ok(entry !== undefined)
        assert.equal(routes.distance(entry.slot), expected[to] ?? 0)
        const best = routes.nextHop(origin, entry, () => true)
        assert.equal(best === undefined, expected[to] === undefined)
        if (best === undefined) continue
        assert.deepEqual(
          routes.nextHop(origin, entry, () => true),
          best,
          'the same pair takes the same way',
        )
        const via = Number(best.name.slice(1))
        // R3: the rest of the way is measured in the graph without this node.
        assert.equal(distances(edges, via, 0)[to], (expected[to] ?? 0) - 1, 'one link nearer')
        const others = neighbors.filter(({ name }) => name !== best.name)
        const ways = others.filter(({ name }) => distances(edges, Number(name.slice(1)), 0)[to] !== undefined)
        const detour = routes.nextHop(origin, entry, ({ name }) => name !== best.name)
        assert.equal(detour === undefined, ways.length === 0, 'a way around is found when there is one')
        if (detour !== undefined) {
          assert.ok(
            ways.some(({ name }) => name === detour.name),
            'and leads there',
          )
        }
        assert.equal(routes.hasDetour(entry.slot), ways.length > 0)
      }
      assert.equal(
        routes.nextHop(origin, directory.own, () => true),
        undefined,
        'no path leads to this node itself',
      )
    }),
    RUNS,
  )
})

test('routes around some nodes are those of a graph without them', () => {
  fc.assert(
    fc.property(graph, fc.array(fc.nat(), { maxLength: 4 }), ({ size, listed, edges }, some) => {
      const recordAt = (i: number): PeerRecord => recordOf(`n${i}`, [...(listed[i] ?? [])].map(named))
      const directory = new Directory(recordAt(0), CORE_DEFAULTS)
      for (let i = 1; i < size; i++) directory.merge(recordAt(i), 0)
      const without = new Set(some.map((i) => 1 + (i % (size - 1))))
      const all = [...(edges[0] ?? [])]
      for (const i of all) directory.neighborUp(named(i), 0)
      const neighbors = all.map((i) => ({ name: named(i), link: (i + 100) as LinkId }))
      const starts = neighbors.filter(({ name }) => !without.has(Number(name.slice(1))))
      const slotOf = (i: number): number => directory.get(named(i))?.slot ?? -1
      const routes = new Routes()
      // Computed before, as it is time and again.
      routes.compute(directory, neighbors)
      routes.compute(directory, starts, [...without].map(slotOf))
      const left = edges.map((to, i) => new Set(without.has(i) ? [] : [...to].filter((j) => !without.has(j))))
      const expected = distances(left, 0)
      for (let to = 1; to < size; to++) {
        assert.equal(routes.distance(slotOf(to)), expected[to] ?? 0)
        const entry = directory.get(named(to))
        const best = entry && routes.nextHop(named(0), entry, () => true)
        assert.equal(best === undefined, expected[to] === undefined)
        assert.ok(best === undefined || starts.some(({ name }) => name === best.name))
      }
    }),
    RUNS,
  )
})

test('an address waits at most the doubled backoff, whatever the seed, and is not dialled before', () => {
  const { dialBackoffMinMs, dialBackoffMaxMs } = CORE_DEFAULTS
  const url = 'ws://b:5000/'
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 12 }), (seed, failures) => {
      const dialing = new Dialing(CORE_DEFAULTS, new Rng(seed), undefined)
      const directory = new Directory(own, CORE_DEFAULTS)
      dialing.addContacts([{ url }])
      const view = { directory, linksUp: 0, isNeighbor: () => false }
      let nowMs = 0
      assert.deepEqual(dialing.plan(view, nowMs).urls, [url])
      for (let failure = 0; failure < failures; failure++) {
        assert.deepEqual(dialing.plan(view, nowMs).urls, [], 'one dial to an address at a time')
        dialing.failed(url, nowMs)
        assert.deepEqual(dialing.plan(view, nowMs).urls, [], 'never at once')
        nowMs += Math.min(dialBackoffMaxMs, dialBackoffMinMs * 2 ** failure)
        assert.deepEqual(dialing.plan(view, nowMs).urls, [url])
      }
    }),
    RUNS,
  )
})

test('virtual time runs events in the order of their time, and of their planning where that is equal', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 30 }), { maxLength: 100, size: 'max' }), (delays) => {
      const queue = new EventQueue()
      const ran: [number, number][] = []
      delays.forEach((delay, index) => {
        queue.plan(delay, () => ran.push([queue.nowMs, index]))
      })
      queue.runTo(15)
      queue.runTo(40)
      const expected = delays.map((delay, index): [number, number] => [Math.max(0, delay), index])
      expected.sort(([a, i], [b, j]) => a - b || i - j)
      assert.deepEqual(ran, expected)
      assert.deepEqual([queue.size, queue.nowMs], [0, 40])
    }),
    RUNS,
  )
})
