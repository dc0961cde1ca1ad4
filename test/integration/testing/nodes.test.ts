// Nodes of a test network do what nodes do: they find each other, send and broadcast, and say how they are.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type createNode, HearsayError, type Node } from '../../../src/index.ts'
import { createTestNetwork } from '../../../src/testing/test-network.ts'
import { SPARSE } from '../../support/node-rig.ts'

const namesOf = (peers: readonly { readonly name: string }[]): string[] =>
  peers.map(({ name }) => name).sort()

function valuesOf(node: Node): unknown[] {
  const values: unknown[] = []
  node.on('message', ({ value }) => values.push(value))
  return values
}

describe('a test network', () => {
  test('nodes find each other, and a send is delivered with hops and round trip', async () => {
    await using net = createTestNetwork({ latencyMs: 10 })
    const [a, b] = await net.start(['a', 'b'])
    assert.deepEqual([a.peers(), net.nowMs], [[], 0])
    await net.settled()
    assert.deepEqual([namesOf(a.peers()), namesOf(b.peers())], [['b'], ['a']])
    const values = valuesOf(b)
    const outcome = await a.send('b', { hello: 'there' })
    assert.ok(outcome.status === 'delivered')
    assert.deepEqual([outcome.hops, outcome.rttMs], [1, 20])
    assert.deepEqual(values, [{ hello: 'there' }])
    assert.match(outcome.id, /^a\/\d+\/1\/b$/)
  })

  test('forty nodes, thirty of which nobody can dial: every pair exchanges messages, broadcasts reach all', async () => {
    await using net = createTestNetwork()
    await net.start(30, { listen: false })
    await net.start(10)
    assert.deepEqual(
      net.nodes.map(({ name }) => name),
      Array.from({ length: 40 }, (_, i) => `node${i + 1}`),
    )
    await net.settled()
    const got = new Map(net.nodes.map((node) => [node.name, valuesOf(node)]))
    const sends = net.nodes.flatMap((from) =>
      net.nodes.filter((to) => to !== from).map((to) => from.send(to.name, `${from.name} to ${to.name}`)),
    )
    const outcomes = await Promise.all(sends)
    assert.ok(outcomes.every(({ status }) => status === 'delivered'))
    assert.ok(outcomes.some((outcome) => outcome.status === 'delivered' && outcome.hops > 1))
    for (const [name, values] of got) {
      assert.equal(new Set(values).size, 39)
      assert.ok(values.every((value) => `${value}`.endsWith(` to ${name}`)))
    }
    for (const values of got.values()) values.length = 0
    await Promise.all(net.nodes.map((node) => node.broadcast(node.name)))
    await net.until(() => [...got.values()].every((values) => values.length >= 39))
    await net.advance(2_000)
    for (const values of got.values()) assert.equal(new Set(values).size, values.length)
  })

  test('ready and settled of a node let time pass, too', async () => {
    await using net = createTestNetwork()
    const [a] = await net.start(['a', 'b'])
    await a.ready()
    assert.equal(a.neighbors().length, 1)
    const readyMs = net.nowMs
    await a.settled()
    assert.ok(net.nowMs >= readyMs + 1_000)
  })

  test('createNode can be given to programs in place of the real one, bootstraps and ports included', async () => {
    const program = async (create: typeof createNode) => {
      const node = await create({ listen: 5001, url: 'http://anna:5001', bootstrap: ['ws://bootstrap:5000'] })
      await node.ready()
      return node
    }
    await using net = createTestNetwork()
    const [node] = await Promise.all([program(net.createNode), net.createNode(), net.createNode({})])
    assert.deepEqual([node.name, node.port, node.url], ['anna', 5001, 'ws://anna:5001/'])
    assert.deepEqual(
      net.nodes.map(({ name, port, url }) => ({ name, port, url })).slice(1),
      ['node1', 'node2'].map((name) => ({ name, port: 5000, url: `ws://test-network:5000/${name}` })),
    )
    await net.settled()
  })

  test('a node is asked as a real one: health, topology, statistics', async () => {
    await using net = createTestNetwork()
    const [a] = await net.start(['a'])
    assert.deepEqual(a.health(), {
      live: true,
      ready: false,
      links: 0,
      registered: false,
      peers: 0,
      reason: 'no link to any peer yet',
    })
    await net.advance(0)
    assert.deepEqual(a.health(), { live: true, ready: true, links: 0, registered: true, peers: 0 })
    await net.createNode({ name: 'b', listen: false })
    await net.settled()
    assert.deepEqual(a.health(), { live: true, ready: true, links: 1, registered: true, peers: 1 })
    const { nodes, links } = a.topology()
    assert.deepEqual([namesOf(nodes), links], [['a', 'b'], [['a', 'b']]])
    assert.deepEqual([net.node('b').port, net.node('b').url], [undefined, undefined])
    net.cut('a', 'b')
    await net.advance(100)
    assert.deepEqual(a.stats(), {
      sent: { direct: {}, broadcast: {}, request: {}, http: {} },
      received: { direct: 0, broadcast: 0, http: 0 },
      relayed: 0,
      dropped: {},
      linksEnded: { 'link-lost': 1 },
      httpRefused: 0,
    })
    await a.close()
    assert.equal(a.health().live, false)
  })

  test('two nodes of which only the later can be dialled find each other', async () => {
    await using net = createTestNetwork()
    await net.createNode({ name: 'a', listen: false })
    await net.advance(60_000)
    await net.createNode({ name: 'b' })
    await net.settled()
    assert.deepEqual(namesOf(net.node('a').peers()), ['b'])
  })

  test('settings of the network are those of all nodes, and those of a node come first', async () => {
    await using net = createTestNetwork({ config: { ...SPARSE, deadlineMs: 200 } })
    await net.start(11)
    const hasty = await net.createNode({ name: 'hasty', config: { deadlineMs: 50 } })
    await net.settled()
    for (const node of net.nodes) assert.ok(node.neighbors().length < 11)
    net.partition(['hasty'], ['node1'])
    const startMs = net.nowMs
    // Timers are whole ms: one that was running already may come a fraction of a ms behind the deadline.
    const isAfter = (ms: number) => net.nowMs - startMs >= ms && net.nowMs - startMs < ms + 2
    assert.equal((await hasty.send('node2', 1)).status, 'failed')
    assert.ok(isAfter(50), `${net.nowMs - startMs}`)
    assert.equal((await net.node('node1').send('node2', 1)).status, 'failed')
    assert.ok(isAfter(250), `${net.nowMs - startMs}`)
  })

  test('the options of a node are checked as those of a real one', async () => {
    await using net = createTestNetwork()
    const isMisuse = (code: string) => (error: unknown) =>
      error instanceof HearsayError && error.code === code
    await assert.rejects(net.createNode({ name: 'no spaces' }), isMisuse('invalid-name'))
    await assert.rejects(net.createNode({ listen: 70_000 }), isMisuse('invalid-option'))
    await assert.rejects(net.createNode({ bootstrap: ['ftp://x'] }), isMisuse('invalid-url'))
    await assert.rejects(net.start(2, { config: { linksAim: 0 } }), isMisuse('invalid-option'))
    await assert.rejects(net.createNode({ config: [] as never }), isMisuse('invalid-option'))
    await assert.rejects(net.createNode(null as never), isMisuse('invalid-option'))
    await assert.rejects(net.start(['a'], null as never), isMisuse('invalid-option'))
    await assert.rejects(net.start(['b', 'no spaces']), isMisuse('invalid-name'))
    assert.deepEqual(net.nodes, [])
    const [a] = await net.start(['a'])
    assert.throws(() => a.send('no spaces', 1), isMisuse('invalid-name'))
  })
})
