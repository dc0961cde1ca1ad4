// What the forms, patterns and marks of the picture mean.

import { make, makeSvg } from './dom.ts'
import { LEGEND } from './export-svg.ts'
import { makeGlyph } from './glyph.ts'

/** Fills the legend. */
export function fillLegend(element: HTMLElement): void {
  const items = LEGEND.map(({ look, text }) => make('li', {}, [makeGlyph(look), text]))
  items.push(
    make('li', {}, [linkSample([1, 4]), 'wider: more messages/s']),
    make('li', {}, [queueSample(), 'bytes wait at this end']),
    make('li', {}, [tokenSample('circle'), 'direct message']),
    make('li', {}, [tokenSample('square'), 'broadcast']),
  )
  element.append(make('ul', {}, items))
}

function sample(children: readonly Node[]): SVGElement {
  return makeSvg('svg', { width: 30, height: 16, viewBox: '0 0 30 16', 'aria-hidden': 'true' }, children)
}

function line(y: number, width: number): SVGElement {
  return makeSvg('path', { d: `M1 ${y}H29`, stroke: 'var(--link)', 'stroke-width': width })
}

function linkSample([thin, wide]: readonly [number, number]): SVGElement {
  return sample([line(4, thin), line(11, wide)])
}

function queueSample(): SVGElement {
  const bars = makeSvg('path', { d: 'M8 4V12M12 4V12M16 4V12', stroke: 'var(--queue)', 'stroke-width': 1.8 })
  return sample([line(8, 1), makeSvg('circle', { cx: 3, cy: 8, r: 3, fill: 'var(--state-up)' }), bars])
}

function tokenSample(form: 'circle' | 'square'): SVGElement {
  const token =
    form === 'circle'
      ? makeSvg('circle', { cx: 15, cy: 8, r: 4, fill: 'var(--direct)' })
      : makeSvg('rect', { x: 11, y: 4, width: 8, height: 8, fill: 'var(--broadcast)' })
  return sample([line(8, 1), token])
}
