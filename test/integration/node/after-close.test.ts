// What a program gets that goes on asking a node which it has closed: everything fails as `shutting-down`, at once, and nothing
// goes out. From outside, from a listener in the midst of the node's work, and from what the closing itself sets off.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { HearsayError, type Node } from '../../../src/index.ts'
import { insideOf } from '../../../src/node/inside.ts'
import { startBootstrap, startInMemory, startNode, startOverlay, until } from '../../support/node-rig.ts'
import { PlainPeer } from '../../support/plain-peer.ts'

/** For nothing that is asked here. */
const deadlineMs = 3_000

interface Ended {
  readonly status: string
  readonly reason?: string
  readonly at?: string
}

/** All that a program may ask for, of nodes, tags, plain HTTP peers and nobody. */
function askAll(node: Node): Promise<readonly (readonly [call: string, ended: Ended])[]> {
  const asked: [string, Ended | Promise<Ended>][] = [
    ['broadcast', node.broadcast('x')],
    ['broadcast, receipts', node.broadcast('x', { receipts: true, deadlineMs })],
    ['publish', node.publish('t', 'x')],
    ['publish, receipts', node.publish('t', 'x', { receipts: true, deadlineMs })],
    ['history', node.history('t', { deadlineMs })],
    ['history of one', node.history('t', { from: 'b', deadlineMs })],
  ]
  for (const to of ['a', 'b', 'flask', 'nobody', { tag: 'worker' }, { tag: 'nothing' }]) {
    const whom = JSON.stringify(to)
    asked.push([`send ${whom}`, node.send(to, 'x', { deadlineMs })])
    asked.push([`trySend ${whom}`, node.trySend(to, 'x', { deadlineMs })])
    asked.push([`request ${whom}`, node.request(to, 'x', { deadlineMs })])
    if (typeof to === 'string') asked.push([`trace ${whom}`, node.trace(to, { deadlineMs })])
  }
  return Promise.all(asked.map(async ([call, ended]) => [call, await ended] as const))
}

function assertShutDown(all: Awaited<ReturnType<typeof askAll>>): void {
  const others = all.filter(
    ([, { status, reason, at }]) => status !== 'failed' || reason !== 'shutting-down' || at !== 'a',
  )
  assert.deepEqual(others, [])
}

async function assertNothingLeft(node: Node): Promise<void> {
  const { sends, casts, asked, awaited, seeking } = insideOf(node).conversation.inspect()
  assert.deepEqual([sends, casts, asked, awaited, seeking], [0, 0, 0, 0, 0])
  assert.deepEqual(await node.messages().next(), { done: true, value: undefined })
  await assert.rejects(node.settled(), (error) => error instanceof HearsayError && error.code === 'closed')
}

/** The node a knows b, and a plain HTTP peer. */
async function withFlask(t: TestContext) {
  const bootstrap = await startBootstrap(t)
  const [a, b] = await startOverlay(t, bootstrap, ['a', 'b'], { tags: ['worker'], history: 10 })
  assert.ok(a && b)
  const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
  await until('flask is there', () => a.joined.includes('flask'))
  return { a, b, flask, bootstrap }
}

test('after close() all that is asked for fails as shutting-down, at once', async (t) => {
  const { a, flask } = await withFlask(t)
  await a.node.close()
  assertShutDown(await askAll(a.node))
  await assertNothingLeft(a.node)
  assert.deepEqual(flask.bodies, [])
  assert.equal(a.node.deliver({ sender: 'x', msg: 'late' }), false)
  assert.deepEqual(a.values, [])
  assert.equal(a.node.drops()['shutting-down'], 1)
})

test('a node that was alone with a plain HTTP peer posts nothing after close()', async (t) => {
  const bootstrap = await startBootstrap(t)
  const a = await startNode(t, 'a', { bootstrap: [bootstrap.url] })
  const flask = await PlainPeer.join(t, bootstrap.url, 'flask')
  await until('flask is there', () => a.joined.includes('flask'))
  await a.node.close()
  assertShutDown(await askAll(a.node))
  await assertNothingLeft(a.node)
  assert.deepEqual(flask.bodies, [])
})

test('who closes the node from a listener, and asks on there, is told so as well', async (t) => {
  const { a, b, flask } = await withFlask(t)
  const asked = new Promise<Awaited<ReturnType<typeof askAll>>>((resolve) => {
    a.node.on('message', () => {
      void a.node.close()
      resolve(askAll(a.node))
    })
  })
  assert.equal((await b.node.send('a', 'close')).status, 'delivered')
  assertShutDown(await asked)
  await a.node.close()
  await assertNothingLeft(a.node)
  assert.deepEqual(flask.bodies, [])
})

test('what the closing sets off is told so, and does not close the node once more', async (t) => {
  const ends: string[] = []
  const logger = { info: (_: unknown, text: string) => ends.push(text) }
  const log = { ...logger, trace() {}, debug() {}, warn() {}, error() {} }
  const { net, nodes } = await startInMemory(t, ['a', 'b'], { logger: log })
  const [a, b] = nodes
  assert.ok(a && b)
  const asked = new Promise<Awaited<ReturnType<typeof askAll>>>((resolve) => {
    a.node.handle(({ signal }) => {
      signal.addEventListener('abort', () => {
        void a.node.close()
        resolve(askAll(a.node))
      })
      return new Promise(() => {})
    })
  })
  const request = b.node.request('a', 'begin')
  await net.until(() => insideOf(a.node).conversation.inspect().answering === 1)
  await a.node.close()
  assertShutDown(await asked)
  assert.deepEqual(await request, { status: 'failed', reason: 'peer-left', at: 'b' })
  assert.deepEqual(
    ends.filter((text) => text === 'left'),
    ['left'],
  )
  await assertNothingLeft(a.node)
})
