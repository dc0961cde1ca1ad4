// Guests that watch the overlay: what they are shown, and that one who does not read costs nothing but its own lines.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Onlookers } from '../../../src/guests/onlookers.ts'
import type { MessageStep, WatchedLine } from '../../../src/guests/overlay-lines.ts'
import type { SharedLine } from '../../../src/guests/shared-line.ts'
import type { TimedLine } from '../../../src/guests/watch-pace.ts'
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

  test('what it has seen is not answered, and does nothing without watching', async (t) => {
    const { greeted } = await openHouse(t)
    const guest = await greeted()
    guest.socket.send('{"cmd":"seen","atMs":1}')
    assert.equal((await guest.askJson('{"cmd":"watch","on":true}')).event, 'watch')
    assert.equal((await guest.readJson()).event, 'overlay')
    guest.socket.send('{"cmd":"seen","atMs":1}')
    assert.equal((await guest.askJson('{"cmd":"watch","on":false}')).event, 'watch')
  })
})

/** A guest on a link that the test is: what is on its way there, and how much of that it says that it has seen. */
function startSlow() {
  const host = new FakeHost()
  let nowMs = 0
  const onlookers = new Onlookers(host, () => nowMs)
  const onWay: TimedLine[] = []
  const guest = {
    id: 'guest-1',
    unreadBytes: 0,
    show: (line: SharedLine) => onWay.push(JSON.parse(line.bytes('json').toString()) as TimedLine) > 0,
  }
  onlookers.watch(guest, true)
  return {
    guest,
    onWay,
    /** Lets time pass, at the end of which a line comes. */
    tell: (ms: number, line: Untimed) => {
      nowMs += ms
      for (const listener of host.onlookers) listener({ ...line, atMs: 1_000_000 + nowMs } as WatchedLine)
    },
    /** All that is on its way arrives, and the guest says so after some time. */
    see: (ms = 0): TimedLine[] => {
      const arrived = onWay.splice(0)
      nowMs += ms
      onlookers.seen(guest, arrived.at(-1)?.atMs ?? Number.NaN)
      return arrived
    },
  }
}

type Untimed = TimedLine extends infer L ? (L extends TimedLine ? Omit<L, 'atMs'> : never) : never

const reports = (relayed: number, ...names: string[]): Untimed => ({
  event: 'reports',
  everyMs: 1_000,
  reports: names.map((name) => ({ node: name, sent: {}, received: {}, relayed, dropped: {}, links: [] })),
})
const step = (id: string, traceparent?: string) =>
  ({
    ...{ kind: 'direct', id, origin: 'a', destination: 'b', at: 'b', via: 'a', hops: 1, bytes: 1 },
    ...(traceparent === undefined ? {} : { traceparent }),
  }) as MessageStep
const traffic = (...steps: MessageStep[]): Untimed => ({ event: 'traffic', oneIn: 2, leftOut: 1, steps })
const namesIn = (lines: readonly TimedLine[]) =>
  lines.flatMap((line) => (line.event === 'reports' ? line.reports.map(({ node: name }) => name) : []))

describe('a guest that says what it has seen', () => {
  test('is shown nothing more while what was shown two seconds ago is not seen', () => {
    const { onWay, see, tell } = startSlow()
    see()
    for (let i = 0; i < 40; i++) tell(250, reports(i, 'a'))
    assert.equal(onWay.length, 9)
    const [last] = see().slice(-1)
    assert.equal(last?.atMs, 1_000_000 + 9 * 250)
    assert.equal(onWay.length, 1)
    assert.equal(onWay[0]?.event === 'reports' && onWay[0].reports[0]?.relayed, 39, 'the newest one')
  })

  test('is shown lines as they come again when it has caught up', () => {
    const { onWay, see, tell } = startSlow()
    see()
    for (let i = 0; i < 12; i++) tell(250, reports(i, 'a'))
    see()
    see(100)
    for (let i = 0; i < 4; i++) tell(250, reports(i, 'a'))
    assert.equal(onWay.length, 4)
  })

  test('on a slow link is shown part after part, each node in its turn, and all of it where it changes', () => {
    const { onWay, see, tell } = startSlow()
    const names = Array.from({ length: 50 }, (_, index) => `n${index}`)
    see()
    for (let i = 0; i < 12; i++) tell(250, reports(i, ...names))
    see()
    const parts: string[][] = []
    for (let i = 0; i < 12; i++) {
      tell(250, reports(i, ...names))
      assert.ok(onWay.length === 1, 'one part')
      parts.push(namesIn(see(1_600)))
    }
    assert.deepEqual(new Set(parts.flat()), new Set(names))
    assert.ok(
      parts.slice(1).every((part) => part.length === 8),
      'as much as it takes',
    )
    tell(250, { event: 'overlay-change', nodes: [node], gone: [], linksUp: [], linksDown: [] })
    see(1_600)
    assert.deepEqual(
      see(1_600).map(({ event }) => event),
      ['overlay'],
    )
  })

  test('is told how many steps were left out, and misses none of a traced message', () => {
    const { see, tell } = startSlow()
    see()
    tell(250, reports(0, 'a'))
    tell(2_001, reports(1, 'a'))
    const steps = Array.from({ length: 100 }, (_, index) => step(`a/1/${index}/b`))
    tell(250, traffic(...steps, step('a/1/100/b', '00-1')))
    tell(250, traffic(step('a/1/101/b', '00-2')))
    see()
    const [, told] = see()
    assert.ok(told?.event === 'traffic')
    assert.equal(told.oneIn, 2)
    assert.equal(told.leftOut, 2 + 100 - 32)
    assert.equal(told.steps.filter(({ traceparent }) => traceparent !== undefined).length, 2)
  })

  test('who has never said so is shown all that it has missed when it has read', () => {
    const { guest, onWay, tell } = startSlow()
    for (let i = 0; i < 100; i++) tell(250, reports(i, 'a'))
    assert.equal(onWay.length, 101)
    guest.unreadBytes = 70_000
    tell(250, reports(100, 'a', 'b'))
    tell(250, reports(101, 'a'))
    assert.equal(onWay.length, 101)
    guest.unreadBytes = 16_000
    tell(250, reports(102, 'c'))
    assert.deepEqual(namesIn(onWay.slice(101)), ['a', 'b', 'c'])
    tell(250, traffic(step('a/1/1/b')))
    assert.equal(onWay.at(-1)?.event, 'traffic')
  })
})
