// What it costs to be watched: messages a second with somebody who watches the overlay, and without, on the same nodes.

import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Bench } from '../harness/bench.ts'
import { RECEIVER, SENDER, startNodeChain } from '../harness/chain.ts'
import { type Figure, type Row, ratioAtLeast } from '../harness/figure.ts'
import { sizedRounds } from '../harness/sizing.ts'

const OPEN_MAX = 4_000
const BYTES = 64

const WAYS = [
  { name: 'watched-link', relays: 0, text: 'one link' },
  { name: 'watched-relay', relays: 1, text: 'one relay' },
] as const

/** One for each way. */
export const watchedFigures: readonly Figure[] = WAYS.map(({ name, relays, text }) => ({
  name,
  about: `messages a second, ${text}, 64 B, acknowledged, while somebody watches, against nobody`,
  measure: async (bench: Bench): Promise<readonly Row[]> => [
    {
      key: name,
      title: `${text}, 64 B, acknowledged, watched`,
      unit: 'msgs/s',
      better: 'more',
      reference: 'nobody watches',
      aim: ratioAtLeast(0.95),
      samples: await samplesOf(bench, relays),
    },
  ],
}))

async function samplesOf(bench: Bench, relays: number) {
  bench.progress('starting')
  const nodes = await startNodeChain(bench, relays)
  let round = 0
  const load = async (messages: number): Promise<number> => {
    const expected = { round: ++round, messages, bytes: BYTES, isOrdered: true }
    await nodes.receiver.ask('expect', expected)
    const tookMs = await nodes.sender.ask('sendAll', {
      ...expected,
      from: SENDER,
      to: RECEIVER,
      open: OPEN_MAX,
    })
    await nodes.receiver.ask('received')
    return (messages * 1_000) / tookMs
  }
  const hearsay = async (messages: number): Promise<number> => {
    const end = await watch(nodes.url, relays + 2)
    try {
      return await load(messages)
    } finally {
      await end()
    }
  }
  const samples = await bench.alternate(await sizedRounds(bench, { hearsay, reference: load }))
  await nodes.check()
  return samples
}

/** Watches until so many nodes report; returns how to end it. */
async function watch(url: string, nodes: number): Promise<() => Promise<void>> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  const reporting = new Set<string>()
  const all = new Promise<void>((resolve, reject) => {
    socket.on('close', () => reject(new Error('who watches was sent away')))
    socket.on('message', (data) => {
      const text = data.toString()
      if (!text.startsWith('{"event":"reports"')) return
      for (const { node } of JSON.parse(text).reports as { node: string }[]) reporting.add(node)
      if (reporting.size === nodes) resolve()
    })
  })
  socket.send('{"cmd":"watch","on":true}')
  await all
  return async () => {
    socket.close()
    await once(socket, 'close')
  }
}
