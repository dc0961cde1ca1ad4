// What many nodes in one process cost: until all know all, in memory, and when nothing happens. All three are taken from the
// same rounds (harness/swarm-rounds.ts).

import type { Bench } from '../harness/bench.ts'
import { type Aim, atMost, below, type Figure, type Row, ratioAtMost } from '../harness/figure.ts'
import { type SwarmRound, swarmRounds } from '../harness/swarm-rounds.ts'

const SIZES = [30, 100, 300, 1_000] as const
/** Until all know all, in s. */
const START_AIMS: Readonly<Record<number, Aim>> = { 30: below(1), 100: below(3), 1000: below(60) }
/** "Flat" is within this factor: what else differs between the sizes (depth of the trees, caches) is below it. */
const FLAT = 1.5

const isSlow = (nodes: number): boolean => nodes > 100

/** Until all know all, for each size, and whether a record costs the same in a large swarm. */
export const startFigures: readonly Figure[] = [
  ...SIZES.map((nodes) => ({
    name: `start-${nodes}`,
    about: `${nodes} nodes in one process start until all know all, against the codec alone`,
    isSlow: isSlow(nodes),
    measure: async (bench: Bench) => startRows(nodes, await swarmRounds(bench, nodes)),
  })),
  flat('start-flat', {
    title: 'start: CPU time per record reception, 1,000 nodes against 100',
    unit: 'µs',
    sizes: [100, 1_000],
    figureOf: cpuUsPerReception,
  }),
]

/** Memory of an idle node in a swarm process. */
export const swarmMemoryFigures: readonly Figure[] = [30, 300, 1_000].map((nodes) => ({
  name: `memory-${nodes}`,
  about: `memory of an idle node in a process with ${nodes}, against plain ws servers with as many connections`,
  isSlow: isSlow(nodes),
  measure: async (bench) => memoryRows(nodes, await swarmRounds(bench, nodes)),
}))

/** What an idle node does to the processor. */
export const idleFigures: readonly Figure[] = [
  ...[30, 300, 1_000].map((nodes) => ({
    name: `idle-${nodes}`,
    about: `CPU of an idle, settled node in a process with ${nodes}`,
    isSlow: isSlow(nodes),
    measure: async (bench: Bench): Promise<Row[]> => [
      {
        key: `idle-${nodes}`,
        title: `idle node among ${nodes}, CPU`,
        unit: '% of a core',
        better: 'less',
        aim: below(0.1),
        samples: (await swarmRounds(bench, nodes)).map((round) => ({ hearsay: idlePercent(round) })),
      },
    ],
  })),
  flat('idle-flat', {
    title: 'idle node, CPU, among 1,000 against among 30',
    unit: '% of a core',
    sizes: [30, 1_000],
    figureOf: idlePercent,
  }),
]

function cpuUsPerReception({ cpuMs, receptions }: SwarmRound): number {
  return (cpuMs * 1_000) / receptions
}

function idlePercent(round: SwarmRound): number {
  if (round.idlePercent === undefined) throw new Error('the idle time was not measured in this run')
  return round.idlePercent
}

function startRows(nodes: number, rounds: readonly SwarmRound[]): Row[] {
  const aim = START_AIMS[nodes]
  return [
    {
      key: `start-${nodes}`,
      title: `start of ${nodes} nodes until all know all`,
      unit: 's',
      better: 'less',
      reference: 'codec, N²/2 records',
      ...(aim === undefined ? {} : { aim }),
      samples: rounds.map(({ wallMs, codecMs }) => ({ hearsay: wallMs / 1_000, reference: codecMs / 1_000 })),
    },
    {
      key: `start-${nodes}-cpu`,
      title: `start of ${nodes} nodes, CPU per record reception`,
      unit: 'µs',
      better: 'less',
      reference: 'codec, one record',
      samples: rounds.map((round) => ({
        hearsay: cpuUsPerReception(round),
        reference: round.codecNs / 1_000,
      })),
    },
    {
      key: `start-${nodes}-receptions`,
      title: `start of ${nodes} nodes, record receptions per pair of nodes`,
      unit: 'receptions',
      better: 'less',
      samples: rounds.map(({ receptions }) => ({ hearsay: receptions / (nodes * (nodes - 1)) })),
    },
  ]
}

function memoryRows(nodes: number, rounds: readonly SwarmRound[]): Row[] {
  const row = { unit: 'kB', better: 'less', reference: 'plain ws server' } as const
  return [
    {
      ...row,
      key: `memory-${nodes}-rss`,
      title: `idle node among ${nodes}, RSS`,
      aim: atMost(150 + 0.6 * nodes),
      samples: rounds.map(({ rssKb, rawRssKb }) => ({ hearsay: rssKb, reference: rawRssKb })),
    },
    {
      ...row,
      key: `memory-${nodes}-heap`,
      title: `idle node among ${nodes}, heap`,
      samples: rounds.map(({ heapKb, rawHeapKb }) => ({ hearsay: heapKb, reference: rawHeapKb })),
    },
  ]
}

interface Flatness {
  readonly title: string
  readonly unit: string
  /** The smaller one is the reference. */
  readonly sizes: readonly [number, number]
  readonly figureOf: (round: SwarmRound) => number
}

function flat(name: string, { title, unit, sizes, figureOf }: Flatness): Figure {
  return {
    name,
    about: `${title}: flat is within ${FLAT}×`,
    isSlow: true,
    measure: async (bench) => {
      const [small, large] = [await swarmRounds(bench, sizes[0]), await swarmRounds(bench, sizes[1])]
      return [
        {
          key: name,
          title,
          unit,
          better: 'less',
          reference: `among ${sizes[0]}`,
          aim: ratioAtMost(FLAT),
          samples: large.map((round, index) => ({
            hearsay: figureOf(round),
            reference: figureOf(small[index] as SwarmRound),
          })),
        },
      ]
    },
  }
}
