// How long something takes, drawn from a distribution.
// It must not have a generator of its own.

import type { Rng } from '../core/rng.ts'

/** A distribution of durations in ms; fractions of a µs are not drawn. */
export type Delay =
  | { readonly kind: 'constant'; readonly ms: number }
  | { readonly kind: 'uniform'; readonly minMs: number; readonly maxMs: number }
  /** `minMs`, and on top of it an exponential wait with this mean; cut at `maxMs`. */
  | { readonly kind: 'exponential'; readonly minMs: number; readonly meanMs: number; readonly maxMs: number }
  /** Pareto's: most are near `minMs`, few are very long. The smaller `shape`, the longer the tail (1 to 3). Cut at `maxMs`. */
  | { readonly kind: 'long-tail'; readonly minMs: number; readonly shape: number; readonly maxMs: number }

/** Draws a duration in ms. */
export function drawMs(delay: Delay, rng: Rng): number {
  switch (delay.kind) {
    case 'constant':
      return delay.ms
    case 'uniform':
      return rng.between(Math.round(delay.minMs * 1_000), Math.round(delay.maxMs * 1_000)) / 1_000
    case 'exponential': {
      const tailMs = -Math.log(fraction(rng)) * delay.meanMs
      return Math.min(delay.maxMs, delay.minMs + wholeUs(tailMs))
    }
    case 'long-tail':
      return Math.min(delay.maxMs, wholeUs(delay.minMs * fraction(rng) ** (-1 / delay.shape)))
  }
}

/** Above 0, up to 1. */
function fraction(rng: Rng): number {
  return (rng.uint32() + 1) / 0x1_0000_0000
}

function wholeUs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
