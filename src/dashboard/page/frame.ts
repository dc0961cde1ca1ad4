// What every part of the drawing needs to know of one frame. One object for all frames: nothing is allocated for it.

import type { Palette } from './palette.ts'
import type { TreeEdge } from './paths.ts'
import type { Scene, SceneLink, SceneNode } from './scene.ts'

/** A link of the message that is shown, in the direction that it took. */
export interface ShownEdge extends TreeEdge {
  readonly fromNode: SceneNode
  readonly toNode: SceneNode
}

/** The frame. Lengths are in the picture's units; `scale` of them are one pixel: `px / scale`. */
export interface Frame {
  context: CanvasRenderingContext2D
  scale: number
  nowMs: number
  palette: Palette
  scene: Scene
  selected: SceneNode | undefined
  hovered: SceneNode | undefined
  /** The selected link, or else the hovered one. */
  link: SceneLink | undefined
  hits: ReadonlySet<string> | undefined
  /** Of the message that is shown. */
  edges: readonly ShownEdge[]
  /** The message that is shown is a broadcast. */
  isTree: boolean
  /** The layout runs: every frame is another picture. */
  isSettling: boolean
  hasReducedMotion: boolean
  /** Of the canvas, in pixels. */
  widthPx: number
  heightPx: number
  /** Where the picture's 0/0 is on the canvas, in pixels. */
  offsetX: number
  offsetY: number
}

/** The radius of a node, in pixels: it grows with the zoom, within what can be seen and told apart. */
export function radiusPx(scale: number): number {
  return Math.min(10, Math.max(2.6, 6.5 * scale))
}
