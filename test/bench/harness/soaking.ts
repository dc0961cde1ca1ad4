// A soak: nodes under steady traffic of which one is replaced every few seconds, watched for minutes; and what can be said at
// the end of memory, handles and latencies, as rows. Used by the benchmarks, and by soak.ts for half an hour.
// It must not print.

import { setTimeout as delay } from 'node:timers/promises'
import { CORE_DEFAULTS } from '../../../src/core/config.ts'
import type { SoakCommands, SoakSample } from '../processes/soak.ts'
import type { Children } from './children.ts'
import { atMost, type Row, ratioAtMost } from './figure.ts'
import { fitLine, quantile } from './statistics.ts'

/** How long, and how much. */
export interface SoakPlan {
  readonly seconds: number
  readonly nodes: number
  readonly replaceEveryMs: number
  readonly sendsPerSecond: number
  readonly broadcastsPerSecond: number
}

/** A sample, and when it was taken. */
export interface TimedSample extends SoakSample {
  /** From the begin of the traffic. */
  readonly minutes: number
}

/** What is held is flat when it grows by less than this over the time that is looked at, in percent of its mean. */
const FLAT_PERCENT = 2
const LATENCY_RATIO_MAX = 1.25
const COUNT_RATIO_MAX = 1.1
const SAMPLES = 120
/**
 * What is bounded by time or size fills up first: unreachable nodes are remembered for 10 minutes, and 4 MiB of broadcasts
 * kept for those who missed them. Both bounds are set so that they are reached within the first sixth.
 */
const FORGET_MS_MAX = 600_000
const CACHE_BYTES_MAX = 4_194_304
/** More than a broadcast of a soak takes there. */
const CAST_BYTES = 400

/** Runs it. The first sixth of the samples is the warm-up. */
export async function soak(
  children: Children,
  plan: SoakPlan,
  onSample: (sample: TimedSample) => void,
): Promise<readonly TimedSample[]> {
  const { seconds, nodes, replaceEveryMs, sendsPerSecond, broadcastsPerSecond } = plan
  const child = children.start<SoakCommands>('soak', { label: 'soak', flags: ['--expose-gc'] })
  const config = {
    forgetMs: Math.min(FORGET_MS_MAX, Math.ceil((seconds * 1_000) / 12)),
    // So long a receiver remembers who has sent to it, an hour unless told, after the directory has forgotten the node.
    deadlineMaxMs: CORE_DEFAULTS.deadlineMs,
    cacheBytesMax: Math.min(CACHE_BYTES_MAX, Math.ceil((broadcastsPerSecond * CAST_BYTES * seconds) / 12)),
  }
  await child.ask('start', { nodes, sendsPerSecond, broadcastsPerSecond, config })
  const samples: TimedSample[] = []
  const startedMs = performance.now()
  const sampleEveryMs = (seconds * 1_000) / SAMPLES
  let [nextSampleMs, nextReplaceMs] = [sampleEveryMs, replaceEveryMs]
  while (samples.length < SAMPLES) {
    const nowMs = performance.now() - startedMs
    if (nowMs >= nextReplaceMs) {
      nextReplaceMs += replaceEveryMs
      await child.ask('replace')
    } else if (nowMs >= nextSampleMs) {
      nextSampleMs += sampleEveryMs
      const sample = { ...(await child.ask('sample')), minutes: nowMs / 60_000 }
      samples.push(sample)
      onSample(sample)
    } else await delay(Math.min(nextSampleMs, nextReplaceMs) - nowMs)
  }
  await child.end()
  return samples
}

/** What the samples say. @param samples of the whole soak, the first sixth included */
export function soakRows(samples: readonly TimedSample[], { nodes }: Pick<SoakPlan, 'nodes'>): Row[] {
  const sixth = Math.max(1, Math.floor(samples.length / 6))
  const [first, last] = [samples.slice(0, sixth), samples.slice(-sixth)]
  const settled = samples.slice(sixth)
  const end = samples.at(-1) as TimedSample
  const handlesOf = (sample: TimedSample): number =>
    Object.values(sample.resources).reduce((sum, count) => sum + count, 0)
  return [
    slopeRow('heap', settled, (sample) => sample.heapBytes),
    slopeRow('rss', settled, (sample) => sample.rssBytes),
    countRow('handles and timers', 'soak-handles', [settled.slice(0, sixth), last].map(meanOf(handlesOf))),
    countRow(
      'listeners of the process',
      'soak-listeners',
      [settled.slice(0, sixth), last].map(meanOf(({ listeners, warnings }) => listeners + warnings)),
    ),
    ...[0.5, 0.99].map(
      (share): Row => ({
        key: `soak-latency-p${share * 100}`,
        title: `soak of ${nodes}, latency of sends, p${share * 100}, last sixth`,
        unit: 'ms',
        better: 'less',
        reference: 'first sixth',
        aim: ratioAtMost(LATENCY_RATIO_MAX),
        samples: [{ hearsay: latency(last, share), reference: latency(first, share) }],
      }),
    ),
    {
      key: 'soak-failed',
      title: `soak of ${nodes}, sends that failed between nodes that stayed`,
      unit: 'sends',
      better: 'less',
      aim: atMost(0),
      samples: [{ hearsay: Object.values(end.failedBetweenLiving).reduce((sum, count) => sum + count, 0) }],
    },
    {
      key: 'soak-broadcasts',
      title: `soak of ${nodes}, deliveries of broadcasts, of those due without replacements`,
      unit: '%',
      better: 'more',
      samples: [{ hearsay: (100 * end.broadcastsGot) / end.broadcastsDue }],
    },
  ]
}

function latency(samples: readonly TimedSample[], share: number): number {
  return quantile(
    samples.flatMap(({ latenciesMs }) => [...latenciesMs]),
    share,
  )
}

const meanOf =
  (figureOf: (sample: TimedSample) => number) =>
  (samples: readonly TimedSample[]): number =>
    samples.reduce((sum, sample) => sum + figureOf(sample), 0) / samples.length

function countRow(what: string, key: string, [early, late]: readonly number[]): Row {
  return {
    key,
    title: `soak: ${what}, last sixth`,
    unit: 'mean',
    better: 'less',
    reference: 'second sixth',
    aim: ratioAtMost(COUNT_RATIO_MAX),
    samples: [{ hearsay: late as number, reference: early as number }],
  }
}

function slopeRow(
  what: string,
  samples: readonly TimedSample[],
  bytesOf: (sample: TimedSample) => number,
): Row {
  const { slope, slopeError } = fitLine(samples.map((sample) => [sample.minutes, bytesOf(sample) / 1_024]))
  const minutes = (samples.at(-1)?.minutes ?? 0) - (samples[0]?.minutes ?? 0)
  const grownPercent = (100 * slope * minutes) / (meanOf(bytesOf)(samples) / 1_024)
  return {
    key: `soak-${what}`,
    title: `soak: slope of ${what} after the first sixth`,
    unit: 'kB/min',
    better: 'less',
    spread: `± ${slopeError.toFixed(1)} (${grownPercent.toFixed(1)} % in all)`,
    verdict: {
      aim: `≤ 2 errors, or < ${FLAT_PERCENT} % in all`,
      isMet: slope <= 2 * slopeError || grownPercent < FLAT_PERCENT,
    },
    samples: [{ hearsay: slope }],
  }
}
