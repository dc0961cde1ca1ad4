// What a scenario found out, as data, and the arithmetic behind it.
// It must not know how anything was measured, nor print.

/** Numbers in order: what half of them, nine in ten, and all but one in a hundred are not above. */
export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** One broadcast, as it was counted. */
export interface BroadcastCount {
  /** Whether its origin was told that it has failed. Then nobody has to get it. */
  readonly hasFailed: boolean
  /** Nodes that had to get it: up all through it, the origin left out. */
  readonly expected: number
  /** How many of these got it. */
  readonly reached: number
  /** Frames with its payload that anybody received. */
  readonly payloadFrames: number
  /** All nodes that got it, those included that did not have to, and the origin not. */
  readonly receivers: number
  /** Most links that it had travelled when a node got it for the first time. */
  readonly lastHop: number
}

/** What was measured of some broadcasts. */
export interface BroadcastFigures {
  readonly broadcasts: number
  /** How many of them their origins were told as failed. */
  readonly failed: number
  readonly origins: number
  /** Pairs of a broadcast and a node that had to get it. */
  readonly pairs: number
  /** The share of these pairs in which the node did. 1: all. */
  readonly reliability: number
  /** Relative message redundancy: 0 when each node receives each payload once. */
  readonly rmr: { readonly mean: number; readonly max: number }
  /** The largest of all broadcasts. */
  readonly lastDeliveryHop: number
  /** From the call to the application of each receiver. */
  readonly latencyMs: Percentiles
}

/** What was measured of some direct sends. */
export interface SendFigures {
  readonly sends: number
  readonly delivered: number
  /** Failures by reason. */
  readonly failed: Readonly<Record<string, number>>
  readonly hops: { readonly mean: number; readonly max: number }
  /** From the call to the application of the receiver. */
  readonly latencyMs: Percentiles
}

/** What the overlay itself costs: all frames but those with payloads. */
export interface ControlFigures {
  readonly overMs: number
  readonly nodes: number
  /** Bytes that a node received in a second. */
  readonly bytesPerNodeS: number
  /** The same by what the frames are, the largest first. */
  readonly byType: Readonly<Record<string, number>>
}

/** How long it took until something was so. */
export interface Convergence {
  readonly what: string
  /** `undefined`: it was not as long as was looked. */
  readonly tookMs: number | undefined
  /** Longer than this is a violation; absent: just to know. */
  readonly withinMs?: number
}

/** A part of a scenario. */
export interface PhaseSpan {
  readonly name: string
  readonly fromMs: number
  readonly toMs: number
}

/** A number of one scenario only. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
}

/** Something that must not be. */
export interface ScenarioViolation {
  /** Virtual time. */
  readonly atMs: number
  readonly what: string
}

/** What came of a scenario. Times are virtual; equal runs have equal reports. */
export interface ScenarioReport {
  readonly scenario: string
  readonly seed: number
  /** Nodes that were started at the beginning. */
  readonly nodes: number
  /** Nodes that ran at the end. */
  readonly nodesAtEnd: number
  readonly codec: boolean
  /** What else the scenario was given. */
  readonly parameters: Readonly<Record<string, number>>
  readonly phases: readonly PhaseSpan[]
  readonly convergence: readonly Convergence[]
  /** By what they were made for: a group of broadcasts each. */
  readonly broadcasts: Readonly<Record<string, BroadcastFigures>>
  readonly sends: Readonly<Record<string, SendFigures>>
  /** By what was going on. */
  readonly control: Readonly<Record<string, ControlFigures>>
  /** How many nodes have this many links, at the end. */
  readonly degrees: readonly (readonly [links: number, nodes: number])[]
  readonly figures: readonly Figure[]
  /** The first ones only; none: all criteria are met. */
  readonly violations: readonly ScenarioViolation[]
  /** Inputs that nodes handled. */
  readonly steps: number
  readonly replay: string
}

/** The nearest-rank percentiles of some numbers; all 0 for none. */
export function percentilesOf(numbers: readonly number[]): Percentiles {
  const sorted = Float64Array.from(numbers).sort((a, b) => a - b)
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { count: sorted.length, p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1) }
}

/** The share of the pairs of a broadcast and a node in which the node got it; 1 when there was no pair. */
export function reliabilityOf(counts: readonly BroadcastCount[]): number {
  const pairs = sumOf(counts.map(({ expected }) => expected))
  return pairs === 0 ? 1 : sumOf(counts.map(({ reached }) => reached)) / pairs
}

/**
 * Relative message redundancy of one broadcast: `m / (n - 1) - 1` with m frames that carried the payload and n nodes that
 * have it, the origin among them (Plumtree, section 4: 0 is the best). 0 when nobody got it.
 */
export function redundancyOf({ payloadFrames, receivers }: BroadcastCount): number {
  return receivers === 0 ? 0 : payloadFrames / receivers - 1
}

/** The figures of a group of broadcasts. @param latenciesMs one for each receiver of each of them. */
export function broadcastFigures(
  counts: readonly BroadcastCount[],
  origins: number,
  latenciesMs: readonly number[],
): BroadcastFigures {
  const redundancies = counts.map(redundancyOf)
  return {
    broadcasts: counts.length,
    failed: counts.filter(({ hasFailed }) => hasFailed).length,
    origins,
    pairs: sumOf(counts.map(({ expected }) => expected)),
    reliability: reliabilityOf(counts),
    rmr: { mean: meanOf(redundancies), max: maxOf(redundancies) },
    lastDeliveryHop: maxOf(counts.map(({ lastHop }) => lastHop)),
    latencyMs: percentilesOf(latenciesMs),
  }
}

/** One direct send, as it was counted. */
export interface SendCount {
  /** `delivered`, or why not; absent: without an outcome so far. */
  readonly outcome: string | undefined
  /** Absent: it has not arrived. */
  readonly arrival: { readonly hops: number; readonly latencyMs: number } | undefined
}

/** The figures of a group of sends. */
export function sendFigures(counts: readonly SendCount[]): SendFigures {
  const arrivals = counts.flatMap(({ arrival }) => arrival ?? [])
  const hops = arrivals.map((arrival) => arrival.hops)
  const failed = new Map<string, number>()
  for (const { outcome = 'no outcome' } of counts) {
    if (outcome !== 'delivered') failed.set(outcome, (failed.get(outcome) ?? 0) + 1)
  }
  return {
    sends: counts.length,
    delivered: counts.filter(({ outcome }) => outcome === 'delivered').length,
    failed: Object.fromEntries(failed),
    hops: { mean: meanOf(hops), max: maxOf(hops) },
    latencyMs: percentilesOf(arrivals.map(({ latencyMs }) => latencyMs)),
  }
}

/** How many of some numbers there are of each, by number. */
export function histogramOf(numbers: readonly number[]): (readonly [number, number])[] {
  const counts = new Map<number, number>()
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1)
  return [...counts].sort(([a], [b]) => a - b)
}

/** Bytes per node and second, from bytes by type. */
export function controlFigures(
  bytesByType: ReadonlyMap<string, number>,
  { nodes, overMs }: { nodes: number; overMs: number },
): ControlFigures {
  const perNodeS = (bytes: number): number =>
    nodes === 0 || overMs === 0 ? 0 : bytes / nodes / (overMs / 1_000)
  const byType = [...bytesByType]
    .filter(([, bytes]) => bytes > 0)
    .sort(([a, bytesA], [b, bytesB]) => bytesB - bytesA || (a < b ? -1 : 1))
  return {
    overMs,
    nodes,
    bytesPerNodeS: perNodeS(sumOf(byType.map(([, bytes]) => bytes))),
    byType: Object.fromEntries(byType.map(([type, bytes]) => [type, perNodeS(bytes)])),
  }
}

/** The mean; 0 of none. */
export function meanOf(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : sumOf(numbers) / numbers.length
}

/** The largest; 0 of none. */
export function maxOf(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), numbers[0] ?? 0)
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
