// A node that comes late, in a network in which nothing goes wrong: it gets what was published before from one that keeps
// it, the last of each topic in their order, and everything since then by itself.
// It must not end nodes.

import type { Rng } from '../core/rng.ts'
import { restWithinMs } from '../sim/swarm-liveness.ts'
import { type Operation, textOf } from './book.ts'
import { firstOf, LIVE_MS } from './expecting.ts'
import { unheard } from './live-casts.ts'
import type { Programs } from './programs.ts'
import { restProblem } from './rest.ts'

/** Topics that nobody has spoken about before. */
const LATE_TOPICS = ['late/a', 'late/b', 'late/b/c'] as const
const LATE_FILTER = 'late/#'
const NEWCOMER = 'n900'
/** Messages of each topic: some more than are kept. */
const MORE = 2
const EACH_MAX = 8
/** One message after the other, over slow links. */
const HISTORY_MS = 120_000

/** See the head of the file. */
export async function historyProblem(programs: Programs, rng: Rng): Promise<string | undefined> {
  const { requests, running, plan, book } = programs
  const keeper = rng.pick(running.filter((run) => run.keeper?.isDeaf === false))
  if (keeper === undefined) return undefined
  const before: Operation[] = []
  const each = Math.min(EACH_MAX, plan.historyMax + MORE)
  for (let count = 0; count < each * LATE_TOPICS.length && !book.hasFailed; count++) {
    before.push(await publish(programs, rng, LATE_TOPICS[count % LATE_TOPICS.length] ?? ''))
  }
  const problem =
    (await programs.waitFor(() => firstOf(before, (cast) => unheard(cast, running)), LIVE_MS)) ??
    (await newcomerProblem(programs))
  const newcomer = programs.last(NEWCOMER)
  if (problem !== undefined || newcomer === undefined || book.hasFailed) return problem
  const { operation, settled } = requests.history(newcomer, {
    filter: LATE_FILTER,
    to: keeper.name,
    deadlineMs: HISTORY_MS,
  })
  const live: Operation[] = []
  for (const topic of LATE_TOPICS) live.push(await publish(programs, rng, topic))
  const answer = await settled
  if (answer?.status !== 'complete')
    return `${textOf(operation)} of ${newcomer.label} is ${answer?.status === 'failed' ? `${answer.reason}: ${'error' in answer ? answer.error : ''}` : answer?.status}`
  // That it is all that was kept, in order, the book has seen.
  return (
    (await programs.waitFor(() => firstOf(live, (cast) => unheard(cast, programs.running)), LIVE_MS)) ??
    (await nearestProblem(programs))
  )
}

async function publish(programs: Programs, rng: Rng, topic: string): Promise<Operation> {
  const { requests, running, net } = programs
  const by = rng.pick(running) as (typeof running)[number]
  const { operation, settled } = requests.broadcast(by, {
    topic,
    receipts: false,
    bytes: 8,
    deadlineMs: LIVE_MS,
  })
  await settled
  await net.advance(10)
  return operation
}

/** A node more, which listens. */
async function newcomerProblem(programs: Programs): Promise<string | undefined> {
  programs.start(NEWCOMER)
  const newcomer = programs.last(NEWCOMER)
  if (newcomer === undefined) return 'nobody came'
  programs.subscribe(newcomer, LATE_FILTER)
  return programs.waitFor(() => restProblem(programs.running), restWithinMs(programs.plan))
}

/** Without the name of one, somebody who keeps broadcasts is asked. */
async function nearestProblem(programs: Programs): Promise<string | undefined> {
  const newcomer = programs.last(NEWCOMER)
  if (newcomer === undefined) return undefined
  const { requests } = programs
  const { operation, settled } = requests.history(newcomer, { filter: LATE_FILTER, deadlineMs: HISTORY_MS })
  const answer = await settled
  if (answer?.status === 'complete') return undefined
  return `${textOf(operation)} of ${newcomer.label} is ${answer?.status === 'failed' ? answer.reason : answer?.status}`
}
