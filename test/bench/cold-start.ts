// A hundred nodes that start at once in one process, on real sockets, and each broadcasts and sends to another one in its
// first millisecond: how long until all of it has arrived.
//
//   node test/bench/cold-start.ts [--nodes 100] [--rounds 5]
//
// Prints the median of the rounds, and each. One process has one core: a node of its own has less to do.

import { parseArgs } from 'node:util'
import { createBootstrap, createNode } from '../../src/index.ts'

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '100' }, rounds: { type: 'string', default: '5' } },
})
const count = Number(values.nodes)

/** One cold start. Returns the ms from the first line to the last message, and what has not been delivered. */
async function round(): Promise<{ tookMs: number; failed: string[] }> {
  const bootstrap = await createBootstrap({ host: '127.0.0.1', listen: 0 })
  const startMs = performance.now()
  const names = Array.from({ length: count }, (_, index) => `n${index}`)
  let heard = 0
  let lastMs = startMs
  const said = await Promise.all(
    names.map(async (name, index) => {
      const node = await createNode({
        name,
        host: '127.0.0.1',
        bootstrap: [`ws://127.0.0.1:${bootstrap.port}`],
      })
      node.on('message', () => {
        heard++
        lastMs = performance.now()
      })
      const to = names[(index * 37 + 11) % count] as string
      return { node, to, broadcast: node.broadcast(name), send: node.send(to, index) }
    }),
  )
  const failed: string[] = []
  for (const { node, to, broadcast, send } of said) {
    const [cast, sent] = [await broadcast, await send]
    if (cast.status !== 'sent') failed.push(`broadcast of ${node.name}: ${cast.reason}`)
    if (sent.status !== 'delivered') failed.push(`${node.name} to ${to}: ${sent.reason}`)
  }
  const expected = count * (count - 1) + count
  const endMs = performance.now() + 10_000
  while (heard < expected && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 5))
  if (heard !== expected) failed.push(`${heard} of ${expected} messages arrived`)
  await Promise.all(said.map(({ node }) => node.close()))
  await bootstrap.close()
  return { tookMs: Math.round(lastMs - startMs), failed }
}

const rounds = []
for (let index = 0; index < Number(values.rounds); index++) rounds.push(await round())
const times = rounds.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
console.log(
  `${count} nodes: all had arrived after ${times[times.length >> 1]} ms (median; ${times.join(', ')})`,
)
for (const { failed } of rounds) if (failed.length > 0) console.log(`not delivered: ${failed.join('; ')}`)
