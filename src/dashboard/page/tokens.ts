// Messages that run along links in the picture: a pool of fixed size, so that drawing allocates nothing. Pure. It must not
// draw; a step that finds the pool full is not shown, for then there is more to see than can be seen.

import type { SceneNode } from './scene.ts'

/** Of a token. */
export type TokenKind = 'direct' | 'broadcast'

/** How long a message runs along one link in the picture, in ms: much slower than it is, to be seen. */
export const HOP_MS = 260
/** How long its trace stays, in ms. */
export const FADE_MS = 1_100
/** A step waits in the picture for so many before it, and no more: what it says of its hops may be anything. */
const HOPS_AWAITED_MAX = 15

/** When a step sets out: steps of one message come together, and each waits for those before it. */
export function startMsOf(hops: number, nowMs: number): number {
  return nowMs + Math.min(Math.max(0, hops - 1), HOPS_AWAITED_MAX) * HOP_MS
}

/** One step on its way; whoever reads it must not keep it. */
export interface Token {
  from: SceneNode
  to: SceneNode
  kind: TokenKind
  startMs: number
}

/** The pool. */
export class Tokens {
  readonly #pool: Token[] = []
  readonly #max: number
  #count = 0

  constructor(max = 4_000) {
    this.#max = max
  }

  /** Tokens on their way, and traces that fade. */
  get count(): number {
    return this.#count
  }

  /** One of them, 0 to `count - 1`. */
  at(index: number): Token {
    return this.#pool[index] as Token
  }

  /** @returns whether there was room */
  add(token: Token): boolean {
    if (this.#count === this.#max) return false
    const free = this.#pool[this.#count]
    if (free === undefined) this.#pool.push({ ...token })
    else Object.assign(free, token)
    this.#count++
    return true
  }

  /** Takes out what has faded. */
  passTo(nowMs: number): void {
    for (let index = 0; index < this.#count; ) {
      const token = this.at(index)
      if (nowMs - token.startMs < HOP_MS + FADE_MS) {
        index++
        continue
      }
      this.#count--
      this.#pool[index] = this.at(this.#count)
      this.#pool[this.#count] = token
    }
  }

  /** Takes out all. */
  clear(): void {
    this.#count = 0
  }
}
