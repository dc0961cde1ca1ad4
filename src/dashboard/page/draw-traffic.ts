// Draws the messages on their ways: tokens that run along links and leave a fading trace, and the whole way of the message
// that is selected. With reduced motion nothing runs; the trace alone is shown. It must not allocate for each frame.

import { type Frame, radiusPx, type ShownEdge } from './frame.ts'
import { FADE_MS, HOP_MS, type TokenKind, type Tokens } from './tokens.ts'

/** Traces are drawn in so many strengths, each in one stroke. */
const STRENGTHS = 4
/** From so many links on a tree is drawn fainter at its ends. */
const LARGE_TREE = 150
const KINDS: readonly TokenKind[] = ['broadcast', 'direct']

/** All that is on its way. @returns how many tokens were drawn between two nodes: 0 with reduced motion */
export function drawTraffic(frame: Frame, tokens: Tokens): number {
  tokens.passTo(frame.nowMs)
  if (tokens.count === 0) return 0
  let moving = 0
  for (const kind of KINDS) {
    for (let strength = 1; strength <= STRENGTHS; strength++) drawTraces(frame, tokens, kind, strength)
    if (!frame.hasReducedMotion) moving += drawHeads(frame, tokens, kind)
  }
  frame.context.globalAlpha = 1
  return moving
}

function drawTraces(frame: Frame, tokens: Tokens, kind: TokenKind, strength: number): void {
  const { context, scale, palette, nowMs } = frame
  context.beginPath()
  let count = 0
  for (let index = 0; index < tokens.count; index++) {
    const token = tokens.at(index)
    const passedMs = nowMs - token.startMs
    if (token.kind !== kind || passedMs < 0) continue
    const left = Math.min(1, 1 - (passedMs - HOP_MS) / FADE_MS)
    if (Math.ceil(left * STRENGTHS) !== strength) continue
    const part = frame.hasReducedMotion ? 1 : Math.min(1, passedMs / HOP_MS)
    const [x, y] = [token.from.x ?? 0, token.from.y ?? 0]
    context.moveTo(x, y)
    context.lineTo(x + ((token.to.x ?? 0) - x) * part, y + ((token.to.y ?? 0) - y) * part)
    count++
  }
  if (count === 0) return
  context.globalAlpha = (strength / STRENGTHS) * background(frame)
  context.strokeStyle = palette[kind]
  context.lineWidth = 1.6 / scale
  context.stroke()
}

// Direct messages are round, broadcasts are square: also told apart without colour.
function drawHeads(frame: Frame, tokens: Tokens, kind: TokenKind): number {
  const { context, scale, palette, nowMs } = frame
  const size = Math.min(4, Math.max(2, radiusPx(scale) * 0.5)) / scale
  context.beginPath()
  let count = 0
  for (let index = 0; index < tokens.count; index++) {
    const token = tokens.at(index)
    const part = (nowMs - token.startMs) / HOP_MS
    if (token.kind !== kind || part < 0 || part > 1) continue
    count++
    const x = (token.from.x ?? 0) + ((token.to.x ?? 0) - (token.from.x ?? 0)) * part
    const y = (token.from.y ?? 0) + ((token.to.y ?? 0) - (token.from.y ?? 0)) * part
    if (kind === 'direct') {
      context.moveTo(x + size, y)
      context.arc(x, y, size, 0, 2 * Math.PI)
    } else {
      context.rect(x - size, y - size, size * 2, size * 2)
    }
  }
  context.globalAlpha = Math.min(1, background(frame) + 0.2)
  context.fillStyle = palette[kind]
  context.fill()
  return count
}

// Beside a message, a node or hits that somebody looks at, all others are in the background.
function background({ edges, selected, hits }: Frame): number {
  return edges.length > 0 || selected !== undefined || hits !== undefined ? 0.25 : 0.8
}

/**
 * The way of the selected message: its links with an arrow in the direction that it took. Of a large tree what is far from
 * the origin is fainter, or the whole picture would have one colour.
 */
export function drawWay(frame: Frame): void {
  const { context, palette, edges, isTree } = frame
  context.strokeStyle = isTree ? palette.broadcast : palette.direct
  context.fillStyle = context.strokeStyle
  const isLarge = edges.length > LARGE_TREE
  // The links come in the order of their hops.
  for (let first = 0; first < edges.length; ) {
    const hops = edges[first]?.hops ?? 0
    let end = first + 1
    while (end < edges.length && edges[end]?.hops === hops) end++
    context.globalAlpha = isLarge ? Math.max(0.22, 1.3 - 0.3 * hops) : 1
    drawHop(frame, [first, end], isLarge ? Math.max(0.9, 3 - 0.5 * hops) : 2.6)
    first = end
  }
  context.globalAlpha = 1
}

function drawHop(frame: Frame, [first, end]: readonly [number, number], widthPx: number): void {
  const { context, scale, edges } = frame
  context.lineWidth = widthPx / scale
  context.beginPath()
  for (let index = first; index < end; index++) {
    const { fromNode, toNode } = edges[index] as ShownEdge
    context.moveTo(fromNode.x ?? 0, fromNode.y ?? 0)
    context.lineTo(toNode.x ?? 0, toNode.y ?? 0)
  }
  context.stroke()
  context.beginPath()
  for (let index = first; index < end; index++) addArrow(frame, edges[index] as ShownEdge)
  context.fill()
}

function addArrow({ context, scale, edges }: Frame, { fromNode, toNode }: ShownEdge): void {
  const [x, y] = [fromNode.x ?? 0, fromNode.y ?? 0]
  const [dx, dy] = [(toNode.x ?? 0) - x, (toNode.y ?? 0) - y]
  const length = Math.hypot(dx, dy)
  const largestPx = edges.length > LARGE_TREE ? 6 : 9
  const size = Math.min(largestPx, Math.max(4, length * scale * 0.3)) / scale
  if (length === 0 || length * scale < 10) return
  const [ux, uy] = [dx / length, dy / length]
  // In the middle, where neither a node nor its name covers it.
  const tip = length * 0.58 + size / 2
  const [tx, ty] = [x + ux * tip, y + uy * tip]
  const [bx, by] = [tx - ux * size, ty - uy * size]
  context.moveTo(tx, ty)
  context.lineTo(bx - uy * size * 0.5, by + ux * size * 0.5)
  context.lineTo(bx + uy * size * 0.5, by - ux * size * 0.5)
}
