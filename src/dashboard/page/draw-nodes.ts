// Draws the nodes: those that are simply up in one stroke, the others one by one with the forms of shapes.ts. It must not
// allocate: it runs in every frame.

import { type Frame, radiusPx } from './frame.ts'
import type { Palette } from './palette.ts'
import { DIM, type Emphasis, PLAIN, type SceneNode, STRONG } from './scene.ts'

const EMPHASES: readonly Emphasis[] = [DIM, PLAIN, STRONG]
const DASH: number[] = [0, 0]
const NO_DASH: number[] = []

/** All nodes, without their names. */
export function drawNodes(frame: Frame): void {
  for (const emphasis of EMPHASES) drawPlain(frame, emphasis)
  for (const node of frame.scene.nodes) {
    if (!isPlain(node)) drawSpecial(frame, node)
    if (frame.hits?.has(node.id) === true) drawHit(frame, node)
  }
  if (frame.hovered !== undefined) drawRing(frame, frame.hovered, frame.palette.muted, 4)
  if (frame.selected !== undefined) drawRing(frame, frame.selected, frame.palette.accent, 5)
  frame.context.globalAlpha = 1
}

function isPlain(node: SceneNode): boolean {
  return node.seen.state === 'up' && node.seen.kind === 'node' && !node.isSelf
}

function drawPlain({ context, scale, palette, scene }: Frame, emphasis: Emphasis): void {
  const radius = radiusPx(scale) / scale
  let count = 0
  context.beginPath()
  for (const node of scene.nodes) {
    if (node.emphasis !== emphasis || !isPlain(node)) continue
    const [x, y] = [node.x ?? 0, node.y ?? 0]
    context.moveTo(x + radius, y)
    context.arc(x, y, radius, 0, 2 * Math.PI)
    count++
  }
  if (count === 0) return
  // First the ground, so that links do not shine through what is out of focus.
  context.globalAlpha = 1
  context.fillStyle = palette.background
  context.strokeStyle = palette.background
  context.lineWidth = 2.5 / scale
  context.stroke()
  context.fill()
  context.globalAlpha = emphasis === DIM ? 0.35 : 1
  context.fillStyle = palette.up
  context.fill()
  context.globalAlpha = 1
}

function drawSpecial(frame: Frame, node: SceneNode): void {
  const { context, scale, palette } = frame
  const { state, kind } = node.seen
  const radius = (radiusPx(scale) + 1) / scale
  const [x, y] = [node.x ?? 0, node.y ?? 0]
  const color = colorOf(node, palette)
  if (node.isSelf) {
    // Ground between its two rings, whatever runs under them.
    context.globalAlpha = 1
    context.fillStyle = palette.background
    context.beginPath()
    context.arc(x, y, radius + 4.5 / scale, 0, 2 * Math.PI)
    context.fill()
  }
  context.globalAlpha = node.emphasis === DIM ? 0.45 : 1
  context.lineWidth = 1.6 / scale
  context.strokeStyle = color
  outline(frame, node, radius)
  context.fillStyle = state === 'up' ? color : palette.background
  context.fill()
  if (state === 'joining') {
    DASH[0] = DASH[1] = 2.6 / scale
    context.setLineDash(DASH)
  }
  context.stroke()
  context.setLineDash(NO_DASH)
  if (state === 'leaving') {
    context.beginPath()
    if (kind === 'http') context.rect(x - radius * 0.9, y - radius * 0.9, radius * 0.9, radius * 1.8)
    else context.arc(x, y, radius, Math.PI / 2, Math.PI * 1.5)
    context.fillStyle = color
    context.fill()
  } else if (state === 'unreachable') {
    const arm = radius * 0.6
    context.beginPath()
    context.moveTo(x - arm, y - arm)
    context.lineTo(x + arm, y + arm)
    context.moveTo(x + arm, y - arm)
    context.lineTo(x - arm, y + arm)
    context.stroke()
  }
  if (node.isSelf) {
    context.beginPath()
    context.arc(x, y, radius + 3 / scale, 0, 2 * Math.PI)
    context.stroke()
  }
  context.globalAlpha = 1
}

function outline({ context }: Frame, node: SceneNode, radius: number): void {
  const [x, y] = [node.x ?? 0, node.y ?? 0]
  context.beginPath()
  if (node.seen.kind === 'http') context.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8)
  else context.arc(x, y, radius, 0, 2 * Math.PI)
}

function colorOf({ seen }: SceneNode, palette: Palette): string {
  return seen.kind === 'http' && seen.state === 'up' ? palette.http : palette[seen.state]
}

function drawRing({ context, scale }: Frame, node: SceneNode, color: string, awayPx: number): void {
  const isSelfPx = node.isSelf ? 3 : 0
  context.globalAlpha = 1
  context.strokeStyle = color
  context.lineWidth = 2 / scale
  context.beginPath()
  context.arc(node.x ?? 0, node.y ?? 0, (radiusPx(scale) + awayPx + isSelfPx) / scale, 0, 2 * Math.PI)
  context.stroke()
}

// A hit of the search: four marks around it, like a sight.
function drawHit({ context, scale, palette }: Frame, node: SceneNode): void {
  const [x, y] = [node.x ?? 0, node.y ?? 0]
  const near = (radiusPx(scale) + 4) / scale
  const far = near + 5 / scale
  context.globalAlpha = 1
  context.strokeStyle = palette.text
  context.lineWidth = 1.8 / scale
  context.beginPath()
  context.moveTo(x - far, y)
  context.lineTo(x - near, y)
  context.moveTo(x + near, y)
  context.lineTo(x + far, y)
  context.moveTo(x, y - far)
  context.lineTo(x, y - near)
  context.moveTo(x, y + near)
  context.lineTo(x, y + far)
  context.stroke()
}
