// The liveness phase: nothing strikes any more, so everything has to come to rest within a bound, what was asked for before
// has to arrive, and all that programs ask for now has to work: sends and requests, tags, receipts, topics, history, traces.
// It must not end nodes.

import { Rng } from '../core/rng.ts'
import { restWithinMs } from '../sim/swarm-liveness.ts'
import { type Behaviour, type Operation, type Run, textOf } from './book.ts'
import { EARLY_DEADLINE_MS, type EarlyRequests, isNarrow, isTight } from './early.ts'
import { firstOf, LIVE_MS } from './expecting.ts'
import { castProblem, tagProblem } from './live-casts.ts'
import { historyProblem } from './live-history.ts'
import { leftovers } from './look.ts'
import type { FaultKind } from './plan.ts'
import type { Programs } from './programs.ts'
import { restProblem } from './rest.ts'
import { stopReading } from './streams.ts'

/** Faults that last until somebody notices: nothing looks wrong before. */
const SILENT_KINDS: readonly FaultKind[] = [
  'one-way-partition',
  'one-way-silence',
  'partition',
  'silence',
  'silent-crash',
]
const LAST_REQUESTS = 40
const TRACES = 4
const ABORTS = 5

const BEHAVIOURS: readonly Behaviour[] = [
  'value',
  'value',
  'bytes',
  'nothing',
  'later',
  'throws',
  'throws-later',
  'throws-text',
  'long-error',
  'unsealable',
]
const ANSWERED: readonly Behaviour[] = ['value', 'bytes', 'nothing', 'later', 'nested']

/** Returns how long it took until everything had come to rest. */
export async function livenessPhase(programs: Programs, early: EarlyRequests): Promise<number | undefined> {
  const { plan, net, book } = programs
  const startMs = net.nowMs
  const expect = async (what: string, step: () => Promise<string | undefined>): Promise<void> => {
    if (book.hasFailed) return
    const problem = await step()
    programs.look()
    if (problem !== undefined && !book.hasFailed) book.broken(undefined, `${what}: ${problem}`)
  }
  // Who does not read takes no messages either.
  for (const { readers } of programs.running) for (const reader of readers) stopReading(reader)
  const { heartbeatMs, heartbeatsMissedMax } = plan.config
  if (SILENT_KINDS.some((kind) => plan.faults.has(kind)))
    await programs.advance(heartbeatMs * (heartbeatsMissedMax + 2))
  const withinMs = restWithinMs(plan)
  await expect(`rest within ${withinMs} ms`, () =>
    programs.waitFor(() => restProblem(programs.running), withinMs),
  )
  if (book.hasFailed) return undefined
  const restMs = net.nowMs - startMs
  await expect('what was asked for before the last fault arrives', () =>
    programs.waitFor(() => early.problem(), EARLY_DEADLINE_MS),
  )
  early.giveUp()
  const rng = new Rng(plan.seeds.traffic + 3)
  await expect('after all faults everything is answered', () => lastRequests(programs, rng))
  await expect('what is given up is told so', () => lastAborts(programs, rng))
  await expect('tags are sent to in turn', () => tagProblem(programs, rng))
  await expect('everybody gets what is for all', () => castProblem(programs, rng))
  await expect('ways are found', () => lastTraces(programs, rng))
  await expect('a newcomer gets the history', () => historyProblem(programs, rng))
  await expect('nobody waits any more', () => quietProblem(programs, early.hasLostAskers))
  return restMs
}

/** Sends and requests of this phase, and that each ends as it must. */
async function lastRequests(programs: Programs, rng: Rng): Promise<string | undefined> {
  const { plan, net, requests, running } = programs
  const [silent] = rng.shuffled(running)
  for (const run of running) if (run !== silent) programs.handle(run)
  // A queue that does not hold all of them may be full, and a narrow window take too long: then each pair waits for the one
  // before.
  const tight = isTight(plan) || isNarrow(plan)
  // What was asked for before may fill it as well, until its deadline.
  if (tight) await quietProblem(programs, false)
  const asked: Operation[] = []
  for (let count = 0; count < LAST_REQUESTS && !programs.book.hasFailed; count++) {
    const [by, to] = rng.shuffled(running)
    if (by === undefined || to === undefined) break
    const isBusy = [...by.open, ...to.open].some((open) => open.to === to.name || open.to === by.name)
    const how = tight || rng.chance(0.8) ? (rng.pick(BEHAVIOURS) ?? 'value') : 'nested'
    const request = { to: to.name, deadlineMs: LIVE_MS, bytes: 8, how }
    if (!tight || !isBusy) {
      const isSend = rng.chance(0.4)
      const one = isSend ? requests.send(by, request, rng.chance(0.3)) : requests.request(by, request)
      asked.push(one.operation)
    }
    await net.advance(20)
  }
  const tooLarge = await tooLargeProblem(programs, rng)
  if (tooLarge !== undefined) return tooLarge
  return programs.waitFor(() => firstOf(asked, endProblem), LIVE_MS)
}

/** Who asks for more than a message can carry is told so, and does not wait for its deadline. */
async function tooLargeProblem(programs: Programs, rng: Rng): Promise<string | undefined> {
  if (!rng.chance(0.05)) return undefined
  const [by, to] = rng.shuffled(programs.running.filter(({ endHandler }) => endHandler !== undefined))
  if (by === undefined || to === undefined) return undefined
  const { operation, settled } = programs.requests.request(by, {
    to: to.name,
    deadlineMs: LIVE_MS,
    how: 'too-large',
  })
  await settled
  return endProblem(operation)
}

/** How it must have ended in a network in which nothing goes wrong. */
function endProblem(operation: Operation): string | undefined {
  const { kind, how, answer, by, to, given } = operation
  const told = answer?.status === 'failed' ? answer.reason : answer?.status
  const mustBe = mustEnd(kind, how, given === undefined)
  if (told === mustBe) return undefined
  // A nested request may have met the one who answers nothing, or an error.
  if (how === 'nested' && told === 'handler-failed') return undefined
  return `${textOf(operation)} of ${by.label} to ${to} is ${told ?? 'without an outcome'}, and must be ${mustBe}`
}

function mustEnd(kind: Operation['kind'], how: Behaviour, isUnheard: boolean): string {
  if (kind === 'send') return 'delivered'
  if (isUnheard) return 'no-handler'
  return ANSWERED.includes(how) ? 'answered' : 'handler-failed'
}

/** Something is given up at once: it is told so, and so is what is given up before. */
async function lastAborts({ requests, running, net }: Programs, rng: Rng): Promise<string | undefined> {
  const given: Operation[] = []
  for (let count = 0; count < ABORTS; count++) {
    const [by, to] = rng.shuffled(running)
    if (by === undefined || to === undefined) break
    const abort = count % 2 === 0 ? 'later' : 'before'
    const request = { to: to.name, deadlineMs: LIVE_MS, bytes: 8, how: 'value', abort } as const
    const { operation } = rng.chance(0.5) ? requests.send(by, request) : requests.request(by, request)
    given.push(operation)
    if (abort === 'later') requests.abort(operation)
  }
  await net.advance(1)
  return firstOf(given, ({ answer, by, ...operation }) => {
    const told = answer?.status === 'failed' ? answer.reason : answer?.status
    return told === 'cancelled' ? undefined : `${operation.kind} ${operation.id} of ${by.label} is ${told}`
  })
}

/** Each way that is found is one of links. */
async function lastTraces({ requests, running }: Programs, rng: Rng): Promise<string | undefined> {
  const byName = new Map(running.map((run) => [run.name, run]))
  for (let count = 0; count < TRACES; count++) {
    const [by, to] = rng.shuffled(running)
    if (by === undefined || to === undefined) break
    const { operation, settled } = requests.trace(by, to.name, LIVE_MS)
    const answer = await settled
    if (answer?.status !== 'traced')
      return `${textOf(operation)} of ${by.label} is ${answer?.status === 'failed' ? answer.reason : 'broken'}`
    if (new Set(answer.path).size < answer.path.length)
      return `the way of ${by.label} to ${to.label} goes round: ${answer.path.join(' ')}`
    for (const [index, name] of answer.path.entries()) {
      const next = answer.path[index + 1]
      if (next !== undefined && !isLinked(byName.get(name), next))
        return `the way of ${by.label} to ${to.label} goes from ${name} to ${next}, which have no link`
    }
  }
  return undefined
}

function isLinked(run: Run | undefined, name: string): boolean {
  return run?.node.neighbors().some((neighbor) => neighbor.name === name) === true
}

/** What has a deadline has come to its end, and nothing waits but handlers that never answer. */
function quietProblem(programs: Programs, hasLostAskers: boolean): Promise<string | undefined> {
  const withinMs = 2 * programs.plan.config.deadlineMs + LIVE_MS
  return programs.waitFor(() => {
    for (const run of programs.running) {
      const [open] = run.open
      if (open !== undefined) return `${run.label} waits for ${textOf(open)}`
      const left = leftovers(run).filter((text) => !hasLostAskers || !text.includes('without an outcome'))
      if (left.length > 0) return `${run.label} has ${left.join(', ')}`
    }
    return undefined
  }, withinMs)
}
