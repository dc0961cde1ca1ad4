// What a link needs of a WebSocket: as little as both that of `ws` and that of browsers can give. Types only.

import type { LinkEnd } from './link-end.ts'

/** An open WebSocket. */
export interface LinkSocket {
  /** False as soon as either end has begun to close. */
  readonly isOpen: boolean
  /** Tells what happens from now on. Once, in the turn in which the socket was handed over, or messages are missed. */
  lead(handlers: LinkSocketHandlers): void
  /**
   * Sends one binary message.
   * @param taken called once: without an error when the operating system, or the browser, has taken the bytes over, which
   * nobody looks at any more; with one when it never will
   */
  send(bytes: Uint8Array, taken: (error?: Error | null) => void): void
  /** Begins the closing handshake. @param text at most 123 bytes of UTF-8 */
  close(code: number, text: string): void
  /** Ends the connection without a word; `onClosed` follows. */
  terminate(): void
}

/** What a link is told. Never from within a call of the socket but `send`. */
export interface LinkSocketHandlers {
  /** @param bytes not looked at when the message is text */
  readonly onMessage: (bytes: Uint8Array, isBinary: boolean) => void
  /** The other end broke the WebSocket protocol; `onClosed` follows. */
  readonly onFailed: (end: LinkEnd) => void
  /** The connection is gone. Once. @param code 1006: no close frame came */
  readonly onClosed: (code: number, text: string) => void
}
