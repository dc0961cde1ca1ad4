// The panel of what is selected: a node's record, links, counters and last messages, or a link's figures. It must not change
// what is selected by itself; its buttons do.

import type { CountsByReason, SeenNode } from '../../guests/overlay-lines.ts'
import { make, makeButton, refill } from './dom.ts'
import { makeGlyph } from './glyph.ts'
import { Hold } from './hold.ts'
import { freshReport, linkFigures, type OverlayState } from './overlay-model.ts'
import type { Store } from './store.ts'
import type { ViewState } from './view-state.ts'
import {
  ageText,
  bytesText,
  countText,
  dateText,
  durationText,
  FULL_ADVICE,
  many,
  rateText,
  timeText,
  trailText,
} from './wording.ts'

const MESSAGES_MAX = 8
/** Of so many of the last ones those are shown that had come at the moment that is shown. */
const MESSAGES_SEEN_MAX = 2_000

/** What can be done from here. */
export interface PanelActions {
  center(name: string): void
  send(name: string): void
}

/** The panel. */
export class NodePanel {
  readonly #element: HTMLElement
  readonly #store: Store
  readonly #view: ViewState
  readonly #actions: PanelActions
  readonly #hold: Hold
  #state: OverlayState | undefined
  #subject = ''

  constructor(element: HTMLElement, store: Store, view: ViewState, actions: PanelActions) {
    this.#element = element
    this.#store = store
    this.#view = view
    this.#actions = actions
    this.#hold = new Hold(element, () => {
      if (this.#state !== undefined && !element.hidden) this.show(this.#state)
    })
  }

  /** Shows what is selected, as it was at the moment that is shown. */
  show(state: OverlayState): void {
    this.#state = state
    if (this.#hold.isPressed) return
    const { node, link, momentMs } = this.#view.now
    const subject = JSON.stringify([node, link, momentMs])
    // Marked text stays, but not that of another node.
    if (this.#hold.isMarked && subject === this.#subject) return
    this.#subject = subject
    refill(this.#element, [this.#content(state)], this.#element)
  }

  #content(state: OverlayState): HTMLElement {
    const { node: name, link } = this.#view.now
    if (link !== undefined) return this.#link(state, link)
    if (name === undefined) {
      return make('div', { class: 'padded' }, [
        make('p', {
          class: 'dim',
          text: 'Nothing is selected. Click a node or a link, or press / to search.',
        }),
      ])
    }
    const node = state.nodes.get(name)
    if (node === undefined) {
      return make('div', { class: 'padded' }, [
        make('h2', { text: name }),
        make('p', { class: 'dim', text: 'This node is not known at the moment that is shown.' }),
      ])
    }
    return make('div', { class: 'padded' }, [
      make('div', { class: 'heading' }, [
        makeGlyph({ ...node, isSelf: name === state.self }, 7),
        make('h2', { text: name }),
      ]),
      this.#record(node, state),
      make('div', { class: 'row-of-buttons' }, [
        this.#button('Send a message', 'send', () => this.#actions.send(name)),
        this.#button('Center', 'center', () => this.#actions.center(name)),
      ]),
      ...(node.kind === 'http' ? [] : this.#links(node, state)),
      ...counters(state, name),
      ...this.#messages(name),
    ])
  }

  #record(node: SeenNode, state: OverlayState): HTMLElement {
    const isSelf = node.name === state.self
    const kind = node.kind === 'http' ? 'plain HTTP peer' : 'node'
    // The age of what is not there any more says nothing.
    const age = node.state === 'up' ? ` (${ageText(state.atMs - node.incarnation)} ago)` : ''
    const started = node.incarnation > 0 ? `${dateText(node.incarnation)}${age}` : undefined
    return facts([
      ['State', `${node.state}${isSelf ? ', watched' : ''}`],
      ['Kind', kind],
      ['URL', node.url ?? 'cannot be dialled'],
      ['Started', started],
      ['Version', node.kind === 'http' ? undefined : countText(node.version)],
      ['Tags', tagList(node.tags)],
      ['Topics', tagList(node.topics)],
    ])
  }

  #links(node: SeenNode, state: OverlayState): HTMLElement[] {
    const rows = [...state.links.values()]
      .filter((link) => link.includes(node.name))
      .map((link) => {
        const peer = link[0] === node.name ? link[1] : link[0]
        const figures = linkFigures(link, state)
        const waiting = figures === undefined ? undefined : figures.queuedBytes[0] + figures.queuedBytes[1]
        return make('tr', {}, [
          make('td', {}, [this.#button(peer, `link ${peer}`, () => this.#view.selectNode(peer), 'inline')]),
          cell(figures?.rttMs === undefined ? '–' : durationText(figures.rttMs)),
          cell(waiting === undefined ? '–' : bytesText(waiting)),
          make('td', { class: 'number' }, [
            this.#button(
              figures === undefined ? '–' : rateText(figures.messagesPerS),
              `figures ${peer}`,
              () => this.#view.selectLink(...link),
              'inline',
            ),
          ]),
        ])
      })
    if (rows.length === 0) return [heading('Links'), make('p', { class: 'dim', text: 'No link.' })]
    const head = ['Neighbor', 'RTT', 'Queued', 'Msgs/s'].map((text, index) =>
      make('th', { text, class: index === 0 ? '' : 'number', attributes: { scope: 'col' } }),
    )
    return [
      heading(many(rows.length, 'link')),
      make('table', {}, [make('thead', {}, [make('tr', {}, head)]), make('tbody', {}, rows)]),
    ]
  }

  #messages(name: string): HTMLElement[] {
    const { momentMs = Number.POSITIVE_INFINITY } = this.#view.now
    const trails = this.#store.trails
      .at(name, MESSAGES_SEEN_MAX)
      .filter(({ firstAtMs }) => firstAtMs <= momentMs)
      .slice(0, MESSAGES_MAX)
    if (trails.length === 0) return []
    const rows = trails.map((trail) => {
      const isShown = this.#view.now.message === trail.id
      const button = this.#button(
        `${trail.kind === 'direct' ? '' : 'broadcast: '}${trailText(trail, this.#store.wholeOf(trail))}, ${bytesText(trail.bytes)}`,
        `message ${trail.id}`,
        () => this.#view.selectMessage(isShown ? undefined : trail.id),
        'row',
      )
      button.setAttribute('aria-pressed', String(isShown))
      return make('li', {}, [button])
    })
    return [heading('Last messages seen here'), make('ul', {}, rows)]
  }

  #link(state: OverlayState, [a, b]: readonly [string, string]): HTMLElement {
    const figures = linkFigures([a, b], state)
    const isThere = [...state.links.values()].some(([one, other]) => one === a && other === b)
    const end = (name: string) =>
      this.#button(name, `end ${name}`, () => this.#view.selectNode(name), 'inline')
    return make('div', { class: 'padded' }, [
      make('h2', { text: `Link ${a} – ${b}` }),
      isThere
        ? undefined
        : make('p', { class: 'bad', text: 'This link is not up at the moment that is shown.' }),
      facts([
        ['Ends', make('span', {}, [end(a), ' and ', end(b)])],
        ['RTT', figures?.rttMs === undefined ? 'not measured' : durationText(figures.rttMs)],
        [
          'Messages',
          figures === undefined ? 'no fresh report' : `${rateText(figures.messagesPerS)}/s, both ways`,
        ],
        ['All bytes', figures === undefined ? undefined : `${bytesText(figures.bytesPerS)}/s, both ways`],
        [`Queued at ${a}`, figures === undefined ? undefined : bytesText(figures.queuedBytes[0])],
        [`Queued at ${b}`, figures === undefined ? undefined : bytesText(figures.queuedBytes[1])],
      ]),
    ])
  }

  #button(text: string, key: string, onClick: () => void, className = ''): HTMLButtonElement {
    const button = makeButton(text, onClick, { class: className })
    button.dataset.key = key
    return button
  }
}

function counters(state: OverlayState, name: string): HTMLElement[] {
  const report = state.reports.get(name)
  if (report === undefined) {
    const text = state.full?.has(name) === true ? FULL_ADVICE : 'No report yet.'
    return [heading('Counters'), make('p', { class: 'dim', text })]
  }
  const dropped = Object.entries(report.dropped)
  const reasons = dropped.map(([reason, count]) =>
    make('tr', {}, [make('td', { text: reason }), cell(countText(count))]),
  )
  return [
    heading('Counters since its start'),
    ...(freshReport(state, name) === undefined
      ? [make('p', { class: 'dim', text: `As of ${timeText(report.atMs)}: there is no later report.` })]
      : []),
    facts([
      ['Sent', countsText(report.sent)],
      ['Received', countsText(report.received)],
      ['Relayed', `${countText(report.relayed)}, with reports to those who watch`],
    ]),
    heading('Dropped, by reason'),
    reasons.length === 0
      ? make('p', { class: 'dim', text: 'Nothing.' })
      : make('table', {}, [make('tbody', {}, reasons)]),
  ]
}

function countsText(counts: CountsByReason): string {
  const parts = Object.entries(counts).map(([reason, count]) => `${countText(count)} ${reason}`)
  return parts.length === 0 ? '0' : parts.join(', ')
}

function facts(pairs: readonly (readonly [string, string | HTMLElement | undefined])[]): HTMLElement {
  const children = pairs.flatMap(([name, value]) =>
    value === undefined ? [] : [make('dt', { text: name }), make('dd', {}, [value])],
  )
  return make('dl', { class: 'facts' }, children)
}

function tagList(items: readonly string[] | undefined): HTMLElement | undefined {
  if (items === undefined || items.length === 0) return undefined
  return make(
    'ul',
    { class: 'tags' },
    items.map((text) => make('li', { text })),
  )
}

function heading(text: string): HTMLElement {
  return make('h3', { text })
}

function cell(text: string): HTMLElement {
  return make('td', { class: 'number', text })
}
