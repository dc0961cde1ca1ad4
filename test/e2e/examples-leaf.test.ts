// examples/python-peer.py at the level of frames: a neighbor that does what the test says holds it to docs/PROTOCOL.md,
// section 17. Whatever it sends has to decode.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Direct, Gossip, Message, NodeName } from '../../src/core/messages.ts'
import { REASONS } from '../../src/core/reasons.ts'
import { decodeBundle, encodeBundle } from '../../src/wire/bundle.ts'
import { encodeFrame } from '../../src/wire/encode.ts'
import { encodePayload } from '../../src/wire/payload.ts'
import { until } from '../support/node-rig.ts'
import { Stranger, strangerHello } from '../support/node-stranger.ts'
import { CLOCKS, describeWithPython, PEER, type PythonProgram, python } from './support/python.ts'

const PY1 = 'py1' as NodeName
const text = (value: string): Uint8Array => encodePayload(value)

/** Where the program dials, and who waits for it there. */
class Door {
  readonly server: WebSocketServer
  readonly #links: Stranger[] = []
  #taken = 0

  constructor(t: TestContext) {
    this.server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'hearsay.1' })
    t.after(() => {
      for (const socket of this.server.clients) socket.terminate()
      this.server.close()
    })
    this.server.on('connection', (socket: WebSocket) => {
      socket.on('message', (data) => assert.equal(decodeBundle(data as Buffer).error, undefined))
      this.#links.push(new Stranger(socket))
    })
  }

  /** The next link that the program has dialled, once its hello and this end's have passed, and its record is there. */
  async link(): Promise<{ link: Stranger; record: Gossip }> {
    const link = await until('it dials', () => this.#links[this.#taken])
    this.#taken++
    await link.hears('hello')
    link.say(strangerHello())
    return { link, record: await link.hears('gossip') }
  }
}

/** The program, and its link. Its sleeps are 20 times shorter. */
async function startLeaf(t: TestContext, ...more: string[]) {
  const door = new Door(t)
  await once(door.server, 'listening')
  const { port } = door.server.address() as { port: number }
  const leaf = python(t, CLOCKS, '0', '20', PEER, `ws://127.0.0.1:${port}/way/in`, '--name', 'py1', ...more)
  return { door, leaf, ...(await door.link()) }
}

/** A message of node9 for the program. */
function direct(sequence: number, fields: Partial<Direct> = {}): Direct {
  const way = { hopsLeft: 12, hops: 4, destination: PY1, destinationIncarnation: 0 }
  const origin = { origin: 'node9' as NodeName, originIncarnation: 500 }
  return {
    type: 'direct',
    ...way,
    ...origin,
    sequence,
    floor: 1,
    payload: text(`message ${sequence}`),
    ...fields,
  }
}

function broadcast(sequence: number, fields: Partial<Gossip> = {}): Gossip {
  const id = { origin: 'node9' as NodeName, incarnation: 500, sequence }
  return {
    type: 'gossip',
    kind: 'payload',
    hopsLeft: 3,
    hops: 2,
    ...id,
    payload: text(`to all ${sequence}`),
    ...fields,
  }
}

/** What the program answers to these, sent one after the other: it answers each before it looks at the next. */
async function answersTo(link: Stranger, ...messages: readonly Message[]): Promise<string[]> {
  const before = link.received.length
  for (const message of messages) link.say(message)
  const clock = 1 + before
  link.say({ type: 'heartbeat', clock, echo: 0, heldUs: 0, hash: { high: 1, low: 2 } })
  const isEcho = (one: Message): boolean => one.type === 'heartbeat' && one.echo === clock
  await until('the answers are there', () => link.received.some(isEcho))
  return link.received.slice(before).flatMap((one) => {
    if (one.type === 'ack') return `ack ${one.cumulative} after ${one.ackedHops}`
    if (one.type !== 'bounce') return []
    const reason = Object.entries(REASONS).find(([, { closeCode }]) => closeCode === one.reasonCode)?.[0]
    return `${reason}: ${one.sequence} to ${one.failedDestination}`
  })
}

const shown = (leaf: PythonProgram): string[] =>
  leaf.lines.flatMap((line) => (line.startsWith('[MSG] From ') ? line.slice('[MSG] From '.length) : []))

describeWithPython('examples/python-peer.py, frame by frame', () => {
  test('says hello, publishes its record, and answers heartbeats', async (t) => {
    const { link, record } = await startLeaf(t)
    const hello = await link.hears('hello')
    const { name, incarnation, instance } = hello
    assert.deepEqual(hello, {
      type: 'hello',
      protocol: 1,
      role: 'node',
      name: PY1,
      incarnation,
      instance,
      linkless: true,
    })
    assert.ok(Math.abs(incarnation - Date.now()) < 60_000)
    const published = { version: 1, state: 'up', links: ['mallory'] }
    assert.deepEqual(record.record, { name, incarnation, instance, ...published })
    assert.deepEqual([record.origin, record.hops, record.hopsLeft], ['py1', 1, 63])
    link.say({ type: 'heartbeat', clock: 77, echo: 0, heldUs: 0, hash: { high: 0xfedcba98, low: 5 } })
    const { clock, ...heartbeat } = await link.hears('heartbeat')
    assert.deepEqual(heartbeat, {
      type: 'heartbeat',
      echo: 77,
      heldUs: 0,
      hash: { high: 0xfedcba98, low: 5 },
    })
    assert.notEqual(clock, 0)
  })

  test('takes messages once and in order, and says what it does not take', async (t) => {
    const { link, leaf, record } = await startLeaf(t)
    const elsewhere = direct(1, { destination: 'node7' as NodeName })
    const otherRun = direct(1, { destinationIncarnation: record.incarnation - 1 })
    const laterRun = { originIncarnation: 501, destinationIncarnation: record.incarnation }
    const answers = await answersTo(
      link,
      direct(2),
      direct(1, { hops: 5 }),
      direct(1),
      direct(2),
      direct(5, { floor: 5 }),
      direct(4, { floor: 4 }),
      direct(1, laterRun),
      direct(6, { floor: 6 }),
      direct(3, { ...laterRun, floor: 2 }),
      elsewhere,
      otherRun,
    )
    assert.deepEqual(answers, [
      'queue-full: 2 to py1',
      'ack 2 after 5',
      'ack 2 after 4',
      'ack 3 after 4',
      'ack 6 after 4',
      'ack 6 after 4',
      'ack 2 after 4',
      'queue-full: 3 to py1',
      'no-route: 1 to node7',
      'peer-left: 1 to py1',
    ])
    assert.deepEqual(
      shown(leaf),
      [1, 2, 5, 1].map((sequence) => `node9: message ${sequence}`),
    )
  })

  test('shows broadcasts once, and nothing of what is not for it', async (t) => {
    const { link, leaf, record } = await startLeaf(t)
    const ofAnother = { ...(record.record as NonNullable<Gossip['record']>), name: 'node9' as NodeName }
    await answersTo(
      link,
      broadcast(3),
      broadcast(2),
      broadcast(3),
      broadcast(2, { incarnation: 501 }),
      broadcast(4, { kind: 'record', record: ofAnother, payload: new Uint8Array(0) }),
      broadcast(5, { payload: encodePayload('hidden', { ping: '1' }) }),
      broadcast(10, { payload: encodePayload('hidden', { topic: 'news' }) }),
      broadcast(6, { payload: encodePayload('hidden', { guest: 'guest-1' }) }),
      broadcast(7, { payload: encodePayload('from a label', { sender: 'some\none' }) }),
      broadcast(8, { payload: new Uint8Array([0x83, 0xff, 0xff, 1]) }),
      broadcast(9, { payload: new Uint8Array(0) }),
      { type: 'digest', after: '', upTo: '', entries: [] },
      { type: 'want', names: [PY1] },
      { type: 'prune', origins: [PY1] },
      { type: 'catch-up', withinMs: 5 },
      { type: 'records', records: [ofAnother] },
    )
    link.bytes(new Uint8Array([5, 0x7f, 0, 0, 0, 9]))
    await answersTo(link)
    assert.deepEqual(shown(leaf), [
      'node9: to all 3',
      'node9: to all 2',
      'node9: to all 2',
      'some\\none: from a label',
      'node9: it cannot be read',
      'node9: it cannot be read',
    ])
    assert.equal(leaf.errors, '')
  })

  test('reads WebSocket messages however they are cut, and answers pings', async (t) => {
    const { link, leaf } = await startLeaf(t)
    const frames = Array.from({ length: 700 }, (_, i) => encodeFrame(broadcast(i + 1)))
    const bundle = encodeBundle([
      ...frames,
      encodeFrame(broadcast(701, { payload: text('x'.repeat(70_000)) })),
    ])
    const pong = once(link.socket, 'pong')
    link.socket.send(bundle.subarray(0, 1), { fin: false, binary: true })
    link.socket.ping('still there?')
    link.socket.send(bundle.subarray(1, 70_000), { fin: false, binary: true })
    link.socket.send(bundle.subarray(70_000), { fin: true, binary: true })
    assert.equal(String((await pong)[0]), 'still there?')
    await answersTo(link)
    assert.equal(shown(leaf).length, 701)
    assert.equal(shown(leaf)[699], 'node9: to all 700')
    assert.equal(shown(leaf)[700], `node9: ${'x'.repeat(70_000)}`)
  })

  test('sends again until it is acknowledged, over the next link too', async (t) => {
    const { door, link, leaf } = await startLeaf(t, '--to', 'node7', 'ä')
    await answersTo(link)
    const first = await link.hears('direct')
    assert.deepEqual(first.payload, text('ä'))
    link.socket.close(REASONS.trimmed.closeCode)
    const next = await door.link()
    await answersTo(next.link)
    assert.deepEqual(await next.link.hears('direct'), first)
    assert.deepEqual(next.record.record?.version, 2)
    assert.deepEqual(next.record.sequence, 2)
    const way = { hopsLeft: 9, hops: 3, destination: PY1, destinationIncarnation: next.record.incarnation }
    const ack = { ranges: [], ackedHops: 6, origin: 'node7' as NodeName, originIncarnation: 9 }
    // One that does not cover it, and one of somebody else.
    next.link.say({ type: 'ack', ...way, ...ack, cumulative: 1 })
    next.link.say({ type: 'ack', ...way, ...ack, cumulative: 2, origin: 'node8' as NodeName })
    await answersTo(next.link)
    assert.deepEqual(leaf.lines, [])
    next.link.say({ type: 'ack', ...way, ...ack, cumulative: 2 })
    await leaf.prints(/^\[OUT\] delivered to node7 in 6 hops$/)
  })

  test('closes a link on which rubbish comes, and dials again', async (t) => {
    const { door, link, leaf } = await startLeaf(t)
    const rubbish: readonly (readonly number[])[] = [
      [5, 0x20],
      [0xff, 0xff, 0xff, 0xff, 0xff, 1],
      [3, 0x20, 0, 0],
      [6, 0x30, 0, 0, 0, 3, 32],
      [4, 0x01, 0, 0, 0],
    ]
    let current = link
    for (const bytes of rubbish) {
      current.bytes(new Uint8Array(bytes))
      assert.equal((await current.end()).code, REASONS.malformed.closeCode)
      current = (await door.link()).link
    }
    assert.deepEqual(await answersTo(current, direct(1)), ['ack 2 after 4'])
    assert.equal(leaf.lines.length, 1)
  })

  for (const reason of ['replaced', 'name-taken', 'outdated', 'unsupported-protocol'] as const) {
    test(`does not dial again after ${reason}`, async (t) => {
      const { link, leaf } = await startLeaf(t)
      link.socket.close(REASONS[reason].closeCode, 'the reason')
      assert.equal((await leaf.end()).code, 1)
      assert.match(leaf.errors, /the reason/)
    })
  }
})
