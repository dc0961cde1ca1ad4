// The book of a run: everything that programs ask of their nodes, with what came of it, and all that is not as it must be.
// It must not know what is right: that is for hearing.ts and settling.ts.

import type { BroadcastAnswer, RequestAnswer, SendAnswer, TraceAnswer } from '../answers.ts'
import type { Node } from '../node/node.ts'
import type { HistoryAnswer } from '../node/past.ts'
import type { JsonValue } from '../wire/payload.ts'
import type { Keeper } from './keeping.ts'
import type { Reader } from './streams.ts'

/** What a handler does with a request. */
export type Behaviour =
  | 'value'
  | 'bytes'
  | 'nothing'
  | 'later'
  | 'throws'
  | 'throws-later'
  | 'throws-text'
  | 'long-error'
  | 'unsealable'
  | 'too-large'
  | 'nested'
  | 'never'

/** How something that a program asked for has ended. */
export type Answer = SendAnswer | RequestAnswer | BroadcastAnswer | HistoryAnswer | TraceAnswer

/** A listener to topics. */
export interface Subscription {
  readonly filter: string
  /** Whether it is there to know what the node keeps. */
  readonly isKeeping: boolean
  /** Since when. */
  readonly sinceMs: number
  /** When it was ended; `undefined`: it was not. */
  endedMs: number | undefined
  off: () => void
}

/** A request that a handler takes its time for. */
export interface Handled {
  readonly id: number
  /** How long its asker waits, on the clock of all. */
  readonly untilMs: number
  /** Whether the handler ends only when it is told that nobody waits. */
  readonly isEndless: boolean
  /** Aborted when its asker waits no more. */
  readonly signal: AbortSignal
}

/** One run of a node, with its program. */
export interface Run {
  /** For people: the node, and which start of it. */
  readonly label: string
  readonly name: string
  readonly node: Node
  readonly startedMs: number
  state: 'runs' | 'closing' | 'closed' | 'crashed'
  /** When it ended, or began to. */
  endedMs: number
  /** How late it may be, after it stood still. */
  lateMs: number
  tags: readonly string[]
  readonly subscriptions: Set<Subscription>
  /** Ends the handler; `undefined`: there is none. */
  endHandler: (() => void) | undefined
  /** When there was last no handler. */
  noHandlerMs: number
  /** Requests that its handler has not answered. */
  readonly handling: Set<Handled>
  readonly readers: Set<Reader>
  /** What it must have kept; `undefined`: nothing. */
  readonly keeper: Keeper | undefined
  readonly peers: Set<string>
  /** When a peer was told as gone the last time. */
  readonly departures: Map<string, number>
  /** The last direct operation that was handed over, by run that sent it. */
  readonly lastFrom: Map<Run, number>
  /** What it has asked for that has not ended. */
  readonly open: Set<Operation>
  /** Ids of messages that it was told as delivered or sent. */
  readonly messageIds: Set<string>
}

/** Something that a program has asked for. */
export interface Operation {
  readonly id: number
  readonly kind: 'send' | 'request' | 'broadcast' | 'publish' | 'history' | 'trace'
  readonly by: Run
  readonly sentMs: number
  readonly deadlineMs: number
  readonly to: string | undefined
  readonly tag: string | undefined
  readonly topic: string | undefined
  readonly filter: string | undefined
  readonly sender: string | undefined
  readonly bytes: number
  readonly how: Behaviour
  /** Whom the node knew, where receipts are asked for. */
  readonly known: ReadonlySet<string> | undefined
  /** For a tag that nobody is known to have: whoever is found gets it when it is found. */
  readonly isSought: boolean
  /** Its node had ended, or had begun to. */
  readonly isAfterEnd: boolean
  /** Of a broadcast: there was no link yet. */
  readonly isFirst: boolean
  readonly signal: AbortSignal | undefined
  /** When it was given up. */
  abortedMs: number | undefined
  answer: Answer | undefined
  settledMs: number
  /** Who has got it, and when. */
  readonly heardBy: Map<Run, number>
  /** Who has got it, and had no room for it in `messages()`. */
  readonly droppedBy: Set<Run>
  /** Listeners that were told of it. */
  readonly told: Set<Subscription>
  /** What receivers of a broadcast were told that it is called. */
  broadcastId: string | undefined
  /** What the handler has given; an error as its text. */
  given: { readonly value: JsonValue | Uint8Array } | { readonly error: string | undefined } | undefined
}

/** What is fixed about an operation when it begins. */
export type OperationParts = Pick<Operation, 'kind' | 'deadlineMs'> &
  Partial<
    Pick<
      Operation,
      | 'to'
      | 'tag'
      | 'topic'
      | 'filter'
      | 'sender'
      | 'bytes'
      | 'how'
      | 'known'
      | 'isFirst'
      | 'isSought'
      | 'signal'
    >
  >

/** Something that must not be. */
export interface Violation {
  readonly atMs: number
  readonly what: string
}

/** Sees what programs do, for a trace. */
export type ProgramObserver = (run: Run, text: string) => void

const VIOLATIONS_MAX = 20

/** See the head of the file. */
export class Book {
  readonly violations: Violation[] = []
  readonly operations = new Map<number, Operation>()
  /** All runs there have ever been. */
  readonly runs: Run[] = []
  /** All names there have ever been. */
  readonly names = new Set<string>()
  /** The tags that each name has ever had. */
  readonly tagsOf = new Map<string, Set<string>>()
  readonly hopsMax: number
  observer: ProgramObserver | undefined
  /** Changes with everything that programs do and are told: equal runs have equal digests. */
  digest = 0x811c9dc5
  readonly #nowMs: () => number
  #lastId = 0

  constructor(nowMs: () => number, hopsMax: number) {
    this.#nowMs = nowMs
    this.hopsMax = hopsMax
  }

  get nowMs(): number {
    return this.#nowMs()
  }

  /** Whether something is broken: what follows would only be more of it. */
  get hasFailed(): boolean {
    return this.violations.length > 0
  }

  /** Writes down that something must not be. */
  broken(of: Run | undefined, what: string): void {
    if (this.violations.length >= VIOLATIONS_MAX) return
    this.violations.push({ atMs: this.nowMs, what: of === undefined ? what : `${of.label} ${what}` })
  }

  /** A program has been started. */
  started(run: Run): void {
    this.runs.push(run)
    this.names.add(run.name)
    this.tagged(run)
    this.mix(run.name.length)
  }

  /** A run says what it is for. */
  tagged({ name, tags }: Run): void {
    const all = this.tagsOf.get(name) ?? new Set()
    for (const tag of tags) all.add(tag)
    this.tagsOf.set(name, all)
  }

  /** A program is about to ask for something. The id, which its value has to begin with, is larger than any before. */
  begin(by: Run, request: OperationParts): Operation {
    const operation: Operation = {
      to: undefined,
      tag: undefined,
      topic: undefined,
      filter: undefined,
      sender: undefined,
      bytes: 0,
      how: 'value',
      known: undefined,
      signal: undefined,
      isFirst: false,
      isSought: false,
      ...request,
      id: ++this.#lastId,
      by,
      sentMs: this.nowMs,
      isAfterEnd: by.state !== 'runs',
      abortedMs: undefined,
      answer: undefined,
      settledMs: Number.POSITIVE_INFINITY,
      heardBy: new Map(),
      droppedBy: new Set(),
      told: new Set(),
      broadcastId: undefined,
      given: undefined,
    }
    this.operations.set(operation.id, operation)
    by.open.add(operation)
    this.mix(operation.id)
    this.observer?.(by, `${textOf(operation)}, within ${operation.deadlineMs} ms`)
    return operation
  }

  /** Changes the digest. */
  mix(value: number): void {
    const hash = Math.imul(this.digest ^ value, 0x01000193)
    this.digest = Math.imul(hash ^ Math.floor(this.nowMs * 1_000), 0x01000193) >>> 0
  }
}

/** For people. */
export function textOf({ id, kind, to, tag, topic, filter, how }: Operation): string {
  const where = to ?? (tag === undefined ? topic : `#${tag}`) ?? filter ?? 'all'
  return `${kind} ${id} (${where}${kind === 'request' ? `, ${how}` : ''})`
}

/** The value of an operation: JSON with its id, or bytes that begin with it. */
export function contentOf({ id, bytes }: Pick<Operation, 'id' | 'bytes'>): JsonValue | Uint8Array {
  if (id % 3 !== 0) return id % 3 === 1 ? [id, 'x'.repeat(bytes)] : { id, pad: 'ü'.repeat(bytes >> 1) }
  const value = new Uint8Array(4 + bytes)
  new DataView(value.buffer).setUint32(0, id)
  return value
}

/** The id in a value that {@link contentOf} made; -1 for any other. */
export function idIn(value: unknown): number {
  if (value instanceof Uint8Array) {
    return value.length < 4 ? -1 : new DataView(value.buffer, value.byteOffset).getUint32(0)
  }
  const id: unknown = Array.isArray(value) ? value[0] : (value as { id?: unknown } | null)?.id
  return typeof id === 'number' ? id : -1
}

/** Whether two values that went through a network are the same. */
export function isSame(a: JsonValue | Uint8Array, b: JsonValue | Uint8Array): boolean {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) {
    return a instanceof Uint8Array === b instanceof Uint8Array && JSON.stringify(a) === JSON.stringify(b)
  }
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
