import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dotOf, fileName, jsonOf, type Snapshot } from '../../../src/dashboard/page/export.ts'
import { svgOf } from '../../../src/dashboard/page/export-svg.ts'
import { OverlayModel } from '../../../src/dashboard/page/overlay-model.ts'
import type { SeenNode } from '../../../src/guests/overlay-lines.ts'
import { FakeOverlay } from '../../support/fake-overlay.ts'

const NASTY = 'x"]; <script>alert(1)</script>\u0007\\'
const COLORS = {
  background: '#fff',
  text: '#111',
  link: '#888',
  up: '#246',
  joining: '#264',
  leaving: '#642',
  unreachable: '#a22',
  http: '#526',
}

function snapshot(extra: readonly SeenNode[] = []): Snapshot {
  const overlay = new FakeOverlay({ nodes: 4, hasAllStates: true })
  const model = new OverlayModel()
  const line = overlay.line(1_790_000_000_000)
  model.apply({ ...line, nodes: [...line.nodes, ...extra] })
  model.applyReports(overlay.reports(1_790_000_000_000))
  const names = [...model.state.nodes.keys()]
  const positions = new Map(names.map((name, index) => [name, { x: index * 10, y: (index % 3) * 20 }]))
  return { state: model.state, positions }
}

const nasty: SeenNode = { name: NASTY, kind: 'node', state: 'up', incarnation: 1, version: 1, url: NASTY }

describe('exports', () => {
  it('as JSON have all nodes with their reports and places, and all links with their figures', () => {
    const shown = snapshot([nasty])
    const read = JSON.parse(jsonOf(shown))
    assert.equal(read.format, 'hearsay-overlay')
    assert.equal(read.nodes.length, shown.state.nodes.size)
    assert.equal(read.links.length, shown.state.links.size)
    assert.equal(typeof read.nodes[0].report.relayed, 'number')
    assert.equal(typeof read.links[0].rttMs, 'number')
    assert.deepEqual([read.nodes[1].x, read.nodes[1].y], [10, 20])
    assert.equal(read.nodes.at(-1).name, NASTY)
  })

  it('as DOT say the state by the form, and cannot be broken out of', () => {
    const text = dotOf(snapshot([nasty]))
    assert.match(text, /"node1" \[shape=ellipse, style=solid, peripheries=2/)
    assert.match(text, /"flask1" \[shape=box/)
    assert.match(text, /"late" \[shape=ellipse, style=dashed/)
    assert.match(text, /"node1" -- "node2" \[label="[\d.]+ ms"\];/)
    assert.ok(text.includes('"x\\"]; <script>alert(1)</script> \\\\"'))
    // Every line is a statement of its own: outside of strings nothing of the name is left.
    const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    assert.ok(!bare.includes('script'), bare)
  })

  it('as SVG have a form and a label for each node, a legend, and only escaped text', () => {
    const shown = snapshot([nasty])
    const text = svgOf(shown, COLORS)
    assert.ok(!text.includes('<script'))
    assert.ok(!text.includes('\u0007'))
    assert.ok(text.includes('x&quot;]; &lt;script&gt;alert(1)&lt;/script&gt;\\'))
    assert.equal(text.match(/<line /g)?.length, shown.state.links.size)
    assert.equal(text.match(/<g transform/g)?.length, shown.state.nodes.size + 6)
    assert.match(text, /stroke-dasharray/)
    assert.match(text, />unreachable<\/text>/)
    const open = text.match(/<(g|svg|text|title)\b/g)?.length
    assert.equal(text.match(/<\/(g|svg|text|title)>/g)?.length, open)
  })

  it('work for an overlay of one node, and of none', () => {
    const one = snapshot()
    const positions = new Map([['node1', { x: 3, y: 4 }]])
    assert.ok(!svgOf({ ...one, positions }, COLORS).includes('NaN'))
    assert.ok(!svgOf({ ...one, positions: new Map() }, COLORS).includes('Infinity'))
  })

  it('get a name that is a file name everywhere', () => {
    assert.equal(fileName(snapshot(), 'svg'), 'hearsay-node1-2026-09-21T14-13-20.svg')
  })
})
