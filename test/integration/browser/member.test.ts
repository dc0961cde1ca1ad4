// A member in a browser, with the WebSocket of browsers that Node.js has as well: what does not need a page.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  type BrowserNode,
  type BrowserNodeOptions,
  createNode,
  type JsonValue,
} from '../../../src/browser.ts'
import { allKnowAll, type RecordedNode, startBootstrap, startNode, until } from '../../support/node-rig.ts'

async function startMember(t: TestContext, options: BrowserNodeOptions): Promise<BrowserNode> {
  const node = await createNode(options)
  t.after(() => node.close())
  return node
}

/** Three nodes that know each other, and their bootstrap. */
async function startThree(t: TestContext) {
  const bootstrap = await startBootstrap(t)
  const nodes = await Promise.all(
    ['n1', 'n2', 'n3'].map((name) => startNode(t, name, { bootstrap: [bootstrap.url] })),
  )
  await allKnowAll(nodes)
  return { bootstrap, nodes, n1: nodes[0] as RecordedNode }
}

test('two members that nobody can dial reach each other, and everybody them', async (t) => {
  const { bootstrap, nodes, n1 } = await startThree(t)
  const anna = await startMember(t, { name: 'anna', bootstrap: [bootstrap.url] })
  const ben = await startMember(t, { name: 'ben', peers: nodes.slice(1).map(({ url }) => url) })
  ben.handle(({ value }) => ({ echo: value as JsonValue }))
  await anna.settled()
  assert.deepEqual([anna.url, anna.port, anna.health().registered], [undefined, undefined, true])
  const asked = await anna.request('ben', { n: 1 })
  assert.deepEqual(asked.status === 'answered' && asked.value, { echo: { n: 1 } })
  const sent = await n1.node.send('anna', 'hello')
  assert.equal(sent.status, 'delivered')
  const cast = await anna.broadcast('all', { receipts: true })
  assert.deepEqual(cast.status === 'sent' && [cast.reached, cast.of], [4, 4])
  await anna.close()
  await until('the others are told', () => nodes.every(({ left }) => left.includes('anna left')))
  assert.ok(!bootstrap.peers().some(({ name }) => name === 'anna'))
})

test('large messages keep to their order, and to what a socket takes', async (t) => {
  const { n1 } = await startThree(t)
  const anna = await startMember(t, { name: 'anna', peers: [n1.url] })
  await anna.ready()
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, (_, index) => anna.send('n1', `${index} ${'x'.repeat(100_000)}`)),
  )
  assert.ok(outcomes.every(({ status }) => status === 'delivered'))
  assert.deepEqual(
    n1.values.map((value) => Number(String(value).split(' ')[0])),
    outcomes.map((_, index) => index),
  )
})

test('what only operators of nodes ask is refused', async (t) => {
  const anna = await startMember(t, {})
  await assert.rejects((anna as unknown as { metrics(): Promise<unknown> }).metrics(), {
    code: 'unsupported',
  })
  await assert.rejects(createNode({ listen: 0 } as BrowserNodeOptions), { code: 'invalid-option' })
})
