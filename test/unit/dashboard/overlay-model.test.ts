import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  freshReport,
  linkFigures,
  linkMessagesPerS,
  type OverlayChange,
  OverlayModel,
} from '../../../src/dashboard/page/overlay-model.ts'
import { Scene } from '../../../src/dashboard/page/scene.ts'
import { Timeline } from '../../../src/dashboard/page/timeline.ts'
import type {
  NodeReport,
  OverlayChangeLine,
  OverlayLine,
  ReportedLink,
} from '../../../src/guests/overlay-lines.ts'
import { change, seenNode as node } from '../../support/fake-overlay.ts'

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
    const model = new OverlayModel()
    model.apply(all(['a', 'b'], [['a', 'b']], 1_000))
    const reports = [report('a', [link('b', 3, 7)]), report('b', [link('a', 2, 0)])]
    model.applyReports({ event: 'reports', atMs: 1_000, everyMs: 1_000, reports })
    assert.deepEqual(linkFigures(['a', 'b'], model.state), {
      rttMs: 2,
      queuedBytes: [7, 0],
      messagesPerS: 4,
      bytesPerS: 20,
    })
    assert.equal(linkFigures(['a', 'c'], model.state), undefined)
  })

  it('has no figures of a link whose ends do not report any more', () => {
    const link = (to: string) => ({ to, rttMs: 1, queuedBytes: 9, messagesPerS: 20, bytesPerS: 10 })
    const model = new OverlayModel()
    const scene = new Scene()
    const timeline = new Timeline()
    const applied = model.apply(all(['a', 'b', 'c'], [['b', 'c']], 1_000))
    timeline.record(1_000, applied?.change as OverlayChange, model.state)
    const tell = (atMs: number, ...reports: ReturnType<typeof report>[]) => {
      model.applyReports({ event: 'reports', atMs, everyMs: 1_000, reports })
      timeline.recordReports(model.state)
    }
    tell(2_000, report('b', [link('c')]), report('c', [link('b')]))
    tell(4_000, report('b', [link('c')]))
    assert.equal(linkFigures(['b', 'c'], model.state)?.messagesPerS, 40)
    tell(5_500)
    assert.equal(linkFigures(['b', 'c'], model.state)?.messagesPerS, 20, 'c is silent')
    tell(8_000)
    assert.equal(linkFigures(['b', 'c'], model.state), undefined, 'both are')
    assert.equal(freshReport(model.state, 'b'), undefined)
    assert.equal(model.state.reports.get('b')?.atMs, 4_000)
    scene.sync(model.state)
    assert.deepEqual(
      scene.links.map(({ isReported, rttMs, messagesPerS, level }) => [
        isReported,
        rttMs,
        messagesPerS,
        level,
      ]),
      [[false, undefined, 0, 0]],
    )
    assert.equal(scene.queued.length, 0)
    // The same in the past.
    assert.equal(linkFigures(['b', 'c'], timeline.stateAt(7_900))?.messagesPerS, 20)
    assert.equal(linkFigures(['b', 'c'], timeline.stateAt(8_000)), undefined)
    assert.equal(linkFigures(['b', 'c'], timeline.stateAt(4_900))?.messagesPerS, 40)
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
    // Also by a clock that is set back meanwhile.
    line(70_000, [], ['b'])
    model.restartAt(10_000)
    line(70_000, [])
    assert.equal(model.state.full?.size, 1)
    line(70_001, [])
    assert.equal(model.state.full?.size, 0)
  })
})
