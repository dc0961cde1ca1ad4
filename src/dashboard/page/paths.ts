// The ways that messages took, put together from their steps: the path of a direct message, the tree of a broadcast. Pure.
// It must not invent what no step has told: a path with a hole in it says so.

import type { MessageStep } from '../../guests/overlay-lines.ts'

/** One message and where it has been. */
export interface Trail {
  readonly id: string
  readonly kind: 'direct' | 'broadcast'
  readonly origin: string
  readonly destination?: string
  readonly traceparent?: string
  readonly bytes: number
  /** When its first step came, by the watched node's clock. */
  readonly firstAtMs: number
  /** By the node where it came to: the first step that came there. */
  readonly steps: ReadonlyMap<string, MessageStep>
}

/** The path of a direct message. */
export interface Path {
  /** From the origin, or from where the steps begin. */
  readonly nodes: readonly string[]
  /** Every link from the origin to the destination was told of. */
  readonly isComplete: boolean
}

/** A link of a tree, in the direction that the message took. */
export interface TreeEdge {
  readonly from: string
  readonly to: string
  readonly hops: number
}

interface OpenTrail extends Trail {
  readonly steps: Map<string, MessageStep>
}

/** The last messages. Bounded by messages and by steps; the oldest go first. */
export class Trails {
  readonly #trails = new Map<string, OpenTrail>()
  readonly #byTrace = new Map<string, string>()
  readonly #stepsMax: number
  #steps = 0

  /** @param stepsMax steps that are kept, of all messages together */
  constructor(stepsMax = 60_000) {
    this.#stepsMax = stepsMax
  }

  /** Takes in steps and returns those that are new: not the second copy of a message at a node. */
  add(steps: readonly MessageStep[], atMs: number): MessageStep[] {
    const fresh: MessageStep[] = []
    for (const step of steps) {
      const trail = this.#trails.get(step.id) ?? this.#open(step, atMs)
      if (trail.steps.has(step.at)) continue
      trail.steps.set(step.at, step)
      this.#steps++
      fresh.push(step)
    }
    this.#trim()
    return fresh
  }

  /** A message by its id. */
  get(id: string): Trail | undefined {
    return this.#trails.get(id)
  }

  /** The first message of a node in a trace: programs pass a trace on, and answer in it. */
  byTraceparent(traceparent: string, origin: string): Trail | undefined {
    const id = this.#byTrace.get(traceKey(traceparent, origin))
    return id === undefined ? undefined : this.#trails.get(id)
  }

  /** The last messages that came to a node or began there, newest first. */
  at(node: string, countMax: number): Trail[] {
    const found: Trail[] = []
    for (const trail of this.#trails.values()) {
      if (trail.origin === node || trail.steps.has(node)) found.push(trail)
    }
    return found.slice(-countMax).reverse()
  }

  #open(step: MessageStep, atMs: number): OpenTrail {
    const trail: OpenTrail = {
      id: step.id,
      kind: step.kind,
      origin: step.origin,
      ...(step.destination === undefined ? {} : { destination: step.destination }),
      ...(step.traceparent === undefined ? {} : { traceparent: step.traceparent }),
      bytes: step.bytes,
      firstAtMs: atMs,
      steps: new Map(),
    }
    this.#trails.set(step.id, trail)
    if (step.traceparent !== undefined) {
      const key = traceKey(step.traceparent, step.origin)
      if (!this.#byTrace.has(key)) this.#byTrace.set(key, step.id)
    }
    return trail
  }

  #trim(): void {
    for (const [id, trail] of this.#trails) {
      if (this.#steps <= this.#stepsMax || this.#trails.size === 1) return
      this.#steps -= trail.steps.size
      this.#trails.delete(id)
      if (trail.traceparent === undefined) continue
      const key = traceKey(trail.traceparent, trail.origin)
      if (this.#byTrace.get(key) === id) this.#byTrace.delete(key)
    }
  }
}

/** The path of a direct message, as far as its steps tell it. */
export function pathOf(trail: Trail): Path {
  let at: string | undefined = trail.destination
  if (at === undefined || !trail.steps.has(at)) at = farthest(trail)
  const reachesEnd = at !== undefined && at === trail.destination
  const nodes: string[] = []
  // A relay of a message in a circle would be a fault of peers, and must not hang the page.
  while (at !== undefined && !nodes.includes(at)) {
    nodes.push(at)
    if (at === trail.origin) break
    at = trail.steps.get(at)?.via
  }
  nodes.reverse()
  return { nodes, isComplete: reachesEnd && nodes[0] === trail.origin }
}

/** The tree of a broadcast: its links in the direction taken, those near the origin first. */
export function treeOf(trail: Trail): TreeEdge[] {
  return [...trail.steps.values()]
    .map(({ via, at, hops }) => ({ from: via, to: at, hops }))
    .sort((a, b) => a.hops - b.hops)
}

/** Whether every step of a broadcast came from the origin or from a node of which there is a step as well. */
export function isTreeConnected({ origin, steps }: Trail): boolean {
  return [...steps.values()].every(({ via }) => via === origin || steps.has(via))
}

/** The links that a message took, of either kind. */
export function edgesOf(trail: Trail): TreeEdge[] {
  if (trail.kind === 'broadcast') return treeOf(trail)
  const { nodes } = pathOf(trail)
  return nodes.slice(1).map((to, index) => ({ from: nodes[index] as string, to, hops: index + 1 }))
}

function traceKey(traceparent: string, origin: string): string {
  return `${traceparent}\n${origin}`
}

function farthest(trail: Trail): string | undefined {
  let found: MessageStep | undefined
  for (const step of trail.steps.values()) {
    if (found === undefined || step.hops > found.hops) found = step
  }
  return found?.at
}
