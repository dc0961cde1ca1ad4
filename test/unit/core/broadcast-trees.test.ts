// Which links are eager in the tree of an origin, as prunes, grafts, duplicates and announcements come in any order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BroadcastTrees } from '../../../src/core/broadcast-trees.ts'
import type { Effect } from '../../../src/core/events.ts'
import { Turn } from '../../../src/core/turn.ts'
import { linkId, nodeName, sent } from '../../support/core-rig.ts'

const [P, Q, R] = [linkId(1), linkId(2), linkId(3)]
const origin = nodeName('z')

const prune = (link: number): Effect => sent([link], { type: 'prune', origins: [origin] })
/** A graft of no broadcast. */
const graft = (link: number): Effect => {
  const none = { kind: 'payload', origin, incarnation: 0, first: 1, behindLast: 1 } as const
  return sent([link], { type: 'graft', ranges: [none] })
}

/** Three links, and the tree of one origin. `at` runs a turn and returns its effects. */
function rig(optimizeHops = 2, mayGo = () => true) {
  const turn = new Turn()
  const trees = new BroadcastTrees(optimizeHops, { turn, coalescing: { mayGo } })
  for (const link of [P, Q, R]) trees.linkUp(link)
  const tree = trees.newTree(origin)
  let nowMs = 0
  const at = (act: () => void): Effect[] => {
    turn.begin(++nowMs)
    act()
    trees.flush()
    return turn.effects
  }
  const eager = () => [P, Q, R].filter((link) => trees.isEager(tree, link))
  return { turn, trees, tree, at, eager }
}

test('all links of a new tree are eager, and only what the other ends say changes that', () => {
  const { trees, tree, at, eager } = rig()
  assert.deepEqual(eager(), [P, Q, R])
  assert.deepEqual(
    at(() => trees.pruneReceived(tree, Q)),
    [],
  )
  assert.deepEqual(eager(), [P, R])
  at(() => trees.pruneReceived(tree, Q))
  at(() => trees.graftReceived(tree, Q))
  assert.deepEqual(eager(), [P, Q, R])
  at(() => trees.startLazy([tree], R))
  assert.deepEqual(eager(), [P, Q])
})

test('the link over which the last new broadcast came is the parent; others that bring it again are pruned', () => {
  const { trees, tree, at, eager } = rig()
  assert.deepEqual(
    at(() => trees.arrived(tree, P, 4)),
    [],
  )
  assert.deepEqual([tree.parent, tree.depth], [P, 4])
  assert.deepEqual(
    at(() => trees.duplicate(tree, Q)),
    [prune(2)],
  )
  assert.deepEqual(
    at(() => trees.duplicate(tree, P)),
    [],
    'never the parent',
  )
  assert.deepEqual(eager(), [P, Q, R], 'a prune is about what comes in')
  at(() => trees.arrived(tree, R, 3))
  assert.deepEqual([tree.parent, tree.depth], [R, 3])
  assert.deepEqual(
    at(() => trees.duplicate(tree, P)),
    [prune(1)],
  )
})

test('a bundle of duplicates is answered once', () => {
  const { trees, tree, at } = rig()
  at(() => trees.arrived(tree, P, 1))
  assert.deepEqual(
    at(() => {
      for (const link of [Q, Q, R, R]) trees.duplicate(tree, link)
    }),
    [prune(2), prune(3)],
  )
  assert.deepEqual(
    at(() => trees.duplicate(tree, Q)),
    [prune(2)],
    'again, later: the other end does not know',
  )
})

test('what a turn asks of a link ends with what it asked last', () => {
  const { trees, tree, at } = rig()
  at(() => trees.arrived(tree, P, 1))
  assert.deepEqual(
    at(() => {
      trees.duplicate(tree, Q)
      trees.grafting(tree, Q)
      trees.arrived(tree, P, 1)
      trees.duplicate(tree, Q)
    }),
    [graft(1), prune(2)],
  )
})

test('what was on its way when its link was pruned does not move the parent, unless it is nearer', () => {
  const { trees, tree, at } = rig()
  at(() => trees.arrived(tree, P, 2))
  at(() => trees.duplicate(tree, Q))
  assert.deepEqual(
    at(() => trees.arrived(tree, Q, 2)),
    [prune(2)],
  )
  assert.deepEqual([tree.parent, tree.depth], [P, 2])
  assert.deepEqual(
    at(() => trees.arrived(tree, Q, 1)),
    [graft(2)],
  )
  assert.deepEqual([tree.parent, tree.refused, tree.depth], [Q, 0, 1])
})

test('one that overtook that of the parent on a longer way does not move the parent', () => {
  const { trees, tree, at } = rig()
  at(() => trees.arrived(tree, P, 2))
  assert.deepEqual(
    at(() => trees.arrived(tree, Q, 3)),
    [prune(2)],
  )
  assert.deepEqual([tree.parent, tree.depth], [P, 2])
  at(() => trees.arrived(tree, P, 4))
  assert.equal(tree.depth, 4, 'the way of the parent may grow')
  at(() => trees.arrived(tree, R, 4))
  assert.equal(tree.parent, R)
})

test('two links that bring messages which follow each other closely: one of them stays', () => {
  const { trees, tree, at } = rig()
  at(() => trees.arrived(tree, P, 2))
  at(() => trees.arrived(tree, Q, 2))
  assert.deepEqual(
    at(() => trees.duplicate(tree, P)),
    [prune(1)],
  )
  assert.deepEqual(
    at(() => trees.duplicate(tree, Q)),
    [],
  )
  assert.equal(tree.parent, Q)
})

test('without a parent whatever comes is welcome, and asked for where it was pruned', () => {
  const { trees, tree, at } = rig()
  at(() => trees.arrived(tree, P, 2))
  at(() => trees.duplicate(tree, Q))
  at(() => trees.linkDown(tree, P))
  assert.equal(tree.parent, undefined)
  assert.deepEqual(
    at(() => trees.arrived(tree, Q, 3)),
    [graft(2)],
  )
  assert.deepEqual([tree.parent, tree.refused, tree.depth], [Q, 0, 3])
})

test('who is asked for a broadcast that did not come becomes the parent, whatever its way', () => {
  const { trees, tree, at } = rig()
  at(() => trees.grafting(tree, Q))
  assert.equal(tree.parent, Q)
  at(() => trees.arrived(tree, Q, 2))
  at(() => trees.duplicate(tree, R))
  at(() => trees.grafting(tree, R))
  assert.deepEqual([tree.parent, tree.refused], [R, 0])
  at(() => trees.arrived(tree, R, 9))
  assert.deepEqual([tree.parent, tree.depth], [R, 9])
  assert.deepEqual(
    at(() => trees.duplicate(tree, Q)),
    [prune(2)],
  )
})

test('a parent that asks for pushes is none any more', () => {
  const { trees, tree, at } = rig()
  at(() => trees.arrived(tree, P, 2))
  at(() => trees.graftReceived(tree, Q))
  assert.equal(tree.parent, P)
  at(() => trees.graftReceived(tree, P))
  assert.equal(tree.parent, undefined)
})

test('who takes a new parent unasked tells it, but for the first of a tree', () => {
  const { trees, tree, at } = rig()
  assert.deepEqual(
    at(() => trees.arrived(tree, P, 2)),
    [],
  )
  assert.deepEqual(
    at(() => trees.arrived(tree, Q, 2)),
    [graft(2)],
  )
  assert.deepEqual(
    at(() => trees.arrived(tree, Q, 3)),
    [],
  )
  at(() => trees.grafting(tree, R))
  assert.deepEqual(
    at(() => trees.arrived(tree, R, 9)),
    [],
    'it was asked',
  )
})

test('a way that is so much shorter is changed over to, in this order', () => {
  const { trees, tree, at } = rig(2)
  at(() => trees.arrived(tree, P, 5))
  for (const [link, hops] of [
    [Q, 4],
    [Q, 9],
    [P, 1],
  ] as const) {
    assert.deepEqual(
      at(() => trees.optimize(tree, link, hops)),
      [],
    )
  }
  assert.deepEqual(
    at(() => trees.optimize(tree, Q, 3)),
    [graft(2), prune(1)],
  )
  assert.deepEqual([tree.parent, tree.depth], [Q, 3])
  assert.deepEqual(
    at(() => trees.optimize(tree, P, 3)),
    [],
    'and not back',
  )
  assert.deepEqual(
    at(() => trees.arrived(tree, P, 5)),
    [prune(1)],
    'the old parent pushed before it heard of it',
  )
  assert.equal(tree.parent, Q)
})

test('without a parent there is nothing to change over from', () => {
  const { trees, tree, at } = rig()
  assert.deepEqual(
    at(() => trees.optimize(tree, Q, 0)),
    [],
  )
  assert.equal(tree.parent, undefined)
})

test('nothing is remembered of a link that is gone, and its place is taken by the next one', () => {
  const { trees, tree, at, eager } = rig()
  at(() => trees.arrived(tree, P, 1))
  at(() => trees.duplicate(tree, Q))
  at(() => trees.pruneReceived(tree, Q))
  at(() => {
    trees.linkDown(tree, Q)
    trees.forgetLink(Q)
  })
  assert.deepEqual([tree.lazy, tree.refused, tree.parent], [0, 0, P])
  const next = linkId(9)
  trees.linkUp(next)
  at(() => trees.pruneReceived(tree, next))
  assert.equal(trees.isEager(tree, next), false)
  assert.deepEqual(eager(), [P, Q, R])
})

test('prunes may be held back, and what is asked later takes their place', () => {
  let mayGo = false
  const { trees, tree, at } = rig(2, () => mayGo)
  at(() => trees.arrived(tree, P, 1))
  assert.deepEqual(
    at(() => trees.duplicate(tree, Q)),
    [],
  )
  assert.deepEqual(
    at(() => trees.duplicate(tree, R)),
    [],
  )
  at(() => trees.grafting(tree, Q))
  mayGo = true
  assert.deepEqual(
    at(() => {}),
    [prune(R)],
    'Q was grafted meanwhile',
  )
  assert.deepEqual(
    at(() => {}),
    [],
  )
})

test('32 links are told apart; further ones stay eager until one of those is gone', () => {
  const turn = new Turn()
  const trees = new BroadcastTrees(2, { turn, coalescing: { mayGo: () => true } })
  const tree = trees.newTree(origin)
  for (let link = 1; link <= 33; link++) trees.linkUp(linkId(link))
  for (let link = 1; link <= 33; link++) trees.pruneReceived(tree, linkId(link))
  assert.equal(trees.isEager(tree, linkId(32)), false)
  assert.equal(trees.isEager(tree, linkId(33)), true)
  turn.begin(1)
  trees.arrived(tree, linkId(33), 1)
  assert.equal(tree.parent, 33)
  trees.linkDown(tree, linkId(32))
  trees.forgetLink(linkId(32))
  trees.linkUp(linkId(34))
  assert.equal(trees.isEager(tree, linkId(34)), true)
  trees.pruneReceived(tree, linkId(34))
  assert.equal(trees.isEager(tree, linkId(34)), false)
  for (let link = 1; link < 32; link++) assert.equal(trees.isEager(tree, linkId(link)), false)
})
