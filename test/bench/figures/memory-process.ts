// Memory of a process with one idle node in a network of thirty, against a process with one plain `ws` server and as many
// connections. Whole processes, each new in each round and built as the package is: what a user sees in `docker stats`.

import { createBootstrap } from '../../../src/index.ts'
import type { Bench } from '../harness/bench.ts'
import { buildPrograms } from '../harness/built-programs.ts'
import { type Figure, type Row, ratioAtMost } from '../harness/figure.ts'
import type { NodesCommands } from '../processes/nodes.ts'
import type { RawIdleCommands } from '../processes/raw-idle.ts'

const OTHERS = 29

/** See the head of the file. */
export const memoryProcessFigures: readonly Figure[] = [
  {
    name: 'memory-process',
    about:
      'RSS of a process with one idle node of thirty, against one plain ws server with as many connections',
    measure: async (bench) => {
      bench.progress('building')
      const build = await buildPrograms(['nodes', 'raw-idle'])
      const rounds: Awaited<ReturnType<typeof oneRound>>[] = []
      for (let round = 1; round <= bench.rounds; round++) {
        bench.progress(`round ${round} of ${bench.rounds}`)
        rounds.push(await oneRound(bench, build))
      }
      const row = { unit: 'MB', better: 'less', reference: 'process with a plain ws server' } as const
      const megabytes = (bytes: number): number => bytes / 1_048_576
      return [
        {
          ...row,
          key: 'memory-process-rss',
          title: 'process with one idle node of 30, RSS',
          aim: ratioAtMost(1.15),
          samples: rounds.map(({ node, raw }) => ({
            hearsay: megabytes(node.rssBytes),
            reference: megabytes(raw.rssBytes),
          })),
        },
        {
          ...row,
          key: 'memory-process-heap',
          title: 'process with one idle node of 30, heap',
          samples: rounds.map(({ node, raw }) => ({
            hearsay: megabytes(node.heapBytes),
            reference: megabytes(raw.heapBytes),
          })),
        },
      ] satisfies Row[]
    },
  },
]

async function oneRound(bench: Bench, build: string) {
  const options = { flags: ['--expose-gc'], build }
  await using bootstrap = await createBootstrap({ host: '127.0.0.1', listen: 0 })
  const startNodes = async (names: readonly string[]) => {
    const child = bench.children.start<NodesCommands>('nodes', { label: `node ${names[0]}`, ...options })
    await child.ask(
      'start',
      names.map((name) => ({ name, bootstrap: [bootstrap.url] })),
    )
    return child
  }
  const others = await startNodes(Array.from({ length: OTHERS }, (_, index) => `other${index + 1}`))
  const one = await startNodes(['one'])
  await one.ask('knows', OTHERS)
  await one.ask('settled')
  const connections = (await one.ask('links')) + 1
  const node = await one.ask('memory')
  await Promise.all([one.end(), others.end()])

  const server = bench.children.start<RawIdleCommands>('raw-idle', { label: 'raw server', ...options })
  const client = bench.children.start<RawIdleCommands>('raw-idle', { label: 'raw clients', ...options })
  await client.ask('connectMany', await server.ask('serveMany', 1), connections)
  const raw = await server.ask('whole')
  await Promise.all([server.end(), client.end()])
  return { node, raw }
}
