// The colours of the picture, as the style sheet says them for the theme in force. It must not decide colours itself:
// page.css does, for the page and the picture alike.

import type { SvgColors } from './export-svg.ts'

/** Colours for the canvas. */
export interface Palette extends SvgColors {
  readonly muted: string
  readonly accent: string
  readonly direct: string
  readonly broadcast: string
  readonly queue: string
}

/** Reads it from the custom properties of the page. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    background: color('canvas'),
    text: color('text'),
    muted: color('muted'),
    link: color('link'),
    accent: color('accent'),
    direct: color('direct'),
    broadcast: color('broadcast'),
    queue: color('queue'),
    up: color('state-up'),
    joining: color('state-joining'),
    leaving: color('state-leaving'),
    unreachable: color('state-unreachable'),
    http: color('state-http'),
  }
}
