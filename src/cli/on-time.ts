// Whether this process keeps up: its timers come on time. It must not know what keeps it busy.

import { setTimeout as delay } from 'node:timers/promises'

/** How timers are watched: so often, in ms, and so many of them on time in a row. */
const TICK_MS = 100
const ON_TIME_TICKS = 10

/**
 * Waits until timers have come on time for a second, and says when that began, on the clock of `performance.now()`.
 * Rejects with an AbortError when `signal` breaks it off.
 */
export async function onTimeSince(signal?: AbortSignal): Promise<number> {
  let sinceMs = performance.now()
  for (let ticks = 0; ticks < ON_TIME_TICKS; ticks++) {
    const startedMs = performance.now()
    await delay(TICK_MS, undefined, { signal })
    if (performance.now() - startedMs < 2 * TICK_MS) continue
    ticks = -1
    sinceMs = performance.now()
  }
  return sinceMs
}
