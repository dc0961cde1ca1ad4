// Draws names and the figures of links, as many as there is room for: what is selected first, then what has most links.
// Where two would cover each other the second one is left out. It must not allocate for each frame.

import { type Frame, radiusPx } from './frame.ts'
import { DIM, otherEnd, type SceneLink, type SceneNode } from './scene.ts'
import { durationText, rateText, shortName } from './wording.ts'

const FONT_PX = 11.5
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
/** The canvas in squares of this side; a label occupies some. */
const CELL_PX = 6
/** More nodes than that in sight, and only what is in focus has its name. */
const NAMED_MAX = 140
/** A way of more links than that has no names of its own. */
const NAMED_EDGES_MAX = 20
/** A selected node may have more links than that; the figures of the first ones are shown. */
const FIGURES_MAX = 12

/** Places labels. It keeps what it has measured. */
export class Labels {
  #cells = new Uint8Array(0)
  #columns = 0
  #rows = 0
  readonly #widths = new Map<string, number>()
  #order: SceneNode[] = []
  #ordered: readonly SceneNode[] | undefined

  /** All labels of a frame. */
  draw(frame: Frame): void {
    this.#clear(frame)
    const { context, palette } = frame
    context.font = `${FONT_PX / frame.scale}px ${FONT}`
    context.textAlign = 'center'
    context.textBaseline = 'middle'
    context.lineJoin = 'round'
    context.strokeStyle = palette.background
    context.lineWidth = 3 / frame.scale
    this.#chosen(frame)
    this.#figures(frame)
    this.#names(frame)
    context.globalAlpha = 1
  }

  // What somebody looks at has its name, also where that covers something.
  #chosen(frame: Frame): void {
    const { selected, hovered, edges } = frame
    if (hovered !== undefined) this.#name(frame, hovered, true)
    if (selected !== undefined && selected !== hovered) this.#name(frame, selected, true)
    if (selected !== undefined && selected.links.length <= FIGURES_MAX) {
      // Before the figures of its links, which would take their room.
      for (const link of selected.links) this.#name(frame, otherEnd(link, selected), false)
    }
    if (edges.length > NAMED_EDGES_MAX) return
    for (const { fromNode, toNode } of edges) {
      this.#name(frame, fromNode, true)
      this.#name(frame, toNode, true)
    }
  }

  #names(frame: Frame): void {
    const { scene, selected, hovered, hits } = frame
    this.#sort(scene.nodes)
    const all = this.#inSight(frame) <= NAMED_MAX
    for (const node of this.#order) {
      const isFocus =
        node.isSelf || hits?.has(node.id) === true || (selected !== undefined && node.emphasis === 2)
      if ((isFocus || all) && node !== hovered && node !== selected) this.#name(frame, node, false)
    }
  }

  #figures(frame: Frame): void {
    if (frame.link !== undefined) this.#figure(frame, frame.link)
    if (frame.selected === undefined || frame.edges.length > 0) return
    const { links } = frame.selected
    for (let index = 0; index < links.length && index < FIGURES_MAX; index++) {
      const link = links[index] as SceneLink
      if (link !== frame.link) this.#figure(frame, link)
    }
  }

  #figure(frame: Frame, { source, target, rttMs, messagesPerS }: SceneLink): void {
    if (rttMs === undefined) return
    const text = `${durationText(rttMs)} · ${rateText(messagesPerS)}/s`
    const [x, y] = [((source.x ?? 0) + (target.x ?? 0)) / 2, ((source.y ?? 0) + (target.y ?? 0)) / 2]
    const lengthPx =
      Math.hypot((source.x ?? 0) - (target.x ?? 0), (source.y ?? 0) - (target.y ?? 0)) * frame.scale
    if (lengthPx < this.#width(frame, text) * 0.8 || !this.#take(frame, text, x, y)) return
    const { context, palette, scale } = frame
    // On ground of its own: it lies on the line that it is about.
    const [width, height] = [(this.#width(frame, text) + 6) / scale, (FONT_PX + 4) / scale]
    context.fillStyle = palette.background
    context.fillRect(x - width / 2, y - height / 2, width, height)
    context.fillStyle = palette.text
    context.fillText(text, x, y)
  }

  #name(frame: Frame, node: SceneNode, isForced: boolean): void {
    const { context, scale, palette } = frame
    const belowPx = radiusPx(scale) + (node.isSelf ? 12 : 9)
    const [x, y] = [node.x ?? 0, (node.y ?? 0) + belowPx / scale]
    const text = shortName(node.id)
    if (!this.#take(frame, text, x, y) && !isForced) return
    context.globalAlpha = node.emphasis === DIM && !isForced ? 0.45 : 1
    context.fillStyle = palette.text
    context.strokeText(text, x, y)
    context.fillText(text, x, y)
  }

  // Takes the squares under a label, where all of them are free.
  #take(frame: Frame, text: string, x: number, y: number): boolean {
    const half = this.#width(frame, text) / 2 + 2
    const [cx, cy] = [x * frame.scale + frame.offsetX, y * frame.scale + frame.offsetY]
    const left = Math.max(0, Math.floor((cx - half) / CELL_PX))
    const right = Math.min(this.#columns - 1, Math.floor((cx + half) / CELL_PX))
    const top = Math.max(0, Math.floor((cy - FONT_PX / 2) / CELL_PX))
    const bottom = Math.min(this.#rows - 1, Math.floor((cy + FONT_PX / 2) / CELL_PX))
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        if (this.#cells[row * this.#columns + column] === 1) return false
      }
    }
    for (let row = top; row <= bottom; row++) {
      this.#cells.fill(1, row * this.#columns + left, row * this.#columns + right + 1)
    }
    return left <= right && top <= bottom
  }

  #width({ context, scale }: Frame, text: string): number {
    let width = this.#widths.get(text)
    if (width === undefined) {
      width = context.measureText(text).width * scale
      if (this.#widths.size > 5_000) this.#widths.clear()
      this.#widths.set(text, width)
    }
    return width
  }

  #inSight({ scene, scale, offsetX, offsetY, widthPx, heightPx }: Frame): number {
    let count = 0
    for (const node of scene.nodes) {
      const [x, y] = [(node.x ?? 0) * scale + offsetX, (node.y ?? 0) * scale + offsetY]
      if (x >= 0 && y >= 0 && x <= widthPx && y <= heightPx) count++
    }
    return count
  }

  #sort(nodes: readonly SceneNode[]): void {
    if (this.#ordered === nodes) return
    this.#ordered = nodes
    this.#order = [...nodes].sort(
      (a, b) => Number(b.isSelf) - Number(a.isSelf) || b.links.length - a.links.length,
    )
  }

  #clear({ widthPx, heightPx }: Frame): void {
    const [columns, rows] = [Math.ceil(widthPx / CELL_PX), Math.ceil(heightPx / CELL_PX)]
    if (columns === this.#columns && rows === this.#rows) {
      this.#cells.fill(0)
      return
    }
    this.#columns = columns
    this.#rows = rows
    this.#cells = new Uint8Array(columns * rows)
  }
}
