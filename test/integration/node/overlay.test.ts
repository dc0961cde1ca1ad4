// Overlays of real nodes: messages through relays, broadcasts to all, who comes and who goes and why.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runNode } from '../../support/node-program.ts'
import {
  allKnowAll,
  meshed,
  names,
  SPARSE,
  startBootstrap,
  startNode,
  startOverlay,
  until,
} from '../../support/node-rig.ts'

describe('an overlay', { concurrency: true }, () => {
  test('twelve nodes with few links: every pair exchanges messages, some over several links', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, names('n', 12), { config: SPARSE })
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
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, names('n', 12), { config: SPARSE })
    // What is on a link that is being trimmed is lost for whoever has no other way: nothing repairs that yet.
    await Promise.all(nodes.map(({ node }) => node.settled()))
    const sent = await Promise.all(nodes.map(({ node }) => node.broadcast(`from ${node.name}`)))
    for (const outcome of sent) assert.ok(outcome.status === 'sent' && outcome.neighbors >= 1)
    await until('all have all', () => nodes.every(({ messages }) => messages.length >= 11))
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
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, ['a', 'b', 'c'])
    const [a, b, c] = nodes
    assert.ok(a && b && c)
    await until('a sees all three links', () => a.node.topology().links.length === 3)
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
      assert.ok(Math.abs(found.incarnation - Date.now()) < 60_000)
    }
    assert.equal(topology.nodes.length, 3)
    await b.node.close()
    await until('a sees that b leaves', () => a.node.topology().links.length === 1)
    assert.equal(a.node.topology().nodes.find(({ name }) => name === 'b')?.state, 'leaving')
    await a.knows('c')
    assert.deepEqual(a.node.health(), { live: true, ready: true, links: 1, registered: true, peers: 1 })
  })
})

describe('comings and goings', { concurrency: true }, () => {
  test('a node that closes has left: everybody is told once', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, names('n', 5))
    const [gone, ...others] = nodes
    assert.ok(gone)
    await gone.node.close()
    await until('all know', () => others.every(({ left }) => left.length > 0))
    await allKnowAll(others)
    for (const { left, down } of others) {
      assert.deepEqual(left, ['n1 left'])
      assert.deepEqual(
        down.filter((line) => line.startsWith('n1 ') && line !== 'n1 crossed-dial'),
        ['n1 left'],
      )
    }
    assert.deepEqual(await others[0]?.node.send('n1', 'hi'), {
      status: 'failed',
      reason: 'peer-left',
      at: 'n2',
    })
  })

  test('a node that is killed is unreachable, and back at once when it is started again', async (t) => {
    const bootstrap = await startBootstrap(t)
    const others = await startOverlay(t, bootstrap, ['a', 'b'])
    const first = await runNode(t, 'victim', bootstrap.url)
    for (const node of others) await until('victim is there', () => node.joined.includes('victim'))
    first.process.kill('SIGKILL')
    await until('all know', () => others.every(({ left }) => left.length > 0))
    for (const { left, down, peerNames } of others) {
      assert.deepEqual(left, ['victim unreachable'])
      assert.equal(down.at(-1), 'victim link-lost')
      assert.ok(!peerNames.includes('victim'))
    }
    const againMs = performance.now()
    await runNode(t, 'victim', bootstrap.url)
    await until('victim is back', () => others.every(({ peerNames }) => peerNames.includes('victim')))
    assert.ok(performance.now() - againMs < 5_000)
    const [a] = others
    assert.equal((await a?.node.send('victim', 'hi'))?.status, 'delivered')
    for (const { joined, left } of others) {
      assert.equal(joined.filter((name) => name === 'victim').length, 2)
      assert.deepEqual(left, ['victim unreachable'])
    }
  })

  test('a send to a node that is killed meanwhile ends with the truth', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a)
    const victim = await runNode(t, 'victim', bootstrap.url)
    await until('victim is there', () => a.joined.includes('victim'))
    victim.process.kill('SIGSTOP')
    const sent = a.node.send('victim', 'hi', { deadlineMs: 1_500 })
    victim.process.kill('SIGKILL')
    const outcome = await sent
    assert.ok(outcome.status === 'failed')
    assert.ok(['no-route', 'expired'].includes(outcome.reason), outcome.reason)
  })
})
