// The keys: those of the whole page, those of the picture, and the table that explains them. It must not take keys from
// fields, nor those that the browser or a screen reader uses with Ctrl, Alt or Meta. Single characters do something in the
// picture only (WCAG 2.1.4: whoever speaks to the computer would set them off by talking), but for the two signs that many
// pages have.

import { make } from './dom.ts'
import type { Scene } from './scene.ts'
import { nextNode } from './walk.ts'

/** What keys can do. */
export interface KeyActions {
  search(): void
  clear(): void
  pause(): void
  live(): void
  fit(): void
  zoomBy(factor: number): void
  panBy(xPx: number, yPx: number): void
  layOutAgain(): void
  help(): void
  /** Selects a node in the picture. */
  select(name: string): void
  /** Shows the selected node's panel. */
  open(): void
}

const TABLE: readonly (readonly [string, string])[] = [
  ['/', 'search; arrow keys choose, Enter goes there'],
  ['Esc', 'clear the selection, the message or the search'],
  ['?', 'this table'],
  ['Arrow keys', 'in the list: up and down'],
  ['Enter', 'in the list: details of the node'],
]

/** While the picture has the focus. */
const PICTURE_TABLE: readonly (readonly [string, string])[] = [
  ['Arrow keys', 'along a link to a neighbor'],
  ['Shift + arrow', 'move it'],
  ['Enter', 'details of the selected node'],
  ['Space', 'pause, and go on'],
  ['End', 'live again'],
  ['0', 'all nodes in sight'],
  ['+ and −', 'nearer and farther'],
  ['L', 'lay out again'],
]

const DIRECTIONS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
}
const PAN_PX = 80

/** Listens for the keys of the page. */
export function startKeys(actions: KeyActions): void {
  const keys: Readonly<Record<string, () => void>> = {
    '/': actions.search,
    Escape: actions.clear,
    '?': actions.help,
  }
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return
    const action = keys[event.key]
    if (action === undefined || !isFree(event)) return
    event.preventDefault()
    action()
  })
}

/** Listens for the keys of the picture. */
export function startPictureKeys(
  picture: HTMLElement,
  scene: Scene,
  selected: () => string | undefined,
  actions: KeyActions,
): void {
  const keys: Readonly<Record<string, () => void>> = {
    Enter: actions.open,
    ' ': actions.pause,
    End: actions.live,
    '0': actions.fit,
    '+': () => actions.zoomBy(1.3),
    '=': () => actions.zoomBy(1.3),
    '-': () => actions.zoomBy(1 / 1.3),
    l: actions.layOutAgain,
  }
  picture.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    const direction = DIRECTIONS[event.key]
    if (action !== undefined) {
      event.preventDefault()
      action()
    } else if (direction !== undefined) {
      event.preventDefault()
      if (event.shiftKey) {
        actions.panBy(direction[0] * PAN_PX, direction[1] * PAN_PX)
        return
      }
      const next = nextNode(scene, selected(), direction)
      if (next !== undefined) actions.select(next.id)
    }
  })
}

/** Fills the table of the help. */
export function fillKeys(body: HTMLElement): void {
  const row = ([key, text]: readonly [string, string]) =>
    make('tr', {}, [make('td', {}, [make('kbd', { text: key })]), make('td', { text })])
  const heading = make('th', {
    text: 'While the picture has the focus',
    attributes: { colspan: 2, scope: 'rowgroup' },
  })
  body.append(...TABLE.map(row), make('tr', {}, [heading]), ...PICTURE_TABLE.map(row))
}

// Fields keep what is typed into them.
function isFree(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : undefined
  if (document.querySelector('dialog[open]') !== null) return false
  if (target?.matches('input:not([type="range"]), textarea, select') === true) return event.key === 'Escape'
  return true
}
