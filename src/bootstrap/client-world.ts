// What a node's side of the rendezvous needs of the place where it runs: connections and a clock. The production world
// (client-sockets) has sockets and the event loop, the simulator has a network in memory and virtual time.
// Types only.

import type { Message } from '../core/messages.ts'
import type { Reason } from '../core/reasons.ts'

/** An open connection with whoever listens at a bootstrap's URL. */
export interface ClientConnection {
  /** False as soon as either end has begun to close. */
  readonly isOpen: boolean
  /** Puts a message on the control lane. */
  send(message: Message): void
  /** Begins to close. @param detail what to tell the other end instead of the reason's own text. */
  close(reason: Reason, detail?: string): void
}

/** How a dial ends, and what happens on the connection that it leads to. Nothing is called from within a call. */
export interface ConnectionHandlers {
  /** The connection is open. This or `onFailed`, once. */
  readonly onOpen: (connection: ClientConnection) => void
  /** @param detail one line for people. */
  readonly onFailed: (detail: string) => void
  /** What one WebSocket message carried; never after {@link ClientConnection.close}. */
  readonly onMessages: (messages: readonly Message[]) => void
  /** The connection is gone, by whichever end. Once, if it was open. */
  readonly onClosed: (end: { readonly reason: Reason; readonly detail: string }) => void
}

/** See the head of the file. */
export interface ClientWorld {
  /** A clock that never goes back, in ms. */
  nowMs(): number
  /** Calls `run` once after this time, behind everything that has arrived until then. What it returns prevents that. */
  after(ms: number, run: () => void): () => void
  /** Dials. What it returns gives the dial up without a word; it has no effect once a handler was called. */
  dial(url: string, handlers: ConnectionHandlers, timeoutMs: number): () => void
}
