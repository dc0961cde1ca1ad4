// Says what is going on: the line at the top, the banner of a lost connection with its countdown, and the notice in the
// picture when there is nothing, or only one node, to see.

import { byId, make } from './dom.ts'
import { isAtBootstrap } from './door.ts'
import { linkMessagesPerS, type OverlayState } from './overlay-model.ts'
import type { Phase, Store } from './store.ts'
import { behindText, countText, FULL_ADVICE, quietText, rateText } from './wording.ts'

const LINK_RATE =
  'Messages that come over the links of all nodes that are up, per second: one that takes two links counts twice.'

/** All that the page says of itself. */
export class StatusView {
  readonly #status = byId('status-text', HTMLElement)
  readonly #figures = byId('figures', HTMLElement)
  readonly #lost = byId('lost', HTMLElement)
  readonly #lostText = byId('lost-text', HTMLElement)
  readonly #countdown = byId('lost-countdown', HTMLElement)
  readonly #notice = byId('notice', HTMLElement)
  readonly #store: Store
  readonly #url: string
  #noticeOf = ''
  #asked: Promise<void> | undefined
  /** `undefined`: nobody has said so yet. */
  #isBootstrap: boolean | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(store: Store, url: string) {
    this.#store = store
    this.#url = url
  }

  /** Shows where the page is. */
  showPhase(): void {
    const { phase } = this.#store
    document.body.dataset.phase = phase.is
    setText(this.#status, this.#statusText(phase))
    this.#showLost(phase)
    this.#showNotice(phase)
  }

  /** Shows the figures of a state, and how many lines the page did not understand. */
  showFigures(state: OverlayState, ignored: number): void {
    // Plain HTTP peers have no link and pass nothing on: a broadcast reaches nodes, and says of how many.
    let [up, http, away] = [0, 0, 0]
    for (const node of state.nodes.values()) {
      if (node.state !== 'up') away++
      else if (node.kind === 'http') http++
      else up++
    }
    const full = state.full?.size ?? 0
    this.#figures.replaceChildren(
      figure(countText(up), up === 1 ? 'node up' : 'nodes up'),
      ...(http === 0 ? [] : [figure(countText(http), 'plain HTTP')]),
      figure(countText(state.links.size), state.links.size === 1 ? 'link' : 'links'),
      figure(rateText(linkMessagesPerS(state)), 'link msgs/s', LINK_RATE),
      ...(away === 0 ? [] : [figure(countText(away), 'not up')]),
      ...(full === 0 ? [] : [figure(countText(full), 'not reporting here', FULL_ADVICE)]),
      ...(ignored === 0 ? [] : [figure(countText(ignored), 'not understood')]),
    )
  }

  #statusText(phase: Phase): string {
    const { self } = this.#store.model.state
    switch (phase.is) {
      case 'connecting':
        return 'Connecting'
      case 'loading':
        return 'Connected, waiting for the overlay'
      case 'waiting':
        return 'Waiting for a node'
      case 'refused':
        return 'Not shown'
      case 'alone':
      case 'live':
        return `Watching ${self}`
      case 'behind':
        return `${behindText(phase.behindMs)}: slow connection`
      case 'quiet': {
        const text = quietText(phase.quietMs)
        return `${text.charAt(0).toUpperCase()}${text.slice(1)} from ${self}`
      }
      case 'lost':
        return self === '' ? 'Not connected' : `Connection to ${self} lost`
    }
  }

  #showLost(phase: Phase): void {
    clearInterval(this.#timer)
    if (phase.is !== 'lost') {
      const hadFocus = this.#lost.contains(document.activeElement)
      this.#lost.hidden = true
      if (hadFocus) byId('picture', HTMLElement).focus()
      return
    }
    this.#lost.hidden = false
    const { feed } = phase
    if (feed.is === 'connecting') {
      setText(this.#countdown, 'Connecting now.')
      return
    }
    const { attempt, why, retryAtMs } = feed
    const stays = this.#store.model.isKnown ? ' What you see is how it was.' : ''
    setText(this.#lostText, `${attempt === 0 ? 'Connection lost' : 'No connection'}: ${why}.${stays}`)
    const tick = () => {
      const seconds = Math.max(0, Math.ceil((retryAtMs - Date.now()) / 1_000))
      const which = attempt === 0 ? '' : ` (attempt ${attempt + 1})`
      setText(this.#countdown, `Connecting again in ${seconds} s${which}.`)
    }
    tick()
    this.#timer = setInterval(tick, 250)
  }

  #showNotice(phase: Phase): void {
    const notice = this.#noticeFor(phase)
    this.#notice.hidden = notice === undefined
    const key = notice === undefined ? '' : JSON.stringify(notice)
    if (notice === undefined || key === this.#noticeOf) {
      this.#noticeOf = key
      return
    }
    this.#noticeOf = key
    this.#notice.replaceChildren(
      make('h2', { text: notice.title }),
      ...notice.text.map((text) => make('p', { text })),
      ...(notice.code === undefined ? [] : [make('pre', { text: notice.code })]),
    )
  }

  // How the program is called there says who hands the page out. Any free port: on the same machine the usual one is taken.
  #joinCode(): { readonly code?: string } {
    this.#asked ??= isAtBootstrap().then((isBootstrap) => {
      this.#isBootstrap = isBootstrap
      this.showPhase()
    })
    if (this.#isBootstrap === undefined) return {}
    const flag = this.#isBootstrap ? '--bootstrap' : '--peers'
    const { command = '' } = document.documentElement.dataset
    return { code: `${command} node --name another --port 0 ${flag} ${this.#url}` }
  }

  #noticeFor(phase: Phase): { title: string; text: string[]; code?: string } | undefined {
    switch (phase.is) {
      case 'connecting':
        return { title: 'Connecting', text: [`to ${this.#url}`] }
      case 'loading':
        return {
          title: 'Connected',
          text: ['The node has been asked for the overlay. It comes in a moment.'],
        }
      case 'waiting':
        return {
          title: 'There is no node to watch yet',
          text: [phase.text, 'This page goes on by itself as soon as one has joined.'],
        }
      case 'refused':
        return { title: 'The node does not show the overlay', text: [phase.text] }
      case 'alone':
        return {
          title: `Only ${this.#store.model.state.self} is here`,
          text: ['Start another node that knows this one, or its bootstrap:'],
          ...this.#joinCode(),
        }
      case 'lost':
        return this.#store.model.isKnown
          ? undefined
          : { title: 'No connection', text: [`${this.#url} does not answer. The page goes on trying.`] }
      case 'live':
      case 'behind':
      case 'quiet':
        return undefined
    }
  }
}

function figure(value: string, name: string, title?: string): HTMLElement {
  return make('li', { attributes: { title } }, [make('b', { text: value }), ` ${name}`])
}

// Unchanged text is not set again: screen readers would read it again.
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}
