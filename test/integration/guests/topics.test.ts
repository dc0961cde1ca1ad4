// Guests on real sockets who ask to be told of more: topics, nodes that come and go, what was broadcast before; and who
// ask programs, or want to know whom a message has reached.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GuestHistory, ReceivedMessage } from '../../../src/guests/guest-host.ts'
import { type House, openHouse, until } from './rig.ts'

const news: ReceivedMessage = {
  from: 'node12',
  value: 'hello',
  broadcast: true,
  id: 'node12/1/1',
  topic: 'news/today',
}

/** The node receives a message that all these filters are for. */
function publish({ host }: House, message: ReceivedMessage, ...filters: string[]): void {
  for (const filter of filters) host.filters.get(filter)?.(message)
}

test('the node listens to what its guests listen to, as long as one of them is there', async (t) => {
  const house = await openHouse(t)
  const { host, greeted, guests } = house
  const [ann, bob] = [await greeted(), await greeted()]
  assert.equal(await ann.ask('/sub news/#'), 'you listen to news/# from now on; /unsub news/# ends it')
  assert.equal(await ann.ask('/sub news/#'), 'you listen to news/# already')
  assert.deepEqual(await bob.askJson('{"cmd":"subscribe","filter":"news/#","tag":1}'), {
    event: 'subscribed',
    tag: 1,
    filter: 'news/#',
  })
  assert.deepEqual([...host.filters.keys()], ['news/#'])
  publish(house, news, 'news/#')
  assert.equal(await ann.read(), '[MSG] From node12 on news/today: hello')
  assert.deepEqual(await bob.readJson(), {
    event: 'message',
    from: 'node12',
    msg: 'hello',
    broadcast: true,
    id: 'node12/1/1',
    topic: 'news/today',
  })
  assert.equal(await ann.ask('/unsub news/#'), 'you do not listen to news/# any more')
  publish(house, { ...news, value: 'again' }, 'news/#')
  assert.equal((await bob.readJson()).msg, 'again')
  assert.equal(guests.stats().shown, 3)
  bob.socket.close()
  await until('the node to listen no more', () => host.filters.size === 0)
  assert.deepEqual(ann.unread, [])
  assert.match(await ann.ask('/unsub news/#'), /You do not listen to any topics/)
})

test('a message that several filters of one guest are for is shown once', async (t) => {
  const house = await openHouse(t)
  const [ann, bob] = [await house.greeted(), await house.greeted()]
  for (const filter of ['news/#', '+/today']) await ann.ask(`/sub ${filter}`)
  await bob.ask('/sub +/today')
  publish(house, { ...news }, 'news/#', '+/today')
  publish(house, { ...news, value: 'two' }, 'news/#', '+/today')
  assert.match(await ann.read(), /: hello$/)
  assert.match(await ann.read(), /: two$/)
  assert.match(await bob.read(), /: hello$/)
  assert.match(await bob.read(), /: two$/)
  assert.match(
    await ann.ask('/unsub news/today'),
    /You do not listen to that, but to "news\/#", "\+\/today"$/,
  )
  assert.deepEqual([ann.unread, bob.unread], [[], []])
})

test('one guest cannot use up what a node can listen to, nor can all of them', async (t) => {
  const { host, greeted, guests } = await openHouse(t)
  const [ann, bob, cem] = [await greeted(), await greeted(), await greeted()]
  for (const [someone, name] of [
    [ann, 'a'],
    [bob, 'b'],
  ] as const) {
    for (let i = 0; i < 16; i++) assert.match(await someone.ask(`/sub ${name}/${i}`), /from now on/)
  }
  assert.match(await ann.ask('/sub one/more'), /^You listen to 16 filters/)
  assert.match(await cem.ask('/sub one/more'), /^The guests of node8 listen to 32 filters.*wildcard/)
  assert.match(await cem.ask('/sub a/1'), /from now on/, 'the node listens to that already')
  assert.equal(host.filters.size, 32)
  assert.equal(guests.stats().mistakes, 2)
  host.subscribe = () => ({ ok: false, error: 'a node listens to at most 64 filters' })
  ann.type('/unsub a/2')
  assert.match(await ann.read(), /not listen to a\/2 any more/)
  assert.equal(await ann.ask('/sub one/more'), 'a node listens to at most 64 filters')
})

test('publishing, with its outcome', async (t) => {
  const { host, greeted } = await openHouse(t)
  const ann = await greeted()
  host.broadcastAnswer = { status: 'sent', id: 'node8/1/2', neighbors: 5, listeners: 3 }
  assert.equal(
    await ann.ask('/pub news/today  good morning'),
    'published on news/today: 3 other nodes listen',
  )
  assert.deepEqual(host.published, [
    { topic: 'news/today', message: { sender: ann.address, msg: 'good morning' } },
  ])
  const line = '{"cmd":"publish","topic":"t","msg":{"a":1},"receipts":true,"deadlineMs":500,"tag":"x"}'
  host.broadcastAnswer = { ...host.broadcastAnswer, listeners: 1, reached: 0, of: 1, missing: ['node12'] }
  assert.deepEqual(await ann.askJson(line), {
    event: 'outcome',
    tag: 'x',
    topic: 't',
    ...host.broadcastAnswer,
  })
  assert.deepEqual(host.spreads, [{}, { deadlineMs: 500, receipts: true }])
})

test('a question to a program, and its answer', async (t) => {
  const { host, greeted } = await openHouse(t)
  const ann = await greeted()
  assert.equal(await ann.ask('/ask node12 what is it?'), 'answer of node12, 2 hops, 3.1 ms: 42')
  assert.deepEqual(host.requests[0]?.message, { sender: ann.address, msg: 'what is it?' })
  assert.deepEqual(
    await ann.askJson('{"cmd":"request","to":"node12","msg":{"q":1},"deadlineMs":500,"tag":2}'),
    { event: 'answer', tag: 2, to: 'node12', ...host.requestAnswer, rttMs: 3.1 },
  )
  assert.deepEqual(host.requests[1]?.options, { deadlineMs: 500 })
  host.requestAnswer = {
    status: 'answered',
    from: 'node12',
    value: new Uint8Array([0, 255]),
    hops: 1,
    rttMs: 1,
  }
  assert.equal((await ann.askJson('{"cmd":"request","to":"node12","msg":1}')).base64, 'AP8=')
  host.requestAnswer = {
    status: 'failed',
    reason: 'handler-failed',
    at: 'node12',
    error: 'no such\ntable',
  }
  assert.equal(
    await ann.ask('/ask node12 more'),
    'no answer of node12: no such\\ntable (handler-failed, says node12)',
  )
})

test('/all tells whom a message has reached', async (t) => {
  const { host, greeted } = await openHouse(t)
  const [ann, bob] = [await greeted(), await greeted()]
  host.broadcastAnswer = { status: 'sent', id: 'node8/1/2', neighbors: 5, reached: 29, of: 29, missing: [] }
  assert.equal(await ann.ask('/all fire drill'), 'sent to all, reached 29 of 29')
  assert.equal(await bob.read(), `[MSG] From ${ann.address}: fire drill`)
  await ann.askJson('{"to":"*","msg":"again","receipts":true,"deadlineMs":9}')
  await ann.askJson('{"to":"*","msg":"and again"}')
  assert.deepEqual(host.spreads, [{ receipts: true }, { receipts: true, deadlineMs: 9 }, {}])
})

test('nodes that come and go are shown to those who want it, and the node is asked once', async (t) => {
  const { host, greeted } = await openHouse(t)
  const [ann, bob, cem] = [await greeted(), await greeted(), await greeted()]
  assert.match(await ann.ask('/events on'), /^you see nodes come and go/)
  assert.deepEqual(await bob.askJson('{"cmd":"events","on":true}'), { event: 'events', on: true })
  assert.equal(host.watchers.size, 1)
  const [tell] = host.watchers
  tell?.({ event: 'peer-join', name: 'node9', kind: 'node', url: 'ws://node9:5000' })
  tell?.({ event: 'peer-leave', name: 'node3', kind: 'node', reason: 'unreachable' })
  assert.equal(await ann.read(), 'node9 has joined, ws://node9:5000')
  assert.equal(await ann.read(), 'node3 is unreachable')
  assert.deepEqual(await bob.readJson(), {
    event: 'peer-join',
    name: 'node9',
    kind: 'node',
    url: 'ws://node9:5000',
  })
  assert.deepEqual(await bob.readJson(), {
    event: 'peer-leave',
    name: 'node3',
    kind: 'node',
    reason: 'unreachable',
  })
  assert.match(await ann.ask('/events off'), /^you do not see/)
  tell?.({ event: 'peer-leave', name: 'node3', kind: 'node', reason: 'left' })
  assert.equal((await bob.readJson()).reason, 'left')
  bob.socket.close()
  await until('nobody to watch', () => host.watchers.size === 0)
  assert.deepEqual([ann.unread, cem.unread], [[], []])
})

test('what was broadcast before comes first, and how many it was at the end', async (t) => {
  const { host, greeted } = await openHouse(t)
  const ann = await greeted()
  const messages: ReceivedMessage[] = [1, 2].map((n) => ({
    ...news,
    value: n,
    id: `node12/1/${n}`,
    past: true,
  }))
  host.historyAnswer = { status: 'complete', from: 'keeper', messages }
  ann.type('{"cmd":"history","filter":"news/#","tag":"h"}')
  for (const { value, id } of messages) {
    const shown = await ann.readJson()
    assert.deepEqual([shown.msg, shown.id, shown.past], [value, id, true])
  }
  assert.deepEqual(await ann.readJson(), {
    event: 'history',
    tag: 'h',
    filter: 'news/#',
    count: 2,
    status: 'complete',
    from: 'keeper',
  })
  host.historyAnswer = { status: 'failed', reason: 'unknown-peer', at: 'node8', messages: [] }
  const none = await ann.askJson('{"cmd":"history"}')
  assert.deepEqual([none.event, none.status, none.reason], ['history', 'failed', 'unknown-peer'])
})

test('a history that was refused while too much was under way can be asked for again', async (t) => {
  const { host, greeted } = await openHouse(t, { outstandingMax: 1 })
  const ann = await greeted()
  host.answer = undefined
  ann.type('@node12 hello')
  assert.match(await ann.ask('{"cmd":"history"}'), /1 of your messages are still under way/)
  host.sent[0]?.end({ status: 'failed', reason: 'expired', at: 'node8' })
  assert.match(await ann.read(), /^not delivered/)
  assert.equal((await ann.askJson('{"cmd":"history"}')).event, 'history')
})

test('so many guests are shown a history at the same time, because all of it waits in memory', async (t) => {
  const { host, greeted } = await openHouse(t, { historiesMax: 1 })
  const [ann, bob] = [await greeted(), await greeted()]
  const { promise, resolve } = Promise.withResolvers<GuestHistory>()
  host.history = () => promise
  ann.type('{"cmd":"history"}')
  assert.match(await ann.ask('{"cmd":"history"}'), /You are being shown/)
  assert.match(await bob.ask('{"cmd":"history"}'), /1 guests are being shown.*Try again/)
  resolve({ status: 'complete', from: 'keeper', messages: [] })
  assert.equal((await ann.readJson()).event, 'history')
  assert.equal((await bob.askJson('{"cmd":"history"}')).event, 'history')
})

test('a history does not pile up for a guest who does not read: it is closed with stalled', async (t) => {
  const { host, guests, greeted } = await openHouse(t, { stallMs: 20, closeGraceMs: 1 })
  const ann = await greeted()
  const big = 'x'.repeat(1_000_000)
  const messages = Array.from({ length: 100 }, () => ({ ...news, value: big, past: true as const }))
  host.historyAnswer = { status: 'complete', from: 'keeper', messages }
  ann.socket.pause()
  ann.type('{"cmd":"history","filter":"news/#"}')
  await until('the guest to be gone', () => guests.count === 0)
  assert.equal(guests.stats().stalled, 1)
})

test('a guest who does not read its topics is closed with stalled', async (t) => {
  const house = await openHouse(t, { bufferedBytesMax: 1_000, closeGraceMs: 1 })
  const ann = await house.greeted()
  await ann.ask('/sub news/#')
  ann.socket.pause()
  while (house.guests.stats().stalled === 0) {
    publish(house, { ...news, value: 'x'.repeat(500_000) }, 'news/#')
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until('the node to listen no more', () => house.host.filters.size === 0)
})
