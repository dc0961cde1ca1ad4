// Answers of `/healthz` and `/readyz` when all is not well. It must not decide how the process is.

import { send } from './exchange.ts'
import { type ErrorBody, jsonAnswer } from './fixed-answer.ts'
import { HEALTH_REASONS, type HealthReason } from './health-reasons.ts'
import type { ShimContext } from './shim.ts'

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
