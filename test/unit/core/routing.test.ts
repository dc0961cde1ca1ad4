// Routes over small graphs drawn by hand. test/property has random ones.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import { Directory, type Entry } from '../../../src/core/directory.ts'
import { NEIGHBORS_MAX, type Neighbor, Routes } from '../../../src/core/routing.ts'
import { linkId, nodeName, recordOf } from '../../support/core-rig.ts'

/** Routes of `a` in a graph of pairs like `a-b`. */
function graph(...pairs: string[]) {
  const links = new Map<string, string[]>([['a', []]])
  for (const pair of pairs) {
    const [from, to] = pair.split('-') as [string, string]
    links.set(from, [...(links.get(from) ?? []), to])
    links.set(to, [...(links.get(to) ?? []), from])
  }
  const directory = new Directory(recordOf('a', links.get('a') ?? []), CORE_DEFAULTS)
  for (const [name, others] of links) if (name !== 'a') directory.merge(recordOf(name, others), 0)
  const routes = new Routes()
  const neighbors = (links.get('a') ?? []).map((name, i) => ({ name: nodeName(name), link: linkId(i + 1) }))
  for (const { name } of neighbors) directory.neighborUp(name, 0)
  routes.compute(directory, neighbors)
  const entry = (name: string): Entry => {
    const found = directory.get(nodeName(name))
    assert.ok(found !== undefined)
    return found
  }
  return {
    directory,
    routes,
    distance: (name: string) => routes.distance(entry(name).slot),
    hop: (to: string, usable: (neighbor: Neighbor) => boolean = () => true, origin = 'a') =>
      routes.nextHop(nodeName(origin), entry(to), usable)?.name,
  }
}

const except =
  (...names: string[]) =>
  ({ name }: Neighbor): boolean =>
    !names.includes(name)

test('the shortest way is taken, then the second best, then none', () => {
  // d is two links away by b, three by c.
  const of = graph('a-b', 'b-d', 'a-c', 'c-e', 'e-d')
  assert.equal(of.distance('d'), 2)
  assert.equal(of.hop('d'), 'b')
  assert.equal(of.hop('d', except('b')), 'c')
  assert.equal(of.hop('d', except('b', 'c')), undefined)
  assert.equal(of.distance('a'), 0)
  assert.equal(of.hop('a'), undefined, 'not to itself')
})

test('no way leads through this node', () => {
  const of = graph('a-b', 'a-c', 'c-d')
  assert.equal(of.hop('d'), 'c')
  assert.equal(of.hop('d', except('c')), undefined, 'b leads to d by a only')
})

test('a pair of names keeps to one of several best ways, and pairs spread over them', () => {
  const of = graph('a-b', 'a-c', 'a-d', 'b-z', 'c-z', 'd-z')
  const counts = new Map<string, number>()
  for (let i = 0; i < 300; i++) {
    const hop = of.hop('z', undefined, `origin${i}`)
    assert.equal(of.hop('z', undefined, `origin${i}`), hop)
    counts.set(hop ?? '', (counts.get(hop ?? '') ?? 0) + 1)
  }
  assert.deepEqual([...counts.keys()].sort(), ['b', 'c', 'd'])
  for (const count of counts.values()) assert.ok(count > 50, `${count} of 300`)
})

test('a neighbor that is leaving is no way, and not reached by one', () => {
  const of = graph('a-b', 'b-c')
  of.directory.merge(recordOf('b', ['a', 'c'], { version: 3, state: 'leaving' }), 0)
  of.routes.compute(of.directory, [{ name: nodeName('b'), link: linkId(1) }])
  assert.deepEqual([of.distance('b'), of.distance('c')], [0, 0])
  assert.equal(of.hop('c'), undefined)
})

test('a neighbor is reached by its link before its record lists it', () => {
  const directory = new Directory(recordOf('a', []), CORE_DEFAULTS)
  directory.merge(recordOf('b', []), 0)
  const routes = new Routes()
  routes.compute(directory, [{ name: nodeName('b'), link: linkId(1) }])
  assert.equal(routes.distance(directory.get(nodeName('b'))?.slot ?? -1), 1)
})

test('whether a node has a detour', () => {
  const of = graph('a-b', 'a-c', 'b-c', 'c-d', 'a-e')
  const hasDetour = (name: string): boolean =>
    of.routes.hasDetour(of.directory.get(nodeName(name))?.slot ?? -1)
  assert.deepEqual(['b', 'c', 'd', 'e'].map(hasDetour), [true, true, true, false])
})

test('neighbors beyond what a bit set holds are not used', () => {
  const names = Array.from({ length: NEIGHBORS_MAX + 2 }, (_, i) => `n${i}`)
  const of = graph(...names.map((name) => `a-${name}`))
  assert.equal(of.hop('n30'), 'n30')
  assert.equal(of.hop('n31'), undefined)
})

test('the work is counted in edges looked at', () => {
  const of = graph('a-b', 'b-c', 'c-d')
  assert.equal(of.routes.edgesVisited, 2 + 2 + 1, 'those of b, c and d')
})
