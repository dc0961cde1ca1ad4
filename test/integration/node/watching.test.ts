// The overlay as a guest watches it: real nodes, real sockets, what they report and what passes between them.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import type {
  MessageStep,
  NodeReport,
  OverlayChangeLine,
  OverlayLine,
  SeenNode,
  WatchedLine,
} from '../../../src/guests/overlay-lines.ts'
import { createBootstrap, createNode, type Node } from '../../../src/index.ts'
import { insideOf } from '../../../src/node/inside.ts'
import { until } from '../../support/node-rig.ts'

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'

/** Somebody who watches, and puts together what comes. */
class Onlooker {
  readonly socket: WebSocket
  readonly nodes = new Map<string, SeenNode>()
  readonly links = new Set<string>()
  readonly reports = new Map<string, NodeReport>()
  /** The most messages a second that a node reported of a link. */
  readonly busiest = new Map<string, number>()
  readonly steps: MessageStep[] = []
  readonly outcomes: Record<string, unknown>[] = []
  readonly watched: Record<string, unknown>[] = []

  constructor(t: TestContext, url: string) {
    this.socket = new WebSocket(url)
    t.after(() => this.socket.terminate())
    this.socket.on('error', () => {})
    this.socket.on('open', () => this.type({ cmd: 'watch', on: true }))
    this.socket.on('message', (data) => {
      const text = data.toString()
      if (text.startsWith('{')) this.#take(JSON.parse(text))
    })
  }

  type(line: object): void {
    this.socket.send(JSON.stringify(line))
  }

  stateOf(name: string): string | undefined {
    return this.nodes.get(name)?.state
  }

  #take(line: WatchedLine | ({ event: 'outcome' } & Record<string, unknown>)): void {
    switch (line.event) {
      case 'overlay':
        this.nodes.clear()
        this.links.clear()
        this.#all(line)
        break
      case 'overlay-change':
        this.#change(line)
        break
      case 'reports':
        for (const report of line.reports) {
          this.reports.set(report.node, report)
          for (const { to, messagesPerS } of report.links) {
            const link = `${report.node} ${to}`
            this.busiest.set(link, Math.max(this.busiest.get(link) ?? 0, messagesPerS))
          }
        }
        break
      case 'traffic':
        this.steps.push(...line.steps)
        break
      case 'outcome':
        this.outcomes.push(line)
        break
      case 'watch':
        this.watched.push({ ...line })
    }
  }

  #all({ nodes, links }: OverlayLine): void {
    for (const node of nodes) this.nodes.set(node.name, node)
    for (const link of links) this.links.add(link.join(' '))
  }

  #change({ nodes, gone, linksUp, linksDown }: OverlayChangeLine): void {
    for (const node of nodes) this.nodes.set(node.name, node)
    for (const name of gone) this.nodes.delete(name)
    for (const link of linksUp) this.links.add(link.join(' '))
    for (const link of linksDown) this.links.delete(link.join(' '))
  }
}

const CONFIG = { heartbeatMs: 100, unreachableGraceMs: 100 }

/** A chain: a - b - c - d, each dialling the one before. */
async function chain(t: TestContext): Promise<Node[]> {
  const nodes: Node[] = []
  t.after(() => Promise.all(nodes.map((node) => node.close())))
  const config = { ...CONFIG, meshNodesMax: 0, linksMin: 1, linksAim: 1, linksMax: 2, linksHardMax: 2 }
  for (const name of ['a', 'b', 'c', 'd']) {
    const before = nodes.at(-1)?.url
    const peers = before === undefined ? [] : [before]
    nodes.push(await createNode({ name, host: '127.0.0.1', listen: 0, peers, config }))
    await Promise.all(nodes.slice(1).map((node) => node.ready()))
  }
  await until('all know all', () => nodes.every((node) => node.peers().length === 3))
  return nodes
}

describe('watching the overlay', { concurrency: true }, () => {
  test('what is shown is what the node knows, and follows what happens', async (t) => {
    const nodes = await chain(t)
    const [a, , , d] = nodes as [Node, Node, Node, Node]
    const onlooker = new Onlooker(t, a.url ?? '')
    await until('all are shown', () => onlooker.nodes.size === 4 && onlooker.reports.size === 4)
    const { links } = a.topology()
    assert.deepEqual([...onlooker.links].sort(), links.map((link) => link.join(' ')).sort())
    for (const report of onlooker.reports.values()) {
      const node = nodes.find(({ name }) => name === report.node)
      assert.deepEqual(
        report.links.map(({ to }) => to).sort(),
        node
          ?.neighbors()
          .map(({ name }) => name)
          .sort(),
      )
    }
    const later = await createNode({
      name: 'later',
      host: '127.0.0.1',
      listen: 0,
      peers: [d.url ?? ''],
      config: CONFIG,
      tags: ['x'],
    })
    await until('the newcomer is shown, and reports', () => onlooker.reports.has('later'))
    assert.deepEqual(onlooker.nodes.get('later')?.tags, ['x'])
    assert.equal(onlooker.stateOf('later'), 'up')
    await later.close()
    await until('it has left', () => onlooker.stateOf('later') === 'leaving')
    await d.close()
    await until('it has left, too', () => onlooker.stateOf('d') === 'leaving')
    assert.deepEqual([...onlooker.links].sort(), ['a b', 'b c'])
  })

  test('a message is seen on its whole way, and a broadcast with its tree', async (t) => {
    const nodes = await chain(t)
    const onlooker = new Onlooker(t, nodes[1]?.url ?? '')
    await until('all report', () => onlooker.reports.size === 4)
    assert.equal((await nodes[0]?.send('d', 'hello'))?.status, 'delivered')
    await until('its steps are here', () => onlooker.steps.length >= 3)
    const steps = onlooker.steps.splice(0).sort((x, y) => x.hops - y.hops)
    assert.deepEqual(
      steps.map(({ kind, origin, destination, via, at, hops }) => [kind, origin, destination, via, at, hops]),
      [
        ['direct', 'a', 'd', 'a', 'b', 1],
        ['direct', 'a', 'd', 'b', 'c', 2],
        ['direct', 'a', 'd', 'c', 'd', 3],
      ],
    )
    assert.equal(new Set(steps.map(({ id }) => id)).size, 1)
    await nodes[2]?.broadcast('to all')
    await until('its tree is here', () => onlooker.steps.length >= 3)
    assert.deepEqual(
      onlooker.steps.map(({ kind, origin, via, at }) => `${kind} of ${origin}: ${via} > ${at}`).sort(),
      ['broadcast of c: b > a', 'broadcast of c: c > b', 'broadcast of c: c > d'],
    )
    await until('the link has carried messages', () => (onlooker.busiest.get('b c') ?? 0) > 0)
  })

  test('a message with a trace that the onlooker sends itself', async (t) => {
    const nodes = await chain(t)
    const got = new Promise((resolve) => nodes[3]?.on('message', resolve))
    const onlooker = new Onlooker(t, nodes[0]?.url ?? '')
    await until('all report', () => onlooker.reports.size === 4)
    onlooker.type({ to: 'd', msg: 'hello', tag: 1, traceparent: TRACE })
    await until('it has arrived', () => onlooker.outcomes.length === 1)
    assert.equal(onlooker.outcomes[0]?.status, 'delivered')
    assert.equal(((await got) as { traceparent?: string }).traceparent, TRACE)
    await until(
      'its way is here',
      () => onlooker.steps.filter((step) => step.traceparent === TRACE).length === 3,
    )
  })

  test('nobody reports when nobody watches any more, and counters do not count the watching', async (t) => {
    const nodes = await chain(t)
    const [a, b] = nodes as [Node, Node]
    const onlooker = new Onlooker(t, a.url ?? '')
    await until('reports have come', () => onlooker.reports.size === 4)
    onlooker.socket.terminate()
    await until('nobody reports', () =>
      nodes.every((node) => insideOf(node).conversation.inspect().reportedTo === 0),
    )
    assert.deepEqual(b.stats().sent, { direct: {}, broadcast: {}, request: {}, http: {} })
    assert.deepEqual(a.stats().received, { direct: 0, broadcast: 0, http: 0 })
  })

  test('through a bootstrap, which takes another node when the watched one is gone', async (t) => {
    const bootstrap = await createBootstrap({ listen: 0, host: '127.0.0.1' })
    t.after(() => bootstrap.close())
    const onlooker = new Onlooker(t, bootstrap.url)
    await until('nobody is there', () => onlooker.watched.length > 0)
    assert.match(String(onlooker.watched[0]?.waiting), /No node is registered that can be dialled/)
    const start = (name: string) =>
      createNode({ name, host: '127.0.0.1', listen: 0, bootstrap: [bootstrap.url], config: CONFIG })
    const nodes = await Promise.all(['a', 'b', 'c'].map(start))
    t.after(() => Promise.all(nodes.map((node) => node.close())))
    await until('all are shown', () => onlooker.nodes.size === 3 && onlooker.reports.size === 3)
    const first = onlooker.watched.at(-1)?.node
    assert.ok(['a', 'b', 'c'].includes(String(first)))
    const other = nodes.find(({ name }) => name !== first)?.name ?? ''
    onlooker.type({ to: other, msg: 'hello', tag: 'x' })
    await until('it has arrived', () => onlooker.outcomes.length === 1)
    assert.equal(onlooker.outcomes[0]?.tag, 'x')
    assert.equal(onlooker.outcomes[0]?.status, 'delivered')
    await nodes.find(({ name }) => name === first)?.close()
    await until('another one is watched', () => {
      const last = onlooker.watched.at(-1)
      return last?.node !== undefined && last.node !== first
    })
    await until('it is shown as gone, or not at all', () => onlooker.stateOf(String(first)) !== 'up')
    onlooker.type({ cmd: 'watch', on: false })
    await until('it is over', () => onlooker.watched.at(-1)?.on === false)
  })

  test('a node that is alone', async (t) => {
    const node = await createNode({ name: 'alone', host: '127.0.0.1', listen: 0 })
    t.after(() => node.close())
    const onlooker = new Onlooker(t, node.url ?? '')
    await until('it reports to itself', () => onlooker.reports.has('alone'))
    assert.equal(onlooker.nodes.size, 1)
  })
})
