// A hundred nodes that start at once on real sockets, and say something in their first millisecond: nothing of it is lost.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNode } from '../../../src/index.ts'
import { startBootstrap, until } from '../../support/node-rig.ts'

const NODES = 100

test('what a hundred nodes say before they have a link arrives, all of it and once', async (t) => {
  const bootstrap = await startBootstrap(t)
  const startMs = performance.now()
  const names = Array.from({ length: NODES }, (_, index) => `n${index}`)
  /** By receiver: how often each broadcast has come. */
  const heard = new Map(names.map((name) => [name, new Map<unknown, number>()]))
  const direct: string[] = []
  const said = await Promise.all(
    names.map(async (name, index) => {
      const node = await createNode({ name, host: '127.0.0.1', bootstrap: [bootstrap.url] })
      t.after(() => node.close())
      node.on('message', ({ from, value, broadcast }) => {
        const counts = heard.get(name)
        if (broadcast) counts?.set(value, (counts.get(value) ?? 0) + 1)
        else direct.push(`${from} to ${name}: ${value}`)
      })
      const to = names[(index * 37 + 11) % NODES] as string
      // They know nobody yet. Many names are unknown even to the first neighbors.
      return { name, to, broadcast: node.broadcast(name), send: node.send(to, index, { deadlineMs: 60_000 }) }
    }),
  )
  const saidMs = performance.now()
  for (const { name, to, broadcast, send } of said) {
    assert.equal((await broadcast).status, 'sent', name)
    const outcome = await send
    assert.equal(outcome.status, 'delivered', `${name} to ${to}: ${JSON.stringify(outcome)}`)
  }
  const isComplete = () => [...heard.values()].every(({ size }) => size === NODES - 1)
  await until('everybody has heard everybody', isComplete, 60_000)
  const tookMs = Math.round(performance.now() - saidMs)
  t.diagnostic(`started in ${Math.round(saidMs - startMs)} ms; all had arrived ${tookMs} ms later`)
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
