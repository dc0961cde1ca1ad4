// The browser's WebSocket as a link sees it. It must not import anything of Node.js.
//
// A browser tells nobody when bytes have left, cannot cut a connection, and says of its end no more than a close code.

import { atTurnEnd } from './event-loop.ts'
import { NO_CLOSE_FRAME } from './link-end.ts'
import type { LinkSocket, LinkSocketHandlers } from './link-socket.ts'

/** A message that the browser may still hold. */
interface Unsent {
  /** All bytes that were ever sent, with it. */
  readonly endBytes: number
  readonly taken: (error?: Error) => void
}

const NO_BYTES = new Uint8Array()

/** How long to wait before it is looked again whether bytes have left: doubles as long as none have. */
const LOOK_MIN_MS = 1
const LOOK_MAX_MS = 64

/** See the head of the file. */
export class BrowserSocket implements LinkSocket {
  readonly #socket: WebSocket
  readonly #onHeard: () => void
  #handlers: LinkSocketHandlers | undefined
  readonly #unsent: Unsent[] = []
  #sentBytes = 0
  #lookMs = LOOK_MIN_MS
  #isLooking = false

  /**
   * @param socket open; its handlers belong to the link from now on
   * @param onHeard told after each event of the socket: what is heard wakes a tab whose timers sleep
   */
  constructor(socket: WebSocket, onHeard: () => void) {
    this.#socket = socket
    this.#onHeard = onHeard
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  lead(handlers: LinkSocketHandlers): void {
    const socket = this.#socket
    this.#handlers = handlers
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }) => {
      const isBinary = data instanceof ArrayBuffer
      try {
        handlers.onMessage(isBinary ? new Uint8Array(data) : NO_BYTES, isBinary)
      } finally {
        this.#look()
        this.#onHeard()
      }
    }
    // An error says nothing, and the close that follows it says the rest.
    socket.onclose = ({ code, reason }) => this.#ended(code, reason)
    if (socket.readyState === WebSocket.CLOSED) atTurnEnd(() => this.#ended(NO_CLOSE_FRAME, ''))
  }

  send(bytes: Uint8Array, taken: (error?: Error) => void): void {
    // Copies them.
    this.#socket.send(bytes as Uint8Array<ArrayBuffer>)
    this.#sentBytes += bytes.length
    this.#unsent.push({ endBytes: this.#sentBytes, taken })
    if (!this.#isLooking) this.#lookSoon()
  }

  /** Browsers let pages close with 1000 and 3000 to 4999 only; those of our reasons are above 4000. */
  close(code: number, text: string): void {
    this.#socket.close(code, text)
  }

  /** The connection ends when the browser finds that it has: nobody listens to it any more. */
  terminate(): void {
    this.#socket.close()
    atTurnEnd(() => this.#ended(NO_CLOSE_FRAME, ''))
  }

  #ended(code: number, text: string): void {
    const handlers = this.#handlers
    if (handlers === undefined) return
    this.#handlers = undefined
    this.#socket.onmessage = null
    this.#socket.onclose = null
    const error = new Error('the connection has ended')
    for (const { taken } of this.#unsent.splice(0)) taken(error)
    handlers.onClosed(code, text)
    this.#onHeard()
  }

  /** Looks how much has left. `bufferedAmount` counts the payload only, and in the end also what will never leave. */
  #look(): void {
    // What `taken` sends is none of it: that is in neither number.
    const leftBytes = this.#sentBytes - this.#socket.bufferedAmount
    while (this.isOpen) {
      const first = this.#unsent[0]
      if (first === undefined || first.endBytes > leftBytes) return
      this.#unsent.shift()
      this.#lookMs = LOOK_MIN_MS / 2
      first.taken()
    }
  }

  /** As long as bytes leave, at each turn; a timer would be late in a hidden tab, and each turn too often in a slow one. */
  #lookSoon(): void {
    const look = (): void => {
      this.#isLooking = false
      this.#lookMs = Math.min(LOOK_MAX_MS, 2 * this.#lookMs)
      this.#look()
      if (this.#unsent.length > 0 && this.#handlers !== undefined) this.#lookSoon()
    }
    this.#isLooking = true
    if (this.#lookMs <= LOOK_MIN_MS) atTurnEnd(look)
    else setTimeout(look, this.#lookMs)
  }
}
