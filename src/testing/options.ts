// How a test network is set up: checked, with the defaults filled in, and where its seed comes from.

import type { CoreConfig } from '../core/config.ts'
import { problemOfConfig } from '../node/member-options.ts'
import type { Delay } from '../sim/delay.ts'
import type { MediumOptions } from '../sim/medium.ts'

/** How a test network is to be. Everything is optional. */
export interface TestNetworkOptions {
  /**
   * Of everything random, a whole number from 0 to 2^53 - 1: equal seeds and equal programs give equal runs. Default:
   * that of the environment variable HEARSAY_SEED, else a random one, the same for all networks of the process, which
   * tells it on standard error when it ends with an exit code other than 0.
   */
  readonly seed?: number
  /** One way on a link, in ms: one number for all, or the least and the most, drawn for each link and direction. Default 1 to 20. */
  readonly latencyMs?: number | readonly [min: number, max: number]
  /** Drawn from 0 to this for each bundle of messages, on top of the latency; nothing is overtaken for it. Default 0. */
  readonly jitterMs?: number
  /** What each direction of a link carries in a second. Default: whatever comes. */
  readonly bytesPerSecond?: number
  /** The probability that a dial fails for no reason, 0 to 1. Default 0. */
  readonly dialFailure?: number
  /** How much virtual time a promise may be pending that has no deadline of its own, in ms. Default 300,000. */
  readonly patienceMs?: number
  /** Protocol settings of every node; those of the node's own options come first. */
  readonly config?: Partial<CoreConfig>
}

/** The options, checked. */
export interface TestNetworkSettings {
  readonly seed: number
  readonly patienceMs: number
  readonly config: Partial<CoreConfig>
  readonly medium: MediumOptions
}

const PATIENCE_MS = 300_000
const DEFAULT_LATENCY_MS = [1, 20] as const

type Check = (value: unknown) => boolean
const isFrom0 = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0
const isAbove0 = (value: unknown): boolean => Number.isFinite(value) && (value as number) > 0
const isSeed = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const EXPECTED: Record<keyof TestNetworkOptions, readonly [check: Check, expected: string]> = {
  seed: [isSeed, 'a whole number from 0 to 2^53 - 1'],
  latencyMs: [isLatency, 'ms from 0 up, or [least, most]'],
  jitterMs: [isFrom0, 'ms from 0 up'],
  bytesPerSecond: [isAbove0, 'a number above 0'],
  dialFailure: [(value) => isFrom0(value) && (value as number) <= 1, 'a probability from 0 to 1'],
  patienceMs: [isAbove0, 'ms above 0'],
  config: [(value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'an object'],
}

/** @param refuse makes the error for an option that is wrong */
export function checkOptions(
  options: TestNetworkOptions,
  refuse: (text: string) => Error,
): TestNetworkSettings {
  const [isObject, anObject] = EXPECTED.config
  if (!isObject(options)) throw refuse(`options: ${shown(options)} is not ${anObject}`)
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(EXPECTED, key)) throw refuse(`${key}: there is no such option`)
    const [check, expected] = EXPECTED[key as keyof TestNetworkOptions]
    if (value !== undefined && !check(value)) throw refuse(`${key}: ${shown(value)} is not ${expected}`)
  }
  const problem = problemOfConfig(options.config ?? {})
  if (problem !== undefined) throw refuse(problem)
  const { jitterMs = 0, bytesPerSecond, dialFailure = 0, latencyMs = DEFAULT_LATENCY_MS } = options
  const [minMs, maxMs] = typeof latencyMs === 'number' ? [latencyMs, latencyMs] : latencyMs
  return {
    seed: options.seed ?? seedOfEnvironment(refuse) ?? seedOfProcess(),
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    config: options.config ?? {},
    medium: {
      latency: uniform(minMs, maxMs),
      ...(jitterMs === 0 ? {} : { jitter: uniform(0, jitterMs) }),
      ...(bytesPerSecond === undefined ? {} : { bytesPerS: bytesPerSecond }),
      dialFailure,
    },
  }
}

/** Numbers that JSON does not have would be `null`. */
function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
}

function isLatency(value: unknown): boolean {
  if (!Array.isArray(value)) return isFrom0(value)
  return value.length === 2 && value.every(isFrom0) && value[0] <= value[1]
}

function uniform(minMs: number, maxMs: number): Delay {
  return { kind: 'uniform', minMs, maxMs }
}

function seedOfEnvironment(refuse: (text: string) => Error): number | undefined {
  const text = process.env.HEARSAY_SEED
  if (text === undefined || text === '') return undefined
  const seed = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (isSeed(seed)) return seed
  throw refuse(`HEARSAY_SEED: ${JSON.stringify(text)} is not ${EXPECTED.seed[1]}`)
}

let drawnSeed: number | undefined

/** Drawn once, so that one number repeats everything that a process did. */
function seedOfProcess(): number {
  if (drawnSeed !== undefined) return drawnSeed
  const seed = Math.floor(Math.random() * 0x1_0000_0000)
  drawnSeed = seed
  process.once('exit', (code) => {
    if (code === 0) return
    process.stderr.write(
      `hearsay/testing: the networks of this run had the seed ${seed}; HEARSAY_SEED=${seed} repeats it\n`,
    )
  })
  return seed
}
