// Deadlines that a node does not take: whoever asks for longer than it tries is told so at once, and nothing is sent. Guests and
// HTTP clients may ask for up to an hour; a node that tries for less does so for them as well.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { createNode as createBrowserNode } from '../../../src/browser.ts'
import { CORE_DEFAULTS, HearsayError, type Node, type SendOptions } from '../../../src/index.ts'
import { insideOf } from '../../../src/node/inside.ts'
import { type RecordedNode, startNode, until } from '../../support/node-rig.ts'
import { Person } from '../guests/rig.ts'

type Asked = Pick<Node, 'send' | 'trySend' | 'request' | 'broadcast' | 'publish' | 'history' | 'trace'>
type Call = (node: Asked, options: SendOptions) => unknown

/** All that takes a deadline. */
const CALLS: Record<keyof Asked, Call> = {
  send: (node, options) => node.send('b', 1, options),
  trySend: (node, options) => node.trySend('b', 1, options),
  request: (node, options) => node.request('b', 1, options),
  broadcast: (node, options) => node.broadcast(1, options),
  publish: (node, options) => node.publish('t', 1, options),
  history: (node, options) => node.history('t', options),
  trace: (node, options) => node.trace('b', options),
}

const isRefused = (maxMs: number) => (error: unknown) =>
  error instanceof HearsayError && error.code === 'invalid-option' && error.message.includes(`1 to ${maxMs}`)

async function refuses(node: Asked, maxMs: number): Promise<void> {
  for (const [name, call] of Object.entries(CALLS)) {
    for (const deadlineMs of [
      maxMs + 1,
      2 ** 31,
      2 ** 33,
      Number.MAX_SAFE_INTEGER,
      Number.POSITIVE_INFINITY,
    ]) {
      await assert.rejects(async () => call(node, { deadlineMs }), isRefused(maxMs), `${name}, ${deadlineMs}`)
    }
  }
}

/** Two nodes with a link. @param config of the first one */
async function pair(t: TestContext, config = {}): Promise<[RecordedNode, RecordedNode]> {
  const b = await startNode(t, 'b')
  const a = await startNode(t, 'a', { peers: [b.url], config })
  await Promise.all([a.knows('b'), b.knows('a')])
  return [a, b]
}

test('what is beyond an hour is refused, whatever is asked for', async (t) => {
  const a = await startNode(t, 'a', { listen: false })
  await refuses(a.node, CORE_DEFAULTS.deadlineMaxMs)
  const { sends, casts, asked, awaited } = insideOf(a.node).conversation.inspect()
  assert.deepEqual([sends, casts, asked, awaited], [0, 0, 0, 0])
  const open = Object.values(CALLS).map((call) => call(a.node, { deadlineMs: CORE_DEFAULTS.deadlineMaxMs }))
  await a.node.close()
  await Promise.all(open)
})

test('a member in a browser refuses it as well', async (t) => {
  const anna = await createBrowserNode({ name: 'anna' })
  t.after(() => anna.close())
  await refuses(anna, CORE_DEFAULTS.deadlineMaxMs)
})

test('a node may be told to take others, and what has no deadline ends by then', async (t) => {
  const short = await startNode(t, 'short', { listen: false, config: { deadlineMaxMs: 40 } })
  await refuses(short.node, 40)
  const failed = { status: 'failed', reason: 'no-route', at: 'short' }
  assert.deepEqual(await Promise.all([short.node.send('b', 1), short.node.broadcast(1)]), [failed, failed])
  const long = await startNode(t, 'long', { listen: false, config: { deadlineMaxMs: 2 ** 31 - 1 } })
  await refuses(long.node, 2 ** 31 - 1)
  const open = long.node.request('b', 1, { deadlineMs: 2 ** 31 - 1 })
  await long.node.close()
  assert.equal((await open).status, 'failed')
})

test('guests and HTTP clients of a node that tries for less are not refused, but tried for as long', async (t) => {
  const deadlineMaxMs = 8_000
  const [a, b] = await pair(t, { deadlineMaxMs })
  b.node.handle(({ withinMs }) => withinMs)
  const ask = (body: object) =>
    fetch(`${a.http}/message`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ deadlineMs: 3_600_000, ...body }),
    })
  for (const body of [
    { to: 'b', msg: 'hi' },
    { to: '*', msg: 'hi', receipts: true },
    { topic: 't', msg: 'hi' },
  ]) {
    assert.equal((await ask(body)).status, 200)
  }
  const answered = (await (await ask({ to: 'b', msg: 'hi', request: true })).json()) as { value: unknown }
  assert.equal(answered.value, deadlineMaxMs)
  assert.equal((await fetch(`${a.http}/trace/b?deadlineMs=3600000`)).status, 200)
  assert.equal((await fetch(`${a.http}/trace/*?deadlineMs=3600000`)).status, 200)
  const ann = new Person(new WebSocket(a.url))
  t.after(() => ann.socket.terminate())
  await once(ann.socket, 'open')
  await ann.greeting()
  const asks = [undefined, 'ping', 'request', 'trace'].map((cmd, tag) => ({ cmd, to: 'b', msg: 'hi', tag }))
  const lines: string[] = []
  ann.socket.on('message', (data) => lines.push(String(data)))
  for (const each of asks) ann.socket.send(JSON.stringify({ deadlineMs: 3_600_000, ...each }))
  await until('all are answered', () => lines.length === asks.length)
  const answers = lines.map((line) => JSON.parse(line)).toSorted((one, other) => one.tag - other.tag)
  assert.deepEqual(
    answers.map(({ status, value }) => [status, value]),
    [
      ['delivered', undefined],
      ['delivered', undefined],
      ['answered', deadlineMaxMs],
      ['traced', undefined],
    ],
  )
})
