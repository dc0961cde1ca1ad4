// A hundred nodes that start at once, and say something before they have a link: nothing of it is lost. On virtual time,
// because a hundred nodes in one process have a hundredth of its core each; test/bench/cold-start.ts is on sockets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestNetwork } from '../../../src/testing/test-network.ts'

const NODES = 100
/** Virtual time. */
const WITHIN_MS = 5_000

test('what a hundred nodes say before they have a link arrives, all of it and once', async (t) => {
  const net = createTestNetwork()
  t.after(() => net.close())
  const nodes = await net.start(NODES)
  const startMs = net.nowMs
  /** By receiver: how often each broadcast has come. */
  const heard = new Map(nodes.map(({ name }) => [name, new Map<unknown, number>()]))
  const direct: string[] = []
  const said = nodes.map((node, index) => {
    const { name } = node
    node.on('message', ({ from, value, broadcast }) => {
      const counts = heard.get(name)
      if (broadcast) counts?.set(value, (counts.get(value) ?? 0) + 1)
      else direct.push(`${from} to ${name}: ${value}`)
    })
    const to = nodes[(index * 37 + 11) % NODES]?.name ?? ''
    return { name, to, broadcast: node.broadcast(name), send: node.send(to, index) }
  })
  for (const { name, to, broadcast, send } of said) {
    assert.equal((await broadcast).status, 'sent', name)
    const outcome = await send
    assert.equal(outcome.status, 'delivered', `${name} to ${to}: ${JSON.stringify(outcome)}`)
  }
  await net.until(() => [...heard.values()].every(({ size }) => size === NODES - 1))
  assert.ok(net.nowMs - startMs < WITHIN_MS, `after ${net.nowMs - startMs} ms`)
  t.diagnostic(`all had arrived after ${Math.round(net.nowMs - startMs)} ms of virtual time`)
  for (const [name, counts] of heard) {
    assert.deepEqual(
      [...counts.values()].filter((count) => count !== 1),
      [],
      name,
    )
    assert.ok(!counts.has(name))
  }
  const expected = said.map(({ name, to }, index) => `${name} to ${to}: ${index}`)
  assert.deepEqual(direct.sort(), expected.sort())
})
