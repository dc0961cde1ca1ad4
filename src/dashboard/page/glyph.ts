// The form of a node as a small SVG, for lists, the panel and the legend.

import { makeSvg } from './dom.ts'
import { colorOf, type Look, primitivesOf, type StateColors } from './shapes.ts'

const COLORS: StateColors = {
  up: 'var(--state-up)',
  joining: 'var(--state-joining)',
  leaving: 'var(--state-leaving)',
  unreachable: 'var(--state-unreachable)',
  http: 'var(--state-http)',
}

/** The form, for the eye only: whoever shows it says the state in words as well. */
export function makeGlyph(look: Look, radius = 5): SVGElement {
  const side = 2 * radius + 10
  const shapes = primitivesOf(look, radius, colorOf(look, COLORS)).map(({ tag, attributes }) =>
    makeSvg(tag, attributes),
  )
  const half = side / 2
  return makeSvg(
    'svg',
    {
      width: side,
      height: side,
      viewBox: `${-half} ${-half} ${side} ${side}`,
      'aria-hidden': 'true',
      focusable: 'false',
    },
    shapes,
  )
}
