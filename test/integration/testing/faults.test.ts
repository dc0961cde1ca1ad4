// What goes wrong in a test network, as programs see it: partitions, crashes, broken and silent links, slow and paused
// nodes.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Node } from '../../../src/index.ts'
import { silentLogger } from '../../../src/logger.ts'
import { createTestNetwork } from '../../../src/testing/test-network.ts'
import { RecordedNode, SPARSE } from '../../support/node-rig.ts'

const namesOf = (node: Node): string =>
  node
    .peers()
    .map(({ name }) => name)
    .sort()
    .join()

/** Nodes that have settled, with a record of what they tell from then on. */
async function recorded(net: ReturnType<typeof createTestNetwork>, names: readonly string[]) {
  const nodes = (await net.start(names)).map((node) => new RecordedNode(node))
  await net.settled()
  for (const { joined, up, down } of nodes) for (const told of [joined, up, down]) told.length = 0
  return nodes as [RecordedNode, RecordedNode, ...RecordedNode[]]
}

describe('a partition', () => {
  test('programs on each side see the others go, and come back when it heals', async () => {
    await using net = createTestNetwork()
    const nodes = await recorded(net, ['a', 'b', 'c', 'd', 'e'])
    const [a, b] = nodes
    net.partition(['a', 'b'], ['c', 'd'])
    await net.settled()
    assert.deepEqual(
      nodes.map(({ node }) => namesOf(node)),
      ['b', 'a', 'd', 'c', ''],
    )
    assert.deepEqual([...a.left].sort(), ['c unreachable', 'd unreachable', 'e unreachable'])
    assert.equal((await a.node.send('b', 'same side')).status, 'delivered')
    const outcome = await a.node.send('c', 'other side', { deadlineMs: 1_000 })
    assert.deepEqual(outcome, { status: 'failed', reason: 'no-route', at: 'a' })
    net.heal()
    await net.settled()
    for (const { node, joined } of nodes) {
      assert.equal(namesOf(node).length, 'a,b,c,d'.length)
      assert.ok(joined.length >= 3)
    }
    assert.equal((await b.node.send('c', 'whole again')).status, 'delivered')
    assert.deepEqual(nodes[2]?.values, ['whole again'])
  })

  test('a send that is made before it heals arrives after', async () => {
    await using net = createTestNetwork()
    const [a, b] = await recorded(net, ['a', 'b'])
    net.partition(['a'])
    const sent = a.node.send('b', 'patience')
    await net.advance(2_000)
    assert.deepEqual(b.values, [])
    net.heal()
    assert.equal((await sent).status, 'delivered')
    assert.deepEqual(b.values, ['patience'])
    assert.deepEqual([a.left, b.left], [[], []])
  })

  test('takes the place of the one before; a node that is restarted is where it was', async () => {
    await using net = createTestNetwork()
    const nodes = await recorded(net, ['a', 'b', 'c'])
    net.partition(['a'])
    await net.settled()
    net.partition(['b'])
    await net.settled()
    net.crash('b')
    await net.restart('b')
    await net.settled()
    assert.deepEqual(
      nodes.map(({ name }) => namesOf(net.node(name))),
      ['c', '', 'a'],
    )
  })
})

describe('a crash', () => {
  test('is seen by the others, and a restart too; the new run gets what is sent', async () => {
    await using net = createTestNetwork()
    const [a, b, old] = await recorded(net, ['a', 'b', 'victim'])
    assert.ok(old)
    net.crash('victim')
    await net.settled()
    for (const { left, down } of [a, b]) {
      assert.deepEqual(left, ['victim unreachable'])
      assert.deepEqual(down.at(-1), 'victim link-lost')
    }
    assert.deepEqual([old.left, old.down], [[], []])
    const victim = new RecordedNode(await net.restart('victim'))
    assert.notEqual(victim.node, old.node)
    assert.equal(net.node('victim'), victim.node)
    await net.settled()
    assert.equal((await a.node.send('victim', 'welcome back')).status, 'delivered')
    assert.deepEqual([victim.values, old.values], [['welcome back'], []])
  })

  test('without a word is noticed when the heartbeats are missed', async () => {
    await using net = createTestNetwork()
    const [a] = await recorded(net, ['a', 'victim'])
    const crashMs = net.nowMs
    net.crash('victim', { silent: true })
    await net.until(() => a.left.length > 0)
    assert.ok(net.nowMs - crashMs > 4_000 && net.nowMs - crashMs < 10_000, `${net.nowMs - crashMs} ms`)
    assert.deepEqual(a.down, ['victim silent'])
  })

  test('in the middle of a send: the sender learns the truth, the program of the dead goes no further', async () => {
    await using net = createTestNetwork()
    const [a, b] = await recorded(net, ['a', 'b'])
    const told: unknown[] = []
    const toTheDead = a.node.send('b', 1, { deadlineMs: 3_000 })
    b.node.send('a', 2).finally(() => told.push('sent'))
    b.node.settled().finally(() => told.push('settled'))
    net.crash('b')
    assert.equal((await toTheDead).status, 'failed')
    await net.advance(60_000)
    assert.deepEqual([told, a.values], [[], []])
    for (const call of ['ready', 'settled', 'close'] as const) {
      const message = new RegExp(`^${call}\\(\\) of b is asked, which has crashed \\(at `)
      await assert.rejects(b.node[call](), { code: 'crashed', name: 'TestNetworkError', message })
    }
    await assert.rejects(b.node.send('a', 3), { code: 'crashed' })
    assert.deepEqual(told, [])
  })

  test('by a listener of the node itself: nothing of it happens after', async () => {
    await using net = createTestNetwork()
    const [a, b] = await recorded(net, ['a', 'b'])
    b.node.on('message', () => net.crash('b'))
    const outcome = await a.node.send('b', 'the last straw', { deadlineMs: 2_000 })
    assert.ok(outcome.status === 'failed')
    assert.equal(b.messages.length, 1)
    await net.settled()
    assert.deepEqual(b.left, [])
  })

  test('a node that was closed has left, and can be started again as it was', async () => {
    await using net = createTestNetwork()
    const a = new RecordedNode(await net.createNode({ name: 'a' }))
    const b = await net.createNode({ name: 'b', listen: false })
    await net.settled()
    const closing = b.close()
    await assert.rejects(net.restart('b'), { code: 'name-taken', message: /still being closed/ })
    await closing
    await net.settled()
    assert.deepEqual(a.left, ['b left'])
    const again = await net.restart('b')
    await net.settled()
    assert.equal(again.url, undefined)
    assert.deepEqual(a.joined, ['b', 'b'])
  })
})

describe('links and processes', () => {
  test('a link that is cut is lost at both ends, and made again', async () => {
    await using net = createTestNetwork()
    const [a, b] = await recorded(net, ['a', 'b'])
    net.cut('a', 'b')
    await net.until(() => a.down.length + b.down.length === 2)
    assert.deepEqual([a.down, b.down], [['b link-lost'], ['a link-lost']])
    await net.settled()
    assert.deepEqual([a.node.neighbors().length, a.left, b.left], [1, [], []])
  })

  test('where there is no link none is cut or silenced, and the error says what is likely to be behind it', async () => {
    await using net = createTestNetwork({ seed: 7, config: SPARSE })
    const refused = (call: 'cut' | 'silence', [a, b]: [string, string], message: RegExp) =>
      assert.throws(() => net[call](a, b), { name: 'TestNetworkError', code: 'no-link', message })
    const names = (await net.start(12)).map(({ name }) => name)
    refused('cut', ['node1', 'node2'], /^cut: there is no link between node1 and node2: .* time flows/)
    await net.settled()
    const [one] = net.nodes as [Node]
    const linked = one.neighbors().map(({ name }) => name)
    const other = names.find((name) => name !== one.name && !linked.includes(name)) as string
    const message = new RegExp(
      `between ${one.name} and ${other}; ${one.name} is linked to ${linked.join(', ')}`,
    )
    refused('cut', [one.name, other], message)
    refused('silence', [one.name, other], message)
    const [friend] = linked as [string]
    net.partition([friend])
    // The link is there until it is missed.
    net.silence(one.name, friend)
    await net.settled()
    refused('silence', [one.name, friend], /: a partition is between them/)
  })

  test('a silent link is found out by its heartbeats, and another way is taken meanwhile', async () => {
    await using net = createTestNetwork()
    const [a] = await recorded(net, ['a', 'b', 'c'])
    net.silence('a', 'b')
    assert.equal((await a.node.send('b', 'by way of c')).status, 'delivered')
    await net.until(() => a.down.length > 0)
    assert.deepEqual([a.down, a.left], [['b silent'], []])
    await net.settled()
    assert.equal(a.node.neighbors().length, 2)
  })

  test('a node that reads slowly gets it slowly, until it does no more', async () => {
    await using net = createTestNetwork()
    const [a] = await recorded(net, ['a', 'b'])
    const bytes = new Uint8Array(100_000)
    net.slow('b', 50_000)
    const startMs = net.nowMs
    assert.equal((await a.node.send('b', bytes)).status, 'delivered')
    assert.ok(net.nowMs - startMs >= 2_000, `${net.nowMs - startMs} ms`)
    net.slow('b', Number.POSITIVE_INFINITY)
    // What was sent again, because it took so long, is still being read.
    await net.advance(5_000)
    const fastMs = net.nowMs
    assert.equal((await a.node.send('b', bytes)).status, 'delivered')
    assert.ok(net.nowMs - fastMs < 100, `${net.nowMs - fastMs} ms`)
  })

  test('a node that stands still for a while answers when it goes on, and is not given up', async () => {
    await using net = createTestNetwork()
    const [a, b] = await recorded(net, ['a', 'b'])
    net.pause('b', 3_000)
    const startMs = net.nowMs
    assert.equal((await a.node.send('b', 'wake up')).status, 'delivered')
    assert.ok(net.nowMs >= startMs + 3_000)
    assert.deepEqual([b.values, a.down, b.down], [['wake up'], [], []])
  })

  test('one that is dialled while it stands still knows of nothing until it goes on, and has a link then', async () => {
    await using net = createTestNetwork()
    const links: string[] = []
    const start = (name: string, listen?: false) => {
      const debug = (_: unknown, event: string) => links.push(`${name} ${event}`)
      return net.createNode({ name, listen: listen ?? 0, logger: { ...silentLogger, debug } })
    }
    const b = new RecordedNode(await start('b'))
    await net.settled()
    net.pause('b', 3_000)
    await start('c', false)
    await net.advance(2_999)
    // Its machine takes the connection.
    assert.deepEqual(links, ['c link-open'])
    await net.until(() => b.up.length === 1)
    assert.ok(net.nowMs < 5_000, `at ${net.nowMs} ms`)
  })

  test('one that stands still for longer is given up, and comes back by itself', async () => {
    await using net = createTestNetwork()
    const [a, b] = await recorded(net, ['a', 'b'])
    net.pause('b', 30_000)
    await net.until(() => a.left.length > 0)
    assert.deepEqual(a.left, ['b unreachable'])
    await net.settled()
    assert.ok(net.nowMs > 30_000)
    assert.deepEqual(a.joined, ['b'])
    assert.equal((await a.node.send('b', 'there again')).status, 'delivered')
    assert.equal(b.values.length, 1)
  })

  test('latency, jitter and bandwidth are those that were asked for', async () => {
    await using net = createTestNetwork({ latencyMs: [40, 60], jitterMs: 100, bytesPerSecond: 10_000 })
    const [a] = await recorded(net, ['a', 'b'])
    const outcome = await a.node.send('b', new Uint8Array(10_000))
    assert.ok(outcome.status === 'delivered')
    assert.ok(outcome.rttMs >= 1_080 && outcome.rttMs < 1_600, `${outcome.rttMs} ms`)
  })

  test('with dials that mostly fail nodes find each other all the same', async () => {
    await using net = createTestNetwork({ dialFailure: 0.7 })
    await net.start(10)
    await net.settled()
    for (const node of net.nodes) assert.equal(node.peers().length, 9)
  })
})
