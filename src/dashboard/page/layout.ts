// Where the nodes go. The first picture, and one that has grown by a quarter, is laid out as a whole; otherwise all nodes
// stay where they are and only the new ones find a place beside their neighbors. It must not draw.

import type ForceGraph from 'force-graph'
import { otherEnd, type Scene, type SceneChange, type SceneLink, type SceneNode } from './scene.ts'

/** The force-graph of the picture. */
export type Graph = ForceGraph<SceneNode, SceneLink>

/** The share of new nodes from which the whole picture is laid out again. */
const GROWTH_MAX = 0.25
const WHOLE_TICKS = 190
const PINNED_TICKS = 70
const LINK_LENGTH = 46
/** Sunflower: no two nodes on one place, and the same density everywhere. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5))
/** Positions of nodes that are not shown, for when they come back. */
const REMEMBERED_MAX = 20_000

/** Lays the picture out. */
export class Layout {
  readonly #graph: Graph
  readonly #scene: Scene
  readonly #hasReducedMotion: () => boolean
  readonly #remembered = new Map<string, { readonly x: number; readonly y: number }>()
  #laidOut = 0
  #isWhole = false
  #isRunning = false
  #pinned: SceneNode[] = []

  /** @param hasReducedMotion whether nodes are to be at their places at once */
  constructor(graph: Graph, scene: Scene, hasReducedMotion: () => boolean) {
    this.#hasReducedMotion = hasReducedMotion
    this.#graph = graph
    this.#scene = scene
    this.#setForces()
  }

  /** The simulation runs. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** The simulation runs, and moves all nodes. */
  get isRunningWhole(): boolean {
    return this.#isRunning && this.#isWhole
  }

  /** Takes the nodes and links of the scene over into force-graph. */
  apply({ added, hasNewStructure }: SceneChange): void {
    if (!hasNewStructure) return
    this.#unpin()
    const { nodes } = this.#scene
    const unplaced = added.filter((node) => !this.#recall(node))
    const isGrown =
      unplaced.length > Math.max(1, this.#laidOut) * GROWTH_MAX || nodes.length > this.#laidOut * 1.5
    if (unplaced.length > 0 && (isGrown || this.isRunningWhole)) {
      this.#place(unplaced)
      this.#run(true, WHOLE_TICKS)
      return
    }
    this.#place(unplaced)
    const isNew = new Set(unplaced)
    for (const node of nodes) {
      if (!isNew.has(node)) this.#pin(node)
    }
    this.#run(false, unplaced.length === 0 ? 0 : PINNED_TICKS)
  }

  /** Lays the whole picture out again. */
  again(): void {
    this.#unpin()
    this.#run(true, WHOLE_TICKS)
  }

  /** The simulation has stopped. */
  stopped(): void {
    this.#isRunning = false
    this.#unpin()
    if (this.#remembered.size > REMEMBERED_MAX) this.#remembered.clear()
    this.remember()
  }

  /** Keeps where all nodes are, for when they go and come back. */
  remember(): void {
    for (const { id, x, y } of this.#scene.nodes) {
      if (x !== undefined && y !== undefined) this.#remembered.set(id, { x, y })
    }
  }

  #run(isWhole: boolean, ticks: number): void {
    this.#isWhole = isWhole
    this.#isRunning = true
    if (isWhole) this.#laidOut = this.#scene.nodes.length
    const isAtOnce = this.#hasReducedMotion()
    this.#graph.warmupTicks(isAtOnce ? ticks : 0).cooldownTicks(isAtOnce ? 0 : ticks)
    this.#graph.graphData({ nodes: this.#scene.nodes, links: this.#scene.links })
  }

  #setForces(): void {
    this.#graph
      .cooldownTime(60_000)
      .d3AlphaDecay(0.028)
      .d3AlphaMin(0.004)
      .d3VelocityDecay(0.42)
      // It moves all nodes to keep their middle in place, pinned ones too; the pull to the middle does it more gently.
      .d3Force('center', null)
    this.#graph.d3Force('link')?.distance(LINK_LENGTH)
    this.#graph.d3Force('charge')?.strength(-110).distanceMax(900).theta(1.1)
    this.#graph.d3Force('middle', pullToMiddle())
  }

  #recall(node: SceneNode): boolean {
    const place = this.#remembered.get(node.id)
    if (place === undefined) return false
    node.x = place.x
    node.y = place.y
    return true
  }

  // New nodes beside those neighbors that have a place; without any, on the outside of the sunflower.
  #place(nodes: readonly SceneNode[]): void {
    const total = this.#scene.nodes.length
    for (const [index, node] of nodes.entries()) {
      let [x, y, count] = [0, 0, 0]
      for (const link of node.links) {
        const other = otherEnd(link, node)
        if (other.x === undefined || other.y === undefined || total === nodes.length) continue
        x += other.x
        y += other.y
        count++
      }
      const turn = (total - nodes.length + index) * GOLDEN_ANGLE
      const away = count > 0 ? 24 : 12 * Math.sqrt(total - nodes.length + index + 0.5)
      node.x = (count > 0 ? x / count : 0) + away * Math.cos(turn)
      node.y = (count > 0 ? y / count : 0) + away * Math.sin(turn)
    }
  }

  #pin(node: SceneNode): void {
    if (node.x === undefined || node.y === undefined) return
    node.fx = node.x
    node.fy = node.y
    this.#pinned.push(node)
  }

  #unpin(): void {
    for (const node of this.#pinned) {
      delete node.fx
      delete node.fy
    }
    this.#pinned = []
  }
}

// Keeps parts without links between them in the picture: linked nodes are drawn to the middle, and what has no link, which
// all others push away and nobody holds, to a circle around them.
function pullToMiddle() {
  let nodes: readonly SceneNode[] = []
  const force = (alpha: number): void => {
    let [squares, linked] = [0, 0]
    for (const { links, x = 0, y = 0 } of nodes) {
      if (links.length === 0) continue
      squares += x * x + y * y
      linked++
    }
    const around = linked === 0 ? 0 : Math.sqrt(squares / linked) * 1.3 + 10
    for (const node of nodes) {
      const { x = 0, y = 0 } = node
      const distance = Math.hypot(x, y) || 1
      const pull = node.links.length === 0 ? 0.8 * (1 - around / distance) : 0.055
      node.vx = (node.vx ?? 0) - x * pull * alpha
      node.vy = (node.vy ?? 0) - y * pull * alpha
    }
  }
  force.initialize = (given: readonly SceneNode[]): void => {
    nodes = given
  }
  return force
}
