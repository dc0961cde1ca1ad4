// All nodes as a list: the same as in the picture, for whoever cannot see it or does not use a pointer.

import { make, makeName } from './dom.ts'
import { makeGlyph } from './glyph.ts'
import type { OverlayState } from './overlay-model.ts'
import type { ViewState } from './view-state.ts'
import { many } from './wording.ts'

interface Row {
  readonly element: HTMLLIElement
  text: string
}

const ORDER = new Intl.Collator('en', { numeric: true })

/** The list; one row is in the order of the tab key, and arrow keys move among them. */
export class NodeList {
  readonly #list: HTMLElement
  readonly #view: ViewState
  readonly #onOpen: () => void
  readonly #rows = new Map<string, Row>()
  #names: string[] = []

  /** @param onOpen when somebody wants to see more of the selected node */
  constructor(list: HTMLElement, view: ViewState, onOpen: () => void) {
    this.#list = list
    this.#view = view
    this.#onOpen = onOpen
    list.addEventListener('click', (event) => {
      const name = nameOf(event.target)
      if (name !== undefined) this.#select(name, true)
    })
    list.addEventListener('keydown', (event) => this.#key(event))
    list.addEventListener('focus', () => this.#rows.get(this.#current())?.element.focus())
  }

  /** Shows a state. Rows stay the same elements, so that the focus is not lost. */
  show(state: OverlayState): void {
    const degrees = new Map<string, number>()
    for (const [a, b] of state.links.values()) {
      degrees.set(a, (degrees.get(a) ?? 0) + 1)
      degrees.set(b, (degrees.get(b) ?? 0) + 1)
    }
    // Sorting a thousand names a few times a second would be felt.
    const isSame =
      this.#names.length === state.nodes.size && this.#names.every((name) => state.nodes.has(name))
    const names = isSame ? this.#names : [...state.nodes.keys()].sort(ORDER.compare)
    let hasLostFocus = false
    for (const [name, row] of this.#rows) {
      if (state.nodes.has(name)) continue
      hasLostFocus ||= row.element === document.activeElement
      row.element.remove()
      this.#rows.delete(name)
    }
    for (const [index, name] of names.entries()) {
      const row = this.#row(name)
      this.#fill(row, name, state, degrees.get(name) ?? 0)
      if (this.#list.children[index] !== row.element) {
        this.#list.insertBefore(row.element, this.#list.children[index] ?? null)
      }
    }
    this.#names = names
    this.mark()
    if (hasLostFocus) this.#rows.get(this.#current())?.element.focus({ preventScroll: true })
  }

  /** Shows which node is selected. */
  mark(): void {
    const selected = this.#view.now.node
    const reachable = this.#current()
    for (const [name, { element }] of this.#rows) {
      element.setAttribute('aria-selected', String(name === selected))
      element.tabIndex = name === reachable ? 0 : -1
    }
  }

  #row(name: string): Row {
    const known = this.#rows.get(name)
    if (known !== undefined) return known
    const element = make('li', { attributes: { role: 'option' } })
    element.dataset.name = name
    const row = { element, text: '' }
    this.#rows.set(name, row)
    return row
  }

  #fill(row: Row, name: string, state: OverlayState, degree: number): void {
    const node = state.nodes.get(name)
    if (node === undefined) return
    const isSelf = name === state.self
    const kind = node.kind === 'http' ? 'plain HTTP' : ''
    const words = [isSelf ? 'watched' : '', kind, node.state === 'up' ? '' : node.state]
    const text = words.filter((word) => word !== '').join(', ')
    const links = node.kind === 'http' ? '' : many(degree, 'link')
    const all = `${text}|${links}|${node.state}`
    if (row.text === all) return
    row.text = all
    row.element.replaceChildren(
      makeGlyph({ ...node, isSelf }, 4),
      makeName(name),
      make('span', { class: 'dim', text }),
      make('span', { class: 'dim', text: links }),
    )
  }

  #current(): string {
    const selected = this.#view.now.node
    return selected !== undefined && this.#rows.has(selected) ? selected : (this.#names[0] ?? '')
  }

  #key(event: KeyboardEvent): void {
    const name = nameOf(event.target)
    if (name === undefined) return
    if (event.key === 'Enter') {
      event.preventDefault()
      this.#select(name, true)
      return
    }
    const index = this.#names.indexOf(name)
    const last = this.#names.length - 1
    const to: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(last, index + 1),
      ArrowUp: Math.max(0, index - 1),
      PageDown: Math.min(last, index + 10),
      PageUp: Math.max(0, index - 10),
      Home: 0,
      End: last,
    }
    const next = this.#names[to[event.key] ?? -1]
    if (next === undefined) return
    event.preventDefault()
    this.#select(next, false)
    this.#rows.get(next)?.element.focus()
  }

  #select(name: string, opens: boolean): void {
    this.#view.selectNode(name)
    if (opens) this.#onOpen()
  }
}

function nameOf(target: EventTarget | null): string | undefined {
  const row = target instanceof Element ? target.closest('li') : null
  return row?.dataset.name
}
