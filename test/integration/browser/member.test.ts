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

/** The window of a page, as far as a member listens to it: {@link happens} is what the browser tells. */
function windowOf(t: TestContext) {
  const window = new EventTarget()
  const listening = {
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
  }
  Object.assign(globalThis, listening)
  t.after(() => {
    for (const name of Object.keys(listening)) Reflect.deleteProperty(globalThis, name)
  })
  const happens = (type: string, persisted: boolean) =>
    void window.dispatchEvent(Object.assign(new Event(type), { persisted }))
  return { hide: () => happens('pagehide', true), show: () => happens('pageshow', true) }
}

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
  await until('so is the bootstrap', () => !bootstrap.peers().some(({ name }) => name === 'anna'))
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

test('a page that goes into the cache of pages leaves, and goes on when it is back', async (t) => {
  const { hide, show } = windowOf(t)
  const { bootstrap, nodes, n1 } = await startThree(t)
  const options = { name: 'anna', bootstrap: [bootstrap.url] }
  const anna = await startMember(t, { ...options, history: 10, tags: ['page'] })
  const heard: unknown[] = []
  const stopped: string[] = []
  anna.subscribe('news/#', ({ value }) => void heard.push(value))
  anna.on('stopped', ({ detail }) => stopped.push(detail))
  const stream = anna.messages()
  await anna.settled()
  await n1.knows('anna', 'n2', 'n3')
  const asked = Promise.withResolvers<void>()
  n1.node.handle(() => {
    asked.resolve()
    return new Promise(() => {})
  })
  const answer = anna.request('n1', 'an answer that never comes', { deadlineMs: 60_000 })
  await asked.promise

  hide()
  assert.deepEqual(await answer, { status: 'failed', reason: 'expired', at: 'anna' })
  const { live, ready, links, registered } = anna.health()
  assert.deepEqual([live, ready, links, registered], [true, false, 0, false])
  await until('the others are told', () => nodes.every(({ left }) => left.includes('anna left')))
  await until('so is the bootstrap', () => !bootstrap.peers().some(({ name }) => name === 'anna'))
  assert.equal((await n1.node.send('anna', 'anybody there?')).status, 'failed')
  await n1.node.publish('news/missed', 'missed')
  const queued = [anna.send('n2', 'queued'), anna.broadcast('queued')]

  // Another page of the site has the name meanwhile.
  const other = await startMember(t, options)
  await n1.knows('anna', 'n2', 'n3')
  assert.equal((await n1.node.send('anna', 'page two')).status, 'delivered')
  await other.close()

  show()
  assert.deepEqual(
    (await Promise.all(queued)).map(({ status }) => status),
    ['delivered', 'sent'],
  )
  await n1.knows('anna', 'n2', 'n3')
  assert.equal((await n1.node.send('anna', 'back')).status, 'delivered')
  const { value } = (await stream.next()).value ?? {}
  assert.equal(value, 'back', 'streams go on')
  await until('what was published meanwhile came', () => heard.includes('missed'))
  await until('its record is known', () => {
    return n1.node.peers().some(({ name, tags }) => name === 'anna' && tags?.includes('page'))
  })
  const published = await n1.node.publish('news/new', 'new')
  assert.equal(published.status === 'sent' && published.listeners, 1)
  await until('what is published comes', () => heard.includes('new'))
  const kept = await n1.node.history('news/#', { from: 'anna' })
  assert.deepEqual(
    kept.messages.map((message) => message.value),
    ['missed', 'new'],
  )
  await until('it is registered', () => bootstrap.peers().some(({ name }) => name === 'anna'))
  assert.deepEqual(stopped, [])
})

test('a member that was closed stays so, whatever becomes of its page', async (t) => {
  const { hide, show } = windowOf(t)
  const { bootstrap, nodes } = await startThree(t)
  const anna = await startMember(t, { name: 'anna', bootstrap: [bootstrap.url] })
  await anna.settled()
  hide()
  const closed = anna.close()
  show()
  await closed
  show()
  await until('the others are told', () => nodes.every(({ left }) => left.includes('anna left')))
  await until('so is the bootstrap', () => bootstrap.stats().nodes === 3)
  assert.equal(anna.health().live, false)
  assert.deepEqual(await anna.send('n1', 'x'), { status: 'failed', reason: 'shutting-down', at: 'anna' })
})
