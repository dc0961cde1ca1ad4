// Events that the simulator works off for each second of processor time: a network that starts, rests and carries traffic.
// The reference is another checkout of this repository, when `--base` names one.

import { fileURLToPath } from 'node:url'
import type { Bench } from '../harness/bench.ts'
import type { Child } from '../harness/children.ts'
import { type Figure, ratioAtLeast, type Sample } from '../harness/figure.ts'
import type { SimulatorCommands } from '../processes/simulator.ts'

const THIS_CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url))

/** See the head of the file. */
export const simulatorFigures: readonly Figure[] = [
  {
    name: 'simulator',
    about: 'events a second of the simulator, against that of another checkout (--base DIR)',
    measure: async (bench) => [
      {
        key: 'simulator',
        title: `simulator, ${sizeOf(bench).nodes} nodes with codec`,
        unit: 'events/s of CPU',
        better: 'more',
        ...(bench.base === undefined ? {} : { reference: 'base checkout', aim: ratioAtLeast(2) }),
        samples: await measure(bench),
      },
    ],
  },
]

const sizeOf = ({ isQuick }: Bench) => (isQuick ? { nodes: 30, sends: 500 } : { nodes: 200, sends: 10_000 })

async function measure(bench: Bench): Promise<readonly Sample[]> {
  const start = (label: string) => bench.children.start<SimulatorCommands>('simulator', { label })
  const rate = async (simulator: Child<SimulatorCommands>, checkout: string): Promise<number> => {
    const { nodes, sends } = sizeOf(bench)
    return (await simulator.ask('run', checkout, nodes, sends)).eventsPerSecond
  }
  bench.progress('warming up')
  const own = start('simulator')
  await rate(own, THIS_CHECKOUT)
  const { base } = bench
  if (base !== undefined) {
    const other = start('simulator of the base')
    await rate(other, base)
    return bench.alternate({
      hearsay: () => rate(own, THIS_CHECKOUT),
      reference: () => rate(other, base),
    })
  }
  const samples: Sample[] = []
  for (let round = 1; round <= bench.rounds; round++) {
    bench.progress(`round ${round} of ${bench.rounds}`)
    samples.push({ hearsay: await rate(own, THIS_CHECKOUT) })
  }
  return samples
}
