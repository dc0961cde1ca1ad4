// The world of a node's side of the rendezvous: WebSockets and the event loop.
// It must not know what is said on a connection.

import { atTurnEnd } from '../net/event-loop.ts'
import { Link } from '../net/link.ts'
import type { DialLink } from '../net/link-dial.ts'
import type { LinkOptions } from '../net/link-options.ts'
import type { LinkSocket } from '../net/link-socket.ts'
import type { ClientConnection, ClientWorld, ConnectionHandlers } from './client-world.ts'

/**
 * @param link numbers of the links that differ from their defaults.
 * @param after another clock than that of the event loop.
 */
export function clientSockets(
  dial: DialLink,
  link: Partial<LinkOptions> = {},
  after: ClientWorld['after'] = afterInput,
): ClientWorld {
  return {
    nowMs: () => performance.now(),
    after,
    dial: (url, handlers, timeoutMs) => {
      const started = dial(
        url,
        {
          onOpen: (socket) => handlers.onOpen(connection(socket, handlers, link)),
          onFailed: handlers.onFailed,
        },
        { timeoutMs },
      )
      return () => started.cancel()
    },
  }
}

function connection(
  socket: LinkSocket,
  { onMessages, onClosed }: ConnectionHandlers,
  options: Partial<LinkOptions>,
): ClientConnection {
  const link = new Link(socket, { onMessages, onClosed }, options)
  return {
    get isOpen() {
      return link.isOpen
    },
    send: (message) => {
      link.sendMessage(message, 'control')
    },
    close: (reason, detail) => link.close(reason, detail),
  }
}

/** After a pause of the whole process timers come before what has arrived meanwhile: that is let in first. */
function afterInput(ms: number, run: () => void): () => void {
  let isOff = false
  const timeout = setTimeout(() => {
    atTurnEnd(() => {
      if (!isOff) run()
    })
  }, ms)
  return () => {
    isOff = true
    clearTimeout(timeout)
  }
}
