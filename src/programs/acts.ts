// What programs do at random: each kind of act as something that a program can do at any moment.
// It must not decide when, nor judge what comes of it.

import type { Rng } from '../core/rng.ts'
import type { Behaviour, Operation, Run } from './book.ts'
import type { ActKind } from './plan.ts'
import { type Programs, TAGS } from './programs.ts'
import type { SendRequest } from './requests.ts'
import { readAll, StreamModel } from './streams.ts'
import { FILTERS, TOPICS } from './topics.ts'

/** How often each way to answer is asked for. */
const BEHAVIOURS: readonly Behaviour[] = [
  ...Array<Behaviour>(6).fill('value'),
  ...Array<Behaviour>(3).fill('later'),
  ...Array<Behaviour>(3).fill('nested'),
  'bytes',
  'nothing',
  'throws',
  'throws-later',
  'throws-text',
  'long-error',
  'unsealable',
  'never',
]
/** A megabyte is slow to make: it is asked for as rarely. */
const TOO_LARGE_SHARE = 0.01
const BURST_MAX = 40
const CHAIN_MAX = 6
const SUBSCRIPTIONS_MAX = 12
const STREAMS_MAX = 3
/** Operations that may still be given up. */
const ABORTABLE_MAX = 30

/** See the head of the file. */
export class Acts {
  readonly #programs: Programs
  readonly #rng: Rng
  readonly #kinds: readonly ActKind[]
  #abortable: Operation[] = []

  constructor(programs: Programs, rng: Rng) {
    this.#programs = programs
    this.#rng = rng
    this.#kinds = [...programs.plan.acts]
  }

  /** One act of a program that does not stand still. */
  act(): void {
    const run = this.#rng.pick(this.#programs.awake)
    const kind = this.#rng.pick(this.#kinds)
    if (run === undefined || kind === undefined) return
    this.#programs.hearing.check()
    this.#act(kind, run)
  }

  #act(kind: ActKind, run: Run): void {
    const { requests, plan } = this.#programs
    const rng = this.#rng
    switch (kind) {
      case 'send':
      case 'try-send':
        this.#keep(requests.send(run, this.#toSomebody(), kind === 'try-send').operation)
        break
      case 'request':
        this.#keep(requests.request(run, this.#toSomebody()).operation)
        break
      case 'tag':
        this.#toTag(run)
        break
      case 'self':
        if (rng.chance(0.5)) requests.send(run, { ...this.#toSomebody(), to: run.name })
        else requests.request(run, { ...this.#toSomebody(), to: run.name })
        break
      case 'burst':
        this.#burst(run)
        break
      case 'chain':
        void this.#chain(run)
        break
      case 'broadcast':
      case 'receipts':
      case 'publish':
        this.#broadcast(run, kind)
        break
      case 'history':
        this.#keep(requests.history(run, this.#forHistory()).operation)
        break
      case 'trace':
        requests.trace(run, this.#name(), this.#deadlineMs())
        break
      case 'subscribe':
        this.#subscribe(run)
        break
      case 'handler':
        this.#handler(run)
        break
      case 'tags':
        run.tags = TAGS.filter(() => rng.chance(0.4))
        this.#programs.book.tagged(run)
        run.node.tags = run.tags
        break
      case 'stream':
        this.#stream(run, plan.bufferMax)
        break
      case 'abort': {
        const operation = rng.pick(this.#abortable)
        if (operation !== undefined) requests.abort(operation)
      }
    }
  }

  #name(): string {
    return this.#rng.chance(0.02) ? 'nobody' : `n${this.#rng.below(this.#programs.plan.nodes)}`
  }

  #deadlineMs(): number {
    return this.#rng.between(1, 2 * this.#programs.plan.config.deadlineMs)
  }

  #bytes(): number {
    return this.#rng.chance(0.8) ? this.#rng.below(20) : this.#rng.below(this.#programs.plan.payloadBytesMax)
  }

  #how(): Behaviour {
    return this.#rng.chance(TOO_LARGE_SHARE) ? 'too-large' : (this.#rng.pick(BEHAVIOURS) ?? 'value')
  }

  #toSomebody(): SendRequest & { readonly to: string } {
    const rng = this.#rng
    const canAbort = this.#programs.plan.acts.has('abort')
    return {
      to: this.#name(),
      deadlineMs: this.#deadlineMs(),
      bytes: this.#bytes(),
      how: this.#how(),
      sender: rng.chance(0.2) ? `label-${rng.below(10)}` : undefined,
      abort: canAbort && rng.chance(0.4) ? (rng.chance(0.1) ? 'before' : 'later') : undefined,
    }
  }

  #toTag(run: Run): void {
    const { requests } = this.#programs
    const request = { ...this.#toSomebody(), to: undefined, tag: this.#rng.pick(TAGS) ?? '' }
    const asked = this.#rng.chance(0.5) ? requests.send(run, request) : requests.request(run, request)
    this.#keep(asked.operation)
  }

  /** Messages to one node, at once. */
  #burst(run: Run): void {
    const { requests } = this.#programs
    const to = this.#name()
    const count = this.#rng.between(2, BURST_MAX)
    for (let sent = 0; sent < count; sent++) {
      const request = { ...this.#toSomebody(), to }
      const isRequest = this.#rng.chance(0.3)
      const asked = isRequest
        ? requests.request(run, request)
        : requests.send(run, request, this.#rng.chance(0.3))
      this.#keep(asked.operation)
    }
  }

  /** One after the other, as long as they arrive. */
  async #chain(run: Run): Promise<void> {
    const to = this.#name()
    const count = this.#rng.between(2, CHAIN_MAX)
    for (let sent = 0; sent < count && run.state === 'runs'; sent++) {
      const isRequest = (run.label.length + sent) % 2 === 0
      const request: SendRequest = { to, deadlineMs: 2_000, bytes: sent, how: 'value' }
      const { requests } = this.#programs
      const { settled } = isRequest ? requests.request(run, request) : requests.send(run, request)
      const answer = await settled
      if (answer === undefined || answer.status === 'failed') return
    }
  }

  #broadcast(run: Run, kind: 'broadcast' | 'receipts' | 'publish'): void {
    const rng = this.#rng
    const isPublished = kind === 'publish' || (kind === 'receipts' && rng.chance(0.5))
    const asked = this.#programs.requests.broadcast(run, {
      topic: isPublished ? rng.pick(TOPICS) : undefined,
      receipts: kind === 'receipts',
      deadlineMs: this.#deadlineMs(),
      bytes: this.#bytes(),
      sender: rng.chance(0.2) ? `label-${rng.below(10)}` : undefined,
      abort: this.#programs.plan.acts.has('abort') && rng.chance(0.3) ? 'later' : undefined,
    })
    this.#keep(asked.operation)
  }

  #forHistory() {
    const rng = this.#rng
    const canAbort = this.#programs.plan.acts.has('abort')
    return {
      filter: rng.chance(0.2) ? undefined : rng.pick(FILTERS),
      to: rng.chance(0.5) ? undefined : this.#name(),
      deadlineMs: this.#deadlineMs(),
      abort: canAbort && rng.chance(0.4) ? ('later' as const) : undefined,
    }
  }

  #subscribe(run: Run): void {
    const rng = this.#rng
    const ending = [...run.subscriptions].filter(({ isKeeping }) => !isKeeping)
    if (ending.length < SUBSCRIPTIONS_MAX && (ending.length === 0 || rng.chance(0.6))) {
      this.#programs.subscribe(run, rng.pick(FILTERS) ?? '#')
      return
    }
    const subscription = rng.pick(ending)
    if (subscription === undefined) return
    subscription.endedMs = this.#programs.net.nowMs
    run.subscriptions.delete(subscription)
    subscription.off()
    if (rng.chance(0.1)) subscription.off()
  }

  #handler(run: Run): void {
    if (run.endHandler === undefined) this.#programs.handle(run)
    else {
      run.endHandler()
      run.endHandler = undefined
      run.noHandlerMs = Number.POSITIVE_INFINITY
    }
  }

  #stream(run: Run, bufferMax: number): void {
    if (run.readers.size >= STREAMS_MAX) return
    const rng = this.#rng
    const stream = run.node.messages({ bufferMax })
    const model = new StreamModel(bufferMax)
    run.readers.add({ model, stream })
    const options = {
      bufferMax,
      everyMs: rng.pick([0, 0, 10, 300, Number.POSITIVE_INFINITY]) ?? 0,
      stopsAfter: rng.chance(0.3) ? rng.between(1, 20) : Number.POSITIVE_INFINITY,
    }
    const { book, net } = this.#programs
    void readAll({ book, run, stream, model }, options, net.sleepOf(run.name))
  }

  /** It may be given up later. */
  #keep(operation: Operation): void {
    if (operation.signal === undefined) return
    this.#abortable.push(operation)
    if (this.#abortable.length > ABORTABLE_MAX) this.#abortable.shift()
  }
}
