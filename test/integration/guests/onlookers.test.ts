// Guests that watch the overlay: what they are shown, and that one who does not read costs nothing but its own lines.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Onlookers } from '../../../src/guests/onlookers.ts'
import type { WatchedLine } from '../../../src/guests/overlay-lines.ts'
import type { SharedLine } from '../../../src/guests/shared-line.ts'
import { FakeHost, openHouse, until } from './rig.ts'

const node = { name: 'node8', kind: 'node', state: 'up', incarnation: 1, version: 1 } as const
const change: WatchedLine = {
  event: 'overlay-change',
  atMs: 2,
  nodes: [node],
  gone: [],
  linksUp: [],
  linksDown: [],
}

describe('guests that watch', () => {
  test('all of it first, then every line, until the guest wants no more', async (t) => {
    const { host, greeted } = await openHouse(t)
    const guest = await greeted()
    assert.deepEqual(await guest.askJson('{"cmd":"watch","on":true,"tag":4}'), {
      event: 'watch',
      tag: 4,
      on: true,
      node: 'node8',
    })
    assert.deepEqual(await guest.readJson(), {
      event: 'overlay',
      atMs: 1,
      self: 'node8',
      nodes: [],
      links: [],
    })
    for (const show of host.onlookers) show(change)
    assert.deepEqual(await guest.readJson(), change)
    // Whoever types text in between gets lines of JSON all the same.
    assert.match(await guest.ask('/who'), /^node8 has/)
    for (const show of host.onlookers) show(change)
    assert.deepEqual(await guest.readJson(), change)
    assert.deepEqual(await guest.askJson('{"cmd":"watch","on":false}'), {
      event: 'watch',
      on: false,
      node: 'node8',
    })
    assert.equal(host.onlookers.size, 0)
  })

  test('the node is watched once for all of them, and not any more when the last one is gone', async (t) => {
    const { host, greeted } = await openHouse(t)
    const [a, b] = [await greeted(), await greeted()]
    for (const guest of [a, b]) {
      await guest.ask('{"cmd":"watch","on":true}')
      await guest.read()
    }
    assert.equal(host.onlookers.size, 1)
    a.socket.close()
    await a.closed()
    for (const show of host.onlookers) show(change)
    assert.deepEqual(await b.readJson(), change)
    b.socket.terminate()
    await until('nobody watches', () => host.onlookers.size === 0)
  })

  test('who watches is shown some of the messages, and who does not all of them', async (t) => {
    const { guests, greeted } = await openHouse(t)
    const [onlooker, person] = [await greeted(), await greeted()]
    await onlooker.ask('{"cmd":"watch","on":true}')
    await onlooker.read()
    for (let i = 0; i < 500; i++) guests.deliver({ from: 'node3', value: i, broadcast: false })
    for (let i = 0; i < 500; i++) assert.equal(await person.read(), `[MSG] From node3: ${i}`)
    assert.deepEqual(await onlooker.readJson(), {
      event: 'message',
      from: 'node3',
      msg: '0',
      broadcast: false,
    })
    // What is for one guest comes, however many others have come.
    assert.ok(guests.deliver({ from: 'node3', value: 'for you', broadcast: false, to: onlooker.id }))
    let line: Record<string, unknown>
    let others = 0
    do {
      line = await onlooker.readJson()
      if (line.msg !== 'for you') others++
    } while (line.msg !== 'for you')
    assert.ok(others < 100, `${others} messages`)
  })

  test('who watches is shown an excerpt, and how many bytes there were', async (t) => {
    const { guests, greeted } = await openHouse(t)
    const onlooker = await greeted()
    await onlooker.ask('{"cmd":"watch","on":true}')
    await onlooker.read()
    guests.deliver({ from: 'node3', value: 'x'.repeat(500_000), broadcast: true, topic: 'news' })
    guests.deliver({ from: 'node3', value: new Uint8Array(70_000), broadcast: false })
    assert.deepEqual(await onlooker.readJson(), {
      event: 'message',
      from: 'node3',
      msg: 'x'.repeat(200),
      cut: true,
      broadcast: true,
      topic: 'news',
    })
    assert.equal((await onlooker.readJson()).msg, '70000 bytes')
  })

  test('mistakes', async (t) => {
    const { greeted } = await openHouse(t)
    const guest = await greeted()
    const { text } = await guest.askJson('{"cmd":"watch"}')
    assert.match(String(text), /"on" must be true or false. Type \{"cmd":"watch","on":true\}/)
    const bad = await guest.askJson('{"to":"node12","msg":"x","traceparent":"no"}')
    assert.match(String(bad.text), /"traceparent" must be one of W3C Trace Context, such as 00-/)
  })

  test('who does not read misses lines, and is shown all of it again later', () => {
    const host = new FakeHost()
    const onlookers = new Onlookers(host)
    const shown: string[] = []
    const guest = {
      id: 'guest-1',
      unreadBytes: 0,
      show: (line: SharedLine) => shown.push(JSON.parse(line.bytes('json').toString()).event) > 0,
    }
    onlookers.watch(guest, true)
    onlookers.watch(guest, true)
    const show = (line: WatchedLine): void => {
      for (const listener of host.onlookers) listener(line)
    }
    const traffic: WatchedLine = { event: 'traffic', atMs: 1, oneIn: 1, leftOut: 0, steps: [] }
    show(traffic)
    guest.unreadBytes = 1_000_000
    show(traffic)
    show(change)
    guest.unreadBytes = 100_000
    show(change)
    assert.deepEqual(shown.splice(0), ['overlay', 'traffic'])
    guest.unreadBytes = 0
    show(change)
    show(traffic)
    assert.deepEqual(shown, ['overlay', 'traffic'])
  })
})
