// Asks plain HTTP peers whether they are there: `GET /`, a few at once, each within a time limit.
// It must not decide what a missing answer means.

import { askHttp } from '../net/http-ask.ts'
import type { PollerOptions } from './options.ts'

/** 256 peers that swallow every packet keep 16 polls busy for 48 s a round: slow news of the last one, and no more. */
const TIMEOUT_MS = 3_000
const POLLS_MAX = 16

/** Asks. Close it when it is not needed any more. */
export class Poller {
  readonly #timeoutMs: number
  readonly #pollsMax: number
  readonly #stop = new AbortController()
  readonly #waiting: (() => void)[] = []
  #underWay = 0

  constructor(options: PollerOptions = {}) {
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
    this.#pollsMax = options.pollsMax ?? POLLS_MAX
  }

  /**
   * Whether somebody answers HTTP at `url`. Any status counts: a peer without a page at `/` answers 404, and is there.
   * Never rejects; false for what waits or is under way when the poller is closed.
   */
  async ask(url: string): Promise<boolean> {
    if (this.#underWay >= this.#pollsMax) await new Promise<void>((turn) => this.#waiting.push(turn))
    if (this.#stop.signal.aborted) return false
    this.#underWay++
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#timeoutMs)])
      await askHttp(url, { method: 'GET', signal })
      return true
    } catch {
      return false
    } finally {
      this.#underWay--
      this.#waiting.shift()?.()
    }
  }

  /** Ends all questions. */
  close(): void {
    this.#stop.abort()
    for (const turn of this.#waiting.splice(0)) turn()
  }
}
