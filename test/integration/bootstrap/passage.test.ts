// The way from a bootstrap to a node that is watched: which node, what happens when it is gone or says nothing, and that nothing
// that registers can make the bootstrap spin.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
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
    agreed: { node: undefined },
    show: (line) => shown.push(line),
    unreadBytes: () => 0,
    logger: silentLogger,
    ...parts,
  })
  t.after(() => passage.close())
  passage.start()
  return { passage, shown }
}

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
    assert.equal(passage.pass('too early'), false)
    await until(() => shown.includes(OVERLAY), 'the overlay')
    assert.equal(passage.pass('{"to":"y"}'), true)
    await until(() => heard.length === 2, 'the line')
    assert.deepEqual(heard, ['{"cmd":"watch","on":true}', '{"to":"y"}'])
  })

  test('of all who watch lead to the same node, and to another one when that is gone', async (t) => {
    const nodes = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => ({ name, ...(await startFake(t, shows)) })),
    )
    const agreed: Agreed = { node: undefined }
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
    const agreed: Agreed = { node: 'dead' }
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
      silentMs: 100,
    })
    await until(() => shown.length === 1, 'the first line')
    for (let i = 0; i < 50; i++) guests[0]?.send(`line ${i}`)
    // It has said nothing for longer than is waited for, because it was not read.
    await until(() => looks >= 5, 'it has looked for longer than that')
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
    await until(() => lines.some((line) => line.includes('waiting')), 'it waits')
    assert.equal(bootstrap.stats().watchers, 1)
    page.send('{"to":"a","msg":"x","tag":8}')
    const error = await until(() => lines.find((line) => line.includes('"tag":8')), 'the answer')
    assert.match(error, /^\{"event":"error","tag":8,"text":"A bootstrap carries no messages/)
  })
})
