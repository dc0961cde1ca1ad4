// A WebSocket of `ws` as a link sees it. On the way of every message: it must not copy, keep or wrap anything.

import { WebSocket } from 'ws'
import { dial } from './dialer.ts'
import { atTurnEnd } from './event-loop.ts'
import type { DialLink } from './link-dial.ts'
import { endOfSocketError, NO_CLOSE_FRAME } from './link-end.ts'
import type { LinkSocket, LinkSocketHandlers } from './link-socket.ts'

const BINARY = { binary: true, compress: false } as const

/** See the head of the file. */
export class WsSocket implements LinkSocket {
  readonly #socket: WebSocket

  /**
   * @param socket open; its listeners belong to the link from now on
   * @throws TypeError when the socket is still connecting
   */
  constructor(socket: WebSocket) {
    if (socket.readyState === WebSocket.CONNECTING) throw new TypeError('a link needs an open WebSocket')
    this.#socket = socket
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  lead({ onMessage, onFailed, onClosed }: LinkSocketHandlers): void {
    const socket = this.#socket
    // One Buffer per message; a view of what was read wherever the message lies within one read.
    socket.binaryType = 'nodebuffer'
    socket.on('message', onMessage as (data: unknown, isBinary: boolean) => void)
    // `ws` has sent the close frame that says so.
    socket.on('error', (error) => onFailed(endOfSocketError(error)))
    if (socket.readyState === WebSocket.CLOSED) atTurnEnd(() => onClosed(NO_CLOSE_FRAME, ''))
    else socket.once('close', (code, text) => onClosed(code, text.toString()))
  }

  send(bytes: Uint8Array, taken: (error?: Error | null) => void): void {
    this.#socket.send(bytes, BINARY, taken)
  }

  close(code: number, text: string): void {
    this.#socket.close(code, text)
  }

  terminate(): void {
    this.#socket.terminate()
  }
}

/** Dials for a link: as {@link dial}, with `ws`. */
export const dialLink: DialLink = (url, handlers, options) =>
  dial(url, { ...handlers, onOpen: (socket) => handlers.onOpen(new WsSocket(socket)) }, options)
