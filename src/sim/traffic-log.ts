// What became of the broadcasts and sends of a scenario: who got them, when, and over how many links. Only what happens
// between nodes that are up all through it counts.
// It must not judge: what must not be is ledger.ts's business, and what a scenario wants is its own.

import { CORE_DEFAULTS } from '../core/config.ts'
import type { BroadcastEntry, SendEntry } from './ledger.ts'
import type { BroadcastCount } from './report.ts'
import type { StageNode } from './stage.ts'

/** As long a broadcast may take: who is up from its beginning to then was up all through it. */
const BROADCAST_MS = 10_000

/** A broadcast. */
export class Cast {
  readonly entry: BroadcastEntry
  readonly by: StageNode
  readonly group: string
  readonly atMs: number
  readonly latenciesMs: number[] = []
  /** The other nodes that were up when it was made. */
  readonly #expected: ReadonlySet<StageNode>
  #lastHop = 0

  constructor(
    entry: BroadcastEntry,
    {
      by,
      group,
      atMs,
      expected,
    }: { by: StageNode; group: string; atMs: number; expected: readonly StageNode[] },
  ) {
    this.entry = entry
    this.by = by
    this.group = group
    this.atMs = atMs
    this.#expected = new Set(expected)
  }

  /** Whether the origin was up all through it: all of it can be on its way, or the failure be told. */
  get isFair(): boolean {
    return this.#isThrough(this.by)
  }

  /** Whether the origin was told that it has failed: it is not lost, and nobody has it. */
  get hasFailed(): boolean {
    return this.entry.state === 'failed'
  }

  /** Those that have to have it. */
  get expected(): StageNode[] {
    if (!this.isFair || this.hasFailed) return []
    return [...this.#expected].filter((node) => this.#isThrough(node))
  }

  /** Those that have to have it, and do not. */
  get missing(): StageNode[] {
    return this.expected.filter((node) => !this.entry.handedOverBy.has(node))
  }

  /** A node got it. */
  arrived(node: StageNode, hops: number, nowMs: number): void {
    if (!this.#expected.has(node)) return
    this.latenciesMs.push(nowMs - this.atMs)
    this.#lastHop = Math.max(this.#lastHop, hops)
  }

  /** @param payloadFrames that carried it. */
  count(payloadFrames: number): BroadcastCount {
    const { expected, hasFailed } = this
    const { handedOverBy } = this.entry
    return {
      hasFailed,
      expected: expected.length,
      reached: expected.filter((node) => handedOverBy.has(node)).length,
      payloadFrames,
      receivers: handedOverBy.size,
      lastHop: this.#lastHop,
    }
  }

  #isThrough({ endedMs }: StageNode): boolean {
    return endedMs === undefined || endedMs >= this.atMs + BROADCAST_MS
  }
}

/** A direct send. */
export class Shot {
  readonly entry: SendEntry
  readonly by: StageNode
  readonly to: StageNode
  readonly group: string
  readonly atMs: number
  /** Absent until it has arrived. */
  arrival: { readonly hops: number; readonly latencyMs: number } | undefined

  constructor(
    entry: SendEntry,
    { by, to, group, atMs }: { by: StageNode; to: StageNode; group: string; atMs: number },
  ) {
    this.entry = entry
    this.by = by
    this.to = to
    this.group = group
    this.atMs = atMs
  }

  /** `delivered`, or why not; `undefined` while there is no outcome. */
  get outcome(): string | undefined {
    const { outcome } = this.entry
    return outcome?.status === 'failed' ? outcome.reason : outcome?.status
  }

  /** Whether both ends were up all through it. */
  get isFair(): boolean {
    const throughMs = this.atMs + CORE_DEFAULTS.deadlineMs
    return [this.by, this.to].every(({ endedMs }) => endedMs === undefined || endedMs >= throughMs)
  }

  /** It was handed over. */
  arrived(hops: number, nowMs: number): void {
    this.arrival ??= { hops, latencyMs: nowMs - this.atMs }
  }
}
