// What several figures are taken from: a swarm that starts, settles, and is idle, in a new process each round, and the same
// with plain `ws` servers. Measured once for each size, whoever asks.
// It must not know the aims.

import type { BootstrapCommands } from '../processes/bootstrap.ts'
import type { CoreCommands } from '../processes/core.ts'
import type { RawIdleCommands } from '../processes/raw-idle.ts'
import type { SwarmCommands } from '../processes/swarm.ts'
import type { Bench } from './bench.ts'

/** What one round measured. */
export interface SwarmRound {
  /** From the first node's start until all knew all, in ms; and the processor's time for it. */
  readonly wallMs: number
  readonly cpuMs: number
  /** Records that the nodes were handed until then. */
  readonly receptions: number
  /** What decoding one such record takes, in ns, and so decoding half the square of the nodes, in ms. */
  readonly codecNs: number
  readonly codecMs: number
  /** A node, and a plain server with as many connections, after garbage collection, in kB. */
  readonly rssKb: number
  readonly heapKb: number
  readonly rawRssKb: number
  readonly rawHeapKb: number
  /** Of a core, for each node, in percent; `undefined` when no figure of this run is about it. */
  readonly idlePercent: number | undefined
}

const GC = ['--expose-gc']
/** Records that the codec decodes to be measured. */
const CODEC_RECORDS = 50_000

/** All rounds with so many nodes. */
export function swarmRounds(bench: Bench, nodes: number): Promise<readonly SwarmRound[]> {
  return bench.shared(`swarm ${nodes}`, async () => {
    const rounds: SwarmRound[] = []
    for (let round = 1; round <= bench.rounds; round++) {
      bench.progress(`${nodes} nodes, round ${round} of ${bench.rounds}`)
      rounds.push(await oneRound(bench, nodes))
    }
    return rounds
  })
}

async function oneRound(bench: Bench, nodes: number): Promise<SwarmRound> {
  // A thousand nodes on a slow machine, and its idle time.
  const deadlineMs = 600_000
  const swarm = bench.children.start<SwarmCommands>('swarm', {
    label: `swarm of ${nodes}`,
    flags: GC,
    deadlineMs,
  })
  const bootstrap = bench.children.start<BootstrapCommands>('bootstrap', { label: 'bootstrap', deadlineMs })
  const started = await swarm.ask('start', nodes, await bootstrap.ask('start'))
  const ends = await swarm.ask('settled')
  const memory = await swarm.ask('memory')
  const share = bench.isSelected('idle') ? await swarm.ask('idle', bench.isQuick ? 5 : 20) : undefined
  await swarm.end()
  await bootstrap.end()

  const raw = bench.children.start<RawIdleCommands>('raw-idle', { label: `${nodes} servers`, flags: GC })
  const ports = await raw.ask('serveMany', nodes)
  await raw.ask('connectMany', ports, Math.round(ends / 2))
  const rawMemory = await raw.ask('memory')
  await raw.end()

  const core = bench.children.start<CoreCommands>('core', { label: 'codec' })
  const codecNs = await core.ask('recordCodec', CODEC_RECORDS)
  await core.end()

  const kbEach = (bytes: number): number => bytes / 1_024 / nodes
  return {
    ...started,
    codecNs,
    codecMs: (codecNs * nodes ** 2) / 2 / 1e6,
    rssKb: kbEach(memory.rssBytes),
    heapKb: kbEach(memory.heapBytes),
    rawRssKb: kbEach(rawMemory.rssBytes),
    rawHeapKb: kbEach(rawMemory.heapBytes),
    idlePercent: share === undefined ? undefined : (100 * share) / nodes,
  }
}
