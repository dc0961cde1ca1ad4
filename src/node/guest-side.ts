// The node as its guests see it: what they may do through it. Must not know who they are.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import type { GuestHost } from '../guests/guest-host.ts'
import type { Conversation } from './conversation.ts'
import { seal } from './envelope.ts'
import type { Node } from './node.ts'
import { checkName } from './options.ts'

/** How long each node on a way is waited for. */
const TRACE_MS = 5_000

/** The interface that line mode works on. */
export function guestHostOf(
  node: Pick<Node, 'name' | 'peers' | 'neighbors'>,
  { sending, casting, tracing }: Conversation,
  overlay: Overlay,
): GuestHost {
  return {
    name: node.name,
    send: (to, { sender, msg, guest }, { deadlineMs }) =>
      sending.sendSealed(checkName(to), seal(msg, { sender, ...(guest === undefined ? {} : { guest }) }), {
        deadlineMs,
      }),
    broadcast: ({ sender, msg }) => casting.broadcast(msg, { sender }),
    ping: (to) => sending.sendSealed(checkName(to), seal(null, { ping: '1' })),
    trace: (to) => tracing.trace(checkName(to), TRACE_MS),
    peers: () =>
      node.peers().map((peer) => {
        const hops = overlay.distance(peer.name as NodeName)
        return hops === undefined ? peer : { ...peer, hops }
      }),
    neighbors: () =>
      node.neighbors().map(({ name, rttMs }) => (rttMs === undefined ? { name } : { name, rttMs })),
  }
}
