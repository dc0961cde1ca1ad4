// Hands what is shown over as a file: JSON, DOT, SVG or PNG.

import { makeButton } from './dom.ts'
import { dotOf, fileName, jsonOf, type Snapshot } from './export.ts'
import { svgOf } from './export-svg.ts'
import type { Palette } from './palette.ts'

/** What there is to export, at the time of the click. */
export interface Exportable {
  snapshot(): Snapshot
  palette(): Palette
  canvas(): HTMLCanvasElement
}

/** Fills the menu. */
export function fillExportMenu(menu: HTMLDetailsElement, shown: Exportable): void {
  const items: readonly (readonly [string, () => Promise<Blob>, string])[] = [
    ['JSON, all that is known', async () => textBlob(jsonOf(shown.snapshot()), 'application/json'), 'json'],
    ['DOT, for Graphviz', async () => textBlob(dotOf(shown.snapshot()), 'text/vnd.graphviz'), 'dot'],
    [
      'SVG, the whole picture',
      async () => textBlob(svgOf(shown.snapshot(), shown.palette()), 'image/svg+xml'),
      'svg',
    ],
    ['PNG, what is in sight', () => pngOf(shown.canvas(), shown.palette().background), 'png'],
  ]
  const summary = menu.querySelector('summary')
  const buttons = items.map(([text, content, extension]) =>
    makeButton(text, async () => {
      menu.open = false
      summary?.focus()
      download(await content(), fileName(shown.snapshot(), extension))
    }),
  )
  menu.querySelector('.menu-items')?.append(...buttons)
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !menu.open) return
    event.preventDefault()
    menu.open = false
    summary?.focus()
  })
  // Nothing where a browser gives buttons no focus when they are clicked.
  menu.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false
  })
  document.addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Node && !menu.contains(target)) menu.open = false
  })
}

function textBlob(text: string, type: string): Blob {
  return new Blob([text], { type })
}

function pngOf(canvas: HTMLCanvasElement, background: string): Promise<Blob> {
  const copy = document.createElement('canvas')
  copy.width = canvas.width
  copy.height = canvas.height
  const context = copy.getContext('2d')
  if (context === null) return Promise.reject(new Error('this browser has no canvas'))
  context.fillStyle = background
  context.fillRect(0, 0, copy.width, copy.height)
  context.drawImage(canvas, 0, 0)
  return new Promise((resolve, reject) => {
    copy.toBlob((blob) => (blob === null ? reject(new Error('the picture is too large')) : resolve(blob)))
  })
}

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // After the browser has taken it over.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
