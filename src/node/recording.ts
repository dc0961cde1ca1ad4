// The flight recorder's text, line by line. The beginning of a run: what a core was made with, and everything that went into
// it, so that another core that is given the same does the same. The tail of a run: what went into the core and what it made
// of it, because no core can be run from the middle. Payloads are in neither, only their sizes: the core never looks into one.
// Pure; it must not know where the lines are kept.

import type { CoreConfig } from '../core/config.ts'
import type { Effect, Input } from '../core/events.ts'
import { hashPair } from '../core/hash.ts'
import type { Identity, Look } from '../core/overlay.ts'

/** Which run of which node is recorded. */
export interface RecordedRun {
  /** Of hearsay. Early recordings have none. */
  readonly version?: string | undefined
  readonly identity: Identity
  /** When it began, in ms since 1970. */
  readonly startedAtMs: number
}

/** The first line of a beginning. */
export interface RecordingHead extends RecordedRun {
  readonly format: typeof RECORDING_FORMAT
  readonly seed: number
  /** What differed from the defaults. */
  readonly config: Partial<CoreConfig>
}

/** The first line of a tail. */
export interface TailHead extends RecordedRun {
  readonly format: typeof TAIL_FORMAT
  /** The step that was written last before it, to another file. */
  readonly afterStep: number
}

/** What went into the core. */
export interface RecordedInput {
  /** On the node's clock, in ms. */
  readonly nowMs: number
  readonly input: Input
  /** Whether the program took each direct message that it was asked about meanwhile; absent: all of them. */
  readonly taken?: readonly boolean[]
}

/** A step of a beginning. */
export interface RecordedStep extends RecordedInput {
  /** {@link effectsHash} of what the core made of it; absent: it threw. */
  readonly effects?: number
}

/** Every further line of a beginning. `full`: the last one, where the run goes on in a tail. */
export type RecordingEntry = RecordedStep | { readonly look: Look } | { readonly full: true }

/** Every further line of a tail. */
export interface TailStep extends RecordedInput {
  /** Counts all steps of the run, from 1. */
  readonly step: number
  /** What the core made of it; absent: it threw. */
  readonly effects?: readonly Effect[]
}

/** Any line. */
export type RecordingLine = RecordingHead | RecordingEntry | TailHead | TailStep

/** The format's name, with its version. */
export const RECORDING_FORMAT = 'hearsay-recording 1'

/** That of a tail. */
export const TAIL_FORMAT = 'hearsay-tail 1'

const BYTES = '$bytes'

/** The text of a line, or of a part of one. */
export function recordingText(
  part: RecordingHead | TailHead | Input | readonly Effect[] | Exclude<RecordingEntry, RecordedStep>,
): string {
  return JSON.stringify(part, sized)
}

/** A line again; `undefined`: it is none, or the end of it is missing. What is in an input or an effect is not looked at. */
export function readRecordingLine(text: string): RecordingLine | undefined {
  try {
    const value: unknown = JSON.parse(text, unsized)
    return isLine(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Whether the first line of a file is meant as that of a recording, in whatever version of the format. */
export function isMeantAsHead(text: string): boolean {
  return text.startsWith('{"format":"hearsay-')
}

function isLine(value: unknown): value is RecordingLine {
  if (!isObject(value)) return false
  if ('format' in value) return isHead(value)
  if ('look' in value) return isObject(value.look)
  if ('full' in value) return value.full === true
  const { nowMs, input, step, taken, effects } = value
  const isInput = typeof nowMs === 'number' && isObject(input) && typeof input.type === 'string'
  if (!isInput || !(taken === undefined || Array.isArray(taken))) return false
  if (effects === undefined) return step === undefined || Number.isInteger(step)
  return step === undefined ? typeof effects === 'number' : Number.isInteger(step) && Array.isArray(effects)
}

function isHead({ format, identity, seed, config, afterStep }: Record<string, unknown>): boolean {
  if (!isObject(identity) || !Number.isInteger(identity.incarnation)) return false
  if (typeof identity.name !== 'string' || typeof identity.instance !== 'string') return false
  if (format === TAIL_FORMAT) return Number.isInteger(afterStep)
  return format === RECORDING_FORMAT && typeof seed === 'number' && isObject(config)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Tells lists of effects apart, by their text. */
export function effectsHash(effects: readonly Effect[]): number {
  return hashPair(recordingText(effects), '')
}

function sized(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { [BYTES]: value.length } : value
}

/** A message's `raw` ends with its payload, and the core counts on that. */
function unsized(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (BYTES in value) return new Uint8Array(Number(value[BYTES]))
  if ('raw' in value && 'payload' in value) {
    const { raw, payload } = value
    if (raw instanceof Uint8Array && payload instanceof Uint8Array)
      return { ...value, payload: raw.subarray(raw.length - payload.length) }
  }
  return value
}
