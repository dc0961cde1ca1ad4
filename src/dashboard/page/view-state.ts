// What the person looks at: the selected node, link or message, the search's hits, live or a moment of the past. It must not
// know how any of it is shown; every view listens.

/** What is looked at. */
export interface View {
  readonly node?: string
  /** A link by its ends. */
  readonly link?: readonly [string, string]
  /** A message by its id. */
  readonly message?: string
  /** Names that the search has found; `undefined`: nothing is searched for. */
  readonly hits?: ReadonlySet<string>
  /** A moment of the past, in ms since 1970; `undefined`: live. */
  readonly momentMs?: number
}

/** A part of it to change; `undefined` clears. */
export type ViewChange = { readonly [K in keyof View]?: View[K] | undefined }

/** Holds it and tells of changes, in the order in which the listeners came. */
export class ViewState {
  #view: View = {}
  readonly #listeners: ((view: View, before: View) => void)[] = []

  /** As it is now. */
  get now(): View {
    return this.#view
  }

  /** Hears of every change. */
  onChange(listener: (view: View, before: View) => void): void {
    this.#listeners.push(listener)
  }

  /** Changes a part of it. */
  set(change: ViewChange): void {
    const before = this.#view
    const entries = Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined)
    this.#view = Object.fromEntries(entries) as View
    for (const listener of this.#listeners) listener(this.#view, before)
  }

  /** Selects a node, and nothing else. */
  selectNode(node: string | undefined): void {
    this.set({ node, link: undefined, message: undefined })
  }

  /** Selects a link, and nothing else. */
  selectLink(a: string, b: string): void {
    this.set({ node: undefined, link: a < b ? [a, b] : [b, a], message: undefined })
  }

  /** Shows the way of a message, beside what is selected. */
  selectMessage(message: string | undefined): void {
    this.set({ message })
  }
}
