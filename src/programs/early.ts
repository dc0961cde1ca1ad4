// What programs send and ask while faults still strike, and has to arrive all the same: it has time until long after the
// last fault. It must not wait: the liveness phase does.

import { CORE_DEFAULTS } from '../core/config.ts'
import type { Rng } from '../core/rng.ts'
import { restWithinMs } from '../sim/swarm-liveness.ts'
import { type Operation, type Run, textOf } from './book.ts'
import type { ProgramPlan } from './plan.ts'
import type { Programs } from './programs.ts'

const REQUESTS = 30
/** How long after the network has come to rest they may take: behind a window of few messages a backlog is slow. */
export const EARLY_DEADLINE_MS = 30_000

/** See the head of the file. */
export class EarlyRequests {
  readonly #programs: Programs
  readonly #asked: { readonly operation: Operation; readonly to: Run }[] = []

  /** From whoever does not stand still. */
  constructor(programs: Programs, rng: Rng) {
    this.#programs = programs
    const { plan, requests } = programs
    const deadlineMs = restWithinMs(plan) + EARLY_DEADLINE_MS
    for (let count = 0; count < REQUESTS; count++) {
      const by = rng.pick(programs.awake)
      const to = rng.pick(programs.running)
      const isRequest = rng.chance(0.5)
      if (by === undefined || to === undefined || !programs.knows(by, to)) continue
      const request = { to: to.name, deadlineMs, bytes: 8, how: 'value', abort: 'later' } as const
      const { operation } = isRequest ? requests.request(by, request) : requests.send(by, request)
      this.#asked.push({ operation, to })
    }
  }

  /** Whether somebody has asked who is gone: the answer goes on looking for the asker until its deadline. */
  get hasLostAskers(): boolean {
    return this.#asked.some(({ operation: { kind, by } }) => kind === 'request' && by.state !== 'runs')
  }

  /** What is still open is for nodes that are gone, and is given up. */
  giveUp(): void {
    for (const { operation } of this.#asked) this.#programs.requests.abort(operation)
  }

  /** What has not arrived and should have, whatever struck meanwhile; `undefined` when nothing. */
  problem(): string | undefined {
    for (const { operation, to } of this.#asked) {
      const { by, answer, kind } = operation
      if (by.state !== 'runs' || to.state !== 'runs' || answer?.status === 'delivered') continue
      if (answer?.status === 'answered' || isToldEarly(operation)) continue
      // Whose readers have no room has said so, and a copy may have arrived.
      if (answer?.status === 'failed' && answer.reason === 'expired' && to.readers.size > 0) continue
      // An answer finds no room where queues are small.
      if (kind === 'request' && isTight(this.#programs.plan)) continue
      const how = answer?.status === 'failed' ? answer.reason : 'without an outcome'
      return `${textOf(operation)} of ${by.label} is ${how}`
    }
    return undefined
  }
}

/** Whether what one node has for another may find no room there. */
export function isTight({ config }: ProgramPlan): boolean {
  const { queueBytesMax, queueMessagesMax } = CORE_DEFAULTS
  return config.queueBytesMax < queueBytesMax || config.queueMessagesMax < queueMessagesMax
}

/** Whether it may wait behind what the one has for the other for longer than a program waits. */
export function isNarrow({ config }: ProgramPlan): boolean {
  const { windowBytesMax, windowMessagesMax } = CORE_DEFAULTS
  return config.windowBytesMax < windowBytesMax || config.windowMessagesMax < windowMessagesMax
}

/** What fails early says nothing about the network: there was no room, the name was not known, or nobody answers there. */
function isToldEarly({ answer, kind }: Operation): boolean {
  return (
    answer?.status === 'failed' &&
    (answer.reason === 'queue-full' ||
      answer.reason === 'unknown-peer' ||
      answer.reason === 'no-handler' ||
      (kind === 'request' && answer.reason === 'peer-left'))
  )
}
