// The live picture: force-graph for layout, zoom and the loop of frames; the drawing is ours. It must not read the feed:
// it is given states, figures and steps, and what is selected.

import ForceGraph from 'force-graph'
import type { MessageStep } from '../../guests/overlay-lines.ts'
import { Labels } from './draw-labels.ts'
import { drawLinks } from './draw-links.ts'
import { drawNodes } from './draw-nodes.ts'
import { drawTraffic, drawWay } from './draw-traffic.ts'
import type { Position } from './export.ts'
import type { Frame, ShownEdge } from './frame.ts'
import { FrameRate } from './frame-rate.ts'
import { Layer } from './layer.ts'
import { type Graph, Layout } from './layout.ts'
import type { OverlayState } from './overlay-model.ts'
import { readPalette } from './palette.ts'
import { edgesOf, type Trail } from './paths.ts'
import { Pointer, type Under } from './pointer.ts'
import { otherEnd, Scene, type SceneLink, type SceneNode } from './scene.ts'
import { startMsOf, Tokens } from './tokens.ts'
import type { View } from './view-state.ts'

/** Who is told. */
export interface PictureListener {
  onHover(under: Under, xPx: number, yPx: number): void
  onClick(under: Under): void
  onFrame(): void
}

const FIT_PADDING_PX = 56
/** From the middle of a node to what lies over the picture, at least. */
const NODE_ROOM_PX = 16
const ZOOM_FIT_MAX = 3
const MOVE_MS = 350

/** The picture in its element. */
export class Picture {
  readonly scene = new Scene()
  readonly frameRate = new FrameRate()
  readonly #element: HTMLElement
  readonly #coveredTopPx: () => number
  readonly #graph: Graph
  readonly #layout: Layout
  readonly #labels = new Labels()
  readonly #tokens = new Tokens()
  readonly #frame: Frame
  readonly #motion = matchMedia('(prefers-reduced-motion: reduce)')
  readonly #links = new Layer()
  readonly #nodes = new Layer()
  /** Grows with whatever changes the picture, but for messages on their ways. */
  #version = 0
  #trail: Trail | undefined
  #selectedLink: SceneLink | undefined
  #isMovedByHand = false
  #isContinuous = false
  #movesUntilMs = 0
  #moves = 0

  /** @param coveredTopPx how much of its upper edge lies under something else */
  constructor(element: HTMLElement, coveredTopPx: () => number, listener: PictureListener) {
    this.#element = element
    this.#coveredTopPx = coveredTopPx
    this.#graph = new ForceGraph<SceneNode, SceneLink>(element)
    this.#layout = new Layout(this.#graph, this.scene, () => this.#motion.matches)
    this.#frame = this.#firstFrame()
    this.#graph
      .enablePointerInteraction(false)
      .enableNodeDrag(false)
      .nodeVisibility(false)
      .linkVisibility(false)
      .minZoom(0.03)
      .maxZoom(12)
      .onRenderFramePost(() => this.#draw(listener))
      .onEngineTick(() => this.#keepInSight(0))
      .onEngineStop(() => {
        const wasWhole = this.#layout.isRunningWhole
        this.#layout.stopped()
        if (wasWhole) this.#keepInSight(MOVE_MS)
      })
    new Pointer(element, this.#graph, this.scene, {
      onHover: (under, xPx, yPx) => this.#hover(under, () => listener.onHover(under, xPx, yPx)),
      onClick: (under) => listener.onClick(under),
      onMove: () => {
        this.#isMovedByHand = true
        listener.onHover({}, 0, 0)
        this.redraw()
      },
    })
    new ResizeObserver(() => this.#resize()).observe(element)
    this.#motion.addEventListener('change', () => this.redraw())
    this.#resize()
  }

  /** The canvas, for a copy of what is on it. */
  get canvas(): HTMLCanvasElement {
    return this.#graph && (this.#element.querySelector('canvas') as HTMLCanvasElement)
  }

  /** The simulation runs, or the picture moves to where it has been sent. */
  get isSettling(): boolean {
    return this.#layout.isRunning || performance.now() < this.#movesUntilMs
  }

  /** The colours of the theme in force. */
  get palette() {
    return this.#frame.palette
  }

  /** Shows another state. What is selected stays selected, where it is still there. */
  show(state: OverlayState, view: View): void {
    this.#layout.remember()
    this.#layout.apply(this.scene.sync(state))
    const { hovered } = this.#frame
    if (hovered !== undefined && this.scene.node(hovered.id) !== hovered) this.#frame.hovered = undefined
    this.focus(view, this.#trail)
  }

  /** Takes over what reports say of the links. */
  showReports(state: OverlayState): void {
    this.scene.syncReports(state)
    this.redraw()
  }

  /** Lets messages run. */
  run(steps: readonly MessageStep[]): void {
    const nowMs = performance.now()
    for (const { kind, via, at, hops } of steps) {
      const [from, to] = [this.scene.node(via), this.scene.node(at)]
      if (from === undefined || to === undefined) continue
      this.#tokens.add({ from, to, kind, startMs: this.#motion.matches ? nowMs : startMsOf(hops, nowMs) })
    }
    this.#wake()
  }

  /** Takes messages out of the picture, as when it jumps to another moment. */
  stopTraffic(): void {
    this.#tokens.clear()
  }

  /** Puts what is selected into focus, and the way of a message. */
  focus(view: View, trail: Trail | undefined): void {
    const { scene } = this
    this.#trail = trail
    const node = view.node === undefined ? undefined : scene.node(view.node)
    const link = view.link === undefined ? undefined : scene.link(...view.link)
    const edges = trail === undefined ? [] : this.#shownEdges(trail)
    const nodes = new Set<SceneNode>()
    const links = new Set<SceneLink>()
    if (node !== undefined && edges.length === 0) {
      nodes.add(node)
      for (const each of node.links) {
        links.add(each)
        nodes.add(otherEnd(each, node))
      }
    }
    if (link !== undefined) {
      links.add(link)
      nodes.add(link.source).add(link.target)
    }
    for (const { fromNode, toNode } of edges) nodes.add(fromNode).add(toNode)
    if (view.hits !== undefined && nodes.size === 0) {
      for (const hit of view.hits) {
        const found = scene.node(hit)
        if (found !== undefined) nodes.add(found)
      }
    }
    this.#selectedLink = link
    Object.assign(this.#frame, {
      selected: node,
      link,
      edges,
      hits: view.hits,
      isTree: trail?.kind === 'broadcast',
    })
    scene.focus(nodes.size === 0 ? undefined : nodes, links)
    this.redraw()
  }

  /** Draws once more. */
  redraw(): void {
    this.#version++
    this.#wake()
  }

  #wake(): void {
    // Any property of the drawing does it; there is no other way in.
    this.#graph.nodeRelSize(4)
  }

  /** Reads the colours of the theme again. */
  recolor(): void {
    this.#frame.palette = readPalette()
    this.redraw()
  }

  /** All nodes in sight, also from now on. */
  fit(): void {
    this.#isMovedByHand = false
    this.#keepInSight(MOVE_MS)
  }

  /** Lays all nodes out again. */
  layOutAgain(): void {
    this.#isMovedByHand = false
    this.#layout.again()
  }

  /** Nearer (more than 1) or farther. */
  zoomBy(factor: number): void {
    this.#isMovedByHand = true
    this.#graph.zoom(this.#graph.zoom() * factor, this.#ms(160))
  }

  /** Moves the picture, in pixels. */
  panBy(xPx: number, yPx: number): void {
    this.#isMovedByHand = true
    const { x, y } = this.#graph.centerAt()
    this.#graph.centerAt(x + xPx / this.#graph.zoom(), y + yPx / this.#graph.zoom(), this.#ms(120))
  }

  /** Brings a node to the middle, near enough to be read. */
  centerOn(name: string): void {
    const node = this.scene.node(name)
    if (node === undefined) return
    this.#isMovedByHand = true
    this.#graph.centerAt(node.x, node.y, this.#ms(MOVE_MS))
    if (this.#graph.zoom() < 0.9) this.#graph.zoom(1.2, this.#ms(MOVE_MS))
  }

  /** Where the nodes are. */
  positions(): Map<string, Position> {
    return new Map(this.scene.nodes.map(({ id, x, y }) => [id, { x: x ?? 0, y: y ?? 0 }]))
  }

  /** Frames are drawn one after the other, for messages and their traces. */
  get isDrawing(): boolean {
    return this.#isContinuous
  }

  /** Tokens that were drawn on their ways since the start, each once for every frame. */
  get moves(): number {
    return this.#moves
  }

  /** Links of the message whose way is shown. */
  get wayLinks(): number {
    return this.#frame.edges.length
  }

  /** Brings a node into sight, where it is not. */
  reveal(name: string): void {
    const place = this.placeOf(name)
    const { widthPx, heightPx } = this.#frame
    if (place === undefined) return
    if (place.x < 0 || place.y < 0 || place.x > widthPx || place.y > heightPx) this.centerOn(name)
  }

  /** Where a node is on the canvas, in pixels. */
  placeOf(name: string): Position | undefined {
    const node = this.scene.node(name)
    return node === undefined ? undefined : this.#graph.graph2ScreenCoords(node.x ?? 0, node.y ?? 0)
  }

  #firstFrame(): Frame {
    const canvas = this.#element.querySelector('canvas')
    const context = canvas?.getContext('2d')
    if (context === null || context === undefined) throw new Error('this browser has no canvas')
    return {
      context,
      scale: 1,
      nowMs: 0,
      palette: readPalette(),
      scene: this.scene,
      selected: undefined,
      hovered: undefined,
      link: undefined,
      hits: undefined,
      edges: [],
      isTree: false,
      isSettling: false,
      hasReducedMotion: false,
      widthPx: 0,
      heightPx: 0,
      offsetX: 0,
      offsetY: 0,
    }
  }

  #draw(listener: PictureListener): void {
    const frame = this.#frame
    const startMs = performance.now()
    frame.nowMs = startMs
    frame.hasReducedMotion = this.#motion.matches
    const { x, y } = this.#graph.graph2ScreenCoords(0, 0)
    frame.isSettling = this.#layout.isRunning
    if (this.#hasMoved(x, y) || frame.isSettling) this.#version++
    this.#links.draw(frame, this.#version, drawLinks)
    this.#moves += drawTraffic(frame, this.#tokens)
    this.#nodes.draw(frame, this.#version, this.#paintNodes)
    this.#setContinuous(this.#tokens.count > 0)
    this.frameRate.add(startMs, performance.now() - startMs)
    listener.onFrame()
  }

  readonly #paintNodes = (frame: Frame): void => {
    drawWay(frame)
    drawNodes(frame)
    this.#labels.draw(frame)
  }

  // Takes over where the picture is on the canvas. Returns whether that is somewhere else than before.
  #hasMoved(x: number, y: number): boolean {
    const frame = this.#frame
    const scale = this.#graph.zoom()
    const isSame = frame.scale === scale && frame.offsetX === x && frame.offsetY === y
    frame.scale = scale
    frame.offsetX = x
    frame.offsetY = y
    return !isSame
  }

  // While messages run every frame is drawn, and otherwise only where something changes.
  #setContinuous(isContinuous: boolean): void {
    if (this.#isContinuous === isContinuous) return
    this.#isContinuous = isContinuous
    this.#graph.autoPauseRedraw(!isContinuous)
  }

  #hover(under: Under, tell: () => void): void {
    const frame = this.#frame
    const link = this.#selectedLink ?? under.link
    const isSame = frame.hovered === under.node && frame.link === link
    frame.hovered = under.node
    frame.link = link
    if (!isSame) this.redraw()
    tell()
  }

  #shownEdges(trail: Trail): ShownEdge[] {
    return edgesOf(trail).flatMap((edge) => {
      const [fromNode, toNode] = [this.scene.node(edge.from), this.scene.node(edge.to)]
      return fromNode === undefined || toNode === undefined ? [] : [{ ...edge, fromNode, toNode }]
    })
  }

  #keepInSight(ms: number): void {
    if (this.#isMovedByHand || this.scene.nodes.length === 0) return
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
    for (const { x = 0, y = 0 } of this.scene.nodes) {
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y)
    }
    const { widthPx, heightPx } = this.#frame
    const padding = Math.min(FIT_PADDING_PX, widthPx / 8, heightPx / 8)
    const paddingTop = Math.max(padding, Math.min(this.#coveredTopPx() + NODE_ROOM_PX, heightPx / 3))
    const scale = Math.min(
      (widthPx - 2 * padding) / Math.max(1, right - left),
      (heightPx - padding - paddingTop) / Math.max(1, bottom - top),
      ZOOM_FIT_MAX,
    )
    if (scale <= 0) return
    const y = (top + bottom) / 2 - (paddingTop - padding) / 2 / scale
    this.#graph.centerAt((left + right) / 2, y, this.#ms(ms)).zoom(scale, this.#ms(ms))
  }

  // How long a move of the picture takes.
  #ms(ms: number): number {
    if (this.#motion.matches || ms === 0) return 0
    // The last frame of it may come a little later.
    this.#movesUntilMs = performance.now() + ms + 50
    return ms
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#element
    if (clientWidth === 0 || clientHeight === 0) return
    this.#frame.widthPx = clientWidth
    this.#frame.heightPx = clientHeight
    this.#graph.width(clientWidth).height(clientHeight)
    this.#keepInSight(0)
    this.redraw()
  }
}
