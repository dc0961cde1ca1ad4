// The liveness phase of a swarm: nothing strikes any more, so everything has to come to rest within a bound, what was sent
// before has to arrive, what is sent now too, and nobody does more than is needed.
// It must not end processes but the one whose leaving is looked at.

import { Rng } from '../core/rng.ts'
import type { BroadcastEntry, SendEntry } from './ledger.ts'
import { EARLY_DEADLINE_MS, type EarlyTraffic } from './swarm-early.ts'
import type { SwarmNet, SwarmNode } from './swarm-net.ts'
import type { FaultKind, SwarmPlan } from './swarm-plan.ts'
import { quietProblem } from './swarm-quiet.ts'
import { convergenceProblem, registrationProblem } from './swarm-rest.ts'

/** Faults that last until somebody notices, or TCP tries again: nothing looks wrong before. */
const SILENT_KINDS: readonly FaultKind[] = ['half-open', 'one-way-partition', 'one-way-silence', 'partition']
/** Broadcasts and sends of this phase. */
const LAST_BROADCASTS = 8
const LAST_SENDS = 40
const LAST_BYTES = 8
const LAST_DEADLINE_MS = 10_000
/** Stale timers run out one after the other: there are always some. */
const TIMERS_AT_REST = 40
/** Within what time everybody knows of a node that it has left. */
const LEAVE_TOLD_MS = 5_000
/** Both ends notice after three intervals of 5 s that a registration is gone; then come a backoff and a dial. */
const REGISTERED_WITHIN_MS = 40_000

/** Returns how long it took until everything had come to rest. */
export function livenessPhase(net: SwarmNet, early: EarlyTraffic): number | undefined {
  const startMs = net.nowMs
  if (SILENT_KINDS.some((kind) => net.plan.kinds.has(kind))) net.runTo(net.nowMs + silenceMs(net.plan))
  expect(net, `rest within ${restWithinMs(net.plan)} ms`, () =>
    net.waitFor(() => convergenceProblem(net), restWithinMs(net.plan)),
  )
  if (net.hasFailed) return undefined
  const restMs = net.nowMs - startMs
  net.checkAll()
  expect(net, 'the bootstrap counts all', () =>
    net.waitFor(() => registrationProblem(net), REGISTERED_WITHIN_MS),
  )
  expect(net, 'what was sent before the last fault arrives', () =>
    net.waitFor(() => early.problem(), EARLY_DEADLINE_MS),
  )
  expect(net, 'after all faults everything arrives', () => lastTraffic(net))
  expect(net, 'timers run out', () => timersAtRest(net))
  expect(net, 'links last', () => lostLinks(net))
  expect(net, 'nothing comes twice in a quiet network, nor is asked for', () => quietProblem(net))
  expect(net, 'who leaves is told as left', () => lastLeave(net))
  return restMs
}

/** Does one step after the other, as long as nothing is broken. */
function expect(net: SwarmNet, what: string, step: () => string | undefined): void {
  if (net.hasFailed) return
  const problem = step()
  if (problem !== undefined && !net.hasFailed) net.broken(`${what}: ${problem}`)
}

/** Until a link on which nothing comes through is noticed. */
function silenceMs({ config: { heartbeatMs, heartbeatsMissedMax } }: Pick<SwarmPlan, 'config'>): number {
  return heartbeatMs * (heartbeatsMissedMax + 2)
}

/** Links that are silent have to be noticed, and addresses that have failed have to be dialled again. */
export function restWithinMs(plan: Pick<SwarmPlan, 'config'>): number {
  const { dialBackoffMaxMs, takeoverMs } = plan.config
  return 3 * silenceMs(plan) + 3 * dialBackoffMaxMs + 2 * takeoverMs + 30_000
}

/** What is sent and broadcast now has to arrive. */
function lastTraffic(net: SwarmNet): string | undefined {
  const rng = new Rng(net.plan.seeds.traffic + 1)
  const { nodes } = net
  const { queueBytesMax, queueMessagesMax } = net.plan.config
  // A queue that does not hold all of them may be full: then each waits for the one before it.
  const isTight = queueMessagesMax < LAST_SENDS || queueBytesMax < LAST_SENDS * LAST_BYTES
  const broadcasts: BroadcastEntry[] = []
  const sends: SendEntry[] = []
  for (const by of rng.shuffled(nodes).slice(0, LAST_BROADCASTS)) {
    broadcasts.push(net.broadcast(by, LAST_BYTES))
    net.runTo(net.nowMs + 50)
  }
  for (let count = 0; count < LAST_SENDS; count++) {
    const [by, to] = rng.shuffled(nodes)
    if (by === undefined || to === undefined) break
    const isBusy = sends.some((send) => send.by === by && send.to === to.name && send.outcome === undefined)
    if (!isTight || !isBusy)
      sends.push(net.send(by, to.name, { bytes: LAST_BYTES, deadlineMs: LAST_DEADLINE_MS }))
    net.runTo(net.nowMs + 20)
  }
  const problemOf = (): string | undefined => unheard(broadcasts, nodes) ?? undelivered(sends)
  return net.waitFor(problemOf, LAST_DEADLINE_MS)
}

function unheard(broadcasts: readonly BroadcastEntry[], nodes: readonly SwarmNode[]): string | undefined {
  for (const { id, by, handedOverBy, state } of broadcasts) {
    const lacks = nodes.find((node) => node !== by && !handedOverBy.has(node))
    if (lacks !== undefined) return `broadcast ${id} of ${by.label} has not come to ${lacks.label}`
    if (state !== 'sent') return `broadcast ${id} of ${by.label} is ${state}`
  }
  return undefined
}

function undelivered(sends: readonly SendEntry[]): string | undefined {
  for (const { id, by, to, outcome } of sends) {
    if (outcome?.status === 'delivered') continue
    return `send ${id} of ${by.label} to ${to} is ${outcome?.reason ?? 'without an outcome'}`
  }
  return undefined
}

/** A node at rest has one timer of each kind, and the stale ones of a moment ago. */
function timersAtRest(net: SwarmNet): string | undefined {
  net.runTo(net.nowMs + 2 * net.plan.config.healIntervalMs)
  for (const { label, timers } of net.nodes) {
    for (const kind of ['heartbeat', 'links', 'publish', 'reachability', 'routes'] as const) {
      const pending = timers.get(kind) ?? 0
      if (pending > TIMERS_AT_REST) return `${label} has ${pending} timers ${kind} at rest`
    }
  }
  return undefined
}

/** A link between two that are well does not go silent, though nobody has anything to say. */
function lostLinks(net: SwarmNet): string | undefined {
  const before = net.silentLinks
  net.runTo(net.nowMs + silenceMs(net.plan))
  const lost = net.silentLinks - before
  return lost === 0 ? undefined : `${lost} went silent at rest`
}

/** One that leaves while nothing is wrong is told as left by all others. */
function lastLeave(net: SwarmNet): string | undefined {
  const leaving = new Rng(net.plan.seeds.traffic + 2).pick(net.nodes)
  if (leaving === undefined) return undefined
  const others = net.nodes.filter((node) => node !== leaving)
  net.leave(leaving)
  // A registration may be silent since the last fault: nobody has noticed that as long as nothing was to be told.
  const isSilentMaybe = SILENT_KINDS.some((kind) => net.plan.kinds.has(kind))
  return (
    net.waitFor(() => notTold(net, others, leaving), LEAVE_TOLD_MS) ??
    net.waitFor(() => registrationProblem(net), isSilentMaybe ? REGISTERED_WITHIN_MS : LEAVE_TOLD_MS)
  )
}

function notTold(net: SwarmNet, others: readonly SwarmNode[], leaving: SwarmNode): string | undefined {
  for (const node of others) {
    const reason = net.ledger.departure(node, leaving.name)
    if (reason !== 'left') return `${node.label} tells ${reason} of ${leaving.label}, which has left`
  }
  return undefined
}
