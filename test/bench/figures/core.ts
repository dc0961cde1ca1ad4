// The core alone, in processor time: a message routed, a broadcast taken in, a record merged and taken in, all routes; each
// against the codec on the same messages.

import type { Bench } from '../harness/bench.ts'
import type { Child } from '../harness/children.ts'
import { type Aim, below, type Figure } from '../harness/figure.ts'
import type { CoreCommands } from '../processes/core.ts'

interface Work {
  readonly name: string
  readonly title: string
  readonly unit: 'ns' | 'ms'
  readonly aim?: Aim
  readonly reference: string
  readonly hearsay: (core: Child<CoreCommands>, bench: Bench) => Promise<number>
  readonly codec: (core: Child<CoreCommands>, bench: Bench) => Promise<number>
}

/** Messages of one measurement: in virtual time less than a link may be silent. */
const times = (bench: Bench): number => (bench.isQuick ? 5_000 : 100_000)
const repeats = (bench: Bench): number => (bench.isQuick ? 5 : 50)
const codecOfRecords = (core: Child<CoreCommands>, bench: Bench) => core.ask('recordCodec', times(bench))

const WORKS: readonly Work[] = [
  {
    name: 'core-routed',
    title: 'core: a message routed',
    unit: 'ns',
    aim: below(1_000),
    reference: 'codec of it',
    hearsay: (core, bench) => core.ask('routed', times(bench)),
    codec: (core, bench) => core.ask('routedCodec', times(bench)),
  },
  {
    name: 'core-reception',
    title: 'core: a broadcast taken in',
    unit: 'ns',
    aim: below(2_000),
    reference: 'codec of it',
    hearsay: (core, bench) => core.ask('reception', times(bench)),
    codec: (core, bench) => core.ask('receptionCodec', times(bench)),
  },
  {
    name: 'core-merge',
    title: 'core: a record merged into a directory of 1,000',
    unit: 'ns',
    aim: below(2_000),
    reference: 'codec of it',
    hearsay: (core, bench) => core.ask('merge', times(bench)),
    codec: codecOfRecords,
  },
  {
    name: 'core-record',
    title: 'core: a record taken in by broadcast and passed on, 1,000 nodes',
    unit: 'ns',
    reference: 'codec of it',
    hearsay: (core, bench) => core.ask('record', times(bench)),
    codec: codecOfRecords,
  },
  ...(
    [
      [1_000, 1],
      [10_000, 15],
    ] as const
  ).map(
    ([nodes, limit]): Work => ({
      name: `core-routes-${nodes}`,
      title: `core: all routes among ${nodes.toLocaleString('en')} nodes`,
      unit: 'ms',
      aim: below(limit),
      reference: 'codec, all their records',
      hearsay: (core, bench) => core.ask('routes', nodes, repeats(bench)),
      codec: async (core) => ((await core.ask('recordCodec', nodes)) * nodes) / 1e6,
    }),
  ),
]

/** One for each kind of work. */
export const coreFigures: readonly Figure[] = WORKS.map((work) => ({
  name: work.name,
  about: `${work.title}: CPU time, against the ${work.reference}`,
  measure: async (bench) => {
    bench.progress('warming up')
    const core = bench.children.start<CoreCommands>('core', { label: work.name, flags: ['--expose-gc'] })
    const sides = { hearsay: () => work.hearsay(core, bench), reference: () => work.codec(core, bench) }
    await sides.hearsay()
    await sides.reference()
    return [
      {
        key: work.name,
        title: work.title,
        unit: work.unit,
        better: 'less',
        reference: work.reference,
        ...(work.aim === undefined ? {} : { aim: work.aim }),
        samples: await bench.alternate(sides),
      },
    ]
  },
}))
