// `hearsay ping`: round trips to a node through the overlay, one after the other, as ping(8) does it.

import { printable } from '../wire/printable.ts'
import { command } from './command.ts'
import { type CliContext, painter, stopRequested } from './context.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { OptionValues } from './options.ts'
import { PingStatistics } from './ping-statistics.ts'
import { endedError, type LineEvent, mistakeOf, Visit } from './visit.ts'

type PingValues = OptionValues<'at' | 'count' | 'intervalSeconds' | 'deadlineMs' | 'json'>

/** The command. */
export const ping = command({
  name: 'ping',
  summary: 'Measure round trips to a node through the network',
  details:
    'Has a running node ping another one by name, and prints a line for each round trip, and statistics at the end: ' +
    'after --count of them, or at Ctrl-C. An answer after the deadline counts as lost. No program sees a ping. ' +
    `The exit code is ${EXIT.ok} when something came back, and ${EXIT.notDelivered} when nothing did.`,
  positionals: [{ name: 'to', isNode: true, description: 'Name of the node' }],
  options: ['at', 'count', 'intervalSeconds', 'deadlineMs', 'json'],
  examples: [
    ['ping node8', 'from the node on port 5001, until Ctrl-C'],
    ['ping node8 -c 5 --interval 0.2', 'five of them, five a second'],
  ],
  async run(values, { to }, context) {
    const visit = await Visit.openNode(values.at, context)
    try {
      return await new Pings(visit, to, values, context).run()
    } finally {
      visit.close()
    }
  },
})

/** One run of the command. */
class Pings {
  readonly #visit: Visit
  readonly #to: string
  readonly #values: PingValues
  readonly #context: CliContext
  readonly #statistics = new PingStatistics()
  readonly #open = new Set<Promise<void>>()
  /** The node does not take the line. */
  readonly #mistaken = Promise.withResolvers<Error>()

  constructor(visit: Visit, to: string, values: PingValues, context: CliContext) {
    this.#visit = visit
    this.#to = to
    this.#values = values
    this.#context = context
  }

  async run(): Promise<ExitCode> {
    const { signal, stdout } = this.#context
    const startedMs = performance.now()
    const ended = this.#visit.ended
    const over = Promise.race([stopRequested(signal), ended])
    const mistake = await Promise.race([this.#mistaken.promise, this.#all(over), over])
    if (mistake instanceof Error) throw mistake
    const why = await Promise.race([ended, undefined])
    const name = printable(this.#to)
    const tookMs = performance.now() - startedMs
    const last = this.#values.json
      ? JSON.stringify(this.#statistics.json(this.#to))
      : `\n${this.#statistics.text(name, tookMs)}`
    stdout.write(`${last}\n`)
    if (why !== undefined) throw endedError(this.#values.at, why)
    return this.#statistics.answered > 0 ? EXIT.ok : EXIT.notDelivered
  }

  /** Sends them all, each on time whatever becomes of the others, and waits for those that are under way. */
  async #all(over: Promise<unknown>): Promise<void> {
    const { count = Number.POSITIVE_INFINITY, intervalSeconds } = this.#values
    const startedMs = performance.now()
    let isOver = false
    const end = Promise.race([over, this.#mistaken.promise]).then(() => {
      isOver = true
    })
    for (let sent = 0; sent < count; sent++) {
      const waitMs = startedMs + sent * intervalSeconds * 1_000 - performance.now()
      if (waitMs > 0) await wait(waitMs, end)
      if (isOver) return
      const one = this.#one().finally(() => this.#open.delete(one))
      this.#open.add(one)
    }
    await Promise.all(this.#open)
  }

  async #one(): Promise<void> {
    const { deadlineMs, json, at } = this.#values
    const seq = this.#statistics.send()
    const sentMs = performance.now()
    const answer = await this.#visit.ask({ cmd: 'ping', to: this.#to, deadlineMs })
    const tookMs = performance.now() - sentMs
    // A wrong name is wrong each time.
    const mistake = seq === 1 ? mistakeOf(at, answer) : undefined
    if (mistake !== undefined) {
      this.#mistaken.resolve(mistake)
      return
    }
    const { rttMs } = answer
    const isDelivered = answer.status === 'delivered'
    // By this clock: a node that stood still counts from when it went on.
    const lateMs = isDelivered && tookMs > deadlineMs ? Math.round(tookMs) : undefined
    if (lateMs !== undefined) this.#statistics.answerLate()
    else if (isDelivered && typeof rttMs === 'number') this.#statistics.answer(rttMs)
    const { tag, ...facts } = answer
    const late = lateMs === undefined ? {} : { late: true, tookMs: lateMs }
    this.#context.stdout.write(
      `${json ? JSON.stringify({ ...facts, seq, ...late }) : this.#text(answer, seq, lateMs)}\n`,
    )
  }

  /** @param lateMs how long it took, when that was longer than the deadline */
  #text(answer: LineEvent, seq: number, lateMs: number | undefined): string {
    const { stdout, env } = this.#context
    const paint = painter(stdout, env)
    const { status, hops, rttMs, error, text, reason, at } = answer
    const name = printable(this.#to)
    if (lateMs !== undefined) {
      const { deadlineMs } = this.#values
      return `${paint('red', `late answer of ${name}`)}: seq=${seq} after ${lateMs} ms, and not within ${deadlineMs} ms`
    }
    if (status === 'delivered') {
      const time = typeof rttMs === 'number' ? rttMs.toFixed(1) : '?'
      return `answer of ${paint('green', name)}: seq=${seq} hops=${hops} time=${time} ms`
    }
    const why = typeof reason === 'string' ? ` (${reason}, says ${String(at)})` : ''
    return `${paint('red', `no answer of ${name}`)}: seq=${seq} ${printable(`${error ?? text}${why}`)}`
  }
}

/** Resolves after this time, or at the end. */
function wait(ms: number, end: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void end.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
