// How a link is dialled, whoever does it: `ws` in Node.js, the browser's own WebSocket in a page.

import type { LinkSocket } from './link-socket.ts'

/** How a dial ends: exactly one of the two is called, never from within the dial, and none after a cancel. */
export interface LinkDialHandlers {
  /** The connection is up. A link has to be made of it before the handler returns, or messages are missed. */
  readonly onOpen: (socket: LinkSocket) => void
  /** @param detail one line for people: what happened and what may be done */
  readonly onFailed: (detail: string) => void
}

/** A dial under way. */
export interface Dial {
  /** Gives up without a word to anyone. Without effect once a handler was called. */
  cancel(): void
}

/**
 * Dials a link.
 * @param options.timeoutMs from the call until the WebSocket is open, everything included. Default {@link DIAL_TIMEOUT_MS}
 */
export type DialLink = (
  url: string,
  handlers: LinkDialHandlers,
  options?: { readonly timeoutMs?: number },
) => Dial

/** How long a dial may take unless told otherwise. */
export const DIAL_TIMEOUT_MS = 5_000
