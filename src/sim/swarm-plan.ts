// What a run of the swarm is made of, all drawn from its seed: how many nodes, what network, which limits, what traffic,
// and which kinds of faults. Each run leaves kinds out altogether, so that those that hide each other's bugs are not
// always there together (swarm testing: Groce, Zhang, Eide, Chen, Regehr, ISSTA 2012).
// It must not run anything.

import { CORE_DEFAULTS, type CoreConfig } from '../core/config.ts'
import { Rng } from '../core/rng.ts'
import type { Delay } from './delay.ts'
import type { MediumOptions } from './medium.ts'

/** Everything that can befall a network. Some change how others strike: an older clock is a way to be started again. */
export const FAULT_KINDS = [
  'bootstrap-outage',
  'crash',
  'cut',
  'dial-failures',
  'duplicate-name',
  'firewall',
  'half-open',
  'leave',
  'older-clock',
  'one-way-partition',
  'one-way-silence',
  'partition',
  'pause',
  'rolling-restart',
  'slow-reader',
  'start-storm',
] as const

/** One kind of fault. */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** See the head of the file. */
export interface SwarmPlan {
  readonly seed: number
  /** Nodes at the beginning; a storm adds some. */
  readonly nodes: number
  /** How many of them cannot be dialled. */
  readonly undialable: number
  /** Whether nodes find each other by a bootstrap; else their configuration names some of them. */
  readonly hasBootstrap: boolean
  /** Whether their configuration names some of them beside the bootstrap. */
  readonly namesPeers: boolean
  /** How long the first starts are apart. */
  readonly startGapMs: number
  readonly medium: MediumOptions
  readonly config: CoreConfig
  /** How far the clocks of the processes drift apart: 0.001 is a millisecond in a second. */
  readonly drift: number
  /** How long faults strike; the liveness phase comes after it. */
  readonly safetyMs: number
  readonly kinds: ReadonlySet<FaultKind>
  /** Mean times. */
  readonly faultEveryMs: number
  readonly sendEveryMs: number
  readonly broadcastEveryMs: number
  readonly payloadBytesMax: number
  /** The mean time between two changes of what nodes say of themselves; `undefined`: they say nothing. */
  readonly profileEveryMs: number | undefined
  /** Share of the sends that are given up after a while. */
  readonly cancelShare: number
  /** Seeds of what is drawn while the swarm runs. */
  readonly seeds: { readonly network: number; readonly faults: number; readonly traffic: number }
}

/** Most nodes that run at once. */
export const SWARM_NODES_MAX = 40
/** The nodes that everybody's configuration names where there is no bootstrap. */
export const SWARM_SEEDS: readonly string[] = ['n0', 'n1', 'n2']
/** What processes of a swarm are named: those at the beginning `n0`, `n1` …, later ones so too, or `n3-twin7`. */
export const SWARM_NAMES = /^n(0|[1-9]\d*)(-twin[1-9]\d*)?$/
const SWARM_NODES_MIN = 5
const KIB = 1_024
/** Seeds below it keep the runs that they had: those that have failed once are among them. */
const EARLY_SEEDS_END = 1_000_000
/** Sets a second generator apart from the one of the seed itself. */
const MORE = 2 ** 40

/** Draws a run. */
export function drawPlan(seed: number): SwarmPlan {
  const rng = new Rng(seed)
  const more = new Rng(seed + MORE)
  const nodes = SWARM_NODES_MIN + Math.floor((SWARM_NODES_MAX - SWARM_NODES_MIN + 1) * fraction(rng) ** 3)
  return {
    seed,
    nodes,
    undialable: rng.chance(0.3) ? rng.between(1, nodes >> 1) : 0,
    hasBootstrap: rng.chance(0.6),
    startGapMs: rng.pick([0, 5, 50]) ?? 0,
    medium: drawMedium(rng),
    config: drawMore(more, drawConfig(rng)),
    drift: rng.chance(0.3) ? 0.001 : 0,
    safetyMs: rng.between(4, 16) * 1_000,
    kinds: new Set(rng.chance(0.05) ? [] : FAULT_KINDS.filter(() => rng.chance(0.4))),
    faultEveryMs: rng.between(100, 3_000),
    sendEveryMs: rng.between(5, 200),
    broadcastEveryMs: rng.between(50, 2_000),
    payloadBytesMax: rng.pick([40, 400, 4_000]) ?? 40,
    profileEveryMs: more.chance(0.4) ? more.between(20, 1_000) : undefined,
    cancelShare: more.chance(0.3) ? 0.2 : 0,
    namesPeers: more.chance(0.3) && seed >= EARLY_SEEDS_END,
    seeds: { network: rng.uint32(), faults: rng.uint32(), traffic: rng.uint32() },
  }
}

function fraction(rng: Rng): number {
  return rng.uint32() / 0x1_0000_0000
}

function drawMedium(rng: Rng): MediumOptions {
  const latency: Delay = rng.pick<Delay>([
    { kind: 'constant', ms: 5 },
    { kind: 'uniform', minMs: 1, maxMs: 20 },
    { kind: 'uniform', minMs: 1, maxMs: 150 },
    { kind: 'exponential', minMs: 1, meanMs: 20, maxMs: 300 },
    { kind: 'long-tail', minMs: 2, shape: 1.5, maxMs: 400 },
  ]) ?? { kind: 'constant', ms: 5 }
  const options: { -readonly [K in keyof MediumOptions]: MediumOptions[K] } = { latency }
  if (rng.chance(0.4))
    options.jitter = { kind: 'exponential', minMs: 0, meanMs: rng.between(1, 30), maxMs: 500 }
  if (rng.chance(0.2)) options.bytesPerS = rng.between(100, 1_000) * KIB
  if (rng.chance(0.3)) options.kernelBytesMax = rng.between(4, 64) * KIB
  if (rng.chance(0.3)) options.socketBytesMax = rng.between(4, 64) * KIB
  if (rng.chance(0.3)) options.laneBytesMax = rng.between(32, 128) * KIB
  return options
}

/** The defaults, and some of the limits so small that they are reached. */
function drawConfig(rng: Rng): CoreConfig {
  const config: { -readonly [K in keyof CoreConfig]: CoreConfig[K] } = { ...CORE_DEFAULTS }
  const vary = (key: keyof CoreConfig, low: number, high: number): void => {
    if (rng.chance(0.25)) config[key] = rng.between(low, high)
  }
  if (rng.chance(0.3)) {
    config.linksMin = rng.between(2, 4)
    config.linksAim = config.linksMin + 1
    config.linksMax = config.linksAim + rng.between(1, 3)
    config.meshNodesMax = rng.between(0, config.linksMax)
  }
  vary('windowMessagesMax', 1, 16)
  vary('windowBytesMax', 1, 4 * KIB)
  vary('queueMessagesMax', 1, 16)
  vary('queueBytesMax', 1, 8 * KIB)
  vary('heldBytesMax', 1, 2 * KIB)
  vary('heldMs', 1_000, 10_000)
  vary('firstBroadcastsMax', 1, 8)
  vary('helloPendingMax', 4, 16)
  vary('dialsMax', 1, 8)
  vary('dialJitterMs', 0, 500)
  vary('heartbeatMs', 500, 3_000)
  vary('publishDelayMs', 0, 200)
  vary('publishIntervalMs', 50, 1_000)
  vary('routesIntervalMs', 1, 500)
  vary('unreachableGraceMs', 1, 3_000)
  vary('takeoverMs', 500, 10_000)
  vary('unknownPeerWaitMs', 1, 3_000)
  vary('deadlineMs', 200, 10_000)
  vary('dialBackoffMaxMs', 1_000, 10_000)
  // Long enough for a partition, a restart and the anti-entropy: what is forgotten too soon comes back as news.
  vary('forgetMs', 30_000, 60_000)
  return config
}

/** What was found worth varying later is drawn from numbers of its own: known seeds keep the plans that they had. */
function drawMore(rng: Rng, config: CoreConfig): CoreConfig {
  const vary = (key: keyof CoreConfig, low: number, high: number): Partial<CoreConfig> =>
    rng.chance(0.25) ? { [key]: rng.between(low, high) } : {}
  return {
    ...config,
    ...vary('coalesceMs', 0, 100),
    ...vary('missingMax', 64, 1_024),
    ...vary('cacheBytesMax', 32 * KIB, 256 * KIB),
    ...vary('seenSequencesMax', 256, 2_048),
  }
}
