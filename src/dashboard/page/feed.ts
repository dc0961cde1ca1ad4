// The WebSocket to the node: opens it, asks to watch, gives it up when it falls silent, opens it again when it is lost, later
// and later. It must not know what the lines mean beyond that, nor the DOM; who shows the page is told of states and lines.

import type { JsonValue } from '../../wire/payload.ts'
import { Acknowledging } from './acknowledging.ts'
import { type FeedLine, LineReader } from './lines.ts'
import { Liveness } from './liveness.ts'

/** Where the feed is. */
export type FeedState =
  | { readonly is: 'connecting'; readonly attempt: number }
  /** Connected; whether anybody is watched yet is told by `watch` lines. */
  | { readonly is: 'open' }
  | { readonly is: 'lost'; readonly attempt: number; readonly retryAtMs: number; readonly why: string }

/** Who is told. */
export interface FeedListener {
  onState(state: FeedState): void
  /** @param arrivedMs by `performance.now()` */
  onLine(line: FeedLine, arrivedMs: number): void
  /** @param quietMs for how long nothing has come where a line should have; 0: all is well. Often the same as before */
  onQuiet(quietMs: number): void
}

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 15_000
/** A connection that does not come up in this time is given up. */
const OPEN_MS = 10_000
/** How often it is looked at whether lines still come. */
const LOOK_MS = 1_000
/** Of what the page says for itself: messages begin with 1. */
const OWN_TAG = 0

/** The connection, for as long as the page lives. */
export class Feed {
  readonly #url: string
  readonly #listener: FeedListener
  readonly #reader = new LineReader()
  #socket: WebSocket | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #looks: ReturnType<typeof setInterval> | undefined
  #liveness: Liveness | undefined
  #acknowledging: Acknowledging | undefined
  #isWatching = true
  /** Since the last one that came up. */
  #attempt = 0
  #state: FeedState = { is: 'connecting', attempt: 0 }

  constructor(url: string, listener: FeedListener) {
    this.#url = url
    this.#listener = listener
  }

  /** Where it connects to. */
  get url(): string {
    return this.#url
  }

  /** Where the feed is. */
  get state(): FeedState {
    return this.#state
  }

  /** Lines and parts of lines that were left out because they were broken or unknown. */
  get ignored(): number {
    return this.#reader.ignored
  }

  /** Connects now, and does not wait for the next attempt. Without effect while it is connected. */
  connect(): void {
    if (this.#socket !== undefined) return
    clearTimeout(this.#timer)
    this.#attempt++
    this.#pass({ is: 'connecting', attempt: this.#attempt })
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    this.#timer = setTimeout(() => this.#lose(socket, 'no answer'), OPEN_MS)
    socket.onopen = () => {
      clearTimeout(this.#timer)
      this.#liveness = new Liveness(Date.now())
      this.#acknowledging = new Acknowledging((atMs) => this.send({ cmd: 'seen', atMs, tag: OWN_TAG }))
      this.#looks = setInterval(() => this.look(), LOOK_MS)
      this.#ask()
      this.#pass({ is: 'open' })
    }
    socket.onmessage = ({ data }) => {
      // Only what came in order shows that the other side is worth another quick attempt.
      this.#attempt = 0
      const arrivedMs = performance.now()
      const line = this.#reader.read(typeof data === 'string' ? data : '')
      this.#liveness?.heard(line, Date.now())
      this.#listener.onQuiet(0)
      if (line === undefined) return
      // A node of before does not know the line, and one that is not there yet does not take it: nobody wants to read of that.
      if (line.event === 'error' && line.tag === OWN_TAG) return
      this.#listener.onLine(line, arrivedMs)
      if ('atMs' in line) this.#acknowledging?.seen(line.atMs, performance.now())
    }
    socket.onclose = ({ code, reason }) =>
      this.#lose(socket, reason === '' ? closeText(code) : `${reason} (${code})`)
  }

  /** Watches, or keeps the connection without watching; also from the next one on. */
  watch(isWatching: boolean): void {
    if (this.#isWatching === isWatching) return
    this.#isWatching = isWatching
    if (this.#state.is === 'open') this.#ask()
  }

  /** Looks whether the other side is still there: tells where it is silent, and gives it up where it is for too long. */
  look(): void {
    const [socket, liveness, nowMs] = [this.#socket, this.#liveness, Date.now()]
    if (socket === undefined || liveness === undefined) return
    this.#listener.onQuiet(liveness.quietMs(nowMs))
    if (!liveness.isDead(nowMs)) return
    const seconds = Math.round(liveness.patienceMs / 1_000)
    this.#lose(socket, `the node has not said anything for ${seconds} s`)
  }

  /** Somebody looks again, or there is a network again: what is lost is not waited for, and what is dead is found. */
  wake(): void {
    this.look()
    this.connect()
  }

  /** Sends one line. @returns whether it could be sent */
  send(line: { readonly [key: string]: JsonValue }): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(JSON.stringify(line))
    return true
  }

  #ask(): void {
    this.send({ cmd: 'watch', on: this.#isWatching })
    this.#liveness?.asked(this.#isWatching, Date.now())
  }

  #lose(socket: WebSocket, why: string): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    this.#liveness = undefined
    this.#acknowledging?.end()
    this.#acknowledging = undefined
    clearTimeout(this.#timer)
    clearInterval(this.#looks)
    socket.onopen = null
    socket.onmessage = null
    socket.onclose = null
    socket.close()
    const ceilingMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt)
    // Half of it at random: many pages that lost the same node do not come back at the same time.
    const delayMs = ceilingMs / 2 + (Math.random() * ceilingMs) / 2
    this.#timer = setTimeout(() => this.connect(), delayMs)
    this.#pass({ is: 'lost', attempt: this.#attempt, retryAtMs: Date.now() + delayMs, why })
  }

  #pass(state: FeedState): void {
    this.#state = state
    this.#listener.onState(state)
  }
}

/** The place that the feed is at, beside the page. */
export function feedUrl(page: {
  readonly protocol: string
  readonly host: string
  readonly pathname: string
}): string {
  const path = page.pathname.replace(/ui\/?$/, '')
  return `${page.protocol === 'https:' ? 'wss:' : 'ws:'}//${page.host}${path === '' ? '/' : path}`
}

function closeText(code: number): string {
  return code === 1006 ? 'the node cannot be reached' : `closed with code ${code}`
}
