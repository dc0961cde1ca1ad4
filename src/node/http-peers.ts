// Plain HTTP peers: programs that registered with a bootstrap and take messages by `POST /message`. They are not in
// the overlay, so each node that sends to one posts to it directly.
// It must not retry: an HTTP answer is the outcome; nor know of nodes (http-peer-list.ts). Not in browsers, which ask only
// whom their page may ask.

import type { ListedPeer, NodeName } from '../core/messages.ts'
import type { SendFailure } from '../core/reasons.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { PeerInfo } from './events.ts'
import { type After, PostQueue } from './post-queue.ts'
import type { NodeWorld, Patience, PlainHttpPeers, PostOutcome } from './world.ts'

/**
 * Posts JSON, or gets the page where there is none, with this `traceparent`, and resolves with the HTTP status. Rejects with an AbortError when
 * `signal` breaks it off, with a TimeoutError after `timeoutMs`, and with whatever went wrong else.
 */
export type AskHttp = (
  url: URL,
  body: string | undefined,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number; readonly traceparent?: string },
) => Promise<number>

/** What the plain HTTP peers need of the place where they are asked. */
export interface HttpPeersParts {
  readonly askHttp: AskHttp
  /** By which round trips and deadlines are measured. */
  readonly nowMs: NodeWorld['nowMs']
  readonly after: After
}

/** One request, without the peer. */
interface Question {
  readonly path: string
  readonly body: string | undefined
}

/** What failed without an answer, for the log. */
const DETAILS: Partial<Record<SendFailure, string>> = {
  'queue-full': 'too much waits already',
  'peer-left': 'it is not registered any more',
  'shutting-down': 'the node was closed',
  cancelled: 'given up',
  expired: 'it was not its turn in time',
}

/** The plain HTTP peers that the bootstraps have named. */
export class HttpPeers implements PlainHttpPeers {
  readonly #parts: HttpPeersParts
  readonly #urls = new Map<NodeName, string>()
  /** Of those peers to which something is under way. */
  readonly #queues = new Map<string, PostQueue>()
  readonly #end = new AbortController()

  constructor(parts: HttpPeersParts) {
    this.#parts = parts
  }

  /** All of them. */
  get list(): PeerInfo[] {
    return [...this.#urls].map(([name, url]) => ({ name, url, kind: 'http' }))
  }

  has(name: string): boolean {
    return this.#urls.has(name as NodeName)
  }

  /** Takes over who is registered now. What waits for one that is gone fails with `peer-left`. */
  replace(peers: readonly ListedPeer[]): void {
    this.#urls.clear()
    for (const { name, url } of peers) if (url !== undefined) this.#urls.set(name, url)
    for (const [name, queue] of this.#queues) if (!this.has(name)) queue.end('peer-left')
  }

  /** Whether one more post to this peer would be taken now. */
  hasRoom(name: string): boolean {
    return this.#queues.get(name)?.hasRoom ?? true
  }

  /**
   * Posts one message as the classroom contract has it, bytes as base64, in its turn: what is under way to a peer, and what
   * waits, is bounded. Never rejects; `shutting-down` after the end.
   */
  post(
    name: string,
    { sender, msg: said }: { readonly sender: string; readonly msg: JsonValue | Uint8Array },
    patience: Patience,
  ): Promise<PostOutcome> {
    const msg = said instanceof Uint8Array ? Buffer.from(said).toString('base64') : said
    return this.#ask(name, { path: 'message', body: JSON.stringify({ sender, msg }) }, patience)
  }

  /** Gets the page at the peer's URL: whether it answers, and how fast. Settles as {@link post} does. */
  ping(name: string, patience: Patience): Promise<PostOutcome> {
    return this.#ask(name, { path: '', body: undefined }, patience)
  }

  async #ask(name: string, question: Question, patience: Patience): Promise<PostOutcome> {
    if (!this.has(name)) return { status: 'failed', reason: 'unknown-peer', detail: 'not registered' }
    if (this.#end.signal.aborted) return failedAs('shutting-down')
    if (patience.signal?.aborted) return failedAs('cancelled')
    const { nowMs } = this.#parts
    const endMs = nowMs() + patience.deadlineMs
    const queue = this.#queueOf(name)
    const refusal = await queue.enter(Buffer.byteLength(question.body ?? ''), patience)
    if (refusal !== undefined) return failedAs(refusal)
    try {
      const url = this.#urls.get(name as NodeName)
      if (url === undefined) return failedAs('peer-left')
      const deadlineMs = Math.max(1, Math.ceil(endMs - nowMs()))
      return await this.#askNow(url, question, { ...patience, deadlineMs })
    } finally {
      queue.leave()
      if (queue.isIdle) this.#queues.delete(name)
    }
  }

  #queueOf(name: string): PostQueue {
    const queue = this.#queues.get(name) ?? new PostQueue(this.#parts.after)
    this.#queues.set(name, queue)
    return queue
  }

  async #askNow(
    url: string,
    { path, body }: Question,
    { deadlineMs, signal, traceparent }: Patience,
  ): Promise<PostOutcome> {
    const { askHttp, nowMs } = this.#parts
    const sentMs = nowMs()
    try {
      this.#end.signal.throwIfAborted()
      signal?.throwIfAborted()
      const status = await askHttp(new URL(path, httpBase(url)), body, {
        signal: signal === undefined ? this.#end.signal : AbortSignal.any([this.#end.signal, signal]),
        timeoutMs: deadlineMs,
        ...(traceparent !== undefined && { traceparent }),
      })
      if (status >= 200 && status < 300) return { status: 'delivered', rttMs: nowMs() - sentMs }
      return { status: 'failed', reason: 'refused', detail: `HTTP status ${status}` }
    } catch (error) {
      if (this.#end.signal.aborted) return failedAs('shutting-down')
      if (signal?.aborted) return failedAs('cancelled')
      const isLate = error instanceof DOMException && error.name === 'TimeoutError'
      const detail = error instanceof Error ? error.message : String(error)
      return { status: 'failed', reason: isLate ? 'expired' : 'no-route', detail }
    }
  }

  /** Breaks off what is under way; nothing is posted any more. */
  end(): void {
    this.#end.abort()
    for (const queue of this.#queues.values()) queue.end('shutting-down')
  }
}

function failedAs(reason: SendFailure): PostOutcome {
  return { status: 'failed', reason, detail: DETAILS[reason] ?? reason }
}

function httpBase(url: string): string {
  const base = url.replace(/^ws/, 'http')
  return base.endsWith('/') ? base : `${base}/`
}
