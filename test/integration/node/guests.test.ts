// Guests of real nodes: what they type goes through the overlay, and what comes through it is shown to them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import {
  agreed,
  names,
  type RecordedNode,
  SPARSE,
  startBootstrap,
  startNode,
  startOverlay,
  until,
} from '../../support/node-rig.ts'
import { Person } from '../guests/rig.ts'

const PROBE = 'does anybody listen?'

/** A guest of a node, greeted. */
async function guestOf(t: TestContext, { url }: RecordedNode): Promise<Person> {
  const person = new Person(new WebSocket(url))
  t.after(() => person.socket.terminate())
  await once(person.socket, 'open')
  await person.greeting()
  return person
}

/** Waits until a node knows that so many others listen to a topic. */
async function listens(t: TestContext, at: RecordedNode, topic: string, count: number): Promise<void> {
  const asker = await guestOf(t, at)
  let known: unknown
  const endMs = performance.now() + 10_000
  do {
    if (performance.now() > endMs)
      throw new Error(`${at.name} knows of ${known} listeners, and not of ${count}`)
    known = (await asker.askJson(JSON.stringify({ cmd: 'publish', topic, msg: PROBE }))).listeners
    await delay(2)
  } while (known !== count)
  asker.socket.close()
}

/** What was shown, but for what {@link listens} has published. */
const shownTo = ({ unread }: Person): string[] => unread.filter((line) => !line.endsWith(PROBE))

test('topics: between guests of different nodes, as long as somebody listens', async (t) => {
  const bootstrap = await startBootstrap(t)
  const [a, b, c] = (await startOverlay(t, bootstrap, ['a', 'b', 'c'])) as [
    RecordedNode,
    RecordedNode,
    RecordedNode,
  ]
  const [ann, bob] = [await guestOf(t, a), await guestOf(t, b)]
  await ann.ask('/sub news/+')
  await bob.ask('/sub news/today')
  await listens(t, c, 'news/today', 2)
  // A publisher who listens sees what it publishes, as in MQTT.
  ann.type('/pub news/today good morning')
  await until('both to see it', () => shownTo(ann).length === 2 && shownTo(bob).length === 1)
  assert.deepEqual(shownTo(bob), [`[MSG] From ${ann.address} on news/today: good morning`])
  assert.ok(ann.unread.includes(`[MSG] From ${ann.address} on news/today: good morning`))
  assert.ok(ann.unread.includes('published on news/today: 1 other node listens'))
  // No topic of theirs is a message for programs.
  for (const { messages } of [a, b, c]) assert.deepEqual(messages, [])
  bob.socket.close()
  await listens(t, c, 'news/today', 1)
})

test('questions, receipts, ways, and nodes that come and go', async (t) => {
  const bootstrap = await startBootstrap(t)
  const nodes = await startOverlay(t, bootstrap, names('n', 9), { config: SPARSE })
  const [first, second] = nodes as [RecordedNode, RecordedNode]
  await agreed(nodes)
  const ann = await guestOf(t, first)
  await ann.askJson('{"cmd":"events","on":true}')

  assert.match(await ann.ask('/ask n2 what?'), /^no answer of n2: .*\(no-handler, says n2\)$/)
  second.node.handle(({ value, sender }) => `${value} asks ${sender}`)
  const { from, value } = await ann.askJson('{"cmd":"request","to":"n2","msg":"what?"}')
  assert.deepEqual([from, value], ['n2', `what? asks ${ann.address}`])

  assert.equal(await ann.ask('/all hello'), 'sent to all, reached 8 of 8')
  for (const node of nodes.slice(1)) await node.got('hello')

  const traced = await ann.askJson('{"cmd":"trace","to":"n9"}')
  const sent = await ann.askJson('{"to":"n9","msg":"hello"}')
  assert.equal((traced.path as string[]).length - 1, sent.hops)

  const before = nodes.map(({ messages }) => messages.length)
  const tree = await ann.askJson('{"cmd":"trace","to":"*"}')
  assert.deepEqual([tree.reached, tree.of, tree.missing], [8, 8, []])
  const receipts = tree.receipts as { name: string; via: string; hops: number }[]
  for (const { via, hops } of receipts) {
    const parent = receipts.find(({ name }) => name === via)
    assert.equal(hops, via === 'n1' ? 1 : (parent?.hops ?? Number.NaN) + 1)
  }
  assert.equal((await ann.ask('/trace *')).split('\n').length, 1 + 9)
  // A message that comes after it shows that the probe itself is shown to nobody.
  await ann.ask('/all bye')
  for (const [index, { messages }] of nodes.slice(1).entries()) {
    assert.deepEqual(
      messages.slice(before[index + 1]).map((message) => message.value),
      ['bye'],
    )
  }

  await startNode(t, 'late', { bootstrap: [bootstrap.url] })
  await until('the one who comes', () => ann.unread.some((line) => line.startsWith('late has joined, ws://')))
  await nodes[8]?.node.close()
  await until('the one who goes', () => ann.unread.includes('n9 has left'))
})

test('what was broadcast before, by a node that keeps it; a probe is not among it', async (t) => {
  const bootstrap = await startBootstrap(t)
  const [a, b] = (await startOverlay(t, bootstrap, ['a', 'b'], { history: 10 })) as [
    RecordedNode,
    RecordedNode,
  ]
  await until('b knows that a keeps broadcasts', () =>
    b.node.peers().some(({ tags }) => tags?.includes('history')),
  )
  await a.node.publish('t/1', 'one')
  await a.node.broadcast('of no topic', { receipts: true })
  const ann = await guestOf(t, b)
  await ann.askJson('{"cmd":"trace","to":"*"}')
  ann.type('{"cmd":"history","filter":"t/#"}')
  const message = await ann.readJson()
  assert.deepEqual([message.topic, message.msg, message.past], ['t/1', 'one', true])
  assert.deepEqual(
    [
      (await ann.readJson()).count,
      (await ann.askJson('{"cmd":"history"}')).msg,
      (await ann.readJson()).count,
    ],
    [1, 'of no topic', 1],
  )
})
