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
  /** Each node beyond the first two, and each plain server with as many connections, after garbage collection, in kB. */
  readonly rssKb: number
  readonly heapKb: number
  readonly rawRssKb: number
  readonly rawHeapKb: number
  /** Of a core, for each node, in percent; `undefined` when no figure of this run is about it. */
  readonly idlePercent: number | undefined
}

const GC = ['--expose-gc']
/** The smallest swarm. */
const FEW = 2
/** A thousand nodes on a slow machine. */
const SWARM_MS = 600_000
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
  const many = await swarmOf(bench, nodes, bench.isSelected('idle'))
  // What all share, code above all, is no node's: a process with two of them has it as well.
  const few = await swarmOf(bench, FEW, false)
  const rawMany = await serversOf(bench, nodes, many.ends)
  const rawFew = await serversOf(bench, FEW, few.ends)

  const core = bench.children.start<CoreCommands>('core', { label: 'codec' })
  const codecNs = await core.ask('recordCodec', CODEC_RECORDS)
  await core.end()

  const kbEach = (all: Memory, first: Memory, what: keyof Memory): number =>
    (all[what] - first[what]) / 1_024 / (nodes - FEW)
  const { wallMs, cpuMs, receptions, share } = many
  return {
    wallMs,
    cpuMs,
    receptions,
    codecNs,
    codecMs: (codecNs * nodes ** 2) / 2 / 1e6,
    rssKb: kbEach(many.memory, few.memory, 'rssBytes'),
    heapKb: kbEach(many.memory, few.memory, 'heapBytes'),
    rawRssKb: kbEach(rawMany, rawFew, 'rssBytes'),
    rawHeapKb: kbEach(rawMany, rawFew, 'heapBytes'),
    idlePercent: share === undefined ? undefined : (100 * share) / nodes,
  }
}

interface Memory {
  readonly heapBytes: number
  readonly rssBytes: number
}

/** A swarm that starts, settles, and rests if that is wanted. */
async function swarmOf(bench: Bench, nodes: number, isIdleWanted: boolean) {
  const swarm = bench.children.start<SwarmCommands>('swarm', {
    label: `swarm of ${nodes}`,
    flags: GC,
    deadlineMs: SWARM_MS,
  })
  const bootstrap = bench.children.start<BootstrapCommands>('bootstrap', { label: 'bootstrap' })
  const started = await swarm.ask('start', nodes, await bootstrap.ask('start'))
  const ends = await swarm.ask('settled')
  const memory = await swarm.ask('memory')
  const share = isIdleWanted ? await swarm.ask('idle', bench.isQuick ? 5 : 20) : undefined
  await swarm.end()
  await bootstrap.end()
  return { ...started, ends, memory, share }
}

/** As many plain servers, with as many ends of connections between them. */
async function serversOf(bench: Bench, servers: number, ends: number): Promise<Memory> {
  const raw = bench.children.start<RawIdleCommands>('raw-idle', { label: `${servers} servers`, flags: GC })
  const ports = await raw.ask('serveMany', servers)
  await raw.ask('connectMany', ports, Math.round(ends / 2))
  const memory = await raw.ask('memory')
  await raw.end()
  return memory
}
