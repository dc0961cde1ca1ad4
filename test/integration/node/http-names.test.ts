// A name that goes from a node to a plain HTTP server, and back: in a class, whoever swaps the container of a node for a
// server of his own under the same name.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runNode } from '../../support/node-program.ts'
import { type RecordedNode, startBootstrap, startNode, startOverlay, until } from '../../support/node-rig.ts'
import { PlainPeer } from '../../support/plain-peer.ts'

/** What a node tells of peers, in order. */
function changesAt({ node }: RecordedNode): string[] {
  const changes: string[] = []
  node.on('peer-join', ({ name, kind }) => changes.push(`+${name}/${kind}`))
  node.on('peer-leave', ({ name, kind, reason }) => changes.push(`-${name}/${kind} ${reason}`))
  return changes
}

const kindsOf = (peers: readonly { readonly name: string; readonly kind: string }[], wanted: string) =>
  peers.filter(({ name }) => name === wanted).map(({ kind }) => kind)

/** What it shows of `name` wherever it is asked. */
function shown({ node }: RecordedNode, name: string): unknown[] {
  return [kindsOf(node.peers(), name), kindsOf(node.topology().nodes, name)]
}

describe('a name that changes hands', { concurrency: true }, () => {
  test('from a node that was killed to a server', async (t) => {
    const bootstrap = await startBootstrap(t)
    const [a] = await startOverlay(t, bootstrap, ['a', 'b'])
    assert.ok(a)
    const first = await runNode(t, 'web', bootstrap.url)
    await a.knows('b', 'web')
    const changes = changesAt(a)
    first.process.kill('SIGKILL')
    await until('the bootstrap knows', () => !bootstrap.peers().some(({ name }) => name === 'web'))
    const open = a.node.send('web', 'to the one before', { deadlineMs: 500 })
    const flask = await PlainPeer.join(t, bootstrap.url, 'web')
    await until('the server is there', () => changes.includes('+web/http'))
    assert.deepEqual(changes, ['-web/node unreachable', '+web/http'])
    assert.deepEqual(shown(a, 'web'), [['http'], ['http']])
    assert.equal((await a.node.send('web', 'hi')).status, 'delivered')
    const tried = a.node.trySend('web', 'try')
    assert.ok(tried.status === 'accepted' && (await tried.outcome).status === 'delivered')
    const asked = await a.node.request('web', '?')
    assert.equal(asked.status === 'failed' && asked.reason, 'no-handler')
    const traced = await a.node.trace('web')
    assert.deepEqual(traced.status === 'traced' && traced.path, ['a', 'web'])
    const all = await a.node.broadcast('all', { receipts: true })
    assert.deepEqual(all.status === 'sent' && [all.reached, all.of], [2, 2])
    assert.equal((await open).status, 'failed')
    const msgs = flask.bodies.map((body) => (body as { msg: unknown }).msg)
    assert.deepEqual(msgs, ['hi', 'try', 'all'])
  })

  test('from a node that has left to a server, and back', async (t) => {
    const bootstrap = await startBootstrap(t, { registry: { httpPushIntervalMs: 50 } })
    const [a, b] = await startOverlay(t, bootstrap, ['a', 'web'])
    assert.ok(a && b)
    const changes = changesAt(a)
    await b.node.close()
    await until('it has left', () => changes.length === 1)
    const flask = await PlainPeer.join(t, bootstrap.url, 'web')
    await until('the server is there', () => changes.length === 2)
    assert.deepEqual(shown(a, 'web'), [['http'], ['http']])
    assert.equal((await a.node.send('web', 'hi')).status, 'delivered')
    // A node where the server was gets the name at once.
    const { port } = new URL(flask.url)
    flask.kill()
    const back = await startNode(t, 'web', { bootstrap: [bootstrap.url], listen: Number(port) })
    await until('the node is back', () => changes.includes('+web/node'))
    assert.equal((await a.node.send('web', 'hello')).status, 'delivered')
    assert.deepEqual(back.values, ['hello'])
    await until('the bootstrap has said it too', () => a.node.topology().nodes.length === 2)
    assert.deepEqual(shown(a, 'web'), [['node'], ['node']])
    assert.deepEqual(changes, ['-web/node left', '+web/http', '-web/http unreachable', '+web/node'])
  })
})

test('the limits of messages hold for servers as well', async (t) => {
  const bootstrap = await startBootstrap(t)
  const a = await startNode(t, 'a', { bootstrap: [bootstrap.url] })
  const flask = await PlainPeer.join(t, bootstrap.url, 'web')
  await a.knows('web')
  const tooLarge = { status: 'failed', reason: 'too-large', at: 'a' }
  const large = 'x'.repeat(1_100_000)
  assert.deepEqual(await a.node.send('web', large), tooLarge)
  assert.deepEqual(a.node.trySend('web', large), tooLarge)
  const all = await Promise.all(Array.from({ length: 200 }, (_, index) => a.node.send('web', index)))
  assert.ok(all.every(({ status }) => status === 'delivered'))
  assert.equal(flask.bodies.length, 200)
  flask.answers = false
  const open: Promise<{ readonly status: string; readonly reason?: string }>[] = []
  const options = { deadlineMs: 60_000 }
  let tried = a.node.trySend('web', 0, options)
  for (; tried.status === 'accepted'; tried = a.node.trySend('web', 0, options)) open.push(tried.outcome)
  assert.deepEqual([tried.reason, open.length], ['queue-full', 10_064])
  await a.node.close()
  assert.ok((await Promise.all(open)).every(({ reason }) => reason === 'shutting-down'))
})
