// The tabs of the panel, by the pattern of the ARIA guide: arrow keys move, one is open. On a phone the tabs also open and
// close the sheet.

import { byId, makeButton } from './dom.ts'

/** A tab. */
export type TabName = 'nodes' | 'node' | 'send' | 'events'

const TABS: readonly (readonly [TabName, string])[] = [
  ['nodes', 'Nodes'],
  ['node', 'Details'],
  ['send', 'Send'],
  ['events', 'Events'],
]

/** The panel with its tabs. */
export class Tabs {
  readonly #panel: HTMLElement
  readonly #buttons = new Map<TabName, HTMLButtonElement>()
  readonly #onOpen: (tab: TabName) => void
  #open: TabName = 'nodes'

  constructor(panel: HTMLElement, onOpen: (tab: TabName) => void) {
    this.#panel = panel
    this.#onOpen = onOpen
    const list = panel.querySelector('[role="tablist"]') as HTMLElement
    for (const [name, text] of TABS) {
      const button = makeButton(text, () => this.#clicked(name), {
        attributes: { id: `tab-${name}`, role: 'tab', 'aria-controls': `panel-${name}` },
      })
      byId(`panel-${name}`, HTMLElement).setAttribute('aria-labelledby', `tab-${name}`)
      this.#buttons.set(name, button)
      list.append(button)
    }
    list.addEventListener('keydown', (event) => this.#key(event))
    if (isSheet()) panel.classList.add('is-closed')
    this.open('nodes', false)
  }

  /** The open one. */
  get current(): TabName {
    return this.#open
  }

  /** Opens a tab, and on a phone the sheet unless told otherwise. */
  open(name: TabName, opensSheet = true): void {
    this.#open = name
    if (opensSheet) this.#panel.classList.remove('is-closed')
    for (const [each, button] of this.#buttons) {
      const isOpen = each === name
      button.setAttribute('aria-selected', String(isOpen))
      button.tabIndex = isOpen ? 0 : -1
      byId(`panel-${each}`, HTMLElement).hidden = !isOpen
    }
    this.#onOpen(name)
  }

  /** Puts the focus on the tab that is open. */
  focus(): void {
    this.#buttons.get(this.#open)?.focus()
  }

  #clicked(name: TabName): void {
    if (isSheet() && name === this.#open) {
      this.#panel.classList.toggle('is-closed')
      return
    }
    this.open(name)
  }

  #key(event: KeyboardEvent): void {
    const names = TABS.map(([name]) => name)
    const index = names.indexOf(this.#open)
    const to: Readonly<Record<string, number>> = {
      ArrowRight: (index + 1) % names.length,
      ArrowLeft: (index + names.length - 1) % names.length,
      Home: 0,
      End: names.length - 1,
    }
    const next = names[to[event.key] ?? -1]
    if (next === undefined) return
    event.preventDefault()
    this.open(next)
    this.focus()
  }
}

function isSheet(): boolean {
  return matchMedia('(max-width: 760px) and (min-height: 501px)').matches
}
