// The flight recorder's text: what a core was made with, and everything that went into it, line by line, so that another
// core that is given the same does the same. Payloads are not in it, only their sizes: the core never looks into one.
// Pure; it must not know where the lines are kept.

import type { CoreConfig } from '../core/config.ts'
import type { Effect, Input } from '../core/events.ts'
import { hashPair } from '../core/hash.ts'
import type { Identity, Look } from '../core/overlay.ts'

/** The first line. */
export interface RecordingHead {
  readonly format: typeof RECORDING_FORMAT
  readonly identity: Identity
  readonly seed: number
  /** What differed from the defaults. */
  readonly config: Partial<CoreConfig>
  /** When it began, in ms since 1970. */
  readonly startedAtMs: number
}

/** Every further line. */
export type RecordingEntry =
  | {
      /** On the node's clock, in ms. */
      readonly nowMs: number
      readonly input: Input
      /** Whether the program took each direct message that it was asked about meanwhile; absent: all of them. */
      readonly taken?: readonly boolean[]
      /** {@link effectsHash} of what the core made of it. */
      readonly effects: number
    }
  | { readonly look: Look }

/** The format's name, with its version. */
export const RECORDING_FORMAT = 'hearsay-recording 1'

const BYTES = '$bytes'

/** The text of a line, or of a part of one. */
export function recordingText(part: RecordingHead | Input | { readonly look: Look }): string {
  return JSON.stringify(part, sized)
}

/** A line again; `undefined`: it is none, or the end of it is missing. */
export function readRecordingLine(text: string): RecordingHead | RecordingEntry | undefined {
  try {
    const value: unknown = JSON.parse(text, unsized)
    return typeof value === 'object' && value !== null ? (value as RecordingHead | RecordingEntry) : undefined
  } catch {
    return undefined
  }
}

/** Tells lists of effects apart, by their text. */
export function effectsHash(effects: readonly Effect[]): number {
  return hashPair(JSON.stringify(effects, sized), '')
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
