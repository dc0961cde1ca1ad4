// How many messages a second go from one process to another: over one link, through one relay, through three. Acknowledged
// sends of hearsay, each handed to the application there and its outcome told here, against raw `ws` without either.

import type { Bench } from '../harness/bench.ts'
import { RECEIVER, SENDER, startNodeChain, startRawChain } from '../harness/chain.ts'
import { type Figure, type Row, ratioAtLeast } from '../harness/figure.ts'
import { sizedRounds } from '../harness/sizing.ts'

/** Sends that wait for their outcome at one time, and their payload bytes: what a node queues for one receiver. */
const OPEN_MAX = 4_000
const OPEN_BYTES_MAX = 8_388_608

const SIZES = [
  { bytes: 64, label: '64', text: '64 B' },
  { bytes: 1_024, label: '1k', text: '1 KiB' },
  { bytes: 16_384, label: '16k', text: '16 KiB' },
] as const

interface Way {
  readonly group: string
  readonly text: string
  readonly relays: number
  /** Aims of the ratio, as the sizes. */
  readonly aims: readonly [number, number, number]
}

const WAYS: readonly Way[] = [
  { group: 'link', text: 'one link', relays: 0, aims: [5, 3, 0.9] },
  { group: 'relay-one', text: 'one relay', relays: 1, aims: [5, 2, 0.9] },
  { group: 'relay-three', text: 'three relays', relays: 3, aims: [5, 2, 0.9] },
]

/** One for each way and size. */
export const throughputFigures: readonly Figure[] = WAYS.flatMap((way) =>
  SIZES.map((size, index) => ({
    name: `${way.group}-${size.label}`,
    about: `messages a second, ${way.text}, ${size.text}, acknowledged, against raw ws`,
    measure: async (bench: Bench): Promise<readonly Row[]> => [
      {
        key: `${way.group}-${size.label}`,
        title: `${way.text}, ${size.text}, acknowledged`,
        unit: 'msgs/s',
        better: 'more',
        reference: way.relays === 0 ? 'raw ws' : 'raw ws forwarder',
        aim: ratioAtLeast(way.aims[index] as number),
        samples: await samplesOf(bench, way.relays, size.bytes),
      },
    ],
  })),
)

async function samplesOf(bench: Bench, relays: number, bytes: number) {
  bench.progress('starting')
  const nodes = await startNodeChain(bench, relays)
  const raw = await startRawChain(bench, relays, 'receive')
  const open = Math.max(1, Math.min(OPEN_MAX, Math.floor(OPEN_BYTES_MAX / bytes)))
  let round = 0
  const hearsay = async (messages: number): Promise<number> => {
    const expected = { round: ++round, messages, bytes, isOrdered: true }
    await nodes.receiver.ask('expect', expected)
    const tookMs = await nodes.sender.ask('sendAll', { ...expected, from: SENDER, to: RECEIVER, open })
    // What was acknowledged has been handed over: this cannot be the slower one.
    await nodes.receiver.ask('received')
    return (messages * 1_000) / tookMs
  }
  const reference = async (messages: number): Promise<number> => {
    const expected = { round: ++round, messages, bytes, isOrdered: true }
    await raw.receiver.ask('expect', expected)
    return (messages * 1_000) / (await raw.sender.ask('sendAll', expected))
  }
  const samples = await bench.alternate(await sizedRounds(bench, { hearsay, reference }))
  await nodes.check()
  return samples
}
