// Steps that no node tells of: those of this page's messages to plain HTTP peers. Their way is known all the same, because the
// node that sends posts to them itself. Pure.

import type { MessageStep, SeenNode } from '../../guests/overlay-lines.ts'
import type { Sent } from './sends.ts'

/** The steps of a message that has ended to plain HTTP peers that have it. */
export function postedSteps(sent: Sent, nodes: ReadonlyMap<string, SeenNode>): MessageStep[] {
  const { from, to, tag, text, traceparent, outcome } = sent
  const isHttp = (name: string) => nodes.get(name)?.kind === 'http'
  const posted = {
    origin: from,
    via: from,
    hops: 1,
    bytes: new TextEncoder().encode(text).length,
    traceparent,
  }
  if (outcome?.status === 'delivered' && isHttp(to)) {
    return [{ kind: 'direct', id: `${from}/post/${tag}/${to}`, at: to, destination: to, ...posted }]
  }
  if (outcome?.status !== 'sent' || outcome.id === undefined) return []
  const { id, receivers = [] } = outcome
  return receivers.filter(isHttp).map((at) => ({ kind: 'broadcast', id, at, ...posted }))
}
