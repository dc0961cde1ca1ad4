// Plain HTTP peers: programs that registered with a bootstrap and take messages by `POST /message`. They are not in
// the overlay, so each node that sends to one posts to it directly.
// It must not retry: an HTTP answer is the outcome. Not in browsers, which ask only whom their page may ask.

import type { ListedPeer, NodeName } from '../core/messages.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { PeerInfo } from './events.ts'
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

/** Posts to one peer at a time; each has a connection of its own. */
const POSTS_MAX = 64

/** The plain HTTP peers that the bootstraps have named. */
export class HttpPeers implements PlainHttpPeers {
  readonly #askHttp: AskHttp
  readonly #nowMs: NodeWorld['nowMs']
  readonly #urls = new Map<NodeName, string>()
  /** Posts that have no answer yet, by peer. */
  readonly #underWay = new Map<string, number>()
  readonly #end = new AbortController()

  /** @param nowMs by which round trips are measured */
  constructor(askHttp: AskHttp, nowMs: NodeWorld['nowMs']) {
    this.#askHttp = askHttp
    this.#nowMs = nowMs
  }

  /** All of them. */
  get list(): PeerInfo[] {
    return [...this.#urls].map(([name, url]) => ({ name, url, kind: 'http' }))
  }

  has(name: string): boolean {
    return this.#urls.has(name as NodeName)
  }

  /** Takes over who is registered now; returns who is new and who is gone. */
  replace(peers: readonly ListedPeer[]): { joined: PeerInfo[]; gone: NodeName[] } {
    const before = new Map(this.#urls)
    this.#urls.clear()
    for (const { name, url } of peers) if (url !== undefined) this.#urls.set(name, url)
    return {
      joined: this.list.filter(({ name }) => !before.has(name as NodeName)),
      gone: [...before.keys()].filter((name) => !this.#urls.has(name)),
    }
  }

  /** Posts one message as the classroom contract has it, bytes as base64. Never rejects; `shutting-down` after the end. */
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

  async #ask(
    name: string,
    { path, body }: { readonly path: string; readonly body: string | undefined },
    { deadlineMs, signal, traceparent }: Patience,
  ): Promise<PostOutcome> {
    const url = this.#urls.get(name as NodeName)
    if (url === undefined) return { status: 'failed', reason: 'unknown-peer', detail: 'not registered' }
    const underWay = this.#underWay.get(name) ?? 0
    if (underWay >= POSTS_MAX)
      return { status: 'failed', reason: 'queue-full', detail: `${underWay} posts under way` }
    this.#underWay.set(name, underWay + 1)
    const sentMs = this.#nowMs()
    try {
      this.#end.signal.throwIfAborted()
      signal?.throwIfAborted()
      const status = await this.#askHttp(new URL(path, httpBase(url)), body, {
        signal: signal === undefined ? this.#end.signal : AbortSignal.any([this.#end.signal, signal]),
        timeoutMs: deadlineMs,
        ...(traceparent !== undefined && { traceparent }),
      })
      if (status >= 200 && status < 300) return { status: 'delivered', rttMs: this.#nowMs() - sentMs }
      return { status: 'failed', reason: 'refused', detail: `HTTP status ${status}` }
    } catch (error) {
      if (this.#end.signal.aborted) {
        return { status: 'failed', reason: 'shutting-down', detail: 'the node was closed' }
      }
      if (signal?.aborted) return { status: 'failed', reason: 'cancelled', detail: 'given up' }
      const isLate = error instanceof DOMException && error.name === 'TimeoutError'
      const detail = error instanceof Error ? error.message : String(error)
      return { status: 'failed', reason: isLate ? 'expired' : 'no-route', detail }
    } finally {
      const left = (this.#underWay.get(name) ?? 1) - 1
      if (left > 0) this.#underWay.set(name, left)
      else this.#underWay.delete(name)
    }
  }

  /** Breaks off what is under way; nothing is posted any more. */
  end(): void {
    this.#end.abort()
  }
}

function httpBase(url: string): string {
  const base = url.replace(/^ws/, 'http')
  return base.endsWith('/') ? base : `${base}/`
}
