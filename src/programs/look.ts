// A look into the nodes: what they keep is within its limits, who waits is known, and nobody is left at the end.
// It must not change anything.

import { checkInvariants, LATE_MS } from '../core/invariants.ts'
import { historyProblems } from '../node/history.ts'
import { insideOf } from '../node/inside.ts'
import type { Run } from './book.ts'
import type { ProgramPlan } from './plan.ts'

/** A timer is a whole number of ms, and deadlines of answers are looked at every 20 ms. */
const ANSWERS_LATE_MS = 22

/** Everything that is broken in a node that runs. */
export function lookAt(
  run: Run,
  { historyMax }: ProgramPlan,
  at: { readonly nowMs: number; readonly depth: 'quick' | 'all' },
): string[] {
  const { overlay } = insideOf(run.node)
  return [
    ...checkInvariants(overlay, at.nowMs, { depth: at.depth, lateMs: LATE_MS + run.lateMs }),
    ...waitingProblems(run, at.nowMs),
    ...keptProblems(run, historyMax),
  ]
}

/** Who waits for something is known, by what its program has asked for. */
function waitingProblems(run: Run, nowMs: number): string[] {
  const { asked, seeking, awaited, casts, subscriptions, answering } = insideOf(
    run.node,
  ).conversation.inspect()
  const open = [...run.open]
  const count = (...kinds: string[]): number => open.filter(({ kind }) => kinds.includes(kind)).length
  const broken: string[] = []
  const questions = count('request', 'history')
  if (asked + seeking < questions || asked > questions + count('trace'))
    broken.push(`waits for ${asked} answers, and has asked ${questions} questions`)
  const receipts = open.filter(({ known }) => known !== undefined).length
  if (awaited > receipts)
    broken.push(`waits for receipts of ${awaited} broadcasts, and ${receipts} were made`)
  if (casts > count('broadcast', 'publish'))
    broken.push(`has ${casts} broadcasts to make that nobody waits for`)
  if (subscriptions !== run.subscriptions.size)
    broken.push(`has ${subscriptions} listeners, and ${run.subscriptions.size} listen`)
  const waited = [...run.handling].filter(({ untilMs, signal }) => untilMs > nowMs && !signal.aborted).length
  if (answering < waited) broken.push(`answers ${answering} requests, and has ${waited}`)
  for (const { id, untilMs, isEndless } of run.handling) {
    if (isEndless && nowMs > untilMs + ANSWERS_LATE_MS + run.lateMs)
      broken.push(`has not told its handler that nobody waits for ${id} any more`)
  }
  return broken
}

function keptProblems(run: Run, historyMax: number): string[] {
  const { history } = insideOf(run.node).conversation.inspect()
  const { kept } = history
  const broken = historyProblems(history)
  if (run.keeper === undefined && kept.size > 0) broken.push(`keeps broadcasts, and was not told to`)
  for (const [topic, count] of kept) {
    if (count > historyMax)
      broken.push(`keeps ${count} of ${topic || 'no topic'}, and ${historyMax} is the limit`)
  }
  return broken
}

/** What is left of a node that has ended, or has come to rest. */
export function leftovers({ node, handling }: Run): string[] {
  const { asked, seeking, awaited, casts, sends, answering } = insideOf(node).conversation.inspect()
  const left: string[] = []
  if (asked > 0) left.push(`${asked} questions`)
  if (seeking > 0) left.push(`${seeking} that look for somebody`)
  if (awaited > 0) left.push(`${awaited} broadcasts without receipts`)
  if (casts > 0) left.push(`${casts} broadcasts that have not gone out`)
  if (sends > 0) left.push(`${sends} messages without an outcome`)
  if (answering > handling.size)
    left.push(`${answering} requests without an answer, and handlers of ${handling.size}`)
  return left
}
