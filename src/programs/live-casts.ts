// What is for many, in a network in which nothing goes wrong: tags, broadcasts with receipts and without, and topics.
// It must not end nodes.

import type { Rng } from '../core/rng.ts'
import { type Operation, type Run, textOf } from './book.ts'
import { firstOf, LIVE_MS } from './expecting.ts'
import { type Programs, TAGS } from './programs.ts'
import { isFor, TOPICS } from './topics.ts'

const CASTS = 8
const BYTES = 8

/** Of all who have a tag each gets its turn, and nobody else. */
export async function tagProblem(
  { requests, running, book }: Programs,
  rng: Rng,
): Promise<string | undefined> {
  const [by] = rng.shuffled(running)
  if (by === undefined) return undefined
  for (const tag of [...TAGS, 'nobody-has-it']) {
    const holders = running.filter((run) => run !== by && run.tags.includes(tag))
    const got: string[] = []
    for (let count = 0; count < Math.max(1, holders.length); count++) {
      const { operation, settled } = requests.send(by, { tag, deadlineMs: LIVE_MS, bytes: BYTES })
      const answer = await settled
      if (book.hasFailed) return undefined
      if (holders.length === 0 && answer?.status === 'failed' && answer.reason === 'unknown-peer') continue
      if (answer?.status !== 'delivered')
        return `${textOf(operation)} of ${by.label} is ${answer?.status === 'failed' ? answer.reason : answer?.status}`
      for (const { name } of operation.heardBy.keys()) got.push(name)
    }
    const wanted = holders.map(({ name }) => name).sort(byText)
    if (got.sort(byText).join(' ') !== wanted.join(' '))
      return `${by.label} has sent to #${tag}: ${wanted.join(' ')} have it, and ${got.join(' ')} got it`
  }
  return undefined
}

/** Everybody whom it is for gets each, and receipts say so. */
export async function castProblem(programs: Programs, rng: Rng): Promise<string | undefined> {
  const { book, requests, running } = programs
  const casts: Operation[] = []
  for (let count = 0; count < CASTS; count++) {
    const by = rng.pick(running)
    if (by === undefined || book.hasFailed) return undefined
    const topic = rng.chance(0.5) ? rng.pick(TOPICS) : undefined
    const receipts = rng.chance(0.5)
    const { operation, settled } = requests.broadcast(by, {
      topic,
      receipts,
      bytes: BYTES,
      deadlineMs: LIVE_MS,
    })
    casts.push(operation)
    const answer = await settled
    if (answer?.status !== 'sent') return `${textOf(operation)} of ${by.label} is ${answer?.status}`
    const others = running.filter((run) => run !== by && listens(run, topic)).length
    const { listeners, reached, of, missing } = answer
    if (topic !== undefined && listeners !== others)
      return `${textOf(operation)} of ${by.label} has ${listeners} listeners, and ${others} listen`
    if (receipts && (reached !== others || of !== others))
      return `${textOf(operation)} of ${by.label} reached ${reached} of ${of}, and ${others} are there: no ${missing?.join(' ')}`
  }
  return programs.waitFor(() => firstOf(casts, (cast) => unheard(cast, running)), LIVE_MS)
}

/** Who has not got a broadcast, or a listener of whom has not. */
export function unheard(cast: Operation, running: readonly Run[]): string | undefined {
  const { by, topic, heardBy } = cast
  for (const run of running) {
    const isMeant = topic === undefined ? run !== by : listens(run, topic)
    if (isMeant && !heardBy.has(run)) return `${textOf(cast)} of ${by.label} has not come to ${run.label}`
  }
  return undefined
}

function listens({ subscriptions }: Run, topic: string | undefined): boolean {
  return topic === undefined || [...subscriptions].some(({ filter }) => isFor(filter, topic))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
