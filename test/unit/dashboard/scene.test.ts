import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { feedUrl } from '../../../src/dashboard/page/feed.ts'
import { OverlayModel } from '../../../src/dashboard/page/overlay-model.ts'
import { DIM, PLAIN, Scene, STRONG } from '../../../src/dashboard/page/scene.ts'
import { FADE_MS, HOP_MS, startMsOf, Tokens } from '../../../src/dashboard/page/tokens.ts'
import { nextNode } from '../../../src/dashboard/page/walk.ts'
import { FakeOverlay } from '../../support/fake-overlay.ts'

function shown(nodes = 12) {
  const overlay = new FakeOverlay({ nodes })
  const model = new OverlayModel()
  const scene = new Scene()
  model.apply(overlay.line(1))
  scene.sync(model.state)
  return { overlay, model, scene }
}

describe('the scene', () => {
  it('keeps the objects of what stays, and makes new ones for what comes back', () => {
    const { overlay, model, scene } = shown()
    const [kept, lost] = [scene.node('node2'), scene.node('node3')]
    model.apply(overlay.forget(2, 'node3'))
    assert.equal(scene.sync(model.state).hasNewStructure, true)
    assert.equal(scene.node('node2'), kept)
    assert.equal(scene.node('node3'), undefined)
    assert.ok(scene.links.every((link) => link.source !== lost && link.target !== lost))
    assert.ok(scene.nodes.every((node) => node.links.every((link) => scene.links.includes(link))))
    model.apply(shown().overlay.line(3))
    assert.deepEqual(
      scene.sync(model.state).added.map(({ id }) => id),
      ['node3'],
    )
    assert.notEqual(scene.node('node3'), lost)
  })

  it('says when only figures have changed', () => {
    const { overlay, model, scene } = shown()
    const { nodes, links } = scene
    model.applyReports(overlay.reports(2))
    assert.equal(scene.sync(model.state).hasNewStructure, false)
    assert.equal(scene.nodes, nodes)
    assert.equal(scene.links, links)
    assert.ok(scene.links.every(({ rttMs }) => rttMs !== undefined))
  })

  it('groups the links by how they are drawn, each in one group', () => {
    const { overlay, model, scene } = shown()
    model.applyReports(overlay.reports(2))
    scene.syncReports(model.state)
    const node = scene.node('node2')
    assert.ok(node)
    scene.focus(new Set([node]), new Set(node.links))
    const grouped = scene.groups.flatMap(({ links }) => links)
    assert.equal(new Set(grouped).size, scene.links.length)
    assert.equal(grouped.length, scene.links.length)
    assert.equal(scene.groups.at(-1)?.emphasis, STRONG)
    assert.equal(scene.node('node9')?.emphasis, DIM)
    scene.focus(undefined, new Set())
    assert.ok(scene.nodes.every(({ emphasis }) => emphasis === PLAIN))
  })

  it('is walked along links by the direction of keys', () => {
    const { scene } = shown(4)
    const places = [
      [0, 0],
      [10, 1],
      [-10, 1],
      [0, 10],
    ]
    for (const [index, node] of scene.nodes.entries()) [node.x, node.y] = places[index] as [number, number]
    assert.equal(nextNode(scene, undefined, [1, 0])?.id, 'node1')
    assert.equal(nextNode(scene, 'node1', [1, 0])?.id, 'node2')
    assert.equal(nextNode(scene, 'node1', [-1, 0])?.id, 'node3')
    assert.equal(nextNode(scene, 'node1', [0, 1])?.id, 'node4')
    assert.equal(nextNode(scene, 'node1', [0, -1]), undefined)
  })
})

describe('messages on their ways', () => {
  it('are as many as there is room for, and go when they have faded', () => {
    const { scene } = shown()
    const [from, to] = [scene.node('node1'), scene.node('node2')]
    assert.ok(from && to)
    const tokens = new Tokens(3)
    const add = (startMs: number) => tokens.add({ from, to, kind: 'direct', startMs })
    assert.deepEqual([add(0), add(500), add(0), add(0)], [true, true, true, false])
    tokens.passTo(HOP_MS + FADE_MS - 1)
    assert.equal(tokens.count, 3)
    tokens.passTo(HOP_MS + FADE_MS)
    assert.equal(tokens.count, 1)
    assert.equal(tokens.at(0).startMs, 500)
    assert.equal(add(600), true)
    tokens.clear()
    assert.equal(tokens.count, 0)
  })
})

describe('a step of a message', () => {
  it('waits for those before it, but not for ever', () => {
    assert.deepEqual(
      [0, 1, 3].map((hops) => startMsOf(hops, 100)),
      [100, 100, 100 + 2 * HOP_MS],
    )
    for (const hops of [255, Number.MAX_SAFE_INTEGER]) assert.ok(startMsOf(hops, 0) < 5_000)
  })
})

describe('the place of the feed', () => {
  it('is beside the page', () => {
    const at = (protocol: string, pathname: string) => feedUrl({ protocol, host: 'node1:5000', pathname })
    assert.equal(at('http:', '/ui'), 'ws://node1:5000/')
    assert.equal(at('https:', '/overlay/ui'), 'wss://node1:5000/overlay/')
    assert.equal(at('http:', '/ui/'), 'ws://node1:5000/')
  })
})
