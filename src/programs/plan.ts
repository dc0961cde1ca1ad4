// What a run of the swarm of programs is made of, all drawn from its seed: how many nodes, what network, which limits,
// what programs do, and which kinds of faults. Each run leaves kinds of acts and of faults out altogether, so that those
// that hide each other's bugs are not always there together (swarm testing, as sim/swarm-plan).
// It must not run anything.

import type { CoreConfig } from '../core/config.ts'
import { Rng } from '../core/rng.ts'
import { drawPlan as drawCorePlan } from '../sim/swarm-plan.ts'
import type { TestNetworkOptions } from '../testing/test-network.ts'

/** Everything that can befall a network of programs. */
export const FAULT_KINDS = [
  'close',
  'crash',
  'cut',
  'dial-failures',
  'firewall',
  'one-way-partition',
  'one-way-silence',
  'partition',
  'pause',
  'rolling-restart',
  'silence',
  'silent-crash',
  'slow-reader',
  'start-storm',
] as const

/** One kind of fault. */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** Everything that programs do. */
export const ACT_KINDS = [
  'abort',
  'broadcast',
  'burst',
  'chain',
  'handler',
  'history',
  'publish',
  'receipts',
  'request',
  'self',
  'send',
  'stream',
  'subscribe',
  'tag',
  'tags',
  'trace',
  'try-send',
] as const

/** One kind of act. */
export type ActKind = (typeof ACT_KINDS)[number]

/** See the head of the file. */
export interface ProgramPlan {
  readonly seed: number
  /** Nodes at the beginning; a storm adds some. */
  readonly nodes: number
  /** How many of them cannot be dialled. */
  readonly undialable: number
  readonly startGapMs: number
  readonly network: Pick<TestNetworkOptions, 'latencyMs' | 'jitterMs' | 'bytesPerSecond'>
  readonly config: CoreConfig
  /** Share of the nodes that keep broadcasts, and how many of each topic. */
  readonly keeperShare: number
  readonly historyMax: number
  readonly safetyMs: number
  readonly faults: ReadonlySet<FaultKind>
  readonly acts: ReadonlySet<ActKind>
  /** Mean times. */
  readonly faultEveryMs: number
  readonly actEveryMs: number
  readonly payloadBytesMax: number
  /** Messages that may wait in `messages()`. */
  readonly bufferMax: number
  /** Seeds of what is drawn while the programs run. */
  readonly seeds: {
    readonly network: number
    readonly faults: number
    readonly traffic: number
    readonly programs: number
  }
}

/** Most nodes that run at once. */
export const NODES_MAX = 40
const NODES_MIN = 5
/** What nodes are named. */
export const PROGRAM_NAMES = /^n(0|[1-9]\d*)$/
/** Sets the generator apart from that of the core's swarm of the same seed. */
const OTHER = 2 ** 44

/** Draws a run. Its limits are those of the core's swarm of this seed; large networks are rarer than there. */
export function drawPlan(seed: number): ProgramPlan {
  const { config } = drawCorePlan(seed)
  const rng = new Rng(seed + OTHER)
  const share = rng.uint32() / 0x1_0000_0000
  const nodes = NODES_MIN + Math.floor((NODES_MAX - NODES_MIN + 1) * share ** 5)
  const kinds = <T>(all: readonly T[], share: number): Set<T> => new Set(all.filter(() => rng.chance(share)))
  return {
    seed,
    nodes,
    undialable: rng.chance(0.3) ? rng.between(1, nodes >> 1) : 0,
    config,
    startGapMs: rng.pick([0, 5, 50]) ?? 0,
    network: drawNetwork(rng),
    keeperShare: rng.pick([0, 0.2, 0.5, 1]) ?? 0,
    historyMax: rng.pick([1, 2, 5, 20, 100]) ?? 1,
    safetyMs: rng.between(3, 9) * 1_000,
    faults: rng.chance(0.05) ? new Set() : kinds(FAULT_KINDS, 0.35),
    acts: kinds(ACT_KINDS, 0.6),
    faultEveryMs: rng.between(100, 2_500),
    actEveryMs: rng.between(5, 100),
    payloadBytesMax: rng.pick([20, 400, 4_000]) ?? 20,
    bufferMax: rng.pick([1, 3, 20, 1_000]) ?? 1,
    seeds: { network: rng.uint32(), faults: rng.uint32(), traffic: rng.uint32(), programs: rng.uint32() },
  }
}

function drawNetwork(rng: Rng): ProgramPlan['network'] {
  const latencyMs =
    rng.pick<number | readonly [number, number]>([5, [1, 20], [1, 20], [1, 150], [30, 300]]) ?? 5
  return {
    latencyMs,
    ...(rng.chance(0.4) ? { jitterMs: rng.between(1, 100) } : {}),
    ...(rng.chance(0.2) ? { bytesPerSecond: rng.between(50, 1_000) * 1_024 } : {}),
  }
}
