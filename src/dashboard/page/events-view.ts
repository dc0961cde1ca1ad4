// What has happened, newest first, as a list that can be narrowed to one kind. A click shows the moment, or the message.

import { make, makeButton, refill } from './dom.ts'
import { Hold } from './hold.ts'
import type { Timeline, TimelineEvent } from './timeline.ts'
import type { ViewState } from './view-state.ts'
import { timeText } from './wording.ts'

/** A sign for each kind, so that it is seen without reading. */
export const SIGNS: Readonly<Record<TimelineEvent['kind'], string>> = {
  join: '+',
  leave: '−',
  unreachable: '×',
  forgotten: '·',
  changed: '~',
  'link-up': '–',
  'link-down': '⌿',
  watching: '◎',
  outcome: '→',
  broadcast: '⇉',
  message: '”',
  feed: '○',
}

const FILTERS: readonly (readonly [string, string, readonly TimelineEvent['kind'][] | undefined])[] = [
  ['all', 'Everything', undefined],
  ['nodes', 'Nodes', ['join', 'leave', 'unreachable', 'forgotten', 'changed', 'watching']],
  ['links', 'Links', ['link-up', 'link-down']],
  ['messages', 'Messages', ['outcome', 'broadcast', 'message']],
]
const SHOWN_MAX = 200

/** The list. */
export class EventsView {
  readonly #element: HTMLElement
  readonly #select: HTMLSelectElement
  readonly #list = make('ul')
  readonly #timeline: Timeline
  readonly #view: ViewState
  readonly #hold: Hold
  #shown = ''
  #subject = ''

  constructor(element: HTMLElement, timeline: Timeline, view: ViewState) {
    this.#element = element
    this.#timeline = timeline
    this.#view = view
    this.#select = make(
      'select',
      { attributes: { id: 'event-kind' } },
      FILTERS.map(([value, text]) => make('option', { text, attributes: { value } })),
    )
    this.#select.addEventListener('change', () => this.show())
    element.append(
      make('div', { class: 'events-head' }, [
        make('label', { class: 'dim', text: 'Show', attributes: { for: 'event-kind' } }),
        this.#select,
      ]),
      this.#list,
    )
    this.#hold = new Hold(this.#list, () => this.show())
  }

  /** Shows the events up to the moment that is shown. */
  show(): void {
    const { momentMs } = this.#view.now
    const subject = `${this.#select.value} ${momentMs}`
    if (this.#hold.isPressed || (this.#hold.isMarked && subject === this.#subject)) return
    this.#subject = subject
    const kinds = FILTERS.find(([value]) => value === this.#select.value)?.[2]
    const events: TimelineEvent[] = []
    const { events: all } = this.#timeline
    for (let index = all.length - 1; index >= 0 && events.length < SHOWN_MAX; index--) {
      const event = all[index] as TimelineEvent
      if (momentMs !== undefined && event.atMs > momentMs) continue
      if (kinds === undefined || kinds.includes(event.kind)) events.push(event)
    }
    const shown = `${events[0]?.sequence} ${events.length} ${this.#select.value} ${this.#view.now.message}`
    if (shown === this.#shown) return
    this.#shown = shown
    const nothing = make('li', { class: 'padded dim', text: 'Nothing has happened yet.' })
    const items = events.length === 0 ? [nothing] : events.map((event) => this.#item(event))
    refill(this.#list, items, this.#element)
  }

  #item(event: TimelineEvent): HTMLElement {
    const time = make('time', { text: timeText(event.atMs) })
    const sign = make('span', { class: 'sign', text: SIGNS[event.kind], attributes: { 'aria-hidden': true } })
    const isAbout = event.node !== undefined || event.messageId !== undefined
    const text = isAbout
      ? makeButton(event.text, () => this.#open(event), {
          class: 'inline',
          attributes: { 'data-key': String(event.sequence) },
        })
      : make('p', { text: event.text })
    return make('li', { class: 'event' }, [time, sign, text])
  }

  #open(event: TimelineEvent): void {
    if (event.messageId !== undefined) this.#view.selectMessage(event.messageId)
    else if (event.node !== undefined && event.peer !== undefined) {
      this.#view.selectLink(event.node, event.peer)
    } else if (event.node !== undefined) this.#view.selectNode(event.node)
  }
}
