// A quiet network does nothing in vain: once the trees of some origins are there, no node gets a broadcast or a direct
// message of theirs twice, nor has to ask for one. Only where latencies cannot make anybody lose patience.
// It must not be asked while links still come and go.

import type { BroadcastRange } from '../core/messages.ts'
import type { DeliveredMessage, FrameObserver } from './end.ts'
import type { SwarmNet, SwarmNode } from './swarm-net.ts'

/** How many broadcasts a tree takes to come to rest, and how many are looked at then. */
const WARM_UPS = 4
const LOOKED_AT = 2
const ORIGINS = 2
/** Between two broadcasts: everything that the one before has caused is over. */
const GAP_MS = 1_500
const DEADLINE_MS = 5_000
/** Longest one-way latency with which nobody asks again for what is still on its way. */
const LATENCY_MS = 20

/**
 * Something that came twice or was asked for; `undefined` when nothing was, or when the network is not of a kind to be
 * looked at.
 */
export function quietProblem(net: SwarmNet): string | undefined {
  if (!isPatient(net)) return undefined
  const origins = net.nodes.slice(0, ORIGINS)
  for (let count = 0; count < WARM_UPS; count++) broadcastAll(net, origins)
  const links = linksOf(net)
  let found: string | undefined
  net.onFrame = observer((what) => {
    found ??= what
  })
  for (let count = 0; count < LOOKED_AT; count++) {
    for (const [index, by] of net.nodes.entries()) {
      const to = net.nodes[(index + 1) % net.nodes.length] as SwarmNode
      net.send(by, to.name, { bytes: 8, deadlineMs: DEADLINE_MS })
    }
    broadcastAll(net, origins)
  }
  net.onFrame = undefined
  return linksOf(net) === links ? found : undefined
}

function isPatient({ plan: { medium, nodes, undialable } }: SwarmNet): boolean {
  const { latency, jitter, bytesPerS, kernelBytesMax, socketBytesMax } = medium
  const limits = [jitter, bytesPerS, kernelBytesMax, socketBytesMax]
  const maxMs = latency?.kind === 'constant' ? latency.ms : latency?.maxMs
  return (
    nodes > 0 &&
    undialable === 0 &&
    limits.every((limit) => limit === undefined) &&
    (maxMs ?? 0) <= LATENCY_MS
  )
}

function broadcastAll(net: SwarmNet, origins: readonly SwarmNode[]): void {
  for (const by of origins) {
    net.broadcast(by, 8)
    net.runTo(net.nowMs + GAP_MS)
  }
}

/** The numbers of all links that are up: another text when one has come or gone. */
function linksOf(net: SwarmNet): string {
  return net.nodes
    .map(({ process }) => [...process.overlay.neighbors.values()].map(({ id }) => id).join())
    .join(';')
}

function observer(onFound: (what: string) => void): FrameObserver {
  const seen = new Set<string>()
  return (from, to, message) => {
    if (message.type === 'graft' && message.ranges.some(isAsked))
      onFound(`${from} asks ${to} for a broadcast`)
    const name = nameOf(message)
    if (name === undefined) return
    const key = `${to} ${name}`
    if (seen.has(key)) onFound(`${to} got ${name} twice`)
    seen.add(key)
  }
}

/** Without any it only asks for pushes from now on. */
function isAsked({ kind, first, behindLast }: BroadcastRange): boolean {
  return kind === 'payload' && behindLast > first
}

function nameOf(message: DeliveredMessage): string | undefined {
  if (message.type === 'gossip' && message.kind === 'payload') {
    return `broadcast ${message.sequence} of ${message.origin}`
  }
  if (message.type !== 'direct') return undefined
  return `message ${message.sequence} of ${message.origin} to ${message.destination}`
}
