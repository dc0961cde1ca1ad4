// Waiting for what is to come true, without guessing how long it takes.

import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 100

/**
 * Asks again and again until `condition` answers something else than `undefined` or `false`, and answers that. An error
 * of the condition counts as "not yet".
 * @throws Error after `deadlineMs`, with `what` and what was seen last
 */
export async function until<T>(
  what: string,
  deadlineMs: number,
  condition: () => Promise<T | undefined | false>,
): Promise<T> {
  const endMs = performance.now() + deadlineMs
  let last: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value !== undefined && value !== false) return value
      last = 'not yet true'
    } catch (error) {
      last = error
    }
    if (performance.now() > endMs) {
      throw new Error(`after ${deadlineMs} ms still not: ${what}`, { cause: last })
    }
    await delay(POLL_MS)
  }
}
