// The life of a node in a program: when it is ready and settled, how it ends, and that nothing of it stays behind.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createNode, HearsayError } from '../../../src/index.ts'
import { createTestNetwork } from '../../../src/testing/test-network.ts'
import { runProgram } from '../../support/node-program.ts'
import {
  names,
  RecordedNode,
  startBootstrap,
  startNode,
  startOverlay,
  until,
} from '../../support/node-rig.ts'
import { RawStranger } from '../../support/node-stranger.ts'

describe('the life of a node', { concurrency: true }, () => {
  test('two nodes are ready at their link, and settled when nothing has changed for a second', async (t) => {
    const net = createTestNetwork()
    t.after(() => net.close())
    const [a, b] = (await net.start(['a', 'b'])).map((node) => new RecordedNode(node))
    assert.ok(a && b)
    await Promise.all([a.node.ready(), b.node.ready()])
    assert.deepEqual([a.up, b.up], [['b'], ['a']])
    const readyMs = net.nowMs
    await Promise.all([a.node.settled(), b.node.settled()])
    assert.ok(net.nowMs - readyMs >= 1_000 && net.nowMs - readyMs < 1_500, `after ${net.nowMs - readyMs} ms`)
    assert.deepEqual([a.joined, b.joined], [['b'], ['a']])
  })

  test('a node alone is healthy once it is registered, and not ready', async (t) => {
    const bootstrap = await startBootstrap(t)
    const { node } = await startNode(t, 'a', { bootstrap: [bootstrap.url] })
    let isReady = false
    node.ready().then(
      () => {
        isReady = true
      },
      () => {},
    )
    await until('registered', () => node.health().registered)
    assert.deepEqual(node.health(), { live: true, ready: true, links: 0, registered: true, peers: 0 })
    assert.equal(isReady, false)
    assert.deepEqual(node.peers(), [])
    assert.deepEqual(node.topology().links, [])
  })

  test('a node without a bootstrap says why it is not ready', async (t) => {
    const { node } = await startNode(t, 'a')
    const { ready, live, reason } = node.health()
    assert.deepEqual({ ready, live, reason }, { ready: false, live: true, reason: 'no link to any peer yet' })
  })

  test('what a node is asked before its first link waits for it', async (t) => {
    const bootstrap = await startBootstrap(t)
    const a = await startNode(t, 'a', { bootstrap: [bootstrap.url] })
    const sent = a.node.send('b', 'early')
    const broadcast = a.node.broadcast('early to all')
    const b = await startNode(t, 'b', { bootstrap: [bootstrap.url] })
    assert.equal((await sent).status, 'delivered')
    assert.equal((await broadcast).status, 'sent')
    await b.got('early')
    await b.got('early to all')
  })

  test('close settles what is open, resolves soon, and may be called twice', async (t) => {
    const bootstrap = await startBootstrap(t)
    const nodes = await startOverlay(t, bootstrap, names('n', 3))
    const [a] = nodes
    assert.ok(a)
    const open = [a.node.send('nobody', 1), a.node.send('nobody', 2, { deadlineMs: 60_000 })]
    const alone = await startNode(t, 'alone')
    open.push(alone.node.send('n1', 3))
    const waiting = alone.node.broadcast('never')
    const startMs = performance.now()
    const closing = [a.node.close(), a.node.close(), alone.node.close()]
    await Promise.all(closing)
    assert.ok(performance.now() - startMs < 2_000)
    await a.node.close()
    for (const [index, outcome] of (await Promise.all(open)).entries()) {
      assert.deepEqual(outcome, { status: 'failed', reason: 'shutting-down', at: index < 2 ? 'n1' : 'alone' })
    }
    assert.deepEqual(await waiting, { status: 'failed', reason: 'shutting-down', at: 'alone' })
    await assert.rejects(alone.node.ready(), { code: 'closed' })
    await assert.rejects(alone.node.settled(), { code: 'closed' })
    assert.equal(a.node.health().live, false)
    assert.equal(a.node.health().ready, false)
  })

  test('a closed node answers at once', async (t) => {
    const { node } = await startNode(t, 'a')
    await node.close()
    assert.deepEqual(await node.send('b', 1), { status: 'failed', reason: 'shutting-down', at: 'a' })
    assert.deepEqual(await node.broadcast(1), { status: 'failed', reason: 'shutting-down', at: 'a' })
  })

  test('settled ends when the node does', async (t) => {
    const net = createTestNetwork()
    t.after(() => net.close())
    const [a] = await net.start(['a', 'b'])
    await a.ready()
    const settled = assert.rejects(a.settled(), HearsayError)
    await net.advance(500)
    await a.close()
    await settled
  })

  test('close resolves within 2 s while clients keep connections and requests open', async (t) => {
    const a = await startNode(t, 'a')
    const request = fetch(`${a.http}/message`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: 'nobody', msg: 'hi' }),
    })
    await until('the request is there', () => a.node.stats().listener?.requests === 1)
    const hanging = runProgram(
      t,
      `import { connect } from 'node:net'
       const socket = connect(${a.node.port}, '127.0.0.1')
       socket.write('POST /message HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 10\\r\\n\\r\\n')
       socket.on('error', () => {})
       socket.on('connect', () => console.log('connected'))`,
    )
    await hanging.says('connected')
    const startMs = performance.now()
    await a.node.close()
    assert.ok(performance.now() - startMs < 2_000)
    const answer = await request
    assert.equal(answer.status, 503)
    assert.equal(((await answer.json()) as { reason: unknown }).reason, 'shutting-down')
  })

  test('close resolves within 2 s when nobody at the other end answers', async (t) => {
    const { node } = await startNode(t, 'a')
    const strangers = [1, 2].map(() => new RawStranger(t, node.port))
    for (const stranger of strangers) await stranger.upgrade()
    const guest = new RawStranger(t, node.port)
    guest.socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
    )
    await until('the guest is in', () => node.stats().listener?.guests === 1)
    for (const { socket } of [...strangers, guest]) socket.pause()
    const startMs = performance.now()
    await node.close()
    assert.ok(performance.now() - startMs < 2_000)
  })

  test('await using closes the node', async (t) => {
    const bootstrap = await startBootstrap(t)
    const b = await startNode(t, 'b', { bootstrap: [bootstrap.url] })
    {
      await using node = await createNode({ name: 'a', host: '127.0.0.1', bootstrap: [bootstrap.url] })
      await node.ready()
      await b.knows('a')
    }
    await until('a has left', () => b.left.includes('a left'))
  })
})
