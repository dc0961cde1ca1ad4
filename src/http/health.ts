// What `/healthz` and `/readyz` answer when all is not well. Their words stand beside those of core/reasons, which are
// about messages and links: these are about a process. It must not decide how the process is.

import { jsonAnswer, send } from './exchange.ts'
import type { ErrorBody, ShimContext } from './shim.ts'

/** Why a process is not to be used, by the word that its answer has. docs/ERRORS.md lists them for people. */
export const HEALTH_REASONS = {
  'not-live': {
    httpStatus: 503,
    text: 'the process has ended its work and does not come back',
    advice: 'Start it again; what ended it is in its log',
  },
  'not-ready': {
    httpStatus: 503,
    text: 'the process runs and cannot be used yet',
    advice: 'Wait until /readyz answers 200; if it does not, look at its bootstraps and peers',
  },
} as const satisfies Record<string, { httpStatus: number; text: string; advice: string }>

/** One of {@link HEALTH_REASONS}. */
export type HealthReason = keyof typeof HEALTH_REASONS

/**
 * Answers that all is not well.
 * @param error why, in one sentence; without one, what the reason means in general
 * @param facts further keys of the answer
 */
export function answerUnwell(
  c: ShimContext,
  reason: HealthReason,
  error: string | undefined,
  facts: Readonly<Record<string, unknown>> = {},
): Response {
  const { httpStatus, text } = HEALTH_REASONS[reason]
  return send(c, jsonAnswer(httpStatus, { error: error ?? text, reason, ...facts } satisfies ErrorBody))
}
