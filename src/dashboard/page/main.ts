// The page put together: the feed fills the store, the store and the person's choices fill the views. Nothing else is done
// here.

import { startAttention } from './attention.ts'
import { byId, makeButton } from './dom.ts'
import { fillExportMenu } from './downloads.ts'
import { EventsView } from './events-view.ts'
import { Feed, feedUrl } from './feed.ts'
import { Latency } from './frame-rate.ts'
import { fillKeys, type KeyActions, startKeys, startPictureKeys } from './keyboard.ts'
import { later } from './later.ts'
import { fillLegend } from './legend.ts'
import { NodeList } from './node-list.ts'
import { NodePanel } from './node-panel.ts'
import type { OverlayState } from './overlay-model.ts'
import { exposePage } from './page-console.ts'
import { Picture } from './picture.ts'
import type { Under } from './pointer.ts'
import { Search } from './search.ts'
import { Sender } from './sender.ts'
import { StatusView } from './status-view.ts'
import { Store } from './store.ts'
import { Tabs } from './tabs.ts'
import { startTheme } from './theme.ts'
import { TimelineView } from './timeline-view.ts'
import { showTooltip } from './tooltip.ts'
import { type View, ViewState } from './view-state.ts'
import { many, statusText, timeText } from './wording.ts'

/** How often the texts beside the picture are filled at most. */
const TEXT_MS = 250

class Page {
  readonly #view = new ViewState()
  readonly #latency = new Latency()
  readonly #store: Store
  readonly #feed: Feed
  readonly #picture: Picture
  readonly #status: StatusView
  readonly #tabs: Tabs
  readonly #list: NodeList
  readonly #panel: NodePanel
  readonly #sender: Sender
  readonly #events: EventsView
  readonly #search: Search
  readonly #timeline: TimelineView
  readonly #showTexts = later(TEXT_MS, () => this.#fillTexts())
  #past: { readonly momentMs: number; readonly state: OverlayState } | undefined

  constructor() {
    const url = feedUrl(location)
    this.#store = this.#makeStore()
    this.#feed = new Feed(url, {
      onState: (state) => this.#store.passTo(state),
      onLine: (line, arrivedMs) => {
        if (line.event === 'overlay' || line.event === 'overlay-change') this.#latency.arrived(arrivedMs)
        this.#store.take(line)
      },
      onQuiet: (quietMs) => this.#store.passQuiet(quietMs),
    })
    this.#picture = this.#makePicture()
    this.#status = new StatusView(this.#store, url)
    this.#tabs = new Tabs(document.querySelector('.panel') as HTMLElement, () => this.#showTexts())
    this.#list = new NodeList(byId('node-list', HTMLElement), this.#view, () => {
      this.#tabs.open('node')
      // The row that had it is hidden now.
      byId('panel-node', HTMLElement).focus()
    })
    this.#panel = new NodePanel(byId('panel-node', HTMLElement), this.#store, this.#view, {
      center: (name) => this.#picture.centerOn(name),
      send: (name) => {
        this.#tabs.open('send')
        this.#sender.address(name)
      },
    })
    this.#sender = new Sender(byId('panel-send', HTMLElement), this.#store, this.#view, (to, text) =>
      this.#send(to, text),
    )
    this.#events = new EventsView(byId('panel-events', HTMLElement), this.#store.timeline, this.#view)
    this.#search = this.#makeSearch()
    this.#timeline = this.#makeTimeline()
    this.#view.onChange((view, before) => this.#viewChanged(view, before))
    this.#startControls()
  }

  /** Begins to watch. */
  start(): void {
    exposePage({
      store: this.#store,
      view: this.#view,
      picture: this.#picture,
      feed: this.#feed,
      latency: this.#latency,
      shownState: () => this.#shownState(),
    })
    this.#status.showPhase()
    this.#feed.connect()
    startAttention({
      onAway: () => this.#watch(false),
      onBack: () => this.#watch(true),
      onWake: () => this.#feed.wake(),
    })
    // The strip moves with time, also when nothing happens.
    setInterval(() => this.#showTexts(), 1_000)
  }

  #watch(isWatching: boolean): void {
    this.#feed.watch(isWatching)
    this.#store.passAway(!isWatching)
  }

  #makeStore(): Store {
    return new Store({
      onPhase: () => this.#status.showPhase(),
      onStructure: () => {
        if (this.#isLive) {
          this.#picture.show(this.#store.model.state, this.#view.now)
          this.#search.refresh()
        }
        this.#showTexts()
      },
      onReports: () => {
        if (this.#isLive) this.#picture.showReports(this.#store.model.state)
        this.#showTexts()
      },
      onTraffic: ({ steps }) => {
        if (this.#isLive) this.#picture.run(steps)
        this.#refreshMessage(steps.some(({ id }) => id === this.#view.now.message))
        this.#showTexts()
      },
      onEvents: () => this.#showTexts(),
      onSends: () => this.#sentChanged(),
    })
  }

  #makePicture(): Picture {
    const tooltip = byId('tooltip', HTMLElement)
    const tools = document.querySelector('.tools') as HTMLElement
    return new Picture(byId('picture', HTMLElement), () => tools.offsetTop + tools.offsetHeight, {
      onHover: (under, xPx, yPx) => showTooltip(tooltip, under, [xPx, yPx]),
      onClick: (under) => this.#clicked(under),
      onFrame: () => this.#latency.drawn(),
    })
  }

  #makeSearch(): Search {
    return new Search(
      { input: byId('search', HTMLInputElement), list: byId('search-hits', HTMLElement) },
      this.#view,
      () => this.#shownState().nodes.values(),
      {
        onGo: (name) => {
          this.#view.selectNode(name)
          this.#picture.centerOn(name)
          this.#tabs.open('node')
        },
        onCount: (text) => this.#announce(text),
      },
    )
  }

  #makeTimeline(): TimelineView {
    const elements = {
      canvas: byId('spark', HTMLCanvasElement),
      scrub: byId('scrub', HTMLInputElement),
      moment: byId('moment', HTMLElement),
      pause: byId('pause', HTMLButtonElement),
      live: byId('live', HTMLButtonElement),
    }
    return new TimelineView(elements, this.#store, this.#view, () => this.#picture.palette)
  }

  #startControls(): void {
    const help = byId('keys', HTMLDialogElement)
    const actions: KeyActions = {
      search: () => this.#search.focus(),
      clear: () => this.#clear(),
      pause: () => this.#timeline.toggle(),
      live: () => this.#view.set({ momentMs: undefined }),
      fit: () => this.#picture.fit(),
      zoomBy: (factor) => this.#picture.zoomBy(factor),
      panBy: (xPx, yPx) => this.#picture.panBy(xPx, yPx),
      layOutAgain: () => this.#picture.layOutAgain(),
      help: () => help.showModal(),
      select: (name) => {
        this.#view.selectNode(name)
        this.#picture.reveal(name)
      },
      open: () => this.#tabs.open('node'),
    }
    startKeys(actions)
    startPictureKeys(byId('picture', HTMLElement), this.#picture.scene, () => this.#view.now.node, actions)
    fillKeys(help.querySelector('tbody') as HTMLElement)
    byId('help', HTMLButtonElement).addEventListener('click', actions.help)
    document.querySelector('.skip')?.addEventListener('click', () => this.#tabs.open('nodes'))
    byId('lost-retry', HTMLButtonElement).addEventListener('click', () => this.#feed.connect())
    startTheme(byId('theme', HTMLButtonElement), () => {
      this.#picture.recolor()
      this.#timeline.show()
    })
    const legend = byId('legend', HTMLDetailsElement)
    fillLegend(legend)
    legend.open = matchMedia('(min-width: 761px) and (min-height: 600px)').matches
    fillExportMenu(byId('export', HTMLDetailsElement), {
      snapshot: () => ({ state: this.#shownState(), positions: this.#picture.positions() }),
      palette: () => this.#picture.palette,
      canvas: () => this.#picture.canvas,
    })
    const named = (label: string) => ({ attributes: { 'aria-label': label, title: label } })
    document.querySelector('.tools')?.append(
      makeButton('+', () => actions.zoomBy(1.3), named('Nearer')),
      makeButton('−', () => actions.zoomBy(1 / 1.3), named('Farther')),
      makeButton('Fit', actions.fit, named('Fit: all nodes in sight')),
      makeButton('Lay out', actions.layOutAgain, named('Lay out again')),
    )
  }

  get #isLive(): boolean {
    return this.#view.now.momentMs === undefined
  }

  // The past is made once for a moment, not for every view and frame.
  #shownState(): OverlayState {
    const { momentMs } = this.#view.now
    if (momentMs === undefined) return this.#store.model.state
    if (this.#past?.momentMs !== momentMs) this.#past = { momentMs, state: this.#store.stateAt(momentMs) }
    return this.#past.state
  }

  #viewChanged(view: View, before: View): void {
    const isOtherMoment = view.momentMs !== before.momentMs
    if (isOtherMoment) {
      this.#past = undefined
      if (!this.#isLive) this.#picture.stopTraffic()
      this.#picture.show(this.#shownState(), view)
      const past = byId('past', HTMLElement)
      past.hidden = this.#isLive
      past.textContent = this.#isLive ? '' : `As it was at ${timeText(view.momentMs ?? 0)}`
      if (this.#isLive !== (before.momentMs === undefined)) this.#announce(this.#isLive ? 'Live' : 'Paused')
    }
    this.#refreshMessage(true)
    if (view.node !== before.node && view.node !== undefined) this.#announce(this.#nodeText(view.node))
    this.#list.mark()
    this.#fillTexts()
    if (isOtherMoment) this.#search.refresh()
  }

  #refreshMessage(isNeeded: boolean): void {
    if (!isNeeded) return
    const view = this.#view.now
    const trail = view.message === undefined ? undefined : this.#store.trails.get(view.message)
    this.#picture.focus(view, trail)
  }

  #fillTexts(): void {
    const state = this.#shownState()
    this.#status.showFigures(state, this.#feed.ignored)
    this.#timeline.show()
    this.#sender.showNames(state.nodes.keys())
    if (this.#tabs.current === 'nodes') this.#list.show(state)
    if (this.#tabs.current === 'node') this.#panel.show(state)
    if (this.#tabs.current === 'events') this.#events.show()
    if (this.#tabs.current === 'send') this.#sender.show()
  }

  #clicked({ node, link }: Under): void {
    if (node !== undefined) this.#view.selectNode(node.id)
    else if (link !== undefined) this.#view.selectLink(link.source.id, link.target.id)
    else this.#view.selectNode(undefined)
    if (node !== undefined || link !== undefined) this.#tabs.open('node')
  }

  #clear(): void {
    const { message, node, link } = this.#view.now
    if (message !== undefined) this.#view.selectMessage(undefined)
    else if (node !== undefined || link !== undefined) this.#view.selectNode(undefined)
    else if (!this.#search.clear()) this.#view.set({ momentMs: undefined })
  }

  #send(to: string, text: string): string | undefined {
    const { state } = this.#store.model
    if (to === state.self) return `${to} is the node that sends.`
    if (this.#feed.state.is !== 'open') return 'There is no connection.'
    const line = this.#store.sends.begin({ from: state.self, to, text, atMs: this.#store.nowMs })
    if (!this.#feed.send({ ...line })) this.#store.sends.fail(line.tag, 'there is no connection')
    // Whoever sends wants to see it run.
    this.#view.set({ momentMs: undefined, message: undefined })
    this.#sentChanged()
    return undefined
  }

  // The way of the newest message is shown by itself, once, as soon as it is known.
  #shownTag = 0
  #sentChanged(): void {
    const [newest] = this.#store.sends.list
    if (newest !== undefined && newest.tag !== this.#shownTag) {
      const trail = this.#store.trailOf(newest)
      if (trail !== undefined && newest.outcome !== undefined) {
        this.#shownTag = newest.tag
        this.#view.set({ node: undefined, link: undefined, message: trail.id })
      }
    }
    const outcome = newest?.outcome
    if (newest !== undefined && outcome !== undefined && this.#announcedTag !== newest.tag) {
      this.#announcedTag = newest.tag
      this.#announce(`Message to ${newest.to === '*' ? 'everyone' : newest.to}: ${statusText(outcome)}`)
    }
    this.#showTexts()
  }
  #announcedTag = 0

  #nodeText(name: string): string {
    const state = this.#shownState()
    const node = state.nodes.get(name)
    if (node === undefined) return name
    const count = [...state.links.values()].filter((link) => link.includes(name)).length
    return `${name}, ${node.kind === 'http' ? 'plain HTTP' : many(count, 'link')}, ${node.state}`
  }

  #announce(text: string): void {
    byId('announcer', HTMLElement).textContent = text
  }
}

new Page().start()
