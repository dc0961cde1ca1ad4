// `window.hearsayPage`: what is shown, for tests and for people at the browser's console. To read only.

import type { SeenLink, SeenNode } from '../../guests/overlay-lines.ts'
import type { Position } from './export.ts'
import type { Feed } from './feed.ts'
import type { Latency } from './frame-rate.ts'
import type { OverlayState } from './overlay-model.ts'
import type { Picture } from './picture.ts'
import type { Store } from './store.ts'
import type { View, ViewState } from './view-state.ts'

/** What can be asked. */
export interface PageConsole {
  /** The nodes and links in the picture. */
  shown(): {
    readonly self: string
    readonly atMs: number
    readonly nodes: readonly SeenNode[]
    readonly links: readonly SeenLink[]
  }
  /** What is selected, and the moment that is shown. */
  selected(): View
  /** `connecting`, `loading`, `waiting`, `refused`, `alone`, `live` or `lost`. */
  phase(): string
  /** Lines and parts of lines that were left out because they were broken or unknown. */
  ignored(): number
  /** The layout has come to rest. */
  isSettled(): boolean
  /** Frames per second of the last second of drawing. */
  fps(): number
  /** Frames drawn since the start. */
  frames(): number
  /** What drawing a frame takes, in ms; the median. */
  frameMs(): number
  /** From the arrival of a line to the frame that shows it. */
  latency(): { readonly medianMs: number; readonly worstMs: number; readonly count: number }
  /** Where a node is on the canvas, in pixels. */
  placeOf(name: string): Position | undefined
  /** What the timeline holds. */
  timeline(): {
    readonly fromMs: number
    readonly toMs: number
    readonly changes: number
    readonly events: number
  }
}

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
    timeline: () => {
      const { fromMs, toMs, changes, events } = store.timeline
      return { fromMs, toMs, changes, events: events.length }
    },
  })
}
