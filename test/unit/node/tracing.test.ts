// Traces: one deadline for all questions together.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { NodeName } from '../../../src/core/messages.ts'
import { Tracing, type TracingParts } from '../../../src/node/tracing.ts'

/** How long each question takes, in ms. */
const ANSWER_MS = 600

it('gives all nodes on the way one deadline together', async () => {
  let nowMs = 100
  const asked: number[] = []
  const parts = {
    name: 'a' as NodeName,
    overlay: { wayTo: () => ({ id: 1, rttMs: undefined, peer: { name: 'b' } }) },
    links: { queuedBytes: () => 0 },
    asking: {
      ask: async ({ to, deadlineMs }: { to: string; deadlineMs: number }) => {
        asked.push(deadlineMs)
        nowMs += ANSWER_MS
        const next = to === 'b' ? 'c' : 'd'
        return { status: 'answered', from: to, hops: 1, rttMs: ANSWER_MS, value: { node: to, next } }
      },
    },
    sending: { isPlainHttp: () => false, refusal: () => undefined },
    nowMs: () => nowMs,
  } as unknown as TracingParts
  const answer = await new Tracing(parts).trace('d' as NodeName, 1_000)
  assert.equal(answer.status, 'traced')
  assert.deepEqual(asked, [1_000, 1_000 - ANSWER_MS])
})
