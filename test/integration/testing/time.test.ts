// Waiting in a test network: time that passes as asked, promises that can never settle, the end of the network, misuse,
// and runs that a seed repeats.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createTestNetwork, TestNetworkError } from '../../../src/testing/test-network.ts'

/** An error of the network with this code, which tells time and seed. */
const complains = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof TestNetworkError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, text)
  assert.match(error.message, / \(at \d+ ms, seed 7\)$/)
  return true
}

describe('time', () => {
  test('advance lets exactly that much pass, with and without nodes', async () => {
    await using net = createTestNetwork()
    await net.advance(5_000)
    assert.equal(net.nowMs, 5_000)
    await net.start(3)
    await net.advance(1.5)
    await net.advance(0)
    assert.equal(net.nowMs, 5_001.5)
  })

  test('programs sleep in it, and let none pass by that; those of crashed nodes and closed networks for ever', async () => {
    const net = createTestNetwork()
    const log: string[] = []
    const program = async (name: string, ms: number) => {
      const sleep = net.sleepOf(name)
      for (let round = 0; round < 3; round++) {
        await sleep(ms)
        log.push(`${name} ${net.nowMs}`)
      }
    }
    void program('a', 1_000)
    void program('b', 400)
    await net.start(['a', 'b'])
    void program('c', 700)
    await net.start(['c'])
    void program('d', 1_000_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual([net.nowMs, log], [0, []])
    await net.advance(1_500)
    assert.deepEqual(log, ['b 400', 'c 700', 'b 800', 'a 1000', 'b 1200', 'c 1400'])
    net.crash('a')
    await net.advance(3_000)
    assert.deepEqual(log.slice(6), ['c 2100'])
    assert.throws(() => net.sleepOf('c')(-1), { code: 'invalid-option', message: /^sleepOf: -1/ })
    await net.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(log.length, 7)
  })

  test('stands still while the program does other things', async () => {
    await using net = createTestNetwork()
    const [a] = await net.start(['a', 'b'])
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual([net.nowMs, a.neighbors()], [0, []])
  })

  test('until waits for a condition, and passes its error on', async () => {
    await using net = createTestNetwork({ seed: 7 })
    const [a] = await net.start(['a', 'b'])
    await net.until(() => a.neighbors().length === 1)
    await assert.rejects(
      net.until(() => {
        throw new RangeError('in the condition')
      }),
      RangeError,
    )
    await assert.rejects(
      net.until((async () => true) as never),
      complains('invalid-option', /^until: the condition gave a promise/),
    )
    const condition = () => a.peers().length > 1
    await assert.rejects(
      net.until(condition, { limitMs: 2_000 }),
      complains('never-settles', /until\(\(\) => a\.peers\(\)\.length > 1\) is still pending after 2000 ms/),
    )
    await assert.rejects(
      net.until(condition, { what: 'a third node', limitMs: 1_000 }),
      complains('never-settles', /^until\(a third node\) is still pending after 1000 ms/),
    )
  })

  test('settled says what is not when it waits in vain', async () => {
    await using net = createTestNetwork({ seed: 7, patienceMs: 20_000 })
    await net.start(2, { listen: false })
    await assert.rejects(net.settled(), complains('never-settles', /: node1 does not know node2 \(at/))
    await using flapping = createTestNetwork({ seed: 7, patienceMs: 20_000 })
    await flapping.start(2)
    const flap = async () => {
      for (;;) {
        await flapping.advance(900)
        flapping.cut('node1', 'node2')
      }
    }
    const flaps = assert.rejects(flap(), { code: 'closed' })
    await assert.rejects(flapping.settled(), complains('never-settles', /^settled\(\) is still pending/))
    await flapping.close()
    await flaps
  })

  test('a network without nodes is settled, one with a single node after a quiet second', async () => {
    await using net = createTestNetwork()
    await net.settled()
    assert.equal(net.nowMs, 0)
    await net.start(1)
    await net.settled()
    assert.ok(net.nowMs >= 1_000 && net.nowMs < 10_000)
  })

  test('ready of a node that stays alone rejects in the end; sends and broadcasts have their deadlines', async () => {
    await using net = createTestNetwork({ seed: 7, patienceMs: 60_000 })
    const [a] = await net.start(['a'])
    const ready = a.ready()
    const sent = a.send('b', 1, { deadlineMs: 120_000 })
    await assert.rejects(ready, complains('never-settles', /^ready\(\) of a is still pending after 60000 ms/))
    await assert.rejects(a.settled(), complains('never-settles', /^settled\(\) of a is still pending/))
    assert.deepEqual(await a.broadcast(1), { status: 'failed', reason: 'no-route', at: 'a' })
    assert.deepEqual(await sent, { status: 'failed', reason: 'no-route', at: 'a' })
    assert.ok(net.nowMs >= 120_000)
  })
})

describe('the end of a test network', () => {
  test('closes the nodes and settles everything that is waited for', async () => {
    const net = createTestNetwork({ seed: 7 })
    const [a] = await net.start(['a', 'b', 'c'])
    await net.settled()
    const stopped: string[] = []
    a.on('peer-leave', ({ name, reason }) => stopped.push(`${name} ${reason}`))
    const sent = a.send('b', 1, { deadlineMs: 3_600_000 })
    const waits = [net.advance(1_000_000), net.until(() => false), net.settled()]
    const rejected = waits.map((wait) => assert.rejects(wait, complains('closed', /was closed meanwhile/)))
    await Promise.all([net.close(), net.close()])
    await Promise.all(rejected)
    assert.deepEqual(await sent, { status: 'failed', reason: 'shutting-down', at: 'a' })
    assert.equal(a.health().live, false)
    assert.deepEqual(net.nodes, [])
    await net.close()
    for (const call of [
      () => net.advance(1),
      () => net.settled(),
      () => net.heal(),
      () => net.crash('a'),
      () => net.node('a'),
      () => net.slow('a', 1_000),
      () => net.pause('a', 1),
    ]) {
      assert.throws(call, complains('closed', /^the network was closed/))
    }
    await assert.rejects(net.createNode(), complains('closed', /^the network was closed/))
    assert.deepEqual(await a.send('b', 1), { status: 'failed', reason: 'shutting-down', at: 'a' })
    await a.ready()
    await assert.rejects(a.settled(), { code: 'closed', name: 'HearsayError' })
  })

  test('may come at any moment: while nodes start, from a listener, while one is cut off or stands still', async () => {
    for (let atMs = 0; atMs < 400; atMs += 7) {
      const net = createTestNetwork({ seed: atMs })
      await net.start(5)
      if (atMs % 2 === 0) net.partition(['node1', 'node2'])
      if (atMs % 3 === 0) net.pause('node3', 60_000)
      await net.advance(atMs)
      await net.close()
      assert.ok(net.nowMs <= atMs + 2_000, `closed after ${net.nowMs - atMs} ms`)
    }
    const net = createTestNetwork()
    const [a] = await net.start(['a', 'b'])
    const closings: Promise<void>[] = []
    for (const kind of ['neighbor-up', 'neighbor-down', 'peer-leave'] as const) {
      a.on(kind, () => closings.push(net.close()))
    }
    await assert.rejects(net.settled(), { code: 'closed' })
    await net.close()
    assert.equal(new Set(closings).size, 1)
    assert.deepEqual(net.nodes, [])
  })
})

describe('misuse', () => {
  test('is a typed error that says what is wrong', async () => {
    await using net = createTestNetwork({ seed: 7 })
    assert.throws(
      () => net.node('a'),
      complains('unknown-node', /^no node was ever named a; the names: there are none/),
    )
    const [, b] = await net.start(['a', 'b'])
    assert.throws(() => net.crash('c'), complains('unknown-node', /named c; the names: a, b/))
    assert.throws(() => net.partition(['a'], ['d']), complains('unknown-node', /named d/))
    assert.throws(() => net.partition(['a'], ['a']), complains('invalid-option', /a is named twice/))
    assert.throws(
      () => net.partition('a' as never, 'b' as never),
      complains('invalid-option', /"a" is not a list/),
    )
    await assert.rejects(
      net.createNode({ name: 'a' }),
      complains('name-taken', /a node named a runs already/),
    )
    await assert.rejects(net.start(['e', 'e']), complains('name-taken', /e is named twice/))
    await assert.rejects(net.start(['e', 'a']), complains('name-taken', /a node named a runs already/))
    const same = { url: 'ws://host:5000' } as never
    await assert.rejects(net.start(['e', 'f'], same), complains('url-taken', /dialled at ws:\/\/host:5000/))
    assert.deepEqual(
      net.nodes.map(({ name }) => name),
      ['a', 'b'],
      'none is started where not all can be',
    )
    await assert.rejects(net.restart('a'), complains('running', /^a runs: crash or close it before/))
    await assert.rejects(net.restart('x'), complains('unknown-node', /named x/))
    const url = 'ws://host:5000'
    await net.createNode({ name: 'c', url })
    await assert.rejects(
      net.createNode({ name: 'd', url }),
      complains('url-taken', /dialled at ws:\/\/host:5000/),
    )
    net.crash('a')
    for (const call of [
      () => net.crash('a'),
      () => net.node('a'),
      () => net.cut('a', 'b'),
      () => net.slow('a', 1_000),
      () => net.pause('a', 1),
    ]) {
      assert.throws(call, complains('not-running', /^a has crashed; restart\('a'\) starts it again/))
    }
    await b.close()
    assert.throws(() => net.node('b'), complains('not-running', /^b was closed/))
    assert.throws(() => net.cut('c', 'c'), complains('invalid-option', /^cut: c has no link with itself/))
    for (const limitMs of [Number.NaN, -1, '5', Number.POSITIVE_INFINITY] as never[]) {
      assert.throws(() => net.until(() => true, { limitMs }), complains('invalid-option', /^until: .* time/))
    }
    assert.throws(() => net.advance(-1), complains('invalid-option', /^advance: -1/))
    assert.throws(() => net.advance(Number.NaN), complains('invalid-option', /^advance: NaN/))
    assert.throws(() => net.slow('c', 0), complains('invalid-option', /^slow: 0/))
    assert.throws(() => net.slow('c', '5' as never), complains('invalid-option', /^slow: 5/))
    assert.throws(() => net.until(true as never), complains('invalid-option', /^until: .* function/))
    assert.throws(
      () => net.pause('c', Number.POSITIVE_INFINITY),
      complains('invalid-option', /^pause: Infinity/),
    )
    for (const wrong of [-1, 1.5, 'a', undefined] as never[]) {
      await assert.rejects(net.start(wrong), complains('invalid-option', /^start: .* names of nodes/))
    }
  })
})

describe('a seed', () => {
  /** A run with something of everything, and all that its programs saw, with the time. */
  async function story(seed: number): Promise<string[]> {
    const net = createTestNetwork({ seed, jitterMs: 5, dialFailure: 0.1 })
    const log: string[] = []
    const watch = (node: Awaited<ReturnType<typeof net.createNode>>) => {
      const tell = (what: string) => log.push(`${net.nowMs} ${node.name} ${what}`)
      node.on('message', ({ from, value, hops }) => tell(`got ${value} of ${from} over ${hops}`))
      node.on('peer-join', ({ name }) => tell(`join ${name}`))
      node.on('peer-leave', ({ name, reason }) => tell(`leave ${name} ${reason}`))
      node.on('neighbor-up', ({ name }) => tell(`up ${name}`))
      node.on('neighbor-down', ({ name, reason }) => tell(`down ${name} ${reason}`))
      node.on('message', async ({ from, value }) => {
        if (value !== 'question') return
        const outcome = await node.send(from, 'answer')
        tell(`answered ${outcome.status}`)
      })
    }
    for (const node of await net.start(12)) watch(node)
    await net.settled()
    await Promise.all(net.nodes.map((node) => node.broadcast('question')))
    net.partition(['node1', 'node2', 'node3'])
    await net.advance(10_000)
    net.crash('node5')
    net.heal()
    watch(await net.restart('node5'))
    await net.settled()
    log.push(JSON.stringify(await net.node('node5').send('node1', 'last')))
    await net.close()
    return log
  }

  test('repeats the run to the last event, and another one gives another run', async () => {
    const first = await story(7)
    assert.ok(first.length > 300)
    // Another network that lives at the same time changes nothing.
    const [again, other] = await Promise.all([story(7), story(8)])
    assert.deepEqual(again, first)
    assert.notDeepEqual(other, first)
  })
})
