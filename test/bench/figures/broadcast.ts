// Broadcasts to 10, 30 and 100 nodes in several processes: deliveries a second at three sizes, how long the last delivery
// takes at a low rate, and how many copies of a payload each node gets; against one raw `ws` hub that sends to all.

import { createBootstrap } from '../../../src/index.ts'
import type { Bench } from '../harness/bench.ts'
import type { Child } from '../harness/children.ts'
import { atMost, type Figure, type Row, ratioAtLeast, type Sample } from '../harness/figure.ts'
import { sizedRounds } from '../harness/sizing.ts'
import { quantile } from '../harness/statistics.ts'
import type { NodesCommands } from '../processes/nodes.ts'
import type { RawSocketsCommands } from '../processes/raw-sockets.ts'

const ORIGIN = 'origin'
/** From one broadcast to the next when it is quiet, in ms. */
const PACE_MS = 10
const PACED_BYTES = 64

const SIZES = [
  { bytes: 64, label: '64', text: '64 B', aim: 6 },
  { bytes: 1_024, label: '1k', text: '1 KiB', aim: 4 },
  { bytes: 16_384, label: '16k', text: '16 KiB', aim: 0.9 },
] as const

/** One for each number of receivers. */
export const broadcastFigures: readonly Figure[] = [10, 30, 100].map((receivers) => ({
  name: `broadcast-${receivers}`,
  about: `broadcasts to ${receivers} nodes in several processes, against a raw ws hub`,
  isSlow: receivers > 10,
  measure: (bench) => measure(bench, receivers),
}))

async function measure(bench: Bench, receivers: number): Promise<readonly Row[]> {
  bench.progress('starting')
  const { sides, end } = await startSides(bench, receivers)
  try {
    const rows: Row[] = []
    const copies: Sample[] = []
    for (const { bytes, label, text, aim } of SIZES) {
      rows.push({
        key: `broadcast-${receivers}-${label}`,
        title: `broadcast to ${receivers}, ${text}`,
        unit: 'deliveries/s',
        better: 'more',
        reference: 'raw ws hub',
        aim: ratioAtLeast(aim),
        samples: await deliveries(bench, sides, { bytes, receivers, copies }),
      })
    }
    rows.push(...(await lastDeliveries(bench, sides, receivers)), {
      key: `broadcast-${receivers}-copies`,
      title: `broadcast to ${receivers}, payload copies per delivery`,
      unit: 'copies',
      better: 'less',
      aim: atMost(1.05),
      samples: copies,
    })
    return rows
  } finally {
    await end()
  }
}

interface Sides {
  readonly origin: Child<NodesCommands>
  readonly groups: readonly Child<NodesCommands>[]
  readonly hub: Child<RawSocketsCommands>
  readonly clients: readonly Child<RawSocketsCommands>[]
}

/** How many receivers each process has. */
function shares(receivers: number): number[] {
  const processes = Math.min(10, Math.max(5, Math.ceil(receivers / 10)))
  return Array.from({ length: processes }, (_, index) => Math.floor((receivers + index) / processes))
}

async function startSides(bench: Bench, receivers: number) {
  const bootstrap = await createBootstrap({ host: '127.0.0.1', listen: 0 })
  const startNodes = async (names: readonly string[]) => {
    const child = bench.children.start<NodesCommands>('nodes', { label: `nodes ${names[0]} …` })
    await child.ask(
      'start',
      names.map((name) => ({ name, bootstrap: [bootstrap.url] })),
    )
    return child
  }
  const hub = bench.children.start<RawSocketsCommands>('raw-sockets', { label: 'raw hub' })
  const url = await hub.ask('hub')
  const startClients = async (count: number) => {
    const child = bench.children.start<RawSocketsCommands>('raw-sockets', { label: 'raw clients' })
    await child.ask('join', url, count)
    return child
  }
  const counts = shares(receivers)
  const [origin, ...groups] = await Promise.all([
    startNodes([ORIGIN]),
    ...counts.map((count, group) =>
      startNodes(Array.from({ length: count }, (_, index) => `n${group}-${index}`)),
    ),
  ])
  const clients = await Promise.all(counts.map(startClients))
  await Promise.all([origin, ...groups].map((child) => child.ask('knows', receivers)))
  await Promise.all([origin, ...groups].map((child) => child.ask('settled')))
  const joined = await hub.ask('joined')
  if (joined !== receivers) throw new Error(`the hub has ${joined} clients and not ${receivers}`)
  const sides: Sides = { origin, groups, hub, clients }
  return { sides, end: () => bootstrap.close() }
}

let lastRound = 0

/** When the last message was everywhere, and when each was. */
function together(all: readonly { completedMs: number; timesMs: Float64Array }[]) {
  const completedMs = Math.max(...all.map((one) => one.completedMs))
  const timesMs = Float64Array.from(all[0]?.timesMs ?? [], (_, index) =>
    Math.max(...all.map((one) => one.timesMs[index] as number)),
  )
  return { completedMs, timesMs }
}

async function deliveries(
  bench: Bench,
  { origin, groups, hub, clients }: Sides,
  { bytes, receivers, copies }: { bytes: number; receivers: number; copies: Sample[] },
): Promise<readonly Sample[]> {
  const duplicates = async (): Promise<number> =>
    (await Promise.all([origin, ...groups].map((child) => child.ask('duplicates')))).reduce(
      (a, b) => a + b,
      0,
    )
  const hearsay = async (messages: number): Promise<number> => {
    const expected = { round: ++lastRound, messages, bytes, isOrdered: false }
    await Promise.all(groups.map((child) => child.ask('expect', expected)))
    const before = await duplicates()
    const startedMs = await origin.ask('broadcastAll', { from: ORIGIN, ...expected })
    const { completedMs } = together(await Promise.all(groups.map((child) => child.ask('received'))))
    copies.push({ hearsay: 1 + ((await duplicates()) - before) / (messages * receivers) })
    return (messages * receivers * 1_000) / (completedMs - startedMs)
  }
  const reference = async (messages: number): Promise<number> => {
    const expected = { round: ++lastRound, messages, bytes, isOrdered: true }
    await Promise.all(clients.map((child) => child.ask('expect', expected)))
    const startedMs = await hub.ask('broadcastAll', expected)
    const { completedMs } = together(await Promise.all(clients.map((child) => child.ask('received'))))
    return (messages * receivers * 1_000) / (completedMs - startedMs)
  }
  // Rates count deliveries; a round is sized by broadcasts.
  const perReceiver = (rateOf: (messages: number) => Promise<number>) => async (messages: number) =>
    (await rateOf(messages)) / receivers
  const counted = copies.length
  const rounds = await sizedRounds(bench, {
    hearsay: perReceiver(hearsay),
    reference: perReceiver(reference),
  })
  // What came while the tree was still growing is not what a broadcast costs.
  copies.length = counted
  const samples = await bench.alternate(rounds)
  return samples.map((sample) => ({
    hearsay: sample.hearsay * receivers,
    reference: sample.reference * receivers,
  }))
}

async function lastDeliveries(
  bench: Bench,
  { origin, groups, hub, clients }: Sides,
  receivers: number,
): Promise<Row[]> {
  const messages = bench.isQuick ? 30 : 300
  const expected = () => ({
    round: ++lastRound,
    messages,
    bytes: PACED_BYTES,
    isOrdered: false,
    keepsTimes: true,
  })
  const tookMs = (sentMs: Float64Array, { timesMs }: { timesMs: Float64Array }): number[] =>
    Array.from(timesMs, (ms, index) => ms - (sentMs[index] as number))
  const rounds = await bench.alternate({
    hearsay: async () => {
      const load = expected()
      await Promise.all(groups.map((child) => child.ask('expect', load)))
      const sentMs = await origin.ask('broadcastPaced', { from: ORIGIN, ...load }, PACE_MS)
      return tookMs(sentMs, together(await Promise.all(groups.map((child) => child.ask('received')))))
    },
    reference: async () => {
      const load = expected()
      await Promise.all(clients.map((child) => child.ask('expect', load)))
      const sentMs = await hub.ask('broadcastPaced', load, PACE_MS)
      return tookMs(sentMs, together(await Promise.all(clients.map((child) => child.ask('received')))))
    },
  })
  return [0.5, 0.99].map((share) => ({
    key: `broadcast-${receivers}-last-p${share * 100}`,
    title: `broadcast to ${receivers}, last delivery, p${share * 100}`,
    unit: 'ms',
    better: 'less',
    reference: 'raw ws hub',
    samples: rounds.map(({ hearsay, reference }) => ({
      hearsay: quantile(hearsay, share),
      reference: quantile(reference, share),
    })),
  }))
}
