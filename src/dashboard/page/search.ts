// The search field with its list of hits, by the combobox pattern of the ARIA guide: arrow keys choose, Enter goes there.

import type { SeenNode } from '../../guests/overlay-lines.ts'
import { make, makeName } from './dom.ts'
import { Hold } from './hold.ts'
import { findNodes, type Hit } from './search-index.ts'
import type { ViewState } from './view-state.ts'
import { many } from './wording.ts'

const LISTED_MAX = 30

/** The field and its list. */
export class Search {
  readonly #input: HTMLInputElement
  readonly #list: HTMLElement
  readonly #view: ViewState
  readonly #nodes: () => Iterable<SeenNode>
  readonly #listener: { onGo(name: string): void; onCount(text: string): void }
  readonly #hold: Hold
  #hits: Hit[] = []
  #active = 0

  constructor(
    elements: { readonly input: HTMLInputElement; readonly list: HTMLElement },
    view: ViewState,
    nodes: () => Iterable<SeenNode>,
    listener: { onGo(name: string): void; onCount(text: string): void },
  ) {
    this.#input = elements.input
    this.#list = elements.list
    this.#view = view
    this.#nodes = nodes
    this.#listener = listener
    const input = this.#input
    input.addEventListener('input', () => this.#find())
    input.addEventListener('focus', () => this.#show(input.value !== ''))
    input.addEventListener('blur', () => this.#show(false))
    input.addEventListener('keydown', (event) => this.#key(event))
    // The field keeps the focus, and with it its list.
    this.#list.addEventListener('mousedown', (event) => event.preventDefault())
    // Not when a finger comes down: it may want to move the list.
    this.#list.addEventListener('click', (event) => {
      const option =
        event.target instanceof Element ? event.target.closest<HTMLElement>('[data-index]') : null
      if (option !== null) this.#go(Number(option.dataset.index))
    })
    this.#hold = new Hold(this.#list, () => this.refresh())
  }

  /** Puts the focus into the field. */
  focus(): void {
    this.#input.focus()
    this.#input.select()
  }

  /** Takes the search back. @returns whether there was one */
  clear(): boolean {
    const was = this.#input.value !== ''
    this.#input.value = ''
    this.#find()
    return was
  }

  /** Looks again for what is in the field: nodes come and go. The chosen hit stays chosen. */
  refresh(): void {
    const text = this.#input.value
    if (text.trim() === '' || this.#hold.isPressed) return
    const hits = findNodes(this.#nodes(), text)
    if (JSON.stringify(hits) === JSON.stringify(this.#hits)) return
    const chosen = this.#hits[this.#active]?.name
    const { scrollTop, hidden } = this.#list
    this.#take(hits)
    const listed = hits.slice(0, LISTED_MAX)
    this.#active = Math.max(
      0,
      listed.findIndex(({ name }) => name === chosen),
    )
    this.#fill()
    // Whoever has moved the list looks at something else than the chosen one.
    this.#list.scrollTop = scrollTop
    this.#show(!hidden)
  }

  #find(): void {
    const text = this.#input.value
    this.#take(findNodes(this.#nodes(), text))
    this.#active = 0
    this.#fill()
    this.#show(text.trim() !== '')
    if (text.trim() !== '') this.#listener.onCount(`${many(this.#hits.length, 'node')} found`)
  }

  #take(hits: Hit[]): void {
    this.#hits = hits
    const isSearched = this.#input.value.trim() !== ''
    this.#view.set({ hits: isSearched ? new Set(hits.map(({ name }) => name)) : undefined })
  }

  #fill(): void {
    const options = this.#hits.slice(0, LISTED_MAX).map(({ name, by }, index) => {
      const option = make('li', { attributes: { role: 'option', id: `hit-${index}`, 'data-index': index } }, [
        makeName(name),
        by === undefined
          ? undefined
          : make('div', { class: 'ellipsis dim', text: by, attributes: { title: by } }),
      ])
      option.setAttribute('aria-selected', String(index === this.#active))
      return option
    })
    const more = this.#hits.length - options.length
    if (more > 0) options.push(note(`and ${more} more`))
    if (this.#hits.length === 0) options.push(note('No node has this in its name, tags, topics or URL.'))
    this.#list.replaceChildren(...options)
    this.#mark()
  }

  #mark(): void {
    for (const [index, option] of [...this.#list.querySelectorAll<HTMLElement>('[data-index]')].entries()) {
      option.setAttribute('aria-selected', String(index === this.#active))
      if (index === this.#active) option.scrollIntoView({ block: 'nearest' })
    }
    if (this.#hits.length > 0) this.#input.setAttribute('aria-activedescendant', `hit-${this.#active}`)
    else this.#input.removeAttribute('aria-activedescendant')
  }

  #show(isShown: boolean): void {
    this.#list.hidden = !isShown
    this.#input.setAttribute('aria-expanded', String(isShown))
    if (!isShown) this.#input.removeAttribute('aria-activedescendant')
  }

  #key(event: KeyboardEvent): void {
    const count = Math.min(this.#hits.length, LISTED_MAX)
    if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && count > 0) {
      event.preventDefault()
      this.#active = (this.#active + (event.key === 'ArrowDown' ? 1 : count - 1)) % count
      this.#show(true)
      this.#mark()
    } else if (event.key === 'Enter') {
      event.preventDefault()
      this.#go(this.#active)
    } else if (event.key === 'Escape') {
      // What the browser would do, and the page as well: clear and leave.
      event.preventDefault()
      event.stopPropagation()
      if (!this.clear()) this.#input.blur()
    }
  }

  #go(index: number): void {
    const hit = this.#hits[index]
    if (hit === undefined) return
    this.#show(false)
    this.#listener.onGo(hit.name)
  }
}

function note(text: string): HTMLLIElement {
  return make('li', {
    class: 'note',
    text,
    attributes: { role: 'option', 'aria-disabled': true, 'aria-selected': false },
  })
}
