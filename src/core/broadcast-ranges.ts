// Ranges of broadcasts, as announcements and requests carry them: put together where one goes on with another, and cut
// into what fits in one message. It must not know whose they are.

import type { AnnouncedRange, BroadcastRange } from './messages.ts'

/**
 * Broadcasts in one range, and ranges or origins in one message: `broadcastRangeMax` and `broadcastRangesMax` of the wire
 * (wire/limits.ts), which core does not import. Encoding what is beyond fails, and so do the tests.
 */
export const RANGE_MAX = 1_024
export const RANGES_MAX = 256

/** Several origins at once: how far back in a list the range is looked for that another one goes on with. */
const LOOK_BACK = 16

/** Adds a range to a list, or to one of its last ranges where it goes on with that one. */
export function appendRange<T extends BroadcastRange & Partial<Pick<AnnouncedRange, 'hops'>>>(
  ranges: T[],
  range: T,
): void {
  for (let i = ranges.length - 1; i >= Math.max(0, ranges.length - LOOK_BACK); i--) {
    const last = ranges[i] as T
    if (!goesOn(last, range)) continue
    ranges[i] = { ...last, behindLast: range.behindLast }
    return
  }
  ranges.push(range)
}

/** Whether a range goes on where another one ends, and both together are not too long. */
export function goesOn<T extends BroadcastRange & Partial<Pick<AnnouncedRange, 'hops'>>>(
  last: T,
  range: T,
): boolean {
  return (
    last.behindLast === range.first &&
    last.origin === range.origin &&
    last.incarnation === range.incarnation &&
    last.kind === range.kind &&
    last.hops === range.hops &&
    range.behindLast - last.first <= RANGE_MAX
  )
}

/** A list in pieces of which each fits in one message. */
export function* piecesOf<T>(list: readonly T[]): Generator<T[]> {
  for (let at = 0; at < list.length; at += RANGES_MAX) yield list.slice(at, at + RANGES_MAX)
}
