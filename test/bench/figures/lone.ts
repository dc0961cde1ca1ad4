// How long a lone message takes there and back: a send until its outcome, one after the other, against a raw `ws` echo, and
// through one relay, against a raw forwarder. Median and the slowest hundredth of each round.

import type { Bench } from '../harness/bench.ts'
import { RECEIVER, SENDER, startNodeChain, startRawChain } from '../harness/chain.ts'
import { type Figure, type Row, ratioAtMost } from '../harness/figure.ts'
import { quantile } from '../harness/statistics.ts'

const BYTES = 64

const WAYS = [
  { name: 'lone-direct', text: 'direct', relays: 0, reference: 'raw ws echo', limit: 1.25 },
  { name: 'lone-relay', text: 'one relay', relays: 1, reference: 'raw ws forwarder', limit: 1.5 },
] as const

/** One for each way. */
export const loneFigures: readonly Figure[] = WAYS.map((way) => ({
  name: way.name,
  about: `round trip of a lone message, ${way.text}, p50 and p99, against ${way.reference}`,
  measure: async (bench) => {
    const rounds = await measure(bench, way.relays)
    return ([0.5, 0.99] as const).map(
      (share): Row => ({
        key: `${way.name}-p${share * 100}`,
        title: `round trip of a lone message, ${way.text}, p${share * 100}`,
        unit: 'ms',
        better: 'less',
        reference: way.reference,
        aim: ratioAtMost(way.limit),
        samples: rounds.map(({ hearsay, reference }) => ({
          hearsay: quantile([...hearsay], share),
          reference: quantile([...reference], share),
        })),
      }),
    )
  },
}))

async function measure(bench: Bench, relays: number) {
  bench.progress('starting')
  const nodes = await startNodeChain(bench, relays)
  const raw = await startRawChain(bench, relays, 'echo')
  let round = 0
  const messages = bench.isQuick ? 300 : 3_000
  const load = () => ({ round: ++round, messages, bytes: BYTES })
  const hearsay = async (): Promise<Float64Array> => {
    const lone = load()
    await nodes.receiver.ask('expect', { ...lone, isOrdered: true })
    const tookMs = await nodes.sender.ask('sendLone', { ...lone, from: SENDER, to: RECEIVER })
    await nodes.receiver.ask('received')
    return tookMs
  }
  const reference = (): Promise<Float64Array> => raw.sender.ask('sendLone', load())
  await hearsay()
  await reference()
  const rounds = await bench.alternate({ hearsay, reference })
  await nodes.check()
  return rounds
}
