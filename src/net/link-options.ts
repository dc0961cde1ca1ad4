// What can be turned on a link, and whether what a program has turned makes sense.
// It must not import `ws`: programs read these types, and they need not have those of `ws`.

import { MS_MAX, optionProblem, settingProblem } from '../settings.ts'
import type { PerLane } from './lanes.ts'

/** What can be turned on a link. */
export interface LinkOptions {
  /** What may wait on each lane, in bytes on the wire. More rides out longer bursts and costs memory per slow peer. */
  readonly laneBytesMax: PerLane
  /** What the socket may hold unsent. More: fewer wake-ups; less: control overtakes sooner. */
  readonly inFlightBytesMax: number
  /**
   * A link that has had bytes in flight for this long without any progress is `stalled`. Progress is told per write, so
   * the default asks for 26 KiB a second of small frames, 130 KiB a second of the largest.
   */
  readonly progressTimeoutMs: number
  /** How long the closing handshake may take before the connection is cut. At most 1,000: `close()` is over within 2 s. */
  readonly closeTimeoutMs: number
}

/** Defaults (design 4.6; lanes of 4 MiB hold four of the largest messages, that of direct messages four windows of a destination). */
export const LINK_DEFAULTS: LinkOptions = {
  laneBytesMax: { control: 4_194_304, direct: 8_388_608, broadcast: 4_194_304 },
  inFlightBytesMax: 262_144,
  progressTimeoutMs: 10_000,
  closeTimeoutMs: 1_000,
}

const POSITIVE = [1, MS_MAX] as const
const LANE_RANGES = { control: POSITIVE, direct: POSITIVE, broadcast: POSITIVE }
const RANGES = {
  inFlightBytesMax: POSITIVE,
  progressTimeoutMs: POSITIVE,
  closeTimeoutMs: [1, LINK_DEFAULTS.closeTimeoutMs],
} as const

/** What is wrong with the options of links that a program gives, in one sentence; `undefined`: nothing. */
export function linkOptionsProblem(options: Partial<LinkOptions>): string | undefined {
  const problem = optionProblem('link', options, LINK_DEFAULTS as unknown as Record<string, unknown>)
  if (problem !== undefined) return problem
  const { laneBytesMax, ...numbers } = options
  const wrong = settingProblem('link', numbers, RANGES)
  if (wrong !== undefined || laneBytesMax === undefined) return wrong
  const lane = settingProblem('link.laneBytesMax', laneBytesMax, LANE_RANGES)
  if (lane !== undefined) return lane
  // A lane without a limit would have none.
  const missing = Object.keys(LANE_RANGES).find((key) => !Object.hasOwn(laneBytesMax, key))
  return missing === undefined ? undefined : `link.laneBytesMax: ${missing} is missing; give all three lanes`
}
