// Makes elements. Text goes in as text only: nothing here, nor anywhere else in the page, parses HTML that has data in it.

/** What an element can be given at once. */
export interface ElementOptions {
  readonly class?: string
  readonly text?: string
  readonly attributes?: Readonly<Record<string, string | number | boolean | undefined>>
}

/** A new element. Attributes that are `undefined` or `false` are left out; `true` is an empty one. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: ElementOptions = {},
  children: readonly (Node | string | undefined)[] = [],
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  if (options.class !== undefined) element.className = options.class
  if (options.text !== undefined) element.textContent = options.text
  for (const [name, value] of Object.entries(options.attributes ?? {})) {
    if (value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  for (const child of children) if (child !== undefined) element.append(child)
  return element
}

/** A name that is longer loses its middle where there is no room for it, and never so many characters at its end. */
const SHORT_CHARS = 20
const TAIL_CHARS = 10

/** A name on one line; all of it is its title. */
export function makeName(name: string): HTMLElement {
  const attributes = { title: name }
  if (name.length <= SHORT_CHARS) return make('span', { class: 'ellipsis', text: name, attributes })
  const [head, tail] = [name.slice(0, -TAIL_CHARS), name.slice(-TAIL_CHARS)]
  return make('span', { class: 'cut-name', attributes }, [
    // Two parts in a row would be read out as two words.
    make('span', { class: 'hidden-text', text: name }),
    make('span', { class: 'ellipsis', text: head, attributes: { 'aria-hidden': 'true' } }),
    make('span', { text: tail, attributes: { 'aria-hidden': 'true' } }),
  ])
}

/** A button that does something. */
export function makeButton(
  text: string,
  onClick: () => void,
  options: ElementOptions = {},
): HTMLButtonElement {
  const button = make('button', { ...options, text })
  button.type = 'button'
  button.addEventListener('click', onClick)
  return button
}

/**
 * Fills an element anew. The focus stays on what has the same `data-key`; where that is not there any more it goes to `home`,
 * for whoever works with keys would have to begin at the top of the page.
 */
export function refill(element: HTMLElement, children: readonly Node[], home: HTMLElement): void {
  const focused = document.activeElement
  const hadFocus = focused instanceof HTMLElement && focused !== element && element.contains(focused)
  const key = hadFocus ? focused.dataset.key : undefined
  element.replaceChildren(...children)
  if (!hadFocus) return
  const keyed = key === undefined ? [] : [...element.querySelectorAll<HTMLElement>('[data-key]')]
  const again = keyed.find((each) => each.dataset.key === key) ?? home
  again.focus({ preventScroll: true })
}

/** An element of the page's HTML. @throws Error when it is not there, which is a fault of the page */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id)
  if (!(element instanceof type)) throw new Error(`the page has no #${id}`)
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

/** A new SVG element. */
export function makeSvg(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly Node[] = [],
): SVGElement {
  const element = document.createElementNS(SVG, tag) as SVGElement
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}
