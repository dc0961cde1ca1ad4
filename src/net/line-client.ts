// Line mode from the other side: a connection to a node or a bootstrap, one text message a line. For the commands that
// watch a running node. It must not know what lines mean.

import type { WebSocket } from 'ws'
import { REASONS, reasonOfCloseCode } from '../core/reasons.ts'
import { type DialOptions, dial } from './dialer.ts'

/** What comes. Never called from within a call of the connection. */
export interface LineHandlers {
  readonly onLine: (line: string) => void
  /** The connection is gone, and it was not closed here. @param detail one line for people: why */
  readonly onClosed: (detail: string) => void
}

/** An open connection. */
export interface LineConnection {
  /** Sends a line; nothing happens when the connection is gone. */
  send(line: string): void
  /** What was sent and the operating system has not taken yet, in bytes. */
  readonly unsentBytes: number
  /** Reads nothing more until {@link resume}: what comes waits at the other end, which cuts off who does not read. */
  pause(): void
  resume(): void
  /** Ends it; no handler is called any more. */
  close(): void
}

/** A connection, or one line for people that says why there is none. */
export type LineDial =
  | { readonly ok: true; readonly connection: LineConnection }
  | { readonly ok: false; readonly detail: string }

/** How to connect. */
export interface LineDialOptions extends Pick<DialOptions, 'headers' | 'lineBytesMax'> {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Connects. `signal` gives it up, as a failure. Never rejects. */
export function dialLines(
  url: string,
  handlers: LineHandlers,
  { signal, ...options }: LineDialOptions,
): Promise<LineDial> {
  return new Promise((resolve) => {
    const settle = (dialled: LineDial): void => {
      signal.removeEventListener('abort', abort)
      resolve(dialled)
    }
    const dialling = dial(
      url,
      {
        onOpen: (socket) => settle({ ok: true, connection: connectionOf(socket, handlers) }),
        onFailed: (detail) => settle({ ok: false, detail }),
      },
      { ...options, lines: true },
    )
    const abort = (): void => {
      dialling.cancel()
      settle({ ok: false, detail: 'given up' })
    }
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  })
}

function connectionOf(socket: WebSocket, { onLine, onClosed }: LineHandlers): LineConnection {
  let isOpen = true
  // What broke the connection: 'close' follows, with a code that says less.
  let broken: string | undefined
  socket.on('message', (data, isBinary) => {
    if (isOpen && !isBinary) onLine(data.toString())
  })
  socket.on('error', (error) => {
    broken = error.message
  })
  socket.on('close', (code, reason) => {
    if (!isOpen) return
    isOpen = false
    const known = reasonOfCloseCode(code)
    const said = reason.toString() || (known === undefined ? '' : REASONS[known].text)
    onClosed(said || broken || 'the connection broke')
  })
  return {
    get unsentBytes() {
      return socket.bufferedAmount
    },
    send: (line) => {
      if (socket.readyState === socket.OPEN) socket.send(line)
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => {
      isOpen = false
      socket.resume()
      // A close frame would wait behind what the other end does not read, and all of it be kept meanwhile.
      if (socket.bufferedAmount > 0) socket.terminate()
      else socket.close()
    },
  }
}
