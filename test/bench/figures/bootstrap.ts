// What a join costs the bootstrap in processor time, when 100, 1,000 and 5,000 nodes are registered: handshake, hello, welcome,
// and what it pushes to others. Each bootstrap is a process of its own; one driver plays the nodes.

import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../harness/bench.ts'
import type { Child } from '../harness/children.ts'
import { type Figure, type Row, ratioAtMost } from '../harness/figure.ts'
import type { BootstrapCommands } from '../processes/bootstrap.ts'
import type { JoinersCommands } from '../processes/joiners.ts'

const JOIN_EVERY_MS = 10
/** Pushes are collected for 100 ms: after this everything about the joins has been said. */
const PUSHED_MS = 300

/** See the head of the file. */
export const bootstrapFigures: readonly Figure[] = [
  {
    name: 'bootstrap',
    about: 'CPU of the bootstrap per join, when 100, 1,000 and 5,000 nodes are registered',
    measure: async (bench) => {
      const sizes = bench.isQuick ? [100, 300] : [100, 1_000, 5_000]
      const sides = []
      for (const size of sizes) {
        bench.progress(`registering ${size} nodes`)
        sides.push(await startSide(bench, size))
      }
      const samples: number[][] = sizes.map(() => [])
      const joins = bench.isQuick ? 50 : 200
      for (const side of sides) await cpuUsPerJoin(side, joins)
      for (let round = 1; round <= bench.rounds; round++) {
        bench.progress(`round ${round} of ${bench.rounds}`)
        for (const [index, side] of sides.entries()) samples[index]?.push(await cpuUsPerJoin(side, joins))
      }
      return sizes.map((size, index): Row => {
        const common = {
          key: `bootstrap-${size}`,
          title: `bootstrap, CPU per join, ${size.toLocaleString('en')} registered`,
          unit: 'µs',
          better: 'less' as const,
        }
        const own = samples[index] as number[]
        if (index === 0) return { ...common, samples: own.map((hearsay) => ({ hearsay })) }
        return {
          ...common,
          reference: `${sizes[0]} registered`,
          aim: ratioAtMost(1.5),
          samples: own.map((hearsay, at) => ({ hearsay, reference: samples[0]?.[at] as number })),
        }
      })
    },
  },
]

interface Side {
  readonly url: string
  readonly size: number
  readonly server: Child<BootstrapCommands>
  readonly driver: Child<JoinersCommands>
}

async function startSide(bench: Bench, size: number): Promise<Side> {
  const server = bench.children.start<BootstrapCommands>('bootstrap', { label: `bootstrap of ${size}` })
  const driver = bench.children.start<JoinersCommands>('joiners', { label: `${size} joiners` })
  const url = await server.ask('start')
  await driver.ask('fill', url, size)
  const registered = await server.ask('registered')
  if (registered !== size) throw new Error(`${registered} are registered, and not ${size}`)
  await delay(PUSHED_MS)
  return { url, size, server, driver }
}

async function cpuUsPerJoin({ url, size, server, driver }: Side, joins: number): Promise<number> {
  const before = await server.ask('cpuMs')
  await driver.ask('join', url, joins, JOIN_EVERY_MS)
  await delay(PUSHED_MS)
  const us = (((await server.ask('cpuMs')) - before) * 1_000) / joins
  const registered = await server.ask('registered')
  if (registered !== size + joins) throw new Error(`${registered} are registered, and not ${size + joins}`)
  await driver.ask('leave')
  while ((await server.ask('registered')) !== size) await delay(20)
  await delay(PUSHED_MS)
  return us
}
