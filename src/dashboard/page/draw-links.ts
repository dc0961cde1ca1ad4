// Draws the links: as many as look alike in one stroke, wider with more messages per second, and with bars across the end
// where bytes wait. It must not allocate: it runs in every frame.

import type { Frame } from './frame.ts'
import { radiusPx } from './frame.ts'
import { DIM, LEVELS, type SceneLink, type SceneNode, STRONG } from './scene.ts'

/** Of the levels of `LEVELS`. */
const WIDTHS_PX: readonly number[] = [0.8, 1, 1.6, 2.4, 3.6]
/** One path of thousands of crossing lines costs more than some of hundreds. */
const LINES_PER_PATH = 250
/** More links than that are drawn in a hurry while the layout runs. */
const HURRY_LINKS = 600
/** Bytes that wait, from which there is one more bar. */
const QUEUE_BARS: readonly number[] = [1, 4_096, 65_536]

/** All links, the markers of queues included. */
export function drawLinks(frame: Frame): void {
  const { context, scale, palette, scene } = frame
  // Thousands of links would be a grey sheet if each were as strong as one of ten.
  const crowd = Math.min(0.75, Math.max(0.11, 7 / Math.sqrt(scene.links.length + 1)))
  const isHurried = frame.isSettling && scene.links.length > HURRY_LINKS
  for (const group of scene.groups) {
    const isStrong = group.emphasis === STRONG
    context.strokeStyle = isStrong ? palette.accent : palette.link
    const busy = group.level / (LEVELS.length - 1)
    const alpha = crowd + (1 - crowd) * busy * 0.4
    context.globalAlpha = isStrong ? 0.95 : group.emphasis === DIM ? alpha * 0.35 : alpha
    // Hairlines cost a fraction, and while all of them move nobody compares their widths.
    const widthPx = isHurried ? 0.8 : (WIDTHS_PX[group.level] ?? 1)
    context.lineWidth = (widthPx + (isStrong ? 0.7 : 0)) / scale
    strokeAll(context, group.links)
  }
  context.globalAlpha = 1
  for (const link of scene.queued) drawQueue(frame, link)
  if (frame.link !== undefined) drawChosen(frame, frame.link)
}

function strokeAll(context: CanvasRenderingContext2D, links: readonly SceneLink[]): void {
  context.beginPath()
  for (let index = 0; index < links.length; index++) {
    const { source, target } = links[index] as SceneLink
    context.moveTo(source.x ?? 0, source.y ?? 0)
    context.lineTo(target.x ?? 0, target.y ?? 0)
    if (index % LINES_PER_PATH === LINES_PER_PATH - 1) {
      context.stroke()
      context.beginPath()
    }
  }
  context.stroke()
}

function drawChosen({ context, scale, palette }: Frame, { source, target, level }: SceneLink): void {
  context.strokeStyle = palette.accent
  context.lineWidth = ((WIDTHS_PX[level] ?? 1) + 1.6) / scale
  context.beginPath()
  context.moveTo(source.x ?? 0, source.y ?? 0)
  context.lineTo(target.x ?? 0, target.y ?? 0)
  context.stroke()
}

function drawQueue(frame: Frame, link: SceneLink): void {
  frame.context.globalAlpha = link.emphasis === DIM ? 0.35 : 1
  if (link.queuedAtSourceBytes > 0) drawBars(frame, link.source, link.target, link.queuedAtSourceBytes)
  if (link.queuedAtTargetBytes > 0) drawBars(frame, link.target, link.source, link.queuedAtTargetBytes)
  frame.context.globalAlpha = 1
}

// Bars across the link, near the end where the bytes wait: one to three of them.
function drawBars(frame: Frame, from: SceneNode, to: SceneNode, bytes: number): void {
  const { context, scale, palette } = frame
  const [x, y] = [from.x ?? 0, from.y ?? 0]
  const [dx, dy] = [(to.x ?? 0) - x, (to.y ?? 0) - y]
  const length = Math.hypot(dx, dy)
  if (length * scale < 24) return
  const [ux, uy] = [dx / length, dy / length]
  const half = Math.min(5, 3 + radiusPx(scale) * 0.2) / scale
  context.strokeStyle = palette.queue
  context.lineWidth = 1.8 / scale
  context.beginPath()
  for (let bar = 0; bar < QUEUE_BARS.length && bytes >= (QUEUE_BARS[bar] ?? 0); bar++) {
    const along = (radiusPx(scale) + 6 + bar * 3.5) / scale
    const [mx, my] = [x + ux * along, y + uy * along]
    context.moveTo(mx - uy * half, my + ux * half)
    context.lineTo(mx + uy * half, my - ux * half)
  }
  context.stroke()
}
