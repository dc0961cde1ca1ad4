// Mouse, pen and fingers on the picture: what is under them, clicks, and nodes that are dragged. Panning and zooming are
// force-graph's. It must not draw, nor know what a click is for.

import { radiusPx } from './frame.ts'
import type { Graph } from './layout.ts'
import type { Scene, SceneLink, SceneNode } from './scene.ts'

/** What is under the pointer. */
export interface Under {
  readonly node?: SceneNode
  readonly link?: SceneLink
}

/** Who is told. */
export interface PointerListener {
  onHover(under: Under, xPx: number, yPx: number): void
  onClick(under: Under): void
  /** A node is being dragged, or the picture moved by hand. */
  onMove(): void
}

const CLICK_PX = 5
const LINK_PX = 5
const FINGER_PX = 12

/** Listens on the element of the picture. */
export class Pointer {
  readonly #element: HTMLElement
  readonly #graph: Graph
  readonly #scene: Scene
  readonly #listener: PointerListener
  #pressed: { readonly x: number; readonly y: number; readonly node: SceneNode | undefined } | undefined
  #isDragging = false
  #wasDragged = false

  constructor(element: HTMLElement, graph: Graph, scene: Scene, listener: PointerListener) {
    this.#element = element
    this.#graph = graph
    this.#scene = scene
    this.#listener = listener
    element.addEventListener('pointermove', (event) => this.#move(event))
    element.addEventListener('pointerdown', (event) => this.#down(event))
    element.addEventListener('click', (event) => this.#click(event))
    // Wherever it ends: a drag of the picture may go beyond it.
    addEventListener('pointerup', () => this.#up())
    addEventListener('pointercancel', () => this.#release())
    element.addEventListener('pointerleave', () => {
      if (this.#pressed === undefined) listener.onHover({}, 0, 0)
    })
    element.addEventListener('wheel', () => listener.onMove(), { passive: true })
    // Where a node is under the pointer, it is dragged and not the picture. Two fingers always zoom.
    graph.enablePanInteraction((event: MouseEvent | TouchEvent) => {
      const touches = 'touches' in event ? event.touches : undefined
      if (touches !== undefined && touches.length !== 1) return true
      const at = touches?.[0] ?? (event as MouseEvent)
      return this.#under(at.clientX, at.clientY, touches !== undefined).node === undefined
    })
  }

  #move(event: PointerEvent): void {
    // The release was somewhere where nobody tells of it.
    if (event.buttons === 0 && event.pointerType !== 'touch') this.#release()
    const pressed = this.#pressed
    if (pressed === undefined) {
      const box = this.#element.getBoundingClientRect()
      const under = this.#under(event.clientX, event.clientY, false)
      this.#element.style.cursor = under.node === undefined && under.link === undefined ? '' : 'pointer'
      this.#listener.onHover(under, event.clientX - box.left, event.clientY - box.top)
      return
    }
    const isFar = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > CLICK_PX
    if (!isFar && !this.#isDragging) return
    this.#isDragging = true
    if (pressed.node !== undefined) {
      const at = this.#place(event.clientX, event.clientY)
      Object.assign(pressed.node, { x: at.x, y: at.y, fx: at.x, fy: at.y })
    }
    this.#listener.onMove()
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return
    const { node } = this.#under(event.clientX, event.clientY, event.pointerType === 'touch')
    this.#pressed = { x: event.clientX, y: event.clientY, node }
    this.#isDragging = false
    if (node !== undefined) this.#element.setPointerCapture(event.pointerId)
  }

  #up(): void {
    this.#wasDragged = this.#isDragging
    this.#release()
  }

  // Not when the finger is lifted, but with the click that follows: what a click opens could otherwise come to lie under the
  // finger, and be clicked itself.
  #click(event: MouseEvent): void {
    if (this.#wasDragged) return
    const isFinger = event instanceof PointerEvent && event.pointerType === 'touch'
    this.#listener.onClick(this.#under(event.clientX, event.clientY, isFinger))
  }

  #release(): void {
    const node = this.#pressed?.node
    if (node !== undefined && this.#isDragging) {
      delete node.fx
      delete node.fy
    }
    this.#pressed = undefined
    this.#isDragging = false
  }

  #place(clientX: number, clientY: number): { x: number; y: number } {
    const box = this.#element.getBoundingClientRect()
    return this.#graph.screen2GraphCoords(clientX - box.left, clientY - box.top)
  }

  #under(clientX: number, clientY: number, isFinger: boolean): Under {
    const { x, y } = this.#place(clientX, clientY)
    const scale = this.#graph.zoom()
    const reach = (radiusPx(scale) + (isFinger ? FINGER_PX : 4)) / scale
    let node: SceneNode | undefined
    let nearest = reach
    for (const each of this.#scene.nodes) {
      const distance = Math.hypot((each.x ?? 0) - x, (each.y ?? 0) - y)
      if (distance < nearest) [node, nearest] = [each, distance]
    }
    if (node !== undefined) return { node }
    const link = this.#linkAt(x, y, LINK_PX / scale)
    return link === undefined ? {} : { link }
  }

  #linkAt(x: number, y: number, reach: number): SceneLink | undefined {
    let [found, nearest]: [SceneLink | undefined, number] = [undefined, reach]
    for (const link of this.#scene.links) {
      const [ax, ay] = [link.source.x ?? 0, link.source.y ?? 0]
      const [dx, dy] = [(link.target.x ?? 0) - ax, (link.target.y ?? 0) - ay]
      const squared = dx * dx + dy * dy
      if (squared === 0) continue
      const part = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / squared))
      const distance = Math.hypot(ax + dx * part - x, ay + dy * part - y)
      if (distance < nearest) [found, nearest] = [link, distance]
    }
    return found
  }
}
