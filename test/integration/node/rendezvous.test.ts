// Nodes and their bootstraps: several of them, none any more, one that is back, and names that are in use.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createBootstrap } from '../../../src/index.ts'
import { runNode, runProgram } from '../../support/node-program.ts'
import { allKnowAll, names, startBootstrap, startNode, startOverlay, until } from '../../support/node-rig.ts'

const listed = (bootstrap: { peers(): readonly { readonly name: string }[] }): string =>
  bootstrap
    .peers()
    .map(({ name }) => name)
    .sort()
    .join()

describe('nodes and their bootstraps', { concurrency: true }, () => {
  test('nodes at two bootstraps are one overlay, and all are registered at both', async (t) => {
    const [one, two] = await Promise.all([startBootstrap(t), startBootstrap(t)])
    const nodes = await Promise.all([
      startNode(t, 'only-one', { bootstrap: [one.url] }),
      startNode(t, 'only-two', { bootstrap: [two.url] }),
      startNode(t, 'both', { bootstrap: [one.url, two.url] }),
    ])
    await allKnowAll(nodes)
    await until('both list theirs', () => listed(one) === 'both,only-one' && listed(two) === 'both,only-two')
    assert.equal((await nodes[0].node.send('only-two', 'hi')).status, 'delivered')
  })

  test('without their bootstrap nodes go on, and a new one on the same port knows all within 10 s', async (t) => {
    const first = await createBootstrap({ listen: 0, host: '127.0.0.1' })
    t.after(() => first.close())
    const nodes = await startOverlay(t, first, names('n', 5))
    const [a, b] = nodes
    assert.ok(a && b)
    await first.close()
    await until('nobody is registered', () => nodes.every(({ node }) => !node.health().registered))
    assert.equal((await a.node.send('n5', 'still')).status, 'delivered')
    await b.node.broadcast('to all')
    await Promise.all(nodes.filter((node) => node !== b).map((node) => node.got('to all')))
    const late = await startNode(t, 'late', { peers: [a.url], bootstrap: [first.url] })
    await allKnowAll([...nodes, late])
    const second = await startBootstrap(t, { listen: first.port })
    const expected = [...names('n', 5), 'late'].sort().join()
    await until('all are registered again', () => listed(second) === expected)
    for (const { left, down, node } of nodes) {
      await until('it knows that it is', () => node.health().registered)
      assert.deepEqual(left, [])
      assert.deepEqual(
        down.filter((line) => !line.endsWith(' crossed-dial')),
        [],
      )
    }
  })

  test('a node is alone and ready once its only peer is gone, also when that was restarted quickly', async (t) => {
    const bootstrap = await startBootstrap(t)
    const options = { listen: false, bootstrap: [bootstrap.url] } as const
    const first = await startNode(t, 'page', options)
    await until('the page is registered', () => first.node.health().registered)
    const a = await startNode(t, 'a', { bootstrap: [bootstrap.url] })
    await allKnowAll([a, first])
    await first.node.close()
    const second = await startNode(t, 'page', options)
    await Promise.all([a.node.settled(), second.node.settled()])
    await second.node.close()
    await until('a is alone', () => a.node.health().links === 0 && a.node.health().ready)
    assert.deepEqual(a.node.health(), { live: true, ready: true, links: 0, registered: true, peers: 0 })
  })

  test('a bootstrap that is killed takes nobody along', async (t) => {
    const program = runProgram(
      t,
      `const bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
       console.log(bootstrap.url)`,
    )
    const url = await until('its URL', () => /^ws:.*$/m.exec(program.output)?.[0])
    const nodes = await Promise.all(names('n', 3).map((name) => startNode(t, name, { bootstrap: [url] })))
    await allKnowAll(nodes)
    program.process.kill('SIGKILL')
    await until('they have noticed', () => nodes.every(({ node }) => !node.health().registered))
    assert.equal((await nodes[0]?.node.send('n2', 'hi'))?.status, 'delivered')
    assert.ok(nodes.every(({ left }) => left.length === 0))
    await nodes[0]?.node.close()
    await until('n1 has left', () => nodes[1]?.left.includes('n1 left'))
  })

  test('a bootstrap that is not there yet is waited for', async (t) => {
    const early = await startBootstrap(t)
    const { port, url } = early
    await early.close()
    const a = await startNode(t, 'a', { bootstrap: [url] })
    const b = await startNode(t, 'b', { bootstrap: [url] })
    assert.deepEqual(a.node.peers(), [])
    await startBootstrap(t, { listen: port })
    await allKnowAll([a, b])
  })
})

describe('a name that is in use', { concurrency: true }, () => {
  test('is refused to the second node, and the first is not disturbed', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a, b] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a && b)
    const second = await startNode(t, 'a', { bootstrap: [bootstrap.url] })
    await assert.rejects(second.node.ready(), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'name-taken')
      assert.match(error.message, /name.*in use|already/i)
      return true
    })
    assert.deepEqual(second.stopped, ['name-taken'])
    assert.equal(second.node.health().live, false)
    assert.deepEqual(await second.node.send('b', 'hi'), {
      status: 'failed',
      reason: 'shutting-down',
      at: 'a',
    })
    await second.node.close()
    assert.equal((await b.node.send('a', 'hi')).status, 'delivered')
    await a.got('hi')
    for (const { left, down, stopped } of [a, b]) {
      // Of dials that crossed the second link may end late.
      const lost = down.filter((line) => !line.endsWith(' crossed-dial'))
      assert.deepEqual([left, lost, stopped], [[], [], []])
    }
    assert.equal(listed(bootstrap), 'a,b')
  })

  test('is free at once after its holder was killed', async (t) => {
    const bootstrap = await startBootstrap(t)
    const b = await startNode(t, 'b', { bootstrap: [bootstrap.url] })
    const first = await runNode(t, 'a', bootstrap.url)
    await b.knows('a')
    first.process.kill('SIGKILL')
    const second = await startNode(t, 'a', { bootstrap: [bootstrap.url] })
    const startMs = performance.now()
    await second.node.ready()
    assert.ok(performance.now() - startMs < 3_000)
    await b.knows('a')
    assert.equal((await b.node.send('a', 'hi')).status, 'delivered')
    await second.got('hi')
    assert.equal((await second.node.send('b', 'hello')).status, 'delivered')
    assert.deepEqual(second.stopped, [])
  })

  test('without a bootstrap: the later run keeps it where news of the two meets, the earlier stops', async (t) => {
    const one = await startNode(t, 'one')
    const other = await startNode(t, 'other', { peers: [one.url] })
    // Past the time in which a node that has just started outbids what an earlier run left behind.
    const config = { meshNodesMax: 2, linksAim: 1, linksMin: 1, takeoverMs: 1 }
    const first = await startNode(t, 'a', { peers: [one.url], config, url: 'ws://127.0.0.1:9' })
    await allKnowAll([one, other, first])
    const second = await startNode(t, 'a', { peers: [other.url], config, url: 'ws://127.0.0.1:9' })
    await until('the first stops', () => first.stopped.length > 0)
    await second.node.ready()
    assert.deepEqual([first.stopped, second.stopped], [['name-taken'], []])
    assert.equal((await one.node.send('a', 'hi')).status, 'delivered')
    assert.deepEqual([first.values, second.values], [[], ['hi']])
  })

  // The neighbor closes the earlier run's link as `replaced`, and refuses its next dials as `outdated`.
  test('without a bootstrap: the earlier run stops too where both come to the same neighbor', async (t) => {
    const hub = await startNode(t, 'hub')
    const first = await startNode(t, 'a', { peers: [hub.url], config: { takeoverMs: 1 } })
    await allKnowAll([hub, first])
    const second = await startNode(t, 'a', { peers: [hub.url], config: { takeoverMs: 1 } })
    await second.node.ready()
    await until('the first stops', () => first.stopped.length > 0, 2_000)
    assert.deepEqual([first.stopped, second.stopped], [['name-taken'], []])
    assert.equal((await hub.node.send('a', 'hi')).status, 'delivered')
    assert.deepEqual([first.values, second.values], [[], ['hi']])
  })

  test('a node that stopped for its name keeps no process', async (t) => {
    const bootstrap = await startBootstrap(t)
    await startNode(t, 'a', { bootstrap: [bootstrap.url] })
    await until('a is registered', () => listed(bootstrap) === 'a')
    const program = runProgram(
      t,
      `const node = await createNode({ name: 'a', host: '127.0.0.1', bootstrap: ['${bootstrap.url}'] })
       node.on('stopped', ({ reason }) => console.log(reason))`,
    )
    assert.deepEqual(await program.end(), { code: 0, signal: null })
    assert.equal(program.output, 'name-taken\n')
  })
})

test('the address of a neighbor, given as a bootstrap as well, does its link no harm', async (t) => {
  const a = await startNode(t, 'a')
  const warned: string[] = []
  const warn = (_: object, event: string) => warned.push(event)
  const nothing = () => {}
  const logger = { error: warn, warn, info: nothing, debug: nothing, trace: nothing }
  const options = { listen: false, peers: [a.url], bootstrap: [a.url], logger } as const
  const b = await startNode(t, 'b', options)
  await Promise.all([b.knows('a'), until('it is refused', () => warned.includes('bootstrap-refused'))])
  assert.equal((await b.node.send('a', 'hi')).status, 'delivered')
  assert.deepEqual([b.up, b.down, a.down, b.neighborNames], [['a'], [], [], ['a']])
})
