// One open WebSocket that speaks hearsay.1, seen as three lanes of frames. Collects frames into bundles, bounds what
// waits, watches that it leaves, and gives every way in which a connection can end one reason.
// It must not know what a frame means: hello, heartbeats and who may say what are the core's.
//
// 1. Frames of one turn of the event loop leave together, at the end of that turn. Those that fill a bundle leave at once, and
//    so do those that answer a long read: the other end goes on meanwhile.
// 2. What the socket holds unsent is bounded by `inFlightBytesMax` plus one bundle, so that control overtakes the rest.
// 3. `onClosed` is called exactly once, never from within a call of this class; nothing is delivered after `close`.
// 4. Nothing that the other end sends makes this throw. An exception of a handler is our own bug and surfaces.

import type { Lane } from '../core/events.ts'
import type { Message } from '../core/messages.ts'
import { REASONS, type Reason } from '../core/reasons.ts'
import { decodeBundle } from '../wire/bundle.ts'
import { encodeFrameInto } from '../wire/encode.ts'
import { LIMITS } from '../wire/limits.ts'
import { atTurnEnd, idleTimeout } from './event-loop.ts'
import { type Bundle, Lanes, type PerLane } from './lanes.ts'
import { closeText, endOfRemoteClose, type LinkEnd } from './link-end.ts'
import { LINK_DEFAULTS, type LinkOptions } from './link-options.ts'
import type { LinkSocket } from './link-socket.ts'

/**
 * So much may have come before what waits leaves, though the turn is not over. Node.js reads up to 2 MiB of one socket in a
 * turn, all of a window: a sender would stand still until it was worked off. Two reads: 16 KiB went from 21.7 to 24.0 k a second.
 */
const UNANSWERED_BYTES_MAX = 131_072

type Timeout = ReturnType<typeof setTimeout>

/** What a link tells its owner. */
export interface LinkHandlers {
  /** What one WebSocket message carried, in order, at least one. Payloads are views into the received bytes. */
  readonly onMessages: (messages: Message[]) => void
  /** The connection is gone. Exactly once. */
  readonly onClosed: (end: LinkEnd) => void
}

/** Counters of one link, since it was opened. Bytes are payload of WebSocket messages, without their headers. */
export interface LinkStats {
  readonly framesSent: number
  readonly bundlesSent: number
  readonly bytesSent: number
  readonly framesReceived: number
  readonly bundlesReceived: number
  readonly bytesReceived: number
  /** Frames that {@link Link.send} did not take. */
  readonly framesRefused: number
  /** Frames that were waiting when the link ended. */
  readonly framesDropped: number
  readonly queuedBytes: PerLane
  /** Bytes handed to the socket that the operating system has not taken yet. */
  readonly inFlightBytes: number
  /** Milliseconds since 1970. */
  readonly openedAtMs: number
  /** When the last WebSocket message came, in ms since 1970; `undefined`: none yet. */
  readonly lastReceivedAtMs: number | undefined
}

/** Thrown by {@link Link.send} for a frame that no peer accepts. The caller has to check sizes before. */
export class FrameTooLargeError extends RangeError {
  readonly code = 'frame-too-large'
  override readonly name = 'FrameTooLargeError'
}

/** One link. Made in the handler that is given the open socket, so that no message is missed. */
export class Link {
  readonly #socket: LinkSocket
  readonly #handlers: LinkHandlers
  readonly #options: LinkOptions
  readonly #lanes: Lanes
  readonly #openedAtMs = Date.now()
  #lastReceivedAtMs: number | undefined
  /** Why the link ends, once that is decided on this side. */
  #end: LinkEnd | undefined
  #closing = false
  #isFlushDue = false
  #closeTimer: Timeout | undefined
  #progressTimer: Timeout | undefined
  #progressAtMs = 0
  #inFlightBytes = 0
  #framesSent = 0
  #bundlesSent = 0
  #bytesSent = 0
  #framesReceived = 0
  #bundlesReceived = 0
  #bytesReceived = 0
  #framesRefused = 0
  #framesDropped = 0
  /** Received since a bundle left last. */
  #unansweredBytes = 0

  /** @param socket open; it belongs to the link from now on */
  constructor(socket: LinkSocket, handlers: LinkHandlers, options: Partial<LinkOptions> = {}) {
    this.#socket = socket
    this.#handlers = handlers
    this.#options = { ...LINK_DEFAULTS, ...options }
    this.#lanes = new Lanes(this.#options.laneBytesMax, LIMITS.bundleBytesMax)
    socket.lead({
      onMessage: (bytes, isBinary) => this.#received(bytes, isBinary),
      onFailed: (end) => this.#failed(end),
      onClosed: (code, text) => this.#closed(code, text),
    })
  }

  /** Whether frames are taken: false as soon as either end has begun to close. */
  get isOpen(): boolean {
    return !this.#closing && this.#socket.isOpen
  }

  /** Bytes that wait per lane, not yet handed to the socket. */
  get queuedBytes(): PerLane {
    return this.#lanes.queuedBytes
  }

  /** Whether who makes broadcasts had better wait: their lane is more than half full. */
  get isCrowded(): boolean {
    return this.isOpen && this.#lanes.isHalfFull('broadcast')
  }

  /**
   * Puts a frame on a lane; it leaves at the end of this turn, with a full bundle, or when there is room. The bytes are free then.
   * False, and the frame is not taken: the lane would exceed its limit, or the link is not open any more ({@link isOpen}).
   * @throws FrameTooLargeError when no bundle can carry the frame
   */
  send(frame: Uint8Array, lane: Lane): boolean {
    if (frame.length > LIMITS.frameBytesMax) {
      throw new FrameTooLargeError(
        `a frame of ${frame.length} bytes is larger than ${LIMITS.frameBytesMax} bytes`,
      )
    }
    return this.#queued(this.isOpen && this.#lanes.end(lane).push(frame))
  }

  /** As {@link send}, for a message that goes out on this link only. @throws WireError when it cannot be written */
  sendMessage(message: Message, lane: Lane): boolean {
    return this.#queued(this.isOpen && encodeFrameInto(message, this.#lanes.end(lane)))
  }

  #queued(isTaken: boolean): boolean {
    if (!isTaken) {
      this.#framesRefused++
      return false
    }
    if (!this.#isFlushDue) {
      this.#isFlushDue = true
      atTurnEnd(this.#flushNow)
    }
    this.#handOver(LIMITS.bundleBytesMax)
    return true
  }

  readonly #flushNow = (): void => {
    this.#isFlushDue = false
    this.#handOver()
  }

  /**
   * Ends the link: hands what waits on the control lane to the socket, drops the other lanes, closes with the reason's
   * code, and cuts the connection when the other end does not answer in time. A second call does nothing.
   * @param detail what to tell the other end instead of the reason's own text; cut to 123 bytes of UTF-8
   */
  close(reason: Reason, detail: string = REASONS[reason].text): void {
    if (this.#closing) return
    this.#closing = true
    this.#armCloseTimer()
    // The other end closed first, and has not heard of this: its reason is the one to report.
    if (!this.#socket.isOpen) return
    this.#end = { reason, remote: false, detail }
    for (let bundle = this.#lanes.take(['control']); bundle; bundle = this.#lanes.take(['control'])) {
      this.#write(bundle)
    }
    this.#dropQueued()
    this.#socket.close(REASONS[reason].closeCode, closeText(detail))
  }

  /** A snapshot of the counters. */
  stats(): LinkStats {
    return {
      framesSent: this.#framesSent,
      bundlesSent: this.#bundlesSent,
      bytesSent: this.#bytesSent,
      framesReceived: this.#framesReceived,
      bundlesReceived: this.#bundlesReceived,
      bytesReceived: this.#bytesReceived,
      framesRefused: this.#framesRefused,
      framesDropped: this.#framesDropped,
      queuedBytes: this.#lanes.queuedBytes,
      inFlightBytes: this.#inFlightBytes,
      openedAtMs: this.#openedAtMs,
      lastReceivedAtMs: this.#lastReceivedAtMs,
    }
  }

  get #hasRoom(): boolean {
    return this.#inFlightBytes < this.#options.inFlightBytesMax
  }

  /** Hands bundles to the socket while it has room, and at least so many bytes wait. */
  #handOver(bytesMin = 1): void {
    while (this.#lanes.bytes >= bytesMin && this.#hasRoom && this.isOpen) {
      const bundle = this.#lanes.take()
      if (bundle === undefined) return
      this.#write(bundle)
    }
  }

  #write(bundle: Bundle): void {
    this.#unansweredBytes = 0
    const size = bundle.bytes.length
    if (this.#inFlightBytes === 0) this.#progressAtMs = performance.now()
    this.#inFlightBytes += size
    this.#framesSent += bundle.frames
    this.#bundlesSent++
    this.#bytesSent += size
    this.#socket.send(bundle.bytes, (error) => {
      if (!error) this.#lanes.recycle(bundle)
      this.#written(size, error)
    })
    if (this.#progressTimer === undefined) this.#armProgressTimer(this.#options.progressTimeoutMs)
  }

  /** The operating system has taken a bundle, or never will (`error`: the socket is closing, and 'close' follows). */
  #written(size: number, error: Error | null | undefined): void {
    this.#inFlightBytes -= size
    if (error) return
    this.#progressAtMs = performance.now()
    // A flush that is due at the end of this turn takes what waits, and what this turn still adds.
    if (!this.#isFlushDue) this.#handOver()
  }

  /** The timer is not moved by each write: when it runs out it looks when the last one was. It ends while idle. */
  #armProgressTimer(afterMs: number): void {
    this.#progressTimer = idleTimeout(() => {
      // One turn of grace: after a pause of the whole process the timers come before the news of what was written.
      atTurnEnd(() => {
        this.#progressTimer = undefined
        if (this.#inFlightBytes === 0 || !this.#socket.isOpen) return
        const restMs = this.#progressAtMs + this.#options.progressTimeoutMs - performance.now()
        if (restMs > 0) this.#armProgressTimer(Math.ceil(restMs))
        else this.#stalled()
      })
    }, afterMs)
  }

  /** No close frame: it would wait behind what is stuck already. */
  #stalled(): void {
    this.#closing = true
    const detail = `no progress for ${this.#options.progressTimeoutMs} ms with ${this.#inFlightBytes} bytes in flight`
    this.#end = { reason: 'stalled', remote: false, detail }
    this.#dropQueued()
    this.#socket.terminate()
  }

  #received(bytes: Uint8Array, isBinary: boolean): void {
    if (this.#closing) return
    this.#lastReceivedAtMs = Date.now()
    this.#bundlesReceived++
    this.#bytesReceived += bytes.length
    if (!isBinary) {
      this.close('not-binary')
      return
    }
    const { messages, error } = decodeBundle(bytes)
    this.#framesReceived += messages.length
    try {
      if (messages.length > 0) this.#handlers.onMessages(messages)
      this.#unansweredBytes += bytes.length
      if (this.#unansweredBytes >= UNANSWERED_BYTES_MAX) this.#handOver()
    } finally {
      if (error !== undefined) this.close('malformed', error)
    }
  }

  /** The other end broke the WebSocket protocol. */
  #failed(end: LinkEnd): void {
    this.#end ??= end
    this.#closing = true
    this.#dropQueued()
    this.#armCloseTimer()
  }

  #closed(code: number, text: string): void {
    this.#closing = true
    clearTimeout(this.#closeTimer)
    clearTimeout(this.#progressTimer)
    this.#dropQueued()
    this.#handlers.onClosed(this.#end ?? endOfRemoteClose(code, text))
  }

  #armCloseTimer(): void {
    this.#closeTimer ??= idleTimeout(() => this.#socket.terminate(), this.#options.closeTimeoutMs)
  }

  #dropQueued(): void {
    this.#framesDropped += this.#lanes.clear()
  }
}
