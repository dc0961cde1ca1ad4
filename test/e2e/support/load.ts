// Many messages between the nodes of the classroom network, and the book of them: what each was told to have come to, and
// what the receivers have printed. It asks over HTTP, like anybody.

import { setTimeout as delay } from 'node:timers/promises'
import { Rng } from '../../../src/core/rng.ts'
import { ask, stdoutLines } from './classroom.ts'

/** One message, and how it ended: `delivered`, a reason, or `sender-gone` where the sender was killed before it could say. */
export interface LoadMessage {
  readonly from: string
  readonly to: string
  /** Counts the messages of this pair, from 1. */
  readonly number: number
  outcome: string | undefined
}

/** How a load is made up. */
export interface LoadOptions {
  readonly nodes: readonly string[]
  /** Of each node. */
  readonly messages: number
  readonly seed: number
  /** So that lines of another load cannot pass for those of this one. */
  readonly label: string
}

/** Requests of one sender at the same time, each to another receiver: those of a pair follow each other. */
const LANES = 6
/** A container that is started again listens after a moment. */
const AGAIN_MS = 200

/** See the head of the file. */
export class Load {
  readonly messages: LoadMessage[] = []
  readonly #options: LoadOptions
  /** Called when this many messages have ended. */
  readonly #marks: { readonly count: number; readonly reached: () => void }[] = []
  #ended = 0

  constructor(options: LoadOptions) {
    const { nodes, messages, seed } = options
    this.#options = options
    const rng = new Rng(seed)
    const numbers = new Map<string, number>()
    for (const from of nodes) {
      const others = nodes.filter((name) => name !== from)
      for (let count = 0; count < messages; count++) {
        const to = rng.pick(others) as string
        const number = (numbers.get(`${from} ${to}`) ?? 0) + 1
        numbers.set(`${from} ${to}`, number)
        this.messages.push({ from, to, number, outcome: undefined })
      }
    }
  }

  /** Resolves when this share of the messages has ended. */
  reached(share: number): Promise<void> {
    return new Promise((reached) => this.#marks.push({ count: share * this.messages.length, reached }))
  }

  /** Sends all of them, and resolves when all have ended. */
  async run(): Promise<void> {
    const bySender = Map.groupBy(this.messages, ({ from }) => from)
    await Promise.all([...bySender.values()].map((messages) => this.#runSender(messages)))
  }

  /** How many ended how. */
  outcomes(): Record<string, number> {
    const counts = new Map<string, number>()
    for (const { outcome = 'without an outcome' } of this.messages) {
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
    return Object.fromEntries(counts)
  }

  /** Everything that does not add up: handed over twice or out of order, delivered and not handed over, never sent. */
  async problems(): Promise<string[]> {
    const { nodes } = this.#options
    const sent = new Map(this.messages.map((message) => [this.#line(message), message]))
    const printedBy = new Map<string, string>()
    const problems: string[] = []
    for (const name of nodes) {
      const last = new Map<string, number>()
      for (const line of await stdoutLines(name)) {
        if (!line.includes(this.#options.label)) continue
        const message = sent.get(line)
        if (message === undefined || message.to !== name)
          problems.push(`${name} printed ${line}, which is not for it`)
        else if (printedBy.has(line)) problems.push(`${name} printed ${line} twice`)
        else if (message.number <= (last.get(message.from) ?? 0))
          problems.push(`${name} printed ${line} too late`)
        if (message === undefined) continue
        printedBy.set(line, name)
        last.set(message.from, message.number)
      }
    }
    for (const [line, { outcome, to }] of sent) {
      if (outcome === undefined) problems.push(`${line} to ${to} has no outcome`)
      if (outcome === 'delivered' && !printedBy.has(line)) problems.push(`${line} was not printed by ${to}`)
    }
    return problems
  }

  async #runSender(messages: readonly LoadMessage[]): Promise<void> {
    const pairs = [...Map.groupBy(messages, ({ to }) => to).values()]
    const lane = async (): Promise<void> => {
      for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
        for (const message of pair) await this.#send(message)
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
  }

  async #send(message: LoadMessage): Promise<void> {
    const { from, to } = message
    while (message.outcome === undefined) {
      try {
        const { body } = await ask(from, '/message', { to, msg: this.#text(message) })
        message.outcome = String(body.status ?? body.reason ?? JSON.stringify(body))
      } catch (error) {
        const { code } = ((error as Error).cause ?? {}) as { code?: string }
        // Nobody listens: it was not sent. Any other end leaves open whether it was.
        if (code !== 'ECONNREFUSED') message.outcome = 'sender-gone'
        await this.#isBack(from)
      }
    }
    this.#ended++
    for (const { count, reached } of this.#marks) if (this.#ended >= count) reached()
  }

  /** Waits until a container answers again. */
  async #isBack(name: string): Promise<void> {
    for (;;) {
      await delay(AGAIN_MS)
      const isThere = await ask(name, '/').then(
        () => true,
        () => false,
      )
      if (isThere) return
    }
  }

  #text({ from, to, number }: LoadMessage): string {
    return `${this.#options.label} ${from} to ${to} ${number}`
  }

  #line(message: LoadMessage): string {
    return `[MSG] From ${message.from}: ${this.#text(message)}`
  }
}
