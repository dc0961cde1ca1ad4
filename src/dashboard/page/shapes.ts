// How a node looks, told apart by form and pattern and not by colour alone: as SVG primitives, for the legend and for the
// exported picture. Pure. The canvas draws the same forms in draw-nodes.ts.

import type { SeenNode, SeenState } from '../../guests/overlay-lines.ts'

/** One SVG element: its name and its attributes. */
export interface Primitive {
  readonly tag: 'circle' | 'rect' | 'path'
  readonly attributes: Readonly<Record<string, string | number>>
}

/** What decides the look of a node. */
export interface Look {
  readonly kind: SeenNode['kind']
  readonly state: SeenState
  readonly isSelf?: boolean
}

/** Colours of the states, as CSS colours or variables. */
export type StateColors = Readonly<Record<SeenState | 'http', string>>

/** Which colour a node has. */
export function colorOf(look: Look, colors: StateColors): string {
  return look.kind === 'http' && look.state === 'up' ? colors.http : colors[look.state]
}

/** The elements of a node around 0/0. `up` is filled, `joining` dashed, `leaving` half full, `unreachable` crossed out. */
export function primitivesOf(look: Look, radius: number, color: string): Primitive[] {
  const outline = { stroke: color, 'stroke-width': 1.5 }
  const primitives: Primitive[] = []
  if (look.isSelf === true) {
    primitives.push({
      tag: 'circle',
      attributes: { r: radius + 3.5, fill: 'none', stroke: color, 'stroke-width': 1.5 },
    })
  }
  const fill = look.state === 'up' ? color : 'none'
  const dash = look.state === 'joining' ? { 'stroke-dasharray': '2.5 2' } : {}
  const side = radius * 0.9
  primitives.push(
    look.kind === 'http'
      ? {
          tag: 'rect',
          attributes: { x: -side, y: -side, width: side * 2, height: side * 2, fill, ...outline, ...dash },
        }
      : { tag: 'circle', attributes: { r: radius, fill, ...outline, ...dash } },
  )
  if (look.state === 'leaving') {
    const half =
      look.kind === 'http'
        ? `M0 ${-side}H${-side}V${side}H0Z`
        : `M0 ${-radius}A${radius} ${radius} 0 0 0 0 ${radius}Z`
    primitives.push({ tag: 'path', attributes: { d: half, fill: color } })
  }
  if (look.state === 'unreachable') {
    const arm = rounded(radius * 0.6)
    const d = `M${-arm} ${-arm}L${arm} ${arm}M${arm} ${-arm}L${-arm} ${arm}`
    primitives.push({ tag: 'path', attributes: { d, fill: 'none', ...outline } })
  }
  return primitives
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
