// Many nodes find each other: everyone knows everyone, with few links, and a run can be replayed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rng } from '../../src/core/rng.ts'
import { SimNetwork } from '../../src/sim/network.ts'
import {
  checkLinks,
  converge,
  network,
  outcomesOf,
  payloadOf,
  simulate,
  toldSince,
} from '../support/core-sim.ts'

const file = 'test/sim/convergence.test.ts'

simulate({ file, title: '120 nodes become one overlay', seeds: [1, 2, 3] }, (seed) => {
  const net = network(120, { seed })
  converge(net, 10_000)
  net.run(5_000)
  converge(net, 10_000)
  checkLinks(net)
  const joins = toldSince(net, 0, 'peer-join')
  assert.equal(joins.length, 120 * 119, 'everyone is told of everyone once')
  assert.deepEqual(toldSince(net, 0, 'peer-leave'), [])
})

simulate({ file, title: 'everything gets through among 100 nodes', seeds: [4, 5] }, (seed) => {
  const net = network(100, { seed })
  converge(net)
  net.run(5_000)
  const rng = new Rng(seed)
  const { names } = net

  const broadcasts = names.map((name) => net.broadcast(name, payloadOf(0)))
  const ids = Array.from({ length: 1_000 }, () => {
    const [from, to] = rng.shuffled(names).slice(0, 2) as [string, string]
    return net.send(from, to, payloadOf(1))
  })
  net.run(5_000)

  const outcomes = outcomesOf(net)
  for (const id of ids) {
    const outcome = outcomes.get(id)
    assert.equal(outcome?.status, 'delivered')
    assert.ok(outcome.status === 'delivered' && outcome.hops >= 1 && outcome.hops <= 6, 'at most 6 hops')
  }
  const messages = toldSince(net, 0, 'message').map(({ node, notification }) => ({ node, ...notification }))
  assert.equal(messages.filter(({ broadcast }) => !broadcast).length, ids.length)
  const reached = new Set(
    messages.flatMap(({ node, from, broadcast }) => (broadcast ? [`${from}>${node}`] : [])),
  )
  assert.equal(reached.size, 100 * 99, 'every broadcast reaches everyone')
  assert.equal(messages.filter(({ broadcast }) => broadcast).length, 100 * 99, 'and nobody twice')
  assert.equal(toldSince(net, 0, 'broadcast-sent').length, broadcasts.length)
})

test('the same seed gives the same run, another seed another one', () => {
  const run = (seed: number): unknown[] => {
    const net = network(30, { seed })
    net.run(3_000)
    net.send('node1', 'node30', payloadOf(1))
    net.crash('node7')
    net.run(10_000)
    return [...net.notices, ...net.sent]
  }
  assert.deepEqual(run(6), run(6))
  assert.notDeepEqual(run(6), run(7))
})

for (const count of [1, 2, 3, 8]) {
  test(`${count} nodes are a full mesh`, () => {
    const net = network(count, { seed: count })
    net.run(5_000)
    converge(net, 0)
    checkLinks(net)
    for (const name of net.names) assert.equal(net.overlay(name).neighbors.size, count - 1)
  })
}

simulate({ file, title: 'nodes that are started in the same moment', seeds: [8, 9] }, (seed) => {
  const net = new SimNetwork({ seed })
  // The first one alone has no contacts; all others know but it.
  net.start('node1')
  for (let i = 2; i <= 60; i++) net.start(`node${i}`)
  assert.ok(converge(net, 5_000) < 5_000)
  net.run(5_000)
  checkLinks(net)
})

simulate({ file, title: 'idle overlays are quiet', seeds: [10] }, (seed) => {
  const net = network(40, { seed })
  net.run(20_000)
  converge(net, 0)
  const before = new Map([...net.sent].map(([type, { frames }]) => [type, frames]))
  net.run(20_000)
  const grown = [...net.sent].filter(([type, { frames }]) => frames > (before.get(type) ?? 0))
  assert.deepEqual(
    grown.map(([type]) => type),
    ['heartbeat'],
    'nothing but heartbeats',
  )
})
