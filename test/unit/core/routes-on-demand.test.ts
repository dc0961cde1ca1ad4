// When routes are computed: only when they are asked for, and not more often than they cost.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import { Directory } from '../../../src/core/directory.ts'
import type { LinkState } from '../../../src/core/links.ts'
import type { NodeName } from '../../../src/core/messages.ts'
import { RoutesOnDemand } from '../../../src/core/routes-on-demand.ts'
import { Turn } from '../../../src/core/turn.ts'
import { directOf, linkId, nodeName, Rig, recordOf, recordsOf, sent, timer } from '../../support/core-rig.ts'

const { routesIntervalMs } = CORE_DEFAULTS

/** A node `a` whose one neighbor `b` has these others behind it. */
function scene(others: readonly string[]) {
  const directory = new Directory(recordOf('a', ['b']), CORE_DEFAULTS)
  directory.merge(recordOf('b', ['a', ...others]), 0)
  directory.neighborUp(nodeName('b'), 0)
  for (const name of others) directory.merge(recordOf(name, ['b']), 0)
  const neighbors = new Map([[nodeName('b'), { id: linkId(1) } as LinkState]]) as ReadonlyMap<
    NodeName,
    LinkState
  >
  const turn = new Turn()
  const lagging = new Set<LinkState>()
  const links = { neighbors, lags: (link: LinkState) => lagging.has(link) }
  const routes = new RoutesOnDemand(routesIntervalMs, { directory, links, turn })
  const distance = (name: string): number =>
    routes.current.distance(directory.get(nodeName(name))?.slot ?? -1)
  const around = (name: string): number => routes.around.distance(directory.get(nodeName(name))?.slot ?? -1)
  const lag = (name: string, does: boolean): void => {
    const link = neighbors.get(nodeName(name)) as LinkState
    if (does) lagging.add(link)
    else lagging.delete(link)
  }
  return { directory, turn, routes, distance, around, lag }
}

test('changes are in the routes when somebody asks, and then not before the interval is over', () => {
  const { directory, turn, routes, distance } = scene(['c'])
  turn.begin(0)
  assert.equal(distance('c'), 0, 'nobody has said that anything has changed')
  routes.changed()
  assert.equal(distance('c'), 2)
  directory.merge(recordOf('c', [], { version: 3 }), 0)
  routes.changed()
  assert.equal(distance('c'), 2)
  turn.begin(routesIntervalMs - 1)
  assert.equal(distance('c'), 2)
  turn.begin(routesIntervalMs)
  assert.equal(distance('c'), 0)
})

test('those around do without the neighbors whose links lag, as new as the others', () => {
  const { directory, turn, routes, distance, around, lag } = scene(['c'])
  turn.begin(0)
  routes.changed()
  assert.equal(around('c'), 2, 'none lags')
  lag('b', true)
  assert.equal(around('c'), 2)
  turn.begin(routesIntervalMs)
  assert.equal(around('c'), 0)
  assert.equal(distance('c'), 2, 'the others are as they were')
  turn.begin(2 * routesIntervalMs)
  lag('b', false)
  assert.equal(around('c'), 2)
  turn.begin(3 * routesIntervalMs)
  directory.merge(recordOf('c', [], { version: 3 }), 0)
  assert.equal(around('c'), 2, 'nobody has said that anything has changed')
  routes.changed()
  assert.equal(around('c'), 0)
})

test('a timer tells when to ask again, once, and only if newer routes may know more', () => {
  const { turn, routes } = scene(['c'])
  turn.begin(0)
  routes.changed()
  routes.current
  routes.want()
  assert.deepEqual(turn.effects, [], 'the routes are new')
  turn.begin(5)
  routes.changed()
  routes.want()
  routes.want()
  assert.deepEqual(turn.effects, [timer({ kind: 'routes', token: 1 }, routesIntervalMs - 5)])
  assert.deepEqual([routes.due(1), routes.due(1), routes.due(0)], [true, false, false])
})

test('the interval grows with the cost of the routes', () => {
  const names = Array.from({ length: 9_999 }, (_, i) => `n${i}`)
  const { directory, turn, routes, distance } = scene(names)
  turn.begin(0)
  routes.changed()
  assert.equal(distance('n1'), 2)
  directory.merge(recordOf('n1', [], { version: 3 }), 0)
  routes.changed()
  // 10,000 nodes and twice as many ends of edges, at 1,000 of them for each ms between two computations.
  turn.begin(29)
  assert.equal(distance('n1'), 2)
  turn.begin(30)
  assert.equal(distance('n1'), 0)
})

test('a send that found no way in old routes goes as soon as newer ones are allowed', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['c', 'd'])
  a.hear(1, recordsOf(recordOf('c', ['b'])))
  a.wait(0)
  assert.equal(a.overlay.distance(nodeName('c')), 2, 'computed now')
  a.hear(1, recordsOf(recordOf('d', ['b'])))
  a.wait(0)
  const asked = a.take({ type: 'send', id: 1, to: nodeName('d'), payload: new TextEncoder().encode('hi') })
  assert.deepEqual(asked[0], timer({ kind: 'routes', token: 1 }, routesIntervalMs))
  const [effect] = a.wait(routesIntervalMs).filter(({ type }) => type === 'send')
  assert.deepEqual(effect, sent([1], directOf('a', 'd', 'hi'), 'direct'))
})
