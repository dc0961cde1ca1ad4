// One person in line mode (design section 8): JSON lines out, the few words that can be typed in.
// It must not know the list of peers. What is typed never closes the socket; not reading does.

import type { RawData, WebSocket } from 'ws'
import { REASONS, type Reason } from '../core/reasons.ts'
import { closeText } from '../net/link-end.ts'
import type { WatcherOptions } from './options.ts'
import type { WatcherEvent } from './registry-events.ts'

/** What a watcher tells its owner. */
export interface WatcherHandlers {
  /** The person wants this. */
  readonly onAsked: (what: 'peers' | 'help') => void
  /** A JSON line: to watch the overlay, or for the node that is watched. */
  readonly onJson: (line: string) => void
  /** The connection is gone. Exactly once. */
  readonly onClosed: () => void
  /** The person did not read, and was cut off. Before `onClosed`. */
  readonly onDropped: () => void
}

const BUFFERED_BYTES_MAX = 1_048_576
/** How long the other end may take to close, too. */
const CLOSE_TIMEOUT_MS = 1_000
/** How much of a line is repeated in the answer to it. */
const ECHOED_CHARS_MAX = 40

/** One watcher, on an open socket whose listeners belong to it from now on. */
export class Watcher {
  readonly #socket: WebSocket
  readonly #handlers: WatcherHandlers
  readonly #bufferedBytesMax: number
  #closeTimer: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, handlers: WatcherHandlers, options: WatcherOptions = {}) {
    this.#socket = socket
    this.#handlers = handlers
    this.#bufferedBytesMax = options.bufferedBytesMax ?? BUFFERED_BYTES_MAX
    socket.on('message', (data, isBinary) => this.#typed(data, isBinary))
    // `ws` closes the socket after an error; 'close' follows.
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(this.#closeTimer)
      handlers.onClosed()
    })
  }

  /** Shows one line, made with {@link watcherLine}. Cuts the watcher off when too much waits already. */
  show(line: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > this.#bufferedBytesMax) {
      this.#handlers.onDropped()
      // No close frame: it would wait behind what is not read.
      this.#socket.terminate()
      return
    }
    this.#socket.send(line)
  }

  /** What has been shown and not been read, in bytes. */
  get unreadBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** Closes with the reason's code and text. */
  close(reason: Reason, detail: string = REASONS[reason].text): void {
    this.#socket.close(REASONS[reason].closeCode, closeText(detail))
    this.#closeTimer ??= setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS).unref()
  }

  #typed(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      this.#mistake('That was a binary frame. Send text')
      return
    }
    const text = data.toString().trim()
    if (text === '/peers') this.#handlers.onAsked('peers')
    else if (text === '/help') this.#handlers.onAsked('help')
    else if (text.startsWith('{')) this.#handlers.onJson(text)
    else {
      const echo = text.length > ECHOED_CHARS_MAX ? `${text.slice(0, ECHOED_CHARS_MAX)}…` : text
      const what = text === '' ? 'That was an empty line' : `"${echo}" means nothing here`
      this.#mistake(text.startsWith('/') || text === '' ? what : `${what}, a bootstrap carries no messages`)
    }
  }

  #mistake(what: string): void {
    const text = `${what}. Type /peers or /help; to send messages, connect to a node`
    this.show(watcherLine({ event: 'error', text }))
  }
}

/** An event as one JSON line. */
export function watcherLine(event: WatcherEvent): string {
  return JSON.stringify(event)
}
