// The HTTP port of a running node: the classroom contract, sends through the overlay, and plain HTTP peers that are
// no members. What the shim makes of every odd body is test/integration/http's business.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { runProgram } from '../../support/node-program.ts'
import { type RecordedNode, startBootstrap, startNode, startOverlay, until } from '../../support/node-rig.ts'
import { PlainPeer } from '../../support/plain-peer.ts'
import { Person } from '../guests/rig.ts'

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

async function post(to: RecordedNode, body: unknown, path = '/message'): Promise<Answer> {
  const answer = await fetch(`${to.http}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Answer['body'] }
}

async function get(from: RecordedNode, path: string): Promise<Answer> {
  const answer = await fetch(`${from.http}${path}`)
  return { status: answer.status, body: (await answer.json()) as Answer['body'] }
}

describe('the HTTP port of a node', { concurrency: true }, () => {
  test('a message without "to" is for the node posted to', async (t) => {
    const a = await startNode(t, 'a')
    const answer = await post(a, { sender: 'node12', msg: 'Hello a' })
    assert.deepEqual(answer, { status: 200, body: { status: 'received' } })
    assert.deepEqual(a.messages, [
      { from: 'node12', value: 'Hello a', hops: 0, broadcast: false, via: 'http' },
    ])
  })

  test('a message with "to" is sent, and the answer is its outcome', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a, b] = await startOverlay(t, bootstrap, ['a', 'b', 'c'])
    assert.ok(a && b)
    const { status, body } = await post(a, { sender: 'someone', msg: { n: 1 }, to: 'b' })
    assert.equal(status, 200)
    assert.equal(body.status, 'delivered')
    assert.equal(body.hops, 1)
    assert.equal(typeof body.rttMs, 'number')
    assert.match(String(body.id), /^a\/\d+\/\d+\/b$/)
    await post(a, { msg: 'unlabelled', to: 'b' })
    await post(a, { sender: 'a', msg: 'its own', to: 'b' })
    assert.deepEqual(b.messages, [
      { from: 'a', sender: 'someone', value: { n: 1 }, hops: 1, broadcast: false, via: 'overlay' },
      { from: 'a', value: 'unlabelled', hops: 1, broadcast: false, via: 'overlay' },
      { from: 'a', value: 'its own', hops: 1, broadcast: false, via: 'overlay' },
    ])
    assert.equal((await post(a, { msg: 'to itself', to: 'a' })).body.status, 'delivered')
    assert.deepEqual(a.values, ['to itself'])
  })

  test('"to": "*" goes to all', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a, b, c] = await startOverlay(t, bootstrap, ['a', 'b', 'c'])
    assert.ok(a && b && c)
    const { status, body } = await post(a, { sender: 'teacher', msg: 'listen', to: '*' })
    assert.deepEqual(
      { status, sent: body.status, neighbors: body.neighbors },
      { status: 200, sent: 'sent', neighbors: 2 },
    )
    for (const node of [b, c]) assert.equal((await node.got('listen')).sender, 'teacher')
    assert.deepEqual(a.messages, [])
  })

  test('receipts, topics, requests and ways', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a, b, c] = await startOverlay(t, bootstrap, ['a', 'b', 'c'])
    assert.ok(a && b && c)
    const all = await post(a, { msg: 'all', to: '*', receipts: true })
    assert.deepEqual([all.status, all.body.reached, all.body.of], [200, 2, 2])

    const heard: unknown[] = []
    b.node.subscribe('t/+', ({ value, topic }) => heard.push([topic, value]))
    a.node.subscribe('t/1', ({ value, topic }) => heard.push([topic, value]))
    const published = await post(a, { topic: 't/1', msg: 'own listeners too', receipts: true })
    assert.equal(published.status, 200)
    assert.ok(heard.some((one) => JSON.stringify(one) === '["t/1","own listeners too"]'))

    assert.equal((await post(a, { msg: 'q', to: 'b', request: true })).status, 501)
    b.node.handle(({ value }) => {
      if (value === 'bad') throw new Error('no such table')
      return { echo: value as string }
    })
    const answered = await post(a, { msg: 'q', to: 'b', request: true })
    assert.deepEqual([answered.status, answered.body.from, answered.body.value], [200, 'b', { echo: 'q' }])
    const failed = await post(a, { msg: 'bad', to: 'b', request: true })
    assert.deepEqual([failed.status, failed.body.error], [502, 'no such table'])

    const traced = await get(a, '/trace/c')
    assert.deepEqual([traced.status, traced.body.path], [200, ['a', 'c']])
    const tree = await get(a, '/trace/*')
    assert.deepEqual([tree.status, tree.body.reached], [200, 2])
    const nobody = await get(a, '/trace/nobody')
    assert.deepEqual([nobody.status, nobody.body.reason, nobody.body.at], [404, 'unknown-peer', 'a'])
  })

  test('a failure has the status and the reason of the outcome, and the node that said so', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a, b, c] = await startOverlay(t, bootstrap, ['a', 'b', 'c'])
    assert.ok(a && b && c)
    const unknown = await post(a, { msg: 'hi', to: 'nobody' })
    assert.deepEqual(unknown, {
      status: 404,
      body: { error: 'no node of this name is known', reason: 'unknown-peer', at: 'a' },
    })
    await c.node.close()
    await until('c has left', () => a.left.length > 0)
    const left = await post(a, { msg: 'hi', to: 'c' })
    assert.deepEqual([left.status, left.body.reason, left.body.at], [503, 'peer-left', 'a'])
    const alone = await startNode(t, 'alone')
    const noRoute = await post(alone, { msg: 'hi', to: 'b', deadlineMs: 20 })
    assert.deepEqual([noRoute.status, noRoute.body.reason, noRoute.body.at], [503, 'no-route', 'alone'])
    for (const answer of [unknown, left, noRoute]) assert.equal(typeof answer.body.error, 'string')
  })

  test('a message that JSON can carry but a frame cannot is 413', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a)
    const msg = 'x'.repeat(1_048_000)
    const direct = await post(a, { msg, to: 'b' })
    assert.deepEqual([direct.status, direct.body.reason, direct.body.at], [413, 'too-large', 'a'])
    const toAll = await post(a, { msg, to: '*' })
    assert.deepEqual([toAll.status, toAll.body.reason], [413, 'too-large'])
  })

  test('it shows peers, topology and health', async (t) => {
    const bootstrap = await startBootstrap(t)
    const alone = await startNode(t, 'z')
    const [a, b] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a && b)
    assert.equal((await get(a, '/')).body.message, 'Node a is running!')
    assert.deepEqual((await get(a, '/peers')).body.peers, [b.http])
    await until('both see the link', () => a.node.topology().links.length === 1)
    assert.deepEqual((await get(a, '/topology')).body.links, [['a', 'b']])
    assert.equal((await get(a, '/healthz')).status, 200)
    assert.deepEqual((await get(a, '/readyz')).body, {
      status: 'ready',
      links: 1,
      peers: 1,
      registered: true,
    })
    assert.equal((await get(alone, '/healthz')).status, 200)
    assert.deepEqual((await get(alone, '/readyz')).status, 503)
  })
})

describe('plain HTTP peers', { concurrency: true }, () => {
  test('one that registers is a peer of every node, and gets messages by name and by broadcast', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a, b] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a && b)
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    await Promise.all([a.knows('b', 'flask'), b.knows('a', 'flask')])
    assert.deepEqual(a.joined, ['b', 'flask'])
    const info = a.node.peers().find(({ name }) => name === 'flask')
    assert.equal(info?.kind, 'http')
    assert.ok(a.node.topology().nodes.some(({ name, kind }) => name === 'flask' && kind === 'http'))
    const outcome = await a.node.send('flask', 'hi')
    assert.ok(outcome.status === 'delivered' && outcome.hops === 1 && outcome.rttMs > 0)
    await b.node.broadcast({ to: 'all' }, { sender: 'teacher' })
    await until('flask has both', () => flask.bodies.length === 2)
    assert.deepEqual(flask.bodies, [
      { sender: 'a', msg: 'hi' },
      { sender: 'teacher', msg: { to: 'all' } },
    ])
    assert.equal((await post(a, { sender: 'x', msg: 'by http', to: 'flask' })).body.status, 'delivered')
    // It sends as everybody does, to any node.
    assert.equal((await post(b, { sender: 'flask', msg: 'hello' })).body.status, 'received')
    assert.equal((await b.got('hello')).from, 'flask')
    const late = await startNode(t, 'late', { bootstrap: [bootstrap.url] })
    await late.knows('a', 'b', 'flask')
  })

  test('guests write to it, ping it and trace it; a request says that it takes none', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a)
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    await until('flask is there', () => a.joined.includes('flask'))
    const ann = new Person(new WebSocket(a.url))
    t.after(() => ann.socket.terminate())
    await once(ann.socket, 'open')
    await ann.greeting()
    assert.match(await ann.ask('@flask hello'), /^delivered to flask, 1 hop/)
    assert.match(String((flask.bodies[0] as { sender: string }).sender), /^a\/guest-/)
    assert.match(await ann.ask('/ping flask'), /^flask answers: 1 hop/)
    assert.equal(await ann.ask('/trace flask'), 'way to flask: a > flask, 1 hop')
    const refused = { status: 'failed', reason: 'no-handler', at: 'a' } as const
    const error = 'flask is a plain HTTP server, which takes messages and no requests'
    assert.deepEqual(await a.node.request('flask', 'what time is it?'), { ...refused, error })
    assert.equal(flask.bodies.length, 1)
    flask.kill()
    assert.match(await ann.ask('/ping flask'), /^flask does not answer: .*\(no-route, says a\)$/)
  })

  test('one that refuses says so, one that is killed is no-route and then gone', async (t) => {
    const registry = { pollIntervalMs: 50, pollFailuresMax: 2, httpPushIntervalMs: 50 }
    const bootstrap = await startBootstrap(t, { registry })
    const [a, b] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a && b)
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    await Promise.all([a, b].map((node) => until('flask is there', () => node.joined.includes('flask'))))
    await assert.rejects(async () => a.node.send('flask', 1n as never), { code: 'invalid-payload' })
    flask.status = 500
    assert.deepEqual(await a.node.send('flask', 'hi'), { status: 'failed', reason: 'refused', at: 'flask' })
    flask.kill()
    assert.deepEqual(await a.node.send('flask', 'hi'), { status: 'failed', reason: 'no-route', at: 'a' })
    await Promise.all(
      [a, b].map((node) => until('flask is gone', () => node.left.includes('flask unreachable'))),
    )
    const answer = await post(a, { msg: 'hi', to: 'flask' })
    assert.deepEqual([answer.status, answer.body.reason], [404, 'unknown-peer'])
    assert.deepEqual(a.left, ['flask unreachable'])
  })

  test('one that is killed answers 503 while it is listed', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a)
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    await until('flask is there', () => a.joined.includes('flask'))
    flask.kill()
    const answer = await post(a, { msg: 'hi', to: 'flask' })
    assert.deepEqual([answer.status, answer.body.reason, answer.body.at], [503, 'no-route', 'a'])
  })

  test('one that never answers: expired at the deadline, shutting-down when the node closes', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a)
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    await until('flask is there', () => a.joined.includes('flask'))
    flask.answers = false
    assert.deepEqual(await a.node.send('flask', 'hi', { deadlineMs: 50 }), {
      status: 'failed',
      reason: 'expired',
      at: 'a',
    })
    const open = a.node.send('flask', 'hi', { deadlineMs: 60_000 })
    await until('it is there', () => flask.bodies.length === 2)
    await a.node.close()
    assert.deepEqual(await open, { status: 'failed', reason: 'shutting-down', at: 'a' })
    assert.deepEqual(await a.node.send('flask', 'late'), {
      status: 'failed',
      reason: 'shutting-down',
      at: 'a',
    })
    assert.deepEqual(await a.node.broadcast('late too'), {
      status: 'failed',
      reason: 'shutting-down',
      at: 'a',
    })
    assert.equal(flask.bodies.length, 2)
  })

  test('one that never answers keeps no process', async (t) => {
    const bootstrap = await startBootstrap(t)
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    flask.answers = false
    const program = runProgram(
      t,
      `const node = await createNode({ name: 'a', host: '127.0.0.1', bootstrap: ['${bootstrap.url}'] })
       await new Promise((resolve) => node.on('peer-join', resolve))
       void node.send('flask', 'hi', { deadlineMs: 60000 })
       void node.broadcast('hi')
       setTimeout(() => node.close(), 50)`,
    )
    assert.deepEqual(await program.end(5_000), { code: 0, signal: null })
  })

  test('a node alone with a plain HTTP peer broadcasts to it at once', async (t) => {
    const bootstrap = await startBootstrap(t)
    const a = await startNode(t, 'a', { bootstrap: [bootstrap.url] })
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    await until('flask is there', () => a.joined.includes('flask'))
    assert.ok(a.node.health().ready)
    assert.equal((await post(a, { msg: 'hi', to: '*' })).body.status, 'sent')
    await until('flask has it', () => flask.bodies.length === 1)
    const b = await startNode(t, 'b', { bootstrap: [bootstrap.url] })
    await Promise.all([a.knows('b', 'flask'), b.knows('a', 'flask')])
  })

  test('of a broadcast that only they can get, receipts say who has it, and the history keeps it', async (t) => {
    const bootstrap = await startBootstrap(t)
    const a = await startNode(t, 'a', { bootstrap: [bootstrap.url], history: 5 })
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    const other = await PlainPeer.join(t, bootstrap.url, 'other')
    await until('both are there', () => a.joined.length === 2)
    const first = await a.node.broadcast('one', { receipts: true, traceparent: TRACE })
    assert.ok(first.status === 'sent')
    const { reached, of, missing, neighbors, receipts = [] } = first
    assert.deepEqual({ reached, of, missing, neighbors }, { reached: 2, of: 2, missing: [], neighbors: 0 })
    assert.deepEqual(receipts.map(({ name, hops, via }) => `${name} ${hops} ${via}`).toSorted(), [
      'flask 1 a',
      'other 1 a',
    ])
    assert.ok(receipts.every(({ tookMs }) => tookMs > 0))
    other.status = 500
    const second = await post(a, { msg: 'two', to: '*', receipts: true })
    assert.deepEqual([second.body.reached, second.body.of, second.body.missing], [1, 2, ['other']])
    const ann = new Person(new WebSocket(a.url))
    t.after(() => ann.socket.terminate())
    await once(ann.socket, 'open')
    await ann.greeting()
    assert.equal(await ann.ask('three'), 'sent to all, to the plain HTTP servers: no other node is there')
    assert.equal(a.node.stats().sent.broadcast.sent, 3)

    const b = await startNode(t, 'b', { bootstrap: [bootstrap.url] })
    await a.knows('b', 'flask', 'other')
    assert.equal((await a.node.broadcast('four')).status, 'sent')
    const past = await b.node.history(undefined, { from: 'a' })
    assert.deepEqual(
      past.messages.map(({ value }) => value),
      ['one', 'two', 'three', 'four'],
    )
    const ids = past.messages.map(({ id }) => id)
    assert.deepEqual([ids[0], ids[1], new Set(ids).size], [first.id, second.body.id, 4])
    assert.deepEqual(flask.bodies.length, 4)
  })

  test('beside nodes they count as well, and are waited for until the deadline or the signal', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a)
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    await a.knows('b', 'flask')
    const all = await a.node.broadcast('hi', { receipts: true })
    assert.deepEqual(all.status === 'sent' && [all.reached, all.of, all.missing, all.neighbors], [
      2,
      2,
      [],
      1,
    ])
    const times = all.status === 'sent' ? (all.receipts ?? []).map(({ tookMs }) => tookMs) : []
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    )
    flask.answers = false
    const giveUp = new AbortController()
    const { signal } = giveUp
    const waiting = a.node.broadcast('given up', { receipts: true, deadlineMs: 60_000, signal })
    await until('it is there', () => flask.bodies.length === 2)
    giveUp.abort()
    const given = await waiting
    assert.ok(given.status === 'sent' && given.missing?.includes('flask'))
    await a.node.broadcast('for a moment', { deadlineMs: 50 })
    await until('its post is given up', () => a.node.stats().sent.http.expired === 1)
    assert.deepEqual(a.node.stats().sent.http, { delivered: 1, cancelled: 1, expired: 1 })
  })

  test('a broadcast that was given up before it began is not posted', async (t) => {
    const bootstrap = await startBootstrap(t)
    const a = await startNode(t, 'a', { bootstrap: [bootstrap.url] })
    const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
    await until('flask is there', () => a.joined.includes('flask'))
    const cancelled = { status: 'failed', reason: 'cancelled', at: 'a' }
    const signal = AbortSignal.abort()
    assert.deepEqual(await a.node.broadcast('no', { signal }), cancelled)
    assert.deepEqual(await a.node.broadcast('no', { signal, receipts: true }), cancelled)
    assert.deepEqual(await a.node.send('flask', 'no', { signal }), cancelled)
    await startNode(t, 'b', { bootstrap: [bootstrap.url] })
    await a.node.ready()
    assert.deepEqual(await a.node.broadcast('no', { signal }), cancelled)
    assert.equal((await a.node.send('flask', 'yes')).status, 'delivered')
    assert.deepEqual(flask.bodies, [{ sender: 'a', msg: 'yes' }])
    assert.equal(a.node.stats().sent.broadcast.cancelled, 3)
  })
})
