// `window.hearsayPage`: what is shown, for tests and for people at the browser's console. To read only.

import type { Feed } from './feed.ts'
import type { Latency } from './frame-rate.ts'
import type { OverlayState } from './overlay-model.ts'
import type { PageConsole } from './page-facts.ts'
import type { Picture } from './picture.ts'
import type { Store } from './store.ts'
import type { ViewState } from './view-state.ts'

declare global {
  interface Window {
    hearsayPage: PageConsole
  }
}

/** The parts that are asked. */
export interface PageParts {
  readonly store: Store
  readonly view: ViewState
  readonly picture: Picture
  readonly feed: Feed
  readonly latency: Latency
  shownState(): OverlayState
}

/** Makes it known. */
export function exposePage({ store, view, picture, feed, latency, shownState }: PageParts): void {
  window.hearsayPage = Object.freeze({
    shown: () => {
      const { self, atMs, nodes, links } = shownState()
      return { self, atMs, nodes: [...nodes.values()], links: [...links.values()] }
    },
    selected: () => view.now,
    phase: () => store.phase.is,
    ignored: () => feed.ignored,
    isSettled: () => !picture.isSettling,
    fps: () => picture.frameRate.perS(),
    frames: () => picture.frameRate.frames,
    frameMs: () => picture.frameRate.costMs(),
    latency: () => latency.figures(),
    placeOf: (name: string) => picture.placeOf(name),
    isDrawing: () => picture.isDrawing,
    moves: () => picture.moves,
    wayLinks: () => picture.wayLinks,
    timeline: () => {
      const { fromMs, toMs, changes, events } = store.timeline
      return { fromMs, toMs, changes, events: events.length }
    },
  })
}
