// Guests on real sockets: what they type reaches the node, what comes back is told apart, and everyone sees what the
// node receives.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHouse, until } from './rig.ts'

test('the greeting is one line with the names of the node and of the guest', async (t) => {
  const { host, person, guests } = await openHouse(t)
  host.neighborList = [{ name: 'node3' }]
  const someone = await person()
  const line = await someone.greeting()
  assert.match(line, /^Welcome to node8, you are node8\/guest-\w+\. .*@node3 hello.*\/help/)
  assert.ok(!line.includes('\n'))
  assert.equal(guests.count, 1)
})

test('a direct message carries the guest as its sender, and its outcome comes back', async (t) => {
  const { host, greeted } = await openHouse(t)
  const ann = await greeted()
  assert.equal(await ann.ask('@node12 hello'), 'delivered to node12, 2 hops, 3.1 ms')
  assert.equal(host.sent[0]?.to, 'node12')
  assert.deepEqual(host.sent[0]?.message, { sender: ann.address, msg: 'hello' })
  host.answer = { status: 'failed', reason: 'unknown-peer', at: 'node8' }
  assert.equal(
    await ann.ask('@node99 hello'),
    'not delivered to node99: no node of this name is known; /peers lists all that are (unknown-peer, says node8)',
  )
})

test('a JSON line gets a JSON line, with its tag', async (t) => {
  const { host, greeted } = await openHouse(t)
  const ann = await greeted()
  assert.deepEqual(await ann.askJson('{"to":"node12","msg":{"a":1},"tag":"x","deadlineMs":500}'), {
    event: 'outcome',
    tag: 'x',
    to: 'node12',
    status: 'delivered',
    id: 'node8/1/1',
    hops: 2,
    rttMs: 3.1,
  })
  assert.deepEqual(host.sent[0]?.message.msg, { a: 1 })
  assert.deepEqual(host.sent[0]?.options, { deadlineMs: 500 })
  assert.equal((await ann.askJson('{"to":"nobody nowhere","msg":1,"tag":"y"}')).tag, 'y')
  assert.equal(await ann.ask('@node12 hello'), 'delivered to node12, 2 hops, 3.1 ms')
})

test('messages come in the form of the last line, and an empty line changes nothing', async (t) => {
  const { guests, greeted } = await openHouse(t)
  const [ann, bob] = [await greeted(), await greeted()]
  const message = { from: 'node12', value: 'Hello node8', broadcast: false }
  assert.equal(guests.deliver(message), true)
  assert.equal(await ann.read(), '[MSG] From node12: Hello node8')
  assert.equal(await bob.read(), '[MSG] From node12: Hello node8')
  await bob.askJson('{"cmd":"help"}')
  bob.type('')
  bob.type('{"cmd":"who"}')
  assert.equal((await bob.readJson()).event, 'who')
  guests.deliver(message)
  assert.deepEqual(await bob.readJson(), {
    event: 'message',
    from: 'node12',
    msg: 'Hello node8',
    broadcast: false,
  })
  assert.equal(await ann.read(), '[MSG] From node12: Hello node8')
  // A mistake is a line, too.
  await bob.ask('/pears')
  guests.deliver(message)
  assert.equal(await bob.read(), '[MSG] From node12: Hello node8')
})

test('a broadcast goes to all nodes and to the other guests here', async (t) => {
  const { host, greeted } = await openHouse(t)
  const [ann, bob] = [await greeted(), await greeted()]
  assert.equal(await ann.ask('hello all'), 'sent to all, over 5 links')
  assert.equal(await bob.read(), `[MSG] From ${ann.address}: hello all`)
  assert.equal(await ann.ask('@* again'), 'sent to all, over 5 links')
  assert.equal(await bob.read(), `[MSG] From ${ann.address}: again`)
  assert.deepEqual(host.broadcasts, [
    { sender: ann.address, msg: 'hello all' },
    { sender: ann.address, msg: 'again' },
  ])
  assert.deepEqual(ann.unread, [], 'nobody hears their own words')
})

test('a message to one guest: here, at another node, and to one who is not there', async (t) => {
  const { host, guests, greeted } = await openHouse(t)
  const [ann, bob] = [await greeted(), await greeted()]
  assert.equal(await ann.ask(`@${bob.address} psst`), `delivered to ${bob.address}`)
  assert.equal(await bob.read(), `[MSG] From ${ann.address} to you: psst`)
  assert.match(await ann.ask('@node8/guest-none psst'), /no such guest.*unknown-peer, says node8/)
  assert.match(await ann.ask('@node12/guest-3f psst'), /^delivered to node12 for guest-3f/)
  assert.deepEqual(host.sent[0]?.message, { sender: ann.address, msg: 'psst', guest: 'guest-3f' })
  // From another node.
  assert.equal(guests.deliver({ from: 'node12', value: 'hi', broadcast: false, to: bob.id }), true)
  assert.equal(await bob.read(), '[MSG] From node12 to you: hi')
  assert.equal(guests.deliver({ from: 'node12', value: 'hi', broadcast: false, to: 'guest-none' }), false)
  assert.equal(guests.stats().unknownGuests, 2)
  assert.deepEqual(ann.unread, [])
})

test('without guests nobody is shown a message', async (t) => {
  const { guests } = await openHouse(t)
  assert.equal(guests.deliver({ from: 'node12', value: 'hi', broadcast: false }), false)
})

test('lists', async (t) => {
  const { host, greeted } = await openHouse(t)
  host.peerList = [{ name: 'node12', url: 'ws://node12:5000', kind: 'node', hops: 2 }]
  host.neighborList = [{ name: 'node3', rttMs: 0.5 }]
  const [ann, bob] = [await greeted(), await greeted()]
  assert.equal(await ann.ask('/peers'), '1 peer:\n  node12  2 hops  ws://node12:5000')
  assert.deepEqual(await ann.askJson('{"cmd":"peers"}'), { event: 'peers', peers: host.peerList })
  assert.equal(
    await ann.ask('/who'),
    `node8 has 1 neighbor: node3 (0.5 ms)\nand 2 guests: ${ann.id} (you), ${bob.id}`,
  )
  assert.match(await ann.ask('/help'), /@node3 hello/)
})

test('ping and trace', async (t) => {
  const { host, greeted } = await openHouse(t)
  const ann = await greeted()
  assert.equal(await ann.ask('/ping node12'), 'node12 answers: 2 hops, 3.1 ms')
  assert.deepEqual(host.pings, ['node12'])
  assert.equal(await ann.ask('/trace node12'), 'way to node12: node8 > node3 (1.3 ms) > node12, 2 hops')
  host.broadcastAnswer = {
    status: 'sent',
    id: 'node8/1/2',
    neighbors: 1,
    reached: 2,
    of: 3,
    missing: ['node9'],
    receipts: [
      { name: 'node3', hops: 1, via: 'node8', tookMs: 1.25 },
      { name: 'node12', hops: 2, via: 'node3', tookMs: 2 },
    ],
  }
  assert.equal(
    await ann.ask('/trace *'),
    'way to all: reached 2 of 3, not node9, 2 hops at most\nnode8\n└── node3 (1.3 ms)\n    └── node12 (2.0 ms)',
  )
  const { event, to, reached } = await ann.askJson('{"cmd":"trace","to":"*"}')
  assert.deepEqual([event, to, reached], ['trace', '*', 2])
})

test('outcomes come as sends end, and those to one address repeat their message', async (t) => {
  const { host, greeted } = await openHouse(t)
  host.answer = undefined
  const ann = await greeted()
  for (const line of ['@node12 one', '@node12 two', '@node13 three']) ann.type(line)
  await until('three sends', () => host.sent.length === 3)
  for (const i of [2, 1, 0])
    host.sent[i]?.end({ status: 'delivered', id: 'node8/1/1', hops: i + 1, rttMs: 1 })
  assert.equal(await ann.read(), 'delivered to node13, 3 hops, 1.0 ms')
  assert.equal(await ann.read(), 'delivered to node12, 2 hops, 1.0 ms: two')
  assert.equal(await ann.read(), 'delivered to node12, 1 hop, 1.0 ms: one')
})

test('an outcome has the form of its own line', async (t) => {
  const { host, greeted } = await openHouse(t)
  host.answer = undefined
  const ann = await greeted()
  ann.type('{"to":"node12","msg":"hello","tag":5}')
  assert.match(await ann.ask('/help'), /^You are/)
  host.sent[0]?.end({ status: 'failed', reason: 'expired', at: 'node8' })
  assert.deepEqual(await ann.readJson(), {
    event: 'outcome',
    tag: 5,
    to: 'node12',
    status: 'failed',
    reason: 'expired',
    at: 'node8',
    error: 'no acknowledgement came before the deadline',
  })
})

test('a guest who left gets no outcome, and is in nobody’s list', async (t) => {
  const { host, guests, greeted } = await openHouse(t)
  host.answer = undefined
  const [ann, bob] = [await greeted(), await greeted()]
  ann.type('@node12 hello')
  await until('the send', () => host.sent.length === 1)
  ann.socket.close()
  await until('one guest less', () => guests.count === 1)
  host.sent[0]?.end({ status: 'delivered', id: 'node8/1/1', hops: 1, rttMs: 1 })
  assert.match(await bob.ask('/who'), /1 guest: guest-\w+ \(you\)$/)
})

test('a host that breaks its word takes nobody down', async (t) => {
  const { host, greeted, errors } = await openHouse(t)
  const ann = await greeted()
  host.ping = () => Promise.reject(new Error('bug'))
  assert.match(await ann.ask('/ping node12'), /node8 failed at that/)
  host.send = () => {
    throw new Error('bug')
  }
  assert.match(await ann.ask('@node12 hello'), /node8 failed at that/)
  assert.deepEqual(errors, ['guest-send-failed', 'guest-send-failed'])
  assert.equal(await ann.ask('hello'), 'sent to all, over 5 links')
})
