// What a node keeps of broadcasts, against a plain model: a list of everything, searched through each time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seal } from '../../src/node/envelope.ts'
import { History, historyProblems, MESSAGE_BYTES, type Reading } from '../../src/node/history.ts'
import { decodePayload } from '../../src/wire/payload.ts'
import { matchesTopic } from '../../src/wire/topics.ts'

const RUNS = { numRuns: Number(process.env.HEARSAY_RUNS ?? 500) }

/** Room for a handful of large broadcasts, or for many small ones. */
const LIMITS = { topicsMax: 3, bytesMax: 10_000 }
const TOPICS = ['', 'a', 'b', 'b/c', 'd'] as const
const FILTERS = [undefined, 'a', 'b/#', '+', '#', 'nothing'] as const

type Step =
  | { readonly do: 'add'; readonly topic: string; readonly bytes: number }
  | { readonly do: 'read'; readonly filter: (typeof FILTERS)[number] }
  | { readonly do: 'end'; readonly which: number }

const topic = fc.constantFrom(...TOPICS)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      topic,
      bytes: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 4_000 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('read' as const), filter: fc.constantFrom(...FILTERS) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat({ max: 3 }) }) },
)

interface Broadcast {
  readonly number: number
  readonly topic: string
  readonly bytes: number
  isLost: boolean
}

class Model {
  readonly #perTopic: number
  #kept: Broadcast[] = []
  #lent: Broadcast[] = []
  readonly readings = new Set<readonly Broadcast[]>()

  constructor(perTopic: number) {
    this.#perTopic = perTopic
  }

  add(broadcast: Broadcast): void {
    this.#kept.push(broadcast)
    if (this.#of(broadcast.topic).length > this.#perTopic) this.#drop(broadcast.topic)
    while (this.#topics().length > LIMITS.topicsMax) {
      const [silent = ''] = this.#topics()
      while (this.#of(silent).length > 0) this.#drop(silent)
    }
    while (bytesOf(this.#kept) > LIMITS.bytesMax) this.#drop(this.#topics()[0] ?? '')
  }

  read(filter: string | undefined): readonly Broadcast[] {
    const isWanted = (name: string): boolean =>
      filter === undefined ? name === '' : name !== '' && matchesTopic(filter, name)
    return this.#topics()
      .filter(isWanted)
      .flatMap((name) => this.#of(name))
  }

  end(reading: readonly Broadcast[]): void {
    this.readings.delete(reading)
    if (this.readings.size === 0) this.#lent = []
  }

  /** The one that was silent for longest first. */
  #topics(): string[] {
    return [...new Set(this.#kept.map((one) => one.topic).reverse())].reverse()
  }

  #of(name: string): Broadcast[] {
    return this.#kept.filter((one) => one.topic === name)
  }

  #drop(name: string): void {
    const [gone] = this.#of(name)
    assert.ok(gone !== undefined)
    this.#kept = this.#kept.filter((one) => one !== gone)
    if (this.readings.size === 0) return
    this.#lent.push(gone)
    while (bytesOf(this.#lent) > LIMITS.bytesMax) (this.#lent.shift() as Broadcast).isLost = true
  }
}

function bytesOf(list: readonly Broadcast[]): number {
  return list.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** What a reader finds now. */
function shown({ broadcasts }: Reading): (number | 'lost')[] {
  return broadcasts.map(({ payload }) => {
    if (payload === undefined) return 'lost'
    const decoded = decodePayload(payload)
    assert.ok(decoded.ok && decoded.value instanceof Uint8Array)
    return new DataView(decoded.value.buffer, decoded.value.byteOffset).getUint32(0)
  })
}

test('what is kept, and what its readers find, within the limits', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 3, 1_000),
      fc.array(step, { maxLength: 60, size: 'max' }),
      (perTopic, steps) => {
        const history = new History(perTopic, LIMITS)
        const model = new Model(perTopic)
        const open: { readonly reading: Reading; readonly wanted: readonly Broadcast[] }[] = []
        for (const [number, did] of steps.entries()) {
          if (did.do === 'add') {
            const value = new Uint8Array(4 + did.bytes)
            new DataView(value.buffer).setUint32(0, number)
            const payload = seal(value, {})
            assert.ok(history.add({ from: 'a', ...(did.topic === '' ? {} : { topic: did.topic }) }, payload))
            payload.fill(0xff)
            model.add({ number, topic: did.topic, bytes: payload.length + MESSAGE_BYTES, isLost: false })
          } else if (did.do === 'read') {
            const wanted = model.read(did.filter)
            model.readings.add(wanted)
            open.push({ reading: history.read(did.filter), wanted })
          } else {
            const [ended] = open.splice(did.which, 1)
            if (ended !== undefined) {
              ended.reading.end()
              model.end(ended.wanted)
            }
          }
          assert.deepEqual(historyProblems(history.inspect(), LIMITS), [])
          for (const { reading, wanted } of open)
            assert.deepEqual(
              shown(reading),
              wanted.map((one) => (one.isLost ? 'lost' : one.number)),
            )
          for (const filter of ['#', undefined]) {
            const reading = history.read(filter)
            assert.deepEqual(
              shown(reading),
              model.read(filter).map((one) => one.number),
            )
            reading.end()
          }
        }
      },
    ),
    RUNS,
  )
})

test('64 MiB are kept and no more, whatever their sizes were before', () => {
  const history = new History(10_000)
  const [small, large] = [6_000, 1_000_000].map((bytes) => seal(new Uint8Array(bytes), {})) as [
    Uint8Array,
    Uint8Array,
  ]
  for (let count = 0; count < 10_000; count++) history.add({ from: 'a', topic: 'old' }, small)
  for (let count = 0; count < 20; count++) {
    history.add({ from: 'a', topic: 'new' }, large)
    assert.deepEqual(historyProblems(history.inspect()), [])
  }
  assert.equal(history.inspect().kept.get('new'), 20)
  for (let count = 0; count < 100; count++) history.add({ from: 'a', topic: 'new' }, large)
  const { kept, bytes } = history.inspect()
  assert.deepEqual([...kept], [['new', 67]])
  assert.ok(bytes <= 64 * 1_024 * 1_024)
})
