// Direct messages between two cores whose links lose, double and mix up what they carry, break, and whose nodes are
// started again: each message is handed over at most once and in the order of its origin, every send has one outcome by
// its deadline, what is told as delivered was handed over, and what is told as certain not to have arrived was not, also
// where programs do not take their messages. And the window of one origin against a plain model.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CoreConfig } from '../../src/core/config.ts'
import type { Outcome } from '../../src/core/events.ts'
import { checkInvariants } from '../../src/core/invariants.ts'
import { HELD_OVERHEAD_BYTES, HeldBudget, Reassembly } from '../../src/core/reassembly.ts'
import { type Wire, Wired } from '../support/core-pair.ts'
import { bytes, INCARNATION, type Rig, unsettledOf } from '../support/core-rig.ts'

const RUNS = { numRuns: Number(process.env.HEARSAY_RUNS ?? 300) }

const PAYLOAD_BYTES = 40
/** Small limits are reached by few steps; nothing closes for silence. */
const CONFIG: Partial<CoreConfig> = {
  heartbeatsMissedMax: 1_000,
  windowMessagesMax: 8,
  queueMessagesMax: 12,
  heldBytesMax: 5 * (PAYLOAD_BYTES + HELD_OVERHEAD_BYTES),
  heldMs: 6_000,
}
/** The longest deadline that is asked for. */
const DEADLINE_MS = 10_000

type Name = 'a' | 'b'

type Step =
  | { readonly do: 'send'; readonly from: Name; readonly count: number; readonly deadlineMs: number }
  | { readonly do: 'carry' | 'lose' | 'double' | 'swap'; readonly wire: number; readonly place: number }
  | { readonly do: 'carry-all' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'reconnect' }
  | { readonly do: 'restart'; readonly who: Name }
  | { readonly do: 'take'; readonly who: Name; readonly oneIn: number }

const who = fc.constantFrom<Name>('a', 'b')
const place = fc.record({
  do: fc.constantFrom(
    'carry' as const,
    'carry' as const,
    'lose' as const,
    'double' as const,
    'swap' as const,
  ),
  wire: fc.nat(7),
  place: fc.nat(12),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      from: who,
      count: fc.integer({ min: 1, max: 6 }),
      deadlineMs: fc.constantFrom(300, 2_000, DEADLINE_MS),
    }),
  },
  { weight: 24, arbitrary: place },
  { weight: 4, arbitrary: fc.constant({ do: 'carry-all' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 100, 400, 3_000) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'reconnect' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const), who, oneIn: fc.nat(3) }) },
)

/** By these a sender knows that a message has not arrived. */
const CERTAIN: readonly string[] = ['no-route', 'unknown-peer', 'queue-full']

interface Sent {
  readonly by: Rig
  readonly dueMs: number
  readonly value: number
}

/** Two nodes, and everything that they were asked and have said. */
class Pair {
  readonly net = new Wired()
  #nodes: Record<Name, Rig>
  readonly #runs: Record<Name, number> = { a: 0, b: 0 }
  readonly #sends = new Map<number, Sent>()
  readonly #ended = new Set<Rig>()
  #lastId = 0
  /** Copies that nobody has sent: of those a sender cannot know. */
  #hasDoubled = false

  constructor() {
    this.#nodes = { a: this.#start('a'), b: this.#start('b') }
    this.#connect()
    this.net.wait(1_000)
  }

  take(step: Step): void {
    switch (step.do) {
      case 'send':
        for (let i = 0; i < step.count; i++) this.#send(step.from, step.deadlineMs)
        break
      case 'carry-all':
        this.net.carry()
        break
      case 'wait':
        for (const rig of this.net.rigs) rig.wait(step.ms)
        break
      case 'reconnect':
        this.net.cut(this.#nodes.a, this.#nodes.b)
        this.#connect()
        break
      case 'take': {
        let asked = 0
        this.#nodes[step.who].takes = () => step.oneIn > 0 && asked++ % step.oneIn === 0
        break
      }
      case 'restart':
        this.net.cut(this.#nodes.a, this.#nodes.b)
        this.#ended.add(this.#nodes[step.who])
        this.#nodes = { ...this.#nodes, [step.who]: this.#start(step.who) }
        this.#connect()
        break
      default:
        this.#disturb(step.do, step.wire, step.place)
    }
    this.#checkStates()
  }

  /** The network is kind again until every deadline has passed, and then until what is sent anew has arrived. */
  finish(): void {
    for (const rig of this.net.rigs) rig.takes = () => true
    this.net.wait(DEADLINE_MS + 1_000)
    const before = this.#lastId
    for (const from of ['a', 'b'] as const) this.#send(from, 1_000)
    this.net.wait(1_000)
    this.#checkStates()
    const handed = this.#checkHanded()
    const outcomes = this.#checkOutcomes(handed)
    for (let id = before + 1; id <= this.#lastId; id++) assert.equal(outcomes.get(id)?.status, 'delivered')
  }

  #start(name: Name): Rig {
    const run = ++this.#runs[name]
    return this.net.add(name, { incarnation: INCARNATION + run, instance: `${name}-${run}`, config: CONFIG })
  }

  #connect(): void {
    this.net.connect(this.#nodes.a, this.#nodes.b)
    this.net.carry()
  }

  #send(from: Name, deadlineMs: number): void {
    const by = this.#nodes[from]
    const to = this.#nodes[from === 'a' ? 'b' : 'a'].name
    const id = ++this.#lastId
    this.#sends.set(id, { by, dueMs: by.nowMs + deadlineMs, value: id })
    by.take({ type: 'send', id, to, payload: bytes(String(id).padStart(PAYLOAD_BYTES)), deadlineMs })
  }

  /** Only direct messages and what answers them: the rest of the protocol counts on the order of a link. */
  #disturb(how: 'carry' | 'lose' | 'double' | 'swap', which: number, place: number): void {
    const wire = this.net.busy[which % Math.max(1, this.net.busy.length)]
    if (wire === undefined) return
    const index = how === 'carry' ? 0 : place % wire.waiting.length
    const parcel = wire.waiting[index]
    if (how === 'carry') this.net.carryOne(wire)
    else if (parcel === undefined || !isOfDelivery(parcel)) return
    else if (how === 'lose') wire.waiting.splice(index, 1)
    else if (how === 'double') {
      wire.waiting.splice(index, 0, parcel)
      this.#hasDoubled = true
    } else swap(wire, index)
  }

  #checkStates(): void {
    for (const rig of this.net.rigs) {
      assert.deepEqual(checkInvariants(rig.overlay, rig.nowMs), [], `${rig.name}`)
      const { messages, bytes } = rig.overlay.held
      assert.ok(bytes <= 5 * (PAYLOAD_BYTES + HELD_OVERHEAD_BYTES), `${bytes} bytes are held`)
      assert.equal(bytes, messages * (PAYLOAD_BYTES + HELD_OVERHEAD_BYTES))
    }
  }

  /** Which run was handed each message. */
  #checkHanded(): Map<number, Rig> {
    const handed = new Map<number, Rig>()
    for (const [rig, effects] of this.net.effects) {
      const last = new Map<Rig, number>()
      for (const effect of effects) {
        if (effect.type !== 'notify' || effect.notification.type !== 'message') continue
        const value = Number(new TextDecoder().decode(effect.notification.payload))
        const { by } = this.#sends.get(value) as Sent
        assert.ok(!handed.has(value), `message ${value} was handed over twice`)
        assert.ok(value > (last.get(by) ?? 0), `${last.get(by)} was handed over before ${value}`)
        handed.set(value, rig)
        last.set(by, value)
      }
    }
    return handed
  }

  #checkOutcomes(handed: ReadonlyMap<number, Rig>): Map<number, Outcome> {
    const outcomes = new Map<number, Outcome>()
    for (const effects of this.net.effects.values()) {
      for (const effect of effects) {
        if (effect.type !== 'notify' || effect.notification.type !== 'outcome') continue
        const { id, outcome } = effect.notification
        assert.ok(!outcomes.has(id), `send ${id} has two outcomes`)
        outcomes.set(id, outcome)
      }
    }
    for (const [id, { by }] of this.#sends) {
      const outcome = outcomes.get(id)
      if (!this.#ended.has(by)) assert.ok(outcome !== undefined, `send ${id} has no outcome`)
      if (outcome?.status === 'delivered') assert.ok(handed.has(id), `${id} is told as delivered`)
      const isCertain = outcome?.status === 'failed' && CERTAIN.includes(outcome.reason)
      if (isCertain && !this.#hasDoubled) assert.ok(!handed.has(id), `${id} is told as ${outcome.reason}`)
    }
    for (const rig of this.net.rigs) {
      if (!this.#ended.has(rig)) assert.equal(unsettledOf(rig.overlay), 0)
    }
    return outcomes
  }
}

function isOfDelivery(parcel: Wire['waiting'][number]): boolean {
  return parcel.type === 'message' && ['direct', 'ack', 'bounce'].includes(parcel.message.type)
}

/** Exchanges a parcel with the next one of its kind. */
function swap({ waiting }: Wire, index: number): void {
  const other = waiting.findIndex((parcel, i) => i > index && isOfDelivery(parcel))
  const [a, b] = [waiting[index], waiting[other]]
  if (a === undefined || b === undefined) return
  waiting[index] = b
  waiting[other] = a
}

test('over a network that loses, doubles and mixes up, messages are handed over once and in order', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }), (steps) => {
      const pair = new Pair()
      for (const step of steps) pair.take(step)
      pair.finish()
    }),
    RUNS,
  )
})

test('over a network that loses and mixes up, what a sender is told for certain not to have arrived has not', () => {
  const undoubled = step.filter((one) => one.do !== 'double')
  fc.assert(
    fc.property(fc.array(undoubled, { minLength: 1, maxLength: 150, size: 'max' }), (steps) => {
      const pair = new Pair()
      for (const step of steps) pair.take(step)
      pair.finish()
    }),
    RUNS,
  )
})

test('when the network is kind, every message is delivered within its deadline, whatever was lost before', () => {
  const lossy = fc.oneof(
    { weight: 3, arbitrary: place },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'wait', ms: 100 }) },
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(lossy, { maxLength: 60 }), (count, steps) => {
      const pair = new Pair()
      for (let i = 0; i < count; i++) pair.take({ do: 'send', from: 'a', count: 1, deadlineMs: DEADLINE_MS })
      for (const step of steps) pair.take(step)
      pair.finish()
      const [a] = pair.net.rigs
      const outcomes = (pair.net.effects.get(a!) ?? []).flatMap((effect) =>
        effect.type === 'notify' && effect.notification.type === 'outcome'
          ? [effect.notification.outcome.status]
          : [],
      )
      assert.deepEqual(
        outcomes,
        Array.from({ length: count + 1 }, () => 'delivered'),
      )
    }),
    RUNS,
  )
})

test('the window of an origin does what a set of numbers does', () => {
  const near = fc.integer({ min: 0, max: 200 })
  const move = fc.oneof(
    { weight: 8, arbitrary: fc.record({ come: near }) },
    { weight: 1, arbitrary: fc.record({ skipTo: fc.oneof(near, fc.constantFrom(2 ** 32, 2 ** 47)) }) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  )
  const cost = PAYLOAD_BYTES + HELD_OVERHEAD_BYTES
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 0, max: 60 }),
      fc.array(move, { maxLength: 300, size: 'max' }),
      (span, heldMax, moves) => {
        const budget = new HeldBudget(heldMax * cost)
        const window = new Reassembly(span, budget)
        const held = new Set<number>()
        let next = 1
        for (const move of moves) {
          if (move === 'clear') {
            assert.deepEqual(sorted(window.clear()), sorted(held))
            held.clear()
          } else if ('skipTo' in move) {
            const floor = move.skipTo + next - 50
            const lost = floor > next ? [...held].filter((sequence) => sequence < floor) : []
            assert.deepEqual(sorted(window.skipTo(floor)), sorted(lost))
            for (const sequence of lost) held.delete(sequence)
            next = Math.max(next, floor)
          } else {
            const sequence = next + move.come - 50
            const isSeen = sequence < next || held.has(sequence)
            const ahead = sequence >= next + span ? 'beyond' : sequence > next ? 'early' : 'next'
            const place = window.placeOf(sequence)
            assert.equal(place, isSeen ? 'seen' : ahead)
            if (place === 'early') {
              const isTaken = window.hold({ sequence, payload: new Uint8Array(PAYLOAD_BYTES), hops: 1 })
              assert.equal(isTaken, held.size < heldMax)
              if (isTaken) held.add(sequence)
            } else if (place === 'next') {
              window.advance()
              next++
            }
          }
          while (window.take() !== undefined) {
            window.advance()
            assert.ok(held.delete(next++))
          }
          assert.ok(!held.has(next))
          assert.deepEqual([window.next, window.size, budget.bytes], [next, held.size, held.size * cost])
          const told = window.ranges(1_000).flatMap(([first, behindLast]) => {
            assert.ok(first < behindLast)
            return Array.from({ length: behindLast - first }, (_, i) => first + i)
          })
          assert.deepEqual(told, sorted(held))
          assert.deepEqual(window.ranges(2), window.ranges(1_000).slice(0, 2))
        }
      },
    ),
    RUNS,
  )
})

const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b)
