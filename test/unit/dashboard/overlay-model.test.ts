import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linkFigures, linkMessagesPerS, OverlayModel } from '../../../src/dashboard/page/overlay-model.ts'
import type {
  NodeReport,
  OverlayChangeLine,
  OverlayLine,
  ReportedLink,
  SeenNode,
} from '../../../src/guests/overlay-lines.ts'
import { change } from '../../support/fake-overlay.ts'

const node = (name: string, more: Partial<SeenNode> = {}): SeenNode => ({
  name,
  kind: 'node',
  state: 'up',
  incarnation: 1,
  version: 1,
  ...more,
})
const all = (names: readonly string[], links: OverlayLine['links'], atMs = 1): OverlayLine => ({
  event: 'overlay',
  atMs,
  self: 'a',
  nodes: names.map((name) => node(name)),
  links,
})
const report = (name: string, links: readonly ReportedLink[]) => ({
  node: name,
  sent: {},
  received: {},
  relayed: 0,
  dropped: {},
  links,
})

function seen(model: OverlayModel) {
  const { nodes, links } = model.state
  return { nodes: [...nodes.keys()].sort(), links: [...links.keys()].sort() }
}

describe('the model of the overlay', () => {
  it('leaves a change before the first overlay out', () => {
    const model = new OverlayModel()
    assert.equal(model.apply(change(1, { nodes: [node('a')] })), undefined)
    assert.equal(model.isKnown, false)
  })

  it('tells nothing of the first overlay but who is watched', () => {
    const model = new OverlayModel()
    const applied = model.apply(all(['a', 'b'], [['a', 'b']]))
    assert.deepEqual(applied?.events, [{ kind: 'watching', node: 'a' }])
    assert.deepEqual(seen(model), { nodes: ['a', 'b'], links: ['a\nb'] })
  })

  it('tells what a change has changed', () => {
    const model = new OverlayModel()
    model.apply(all(['a', 'b', 'd'], [['a', 'b']]))
    const line: OverlayChangeLine = change(2, {
      nodes: [node('c'), node('b', { state: 'unreachable' }), node('d', { version: 9 })],
      linksUp: [['a', 'c']],
      linksDown: [['a', 'b']],
    })
    assert.deepEqual(model.apply(line)?.events, [
      { kind: 'join', node: 'c' },
      { kind: 'unreachable', node: 'b' },
      { kind: 'link-up', node: 'a', peer: 'c' },
      { kind: 'link-down', node: 'a', peer: 'b' },
    ])
    assert.deepEqual(seen(model), { nodes: ['a', 'b', 'c', 'd'], links: ['a\nc'] })
  })

  it('takes the links of a node that is gone with it', () => {
    const model = new OverlayModel()
    model.apply(
      all(
        ['a', 'b', 'c'],
        [
          ['a', 'b'],
          ['b', 'c'],
          ['a', 'c'],
        ],
      ),
    )
    model.applyReports({ event: 'reports', atMs: 1, everyMs: 1, reports: [report('b', [])] })
    const applied = model.apply(change(2, { gone: ['b', 'nobody'] }))
    assert.deepEqual(applied?.change.gone, ['b'])
    assert.deepEqual(seen(model), { nodes: ['a', 'c'], links: ['a\nc'] })
    assert.equal(model.state.reports.size, 0)
  })

  it('takes a later overlay as what has changed since', () => {
    const model = new OverlayModel()
    model.apply(all(['a', 'b'], [['a', 'b']]))
    const applied = model.apply(all(['a', 'c'], [['a', 'c']], 9))
    assert.deepEqual(applied?.change.gone, ['b'])
    assert.deepEqual(
      applied?.change.nodes.map(({ name }) => name),
      ['c'],
    )
    assert.deepEqual(seen(model), { nodes: ['a', 'c'], links: ['a\nc'] })
    assert.deepEqual(model.apply(all(['a', 'c'], [['a', 'c']], 10))?.events, [])
  })

  it('sees a new run of a node as a join, and a new tag as a change', () => {
    const model = new OverlayModel()
    model.apply(all(['a', 'b'], []))
    const again = model.apply(change(2, { nodes: [node('b', { incarnation: 5 })] }))
    assert.deepEqual(again?.events, [{ kind: 'join', node: 'b' }])
    const tagged = model.apply(change(3, { nodes: [node('b', { incarnation: 5, tags: ['x'] })] }))
    assert.deepEqual(tagged?.events, [{ kind: 'changed', node: 'b' }])
  })

  it('puts what both ends say of a link together', () => {
    const link = (to: string, rttMs: number, queuedBytes: number) => ({
      to,
      rttMs,
      queuedBytes,
      messagesPerS: 2,
      bytesPerS: 10,
    })
    const reports = new Map([
      ['a', report('a', [link('b', 3, 7)])],
      ['b', report('b', [link('a', 2, 0)])],
    ])
    assert.deepEqual(linkFigures(['a', 'b'], reports), {
      rttMs: 2,
      queuedBytes: [7, 0],
      messagesPerS: 4,
      bytesPerS: 20,
    })
    assert.equal(linkFigures(['a', 'c'], reports), undefined)
  })

  it('counts a report for as long as its node takes for the next ones', () => {
    const model = new OverlayModel()
    model.apply(all(['a', 'b'], [['a', 'b']]))
    const link = (to: string) => ({ to, queuedBytes: 0, messagesPerS: 5, bytesPerS: 0 })
    const line = (atMs: number, reports: readonly NodeReport[]) =>
      model.applyReports({ event: 'reports', atMs, everyMs: 1_000, reports })
    line(10_000, [report('a', [link('b')]), { ...report('b', [link('a')]), everyMs: 5_800 }])
    line(13_000, [])
    assert.equal(linkMessagesPerS(model.state), 10)
    line(15_800, [])
    assert.equal(linkMessagesPerS(model.state), 5)
    line(27_400, [])
    assert.equal(linkMessagesPerS(model.state), 5)
    line(27_500, [])
    assert.equal(linkMessagesPerS(model.state), 0)
  })

  it('knows who reports to others only, until they report, go, or say so no more', () => {
    const model = new OverlayModel()
    model.apply(all(['a', 'b', 'c', 'd'], []))
    const line = (atMs: number, reports: readonly NodeReport[], full?: readonly string[]) =>
      model.applyReports({ event: 'reports', atMs, everyMs: 1_000, reports, ...(full && { full }) })
    line(1_000, [], ['b', 'c', 'd', 'nobody'])
    assert.deepEqual([...(model.state.full?.keys() ?? [])], ['b', 'c', 'd'])
    line(2_000, [report('b', [])])
    model.apply(change(3_000, { gone: ['c'] }))
    assert.deepEqual([...(model.state.full?.keys() ?? [])], ['d'])
    line(62_000, [])
    assert.equal(model.state.full?.size, 0)
  })
})
