// What became of the broadcasts and sends of a scenario: who got them, when, and over how many links.
// It must not judge: what must not be is ledger.ts's business, and what a scenario wants is its own.

import type { BroadcastEntry, Run, SendEntry } from './ledger.ts'
import type { BroadcastCount } from './report.ts'

/** A broadcast. */
export class Cast {
  readonly entry: BroadcastEntry
  readonly group: string
  readonly atMs: number
  /** The other nodes that were up when it was made. */
  readonly expected: readonly Run[]
  readonly latenciesMs: number[] = []
  #lastHop = 0

  constructor(
    entry: BroadcastEntry,
    { group, atMs, expected }: { group: string; atMs: number; expected: readonly Run[] },
  ) {
    this.entry = entry
    this.group = group
    this.atMs = atMs
    this.expected = expected
  }

  /** A node got it. */
  arrived(hops: number, nowMs: number): void {
    this.latenciesMs.push(nowMs - this.atMs)
    this.#lastHop = Math.max(this.#lastHop, hops)
  }

  /** Those that had to get it, were up all through it, and did not. */
  missing(isUp: (run: Run) => boolean): Run[] {
    return this.expected.filter((run) => isUp(run) && !this.entry.handedOverBy.has(run))
  }

  /** @param payloadFrames that carried it. */
  count(isUp: (run: Run) => boolean, payloadFrames: number): BroadcastCount {
    const up = this.expected.filter(isUp)
    const { handedOverBy } = this.entry
    return {
      expected: up.length,
      reached: up.filter((run) => handedOverBy.has(run)).length,
      payloadFrames,
      receivers: handedOverBy.size,
      lastHop: this.#lastHop,
    }
  }
}

/** A direct send. */
export class Shot {
  readonly entry: SendEntry
  readonly group: string
  readonly atMs: number
  readonly to: Run
  /** Absent until it has arrived. */
  arrival: { readonly hops: number; readonly latencyMs: number } | undefined

  constructor(entry: SendEntry, { group, atMs, to }: { group: string; atMs: number; to: Run }) {
    this.entry = entry
    this.group = group
    this.atMs = atMs
    this.to = to
  }

  /** `delivered`, or why not; `undefined` while there is no outcome. */
  get outcome(): string | undefined {
    const { outcome } = this.entry
    return outcome?.status === 'failed' ? outcome.reason : outcome?.status
  }

  /** It was handed over. */
  arrived(hops: number, nowMs: number): void {
    this.arrival ??= { hops, latencyMs: nowMs - this.atMs }
  }
}
