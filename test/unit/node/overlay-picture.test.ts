// The overlay as it is shown: states, and what has changed since the last look.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeName, PeerRecord } from '../../../src/core/messages.ts'
import type { PeerInfo } from '../../../src/node/events.ts'
import { OverlayPicture } from '../../../src/node/overlay-picture.ts'

/** A directory that the test writes. */
class Known {
  nowMs = 0
  version = 1
  readonly records = new Map<string, { reachable: boolean; state: 'up' | 'leaving'; links: string[] }>()
  httpPeers: PeerInfo[] = []

  readonly picture = new OverlayPicture({
    overlay: { self: { name: 'a' }, directory: this as never } as never,
    httpPeers: () => this.httpPeers,
    nowMs: () => this.nowMs,
  })

  set(name: string, reachable: boolean, links: string[], state: 'up' | 'leaving' = 'up'): void {
    this.version++
    this.records.set(name, { reachable, links, state })
  }

  get hash() {
    return { high: 0, low: this.version }
  }

  get(name: string) {
    return this.records.get(name)
  }

  get size(): number {
    return this.records.size
  }

  get reachableCount(): number {
    return [...this.records.values()].filter(({ reachable }) => reachable).length
  }

  get entries() {
    return [...this.records].map(([name, { reachable, state, links }]) => ({
      record: { name: name as NodeName, state, incarnation: 1, version: 1, links } as unknown as PeerRecord,
      reachable,
    }))
  }

  edges({ record }: { readonly record: PeerRecord }) {
    return this.entries.filter(
      (other) => record.links.includes(other.record.name) && other.record.links.includes(record.name),
    )
  }
}

const states = (known: Known) =>
  Object.fromEntries(known.picture.all().nodes.map(({ name, state }) => [name, state]))

test('nodes come and go', () => {
  const known = new Known()
  known.set('a', true, ['b'])
  known.set('b', true, ['a'])
  assert.deepEqual(known.picture.look()?.linksUp, [['a', 'b']])
  assert.equal(known.picture.look(), undefined)
  known.set('c', false, ['b'])
  assert.deepEqual(
    known.picture.look()?.nodes.map(({ name, state }) => [name, state]),
    [['c', 'joining']],
  )
  known.set('b', true, ['a', 'c'])
  known.set('c', true, ['b'])
  const change = known.picture.look()
  assert.deepEqual(change?.linksUp, [['b', 'c']])
  assert.deepEqual(states(known), { a: 'up', b: 'up', c: 'up' })
  known.set('c', false, ['b'])
  known.set('b', true, ['a'])
  assert.deepEqual(known.picture.look()?.linksDown, [['b', 'c']])
  assert.deepEqual(states(known), { a: 'up', b: 'up', c: 'unreachable' })
  known.set('b', false, [], 'leaving')
  known.picture.look()
  assert.deepEqual(states(known), { a: 'up', b: 'leaving', c: 'unreachable' })
  known.records.delete('b')
  assert.deepEqual(known.picture.look()?.gone, ['b'])
  assert.deepEqual(known.picture.all().links, [])
})

test('the link of two nodes that died together is not up, that of one to which something leads is', () => {
  const known = new Known()
  known.set('a', true, ['b'])
  known.set('b', true, ['a', 'c'])
  known.set('c', true, ['b', 'd'])
  known.set('d', true, ['c'])
  known.picture.look()
  known.set('c', false, ['b', 'd'])
  known.set('d', false, ['c'])
  assert.deepEqual(known.picture.look()?.linksDown, [['c', 'd']])
  assert.deepEqual(known.picture.all().links, [
    ['a', 'b'],
    ['b', 'c'],
  ])
  known.set('c', true, ['b', 'd'])
  assert.deepEqual(known.picture.look()?.linksUp, [['c', 'd']])
})

test('a node that nothing leads to is joining for a while only, and not when it was there before anybody looked', () => {
  const known = new Known()
  known.set('a', true, [])
  known.set('old', false, [])
  known.picture.look()
  known.set('new', false, [])
  known.picture.look()
  assert.deepEqual(states(known), { a: 'up', old: 'unreachable', new: 'joining' })
  known.nowMs = 10_000
  // Nothing has changed but the time.
  assert.deepEqual(
    known.picture.look()?.nodes.map(({ name }) => name),
    ['new'],
  )
  assert.deepEqual(states(known), { a: 'up', old: 'unreachable', new: 'unreachable' })
})

test('a node that has left is leaving for a while, and then it is gone', () => {
  const known = new Known()
  known.set('a', true, ['b'])
  known.set('b', true, ['a'])
  known.set('gone', false, [], 'leaving')
  known.picture.look()
  assert.deepEqual(states(known), { a: 'up', b: 'up' })
  known.set('b', false, [], 'leaving')
  known.picture.look()
  assert.equal(states(known).b, 'leaving')
  known.nowMs = 10_000
  assert.deepEqual(known.picture.look()?.gone, ['b'])
  known.nowMs = 20_000
  assert.equal(known.picture.look(), undefined)
  known.set('b', true, ['a'])
  known.picture.look()
  assert.equal(states(known).b, 'up')
  known.set('b', false, [], 'leaving')
  known.picture.look()
  assert.equal(states(known).b, 'leaving')
})

test('plain HTTP peers, which no record speaks of', () => {
  const known = new Known()
  known.set('a', true, [])
  known.picture.look()
  known.httpPeers = [{ name: 'flask', kind: 'http', url: 'http://flask:5000' }]
  known.nowMs = 1_000
  assert.deepEqual(known.picture.look()?.nodes, [
    { name: 'flask', kind: 'http', state: 'up', url: 'http://flask:5000', incarnation: 0, version: 0 },
  ])
  // Of the node that had the name before the directory still knows.
  known.set('flask', false, [], 'leaving')
  known.nowMs = 2_000
  assert.equal(known.picture.look(), undefined)
  known.httpPeers = []
  known.nowMs = 20_000
  assert.deepEqual(known.picture.look()?.gone, ['flask'])
})
