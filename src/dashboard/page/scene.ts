// The nodes and links of the picture: objects that live as long as what they stand for is shown, so that positions stay
// where they are when something else changes. It must not draw, nor know force-graph or the DOM.

import type { SeenNode } from '../../guests/overlay-lines.ts'
import { linkFigures, linkKey, type OverlayState } from './overlay-model.ts'

/** How much something stands out. */
export type Emphasis = 0 | 1 | 2
/** What is not in focus, while something is. */
export const DIM: Emphasis = 0
/** As usual. */
export const PLAIN: Emphasis = 1
/** In focus. */
export const STRONG: Emphasis = 2

/** A node of the picture; force-graph moves it. */
export interface SceneNode {
  readonly id: string
  seen: SeenNode
  isSelf: boolean
  x?: number
  y?: number
  vx?: number
  vy?: number
  fx?: number
  fy?: number
  emphasis: Emphasis
  readonly links: SceneLink[]
}

/** A link of the picture. */
export interface SceneLink {
  readonly key: string
  readonly source: SceneNode
  readonly target: SceneNode
  /** One of its ends has said something of it just now; without that the figures mean nothing. */
  isReported: boolean
  rttMs: number | undefined
  queuedAtSourceBytes: number
  queuedAtTargetBytes: number
  messagesPerS: number
  /** How busy, as an index of `LEVELS`. */
  level: number
  emphasis: Emphasis
}

/** Messages per second from which a link is drawn in the next width. */
export const LEVELS: readonly number[] = [0, 0.05, 2, 20, 200]

/** What a sync has changed. */
export interface SceneChange {
  readonly added: readonly SceneNode[]
  readonly hasNewStructure: boolean
}

/** Links that are drawn alike. */
export interface LinkGroup {
  readonly level: number
  readonly emphasis: Emphasis
  readonly links: SceneLink[]
}

/** All that is in the picture. */
export class Scene {
  readonly #nodes = new Map<string, SceneNode>()
  readonly #links = new Map<string, SceneLink>()
  #nodeList: SceneNode[] = []
  #linkList: SceneLink[] = []
  #groups: LinkGroup[] = []
  #queued: SceneLink[] = []

  /** In no order that means anything. The same array until a node comes or goes. */
  get nodes(): SceneNode[] {
    return this.#nodeList
  }

  /** The same array until a link comes or goes. */
  get links(): SceneLink[] {
    return this.#linkList
  }

  /** The links by how they are drawn; what is in focus comes last, on top. */
  get groups(): readonly LinkGroup[] {
    return this.#groups
  }

  /** Links with bytes that wait. */
  get queued(): readonly SceneLink[] {
    return this.#queued
  }

  /** A node by its name. */
  node(name: string): SceneNode | undefined {
    return this.#nodes.get(name)
  }

  /** A link by its ends. */
  link(a: string, b: string): SceneLink | undefined {
    return this.#links.get(linkKey(a, b))
  }

  /** Makes the picture's objects those of the state. */
  sync(state: OverlayState): SceneChange {
    const added: SceneNode[] = []
    let hasNewStructure = false
    for (const name of this.#nodes.keys()) {
      if (!state.nodes.has(name)) hasNewStructure = this.#nodes.delete(name)
    }
    for (const seen of state.nodes.values()) {
      const isSelf = seen.name === state.self
      const known = this.#nodes.get(seen.name)
      if (known === undefined) {
        const node: SceneNode = { id: seen.name, seen, isSelf, emphasis: PLAIN, links: [] }
        this.#nodes.set(seen.name, node)
        added.push(node)
      } else {
        known.seen = seen
        known.isSelf = isSelf
      }
    }
    if (added.length > 0) hasNewStructure = true
    if (this.#syncLinks(state)) hasNewStructure = true
    if (hasNewStructure) this.#relist()
    this.syncReports(state)
    return { added, hasNewStructure }
  }

  /** Takes over what the reports say of the links. */
  syncReports(state: OverlayState): void {
    this.#queued = []
    for (const link of this.#linkList) {
      const figures = linkFigures([link.source.id, link.target.id], state)
      link.isReported = figures !== undefined
      link.rttMs = figures?.rttMs
      link.queuedAtSourceBytes = figures?.queuedBytes[0] ?? 0
      link.queuedAtTargetBytes = figures?.queuedBytes[1] ?? 0
      link.messagesPerS = figures?.messagesPerS ?? 0
      link.level = Math.max(
        0,
        LEVELS.findLastIndex((perS) => link.messagesPerS >= perS),
      )
      if (link.queuedAtSourceBytes + link.queuedAtTargetBytes > 0) this.#queued.push(link)
    }
    this.regroup()
  }

  /** Puts nodes and links in and out of focus. Without a focus all of them are plain. */
  focus(nodes: ReadonlySet<SceneNode> | undefined, links: ReadonlySet<SceneLink>): void {
    for (const node of this.#nodeList) {
      node.emphasis = nodes === undefined ? PLAIN : nodes.has(node) ? STRONG : DIM
    }
    for (const link of this.#linkList) {
      link.emphasis = nodes === undefined ? PLAIN : links.has(link) ? STRONG : DIM
    }
    this.regroup()
  }

  /** Sorts the links by how they are drawn. */
  regroup(): void {
    const groups = new Map<number, LinkGroup>()
    for (const link of this.#linkList) {
      const key = link.emphasis * LEVELS.length + link.level
      const group = groups.get(key)
      if (group !== undefined) group.links.push(link)
      else groups.set(key, { level: link.level, emphasis: link.emphasis, links: [link] })
    }
    this.#groups = [...groups].sort(([a], [b]) => a - b).map(([, group]) => group)
  }

  #syncLinks(state: OverlayState): boolean {
    let isChanged = false
    for (const [key, link] of this.#links) {
      // A node that was forgotten and has come back is another object.
      const isStale =
        this.#nodes.get(link.source.id) !== link.source || this.#nodes.get(link.target.id) !== link.target
      if (isStale || !state.links.has(key)) isChanged = this.#links.delete(key)
    }
    for (const [key, [a, b]] of state.links) {
      if (this.#links.has(key)) continue
      const [source, target] = [this.#nodes.get(a), this.#nodes.get(b)]
      if (source === undefined || target === undefined) continue
      this.#links.set(key, newLink(key, source, target))
      isChanged = true
    }
    return isChanged
  }

  #relist(): void {
    this.#nodeList = [...this.#nodes.values()]
    this.#linkList = [...this.#links.values()]
    for (const node of this.#nodeList) node.links.length = 0
    for (const link of this.#linkList) {
      link.source.links.push(link)
      link.target.links.push(link)
    }
  }
}

/** The other end of a link. */
export function otherEnd(link: SceneLink, node: SceneNode): SceneNode {
  return link.source === node ? link.target : link.source
}

function newLink(key: string, source: SceneNode, target: SceneNode): SceneLink {
  return {
    key,
    source,
    target,
    isReported: false,
    rttMs: undefined,
    queuedAtSourceBytes: 0,
    queuedAtTargetBytes: 0,
    messagesPerS: 0,
    level: 0,
    emphasis: PLAIN,
  }
}
