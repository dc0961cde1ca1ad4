// The overlay as guests are shown it: what has changed since somebody looked last. Reads, and changes nothing.

import type { Entry } from '../core/directory.ts'
import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type {
  OverlayChangeLine,
  OverlayLine,
  SeenLink,
  SeenNode,
  SeenState,
} from '../guests/overlay-lines.ts'
import type { PeerInfo } from './events.ts'
import { linksOf } from './views.ts'

/** What a picture is made of. */
export interface PictureParts {
  readonly overlay: Pick<Overlay, 'directory' | 'self'>
  readonly httpPeers: () => readonly PeerInfo[]
  readonly nowMs: () => number
}

/** A node that nothing leads to counts as joining for so long after it was first heard of. */
const JOINING_MS = 10_000
/** So long after its good-bye a node is shown as leaving. The directory remembers it for minutes. */
const LEAVING_MS = 10_000
/** How often it is looked again though nothing seems to have changed. */
const LOOK_MS = 1_000

/** See the head of the file. */
export class OverlayPicture {
  readonly #parts: PictureParts
  readonly #nodes = new Map<string, SeenNode>()
  readonly #links = new Map<string, SeenLink>()
  /** Names that something has led to. */
  readonly #met = new Set<string>()
  readonly #heardMs = new Map<string, number>()
  /** When a run of a node was first seen to leave. */
  readonly #leavingMs = new Map<string, number>()
  #state = ''
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(parts: PictureParts) {
    this.#parts = parts
  }

  /** All of it, as it was when {@link look} was last called. */
  all(): Pick<OverlayLine, 'self' | 'nodes' | 'links'> {
    const { self } = this.#parts.overlay
    return { self: self.name, nodes: [...this.#nodes.values()], links: [...this.#links.values()] }
  }

  /** What has changed since the last time; `undefined`: nothing. */
  look(): Omit<OverlayChangeLine, 'event' | 'atMs'> | undefined {
    const nowMs = this.#parts.nowMs()
    const state = this.#stateNow()
    if (state === this.#state && nowMs - this.#lookedMs < LOOK_MS) return undefined
    const isFirst = this.#lookedMs === Number.NEGATIVE_INFINITY
    this.#state = state
    this.#lookedMs = nowMs
    const nodes = this.#nodesNow(nowMs, isFirst)
    this.#prune()
    const links = this.#linksNow()
    const change = {
      nodes: [...nodes.values()].filter((node) => !isSame(node, this.#nodes.get(node.name))),
      gone: [...this.#nodes.keys()].filter((name) => !nodes.has(name)),
      linksUp: [...links].flatMap(([key, link]) => (this.#links.has(key) ? [] : [link])),
      linksDown: [...this.#links].flatMap(([key, link]) => (links.has(key) ? [] : [link])),
    }
    if (Object.values(change).every(({ length }) => length === 0)) return undefined
    for (const node of change.nodes) this.#nodes.set(node.name, node)
    for (const name of change.gone) this.#nodes.delete(name)
    for (const [a, b] of change.linksDown) this.#links.delete(`${a} ${b}`)
    for (const link of change.linksUp) this.#links.set(`${link[0]} ${link[1]}`, link)
    return change
  }

  /** Something that is different after nearly every change. */
  #stateNow(): string {
    const { directory } = this.#parts.overlay
    const { high, low } = directory.hash
    return `${high} ${low} ${directory.size} ${directory.reachableCount}`
  }

  #nodesNow(nowMs: number, isFirst: boolean): Map<string, SeenNode> {
    const nodes = new Map<string, SeenNode>()
    for (const entry of this.#parts.overlay.directory.entries) {
      const { name, url, tags, topics, incarnation, version } = entry.record
      if (!this.#heardMs.has(name)) this.#heardMs.set(name, isFirst ? Number.NEGATIVE_INFINITY : nowMs)
      const state = this.#stateOf(entry, nowMs, isFirst)
      if (state === undefined) continue
      nodes.set(name, {
        name,
        kind: 'node',
        state,
        ...(url === undefined ? {} : { url }),
        ...(tags === undefined ? {} : { tags }),
        ...(topics === undefined ? {} : { topics }),
        incarnation,
        version,
      })
    }
    // Those that are peers: of a node of that name it was told that it is gone.
    for (const { name, url } of this.#parts.httpPeers()) {
      const where = url === undefined ? {} : { url }
      nodes.set(name, { name, kind: 'http', state: 'up', ...where, incarnation: 0, version: 0 })
    }
    return nodes
  }

  /** `undefined`: it has left. */
  #stateOf({ record, reachable }: Entry, nowMs: number, isFirst: boolean): SeenState | undefined {
    if (reachable) this.#met.add(record.name)
    if (record.state === 'leaving') {
      // What had left before anybody looked is no news.
      const since = this.#leavingMs.get(record.name) ?? (isFirst ? Number.NEGATIVE_INFINITY : nowMs)
      this.#leavingMs.set(record.name, since)
      return nowMs - since < LEAVING_MS ? 'leaving' : undefined
    }
    this.#leavingMs.delete(record.name)
    if (reachable) return 'up'
    const heardMs = this.#heardMs.get(record.name) ?? nowMs
    return !this.#met.has(record.name) && nowMs - heardMs < JOINING_MS ? 'joining' : 'unreachable'
  }

  #linksNow(): Map<string, SeenLink> {
    return new Map(linksOf(this.#parts.overlay.directory).map((link) => [link.join(' '), link]))
  }

  /** Keeps nothing of names that the directory has forgotten. */
  #prune(): void {
    const { directory } = this.#parts.overlay
    for (const names of [this.#met, this.#heardMs, this.#leavingMs])
      for (const name of names.keys()) if (directory.get(name as NodeName) === undefined) names.delete(name)
  }
}

function isSame(a: SeenNode, b: SeenNode | undefined): boolean {
  return (
    b !== undefined &&
    a.kind === b.kind &&
    a.state === b.state &&
    a.url === b.url &&
    a.incarnation === b.incarnation &&
    a.version === b.version
  )
}
