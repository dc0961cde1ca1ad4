// The way to a node, found by asking: each node on it says where it would pass a message on to now, and how the link is.
// Nothing is kept on relays for it. It must not decide ways: that is the core's business.

import type { TraceAnswer, TraceHop } from '../answers.ts'
import { type NodeName, parseNodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { Asking } from './asking.ts'
import { fieldsOf, type Note } from './envelope.ts'
import type { Sending } from './sending.ts'
import type { NodeLinks, NodeWorld } from './world.ts'

/** What tracing needs of the node. */
export interface TracingParts {
  readonly name: NodeName
  readonly overlay: Overlay
  readonly links: Pick<NodeLinks, 'queuedBytes'>
  readonly asking: Pick<Asking, 'ask'>
  readonly sending: Pick<Sending, 'failed' | 'isPlainHttp' | 'refusal'>
  readonly nowMs: NodeWorld['nowMs']
}

/** Nodes on a way at most. A message would not get so far. */
const NODES_MAX = 32

/** See the head of the file. */
export class Tracing {
  readonly #parts: TracingParts

  constructor(parts: TracingParts) {
    this.#parts = parts
  }

  /** Finds the way, and resolves with it or with why it ends before. */
  async trace(to: NodeName, deadlineMs: number): Promise<TraceAnswer> {
    const { name, asking, nowMs, sending } = this.#parts
    const refusal = sending.refusal()
    if (refusal !== undefined) return { ...sending.failed(refusal), hops: [] }
    // Posted to directly: a hop without a link.
    if (sending.isPlainHttp(to)) {
      return { status: 'traced', path: [name, to], hops: [{ node: name, next: to }] }
    }
    const hops: TraceHop[] = []
    const endMs = nowMs() + deadlineMs
    let at = name
    let cameFrom: NodeName | undefined
    while (at !== to) {
      if (hops.length === NODES_MAX) return { status: 'failed', reason: 'no-route', at, hops }
      const answer =
        at === name
          ? this.#hopOf({ to, origin: name, cameFrom })
          : await asking.ask({
              to: at,
              value: questionOf(to, name, cameFrom),
              // Of all questions together.
              deadlineMs: Math.max(1, Math.ceil(endMs - nowMs())),
              about: 'route',
            })
      if ('status' in answer && answer.status === 'failed') {
        const { reason, at: said } = answer
        return {
          status: 'failed',
          reason: reason === 'no-handler' || reason === 'handler-failed' ? 'refused' : reason,
          at: said,
          hops,
        }
      }
      const hop = 'status' in answer ? hopOf(at, answer.value) : answer
      hops.push(hop)
      if (hop.next === undefined) {
        const reason = this.#parts.overlay.directory.get(to) === undefined ? 'unknown-peer' : 'no-route'
        return { status: 'failed', reason, at, hops }
      }
      cameFrom = at
      at = hop.next as NodeName
    }
    return { status: 'traced', path: [...hops.map(({ node }) => node), to], hops }
  }

  /** Another node asks where a message would go from here. */
  readonly answer = ({ value }: Note): JsonValue => {
    const { to, origin, cameFrom } = fieldsOf(value)
    const [toName, originName] = [nameOf(to), nameOf(origin)]
    if (toName === undefined || originName === undefined)
      throw new TypeError('expected { to, origin, cameFrom? }')
    const { node, next, rttMs, queuedBytes } = this.#hopOf({
      to: toName,
      origin: originName,
      cameFrom: nameOf(cameFrom),
    })
    return {
      node,
      ...(next === undefined ? {} : { next }),
      ...(rttMs === undefined ? {} : { rttMs }),
      ...(queuedBytes === undefined ? {} : { queuedBytes }),
    }
  }

  #hopOf({
    to,
    origin,
    cameFrom,
  }: {
    to: NodeName
    origin: NodeName
    cameFrom: NodeName | undefined
  }): TraceHop {
    const { name, overlay, links } = this.#parts
    const link = overlay.wayTo(to, origin, cameFrom)
    if (link?.peer === undefined) return { node: name }
    const { rttMs } = link
    return {
      node: name,
      next: link.peer.name,
      ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs * 1_000) / 1_000 }),
      queuedBytes: links.queuedBytes(link.id),
    }
  }
}

function questionOf(to: NodeName, origin: NodeName, cameFrom: NodeName | undefined): JsonValue {
  return cameFrom === undefined ? { to, origin } : { to, origin, cameFrom }
}

/** From another node, so it may be anything. */
function hopOf(node: NodeName, value: unknown): TraceHop {
  const { next, rttMs, queuedBytes } = fieldsOf(value)
  const name = nameOf(next)
  return {
    node,
    ...(name === undefined ? {} : { next: name }),
    ...(typeof rttMs === 'number' ? { rttMs } : {}),
    ...(typeof queuedBytes === 'number' ? { queuedBytes } : {}),
  }
}

function nameOf(value: unknown): NodeName | undefined {
  return typeof value === 'string' ? parseNodeName(value) : undefined
}
