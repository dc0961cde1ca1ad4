// What is shown, as text for other programs: JSON and Graphviz' DOT. Pure. Names and tags come from peers: whatever is
// written is escaped for the language that it is written in.

import type { NodeReport, SeenLink, SeenNode } from '../../guests/overlay-lines.ts'
import { linkFigures, type OverlayState } from './overlay-model.ts'
import { durationText } from './wording.ts'

/** Where a node is in the picture. */
export interface Position {
  readonly x: number
  readonly y: number
}

/** What is shown at one moment. */
export interface Snapshot {
  readonly state: OverlayState
  /** By name; a node without a position is not in the picture. */
  readonly positions: ReadonlyMap<string, Position>
}

/** All that is known, for programs. The version is that of this format. */
export function jsonOf({ state, positions }: Snapshot): string {
  const nodes = [...state.nodes.values()].map((node) => ({
    ...node,
    ...positions.get(node.name),
    ...reportOf(node, state.reports),
  }))
  const links = [...state.links.values()].map((link) => ({
    ends: link,
    ...linkFigures(link, state),
  }))
  const at = new Date(state.atMs).toISOString()
  return `${JSON.stringify({ format: 'hearsay-overlay', version: 1, at, self: state.self, nodes, links }, undefined, 2)}\n`
}

/** An undirected graph; forms and patterns as in the picture. */
export function dotOf({ state }: Snapshot): string {
  const lines = [
    'graph hearsay {',
    `  label=${quoted(`as ${state.self} sees it, ${new Date(state.atMs).toISOString()}`)};`,
    '  layout=neato; overlap=false; splines=true;',
    '  node [fontname="sans-serif", fontsize=10]; edge [fontname="sans-serif", fontsize=8];',
  ]
  for (const node of state.nodes.values()) {
    lines.push(`  ${quoted(node.name)} [${dotLook(node, state.self)}];`)
  }
  for (const link of state.links.values()) {
    const figures = linkFigures(link, state)
    const label = figures?.rttMs === undefined ? '' : ` [label=${quoted(durationText(figures.rttMs))}]`
    lines.push(`  ${quoted(link[0])} -- ${quoted(link[1])}${label};`)
  }
  lines.push('}', '')
  return lines.join('\n')
}

/** The links of which both ends are in the picture. */
export function shownLinks({ state, positions }: Snapshot): SeenLink[] {
  return [...state.links.values()].filter(([a, b]) => positions.has(a) && positions.has(b))
}

/** A name for a file: what is shown, and when. */
export function fileName({ state }: Snapshot, extension: string): string {
  const at = new Date(state.atMs).toISOString().slice(0, 19).replaceAll(':', '-')
  return `hearsay-${state.self.replaceAll(/[^A-Za-z0-9._-]/g, '_')}-${at}.${extension}`
}

function reportOf(node: SeenNode, reports: ReadonlyMap<string, NodeReport>): object {
  const report = reports.get(node.name)
  if (report === undefined) return {}
  const { node: _name, ...rest } = report
  return { report: rest }
}

function dotLook(node: SeenNode, self: string): string {
  const attributes = [`shape=${node.kind === 'http' ? 'box' : 'ellipse'}`]
  const styles: Readonly<Record<SeenNode['state'], string>> = {
    up: 'solid',
    joining: 'dashed',
    leaving: 'dotted',
    unreachable: 'diagonals',
  }
  attributes.push(`style=${styles[node.state]}`)
  if (node.name === self) attributes.push('peripheries=2')
  if (node.state !== 'up') attributes.push(`xlabel=${quoted(node.state)}`)
  if (node.url !== undefined) attributes.push(`tooltip=${quoted(node.url)}`)
  return attributes.join(', ')
}

// A string of the DOT language: the quote is what ends it, and a backslash at its end would take the quote away.
function quoted(text: string): string {
  return `"${printable(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}
