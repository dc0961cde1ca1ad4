// `hearsay subscribe`: the messages of topics, as they come, and before them those that a node has kept.

import { printable } from '../wire/printable.ts'
import { command } from './command.ts'
import { type CliContext, painter, stopRequested } from './context.ts'
import { EXIT } from './exit-codes.ts'
import type { OptionValues } from './options.ts'
import { contentText } from './received-lines.ts'
import { endedError, type LineEvent, mistakeOf, Visit } from './visit.ts'

type SubscribeValues = OptionValues<'at' | 'history' | 'json'>

/** Messages that come while the history is awaited wait for it; with more than these it is not waited for. */
const HELD_MAX = 10_000

/** The command. */
export const subscribe = command({
  name: 'subscribe',
  summary: 'Print the messages of topics as they come',
  details:
    'Has a running node listen to topics, and prints a line for each message: its topic, and its content. In a filter, ' +
    '+ stands for any one level and # for any number of levels at the end. With --history it first prints up to so many ' +
    'messages of each topic that were published before; some node must run with --history to keep them.',
  positionals: [{ name: 'filter', description: 'Which topics: news/today, news/+, sensors/#', list: true }],
  options: ['at', 'history', 'json'],
  examples: [
    ["subscribe 'news/#'", 'at the node on port 5001'],
    ["subscribe 'sensors/+/temp' log --history 10 --json", 'as JSON lines, with the last ten of each topic'],
  ],
  async run(values, { filter }, context) {
    const visit = await Visit.openNode(values.at, context)
    try {
      const listening = new Subscriber(visit, values, context).start(filter.split('\n'))
      const over = Promise.race([visit.ended, stopRequested(context.signal)])
      await Promise.race([listening, over])
      const why = await over
      if (why !== undefined) throw endedError(values.at, why)
      return EXIT.ok
    } finally {
      visit.close()
    }
  },
})

/** One run of the command. */
class Subscriber {
  readonly #visit: Visit
  readonly #values: SubscribeValues
  readonly #context: CliContext
  /** What came while the history is awaited; `undefined`: nothing is held. */
  #held: LineEvent[] | undefined
  /** What was printed of the history: messages that are in both come once. */
  readonly #shown = new Set<unknown>()

  constructor(visit: Visit, values: SubscribeValues, context: CliContext) {
    this.#visit = visit
    this.#values = values
    this.#context = context
  }

  /** @throws CliError when the node does not take a filter */
  async start(filters: readonly string[]): Promise<void> {
    const { at, history } = this.#values
    this.#held = history > 0 ? [] : undefined
    this.#visit.onEvent = (event) => this.#take(event)
    for (const filter of filters) {
      const mistake = mistakeOf(at, await this.#visit.ask({ cmd: 'subscribe', filter }))
      if (mistake !== undefined) throw mistake
    }
    const { stderr } = this.#context
    stderr.write(`Listening to ${printable(filters.join(' '))} at ${this.#visit.name}. Ctrl-C ends it.\n`)
    for (const filter of history > 0 ? filters : []) await this.#past(filter)
    this.#release()
    this.#shown.clear()
  }

  async #past(filter: string): Promise<void> {
    const { history } = this.#values
    const kept = new Map<unknown, LineEvent[]>()
    const live = this.#visit.onEvent
    this.#visit.onEvent = (event, line) => {
      if (event.past !== true) {
        live(event, line)
        return
      }
      const ofTopic = kept.get(event.topic) ?? []
      kept.set(event.topic, ofTopic)
      ofTopic.push(event)
      if (ofTopic.length > history) ofTopic.shift()
    }
    const answer = await this.#visit.ask({ cmd: 'history', filter })
    this.#visit.onEvent = live
    for (const event of [...kept.values()].flat()) this.#print(event)
    if (answer.status === 'complete') return
    const hint =
      answer.reason === 'unknown-peer'
        ? 'no node keeps messages: start one with --history'
        : `${answer.error ?? answer.text} (${answer.reason}, says ${answer.at})`
    this.#context.stderr.write(`${printable(`No history of ${filter}: ${hint}`)}\n`)
  }

  #take(event: LineEvent): void {
    if (event.event !== 'message' || typeof event.topic !== 'string') return
    if (this.#held === undefined) this.#print(event)
    else {
      this.#held.push(event)
      if (this.#held.length > HELD_MAX) this.#release()
    }
  }

  #release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const event of held) this.#print(event)
  }

  #print(event: LineEvent): void {
    const { history, json } = this.#values
    if (history > 0 && event.id !== undefined) {
      if (this.#shown.has(event.id)) return
      if (event.past === true) this.#shown.add(event.id)
    }
    const { stdout, env } = this.#context
    const paint = painter(stdout, env)
    const topic = printable(String(event.topic))
    stdout.write(json ? `${JSON.stringify(event)}\n` : `${paint('cyan', topic)} ${contentText(event)}\n`)
    this.#visit.yieldTo(stdout)
  }
}
