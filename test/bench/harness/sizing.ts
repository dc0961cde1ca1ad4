// How much to send in one round, so that rounds take about the same time on fast machines and slow ones.
// It must not know what is sent.

import type { Bench } from './bench.ts'

/** What the first try sends: enough to warm up, little enough to end soon whatever it is. */
const FIRST_MESSAGES = 500
/** Tries before the figure counts: the compiler has to see the load first. */
const TRIES = 3

/** Measures the rate with so many messages, in messages a second. */
export type RateOf = (messages: number) => Promise<number>

/** Warms both sides up, and returns them with as many messages as fill the time of a measurement. */
export async function sizedRounds(
  bench: Pick<Bench, 'measureSeconds'>,
  sides: { readonly hearsay: RateOf; readonly reference: RateOf },
): Promise<{ hearsay: () => Promise<number>; reference: () => Promise<number> }> {
  return {
    hearsay: await sized(sides.hearsay, bench.measureSeconds),
    reference: await sized(sides.reference, bench.measureSeconds),
  }
}

async function sized(rateOf: RateOf, seconds: number): Promise<() => Promise<number>> {
  let messages = FIRST_MESSAGES
  for (let left = TRIES; left > 0; left--) {
    // Those before the last take half the time: they only have to come near.
    const rate = await rateOf(messages)
    messages = Math.max(FIRST_MESSAGES, Math.ceil(rate * (left === 1 ? seconds : seconds / 2)))
  }
  return () => rateOf(messages)
}
