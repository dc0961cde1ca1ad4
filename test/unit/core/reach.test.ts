// When routes are computed and what the application is told of it, through the one door.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { Effect } from '../../../src/core/events.ts'
import {
  dropped,
  INCARNATION,
  linkId,
  messagesOf,
  nodeName,
  noticesOf,
  Rig,
  recordGossip,
  recordOf,
  recordsOf,
  timer,
  told,
} from '../../support/core-rig.ts'

const { forgetMs, heartbeatMs, routesIntervalMs, unreachableGraceMs } = CORE_DEFAULTS

const joins = (effects: readonly Effect[]): string[] =>
  noticesOf(effects, 'peer-join').map(({ peer }) => peer.name)
const leaves = (effects: readonly Effect[]): string[] =>
  noticesOf(effects, 'peer-leave').map(({ name, reason }) => `${name} ${reason}`)

/** Lets time pass while the neighbors send their heartbeats. */
function waitAlive(rig: Rig, ms: number): Effect[] {
  const effects: Effect[] = []
  for (const untilMs = rig.nowMs + ms; rig.nowMs < untilMs; ) {
    effects.push(...rig.wait(Math.min(heartbeatMs, untilMs - rig.nowMs)))
    for (const { id } of rig.overlay.neighbors.values()) {
      const { hash } = rig.overlay.directory
      rig.hear(id, { type: 'heartbeat', clock: 1, echo: 0, heldUs: 0, hash })
    }
  }
  return effects
}

test('a node is reached when both ends of every link on the way list it', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  a.hear(1, recordsOf(recordOf('c', ['b', 'd']), recordOf('d', ['c'])))
  assert.deepEqual(joins(a.wait(100)), [], 'b does not list c')
  a.hear(1, recordsOf(recordOf('b', ['a', 'c'], { version: 3 })))
  assert.deepEqual(joins(a.wait(100)).sort(), ['c', 'd'])
  assert.deepEqual(
    ['b', 'c', 'd', 'e'].map((name) => a.overlay.distance(nodeName(name))),
    [1, 2, 3, undefined],
  )
})

test('who comes together is told together, and the next one waits', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['c', 'd', 'e'])
  const timersOf = (effects: readonly Effect[]) => effects.filter(({ type }) => type === 'timer')
  const first = a.hear(1, recordGossip(recordOf('c', ['b']), 1), recordGossip(recordOf('d', ['b']), 1))
  assert.deepEqual(timersOf(first), [timer({ kind: 'reachability', token: 2 }, 0)])
  assert.deepEqual(joins(a.wait(0)), ['c', 'd'])
  const second = a.hear(1, recordGossip(recordOf('e', ['b']), 1))
  assert.deepEqual(timersOf(second), [timer({ kind: 'reachability', token: 3 }, routesIntervalMs)])
  assert.deepEqual(joins(a.wait(routesIntervalMs - 1)), [])
  assert.deepEqual(joins(a.wait(1)), ['e'])
})

test('a new version that changes nobody asks for no timer, while no send waits', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['c'])
  a.hear(1, recordsOf(recordOf('c', ['b'])))
  a.wait(100)
  const update = (version: number) => recordGossip(recordOf('c', ['b', 'x'], { version }), version)
  assert.deepEqual(a.hear(1, update(3)), [])
  a.take({ type: 'send', id: 1, to: nodeName('y'), payload: new Uint8Array(1) })
  assert.deepEqual(a.hear(1, update(4)), [timer({ kind: 'reachability', token: 3 }, 0)])
})

test('the hash is current before anybody is told', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['c', 'd'])
  const { directory } = a.overlay
  a.hear(1, recordsOf(recordOf('c', ['b'])))
  a.wait(0)
  const before = directory.hash
  a.hear(1, recordsOf(recordOf('d', ['b'])))
  assert.equal(directory.reachableCount, 4)
  assert.notDeepEqual(directory.hash, before)
  a.hear(1, recordsOf(recordOf('d', [], { version: 3 })))
  assert.deepEqual(directory.hash, before)
})

test('who dies is unreachable after the grace, and forgotten after ten minutes', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['c'])
  a.hear(1, recordsOf(recordOf('c', ['b'])))
  a.wait(100)
  a.hear(1, recordsOf(recordOf('b', ['a'], { version: 3 })))
  assert.deepEqual(leaves(waitAlive(a, unreachableGraceMs - 1)), [])
  assert.deepEqual(leaves(waitAlive(a, routesIntervalMs + 1)), ['c unreachable'])
  waitAlive(a, forgetMs - unreachableGraceMs - 100)
  assert.notEqual(a.overlay.directory.get(nodeName('c')), undefined)
  waitAlive(a, 200)
  assert.equal(a.overlay.directory.get(nodeName('c')), undefined)
  assert.notEqual(a.overlay.directory.get(nodeName('b')), undefined)
})

test('a link that is replaced within the grace is no news', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const effects = a.take({ type: 'link-closed', link: linkId(1), reason: 'link-lost' })
  effects.push(...a.wait(unreachableGraceMs - 1), ...a.meet(2, 'b'), ...a.wait(5_000))
  assert.deepEqual([...leaves(effects), ...joins(effects)], [])
})

test('a neighbor that leaves is told at once', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b')
  const { incarnation, instance, url } = recordOf('b', [])
  const last = recordOf('b', [], {
    incarnation,
    instance,
    ...(url === undefined ? {} : { url }),
    version: 3,
    state: 'leaving',
  })
  a.hear(1, recordGossip(last, 9))
  a.take({ type: 'link-closed', link: linkId(1), reason: 'left' })
  assert.deepEqual(leaves(a.wait(routesIntervalMs)), ['b left'])
  assert.deepEqual(leaves(a.wait(10_000)), [])
})

test('a node that is started again within the grace has left and joined', () => {
  const a = Rig.started('a')
  a.befriend(1, 'b', ['c'])
  a.hear(1, recordsOf(recordOf('c', ['b'])))
  a.wait(100)
  const again = recordOf('c', ['b'], { incarnation: INCARNATION + 1, instance: 'c-2' })
  a.hear(1, recordGossip(again, 1, { incarnation: INCARNATION + 1 }))
  const effects = a.wait(routesIntervalMs).filter((effect) => effect.type === 'notify')
  assert.deepEqual(effects, [
    told({ type: 'peer-leave', name: nodeName('c'), reason: 'unreachable' }),
    told({ type: 'peer-join', peer: again }),
  ])
})

test("a name beyond the directory's limit is refused, and counted", () => {
  const a = Rig.started('a', { config: { directoryNodesMax: 2 } })
  a.befriend(1, 'b')
  assert.deepEqual(a.hear(1, recordsOf(recordOf('c', ['b']))), [dropped('directory-full', 'record of c', 1)])
  assert.deepEqual(messagesOf(a.wait(100), 'records'), [])
})
