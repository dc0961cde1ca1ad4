// Broadcast trees in random networks of real overlays: links come and go, nodes start again, what is on its way arrives
// in any order across links, and control overtakes broadcasts on each of them. Whatever happens, a broadcast is handed
// over at most once; when links have come to rest everybody has all that was broadcast, and each further broadcast costs
// one push for each node but its origin.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Rng } from '../../src/core/rng.ts'
import { type Wire, Wired } from '../support/core-pair.ts'
import { bytes, INCARNATION, noticesOf, type Rig } from '../support/core-rig.ts'

const RUNS = { numRuns: Number(process.env.HEARSAY_RUNS ?? 150) }
/** Longer than any wait for a push, an answer, a publication or the notice that a link is silent. */
const REST_MS = 15_000
/** Longer than a push is waited for. */
const REPAIR_MS = 1_000
/** A node asks for what was broadcast since its start, by a clock that its question takes time to reach. */
const STARTED_MS = 15_000

type Step =
  | { readonly do: 'connect' | 'cut'; readonly a: number; readonly b: number }
  | { readonly do: 'broadcast' | 'restart'; readonly a: number }
  | { readonly do: 'carry'; readonly count: number }
  | { readonly do: 'pass' | 'wait'; readonly ms: number }

const node = fc.nat({ max: 7 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('connect' as const), a: node, b: node }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), a: node, b: node }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('broadcast' as const), a: node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), a: node }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('carry' as const), count: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 25, 250, 500, 3_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(30, 600, 9_000) }),
  },
)

/** A broadcast that was accepted, by the run that made it. */
interface Made {
  readonly text: string
  readonly origin: Rig
  readonly others: readonly Rig[]
}

/** See the head of the file. */
class Network {
  readonly #net = new Wired()
  readonly #rng: Rng
  readonly #rigs: Rig[] = []
  readonly #made: Made[] = []
  readonly #texts = new Map<number, string>()
  #lastId = 0
  #starts = 0

  constructor(count: number, seed: number) {
    this.#rng = new Rng(seed)
    for (let i = 0; i < count; i++) this.#start(i)
    this.#net.wait(STARTED_MS)
  }

  get size(): number {
    return this.#rigs.length
  }

  run(step: Step): void {
    switch (step.do) {
      case 'connect':
        this.connect(step.a, step.b)
        break
      case 'cut':
        this.#cut(this.#rig(step.a), this.#rig(step.b))
        break
      case 'broadcast':
        this.broadcast(step.a)
        break
      case 'restart': {
        const old = this.#rig(step.a)
        for (const other of this.#rigs) this.#cut(old, other)
        for (const wire of this.#net.wires) if (wire.to === old) wire.isOpen = false
        this.#net.rigs.splice(this.#net.rigs.indexOf(old), 1)
        this.#start(step.a % this.size)
        this.#net.wait(STARTED_MS)
        // What was broadcast before its time it asks nobody for, and cannot pass on.
        this.#made.splice(0)
        this.#texts.clear()
        break
      }
      case 'carry':
        this.carry(step.count)
        break
      case 'pass':
        for (const rig of this.#net.rigs) rig.wait(step.ms)
        break
      case 'wait':
        this.#net.wait(step.ms)
    }
    this.#note()
  }

  connect(a: number, b: number): void {
    const [from, to] = [this.#rig(a), this.#rig(b)]
    if (from !== to && !this.#between(from, to).some(({ isOpen }) => isOpen)) this.#net.connect(from, to)
  }

  broadcast(a: number): string {
    const id = ++this.#lastId
    const text = `text ${id}`
    this.#texts.set(id, text)
    this.#rig(a).take({ type: 'broadcast', id, payload: bytes(text) })
    this.#note()
    return text
  }

  /** Carries over this many parcels, each from a random wire; all that there are unless told. */
  carry(count = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < count; i++) {
      const wire = this.#rng.pick(this.#net.busy)
      if (wire === undefined) return
      if (this.#rng.chance(0.5)) overtake(wire)
      this.#net.carryOne(wire)
    }
  }

  /** Links come to rest, in one component: the ring, beside what is there. */
  rest(): void {
    this.#net.wait(REST_MS)
    for (let i = 0; i < this.size; i++) this.connect(i, i + 1)
    this.#net.wait(REST_MS)
    this.#note()
  }

  /** Broadcasts, lets everything arrive, and returns how often it was pushed. */
  pushesOf(a: number): number {
    const said = this.#rigs.map((rig) => this.#net.effects.get(rig)?.length ?? 0)
    this.broadcast(a)
    this.carry()
    for (const rig of this.#net.rigs) rig.wait(30)
    this.carry()
    const isPush = (rig: Rig, from: number): number =>
      (this.#net.effects.get(rig) ?? [])
        .slice(from)
        .map((effect) =>
          effect.type === 'send' && effect.message.type === 'gossip' && effect.message.kind === 'payload'
            ? effect.links.length
            : 0,
        )
        .reduce((sum, links) => sum + links, 0)
    return this.#rigs.reduce((sum, rig, i) => sum + isPush(rig, said[i] as number), 0)
  }

  checkOnce(): void {
    for (const rig of this.#rigs) {
      const texts = this.#heardBy(rig)
      assert.equal(new Set(texts).size, texts.length, `${rig.name} was given one twice: ${texts.join(', ')}`)
    }
  }

  /** What was made since a node was started last has come to all others. */
  checkAll(): void {
    const heard = new Map(this.#rigs.map((rig) => [rig, new Set(this.#heardBy(rig))]))
    for (const { text, origin, others } of this.#made) {
      for (const rig of others) {
        assert.ok(heard.get(rig)?.has(text), `${text} of ${origin.name} did not come to ${rig.name}`)
      }
    }
  }

  #start(place: number): void {
    const incarnation = INCARNATION + ++this.#starts
    this.#rigs[place] = this.#net.add(`n${place}`, { incarnation, instance: `run-${this.#starts}` })
  }

  #rig(number: number): Rig {
    return this.#rigs[number % this.size] as Rig
  }

  #between(a: Rig, b: Rig): Wire[] {
    return this.#net.wires.filter(({ from, to }) => (from === a && to === b) || (from === b && to === a))
  }

  /** Breaks a link; what is on its way is lost, and its ends hear of it sooner or later. */
  #cut(a: Rig, b: Rig): void {
    for (const { isOpen, waiting } of this.#between(a, b)) {
      if (isOpen) waiting.splice(0, Infinity, { type: 'closed', reason: 'link-lost' })
    }
  }

  /** Takes note of what was accepted since. */
  #note(): void {
    for (const origin of this.#rigs) {
      for (const { id, failure } of noticesOf(this.#net.effects.get(origin) ?? [], 'broadcast-sent')) {
        const text = this.#texts.get(id)
        if (text === undefined) continue
        this.#texts.delete(id)
        const others = this.#rigs.filter((rig) => rig !== origin)
        if (failure === undefined) this.#made.push({ text, origin, others })
      }
    }
  }

  #heardBy(rig: Rig): string[] {
    const notices = noticesOf(this.#net.effects.get(rig) ?? [], 'message')
    return notices.map(({ payload }) => new TextDecoder().decode(payload))
  }
}

/** On a link control leaves before broadcasts: its first frame overtakes the payloads before it. */
function overtake({ waiting }: Wire): void {
  const isPayload = (parcel: (typeof waiting)[number]): boolean =>
    parcel.type === 'message' && parcel.message.type === 'gossip' && parcel.message.kind === 'payload'
  const index = waiting.findIndex((parcel) => !isPayload(parcel))
  if (index > 0 && waiting[index]?.type === 'message') waiting.unshift(...waiting.splice(index, 1))
}

const scenario = fc.record({
  count: fc.integer({ min: 3, max: 8 }),
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
  links: fc.array(fc.tuple(node, node), { minLength: 4, maxLength: 12 }),
  steps: fc.array(step, { maxLength: 80, size: 'max' }),
})

test('whatever happens on the way, in the end everybody has every broadcast, once', () => {
  fc.assert(
    fc.property(scenario, ({ count, seed, links, steps }) => {
      const net = new Network(count, seed)
      for (const [a, b] of links) net.connect(a, b)
      for (const step of steps) net.run(step)
      net.rest()
      net.checkOnce()
      net.checkAll()
    }),
    RUNS,
  )
})

test('when links have come to rest a broadcast is pushed once for each node but its origin, after a few rounds', () => {
  fc.assert(
    fc.property(scenario, ({ count, seed, links, steps }) => {
      const net = new Network(count, seed)
      for (const [a, b] of links) net.connect(a, b)
      for (const step of steps) net.run(step)
      net.rest()
      const origins = [0, 1, 2]
      for (let round = 0; round < 10; round++) {
        for (const origin of origins) net.pushesOf(origin)
        net.run({ do: 'wait', ms: REPAIR_MS })
      }
      for (let round = 0; round < 3; round++) {
        for (const origin of origins) assert.equal(net.pushesOf(origin), net.size - 1)
      }
      net.checkOnce()
      net.checkAll()
    }),
    RUNS,
  )
})
