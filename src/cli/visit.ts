// A visit at a running node or bootstrap, for the commands that watch one: line mode in JSON, answers told apart by tags.
// It must not print; what is wrong is a CliError that says what to do.

import { dialLines, type LineConnection } from '../net/line-client.ts'
import { withoutQuery } from '../net/url.ts'
import { printable } from '../wire/printable.ts'
import { bootstrapError } from './ask.ts'
import { brokenOffCode, type CliContext, CliError, type Output } from './context.ts'
import { EXIT } from './exit-codes.ts'

/** How long a connection and the greeting may take, in ms. */
const OPEN_TIMEOUT_MS = 10_000

/** One JSON line of the node. */
export type LineEvent = Readonly<Record<string, unknown>> & { readonly event: string }

/** An open visit. */
export class Visit {
  /** The first line of a bootstrap is JSON; that of a node is text, and `name` is the node's. */
  readonly role: 'node' | 'bootstrap'
  /** The node's name; `''` for a bootstrap. */
  readonly name: string
  /** Settles when the other side has ended the visit, with why. */
  readonly ended: Promise<string>
  /** Takes the lines that answer nothing: messages and events. What comes before it is set is lost. */
  onEvent: (event: LineEvent, line: string) => void = () => {}
  readonly #connection: LineConnection
  readonly #asked = new Map<number, (event: LineEvent) => void>()
  #lastTag = 0

  private constructor(connection: LineConnection, greeting: string, ended: Promise<string>) {
    const [, name = ''] = /^Welcome to ([^ ,]+), /.exec(greeting) ?? []
    this.role = name === '' ? 'bootstrap' : 'node'
    this.name = name
    this.ended = ended
    this.#connection = connection
  }

  /**
   * Connects to `at` and waits for the greeting.
   * @throws CliError when nobody answers in time, when something else than hearsay does, or on Ctrl-C
   */
  static async open(at: string, context: CliContext): Promise<Visit> {
    const ended = Promise.withResolvers<string>()
    const greeted = Promise.withResolvers<string>()
    let visit: Visit | undefined
    const onLine = (line: string): void => {
      if (visit === undefined) greeted.resolve(line)
      else visit.#take(line)
    }
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
    const dialled = await dialLines(
      at,
      { onLine, onClosed: ended.resolve },
      { timeoutMs: OPEN_TIMEOUT_MS, signal },
    )
    if (context.signal.aborted) throw stopped(context)
    if (!dialled.ok) {
      const start = `Start a network with "${context.self} swarm", or give the address of a running node with --at.`
      const { detail } = dialled
      throw new CliError(EXIT.noAnswer, `${detail}${detail.endsWith('?') ? '' : '.'} ${start}`)
    }
    const { connection } = dialled
    const first = await Promise.race([greeted.promise, ended.promise, aborted(signal)])
    if (first !== undefined && isGreeting(first)) {
      visit = new Visit(connection, first, ended.promise)
      return visit
    }
    connection.close()
    if (context.signal.aborted) throw stopped(context)
    throw new CliError(
      EXIT.noAnswer,
      `What answers at ${withoutQuery(at)} does not greet as hearsay does${first === undefined ? '' : `: ${printable(first.slice(0, 200))}`}. Check --at.`,
    )
  }

  /** As {@link open}, for what only nodes do. @throws CliError also when a bootstrap answers */
  static async openNode(at: string, context: CliContext): Promise<Visit> {
    const visit = await Visit.open(at, context)
    if (visit.role === 'node') return visit
    visit.close()
    throw bootstrapError(at, context.self)
  }

  /** Types a line and resolves with the first answer to it; never, when the visit ends before. */
  ask(fields: Readonly<Record<string, unknown>>): Promise<LineEvent> {
    const tag = ++this.#lastTag
    return new Promise((resolve) => {
      this.#asked.set(tag, resolve)
      this.#connection.send(JSON.stringify({ ...fields, tag }))
    })
  }

  /** Reads no more lines as long as the reader of `output` is slower than they come: they wait at the node. */
  yieldTo(output: Output): void {
    if (!output.writableNeedDrain || output.once === undefined) return
    this.#connection.pause()
    output.once('drain', () => this.#connection.resume())
  }

  /** Ends the visit. */
  close(): void {
    this.#connection.close()
  }

  #take(line: string): void {
    const event = eventOf(line)
    if (event === undefined) return
    const { tag } = event
    const answer = typeof tag === 'number' ? this.#asked.get(tag) : undefined
    if (answer === undefined) this.onEvent(event, line)
    else {
      this.#asked.delete(tag as number)
      answer(event)
    }
  }
}

/** The error for a visit that the other side has ended. */
export function endedError(at: string, why: string): CliError {
  return new CliError(EXIT.noAnswer, `${withoutQuery(at)} has ended the connection: ${printable(why)}.`)
}

/** The error for a line that the node did not take: something in it was wrong. */
export function mistakeOf(at: string, event: LineEvent): CliError | undefined {
  if (event.event !== 'error') return undefined
  return new CliError(EXIT.usage, `${withoutQuery(at)} answered: ${printable(String(event.text))}`)
}

function stopped(context: CliContext): CliError {
  return new CliError(brokenOffCode(context.signal), 'Stopped before an answer came.')
}

function isGreeting(line: string): boolean {
  return line.startsWith('Welcome to ') || eventOf(line)?.event === 'help'
}

function eventOf(line: string): LineEvent | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isEvent =
      typeof value === 'object' && value !== null && typeof Reflect.get(value, 'event') === 'string'
    return isEvent ? (value as LineEvent) : undefined
  } catch {
    return undefined
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
