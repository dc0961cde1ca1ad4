// Sums up CPU profiles: which functions of which files the time was spent in, the largest shares first.
//
//   node test/bench/profile-top.ts FILE.cpuprofile … [--top 25] [--skip-ms 1000]
//
// `npm run bench -- --only NAME --profiles DIR` makes them. Time in which the process waited is left out, and so is the first
// second, in which it loads its modules.

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

/** As much of a profile as counts here. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  /** Ids of nodes, and the time from each sample to the one before, in µs. */
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const WAITING = new Set(['(idle)', '(program)', '(root)'])

const { values, positionals } = parseArgs({
  options: { top: { type: 'string', default: '25' }, 'skip-ms': { type: 'string', default: '1000' } },
  allowPositionals: true,
})
if (positionals.length === 0)
  throw new RangeError('name at least one .cpuprofile; --profiles of the benchmarks makes them')

/** Ms spent in each function itself. */
function selfMs({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const places = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url.split(/\/node_modules\/|\/src\/|\/test\/bench\//).at(-1)
      const name = functionName || '(anonymous)'
      return [id, WAITING.has(name) ? undefined : `${name} ${file === '' ? '' : `${file}:${lineNumber + 1}`}`]
    }),
  )
  const spent = new Map<string, number>()
  let sinceStartMs = 0
  samples.forEach((id, index) => {
    const ms = (timeDeltas[index] ?? 0) / 1_000
    sinceStartMs += ms
    const place = places.get(id)
    if (place === undefined || sinceStartMs < Number(values['skip-ms'])) return
    spent.set(place, (spent.get(place) ?? 0) + ms)
  })
  return spent
}

for (const file of positionals) {
  const spent = [...selfMs(JSON.parse(readFileSync(file, 'utf8')) as Profile)].sort(([, a], [, b]) => b - a)
  const wholeMs = spent.reduce((sum, [, ms]) => sum + ms, 0)
  console.log(`${file}: ${Math.round(wholeMs)} ms at work`)
  for (const [place, ms] of spent.slice(0, Number(values.top))) {
    console.log(`  ${((100 * ms) / wholeMs).toFixed(1).padStart(5)} %  ${place}`)
  }
}
