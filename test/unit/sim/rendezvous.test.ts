// The production registry and the production client on a simulated network: registration, outages, names.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SimNetwork } from '../../../src/sim/network.ts'
import { converge, namesOf, network, toldSince } from '../../support/core-sim.ts'

const listed = (net: SimNetwork): string[] =>
  (net.bootstrap?.registry.peers() ?? []).map(({ name }) => name as string).sort()

describe('a bootstrap', () => {
  it('brings nodes together that know nobody, and lists them', () => {
    const net = network(30, { seed: 1, bootstrap: true })
    converge(net)
    assert.deepEqual(listed(net), namesOf(30).sort())
    assert.ok(net.names.every((name) => net.isRegistered(name)))
  })

  it('is told who leaves, and notices who is gone', () => {
    const net = network(6, { seed: 2, bootstrap: true })
    converge(net)
    net.leave('node1')
    net.crash('node2')
    net.crash('node3', { isTold: false })
    net.run(1_000)
    assert.deepEqual(listed(net), ['node3', 'node4', 'node5', 'node6'])
    net.run(25_000)
    assert.deepEqual(listed(net), ['node4', 'node5', 'node6'], 'silent for three heartbeats')
  })

  it('is not needed while it is down, and knows everybody again soon after', () => {
    const net = network(12, { seed: 3, bootstrap: true })
    converge(net)
    net.crashBootstrap()
    net.start('node13')
    net.run(20_000)
    assert.ok(net.names.every((name) => !net.isRegistered(name)))
    assert.equal(net.overlay('node13').neighbors.size, 0)
    assert.deepEqual(
      toldSince(net, 0, 'neighbor-down').filter(({ atMs }) => atMs > 10_000),
      [],
    )
    net.startBootstrap()
    const tookMs = net.runUntil(() => listed(net).length === 13, 10_000)
    assert.ok(tookMs !== undefined && tookMs <= 6_000, 'the longest backoff and a dial')
    converge(net)
  })

  it('loses touch with a node by a half-open link, which comes back by itself', () => {
    const net = network(4, { seed: 4, bootstrap: true })
    converge(net)
    net.halfOpen('node1', 'bootstrap')
    net.run(12_000)
    assert.ok(net.isRegistered('node1'), 'nobody was told')
    net.run(25_000)
    assert.ok(net.isRegistered('node1'))
    assert.deepEqual(listed(net), namesOf(4))
  })

  it('refuses a name that another live process has', () => {
    const net = network(5, { seed: 5, bootstrap: true })
    converge(net)
    net.start('twin', { claims: 'node1' })
    net.run(5_000)
    const stopped = toldSince(net, 0, 'stopped')
    assert.deepEqual(
      stopped.map(({ node, notification }) => [node, notification.reason]),
      [['twin', 'name-taken']],
    )
    assert.deepEqual(net.names, namesOf(5))
  })

  /** Starts second processes of these names beyond a split, with these to dial, and ends the split. */
  const twinsBeyondSplit = (net: SimNetwork, names: readonly string[], contacts: readonly string[]) => {
    const twins = names.map((name) => `${name}-twin`)
    net.partition([], [...contacts, ...twins])
    net.run(20_000)
    for (const name of names) {
      net.start(`${name}-twin`, { claims: name })
      const urls = contacts.filter((other) => other !== `${name}-twin`)
      net.feed(`${name}-twin`, {
        type: 'contacts',
        contacts: urls.map((other) => ({ url: `ws://${other}:5000/` })),
      })
    }
    net.run(10_000)
    assert.deepEqual(toldSince(net, 0, 'stopped'), [], 'they cannot know of each other')
    net.heal()
  }
  /** Waits until all is well: of two processes of one name one is left, whichever, and everybody is registered. */
  const checkOneOfEach = (net: SimNetwork, count: number) => {
    const names = () => net.names.map((name) => net.overlay(name).self.name as string).sort()
    const isWhole = () => {
      for (const { node } of toldSince(net, 0, 'stopped')) if (net.names.includes(node)) net.leave(node)
      return names().length <= count && net.names.every((name) => net.isRegistered(name))
    }
    net.runUntil(isWhole, 30_000)
    assert.deepEqual(names(), namesOf(count).sort())
    assert.deepEqual(listed(net), names())
    converge(net)
  }

  it('leaves it to the overlay which of two stays that both have links', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const net = network(12, { seed, bootstrap: true })
      converge(net)
      twinsBeyondSplit(net, ['node1'], ['node2', 'node3', 'node4', 'node5', 'node6'])
      checkOneOfEach(net, 12)
    }
  })

  it('makes two meet of whom nobody else knows that they have one name', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const net = network(5, { seed, bootstrap: true })
      converge(net)
      twinsBeyondSplit(net, ['node1', 'node2'], ['node1-twin', 'node2-twin'])
      checkOneOfEach(net, 5)
    }
  })

  it('gives the name to a node that was restarted at once', () => {
    const net = network(5, { seed: 6, bootstrap: true })
    converge(net)
    net.restart('node1')
    converge(net, 10_000)
    assert.deepEqual(listed(net), namesOf(5))
    assert.deepEqual(toldSince(net, 0, 'stopped'), [])
  })

  it('cannot be started twice, nor crash when it is down', () => {
    const net = new SimNetwork({ seed: 7, bootstrap: true })
    assert.throws(() => net.startBootstrap(), TypeError)
    net.crashBootstrap()
    assert.throws(() => net.crashBootstrap(), TypeError)
  })
})
