// The node as its guests see it: what they may do through it. Must not know who they are.

import type { NodeName } from '../core/messages.ts'
import type { Overlay } from '../core/overlay.ts'
import { HearsayError } from '../errors.ts'
import type { GuestHost, GuestPeerEvent, Patience } from '../guests/guest-host.ts'
import type { Conversation } from './conversation.ts'
import { seal } from './envelope.ts'
import { checkName } from './member-options.ts'
import type { Node } from './node.ts'
import { Watching } from './watching.ts'

/** How long each node on a way is waited for, unless told otherwise. */
const TRACE_MS = 5_000

/** The interface that line mode works on. */
export function guestHostOf(
  node: Pick<Node, 'name' | 'peers' | 'neighbors' | 'on'>,
  conversation: Conversation,
  overlay: Overlay,
): GuestHost {
  const { sending, casting, tracing, asking, subscriptions } = conversation
  const within = <T extends { readonly deadlineMs?: number }>(options: T): T =>
    conversation.patienceOf(options)
  const watching = conversation.letWatch((parts) => new Watching(parts))
  return {
    name: node.name,
    send: (to, { sender, msg, guest }, options) =>
      guest === undefined
        ? sending.send(to, msg, { sender, ...within(options) })
        : sending.sendSealed(
            checkName(to),
            seal(msg, { ...tracedBy(options), sender, guest }),
            within(options),
          ),
    broadcast: ({ sender, msg }, options) => casting.broadcast(msg, { sender, ...within(options) }),
    publish: (topic, { sender, msg }, options) => casting.publish(topic, msg, { sender, ...within(options) }),
    request: (to, { sender, msg }, options) => {
      const { deadlineMs = conversation.deadlineMs, traceparent } = within(options)
      return asking.ask({ to: checkName(to), value: msg, sender, deadlineMs, traceparent })
    },
    subscribe: (filter, listener) => {
      try {
        return { ok: true, end: subscriptions.add(filter, listener) }
      } catch (error) {
        if (error instanceof HearsayError) return { ok: false, error: error.message }
        throw error
      }
    },
    history: (filter, options) => conversation.past(filter, within(options)),
    watch: (listener) => watch(node, listener),
    watchOverlay: (listener) => watching.watch(listener),
    ping: (to, options) => sending.ping(checkName(to), within(options)),
    trace: (to, { deadlineMs = TRACE_MS }) => tracing.trace(checkName(to), within({ deadlineMs }).deadlineMs),
    traceAll: (options) => casting.probe(within(options).deadlineMs),
    peers: () =>
      node.peers().map((peer) => {
        const hops = overlay.distance(peer.name as NodeName)
        return hops === undefined ? peer : { ...peer, hops }
      }),
    neighbors: () =>
      node
        .neighbors()
        .map(({ name, rttMs }) =>
          rttMs === undefined ? { name } : { name, rttMs: Math.round(rttMs * 1_000) / 1_000 },
        ),
  }
}

function tracedBy({ traceparent }: Patience): { readonly traceparent?: string } {
  return traceparent === undefined ? {} : { traceparent }
}

function watch(node: Pick<Node, 'on'>, listener: (event: GuestPeerEvent) => void): () => void {
  const offs = [
    node.on('peer-join', ({ name, kind, url }) =>
      listener({ event: 'peer-join', name, kind, ...(url === undefined ? {} : { url }) }),
    ),
    node.on('peer-leave', ({ name, kind, reason }) => listener({ event: 'peer-leave', name, kind, reason })),
  ]
  return () => {
    for (const off of offs) off()
  }
}
