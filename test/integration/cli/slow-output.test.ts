// Nodes whose standard output is read too slowly: they take no more, senders learn of it, and what was taken is printed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../../../src/cli/run.ts'
import { startNode, until } from '../../support/node-rig.ts'
import { fakeContext, KeptOutput } from '../../unit/cli/fake-context.ts'
import { Hearsay } from './process.ts'

test('a node whose output is not read takes no more, and prints what it has taken', async (t) => {
  const running = new Hearsay(t, ['node', '--name', 'n1', '--port', '0', '--host', '127.0.0.1'])
  const url = `http://127.0.0.1:${await running.port()}`
  const { node } = await startNode(t, 'sender', { peers: [url] })
  await node.ready()
  running.child.stdout?.pause()
  const text = 'x'.repeat(50_000)
  let delivered = 0
  let reason: string | undefined
  while (reason === undefined && delivered < 1_000) {
    const answer = await node.send('n1', `${delivered} ${text}`)
    if (answer.status === 'delivered') delivered++
    else ({ reason } = answer)
  }
  assert.equal(reason, 'queue-full')
  running.child.stdout?.resume()
  await running.waitFor('all that was delivered', () => running.stdout.length === delivered || undefined)
  for (const [index, line] of running.stdout.entries())
    assert.ok(line.startsWith(`[MSG] From sender: ${index} x`), line.slice(0, 40))
  assert.equal((await node.send('n1', 'again')).status, 'delivered')
  await running.line(/: again$/)
})

test('in a swarm, too: what is sent or posted fails, broadcasts are not confirmed', async (t) => {
  const stdout = new (class extends KeptOutput {
    writableLength = 0
  })()
  const stop = new AbortController()
  const context = { ...fakeContext({}, stop.signal), stdout }
  const ended = run(['swarm', '--nodes', '2', '--port', '0', '--host', '127.0.0.1', '--json'], context)
  t.after(async () => {
    stop.abort()
    await ended
  })
  await until('the swarm has tried itself out', () => stdout.text.includes('"settled"'))
  const { nodes } = JSON.parse(stdout.writes[0] ?? '')
  const post = async (fields: object): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${nodes[0].url}/message`, {
      method: 'POST',
      headers,
      body: JSON.stringify(fields),
    })
    return { code: response.status, ...((await response.json()) as object) }
  }
  stdout.writableLength = 5_000_000
  const sent = await post({ to: 'node2', msg: 'sent' })
  assert.deepEqual([sent.code, sent.reason, sent.at], [503, 'queue-full', 'node2'])
  assert.equal((await post({ sender: 'me', msg: 'posted' })).reason, 'queue-full')
  const cast = await post({ to: '*', msg: 'to all', receipts: true, deadlineMs: 50 })
  assert.deepEqual([cast.status, cast.reached, cast.of], ['sent', 0, 1])
  stdout.writableLength = 0
  assert.equal((await post({ to: 'node2', msg: 'again' })).status, 'delivered')
  const shown = stdout.writes.map((line) => JSON.parse(line)).filter(({ event }) => event === 'message')
  assert.deepEqual(
    shown.map(({ receiver, msg }) => [receiver, msg]),
    [['node2', 'again']],
  )
})
