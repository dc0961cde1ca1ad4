// Half an hour of steady traffic among thirty nodes, one of which is replaced every 5 s: whether memory, handles, listeners
// and latencies stay as they are after the first sixth of the time.
//
//   node test/bench/soak.ts [--minutes 30] [--json FILE]
//
// A line for each sample on standard error, the table at the end; `--json` keeps all samples. The two minutes of
// `npm run bench -- --only soak` are the same, shorter.

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { SOAK_PLAN } from './figures/soak.ts'
import { Children } from './harness/children.ts'
import { soak, soakRows, type TimedSample } from './harness/soaking.ts'
import { median } from './harness/statistics.ts'
import { columnsText, rowCells } from './harness/table.ts'

const EXIT_USAGE = 2
/** A week. */
const MINUTES_MAX = 10_080

/** What was asked for; ends the process when that is wrong. */
function options(): { readonly minutes: number; readonly json: string | undefined } {
  try {
    const { values } = parseArgs({
      options: { minutes: { type: 'string', default: '30' }, json: { type: 'string' } },
    })
    const minutes = Number(values.minutes)
    if (minutes > 0 && minutes <= MINUTES_MAX) return { minutes, json: values.json }
    throw new RangeError(`--minutes ${values.minutes}: expected a number above 0, up to ${MINUTES_MAX}`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(EXIT_USAGE)
  }
}

function line(sample: TimedSample): string {
  const { minutes, heapBytes, rssBytes, resources, listeners, latenciesMs } = sample
  const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`
  const listed = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ') || 'none'
  return [
    `${minutes.toFixed(2)} min`,
    `heap ${megabytes(heapBytes)}`,
    `RSS ${megabytes(rssBytes)}`,
    `${listed(resources)}, listeners ${listeners}`,
    `p50 ${median([...latenciesMs]).toFixed(2)} ms of ${latenciesMs.length}`,
    `failed: ${listed(sample.failed)}; between nodes that stayed: ${listed(sample.failedBetweenLiving)}`,
  ].join('; ')
}

const { minutes, json } = options()
const children = new Children()
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code))
}
process.once('exit', () => children.killAll())
const plan = { ...SOAK_PLAN, seconds: minutes * 60 }
const samples = await soak(children, plan, (sample) => process.stderr.write(`${line(sample)}\n`))
await children.endAll()
if (json !== undefined) {
  const kept = samples.map((sample) => ({ ...sample, latenciesMs: [...sample.latenciesMs] }))
  writeFileSync(json, `${JSON.stringify({ plan, samples: kept })}\n`)
}
process.stdout.write(columnsText(rowCells(soakRows(samples, plan))))
