// What `window.hearsayPage` answers. Types only, and none of the DOM's: tests that run in Node.js use them too.

import type { SeenLink, SeenNode } from '../../guests/overlay-lines.ts'
import type { Position } from './export.ts'
import type { View } from './view-state.ts'

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
  /** `connecting`, `loading`, `waiting`, `refused`, `alone`, `live`, `behind`, `quiet` or `lost`. */
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
  /** Frames are drawn one after the other, for messages and their traces. */
  isDrawing(): boolean
  /** Tokens that were drawn on their ways since the start, each once for every frame. */
  moves(): number
  /** Links of the message whose way is shown. */
  wayLinks(): number
  /** What the timeline holds. */
  timeline(): {
    readonly fromMs: number
    readonly toMs: number
    readonly changes: number
    readonly events: number
  }
}
