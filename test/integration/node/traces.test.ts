// A message that belongs to a trace can be followed: each node on its way logs it, and the receiver's program is told.

import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { createBootstrap, createNode, type Node, type NodeMessage } from '../../../src/index.ts'
import { silentLogger } from '../../../src/logger.ts'
import { until } from '../../support/node-rig.ts'

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

interface Logged {
  readonly at: string
  readonly [field: string]: unknown
}

/** A chain a - b - c, and what its nodes log of traces. */
async function chain(t: TestContext): Promise<{ nodes: [Node, Node, Node]; logged: Logged[] }> {
  const nodes: Node[] = []
  const logged: Logged[] = []
  t.after(() => Promise.all(nodes.map((node) => node.close())))
  const config = { meshNodesMax: 0, linksMin: 1, linksAim: 1, linksMax: 2, linksHardMax: 2 }
  for (const name of ['a', 'b', 'c']) {
    const before = nodes.at(-1)?.url
    const peers = before === undefined ? [] : [before]
    const info = (fields: object, event: string) => {
      if (event === 'traced') logged.push({ ...fields, at: name })
    }
    const logger = { ...silentLogger, info }
    nodes.push(await createNode({ name, host: '127.0.0.1', listen: 0, peers, config, logger }))
    await Promise.all(nodes.slice(1).map((node) => node.ready()))
  }
  await until('all know all', () => nodes.every((node) => node.peers().length === 2))
  return { nodes: nodes as [Node, Node, Node], logged }
}

const messagesOf = (node: Node): NodeMessage[] => {
  const messages: NodeMessage[] = []
  node.on('message', (message) => messages.push(message))
  return messages
}

const urlOf = (node: Node): string => (node.url ?? '').replace('ws', 'http')

function post(node: Node, body: object, traceparent?: string): Promise<Response> {
  return fetch(new URL('message', urlOf(node)), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(traceparent !== undefined && { traceparent }) },
    body: JSON.stringify(body),
  })
}

describe('a trace', { concurrency: true }, () => {
  test('of a message that came by HTTP is logged at every hop, and how it ended at the first', async (t) => {
    const { nodes, logged } = await chain(t)
    const messages = messagesOf(nodes[2])
    const answer = await post(nodes[0], { to: 'c', msg: 'hello' }, TRACE)
    assert.equal(answer.status, 200)
    const { id } = (await answer.json()) as { id: string }
    assert.equal(messages[0]?.traceparent, TRACE)
    assert.ok(logged.every((line) => line.traceparent === TRACE && line.id === id))
    assert.deepEqual(
      logged.map(({ at, from, to, via, hops, status }) => ({ at, from, to, via, hops, status })),
      [
        { at: 'b', from: 'a', to: 'c', via: 'a', hops: 1, status: undefined },
        { at: 'c', from: 'a', to: 'c', via: 'b', hops: 2, status: undefined },
        { at: 'a', from: 'a', to: 'c', via: undefined, hops: 2, status: 'delivered' },
      ],
    )
  })

  test('of a broadcast, of a topic and of a request with its answer', async (t) => {
    const { nodes, logged } = await chain(t)
    const [a, b, c] = nodes
    const messages = messagesOf(c)
    const sent = await b.broadcast('all', { traceparent: TRACE, receipts: true })
    assert.ok(sent.status === 'sent')
    assert.ok(logged.every(({ id }) => id === sent.id))
    const own = logged.find(({ at }) => at === 'b')
    assert.deepEqual(
      { ...own, at: '', room: '' },
      {
        ...{ at: '', room: '', traceparent: TRACE, from: 'b', to: '*', id: sent.id },
        ...{ status: 'sent', neighbors: 2, reached: 2, of: 2 },
      },
    )
    assert.deepEqual(
      logged
        .splice(0)
        .map(({ at }) => at)
        .sort(),
      ['a', 'b', 'c'],
    )
    assert.equal(messages[0]?.traceparent, TRACE)
    const told = new Promise<NodeMessage>((resolve) => c.subscribe('news', resolve))
    assert.equal((await a.publish('news', 'x', { traceparent: TRACE })).status, 'sent')
    assert.equal((await told).traceparent, TRACE)
    logged.splice(0)
    c.handle(({ traceparent }) => traceparent ?? 'none')
    const answer = await a.request('c', 'question', { traceparent: TRACE })
    assert.equal(answer.status === 'answered' && answer.value, TRACE)
    // There and back again.
    const seen = logged.filter(({ via }) => via !== undefined).map(({ at, from }) => `${from}@${at}`)
    assert.deepEqual(seen.sort(), ['a@b', 'a@c', 'c@a', 'c@b'])
  })

  test('of a request is logged by its origin as it ended, with the id under which its question travelled', async (t) => {
    const { nodes, logged } = await chain(t)
    const [a, , c] = nodes
    /** What the origin says at last, and the id that others have seen. */
    const ended = async (): Promise<object> => {
      const ofOrigin = ({ at, via }: Logged) => at === 'a' && via === undefined
      await until('it is logged', () => logged.some(ofOrigin))
      const [line = assert.fail(), ...more] = logged.filter(ofOrigin)
      assert.deepEqual(more, [], 'once')
      const [seen] = logged.filter(({ at, from }) => at === 'c' && from === 'a')
      assert.equal(line.id, seen?.id)
      logged.splice(0)
      const { status, to, reason } = line
      return { to, status, reason }
    }
    assert.equal((await a.request('c', 'question', { traceparent: TRACE })).status, 'failed')
    const failed = { to: 'c', status: 'failed' }
    assert.deepEqual(await ended(), { ...failed, reason: 'no-handler' })
    c.handle(() => {
      throw new Error('secret')
    })
    assert.equal((await a.request('c', 'question', { traceparent: TRACE })).status, 'failed')
    assert.ok(!JSON.stringify(logged).includes('secret'))
    assert.deepEqual(await ended(), { ...failed, reason: 'handler-failed' })
  })

  test('of what does not go out is logged all the same', async (t) => {
    const { nodes, logged } = await chain(t)
    const [a] = nodes
    const traceparent = TRACE
    const large = new Uint8Array(2 ** 20)
    const signal = AbortSignal.abort()
    await a.send('b', large, { traceparent })
    a.trySend('b', large, { traceparent })
    a.trySend({ tag: 'none' }, 1, { traceparent })
    await a.send({ tag: 'none' }, 1, { traceparent, deadlineMs: 1 })
    await a.send('b', 1, { traceparent, signal })
    await a.request('b', large, { traceparent })
    await a.request({ tag: 'none' }, 1, { traceparent, deadlineMs: 1 })
    await a.request('b', 1, { traceparent, signal })
    await a.broadcast(large, { traceparent })
    await a.broadcast(1, { traceparent, signal })
    await a.publish('news', large, { traceparent })
    await until('all are', () => logged.length === 11)
    const [none, all] = [{ tag: 'none' }, '*']
    assert.deepEqual(
      logged.map(({ to, status, reason, id }) => [to, status, reason, id]),
      [
        ['b', 'failed', 'too-large', undefined],
        ['b', 'failed', 'too-large', undefined],
        [none, 'failed', 'unknown-peer', undefined],
        [none, 'failed', 'unknown-peer', undefined],
        ['b', 'failed', 'cancelled', undefined],
        ['b', 'failed', 'too-large', undefined],
        [none, 'failed', 'unknown-peer', undefined],
        ['b', 'failed', 'cancelled', undefined],
        [all, 'failed', 'too-large', undefined],
        [all, 'failed', 'cancelled', undefined],
        [all, 'failed', 'too-large', undefined],
      ],
    )
  })

  test('of a message that fails on its way has the id under which others have seen it', async (t) => {
    const { nodes, logged } = await chain(t)
    const [a, , c] = nodes
    // It is there, and has no room for another message.
    const stream = c.messages({ bufferMax: 1 })
    await a.send('c', 1)
    const outcome = await a.send('c', 2, { traceparent: TRACE, deadlineMs: 1_000 })
    await stream.return?.()
    assert.equal(outcome.status, 'failed')
    const own = logged.find(({ at, via }) => at === 'a' && via === undefined)
    const seen = logged.find(({ at }) => at === 'b')
    assert.ok(own?.id !== undefined && own.id === seen?.id, JSON.stringify(logged))
    assert.equal(own.status, 'failed')
  })

  test('of a message for the very node that it is posted to', async (t) => {
    const { nodes, logged } = await chain(t)
    const messages = messagesOf(nodes[1])
    assert.equal((await post(nodes[1], { sender: 'curl', msg: 'hello' }, TRACE)).status, 200)
    assert.equal(messages[0]?.traceparent, TRACE)
    assert.deepEqual(logged, [
      { room: 'node', traceparent: TRACE, from: 'b', sender: 'curl', via: 'http', at: 'b' },
    ])
  })

  test('may be in the body of a post, behind the header; there a broken one is refused', async (t) => {
    const { nodes } = await chain(t)
    const messages = messagesOf(nodes[1])
    const [other, sender, to] = [TRACE.replace('4bf', '5bf'), 'curl', 'b']
    const statusOf = async (body: object, header?: string) => (await post(nodes[1], body, header)).status
    assert.equal(await statusOf({ sender, msg: 1, traceparent: TRACE }), 200)
    assert.equal(await statusOf({ to, msg: 2, traceparent: TRACE }), 200)
    assert.equal(await statusOf({ to, msg: 3, traceparent: other }, TRACE), 200)
    assert.equal(await statusOf({ to, msg: 4, traceparent: TRACE }, 'nonsense'), 200)
    assert.equal(await statusOf({ to, msg: 5, traceparent: 'nonsense' }, TRACE), 400)
    assert.deepEqual(
      messages.map(({ value, traceparent }) => [value, traceparent]),
      [1, 2, 3, 4].map((value) => [value, TRACE]),
    )
  })

  test('that is broken is dropped from HTTP, and refused from programs', async (t) => {
    const { nodes, logged } = await chain(t)
    const messages = messagesOf(nodes[1])
    assert.equal((await post(nodes[0], { to: 'b', msg: 'hello' }, 'nonsense')).status, 200)
    assert.equal(messages[0]?.traceparent, undefined)
    assert.deepEqual(logged, [])
    for (const call of [
      () => nodes[0].send('b', 1, { traceparent: 'x' }),
      () => nodes[0].request('b', 1, { traceparent: 'x' }),
      () => nodes[0].request({ tag: 'none' }, 1, { traceparent: 'x' }),
      () => nodes[0].broadcast(1, { traceparent: 'x' }),
      () => nodes[0].trySend('b', 1, { traceparent: 7 as unknown as string }),
    ]) {
      assert.throws(call, { code: 'invalid-option', message: /^traceparent: .* is none, such as 00-/ })
    }
  })

  test('goes on to a plain HTTP peer', async (t) => {
    const bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
    const headers: IncomingHttpHeaders[] = []
    const flask = createServer((request, response) => {
      if (request.method === 'POST') headers.push(request.headers)
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => flask.once('listening', resolve))
    const logged: object[] = []
    const info = (fields: object, event: string) => {
      if (event === 'traced') logged.push(fields)
    }
    const logger = { ...silentLogger, info }
    const node = await createNode({
      ...{ name: 'a', host: '127.0.0.1', listen: 0, bootstrap: [bootstrap.url], logger },
    })
    t.after(async () => {
      await node.close()
      await bootstrap.close()
      flask.close()
    })
    const url = `http://127.0.0.1:${(flask.address() as AddressInfo).port}`
    await fetch(new URL('register', bootstrap.url.replace('ws', 'http')), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ url, name: 'flask' }),
    })
    await until('it is known', () => node.peers().some(({ name }) => name === 'flask'))
    const outcome = await node.send('flask', 'hello', { traceparent: TRACE })
    assert.ok(outcome.status === 'delivered')
    assert.equal(headers[0]?.traceparent, TRACE)
    // What does not travel through the overlay has numbers of its own.
    assert.match(outcome.id, /^a\/\d+\/http-1\/flask$/)
    assert.deepEqual(logged, [{ room: 'node', traceparent: TRACE, from: 'a', to: 'flask', ...outcome }])
    const sent = await node.broadcast('all', { traceparent: TRACE })
    assert.ok(sent.status === 'sent')
    assert.match(sent.id, /^a\/\d+\/\d+$/)
    assert.ok(logged.some((line) => 'id' in line && line.id === sent.id))
  })
})
