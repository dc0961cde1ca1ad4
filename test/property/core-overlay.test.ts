// The overlay under any input: messages of any kind on any link, in any order, with timers, dials and sends in between.
// It never throws, what it says can be encoded, every send and broadcast is answered exactly once, in time, and the
// machines' invariants hold after every step.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CoreConfig } from '../../src/core/config.ts'
import type { Effect, Input, Timer } from '../../src/core/events.ts'
import { checkInvariants } from '../../src/core/invariants.ts'
import type { LinkId, Message, NodeName } from '../../src/core/messages.ts'
import { Overlay } from '../../src/core/overlay.ts'
import { REASONS, type Reason } from '../../src/core/reasons.ts'
import { decodeFrame } from '../../src/wire/decode.ts'
import { encodeFrame } from '../../src/wire/encode.ts'
import * as any from '../support/arbitraries.ts'
import { linkId, nodeName, unsettledOf } from '../support/core-rig.ts'

const OWN = nodeName('node1')
const OWN_INCARNATION = 1_000
/** Small limits are reached by few inputs. */
const CONFIG: Partial<CoreConfig> = {
  meshNodesMax: 3,
  linksAim: 3,
  linksMin: 2,
  linksMax: 4,
  linksHardMax: 6,
  helloPendingMax: 4,
  directoryNodesMax: 8,
  windowMessagesMax: 4,
  queueMessagesMax: 3,
  queueBytesMax: 400,
  heldBytesMax: 1_000,
  firstBroadcastsMax: 2,
  seenSequencesMax: 32,
  deadlineMaxMs: 20_000,
  forgetMs: 30_000,
}

// Few names and small numbers, so that messages are about each other.
const name: fc.Arbitrary<NodeName> = fc.integer({ min: 1, max: 6 }).map((i) => nodeName(`node${i}`))
const incarnation = fc.constantFrom(0, OWN_INCARNATION - 1, OWN_INCARNATION, OWN_INCARNATION + 1, 2 ** 48 - 1)
const instance = fc.constantFrom('own', 'x', 'y')
const small = fc.integer({ min: 1, max: 8 })
const payload = fc.uint8Array({ maxLength: 200 })
const version = fc.constantFrom(0, 1, 2, 3, 2 ** 31, 2 ** 32 - 4, 2 ** 32 - 2, 2 ** 32 - 1)
const state = fc.constantFrom('up' as const, 'leaving' as const)
const url = fc.integer({ min: 1, max: 6 }).map((i) => `ws://node${i}:5000/`)
const record = fc
  .record({ name, incarnation, instance, version, state, url, links: fc.array(name, { maxLength: 6 }) })
  .map((record) => ({ ...record }))
const hops = fc.constantFrom({ hopsLeft: 0, hops: 3 }, { hopsLeft: 9, hops: 2 }, { hopsLeft: 15, hops: 240 })
const front = fc
  .tuple(hops, name, incarnation, name, incarnation)
  .map(([hops, destination, destinationIncarnation, origin, originIncarnation]) => ({
    ...hops,
    destination,
    destinationIncarnation,
    origin,
    originIncarnation,
  }))
/** Broadcasts that may have been made; some with more holes than a graft has ranges. */
const range = fc
  .tuple(
    fc.constantFrom('payload' as const, 'record' as const),
    name,
    incarnation,
    small,
    fc.constantFrom(0, 1, 3, 900),
  )
  .map(([kind, origin, incarnation, first, count]) => ({
    ...{ kind, origin, incarnation, first, behindLast: first + count },
  }))
const closeCode = fc.constantFrom(...Object.values(REASONS).map(({ closeCode }) => closeCode), 1)

/** Messages about few nodes: what a neighbor could say, true or not. */
const related: fc.Arbitrary<Message> = fc.oneof(
  fc.tuple(name, incarnation, instance, fc.boolean(), url).map(
    ([name, incarnation, instance, linkless, url]): Message => ({
      ...{ type: 'hello', protocol: 1, role: 'node', name, incarnation, instance, linkless, url },
    }),
  ),
  fc.array(record, { maxLength: 3 }).map((records): Message => ({ type: 'records', records })),
  fc.array(name, { maxLength: 3 }).map((names): Message => ({ type: 'want', names })),
  fc.tuple(hops, record, incarnation, small).map(
    ([hops, record, incarnation, sequence]): Message => ({
      ...{ type: 'gossip', kind: 'record', ...hops, origin: record.name, incarnation, sequence, record },
      payload: new Uint8Array(0),
    }),
  ),
  fc.tuple(hops, name, incarnation, small, payload).map(
    ([hops, origin, incarnation, sequence, payload]): Message => ({
      ...{ type: 'gossip', kind: 'payload', ...hops, origin, incarnation, sequence, payload },
    }),
  ),
  fc
    .array(fc.tuple(range, fc.constantFrom(0, 1, 3, 9, 255)), { minLength: 1, maxLength: 4 })
    .map(
      (ranges): Message => ({ type: 'ihave', ranges: ranges.map(([range, hops]) => ({ ...range, hops })) }),
    ),
  fc.array(range, { minLength: 1, maxLength: 4 }).map((ranges): Message => ({ type: 'graft', ranges })),
  fc.array(name, { maxLength: 3 }).map((origins): Message => ({ type: 'prune', origins })),
  fc.constantFrom(0, 1_000, 0xffff_ffff).map((withinMs): Message => ({ type: 'catch-up', withinMs })),
  fc.tuple(front, small, small, payload).map(
    ([front, floor, above, payload]): Message => ({
      ...{ type: 'direct', ...front, sequence: floor + above - 1, floor, payload },
    }),
  ),
  fc.tuple(front, small, small).map(
    ([front, cumulative, length]): Message => ({
      ...{ type: 'ack', ...front, cumulative, ackedHops: 1 },
      ranges: [[cumulative + 1, cumulative + 1 + length]],
    }),
  ),
  fc.tuple(front, closeCode, name, small).map(
    ([front, reasonCode, failedDestination, sequence]): Message => ({
      ...{ type: 'bounce', ...front, reasonCode, failedDestination, sequence },
    }),
  ),
  fc.constant<Message>({ type: 'unknown', code: 99 }),
)

const message = fc.oneof({ weight: 4, arbitrary: related }, { weight: 1, arbitrary: any.message })
const link = fc.integer({ min: 0, max: 12 })
const reason = fc.constantFrom(...(Object.keys(REASONS) as Reason[]))

type Step =
  | { readonly do: 'meet'; readonly hello: Message }
  | { readonly do: 'hear'; readonly link: number; readonly messages: readonly Message[] }
  | { readonly do: 'lose'; readonly link: number; readonly reason: Reason }
  | { readonly do: 'dialled'; readonly hello: Message | undefined }
  | { readonly do: 'refuse'; readonly which: number }
  | { readonly do: 'stale'; readonly which: number }
  | { readonly do: 'send'; readonly to: NodeName; readonly payload: Uint8Array; readonly deadlineMs: number }
  | { readonly do: 'broadcast'; readonly payload: Uint8Array }
  | { readonly do: 'contacts'; readonly urls: readonly string[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'awake' }
  | { readonly do: 'away' }
  | { readonly do: 'back'; readonly incarnation: number }
  | { readonly do: 'leave' }

// A hello under this node's own name is mostly its end: there are enough of them in `related`.
const met = related.filter((message) => message.type === 'hello' && message.name !== OWN)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({ do: fc.constant('meet'), hello: met }),
  },
  {
    weight: 120,
    arbitrary: fc.record({
      do: fc.constant('hear'),
      link,
      messages: fc.array(message, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('lose'), link, reason }) },
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant('dialled'), hello: fc.option(met, { nil: undefined }) }),
  },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('refuse'), which: fc.nat() }) },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('stale'), which: fc.nat() }) },
  {
    weight: 60,
    arbitrary: fc.record({
      do: fc.constant('send'),
      to: name,
      payload,
      deadlineMs: fc.constantFrom(0, 1, 500, 10_000, 10_000_000),
    }),
  },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('broadcast'), payload }) },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('contacts'), urls: fc.array(url, { maxLength: 3 }) }),
  },
  {
    weight: 60,
    arbitrary: fc.record({
      do: fc.constant('wait'),
      ms: fc.constantFrom(0.25, 1, 20, 250, 1_000, 2_000, 7_000, 31_000),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('awake') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('away') }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('back'),
      incarnation: fc.constantFrom(0, OWN_INCARNATION + 1, OWN_INCARNATION + 1_000_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave') }) },
) as fc.Arbitrary<Step>

/** Drives one overlay as an engine room does, and checks every effect. */
class Driver {
  readonly overlay = new Overlay(
    { name: OWN, incarnation: OWN_INCARNATION, instance: 'own', url: 'ws://node1:5000/' },
    1,
    CONFIG,
  )
  nowMs = 0
  readonly #armed: { dueMs: number; timer: Timer }[] = []
  readonly #spent: Timer[] = []
  readonly #sent: { link: LinkId; message: Message }[] = []
  readonly #dials: string[] = []
  readonly #open = new Set<LinkId>()
  readonly #closing: { link: LinkId; reason: Reason }[] = []
  readonly #due = new Map<number, number>()
  #lastLink = 0
  #lastId = 0

  start(): void {
    this.#take({ type: 'start' })
  }

  run(step: Step): void {
    switch (step.do) {
      case 'meet':
        this.#opened(undefined, step.hello)
        break
      case 'hear':
        this.#take({ type: 'received', link: this.#pick(step.link), messages: step.messages })
        break
      case 'lose':
        this.#closed(this.#pick(step.link), step.reason)
        break
      case 'dialled': {
        const url = this.#dials.shift()
        if (url === undefined) break
        if (step.hello !== undefined) this.#opened(url, step.hello)
        else this.#take({ type: 'dial-failed', url })
        break
      }
      case 'refuse': {
        const sent = this.#sent[step.which % this.#sent.length]
        if (sent !== undefined) this.#take({ type: 'send-refused', ...sent })
        break
      }
      case 'stale': {
        const timer = this.#spent[step.which % this.#spent.length]
        if (timer !== undefined) {
          assert.deepEqual(
            this.#take({ type: 'timer', timer }),
            [],
            `a spent timer: ${JSON.stringify(timer)}`,
          )
        }
        break
      }
      case 'send': {
        const { to, payload, deadlineMs } = step
        const id = ++this.#lastId
        this.#due.set(id, this.nowMs + Math.min(deadlineMs, 20_000) + 1)
        this.#take({ type: 'send', id, to, payload, deadlineMs })
        break
      }
      case 'broadcast': {
        const id = ++this.#lastId
        this.#due.set(id, this.nowMs + 10_000 + 2_001)
        this.#take({ type: 'broadcast', id, payload: step.payload })
        break
      }
      case 'contacts':
        this.#take({ type: 'contacts', contacts: step.urls.map((url) => ({ url })) })
        break
      case 'awake':
        this.#take({ type: 'awake' })
        break
      case 'away':
        this.#take({ type: 'away' })
        break
      case 'back':
        this.#take({ type: 'back', incarnation: step.incarnation })
        break
      case 'wait':
        this.wait(step.ms)
        break
      case 'leave':
        this.#take({ type: 'leave' })
    }
    this.#check()
  }

  /** Lets time pass; timers run out in order. */
  wait(ms: number): void {
    const untilMs = this.nowMs + ms
    for (;;) {
      for (const { link, reason } of this.#closing.splice(0)) this.#closed(link, reason)
      const next = this.#armed[0]
      if (next === undefined || next.dueMs > untilMs) break
      this.#armed.shift()
      this.nowMs = Math.max(this.nowMs, next.dueMs)
      this.#take({ type: 'timer', timer: next.timer })
      if (next.timer.kind !== 'heartbeat') this.#spent.push(next.timer)
      this.#check()
    }
    this.nowMs = untilMs
  }

  /** An open link, or for a high number one that may never have been opened, or is gone. */
  #pick(number: number): LinkId {
    const open = [...this.#open]
    return number > 10 ? linkId(number) : (open[number % open.length] ?? linkId(number))
  }

  #opened(dialed: string | undefined, hello: Message): void {
    const link = linkId(++this.#lastLink)
    this.#open.add(link)
    this.#take(dialed === undefined ? { type: 'link-open', link } : { type: 'link-open', link, dialed })
    this.#take({ type: 'received', link, messages: [hello] })
  }

  #closed(link: LinkId, reason: Reason): void {
    if (this.#open.delete(link)) this.#take({ type: 'link-closed', link, reason })
  }

  #take(input: Input): Effect[] {
    const effects = this.overlay.handle(input, this.nowMs)
    for (const effect of effects) this.#see(effect)
    return effects
  }

  #see(effect: Effect): void {
    if (effect.type === 'timer') {
      const { timer, afterMs } = effect
      assert.ok(Number.isInteger(afterMs) && afterMs >= 0, `a timer after ${afterMs} ms`)
      const dueMs = this.nowMs + afterMs
      const index = this.#armed.findIndex((armed) => armed.dueMs > dueMs)
      this.#armed.splice(index === -1 ? this.#armed.length : index, 0, { dueMs, timer })
    } else if (effect.type === 'send') {
      assert.ok(decodeFrame(encodeFrame(effect.message)).ok, 'what is sent can be read')
      assert.equal(new Set(effect.links).size, effect.links.length)
      for (const link of effect.links) this.#sent.push({ link, message: effect.message })
    } else if (effect.type === 'dial') {
      this.#dials.push(effect.url)
      assert.equal(new Set(this.#dials).size, this.#dials.length, 'one dial to an address at a time')
    } else if (effect.type === 'close') {
      assert.ok(this.#open.has(effect.link), `link ${effect.link} is closed twice`)
      this.#closing.push(effect)
    } else if (effect.notification.type === 'outcome' || effect.notification.type === 'broadcast-sent') {
      assert.ok(this.#due.delete(effect.notification.id), `${effect.notification.id} is answered twice`)
    }
  }

  #check(): void {
    for (const [id, dueMs] of this.#due)
      assert.ok(this.nowMs <= dueMs, `${id} was to be answered at ${dueMs}`)
    assert.deepEqual(checkInvariants(this.overlay, this.nowMs), [])
    assert.ok(this.overlay.held.bytes <= 1_000)
  }

  finish(): void {
    this.wait(40_000)
    assert.deepEqual([...this.#due.keys()], [], 'sends without an answer')
    assert.equal(unsettledOf(this.overlay), 0)
  }
}

test('no input makes the overlay throw, and everything is answered exactly once', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), (steps) => {
      const driver = new Driver()
      driver.start()
      for (const step of steps) driver.run(step)
      driver.finish()
    }),
    { numRuns: Number(process.env.HEARSAY_RUNS ?? 300) },
  )
})
