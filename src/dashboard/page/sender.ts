// The form that sends a message from the watched node, and how the last ones ended, each with the way that it took.

import { make, makeButton, refill } from './dom.ts'
import { Hold } from './hold.ts'
import { problemOf, type Sent } from './sends.ts'
import type { Store } from './store.ts'
import type { ViewState } from './view-state.ts'
import { outcomeText, timeText, trailText } from './wording.ts'

const EVERYONE = '*'
/** Steps may come later than the outcome; after this time they are not waited for, in ms. */
const STEPS_MS = 3_000

/** The form and the list under it. */
export class Sender {
  readonly #to: HTMLInputElement
  readonly #text: HTMLInputElement
  readonly #names = make('datalist', { attributes: { id: 'names' } })
  readonly #problem = make('p', { class: 'bad', attributes: { role: 'alert' } })
  readonly #list = make('ul', { class: 'sent' })
  readonly #store: Store
  readonly #view: ViewState
  readonly #onSend: (to: string, text: string) => string | undefined
  readonly #hold: Hold
  #known = ''
  #broughtTag = 0

  /** @param onSend sends it, or says why it cannot be sent */
  constructor(
    element: HTMLElement,
    store: Store,
    view: ViewState,
    onSend: (to: string, text: string) => string | undefined,
  ) {
    this.#store = store
    this.#view = view
    this.#onSend = onSend
    this.#to = make('input', {
      attributes: { id: 'send-to', list: 'names', autocomplete: 'off', spellcheck: 'false', required: true },
    })
    this.#text = make('input', {
      attributes: { id: 'send-text', autocomplete: 'off', maxlength: 10_000, value: 'hello' },
    })
    const form = make('form', { class: 'sender' }, [
      make('label', { text: 'To', attributes: { for: 'send-to' } }),
      this.#to,
      this.#names,
      make('label', { text: 'Message', attributes: { for: 'send-text' } }),
      this.#text,
      make('div', { class: 'row-of-buttons' }, [
        make('button', { class: 'primary', text: 'Send', attributes: { type: 'submit' } }),
        makeButton('Send to everyone', () => this.#send(EVERYONE)),
      ]),
      this.#problem,
    ])
    form.noValidate = true
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#send(this.#to.value.trim())
    })
    const heading = make('h3', { text: 'Sent from this page' })
    element.append(make('div', { class: 'padded' }, [form, heading, this.#list]))
    this.#hold = new Hold(this.#list, () => this.show())
    this.show()
  }

  /** Puts a name into the form, and the focus on the message. */
  address(name: string): void {
    this.#to.value = name
    this.#text.focus()
    this.#text.select()
  }

  /** The names that can be chosen. */
  showNames(names: Iterable<string>): void {
    const list = [...names]
    const known = list.join(' ')
    if (known === this.#known) return
    this.#known = known
    this.#names.replaceChildren(...list.map((name) => make('option', { attributes: { value: name } })))
  }

  /** Shows how the sends are. */
  show(): void {
    if (this.#hold.isPressed || this.#hold.isMarked) return
    const sent = this.#store.sends.list
    if (sent.length === 0) {
      this.#list.replaceChildren(make('li', { class: 'dim', text: 'Nothing yet.' }))
      return
    }
    const items = sent.map((each) => this.#item(each))
    refill(this.#list, items, this.#text)
    this.#bring(sent[0])
  }

  // On a phone the list is below the fold, and whoever has sent something waits for what becomes of it.
  #bring(newest: Sent | undefined): void {
    if (newest?.outcome === undefined || newest.tag === this.#broughtTag) return
    this.#broughtTag = newest.tag
    const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth'
    this.#list.firstElementChild?.scrollIntoView({ block: 'nearest', behavior })
  }

  #send(to: string): void {
    const text = this.#text.value
    const wrong = problemOf(to, text)
    this.#problem.textContent = wrong ?? this.#onSend(to, text) ?? ''
    if (wrong !== undefined) (problemOf(to, 'x') === undefined ? this.#text : this.#to).focus()
  }

  #item(sent: Sent): HTMLElement {
    const trail = this.#store.trailOf(sent)
    const text = sent.text.length > 120 ? `${sent.text.slice(0, 119)}…` : sent.text
    const ended = sent.outcome === undefined ? 'under way' : outcomeText(sent.outcome)
    const status = sent.outcome?.status
    const isGood = status === 'delivered' || status === 'sent'
    const children: HTMLElement[] = [
      make('div', {
        class: 'dim',
        text: `${timeText(sent.atMs)} to ${sent.to === EVERYONE ? 'everyone' : sent.to}: ${text}`,
      }),
    ]
    if (trail !== undefined) {
      const isShown = this.#view.now.message === trail.id
      const button = makeButton(
        trailText(trail, this.#store.wholeOf(trail)),
        () => this.#view.selectMessage(isShown ? undefined : trail.id),
        { class: 'row', attributes: { 'aria-pressed': String(isShown), 'data-key': String(sent.tag) } },
      )
      children.push(button)
    } else if (status === 'delivered' && this.#store.nowMs - sent.atMs > STEPS_MS) {
      children.push(make('div', { class: 'dim', text: 'Its way was not seen.' }))
    }
    children.push(make('div', { class: isGood ? 'good' : status === undefined ? '' : 'bad', text: ended }))
    return make('li', {}, children)
  }
}
