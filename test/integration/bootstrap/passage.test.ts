// The way from a bootstrap to a node that is watched: which node, what happens when it is gone or says nothing, and that nothing
// that registers can make the bootstrap spin.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { type Agreed, Passage, type PassageParts } from '../../../src/bootstrap/passage.ts'
import { createNode } from '../../../src/index.ts'
import { silentLogger } from '../../../src/logger.ts'
import { startBootstrap, until } from './rig.ts'

const OVERLAY = '{"event":"overlay","atMs":1,"self":"x","nodes":[],"links":[]}'

/** A node that is none: what it does with guests, the test says. */
async function startFake(t: TestContext, onGuest: (guest: WebSocket) => void) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const times: number[] = []
  server.on('connection', (guest) => {
    times.push(performance.now())
    guest.on('error', () => {})
    onGuest(guest)
  })
  await once(server, 'listening')
  t.after(() => {
    for (const guest of server.clients) guest.terminate()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, times, server }
}

function startPassage(t: TestContext, parts: Partial<PassageParts>) {
  const shown: string[] = []
  const passage = new Passage({
    nodes: () => [],
    agreed: agreedOn(),
    show: (line) => shown.push(line),
    unreadBytes: () => 0,
    logger: silentLogger,
    ...parts,
  })
  t.after(() => passage.close())
  passage.start()
  return { passage, shown }
}

/** All nodes have the order of their names. */
const agreedOn = (node?: string): Agreed => ({ node, rank: (name) => name.charCodeAt(0) })

const shows = (guest: WebSocket) => guest.on('message', () => guest.send(OVERLAY))

describe('a passage', { concurrency: true }, () => {
  test('passes lines on, both ways', async (t) => {
    const heard: string[] = []
    const node = await startFake(t, (guest) =>
      guest.on('message', (data) => {
        heard.push(data.toString())
        guest.send(OVERLAY)
      }),
    )
    const { passage, shown } = startPassage(t, { nodes: () => [{ name: 'x', url: node.url }] })
    assert.equal(passage.pass('too early'), 'nobody')
    await until(() => shown.includes(OVERLAY), 'the overlay')
    assert.equal(passage.pass('{"to":"y"}'), 'passed')
    await until(() => heard.length === 2, 'the line')
    assert.deepEqual(heard, ['{"cmd":"watch","on":true}', '{"to":"y"}'])
  })

  test('shows nothing but JSON lines, and goes on waiting for the first one', async (t) => {
    const talks = await startFake(t, (guest) => {
      guest.send('Welcome to talks, you are talks/guest-a')
      guest.send('[MSG] From anna: {')
      shows(guest)
      guest.on('message', () => guest.send('That was fine'))
    })
    const chats = await startFake(t, (guest) => {
      guest.send('Welcome')
      guest.close()
    })
    const { shown } = startPassage(t, { nodes: () => [{ name: 'talks', url: talks.url }] })
    const sentAway = startPassage(t, { nodes: () => [{ name: 'chats', url: chats.url }] })
    await until(() => shown.includes(OVERLAY), 'the overlay')
    await until(() => chats.times.length === 2, 'two attempts')
    assert.equal(sentAway.passage.pass('{"to":"y"}'), 'nobody')
    assert.deepEqual(shown, [OVERLAY])
    assert.ok(sentAway.shown.every((line) => line.startsWith('{"event":"watch","on":true,"waiting":')))
  })

  test('says at once which node is watched, or why none is, to who asks again', async (t) => {
    const listed: { name: string; url: string }[] = []
    const node = await startFake(t, shows)
    const { passage, shown } = startPassage(t, { nodes: () => listed })
    passage.answer(undefined)
    passage.answer('again')
    listed.push({ name: 'x', url: node.url })
    await until(() => shown.includes(OVERLAY), 'the overlay')
    passage.answer(undefined)
    passage.answer(3)
    const waiting = 'No node is registered that can be dialled'
    assert.deepEqual(
      shown.filter((line) => line !== OVERLAY).map((line) => JSON.parse(line) as unknown),
      [
        { event: 'watch', on: true, waiting },
        { event: 'watch', on: true, waiting },
        { event: 'watch', tag: 'again', on: true, waiting },
        { event: 'watch', on: true, node: 'x' },
        { event: 'watch', tag: 3, on: true, node: 'x' },
      ],
    )
  })

  test('at a bootstrap every JSON line is answered with its tag, and nothing comes that is no JSON', async (t) => {
    const bootstrap = await startBootstrap(t)
    const node = await createNode({ name: 'a', host: '127.0.0.1', listen: 0, bootstrap: [bootstrap.url] })
    t.after(() => node.close())
    await until(() => bootstrap.peers().length === 1, 'it is registered')
    const person = new WebSocket(bootstrap.url)
    t.after(() => person.terminate())
    const lines: Record<string, unknown>[] = []
    person.on('message', (data) => lines.push(JSON.parse(data.toString()) as Record<string, unknown>))
    await once(person, 'open')
    const answerTo = async (line: string, tag: number) => {
      person.send(line)
      return await until(() => lines.find((line) => line.tag === tag), `an answer to ${line}`)
    }
    assert.equal((await answerTo('{"cmd":"watch","on":"x","tag":1}', 1)).event, 'error')
    assert.equal((await answerTo('{"cmd":"watch","on":true,"tag":2}', 2)).on, true)
    await until(() => lines.some(({ event }) => event === 'overlay'), 'the overlay')
    assert.ok(lines.some((line) => line.event === 'watch' && line.node === 'a' && line.tag === undefined))
    assert.deepEqual(await answerTo('{"cmd":"watch","on":true,"tag":3}', 3), {
      ...{ event: 'watch', tag: 3, on: true, node: 'a' },
    })
    assert.equal((await answerTo('{"cmd":"peers","tag":4}', 4)).event, 'peers')
    assert.deepEqual(await answerTo('{"cmd":"watch","on":false,"tag":5}', 5), {
      ...{ event: 'watch', tag: 5, on: false },
    })
  })

  test('of all who watch lead to the same node, and to another one when that is gone', async (t) => {
    const nodes = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => ({ name, ...(await startFake(t, shows)) })),
    )
    const agreed = agreedOn()
    const first = startPassage(t, { nodes: () => nodes, agreed })
    await until(() => first.shown.includes(OVERLAY), 'the overlay')
    const others = Array.from({ length: 5 }, () => startPassage(t, { nodes: () => nodes, agreed }))
    await until(() => others.every(({ shown }) => shown.includes(OVERLAY)), 'all see it')
    assert.deepEqual(nodes.map(({ times }) => times.length).sort(), [0, 0, 6])
    const watched = nodes.find(({ name }) => name === agreed.node)
    for (const guest of watched?.server.clients ?? []) guest.terminate()
    watched?.server.close()
    const counts = () => nodes.filter((node) => node !== watched).map(({ times }) => times.length)
    await until(() => Math.max(...counts()) >= 6, 'all are at another one')
    assert.notEqual(agreed.node, watched?.name)
  })

  test('says that it looks for a node while dials are swallowed, and does not wait for one after the other', async (t) => {
    const swallows = createServer(() => {}).listen(0, '127.0.0.1')
    await once(swallows, 'listening')
    const taken: Socket[] = []
    swallows.on('connection', (socket) => taken.push(socket.on('error', () => {}).resume()))
    t.after(() => {
      for (const socket of taken) socket.destroy()
      swallows.close()
    })
    const living = await startFake(t, shows)
    const url = `http://127.0.0.1:${(swallows.address() as AddressInfo).port}`
    const dead = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, url }))
    const parts = { nodes: () => [...dead, { name: 'z', url: living.url }], agreed: agreedOn() }
    const both = [startPassage(t, parts), startPassage(t, parts)]
    await until(() => both.every(({ shown }) => shown.includes(OVERLAY)), 'the overlay of the living one')
    for (const { shown } of both) {
      assert.deepEqual(JSON.parse(shown[0] ?? ''), {
        ...{ event: 'watch', on: true, waiting: 'Looking for a node that can be watched' },
      })
    }
    assert.equal(parts.agreed.node, 'z')
    // All of them were given up.
    await Promise.all(taken.map((socket) => socket.closed || once(socket, 'close')))
  })

  test('drops lines for a node that does not read, and keeps none of them', async (t) => {
    const node = await startFake(t, (guest) => {
      shows(guest)
      guest.once('message', () => guest.pause())
    })
    const { passage, shown } = startPassage(t, { nodes: () => [{ name: 'x', url: node.url }] })
    await until(() => shown.includes(OVERLAY), 'the overlay')
    const line = JSON.stringify({ to: 'y', msg: 'x'.repeat(60_000) })
    let passed = 0
    // What the operating systems of both ends take is some MB.
    while (passed < 10_000 && passage.pass(line) === 'passed') passed++
    assert.ok(passed > 0 && passed < 10_000, `${passed} lines`)
    assert.equal(passage.pass(line), 'full')
    const [guest] = node.server.clients
    const gone = once(guest as WebSocket, 'close')
    passage.close()
    guest?.resume()
    // Nobody has waited for it to read all of that.
    assert.equal((await gone)[0], 1006)
  })

  test('by passages at most half of the guests of a node come', async (t) => {
    const node = await createNode({ name: 'a', host: '127.0.0.1', listen: 0 })
    t.after(() => node.close())
    const knock = async (headers: Record<string, string>) => {
      const guest = new WebSocket(`ws://127.0.0.1:${node.port}`, { headers })
      t.after(() => guest.terminate())
      // A greeting, or a close code.
      return await Promise.race([
        once(guest, 'message').then(() => 'in'),
        once(guest, 'close').then(([code]) => code as number),
      ])
    }
    const passage = { 'x-hearsay-passage': '1' }
    const taken = await Promise.all(Array.from({ length: 128 }, () => knock(passage)))
    assert.ok(taken.every((answer) => answer === 'in'))
    assert.equal(await knock(passage), 4006)
    assert.equal(await knock({}), 'in')
  })

  test('is not dialled again at once by a node that sends everybody away', async (t) => {
    const rude = await startFake(t, (guest) => guest.close())
    const { shown } = startPassage(t, { nodes: () => [{ name: 'rude', url: rude.url }] })
    await until(() => rude.times.length === 3, 'three attempts')
    const gaps = rude.times.slice(1).map((ms, index) => ms - (rude.times[index] ?? 0))
    // Timers may be a little early.
    assert.ok(Math.min(...gaps) > 950, gaps.join())
    assert.ok(shown.every((line) => line.startsWith('{"event":"watch","on":true,"waiting":')))
  })

  test('leaves a node that says nothing', async (t) => {
    const [dead, living] = [await startFake(t, () => {}), await startFake(t, shows)]
    const agreed = agreedOn('dead')
    const { shown } = startPassage(t, {
      nodes: () => [
        { name: 'living', url: living.url },
        { name: 'dead', url: dead.url },
      ],
      agreed,
      silentMs: 200,
    })
    await until(() => shown.includes(OVERLAY), 'the overlay of the other one')
    assert.equal(dead.times.length, 1)
    assert.match(shown[0] ?? '', /dead is gone: it has said nothing for 200 ms/)
  })

  test('stops reading while nothing is read, and goes on later', async (t) => {
    let unreadBytes = 1_000_000
    let looks = 0
    const guests: WebSocket[] = []
    const node = await startFake(t, (guest) => {
      guests.push(guest)
      shows(guest)
    })
    const { shown } = startPassage(t, {
      nodes: () => [{ name: 'x', url: node.url }],
      unreadBytes: () => {
        looks++
        return unreadBytes
      },
      silentMs: 2_000,
    })
    await until(() => shown.length === 1, 'the first line')
    for (let i = 0; i < 50; i++) guests[0]?.send(`{"line":${i}}`)
    // It has said nothing for longer than is waited for, because it was not read.
    await until(() => looks >= 25, 'it has looked for longer than that')
    assert.equal(shown.length, 1)
    unreadBytes = 0
    await until(() => shown.length === 51, 'all of it')
    assert.equal(node.times.length, 1)
  })

  test('never leads to the bootstrap itself', async (t) => {
    const bootstrap = await startBootstrap(t)
    const own = bootstrap.url
    const node = await createNode({ name: 'a', host: '127.0.0.1', listen: 0, url: own, bootstrap: [own] })
    t.after(() => node.close())
    await until(() => bootstrap.peers().length === 1, 'it is registered')
    const page = new WebSocket(own)
    const lines: string[] = []
    page.on('message', (data) => lines.push(data.toString()))
    await once(page, 'open')
    t.after(() => page.terminate())
    page.send('{"cmd":"watch","on":true,"tag":7}')
    await until(() => lines.some((line) => line.startsWith('{"event":"watch","tag":7,')), 'an answer')
    page.send('{"to":"a","msg":"x","tag":6}')
    await until(() => lines.some((line) => line.startsWith('{"event":"error","tag":6,')), 'another one')
    await until(() => lines.some((line) => line.includes('connection to a is gone')), 'it waits')
    assert.equal(bootstrap.stats().watchers, 1)
    page.send('{"to":"a","msg":"x","tag":8}')
    const error = await until(() => lines.find((line) => line.includes('"tag":8')), 'the answer')
    assert.match(error, /^\{"event":"error","tag":8,"text":"A bootstrap carries no messages/)
  })
})
