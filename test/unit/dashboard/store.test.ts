import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FeedLine } from '../../../src/dashboard/page/lines.ts'
import { linkMessagesPerS } from '../../../src/dashboard/page/overlay-model.ts'
import { pathOf } from '../../../src/dashboard/page/paths.ts'
import { Store } from '../../../src/dashboard/page/store.ts'
import { trailText } from '../../../src/dashboard/page/wording.ts'
import type { SeenNode } from '../../../src/guests/overlay-lines.ts'
import { change, FakeOverlay, seenNode as node } from '../../support/fake-overlay.ts'

const NOBODY = {
  onPhase: () => {},
  onStructure: () => {},
  onReports: () => {},
  onTraffic: () => {},
  onEvents: () => {},
  onSends: () => {},
}

function storeWith(...lines: readonly FeedLine[]): Store {
  const store = new Store(NOBODY)
  store.passTo({ is: 'open' })
  for (const line of lines) store.take(line)
  return store
}

const all = (nodes: readonly SeenNode[], atMs: number, self = 'a') =>
  ({ event: 'overlay', atMs, self, nodes, links: [] }) as const

describe('the store of the page', () => {
  it('is alone without another node that is up', () => {
    const phaseOf = (...nodes: SeenNode[]) => storeWith(all([node('a'), ...nodes], 1)).phase.is
    assert.equal(phaseOf(), 'alone')
    assert.equal(phaseOf(node('b', { state: 'unreachable' }), node('c', { state: 'leaving' })), 'alone')
    assert.equal(phaseOf(node('b')), 'live')
    assert.equal(phaseOf(node('b', { kind: 'http' })), 'live')
  })

  it('is quiet while nothing comes that should, and not before there is an overlay', () => {
    const told: string[] = []
    const store: Store = new Store({ ...NOBODY, onPhase: () => told.push(store.phase.is) })
    store.passTo({ is: 'open' })
    store.passQuiet(6_000)
    store.take(all([node('a'), node('b')], 1_000))
    store.passQuiet(0)
    store.passQuiet(0)
    store.passQuiet(7_000)
    assert.deepEqual(store.phase, { is: 'quiet', quietMs: 7_000 })
    store.passTo({ is: 'lost', attempt: 0, retryAtMs: 0, why: 'silence' })
    store.passTo({ is: 'open' })
    assert.deepEqual(told, ['loading', 'loading', 'quiet', 'live', 'quiet', 'lost', 'live'])
  })

  it('goes on with the clock of another node that is watched', () => {
    const store = storeWith(all([node('a'), node('b')], 10_000_000))
    store.take(all([node('a'), node('b')], 9_000_000, 'b'))
    assert.equal(store.timeline.toMs, 9_000_000)
    store.take(change(9_001_000, { nodes: [node('c')] }))
    assert.equal(store.timeline.toMs, 9_001_000)
    assert.equal(store.stateAt(9_000_500).nodes.size, 2)
    assert.equal(store.stateAt(9_001_000).nodes.size, 3)
    assert.equal(store.model.state.atMs, 9_001_000)
    store.take({ event: 'traffic', atMs: 9_002_000, oneIn: 1, leftOut: 3, steps: [] })
    assert.equal(store.history.leftOutPerMinute(9_002_000), 3)
  })

  it('goes on when the clock of the node is set back', () => {
    const told: string[] = []
    const store = new Store({ ...NOBODY, onEvents: () => told.push('events') })
    store.passTo({ is: 'open' })
    const [startMs, backMs] = [10_000_000, 3_600_000]
    const link = { to: 'a', queuedBytes: 0, messagesPerS: 4, bytesPerS: 9 }
    const report = { node: 'b', sent: {}, received: {}, dropped: {}, links: [link] }
    const step = {
      kind: 'direct',
      origin: 'a',
      destination: 'b',
      at: 'b',
      via: 'a',
      hops: 1,
      bytes: 1,
    } as const
    const second = (atMs: number, relayed: number) => {
      store.take({ event: 'reports', atMs, everyMs: 1_000, reports: [{ ...report, relayed }] })
      const steps = [{ ...step, id: `a/1/${relayed}/b` }]
      store.take({ event: 'traffic', atMs, oneIn: 1, leftOut: 0, steps })
    }
    store.take(all([node('a'), node('b')], startMs))
    second(startMs + 1_000, 1)
    second(startMs - backMs, 2)
    assert.equal(store.timeline.toMs, startMs - backMs)
    assert.equal(store.timeline.events.at(-1)?.text, 'the clock of a went back by 60 min')
    assert.equal(store.stateAt(startMs - backMs).nodes.size, 2, 'nobody has to come for the strip to go on')
    store.take(change(startMs - backMs + 10_000, { nodes: [node('c')] }))
    for (let s = 11; s < 20; s++) second(startMs - backMs + s * 1_000, s)
    const endMs = startMs - backMs + 19_000
    assert.equal(store.timeline.toMs, endMs)
    assert.equal(store.history.directAt(endMs), 1)
    assert.equal(store.model.state.atMs, endMs)
    assert.equal(linkMessagesPerS(store.model.state), 4)
    assert.equal(store.stateAt(startMs - backMs + 9_000).nodes.size, 2)
    assert.equal(store.stateAt(endMs).nodes.size, 3)
    assert.equal(store.stateAt(endMs - 2_500).reports.get('b')?.relayed, 16)
    assert.ok(told.length > 0)
    // A report from before does not stay fresh for an hour.
    store.take({ event: 'reports', atMs: endMs + 3_500, everyMs: 1_000, reports: [] })
    assert.equal(linkMessagesPerS(store.model.state), 0)
  })

  it('keeps no report fresh that the clock has gone back behind', () => {
    const store = storeWith(all([node('a'), node('b')], 10_000_000))
    const links = [{ to: 'a', queuedBytes: 0, messagesPerS: 4, bytesPerS: 9 }]
    const reports = [{ node: 'b', sent: {}, received: {}, relayed: 0, dropped: {}, links }]
    store.take({ event: 'reports', atMs: 10_000_000, everyMs: 1_000, reports })
    store.take({ event: 'reports', atMs: 9_000_000, everyMs: 1_000, reports: [] })
    assert.equal(linkMessagesPerS(store.model.state), 4)
    store.take({ event: 'reports', atMs: 9_003_500, everyMs: 1_000, reports: [] })
    assert.equal(linkMessagesPerS(store.model.state), 0)
  })

  it('counts what comes over links of nodes that are up, by fresh reports', () => {
    const report = (name: string, messagesPerS: number) => ({
      node: name,
      sent: {},
      received: {},
      relayed: 0,
      dropped: {},
      links: [{ to: 'a', queuedBytes: 0, bytesPerS: 0, messagesPerS }],
    })
    const reports = (atMs: number, ...list: ReturnType<typeof report>[]) =>
      ({ event: 'reports', atMs, everyMs: 2_000, reports: list }) as const
    const store = storeWith(all([node('a'), node('b'), node('c')], 1_000))
    store.take(reports(2_000, report('a', 5), report('b', 30), report('c', 200)))
    assert.equal(linkMessagesPerS(store.model.state), 235)
    store.take(change(3_000, { nodes: [node('c', { state: 'unreachable' })] }))
    assert.equal(linkMessagesPerS(store.model.state), 35)
    store.take(reports(8_500, report('a', 7)))
    assert.equal(linkMessagesPerS(store.model.state), 7)
  })

  it('knows the way of its message to a plain HTTP peer, which reports nothing', () => {
    const ran: string[] = []
    const store = new Store({
      ...NOBODY,
      onTraffic: ({ steps }) => ran.push(...steps.map(({ via, at }) => `${via} ${at}`)),
    })
    store.passTo({ is: 'open' })
    store.take(all([node('a'), node('b'), node('flask1', { kind: 'http' })], 1_000))
    const end = (to: string, status: string) => {
      const { tag } = store.sends.begin({ from: 'a', to, text: 'x', atMs: 1_000 })
      store.take({ event: 'outcome', tag, to, status, hops: 1 })
      const [sent] = store.sends.list
      return sent === undefined ? undefined : store.trailOf(sent)
    }
    const trail = end('flask1', 'delivered')
    assert.ok(trail)
    assert.deepEqual(pathOf(trail), { nodes: ['a', 'flask1'], isComplete: true })
    assert.deepEqual(ran, ['a flask1'])
    assert.equal(store.timeline.events.at(-1)?.messageId, trail.id)
    assert.equal(end('flask1', 'failed'), undefined)
    assert.equal(end('b', 'delivered'), undefined, 'of a node the steps tell it')
    assert.match(store.timeline.events[0]?.text ?? '', /^2 nodes and 1 plain HTTP peer, 0 links/)
  })

  it('knows the ways of its broadcast to plain HTTP peers, also where there is nobody else', () => {
    const store = storeWith(all([node('a'), node('b'), node('flask1', { kind: 'http' })], 1_000))
    const begin = () => store.sends.begin({ from: 'a', to: '*', text: 'x', atMs: 1_000 })
    const end = (tag: number, id: string, ...receivers: string[]) =>
      store.take({
        ...{ event: 'outcome', tag, to: '*', status: 'sent', id, receivers },
        ...{ reached: receivers.length, of: receivers.length },
      })
    const { tag, traceparent } = begin()
    end(tag, 'a/1/1', 'b', 'flask1')
    const step = {
      kind: 'broadcast',
      id: 'a/1/1',
      origin: 'a',
      at: 'b',
      via: 'a',
      hops: 1,
      bytes: 1,
    } as const
    // The steps of nodes may come later.
    store.take({ event: 'traffic', atMs: 1_500, oneIn: 1, leftOut: 0, steps: [{ ...step, traceparent }] })
    const trail = store.trails.get('a/1/1')
    assert.ok(trail)
    assert.equal(trailText(trail, store.wholeOf(trail)), 'a → 2 nodes in 1 hop')
    end(begin().tag, 'a/1/http-1', 'flask1')
    const alone = store.trails.get('a/1/http-1')
    assert.ok(alone)
    assert.equal(trailText(alone, store.wholeOf(alone)), 'a → 1 node in 1 hop')
  })

  it('knows how much of a broadcast of its own it has seen', () => {
    const overlay = new FakeOverlay({ nodes: 20 })
    const store = storeWith(overlay.line(1))
    const { tag, traceparent } = store.sends.begin({ from: 'node1', to: '*', text: 'x', atMs: 1 })
    const steps = overlay.broadcast('node1', traceparent).slice(0, 6)
    store.take({ event: 'traffic', atMs: 2, oneIn: 8, leftOut: 13, steps })
    const trail = store.trails.get(steps[0]?.id ?? '')
    assert.ok(trail)
    assert.equal(store.wholeOf(trail), undefined)
    store.take({ event: 'outcome', tag, to: '*', status: 'sent', reached: 19, of: 19 })
    assert.equal(store.wholeOf(trail), 19)
  })
})
