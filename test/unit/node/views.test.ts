// What a node lists and what its events tell have to agree at every moment.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinedPeers, linksOf } from '../../../src/node/views.ts'
import { SimNetwork } from '../../../src/sim/network.ts'

test('a peer whose last link is being replaced stays listed, because nothing has told that it left', () => {
  const net = new SimNetwork({ seed: 1 })
  net.start('node1')
  net.start('node2')
  const listed = () => joinedPeers(net.overlay('node1')).map(({ name }) => name)
  const told = () => {
    const peers = new Set<string>()
    for (const { node, notification } of net.notices) {
      if (node !== 'node1') continue
      if (notification.type === 'peer-join') peers.add(notification.peer.name)
      else if (notification.type === 'peer-leave') peers.delete(notification.name)
    }
    return [...peers]
  }
  const isReachable = () => net.overlay('node1').directory.reachableCount === 2
  assert.notEqual(net.runUntil(isReachable, 5_000), undefined)
  net.cut('node1', 'node2')
  assert.notEqual(
    net.runUntil(() => !isReachable(), 500),
    undefined,
    'unreachable for a moment',
  )
  assert.deepEqual(listed(), ['node2'])
  assert.deepEqual(listed(), told())
  assert.notEqual(net.runUntil(isReachable, 900), undefined, 'linked again within the grace')
  net.run(2_000)
  assert.deepEqual(listed(), ['node2'])
  assert.deepEqual(listed(), told())
})

test('a link is shown while something leads to one of its ends', () => {
  const entry = (name: string, reachable: boolean) => ({ record: { name }, reachable })
  const [a, b, c, d] = [entry('a', true), entry('b', true), entry('c', false), entry('d', false)]
  const edges = new Map([
    [a, [b]],
    [b, [a, c]],
    [c, [b, d]],
    [d, [c]],
  ])
  const directory = { entries: [...edges.keys()], edges: (of: typeof a) => edges.get(of) ?? [] }
  assert.deepEqual(linksOf(directory as never), [
    ['a', 'b'],
    ['b', 'c'],
  ])
})
