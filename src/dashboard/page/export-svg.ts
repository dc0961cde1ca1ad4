// What is shown, as an SVG picture with forms, labels and a legend. Pure. Names come from peers: every text and attribute
// is escaped, and what XML cannot hold is left out.

import { type Snapshot, shownLinks } from './export.ts'
import { linkFigures } from './overlay-model.ts'
import { colorOf, type Look, type Primitive, primitivesOf, type StateColors } from './shapes.ts'
import { dateText, many, nodesText } from './wording.ts'

/** The colours of a picture. */
export interface SvgColors extends StateColors {
  readonly background: string
  readonly text: string
  readonly link: string
}

/** What the legend shows, in its order. */
export const LEGEND: readonly { readonly look: Look; readonly text: string }[] = [
  { look: { kind: 'node', state: 'up' }, text: 'up' },
  { look: { kind: 'node', state: 'joining' }, text: 'joining' },
  { look: { kind: 'node', state: 'leaving' }, text: 'leaving' },
  { look: { kind: 'node', state: 'unreachable' }, text: 'unreachable' },
  { look: { kind: 'http', state: 'up' }, text: 'plain HTTP' },
  { look: { kind: 'node', state: 'up', isSelf: true }, text: 'watched' },
]

const MARGIN_PX = 60
const LEGEND_PX = 44
/** The longer side of the nodes' box; what is larger or smaller is scaled to it. */
const SIDE_PX = 1_200
const RADIUS_PX = 6

/** The whole picture, whatever part of it is on the screen. */
export function svgOf(snapshot: Snapshot, colors: SvgColors): string {
  const { state, positions } = snapshot
  const scaled = scaledPositions(snapshot)
  const [width, height] = [scaled.width + 2 * MARGIN_PX, scaled.height + 2 * MARGIN_PX + LEGEND_PX]
  const title = `${nodesText(state.nodes.values())}, ${many(state.links.size, 'link')}, as ${state.self} sees it, ${dateText(state.atMs)}`
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${n(width)} ${n(height)}" width="${n(width)}" height="${n(height)}" font-family="system-ui, sans-serif" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="${escaped(colors.background)}"/>`,
    `<g stroke="${escaped(colors.link)}" stroke-opacity="0.55">`,
  ]
  for (const link of shownLinks(snapshot)) {
    const [a, b] = [scaled.at(link[0]), scaled.at(link[1])]
    const perS = linkFigures(link, state)?.messagesPerS ?? 0
    const strokeWidth = 1 + Math.min(4, Math.log10(1 + perS) * 1.5)
    lines.push(
      `<line x1="${n(a.x)}" y1="${n(a.y)}" x2="${n(b.x)}" y2="${n(b.y)}" stroke-width="${n(strokeWidth)}"/>`,
    )
  }
  lines.push('</g>')
  for (const node of state.nodes.values()) {
    if (!positions.has(node.name)) continue
    const look = { ...node, isSelf: node.name === state.self }
    const { x, y } = scaled.at(node.name)
    lines.push(
      `<g transform="translate(${n(x)} ${n(y)})"><title>${escaped(`${node.name}, ${node.state}`)}</title>${elements(primitivesOf(look, RADIUS_PX, colorOf(look, colors)))}<text y="${RADIUS_PX + 13}" text-anchor="middle" fill="${escaped(colors.text)}">${escaped(node.name)}</text></g>`,
    )
  }
  lines.push(
    ...legendLines(height, colors),
    `<text x="${MARGIN_PX / 2}" y="24" fill="${escaped(colors.text)}">${escaped(title)}</text>`,
    '</svg>',
    '',
  )
  return lines.join('\n')
}

function legendLines(height: number, colors: SvgColors): string[] {
  let x = MARGIN_PX / 2 + 8
  const y = height - LEGEND_PX / 2
  return LEGEND.map(({ look, text }) => {
    const line = `<g transform="translate(${n(x)} ${n(y)})">${elements(primitivesOf(look, 5, colorOf(look, colors)))}<text x="13" y="4" fill="${escaped(colors.text)}">${escaped(text)}</text></g>`
    x += 40 + text.length * 6.5
    return line
  })
}

function scaledPositions({ positions }: Snapshot) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { x, y } of positions.values()) {
    left = Math.min(left, x)
    top = Math.min(top, y)
    right = Math.max(right, x)
    bottom = Math.max(bottom, y)
  }
  if (positions.size === 0) [left, top, right, bottom] = [0, 0, 0, 0]
  const scale = SIDE_PX / Math.max(right - left, bottom - top, 1)
  // Few nodes need less room; the legend needs some.
  const factor = Math.min(scale, 2.6)
  const width = Math.max((right - left) * factor, 520)
  const indentPx = (width - (right - left) * factor) / 2
  return {
    width,
    height: (bottom - top) * factor,
    at(name: string) {
      const { x, y } = positions.get(name) ?? { x: left, y: top }
      return { x: (x - left) * factor + MARGIN_PX + indentPx, y: (y - top) * factor + MARGIN_PX }
    },
  }
}

function elements(primitives: readonly Primitive[]): string {
  return primitives
    .map(({ tag, attributes }) => {
      const written = Object.entries(attributes).map(
        ([name, value]) => ` ${name}="${escaped(String(value))}"`,
      )
      return `<${tag}${written.join('')}/>`
    })
    .join('')
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
