// Overlays of nodes, in memory where it is not about sockets: messages through relays, broadcasts to all, who comes and who goes and why.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  allKnowAll,
  meshed,
  names,
  SPARSE,
  startBootstrap,
  startInMemory,
  startNode,
  startOverlay,
  until,
} from '../../support/node-rig.ts'

describe('an overlay', { concurrency: true }, () => {
  test('twelve nodes with few links: every pair exchanges messages, some over several links', async (t) => {
    const { nodes } = await startInMemory(t, names('n', 12), { config: SPARSE })
    const sends = nodes.flatMap(({ node }) =>
      nodes
        .filter((other) => other.node !== node)
        .map(async (other) => ({ to: other, outcome: await node.send(other.name, `from ${node.name}`) })),
    )
    const hops = new Map<number, number>()
    for (const { to, outcome } of await Promise.all(sends)) {
      assert.ok(outcome.status === 'delivered', JSON.stringify(outcome))
      hops.set(outcome.hops, (hops.get(outcome.hops) ?? 0) + 1)
      assert.ok(outcome.rttMs >= 0)
      const from = outcome.id.split('/')[0]
      assert.equal(to.messages.filter((message) => message.from === from).length, 1)
    }
    assert.ok(
      [...hops.keys()].some((count) => count >= 2),
      `hops: ${JSON.stringify([...hops])}`,
    )
    for (const { messages } of nodes) {
      assert.deepEqual(
        messages.map(({ from, value }) => `from ${from}` === value),
        Array(11).fill(true),
      )
    }
  })

  test('a broadcast reaches everybody once, and not its origin', async (t) => {
    const { net, nodes } = await startInMemory(t, names('n', 12), { config: SPARSE })
    const sent = await Promise.all(nodes.map(({ node }) => node.broadcast(`from ${node.name}`)))
    for (const outcome of sent) assert.ok(outcome.status === 'sent' && outcome.neighbors >= 1)
    await net.until(() => nodes.every(({ messages }) => messages.length >= 11))
    // Nothing comes later.
    await net.advance(60_000)
    for (const { name, messages } of nodes) {
      const from = messages.map((message) => message.from)
      assert.deepEqual(
        [...from].sort(),
        nodes
          .map((node) => node.name)
          .filter((other) => other !== name)
          .sort(),
      )
      assert.ok(messages.every(({ broadcast, hops }) => broadcast && hops >= 1))
    }
  })

  test('a node without a port is a full member', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [hub] = await startOverlay(t, bootstrap, ['hub'])
    const [a, b] = await Promise.all(
      ['a', 'b'].map((name) => startNode(t, name, { listen: false, bootstrap: [bootstrap.url] })),
    )
    assert.ok(hub && a && b)
    await allKnowAll([hub, a, b])
    assert.deepEqual([a.node.port, a.node.url], [undefined, undefined])
    assert.deepEqual(
      hub.node.peers().find(({ name }) => name === 'a'),
      { name: 'a', kind: 'node' },
    )
    // Neither can dial the other: only the hub can be between them.
    assert.deepEqual([a.neighborNames, b.neighborNames], [['hub'], ['hub']])
    const outcome = await a.node.send('b', 'hi')
    assert.ok(outcome.status === 'delivered' && outcome.hops === 2)
    assert.equal((await b.got('hi')).hops, 2)
    await b.node.broadcast('to all')
    await Promise.all([a.got('to all'), hub.got('to all')])
    assert.equal((await hub.node.send('b', 'direct')).status, 'delivered')
    await a.node.close()
    await until('a has left', () => b.left.includes('a left'))
  })

  test('a chain of nodes that nobody can dial past: the hops are those of the chain', async (t) => {
    const config = { meshNodesMax: 2, linksAim: 1, linksMin: 1 }
    const chain = [await startNode(t, 'n1')]
    for (const name of ['n2', 'n3', 'n4', 'n5']) {
      // Its URL leads nowhere, so that nobody makes a shorter way than the one that it was told.
      const previous = chain.at(-1)
      assert.ok(previous)
      chain.push(await startNode(t, name, { peers: [previous.url], config, url: 'ws://127.0.0.1:9' }))
    }
    await allKnowAll(chain)
    const [first] = chain
    const last = chain.at(-1)
    assert.ok(first && last)
    const outcome = await first.node.send('n5', 'through all')
    assert.ok(outcome.status === 'delivered' && outcome.hops === 4, JSON.stringify(outcome))
    await last.node.broadcast('back')
    assert.equal((await first.got('back')).hops, 4)
  })

  test('nodes find each other by configured peers alone', async (t) => {
    const a = await startNode(t, 'a')
    const b = await startNode(t, 'b', { peers: [a.url] })
    // Nobody answers at the second address: that does no harm.
    const c = await startNode(t, 'c', { peers: [a.url, 'ws://127.0.0.1:9'] })
    const d = await startNode(t, 'd', { peers: [c.http] })
    await allKnowAll([a, b, c, d])
    await meshed([a, b, c, d])
  })

  test('a configured peer that is a neighbor is not dialled again', async (t) => {
    const config = { healIntervalMs: 50 }
    const a = await startNode(t, 'a', { config })
    const b = await startNode(t, 'b', { config, peers: [a.url] })
    await b.node.ready()
    await assert.rejects(until('a link ends', () => Object.keys(a.node.stats().linksEnded).length > 0, 500))
    assert.deepEqual([a.down, b.down], [[], []])
  })

  test('a node that is told its own address, under another name, never links to itself', async (t) => {
    const probe = await startNode(t, 'probe')
    const port = probe.node.port
    await probe.node.close()
    const b = await startNode(t, 'b')
    const a = await startNode(t, 'a', {
      listen: port ?? 0,
      url: `ws://localhost:${port}`,
      peers: [`ws://127.0.0.1:${port}`, b.url],
    })
    await allKnowAll([a, b])
    assert.deepEqual([a.up, a.down, a.stopped], [['b'], [], []])
  })

  test('topology lists what exists', async (t) => {
    const { net, nodes } = await startInMemory(t, ['a', 'b', 'c'])
    const [a, b] = nodes
    assert.ok(a && b)
    const topology = a.node.topology()
    assert.equal(topology.self, 'a')
    assert.deepEqual(topology.links.map(([one, other]) => `${one} ${other}`).sort(), ['a b', 'a c', 'b c'])
    for (const { name, node } of nodes) {
      const found = topology.nodes.find((entry) => entry.name === name)
      assert.ok(found)
      assert.deepEqual(
        { kind: found.kind, state: found.state, url: found.url },
        { kind: 'node', state: 'up', url: node.url },
      )
    }
    assert.equal(topology.nodes.length, 3)
    await b.node.close()
    await net.settled()
    assert.deepEqual(a.node.topology().links, [['a', 'c']])
    assert.equal(a.node.topology().nodes.find(({ name }) => name === 'b')?.state, 'leaving')
    assert.deepEqual(a.node.health(), { live: true, ready: true, links: 1, registered: true, peers: 1 })
  })
})

describe('comings and goings', { concurrency: true }, () => {
  test('a node that closes has left: everybody is told once', async (t) => {
    const { net, nodes } = await startInMemory(t, names('n', 5))
    const [gone, ...others] = nodes
    assert.ok(gone)
    await gone.node.close()
    await net.settled()
    for (const { left, down, peerNames } of others) {
      assert.deepEqual([left, down, peerNames.length], [['n1 left'], ['n1 left'], 3])
    }
    assert.deepEqual(await others[0]?.node.send('n1', 'hi'), {
      status: 'failed',
      reason: 'peer-left',
      at: 'n2',
    })
  })

  test('a node that crashes is unreachable, and back at once when it is started again', async (t) => {
    const { net, nodes } = await startInMemory(t, ['a', 'b', 'victim'])
    const others = nodes.slice(0, 2)
    net.crash('victim')
    await net.until(() => others.every(({ left }) => left.length > 0))
    for (const { left, down, peerNames } of others) {
      assert.deepEqual([left, down], [['victim unreachable'], ['victim link-lost']])
      assert.ok(!peerNames.includes('victim'))
    }
    const againMs = net.nowMs
    await net.restart('victim')
    await net.until(() => others.every(({ joined }) => joined.length > 0))
    assert.ok(net.nowMs - againMs < 1_000, `back after ${net.nowMs - againMs} ms`)
    await net.settled()
    assert.equal((await others[0]?.node.send('victim', 'hi'))?.status, 'delivered')
    for (const { joined, left } of others) {
      assert.deepEqual([joined, left], [['victim'], ['victim unreachable']])
    }
  })

  test('a send to a node that crashes meanwhile ends with the truth, whenever that is', async (t) => {
    const seen = new Set<string>()
    for (let afterMs = 0; afterMs <= 60; afterMs += 2) {
      const { net, nodes } = await startInMemory(t, ['a', 'b', 'victim'])
      const [a, , victim] = nodes
      assert.ok(a && victim)
      const sent = a.node.send('victim', 'hi', { deadlineMs: 1_500 })
      await net.advance(afterMs)
      net.crash('victim', { silent: afterMs % 4 === 0 })
      const outcome = await sent
      if (outcome.status === 'delivered') assert.deepEqual(victim.values, ['hi'])
      else assert.ok(['no-route', 'expired'].includes(outcome.reason), outcome.reason)
      seen.add(outcome.status)
    }
    assert.deepEqual([...seen].sort(), ['delivered', 'failed'])
  })
})
