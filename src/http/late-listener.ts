// A request listener that is loaded with the first request: the packages that it needs take as much memory as the rest of
// hearsay, and most processes never get a request. It must not import what it is there to put off.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Logger } from '../logger.ts'
import { INTERNAL, sendRaw } from './fixed-answer.ts'

/**
 * Requests that come while it is loaded wait, and are handed on in their order. Where it could not be loaded they are
 * answered with 500, and the next one tries again.
 */
export function lateListener(load: () => Promise<RequestListener>, logger: Logger): RequestListener {
  let listener: RequestListener | undefined
  let loading: Promise<void> | undefined
  const loadOnce = async (): Promise<void> => {
    try {
      listener = await load()
    } catch (error) {
      // Out of file descriptors, say, which is over some time.
      logger.error({ err: error }, 'http-not-loaded')
      loading = undefined
    }
  }
  const handleLater = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    loading ??= loadOnce()
    await loading
    // Whoever listens for the end of a request that is over already would wait for ever.
    if (incoming.socket.destroyed) return
    if (listener === undefined) sendRaw(outgoing, INTERNAL)
    else listener(incoming, outgoing)
  }
  return (incoming, outgoing) => {
    if (listener === undefined) void handleLater(incoming, outgoing)
    else listener(incoming, outgoing)
  }
}
