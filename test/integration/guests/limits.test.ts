// Guests who type rubbish, too much or too fast, who do not read, or who are too many: each gets what the design says,
// and nobody else notices.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REASONS } from '../../../src/core/reasons.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { openHouse, until } from './rig.ts'

const message = { from: 'node12', value: 'hello', broadcast: true }

test('mistakes get one line each and never close the socket', async (t) => {
  const { host, guests, greeted } = await openHouse(t)
  const ann = await greeted()
  assert.match(await ann.ask('@node12'), /no message/)
  assert.match(await ann.ask('/dance'), /no command/)
  assert.equal((await ann.askJson('{"to":')).event, 'error')
  assert.match(await ann.ask('x'.repeat(LIMITS.lineBytesMax + 1)), /65537 bytes, at most 65536/)
  ann.socket.send(Buffer.from([1, 2, 3]))
  assert.match(await ann.read(), /binary frame/)
  assert.equal(guests.stats().mistakes, 5)
  assert.equal(host.sent.length + host.broadcasts.length, 0)
  assert.equal(await ann.ask('@node12 hello'), 'delivered to node12, 2 hops, 3.1 ms')
})

test('a binary frame is answered in the form of the last line', async (t) => {
  const { greeted } = await openHouse(t)
  const ann = await greeted()
  await ann.askJson('{"cmd":"who"}')
  ann.socket.send(Buffer.from([1, 2, 3]))
  assert.match(String((await ann.readJson()).text), /binary frame/)
})

test('pings of the WebSocket protocol are answered', async (t) => {
  const { greeted } = await openHouse(t)
  const ann = await greeted()
  const pong = new Promise((resolve) => ann.socket.once('pong', resolve))
  ann.socket.ping('are you there')
  assert.equal(String(await pong), 'are you there')
})

test('too many sends under way: the line says so, the others go on', async (t) => {
  const { host, greeted } = await openHouse(t, { outstandingMax: 3 })
  host.answer = undefined
  const [ann, bob] = [await greeted(), await greeted()]
  for (let i = 0; i < 3; i++) ann.type(`@node${i} hello`)
  assert.match(await ann.ask('@node3 hello'), /3 of your messages are still under way.*not sent/)
  assert.equal((await ann.askJson('{"to":"node3","msg":"hello","tag":1}')).tag, 1)
  assert.match(await ann.ask('/help'), /^You are/, 'questions are always answered')
  assert.equal(host.sent.length, 3)
  bob.type('@node3 hello')
  await until('the send of another guest', () => host.sent.length === 4)
  host.sent[0]?.end({ status: 'delivered', id: 'node8/1/1', hops: 1, rttMs: 1 })
  assert.match(await ann.read(), /^delivered to node0/)
  ann.type('@node3 hello')
  await until('room again', () => host.sent.length === 5)
})

test('a guest who does not read is closed with stalled; the others see everything', async (t) => {
  const { guests, greeted } = await openHouse(t, { bufferedBytesMax: 100_000, closeGraceMs: 60_000 })
  const [ann, bob] = [await greeted(), await greeted()]
  ann.socket.pause()
  const big = { from: 'node12', value: 'x'.repeat(50_000), broadcast: true }
  let shown = 0
  while (guests.stats().stalled === 0) {
    guests.deliver(big)
    shown++
    await until('the reader to have it', () => bob.unread.length === shown)
  }
  // No more is kept for a guest on its way out.
  const before = guests.stats().shown
  guests.deliver(message)
  assert.equal(guests.stats().shown, before + 1)
  assert.equal(guests.stats().stalled, 1)
  ann.socket.resume()
  assert.equal((await ann.closed()).code, REASONS.stalled.closeCode)
  assert.equal(ann.end?.reason, REASONS.stalled.text)
  assert.equal(ann.unread.length, shown - 1, 'all that was shown before arrived')
  await until('one guest less', () => guests.count === 1)
})

test('who never reads again is cut off after the grace', async (t) => {
  const { guests, greeted } = await openHouse(t, { bufferedBytesMax: 1_000, closeGraceMs: 1 })
  const ann = await greeted()
  ann.socket.pause()
  const big = { from: 'node12', value: 'x'.repeat(500_000), broadcast: true }
  while (guests.stats().stalled === 0) {
    guests.deliver(big)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until('the guest to be gone', () => guests.count === 0)
})

test('one guest too many is closed with full, and the next one after somebody left is let in', async (t) => {
  const { guests, person, greeted } = await openHouse(t, { guestsMax: 2 })
  const ann = await greeted()
  await greeted()
  const late = await person()
  assert.deepEqual(await late.closed(), {
    code: REASONS.full.closeCode,
    reason: 'this node has as many guests as it takes (2); connect to another node',
  })
  assert.deepEqual([guests.count, guests.stats().refused], [2, 1])
  ann.socket.close()
  await until('one guest less', () => guests.count === 1)
  assert.match(await (await person()).greeting(), /^Welcome/)
})

test('256 guests by default, with an address each', async (t) => {
  const { guests, person, greeted } = await openHouse(t)
  const people = await Promise.all(Array.from({ length: 256 }, () => greeted()))
  assert.equal(new Set(people.map(({ address }) => address)).size, 256)
  assert.equal((await (await person()).closed()).code, REASONS.full.closeCode)
  guests.deliver(message)
  for (const someone of people) assert.equal(await someone.read(), '[MSG] From node12: hello')
  assert.equal(guests.stats().shown, 256)
})

test('frames that break the WebSocket protocol close that guest only', async (t) => {
  const { guests, greeted } = await openHouse(t)
  const [ann, bob, eve] = [await greeted(), await greeted(), await greeted()]
  ann.type('x'.repeat(LIMITS.messageBytesMax + 1))
  assert.equal((await ann.closed()).code, 1009)
  // A text frame that is not UTF-8, masked with zeros: 0xff.
  const raw = eve.socket as unknown as { _socket: { write(bytes: Buffer): void } }
  raw._socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]))
  assert.equal((await eve.closed()).code, 1007)
  await until('two guests less', () => guests.count === 1)
  assert.equal(guests.stats().broken, 2)
  assert.equal(await bob.ask('hello'), 'sent to all, over 5 links')
})

test('close tells everyone, and late comers, that the node is shutting down', async (t) => {
  const { guests, person, greeted } = await openHouse(t)
  const people = [await greeted(), await greeted()]
  const closing = guests.close()
  assert.equal(guests.close(), closing)
  for (const someone of people) {
    assert.deepEqual(await someone.closed(), {
      code: REASONS['shutting-down'].closeCode,
      reason: REASONS['shutting-down'].text,
    })
  }
  await closing
  assert.equal(guests.count, 0)
  assert.equal((await (await person()).closed()).code, REASONS['shutting-down'].closeCode)
  assert.equal(guests.deliver(message), false)
})

test('close does not wait for a guest who does not answer', async (t) => {
  const { guests, greeted } = await openHouse(t, { closeGraceMs: 1 })
  const ann = await greeted()
  ann.socket.pause()
  await guests.close()
  assert.equal(guests.count, 0)
})

test('reasons fit into a close frame', async (t) => {
  const { person } = await openHouse(t, { guestsMax: 0 })
  assert.match((await (await person()).closed()).reason, /connect to another node$/)
  for (const reason of ['stalled', 'shutting-down'] as const) {
    assert.ok(Buffer.byteLength(REASONS[reason].text) <= 123)
  }
})
