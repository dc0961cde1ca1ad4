import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { edgesOf, pathOf, Trails, treeOf } from '../../../src/dashboard/page/paths.ts'
import { trailText } from '../../../src/dashboard/page/wording.ts'
import type { MessageStep } from '../../../src/guests/overlay-lines.ts'
import { FakeOverlay } from '../../support/fake-overlay.ts'

const step = (via: string, at: string, hops: number): MessageStep => ({
  kind: 'direct',
  id: 'a/1/1/d',
  origin: 'a',
  destination: 'd',
  at,
  via,
  hops,
  bytes: 5,
})

function trailOf(steps: readonly MessageStep[]) {
  const trails = new Trails()
  trails.add(steps, 1)
  const trail = trails.get(steps[0]?.id ?? '')
  assert.ok(trail)
  return trail
}

describe('the way of a message', () => {
  it('is put together from steps in any order', () => {
    const trail = trailOf([step('c', 'd', 3), step('a', 'b', 1), step('b', 'c', 2)])
    assert.deepEqual(pathOf(trail), { nodes: ['a', 'b', 'c', 'd'], isComplete: true })
    assert.equal(trailText(trail), 'a → b → c → d')
    assert.deepEqual(
      edgesOf(trail).map(({ from, to }) => `${from}${to}`),
      ['ab', 'bc', 'cd'],
    )
  })

  it('says where it is not known', () => {
    assert.equal(trailText(trailOf([step('a', 'b', 1)])), 'a → b → … → d')
    assert.equal(trailText(trailOf([step('c', 'd', 3)])), 'a → … → c → d')
    assert.equal(trailText(trailOf([step('b', 'c', 2)])), 'a → … → b → c → … → d')
    assert.equal(pathOf(trailOf([step('c', 'd', 3)])).isComplete, false)
  })

  it('takes the first copy at a node, and does not hang in a circle', () => {
    const trails = new Trails()
    assert.equal(trails.add([step('a', 'b', 1), step('x', 'b', 4)], 1).length, 1)
    const circle = trailOf([step('c', 'b', 1), step('b', 'c', 2), step('c', 'd', 3)])
    assert.deepEqual(pathOf(circle), { nodes: ['b', 'c', 'd'], isComplete: false })
  })

  it('of a broadcast is a tree over all nodes, from the origin outwards', () => {
    const overlay = new FakeOverlay({ nodes: 40 })
    const trail = trailOf(overlay.broadcast('node5'))
    const edges = treeOf(trail)
    assert.equal(edges.length, 39)
    const reached = new Set(['node5'])
    for (const { from, to } of edges) {
      assert.ok(reached.has(from), `${from} had it before it passed it on`)
      reached.add(to)
    }
    assert.match(trailText(trail), /^node5 → 39 nodes in \d hops$/)
  })

  it('is found by its trace', () => {
    const trails = new Trails()
    trails.add([{ ...step('a', 'b', 1), traceparent: 'tp' }], 1)
    assert.equal(trails.byTraceparent('tp', 'a')?.id, 'a/1/1/d')
    assert.equal(trails.byTraceparent('other', 'a'), undefined)
  })

  it('is found by its trace also when others pass the trace on, and the same node sends in it again', () => {
    const trails = new Trails()
    const first = { ...step('a', 'b', 1), traceparent: 'tp' }
    trails.add([{ ...first, id: 'b/1/1/a', origin: 'b' }], 1)
    trails.add([first, { ...first, id: 'c/1/1/d', origin: 'c' }, { ...first, id: 'a/1/2/d' }], 2)
    assert.equal(trails.byTraceparent('tp', 'a')?.id, 'a/1/1/d')
    assert.equal(trails.byTraceparent('tp', 'c')?.id, 'c/1/1/d')
  })

  it('of a broadcast that was seen in part only does not look like the whole', () => {
    const all = new FakeOverlay({ nodes: 40 }).broadcast('node5')
    const near = trailOf(all.filter(({ hops }) => hops === 1))
    const text = `node5 → ${near.steps.size} of 39 nodes seen, up to 1 hop`
    assert.equal(trailText(near, 39), text)
    const far = trailOf(all.filter(({ hops }) => hops !== 1))
    assert.match(trailText(far), /^node5 → \d+ nodes seen and more, up to \d hops$/)
    assert.equal(edgesOf(far).length, far.steps.size, 'drawn all the same')
    assert.match(trailText(trailOf(all), 39), /^node5 → 39 nodes in \d hops$/)
  })

  it('is forgotten when there are too many steps, the oldest first', () => {
    const trails = new Trails(100)
    for (let index = 0; index < 60; index++) {
      const id = `a/1/${index}/d`
      trails.add(
        [
          { ...step('a', 'b', 1), id, traceparent: id },
          { ...step('b', 'd', 2), id },
        ],
        index,
      )
    }
    assert.equal(trails.get('a/1/9/d'), undefined)
    assert.equal(trails.byTraceparent('a/1/9/d', 'a'), undefined)
    assert.ok(trails.get('a/1/10/d'))
    assert.deepEqual(
      trails.at('b', 2).map(({ id }) => id),
      ['a/1/59/d', 'a/1/58/d'],
    )
    assert.deepEqual(trails.at('z', 2), [])
  })
})
